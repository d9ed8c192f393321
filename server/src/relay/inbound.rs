//! From the client's TCP stream to WebSocket messages: all that has arrived, in one read.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::close::Ended;

/// Bytes that one read may bring. All sessions of a thread share one buffer of this size.
const READ_BYTES: usize = 256 * 1024;

/// Bytes that a session keeps for a frame that has arrived in part; it grows while a longer frame needs it.
const FRAME_BYTES: usize = 2048;

/// A message of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A binary message.
    Binary(Bytes),
    /// A text message.
    Text(Utf8Bytes),
}

impl Incoming {
    /// Bytes of the datagram that the message is on `/relay`; `None` for a control message.
    pub(super) fn datagram_bytes(&self) -> Option<usize> {
        match self {
            Self::Binary(bytes) => Some(bytes.len()),
            Self::Text(_) => None,
        }
    }
}

/// The reading half of a session's WebSocket.
#[derive(Debug)]
pub(super) struct Inbound<R> {
    io: R,
    codec: WebSocketContext,
    early: Bytes,
}

impl<R: AsyncRead + Unpin> Inbound<R> {
    /// Reads messages of at most `message_bytes` from `io`, after the bytes that the upgrade has read `early`.
    pub(super) fn new(io: R, early: Bytes, message_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(FRAME_BYTES)
            // What the codec answers by itself, pongs above all, goes to the caller at once.
            .write_buffer_size(0)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        Self {
            io,
            codec: WebSocketContext::new(Role::Server, Some(config)),
            early,
        }
    }

    /// Waits until something has arrived and appends the messages in it to `messages`, none if they are still incomplete.
    ///
    /// Frames that the protocol demands in return, such as pongs, are appended to `replies`; also when this fails.
    ///
    /// # Errors
    ///
    /// Why the session is over. Messages that came before are in `messages`.
    pub(super) async fn read(
        &mut self,
        messages: &mut Vec<Incoming>,
        replies: &mut Vec<u8>,
    ) -> Result<(), Ended> {
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            return decode(&mut self.codec, &early, messages, replies);
        }
        poll_fn(|cx| self.poll_read(cx, messages, replies)).await
    }

    /// Turns to the end of the session: the Close frame is appended to `replies`.
    pub(super) fn close(&mut self, frame: CloseFrame, replies: &mut Vec<u8>) {
        let mut feed = Feed {
            input: &[],
            ended: false,
            output: replies,
        };
        // The feed cannot fail; an error says that the closing handshake is already over.
        let _ = self.codec.close(&mut feed, Some(frame));
    }

    /// Reads and forgets whatever still comes, until the client has answered the Close or left.
    ///
    /// Closing a TCP stream with unread bytes resets it, and the client might never see the Close frame. After a breach of
    /// the protocol nothing is `understood` any more: the codec would take what follows for the rest of the frame that it
    /// had refused, and keep all of it.
    pub(super) async fn drain(&mut self, understood: bool) {
        if understood && self.hear_out().await {
            return;
        }
        while poll_fn(|cx| self.poll_skip(cx)).await {}
    }

    /// Reads and forgets messages; true when the client has answered or left, false when it cannot be understood any more.
    async fn hear_out(&mut self) -> bool {
        let (mut messages, mut replies) = (Vec::new(), Vec::new());
        loop {
            match self.read(&mut messages, &mut replies).await {
                Ok(()) => {
                    messages.clear();
                    replies.clear();
                }
                Err(ended) => return matches!(ended, Ended::ByClient(_) | Ended::Vanished(_)),
            }
        }
    }

    /// Reads and forgets some bytes; false when there are no more.
    fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        with_read_buffer(|buffer| {
            let mut filled = ReadBuf::new(buffer);
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut filled));
            Poll::Ready(read.is_ok() && !filled.filled().is_empty())
        })
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        messages: &mut Vec<Incoming>,
        replies: &mut Vec<u8>,
    ) -> Poll<Result<(), Ended>> {
        with_read_buffer(|buffer| {
            let mut filled = ReadBuf::new(buffer);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut filled)) {
                Ok(()) => {}
                Err(error) => return Poll::Ready(Err(Ended::Vanished(error.to_string()))),
            }
            Poll::Ready(decode(&mut self.codec, filled.filled(), messages, replies))
        })
    }
}

/// Feeds `input`, all that one read gave, to the codec and takes out every message that is complete.
fn decode(
    codec: &mut WebSocketContext,
    input: &[u8],
    messages: &mut Vec<Incoming>,
    replies: &mut Vec<u8>,
) -> Result<(), Ended> {
    let mut feed = Feed {
        ended: input.is_empty(),
        input,
        output: replies,
    };
    loop {
        match codec.read(&mut feed) {
            Ok(Message::Binary(bytes)) => messages.push(Incoming::Binary(bytes)),
            Ok(Message::Text(text)) => messages.push(Incoming::Text(text)),
            Ok(Message::Close(frame)) => {
                // The codec answers with the same code; it says so by the error ConnectionClosed.
                let _ = codec.flush(&mut feed);
                return Err(Ended::ByClient(frame.map(|frame| frame.code.into())));
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(ended_by(error)),
        }
    }
}

fn ended_by(error: Error) -> Ended {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Ended::ByClient(None),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Ended::Vanished("the connection ended without a Close".to_owned())
        }
        Error::Protocol(error) => Ended::Protocol(error.to_string()),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => Ended::TooLong(max_size),
        Error::Utf8(_) => Ended::NotUtf8,
        error => Ended::Protocol(error.to_string()),
    }
}

/// What the codec takes for its stream: the bytes of one read, and room for what it writes.
struct Feed<'a> {
    input: &'a [u8],
    /// The client has closed its side: when the input is used up, nothing follows.
    ended: bool,
    output: &'a mut Vec<u8>,
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.len().min(buffer.len());
        if bytes == 0 && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.copy_to_slice(&mut buffer[..bytes]);
        Ok(bytes)
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lends the thread's read buffer. An idle session thus owns none, and busy ones share what is warm in the cache.
fn with_read_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local! {
        static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
    }
    BUFFER.with_borrow_mut(|buffer| read(buffer))
}

#[cfg(test)]
mod tests;
