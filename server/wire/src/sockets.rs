//! The route `/sockets`: any number of UDP sockets behind one WebSocket.
//!
//! - [`header`]: what stands in front of a datagram in a binary message;
//! - [`control`]: the JSON messages beside the datagrams;
//! - [`errno`]: the operating system's names of errors;
//! - [`refusal`]: why a call fails, in words;
//! - [`route`]: where a datagram may go;
//! - [`name`]: the names and addresses that bind, connect and resolve take.

pub mod control;
pub mod errno;
pub mod header;
pub mod name;
pub mod refusal;
pub mod route;
