//! The udp-echo host.

pub mod clock;
pub mod udp;
