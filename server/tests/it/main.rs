//! The host from outside, as its clients, operators and strangers meet it. All of it is one program, so that it is linked once.

// What cannot be done here fails the test that asked for it.
#![allow(clippy::unwrap_used)]

mod access;
mod amplification;
mod article;
mod capture;
mod client;
mod client_edges;
mod client_relay;
mod client_tool;
mod command_line;
mod deploy;
mod echo_alone;
mod edges;
mod host;
#[cfg(feature = "webtransport")]
mod lane;
mod left_out;
mod limits;
mod link;
mod oembed;
mod operating;
mod papers;
mod protocol;
mod relay;
mod shutdown;
mod sockets;
mod sockets_script;
mod stalled;
mod strangers;
mod strangers_relay;
mod untrusted;
