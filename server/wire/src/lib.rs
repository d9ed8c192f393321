//! What a udp-echo host and its clients must agree on. No I/O, no clock, no globals: the same code runs in the host,
//! in the browser and in plain `cargo test`.
//!
//! - [`limits`]: how much fits into a datagram;
//! - [`control`]: the JSON messages beside the datagrams;
//! - [`ledger`]: the fates of datagrams, and counters that always add up;
//! - [`link`]: what a network may do to datagrams;
//! - [`lane`]: datagrams of a session that travel beside its WebSocket;
//! - [`session`]: one session of a relay as a state machine, without its sockets;
//! - [`sockets`]: the same for any number of sockets behind one WebSocket;
//! - [`echo`]: what an echo server answers, and whom it never answers;
//! - [`reach`]: how far an address reaches;
//! - [`simulator`]: a host without a network, for the page when no host answers;
//! - [`race`]: the same messages with the same losses over UDP and over TCP, and [`tcp`], the model behind TCP's side;
//! - [`transcript`]: the words in which server and client tell what they do;
//! - [`digits`]: numbers as text, for pages; [`addresses`]: the same for addresses;
//! - [`packet`]: the headers around a payload;
//! - [`pcapng`]: captures for Wireshark.

pub mod limits;

pub mod control;
pub mod echo;
pub mod lane;
pub mod ledger;
pub mod link;
pub mod reach;
pub mod session;
pub mod simulator;
pub mod sockets;

pub mod race;
pub mod tcp;

pub mod transcript;

pub mod addresses;
pub mod digits;
pub mod packet;
pub mod pcapng;
