//! Sockets that were opened before the program started: systemd's socket activation (systemd.socket(5), sd_listen_fds(3)).
//!
//! The kind of a socket says what it is for: a TCP socket is the page's and the relay's, a UDP socket the echo server's,
//! in whatever order they come and whatever they are called. What is not passed is bound as the settings say.

use std::env;
use std::net::{TcpListener, UdpSocket};

use anyhow::{Context as _, bail, ensure};
use listenfd::ListenFd;
use socket2::SockRef;

/// What to write in a unit, for every sentence that says that something else was written.
const UNIT: &str =
    "the .socket unit takes one ListenStream=ADDRESS:PORT and one ListenDatagram=ADDRESS:PORT";

/// The sockets that were passed.
#[derive(Debug, Default)]
pub struct Inherited {
    /// For the page and the relay.
    pub http: Option<TcpListener>,
    /// For the UDP echo server.
    pub udp: Option<UdpSocket>,
}

impl Inherited {
    /// Takes what `LISTEN_FDS` announces, and clears the announcement so that no child takes it for its own. It is to be
    /// called once, before threads start.
    ///
    /// # Errors
    /// A descriptor that is no socket of use here, or a second one of its kind; says which, and what to write.
    pub fn take() -> anyhow::Result<Self> {
        warn_of_another_process();
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut descriptors = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..descriptors.len() {
            let which = match names.next() {
                Some(name) if !name.is_empty() => format!("descriptor {} ({name})", 3 + index),
                _ => format!("descriptor {}", 3 + index),
            };
            if let Ok(Some(listener)) = descriptors.take_tcp_listener(index) {
                inherited.add_http(listener, &which)?;
            } else if let Ok(Some(socket)) = descriptors.take_udp_socket(index) {
                inherited.add_udp(socket, &which)?;
            } else {
                bail!(
                    "{which}, which LISTEN_FDS passes, is neither a TCP nor a UDP socket, and no use for a Unix socket, a \
                     FIFO or a file is known: {UNIT}"
                );
            }
        }
        Ok(inherited)
    }

    fn add_http(&mut self, listener: TcpListener, which: &str) -> anyhow::Result<()> {
        ensure!(
            listens(&listener),
            "{which}, which LISTEN_FDS passes, is a TCP socket that does not listen; with Accept=yes systemd passes single \
             connections, so leave that out: {UNIT}"
        );
        let address = listener
            .local_addr()
            .with_context(|| format!("read the address of {which}"))?;
        if let Some(first) = &self.http {
            bail!(
                "LISTEN_FDS passes two TCP sockets, {} and {address}: {UNIT}; ListenStream=[::]:PORT with \
                 BindIPv6Only=both takes IPv6 and IPv4",
                first.local_addr()?
            );
        }
        tracing::info!(%address, "took over the socket of the page and the relay");
        self.http = Some(listener);
        Ok(())
    }

    fn add_udp(&mut self, socket: UdpSocket, which: &str) -> anyhow::Result<()> {
        ensure!(
            socket.peer_addr().is_err(),
            "{which}, which LISTEN_FDS passes, is a UDP socket that is connected to one peer; a server's is only bound: \
             {UNIT}"
        );
        let address = socket
            .local_addr()
            .with_context(|| format!("read the address of {which}"))?;
        if let Some(first) = &self.udp {
            bail!(
                "LISTEN_FDS passes two UDP sockets, {} and {address}: {UNIT}; ListenDatagram=[::]:PORT with \
                 BindIPv6Only=both takes IPv6 and IPv4",
                first.local_addr()?
            );
        }
        tracing::info!(%address, "took over the socket of the UDP echo server");
        self.udp = Some(socket);
        Ok(())
    }
}

/// A shell between systemd and the program has the number that the sockets are for, unless it says `exec`.
fn warn_of_another_process() {
    let (Ok(_), Ok(process)) = (env::var("LISTEN_FDS"), env::var("LISTEN_PID")) else {
        return;
    };
    if !process.is_empty() && process != std::process::id().to_string() {
        tracing::warn!(
            for_process = process,
            "LISTEN_FDS passes sockets to another process, so none is taken; does a script start this one without exec?"
        );
    }
}

/// Whether connections can be accepted; where the system does not tell, they can.
fn listens(listener: &TcpListener) -> bool {
    let socket = SockRef::from(listener);
    #[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
    return socket.is_listener().unwrap_or(true);
    #[cfg(not(any(target_os = "android", target_os = "freebsd", target_os = "linux")))]
    {
        let _ = socket;
        true
    }
}
