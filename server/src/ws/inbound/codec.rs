//! tungstenite's codec, for everything that is no whole message: control frames, fragments, breaches of RFC 6455.

use std::io::{self, Read, Write};

use bytes::Buf as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};

use super::Incoming;
use crate::ws::StreamEnd;

/// Bytes of a frame for which the codec has room at once; most sessions never have one for it.
const FRAME_BYTES: usize = 512;

/// The codec of one session.
#[derive(Debug)]
pub(super) struct Codec {
    context: WebSocketContext,
}

impl Codec {
    /// Takes messages of at most `message_bytes`.
    pub(super) fn new(message_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(FRAME_BYTES)
            // What the codec answers by itself, pongs above all, goes to the caller at once.
            .write_buffer_size(0)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        Self {
            context: WebSocketContext::new(Role::Server, Some(config)),
        }
    }

    /// Takes out every message that is complete with `input`; no input says that the client has closed its side.
    ///
    /// # Errors
    ///
    /// The end of the stream.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(Incoming),
        replies: &mut Vec<u8>,
    ) -> Result<(), StreamEnd> {
        let mut feed = Feed {
            ended: input.is_empty(),
            input,
            output: replies,
        };
        loop {
            match self.context.read(&mut feed) {
                Ok(Message::Binary(bytes)) => take(Incoming::Binary(bytes)),
                Ok(Message::Text(text)) => take(Incoming::Text(text)),
                Ok(Message::Close(frame)) => {
                    // The codec answers with the same code; it says so by the error ConnectionClosed.
                    let _ = self.context.flush(&mut feed);
                    return Err(StreamEnd::Closed(frame.map(|frame| frame.code.into())));
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(end_by(error)),
            }
        }
    }

    /// Appends a Close frame to `replies`, unless there has been one.
    pub(super) fn close(&mut self, frame: CloseFrame, replies: &mut Vec<u8>) {
        let mut feed = Feed {
            input: &[],
            ended: false,
            output: replies,
        };
        // The feed cannot fail; an error says that the closing handshake is already over.
        let _ = self.context.close(&mut feed, Some(frame));
    }
}

fn end_by(error: Error) -> StreamEnd {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => StreamEnd::Closed(None),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            StreamEnd::Lost("the connection ended without a Close".to_owned())
        }
        Error::Protocol(error) => StreamEnd::Protocol(error.to_string()),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            StreamEnd::TooLong(max_size)
        }
        Error::Utf8(_) => StreamEnd::NotUtf8,
        error => StreamEnd::Protocol(error.to_string()),
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
