//! Control messages between JSON and the types of [`wire::control`]: those that the core itself reads and writes.
//!
//! What is asked of the lab and of the server's rules, and what is answered to that, passes through the core as text.

mod decode;

pub use decode::decode;
pub use udp_echo_feed::codec::*;
use wire::control::Options;

/// Writes the message that changes a session's options.
pub fn options(options: Options) -> String {
    let mut inner = Object::default();
    inner.flag("tracing", options.tracing);
    inner.number("timeout_ms", options.timeout_ms.into());
    let mut message = Object::default();
    message.json("options", &inner.end());
    message.end()
}

#[cfg(test)]
mod tests;
