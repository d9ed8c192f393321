//! The route `/sockets`: any number of UDP sockets behind one WebSocket.
//!
//! - [`header`]: what stands in front of a datagram in a binary message;
//! - [`control`]: the JSON messages beside the datagrams;
//! - [`errno`]: the operating system's names of errors.

pub mod control;
pub mod errno;
pub mod header;
