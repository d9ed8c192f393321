//! Control messages: what travels as JSON text beside the datagrams.
//!
//! Every message is an object with one key, its name: `{"hello":{…}}`. Unknown fields are ignored, so that version 1 can grow.

use serde::{Deserialize, Serialize};

use crate::lane::Offer;
use crate::ledger::{Counters, Delivery};
use crate::link::{Direction, DropReason, Impairment, Mishap};

/// Version of the protocol that [`Hello::protocol`] carries.
pub const PROTOCOL_VERSION: u32 = 1;

/// A message from the host to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostMessage {
    /// The first message of a session; the client is live from here on.
    Hello(Box<Hello>),
    /// What happened to datagrams, in the order of happening; sent in batches, only when tracing is on.
    Events(Vec<Event>),
    /// The totals of the session; sent when asked for, after a change of settings and before the end.
    Counters(Counters),
    /// The options now in force.
    Options(Options),
    /// The lab now in force.
    Lab(Lab),
    /// The server that the session talks to, after it changed.
    Server(ServerState),
    /// A datagram that some other program sent to the echo server (only while the host is bound to loopback).
    Visitor(Visitor),
    /// How the bytes of a [`ClientMessage::Stream`] came back over TCP.
    Stream(StreamEcho),
    /// How a program on this machine watches the session; answers [`ClientMessage::Capture`].
    Capture(CaptureOffer),
    /// A sentence for the reader: something was refused, or a limit was met, and the session lives on.
    Notice(Notice),
}

/// A message from a client to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// Changes the session's options.
    Options(Options),
    /// Puts the session's own link impairments in force.
    Lab(Lab),
    /// Has this happen to the next datagram that comes to the link towards the server; only where [`Hello::once`] says so.
    Once(Mishap),
    /// Asks for a server of the session's own, with these rules; `listening: false` closes its socket.
    Server(ServerRules),
    /// Writes these texts to a TCP echo, one write each, to see where its boundaries went.
    Stream(Vec<String>),
    /// Asks for [`HostMessage::Counters`].
    Counters,
    /// Asks for [`HostMessage::Capture`]; only where `/relay.json` says that the host lets sessions be watched.
    Capture,
}

/// Everything a client needs to know about its session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the host.
    pub protocol: u32,
    /// Version of the host's software.
    pub version: String,
    /// Name of the session in the host's log.
    pub session: String,
    /// Secret that asks for the same UDP port after a reconnect (`?resume=`); empty when the host offers none.
    #[serde(default)]
    pub resume: String,
    /// True when a resume token was honoured: the UDP port is the one of the session before.
    #[serde(default)]
    pub resumed: bool,
    /// The limits in force.
    pub limits: Limits,
    /// Names of the targets that `?target=` may choose.
    pub targets: Vec<String>,
    /// Name of the target of this session.
    pub target: String,
    /// UDP address of this session as the server sees it: the system picked its port (claim 6).
    pub client: String,
    /// UDP address of the server.
    pub server: String,
    /// True when the server is the host's own, whose side of each datagram is reported.
    pub own_server: bool,
    /// True when the host is bound to loopback: other programs on this machine can join.
    pub loopback: bool,
    /// Seed of the session's link.
    pub seed: u64,
    /// Options in force.
    pub options: Options,
    /// True when the host takes [`ClientMessage::Once`].
    #[serde(default)]
    pub once: bool,
}

/// The first message of a host that offers a lane: `hello` with the field `lane` at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// The hello.
    Hello(Box<HelloWithLane>),
}

/// A hello, and how to open a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HelloWithLane {
    /// What every client is told.
    #[serde(flatten)]
    pub hello: Hello,
    /// The offer.
    pub lane: Offer,
}

/// The limits of a session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Most payload bytes of one datagram on the way to the server.
    pub datagram_bytes: usize,
    /// Most bytes of a binary message; a longer one ends the session.
    pub message_bytes: usize,
    /// Most bytes of a control message.
    pub control_bytes: usize,
    /// Datagrams a second that the session may send; `None` when unlimited.
    #[serde(default)]
    pub datagrams_per_second: Option<u32>,
    /// Payload bytes a second that the session may send; `None` when unlimited.
    #[serde(default)]
    pub bytes_per_second: Option<u32>,
    /// Milliseconds without a message after which the host ends the session; `None` when it does not.
    #[serde(default)]
    pub idle_ms: Option<u64>,
    /// Greatest age of a session in milliseconds; `None` when unlimited.
    #[serde(default)]
    pub lifetime_ms: Option<u64>,
    /// Milliseconds that a ping of the host may stay without an answer; `None` when unlimited.
    #[serde(default)]
    pub pong_ms: Option<u64>,
    /// Control messages, pings, pongs and empty fragments a second that the session may send; `None` when unlimited.
    #[serde(default)]
    pub control_per_second: Option<u32>,
    /// Sessions that the host takes at a time; `None` when unlimited.
    #[serde(default)]
    pub sessions: Option<u32>,
    /// Sessions that the host takes at a time from one address; `None` when unlimited.
    #[serde(default)]
    pub sessions_per_address: Option<u32>,
    /// Datagrams a second that all sessions of an address may send together; `None` when unlimited.
    #[serde(default)]
    pub address_datagrams_per_second: Option<u32>,
    /// Payload bytes a second that all sessions of an address may send together; `None` when unlimited.
    #[serde(default)]
    pub address_bytes_per_second: Option<u32>,
}

/// What a client may choose for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Whether the host reports each datagram's way in [`HostMessage::Events`].
    pub tracing: bool,
    /// Milliseconds after which an unanswered datagram counts as lost: 1 to 60,000.
    pub timeout_ms: u32,
    /// Whether the session's UDP socket is connected to its server, so that the system tells it of ICMP errors. An
    /// unconnected one names the server with each send, as the tutorial's client does, and hears of none (udp(7)).
    pub connected: bool,
}

impl Options {
    /// Longest timeout, in milliseconds.
    pub const MAX_TIMEOUT_MS: u32 = 60_000;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tracing: true,
            timeout_ms: 2000,
            connected: true,
        }
    }
}

/// The session's own link: both directions and the seed of their chance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lab {
    /// Impairment on the way to the server.
    pub up: Impairment,
    /// Impairment on the way back.
    pub down: Impairment,
    /// Seed of the generator; the same seed gives the same events.
    pub seed: u64,
}

/// The rules of an echo server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerRules {
    /// Size of the receive buffer in bytes; longer datagrams are cut to it. `None` takes any datagram whole.
    pub buffer: Option<usize>,
    /// Whether an empty datagram is answered (RFC 862) or only logged (claim 8).
    pub echo_empty: bool,
    /// Whether the server's socket is open.
    pub listening: bool,
}

impl Default for ServerRules {
    fn default() -> Self {
        Self {
            buffer: None,
            echo_empty: false,
            listening: true,
        }
    }
}

/// The server a session talks to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// UDP address of the server.
    pub server: String,
    /// The rules in force.
    pub rules: ServerRules,
}

/// A datagram of somebody else's at the echo server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visitor {
    /// UDP address of the sender.
    pub peer: String,
    /// Bytes that arrived.
    pub bytes: usize,
    /// The start of the data as text, escaped.
    pub text: String,
    /// Bytes sent back; `None` when the server did not answer.
    pub sent: Option<usize>,
    /// What became of it at the server; a host of before has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fate: Option<VisitorFate>,
}

/// What an echo server did with a visitor's datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorFate {
    /// It sent an answer.
    Echoed,
    /// It was empty, and the server answers only data.
    Unanswered,
    /// Its port may itself answer everything, and is never answered.
    Guarded,
    /// The system did not take the answer.
    Failed,
}

/// How a byte stream kept the boundaries of what was written to it: it does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamEcho {
    /// What each write carried.
    pub writes: Vec<String>,
    /// What each read gave.
    pub reads: Vec<String>,
}

/// What lets a program on the host's machine watch this session's datagrams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureOffer {
    /// The session's name, a hyphen, and a secret of 32 hexadecimal digits. It is good for as long as the session lives.
    pub token: String,
}

/// A sentence from the host, with a code for programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Short name of the cause, such as `slow_reader`.
    pub code: String,
    /// What happened and what to do.
    pub text: String,
}

/// One thing that happened to one copy of one datagram: `[at, id, copy, what]`.
///
/// `at` is in microseconds of the host's monotonic clock since the session began. `id` counts the client's binary
/// messages from 1. `copy` is 0, or 1 for the second copy that a duplicating link made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event(pub u64, pub u64, pub u8, pub What);

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The relay read the message, from the WebSocket or the lane: bytes.
    RelayIn(usize),
    /// The copy left the queue of the session's link, in which it had waited for others; a copy that did not wait has none. On
    /// the way back, that is not before its [`What::UdpIn`].
    Dequeued,
    /// The relay handed the copy to UDP.
    UdpOut,
    /// The server received it: bytes that fitted its buffer.
    EchoIn(usize),
    /// The server cut it: bytes that the datagram had.
    Cut(usize),
    /// The server sent its answer: bytes.
    EchoOut(usize),
    /// The relay received the answer from UDP: bytes.
    UdpIn(usize),
    /// The relay wrote the answer to the WebSocket: it is the host's binary message with this number, counted from 1. Or it went out
    /// on the lane, has a number from [`FIRST_ANSWER`](crate::lane::FIRST_ANSWER) on, and the client has reported it.
    RelayOut(u64, Delivery),
    /// The link turned one bit over: direction and number of the bit, counted from the first byte's highest.
    Corrupted(Direction, u32),
    /// The copy was dropped, where and why.
    Dropped(Direction, DropReason),
    /// Final: no copy is left on its way; the last one was dropped.
    Gone,
    /// Final: ICMP said that nobody listens; the operating system's words.
    Refused(String),
    /// Final: it was not sent; the reason.
    Rejected(String),
    /// Final: it was empty, and the server answers only `if data` (claim 8).
    Unanswered,
    /// Final: no answer within the timeout; nobody retries.
    Lost,
}
