//! The words of the bytes.

pub use udp_echo_feed::words::*;

/// Above the bytes of the message.
pub const TITLE: &str = "The bytes of the message";
