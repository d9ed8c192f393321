//! The limits of the host. Their defaults let a class work and a public host live; 0 takes any of them away.

use std::time::Duration;

use clap::Args;
use wire::limits::MAX_MESSAGE_BYTES;

use crate::duration;

/// Limits per session, per address and of the whole host.
///
/// An address is one IPv4 address, or one /64 network of IPv6: whoever has one of its addresses has them all.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits (0 takes one away)")]
pub struct LimitSettings {
    /// Sessions at a time
    #[arg(
        long,
        env = "UDP_ECHO_MAX_SESSIONS",
        value_name = "N",
        default_value = "4096"
    )]
    pub max_sessions: u32,

    /// Sessions at a time from one address; a class behind one router shares an address
    #[arg(
        long,
        env = "UDP_ECHO_MAX_SESSIONS_PER_ADDRESS",
        value_name = "N",
        default_value = "500"
    )]
    pub max_sessions_per_address: u32,

    /// UDP sockets that a session of `/sockets` may have open at a time
    #[arg(
        long,
        env = "UDP_ECHO_MAX_SOCKETS",
        value_name = "N",
        default_value = "16"
    )]
    pub max_sockets: u32,

    /// Datagrams a second that a session may send; what is more is rejected
    #[arg(
        long,
        env = "UDP_ECHO_DATAGRAMS_PER_SECOND",
        value_name = "N",
        default_value = "20000"
    )]
    pub datagrams_per_second: u32,

    /// Payload bytes a second that a session may send; what is more is rejected
    #[arg(long, env = "UDP_ECHO_BYTES_PER_SECOND", value_name = "BYTES", default_value = "32M", value_parser = bytes)]
    pub bytes_per_second: u32,

    /// Datagrams a second that all sessions of one address may send together
    #[arg(
        long,
        env = "UDP_ECHO_ADDRESS_DATAGRAMS_PER_SECOND",
        value_name = "N",
        default_value = "100000"
    )]
    pub address_datagrams_per_second: u32,

    /// Payload bytes a second that all sessions of one address may send together
    #[arg(long, env = "UDP_ECHO_ADDRESS_BYTES_PER_SECOND", value_name = "BYTES", default_value = "128M", value_parser = bytes)]
    pub address_bytes_per_second: u32,

    /// How long a session may go on sending faster than it may before it is closed
    #[arg(long, env = "UDP_ECHO_FLOOD_TIME", value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub flood_time: Duration,

    /// Control messages, pings, pongs and empty fragments a second that a session may send; more end it
    #[arg(
        long,
        env = "UDP_ECHO_CONTROL_PER_SECOND",
        value_name = "N",
        default_value = "100"
    )]
    pub control_per_second: u32,

    /// Bytes of a message; a longer one ends the session. No datagram has more than the default
    #[arg(long, env = "UDP_ECHO_MESSAGE_BYTES", value_name = "BYTES", default_value_t = MAX_MESSAGE_BYTES as u32,
        value_parser = clap::value_parser!(u32).range(1..=MAX_MESSAGE_BYTES as i64))]
    pub message_bytes: u32,

    /// Time without a datagram or a control message after which a session ends
    #[arg(long, alias = "idle-time", env = renamed("UDP_ECHO_IDLE_TIMEOUT", "UDP_ECHO_IDLE_TIME"), value_name = "TIME", default_value = "10m", value_parser = duration::parse)]
    pub idle_timeout: Duration,

    /// Greatest age of a session
    #[arg(long, alias = "lifetime", env = renamed("UDP_ECHO_MAX_LIFETIME", "UDP_ECHO_LIFETIME"), value_name = "TIME", default_value = "24h", value_parser = duration::parse)]
    pub max_lifetime: Duration,

    /// Time without a sign of life after which a client is pinged
    #[arg(long, alias = "ping-time", env = renamed("UDP_ECHO_PING_INTERVAL", "UDP_ECHO_PING_TIME"), value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    pub ping_interval: Duration,

    /// Time that a ping may stay without an answer; then the session ends
    #[arg(long, alias = "pong-time", env = renamed("UDP_ECHO_PONG_TIMEOUT", "UDP_ECHO_PONG_TIME"), value_name = "TIME", default_value = "20s", value_parser = duration::parse_positive)]
    pub pong_timeout: Duration,

    /// Time for which a client may take nothing of what waits for it; then the session ends, and the client may resume it
    #[arg(long, env = "UDP_ECHO_STALLED_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    pub stalled_timeout: Duration,

    /// Time that the head of a request may take to arrive
    #[arg(long, alias = "handshake-time", env = renamed("UDP_ECHO_HANDSHAKE_TIMEOUT", "UDP_ECHO_HANDSHAKE_TIME"), value_name = "TIME", default_value = "10s", value_parser = duration::parse_positive)]
    pub handshake_timeout: Duration,
}

/// The name of a setting in the environment that had another name before: the old one where only that is set.
fn renamed(name: &'static str, old_name: &'static str) -> &'static str {
    let is_set = |name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    match is_set(old_name) && !is_set(name) {
        true => old_name,
        false => name,
    }
}

/// Reads a number of bytes: `1500`, `64K`, `32M`, `1G`.
fn bytes(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 'K' | 'k')) => (&text[..at], 1 << 10),
        Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
        Some((at, 'G' | 'g')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let bytes = number
        .trim()
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| "not a number of bytes; write it like 1500, 64K, 32M or 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_their_units() {
        for (text, expected) in [
            ("0", 0),
            ("1500", 1500),
            ("64K", 65_536),
            ("32m", 32 << 20),
            ("3G", 3 << 30),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "K", "-1", "4G", "1T", "1.5M", "ü"] {
            assert!(bytes(text).unwrap_err().contains("64K"), "{text}");
        }
    }
}
