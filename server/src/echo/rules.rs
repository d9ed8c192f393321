//! The rules of an echo server, as they are set.

use clap::Args;
use wire::echo::EchoRule;

/// Rules of the echo server.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct EchoRules {
    /// Answers empty datagrams too (RFC 862) instead of only logging them
    #[arg(long, env = "UDP_ECHO_ECHO_EMPTY")]
    pub echo_empty: bool,

    /// Receives into a buffer of this many bytes, as the tutorial does with 4096: longer datagrams are cut, and it says so
    #[arg(long, env = "UDP_ECHO_BUFFER", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub buffer: Option<u32>,
}

impl From<EchoRules> for EchoRule {
    fn from(rules: EchoRules) -> Self {
        Self {
            buffer: rules.buffer.map(|bytes| bytes as usize),
            echo_empty: rules.echo_empty,
        }
    }
}
