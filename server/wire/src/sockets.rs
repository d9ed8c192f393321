//! The route `/sockets`: any number of UDP sockets behind one WebSocket.
//!
//! - [`header`]: what stands in front of a datagram in a binary message;
//! - [`control`]: the JSON messages beside the datagrams;
//! - [`errno`]: the operating system's names of errors;
//! - [`refusal`]: why a call fails, in words;
//! - [`route`]: where a datagram may go;
//! - [`name`]: the names and addresses that bind, connect and resolve take;
//! - [`ledger`]: the fates of datagrams here, and receipts;
//! - [`session`]: one session as a state machine, without its sockets;
//! - [`machine`]: a machine without a network, for the page when no host answers.

pub mod control;
pub mod errno;
pub mod header;
pub mod ledger;
pub mod machine;
pub mod name;
mod ordered;
pub mod refusal;
pub mod route;
pub mod session;
