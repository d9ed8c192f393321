//! Control messages of `/sockets`: what travels as JSON text beside the datagrams.
//!
//! Every message is an object with one key, its name, as on `/relay`. A host takes messages and datagrams in the order in which
//! they come, so that a client need not wait for one answer before it sends the next message.

use serde::{Deserialize, Serialize};

use super::errno::Errno;
use crate::control::{Lab, Limits, Notice};
use crate::link::{Direction, DropReason, Mishap};

/// A message from a client to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketsRequest {
    /// Opens a socket: socket(2). Answered with [`SocketsAnswer::Opened`].
    Open(Open),
    /// Gives a socket its address: bind(2). Answered with [`SocketsAnswer::Bound`].
    Bind(Named),
    /// Fixes the peer of a socket, and binds it if it is not: connect(2). Answered with [`SocketsAnswer::Connected`].
    Connect(Named),
    /// Takes the peer away: connect(2) with `AF_UNSPEC`. Answered with [`SocketsAnswer::Disconnected`].
    Disconnect(Numbered),
    /// Closes a socket: close(2). Answered with [`SocketsAnswer::Closed`].
    Close(Numbered),
    /// Asks for the address of a name: `localhost`, a target, or an admitted address. Answered with
    /// [`SocketsAnswer::Resolved`].
    Resolve(Resolve),
    /// Changes the session's options. Answered with the same.
    Options(SocketsOptions),
    /// Puts the session's own link in force: `up` is the way out of this session's sockets, `down` the way into them.
    Lab(Lab),
    /// Has this happen to the next datagram on its way out.
    Once(Mishap),
    /// Asks for [`SocketsAnswer::Counters`].
    Counters,
}

/// A message from the host to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketsAnswer {
    /// The first message of a session; the client is live from here on.
    Hello(Box<SocketsHello>),
    /// The socket is open.
    Opened(Numbered),
    /// The socket has this address: after `bind`, and unasked when a send or `connect` bound it.
    Bound(Bound),
    /// The socket has this peer.
    Connected(Connected),
    /// The socket has no peer any more.
    Disconnected(Numbered),
    /// The socket is closed, and its port free.
    Closed(Numbered),
    /// What a name stands for.
    Resolved(Resolved),
    /// A call failed, or datagrams could not be sent.
    Error(SocketError),
    /// What happened to datagrams, in the order of happening; only while tracing is on.
    Events(Vec<SocketEvent>),
    /// The totals of the session; when asked for, and before the end.
    Counters(SocketsCounters),
    /// The options now in force.
    Options(SocketsOptions),
    /// The lab now in force.
    Lab(Lab),
    /// A sentence for the reader: the session lives on.
    Notice(Notice),
}

/// Everything a client needs to know about its session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SocketsHello {
    /// [`crate::control::PROTOCOL_VERSION`] of the host.
    pub protocol: u32,
    /// Version of the host's software.
    pub version: String,
    /// Name of the session in the host's log.
    pub session: String,
    /// The loopback that the session's sockets bind in.
    pub loopback: Loopback,
    /// The limits in force.
    pub limits: Limits,
    /// Sockets that the session may have open at a time; `None` when unlimited.
    #[serde(default)]
    pub sockets: Option<u32>,
    /// The named targets and the addresses that stand for them.
    pub targets: Vec<NamedTarget>,
    /// Networks that this session may send to besides, such as `192.0.2.0/24:9000-9010`.
    #[serde(default)]
    pub peers: Vec<String>,
    /// Seed of the session's link.
    pub seed: u64,
    /// Options in force.
    pub options: SocketsOptions,
}

/// A loopback of a reader's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loopback {
    /// The IPv4 address that `localhost` stands for, such as `127.83.1.5`.
    pub address: String,
    /// Secret that lets another session join (`?loopback=`); 32 hexadecimal digits.
    pub token: String,
    /// True when IPv4 ports are mapped: another program reaches a socket by [`Bound::outside`] and not by its own port.
    #[serde(default)]
    pub mapped: bool,
    /// True when programs on the reader's machine reach these sockets: host and reader are on one machine, and no proxy is in
    /// between.
    #[serde(default)]
    pub reachable: bool,
}

/// A target by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTarget {
    /// Its name.
    pub name: String,
    /// The address that a datagram to it names, such as `127.0.0.2:10000`.
    pub address: String,
}

/// Content of [`SocketsRequest::Open`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Number by which the client names the socket from here on.
    pub socket: u16,
    /// Family of its addresses.
    #[serde(default)]
    pub family: Family,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `AF_INET`.
    #[default]
    Ipv4,
    /// `AF_INET6`.
    Ipv6,
}

/// A socket and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Number of the socket.
    pub socket: u16,
}

/// A socket, and a host and port for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Number of the socket.
    pub socket: u16,
    /// A name or an address; empty for any address, or for `localhost` as a destination.
    #[serde(default)]
    pub host: String,
    /// The port; 0 has the system pick one for `bind`. A target has its own port.
    #[serde(default)]
    pub port: u16,
}

/// Content of [`SocketsRequest::Resolve`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// A name or an address.
    pub host: String,
    /// Family that is asked for; `None` for either.
    #[serde(default)]
    pub family: Option<Family>,
}

/// Content of [`SocketsAnswer::Resolved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The name that was asked for.
    pub host: String,
    /// Its addresses. That of a target has a port, `127.0.0.2:10000`; others have none.
    pub addresses: Vec<String>,
}

/// Content of [`SocketsAnswer::Bound`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Number of the socket.
    pub socket: u16,
    /// The socket's own address and port: what getsockname(2) tells.
    pub local: String,
    /// Where other programs on this machine reach it; `None` where they cannot.
    #[serde(default)]
    pub outside: Option<String>,
}

/// Content of [`SocketsAnswer::Connected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// Number of the socket.
    pub socket: u16,
    /// The socket's own address and port.
    pub local: String,
    /// The peer's address and port: what getpeername(2) tells.
    pub peer: String,
}

/// The socket call that an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `open`.
    Open,
    /// `bind`.
    Bind,
    /// `connect`.
    Connect,
    /// `disconnect`.
    Disconnect,
    /// `close`.
    Close,
    /// `resolve`.
    Resolve,
    /// A binary message.
    Send,
    /// No call of the client's: the system told of it later, such as ICMP's "port unreachable" on a connected socket. A local
    /// program gets it from its next call.
    Receive,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketError {
    /// Number of the socket; `None` for `resolve`.
    pub socket: Option<u16>,
    /// Which call.
    pub call: Call,
    /// Of `send`: number of the first datagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datagram: Option<u64>,
    /// Of `send`: how many datagrams in a row had this error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The operating system's name of the error.
    pub errno: Errno,
    /// What happened, to which address or setting, and what to do.
    pub text: String,
}

/// What a client may choose for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocketsOptions {
    /// Whether the host reports each datagram's way in [`SocketsAnswer::Events`].
    pub tracing: bool,
}

impl Default for SocketsOptions {
    fn default() -> Self {
        Self { tracing: true }
    }
}

/// One thing that happened to one copy of one datagram: `[at, id, copy, what]`.
///
/// `at` is in microseconds of the host's monotonic clock since the session began. `id` counts the client's binary messages from
/// 1; it is 0 for a datagram that came to a socket of this session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SocketEvent(pub u64, pub u64, pub u8, pub SocketWhat);

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketWhat {
    /// The host read the message from the WebSocket: socket, payload bytes.
    RelayIn(u16, usize),
    /// The copy left the queue of the session's link, in which it had waited for others.
    Dequeued,
    /// The host handed the copy to the system.
    UdpOut,
    /// The link turned one bit over: direction and number of the bit, counted from the first byte's highest.
    Corrupted(Direction, u32),
    /// The copy was dropped, where and why.
    Dropped(Direction, SocketDrop),
    /// Final: no copy is left on its way; the last one was dropped.
    Gone,
    /// Final: a socket of this loopback received it.
    Delivered,
    /// Final: the system took it, for a target, a peer or a visitor.
    Left,
    /// Final: the socket is connected, and nobody has bound the port.
    Refused,
    /// Final: it was not sent.
    Rejected(Errno),
    /// A datagram came to a socket of this session, from the address in its header: socket, payload bytes.
    UdpIn(u16, usize),
    /// It went to the client as the host's binary message with this number, counted from 1.
    RelayOut(u64),
}

/// Why a copy was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketDrop {
    /// The link lost it.
    Loss,
    /// A bit was turned over, and the checksum found it.
    Checksum,
    /// A queue of the link was full.
    Queue,
    /// The client that was to get it reads too slowly.
    SlowReader,
    /// No program has bound the port; an unconnected socket hears nothing of that.
    Unbound,
    /// The receiving socket never gave it out: its buffer was full, or it was closed.
    Unreceived,
}

impl SocketDrop {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Loss,
        Self::Checksum,
        Self::Queue,
        Self::SlowReader,
        Self::Unbound,
        Self::Unreceived,
    ];
}

impl From<DropReason> for SocketDrop {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Loss => Self::Loss,
            DropReason::Checksum => Self::Checksum,
            DropReason::Queue => Self::Queue,
            // A session of `/sockets` has no lane on which anything could get lost.
            DropReason::SlowReader | DropReason::Hop | DropReason::Browser => Self::SlowReader,
        }
    }
}

/// Totals of a session. `sent = delivered + left + dropped + refused + rejected + in_flight`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocketsCounters {
    /// Datagrams that the client handed over.
    pub sent: u64,
    /// Of these: received by a socket of this loopback.
    pub delivered: u64,
    /// Of these: taken by the system for a target, a peer or a visitor.
    pub left: u64,
    /// Of these: dropped, where and why being known.
    pub dropped: u64,
    /// Of these: refused, because nobody has bound the port that their socket is connected to.
    pub refused: u64,
    /// Of these: never sent.
    pub rejected: u64,
    /// Of these: still on their way.
    pub in_flight: u64,
    /// Beside: datagrams that came to the session's sockets and went to the client.
    pub received: u64,
    /// Beside: datagrams that came to the session's sockets and were dropped on the way to the client.
    pub receive_dropped: u64,
    /// Beside: datagrams from addresses that may not write to the session's sockets.
    pub strangers: u64,
    /// Payload bytes handed over.
    pub bytes_sent: u64,
    /// Payload bytes that went to the client.
    pub bytes_received: u64,
}

impl SocketsCounters {
    /// What the right side of the equation adds up to; equal to `sent` at any time.
    pub fn accounted(&self) -> u64 {
        self.delivered + self.left + self.dropped + self.refused + self.rejected + self.in_flight
    }
}
