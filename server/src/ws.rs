//! The server's side of WebSocket (RFC 6455), for streams that carry many small messages.
//!
//! Whatever has arrived is read at once, and whatever waits is written in as few calls as possible. This module knows why
//! a client's stream ends; why a session ends is the relay's business.
//!
//! - `Upgrade`: from an HTTP request to the bare TCP stream;
//! - `Inbound`: from the stream to messages, a `Batch` with each read;
//! - `Outbound`: from datagrams and text to the stream, control first;
//! - `Replies`: pongs and pings, on their way from the one to the other;
//! - `Uptake`: whether the client takes what waits for it;
//! - `frame`: the head of a frame, read and written; `blocks`: bytes that wait.

use std::io;

mod blocks;
mod frame;
mod inbound;
mod outbound;
mod replies;
mod upgrade;
mod uptake;

pub(crate) use inbound::{Batch, Inbound, Incoming, MAX_FRONT_BYTES, Payload};
pub(crate) use outbound::Outbound;
pub(crate) use replies::{MAX_WAITING_REPLIES, Replies};
pub(crate) use upgrade::{Upgrade, has_token};
pub(crate) use uptake::Uptake;

/// Why nothing more can be read from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// The client closed the WebSocket, with this code or none.
    Closed(Option<u16>),
    /// The connection broke, or the client went away without a Close.
    Lost(String),
    /// The client broke the WebSocket protocol.
    Protocol(String),
    /// A text message was not UTF-8.
    NotUtf8,
    /// A message was longer than this many bytes.
    TooLong(usize),
}

impl StreamEnd {
    /// Whether the client said that it goes, or is gone.
    pub(crate) fn is_by_client(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Lost(_))
    }
}

impl From<io::Error> for StreamEnd {
    fn from(error: io::Error) -> Self {
        Self::Lost(crate::cause::plain(&error))
    }
}
