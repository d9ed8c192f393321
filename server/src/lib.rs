//! The udp-echo host: a UDP echo server, and a relay that joins a browser's WebSocket to a UDP socket.
//!
//! - [`access`]: who may connect;
//! - [`target`]: which servers a session may talk to;
//! - [`echo`]: the UDP echo server;
//! - [`udp`]: a UDP socket that moves many datagrams with one system call;
//! - [`clock`]: the one clock of all stamps;
//! - [`client`]: the command-line client.

pub mod access;
pub mod target;

pub mod echo;
pub mod udp;

pub mod clock;

pub mod client;
