//! What a session and its owner hand to each other.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::ledger::Fingerprint;
use crate::sockets::control::SocketDrop;
use crate::sockets::header::Header;
use crate::sockets::refusal::Refusal;

/// What the owner of a session has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a copy of a datagram, then call [`SocketsSession::sent`](super::SocketsSession::sent).
    Send(Outgoing),
    /// Send one binary message to the client.
    ToClient(Incoming),
}

/// A copy of a datagram on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Number of the datagram.
    pub id: u64,
    /// Number of the copy.
    pub copy: u8,
    /// Number of the socket that sends it.
    pub socket: u16,
    /// Where the client wants it to go; `None` for the peer that the socket is connected to.
    pub to: Option<SocketAddr>,
    /// The bytes.
    pub payload: Bytes,
}

/// A datagram for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The socket that it came to, and its sender.
    pub header: Header,
    /// The bytes.
    pub payload: Bytes,
}

impl Incoming {
    /// The binary message: header and payload.
    pub fn message(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.header.bytes() + self.payload.len());
        self.header.write(&mut message);
        message.extend_from_slice(&self.payload);
        message
    }
}

/// What became of a datagram that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The system took it, for a target, a peer or a visitor.
    Left,
    /// The system took it, for a socket of this loopback: a receipt is to come.
    OnLoopback {
        /// Own address and port of the sending socket.
        from: SocketAddr,
        /// Address and port of the receiving socket.
        to: SocketAddr,
    },
    /// It was not sent, for nobody has bound the port.
    Unbound {
        /// The address and port.
        to: SocketAddr,
        /// Whether the socket is connected, and so hears of it.
        is_connected: bool,
    },
    /// It was not sent, for this reason.
    Not(Refusal),
}

/// Where a datagram came to, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Number of the socket that it came to.
    pub socket: u16,
    /// Its sender.
    pub from: SocketAddr,
    /// Address and port of that socket, when the sender is a socket of this loopback, which gets a receipt; else `None`.
    pub to: Option<SocketAddr>,
}

/// What the session that received a datagram tells the session that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When it happened.
    pub at: u64,
    /// Address and port of the sending socket.
    pub from: SocketAddr,
    /// Address and port of the receiving socket.
    pub to: SocketAddr,
    /// What it is recognized by: [`Fingerprint::between`] these two.
    pub fingerprint: Fingerprint,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a datagram where it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiving session's link holds it: another receipt follows.
    Held,
    /// It went to the client.
    Delivered,
    /// It was dropped on its way to the client.
    Dropped(SocketDrop),
}
