//! Every setting of the host, once: flag, environment name, default, meaning.
//!
//! - `limits`: the limits among them;
//! - `reading`: how all are read; `environment`: what counts there, `hyphens`: what is no option.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

mod environment;
mod hyphens;
mod reading;

pub use environment::warn_of_unknown_names;

use crate::access::{AllowedHost, AllowedOrigin};
use crate::duration;
use crate::echo::EchoRules;
#[cfg(feature = "webtransport")]
use crate::lanes::LaneSettings;
use crate::limits::LimitSettings;
use crate::log::LogFormat;
use crate::place::bind_address as address;
use crate::resume::RelayName;
use crate::sockets::SocketsSettings;
use crate::target::TargetSetting;

/// UDP that you can watch: an echo server, and a relay that lets a browser talk to it.
///
/// A setting that has a name in the environment is read from there when its flag is not given; an empty value counts as
/// none. A switch takes 1, yes, true, on and 0, no, false, off.
#[derive(Debug, Parser)]
#[command(
    name = "udp-echo",
    version = crate::version::line(),
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true
)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How lines of the log are written
    #[arg(
        long,
        global = true,
        env = "UDP_ECHO_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// Settings of `serve`.
    #[command(flatten)]
    pub config: Config,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the page, the relay and the echo server (the default)
    Serve(Box<Config>),
    /// Run the tutorial's UDP echo server alone, with its transcript on standard error
    Echo(crate::echo::EchoArgs),
    /// Send messages to a UDP echo server and show what comes back
    Client(crate::client::ClientArgs),
    /// Put a bad network in front of a UDP program: loss, delay, reordering and more
    Link(crate::link::LinkArgs),
    /// Print completions for a shell, such as bash, zsh or fish
    Completions(crate::papers::CompletionsArgs),
    /// Write the manual pages into a folder
    Man(crate::papers::ManArgs),
}

/// The settings of the host. Its default is what `udp-echo` runs with when nothing is said.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address of the page and the relay; port 0 takes any free one
    #[arg(long, env = "UDP_ECHO_HTTP", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000", value_parser = address)]
    pub http: SocketAddr,

    /// Opens the page in a browser once the host listens
    #[arg(long, env = "UDP_ECHO_OPEN")]
    pub open: bool,

    /// Address of the UDP echo server; `[::]:10000` takes IPv4 too; port 0 takes any free one
    #[arg(long, env = "UDP_ECHO_UDP", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:10000", value_parser = address)]
    pub udp: SocketAddr,

    /// Rules of the echo server
    #[command(flatten)]
    pub rules: EchoRules,

    /// Another server that sessions may choose by its name, such as python=127.0.0.1:10001 (repeatable)
    #[arg(
        long = "target",
        env = "UDP_ECHO_TARGET",
        value_name = "NAME=HOST:PORT",
        value_delimiter = ','
    )]
    pub targets: Vec<TargetSetting>,

    /// Lets targets lead to this machine and to networks that are not public
    #[arg(long, env = "UDP_ECHO_ALLOW_PRIVATE_TARGETS")]
    pub allow_private_targets: bool,

    /// Origin whose pages may connect, such as `https://docs.example`, or `https://*.example.org` for all names below
    /// example.org; or `*`, `null` (files, sandboxed frames), `missing` (programs that are no browsers) (repeatable)
    #[arg(
        long = "allow-origin",
        env = "UDP_ECHO_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allow_origins: Vec<AllowedOrigin>,

    /// Name by which browsers may call this host, besides loopback names: udp.example with any port, udp.example:8443 with this
    /// one, or *.example.org for all names below example.org (repeatable)
    #[arg(
        long = "allow-host",
        env = "UDP_ECHO_ALLOW_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allow_hosts: Vec<AllowedHost>,

    /// Network of proxies whose X-Forwarded-For, -Host, -Proto and -Prefix are believed, such as 10.0.0.0/8 (repeatable)
    #[arg(
        long = "trusted-proxy",
        env = "UDP_ECHO_TRUSTED_PROXY",
        value_name = "NETWORK",
        value_delimiter = ',',
        value_parser = crate::proxy::network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// Network whose programs may read /metrics, such as 10.0.0.0/8, besides this machine's (repeatable)
    #[arg(
        long = "metrics-from",
        env = "UDP_ECHO_METRICS_FROM",
        value_name = "NETWORK",
        value_delimiter = ',',
        value_parser = crate::proxy::network
    )]
    pub metrics_from: Vec<IpNet>,

    /// Time after SIGTERM in which /healthz says "draining" and sessions live on, so that a proxy sends no new ones
    #[arg(long, env = "UDP_ECHO_DRAIN_TIME", value_name = "TIME", default_value = "0s", value_parser = duration::parse)]
    pub drain_time: Duration,

    /// Time after a session in which its client gets the same UDP port again; 0 promises none
    #[arg(long, env = "UDP_ECHO_RESUME_TIME", value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    pub resume_time: Duration,

    /// Any long random text: with the same one, clients get their ports again after a restart, too
    #[arg(
        long,
        env = "UDP_ECHO_RESUME_SECRET",
        value_name = "TEXT",
        hide_env_values = true
    )]
    pub resume_secret: Option<String>,

    /// Name of this relay among several behind a proxy, such as relay1: with it the proxy leads clients that resume back here
    #[arg(long, env = "UDP_ECHO_RELAY_NAME", value_name = "NAME")]
    pub relay_name: Option<RelayName>,

    /// Sockets for pages
    #[command(flatten)]
    pub sockets: SocketsSettings,

    /// Lanes
    #[cfg(feature = "webtransport")]
    #[command(flatten)]
    pub lanes: LaneSettings,

    /// Limits
    #[command(flatten)]
    pub limits: LimitSettings,

    /// Lets Wireshark on this machine show a session's datagrams live, to whoever has the session's token; needs a loopback --http
    #[arg(long, env = "UDP_ECHO_WIRESHARK")]
    pub wireshark: bool,

    /// Sends and receives datagrams one by one, without the kernel's segmentation offload
    #[arg(long, env = "UDP_ECHO_NO_OFFLOAD")]
    pub no_offload: bool,
}

impl Default for Config {
    fn default() -> Self {
        // One place for defaults: those of the command line.
        let read = Cli::try_read(&["udp-echo".into()]);
        read.unwrap_or_else(|error| error.exit()).config
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_what_happens_when_nothing_is_said() {
        let bare = Cli::try_parse_from(["udp-echo", "--http", "127.0.0.1:0"]).unwrap();
        assert!(bare.command.is_none());
        assert_eq!(bare.config.http.to_string(), "127.0.0.1:0");
        assert_eq!(bare.config.udp.to_string(), "127.0.0.1:10000");
        let named = Cli::try_parse_from(["udp-echo", "serve", "--udp", "[::]:0"]).unwrap();
        assert!(
            matches!(named.command, Some(Command::Serve(config)) if config.udp.to_string() == "[::]:0")
        );
    }

    #[test]
    fn bad_input_names_the_flag_and_shows_a_good_one() {
        for (arguments, words) in [
            (["udp-echo", "--http", "8000"], ["--http", "127.0.0.1:8000"]),
            (
                ["udp-echo", "--udp", "10.0.0.1"],
                ["--udp", "127.0.0.1:8000"],
            ),
            (
                ["udp-echo", "--target", "x"],
                ["--target", "python=127.0.0.1:10001"],
            ),
            (
                ["udp-echo", "--allow-origin", "docs"],
                ["--allow-origin", "https://docs.example"],
            ),
            (["udp-echo", "--buffer", "0"], ["--buffer", "1..=65535"]),
            (
                ["udp-echo", "--sockets", "all"],
                ["--sockets", "off, own, peers"],
            ),
            (
                ["udp-echo", "--peer", "example.org"],
                ["--peer", "192.0.2.0/24"],
            ),
            (["udp-echo", "--hppt", "x"], ["--hppt", "--http"]),
        ] {
            let said = Cli::try_parse_from(arguments).unwrap_err().to_string();
            assert!(
                words.iter().all(|word| said.contains(word)),
                "{arguments:?}: {said}"
            );
        }
    }
}
