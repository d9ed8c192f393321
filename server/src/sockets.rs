//! What pages may do with UDP sockets of their own, by the route `/sockets`: the settings of the host.
//!
//! - [`SocketsMode`]: how far they reach; [`PeerSetting`]: networks that they reach besides.

use anyhow::ensure;
use clap::{Args, ValueEnum};

mod peer;

pub use peer::PeerSetting;

/// The settings of `/sockets`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sockets for pages")]
pub struct SocketsSettings {
    /// Whether pages get UDP sockets of their own (`/sockets`), and how far these reach
    #[arg(
        long = "sockets",
        env = "UDP_ECHO_SOCKETS",
        value_name = "MODE",
        default_value = "own"
    )]
    pub mode: SocketsMode,

    /// Network, and ports, that pages may send to with `--sockets peers`, such as `192.0.2.0/24` or `[2001:db8::]/64:9000-9010`
    /// (repeatable)
    #[arg(
        long = "peer",
        env = "UDP_ECHO_PEER",
        value_name = "NETWORK[:PORTS]",
        value_delimiter = ','
    )]
    pub peers: Vec<PeerSetting>,

    /// Maps the ports of pages' sockets, as where the system has 127.0.0.1 alone: for tests
    #[arg(long = "sockets-map-ports", hide = true)]
    pub map_ports: bool,
}

/// How far the sockets of pages reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SocketsMode {
    /// There are none
    Off,
    /// Each reader's own loopback, and the targets
    Own,
    /// The networks of --peer besides, for pages of this host and of the origins that --allow-origin names
    Peers,
}

impl SocketsMode {
    /// The mode as it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Own => "own",
            Self::Peers => "peers",
        }
    }
}

impl SocketsSettings {
    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// A setting that could have no effect, and what to write instead.
    pub fn check(&self) -> anyhow::Result<()> {
        let is_with_peers = self.mode == SocketsMode::Peers;
        if let Some(peer) = self.peers.first() {
            let mode = self.mode.word();
            ensure!(
                is_with_peers,
                "--peer {peer} has no effect with --sockets {mode}; start the host with --sockets peers"
            );
        }
        ensure!(
            !is_with_peers || !self.peers.is_empty(),
            "--sockets peers admits no peers yet; name their network, such as --peer 192.0.2.0/24:9000-9010, or write --sockets own"
        );
        Ok(())
    }
}
