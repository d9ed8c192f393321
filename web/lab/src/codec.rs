//! Control messages between JSON and the types of [`wire::control`], as a host sees them: it reads what clients write.
//!
//! The panel writes some of these messages itself.

mod client;
mod host;

pub use client::{lab, read, read_lab, read_rules, rules};
pub use host::write;
pub use udp_echo_feed::codec::*;

#[cfg(test)]
mod tests;
