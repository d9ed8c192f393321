//! What the relay makes of a client's bytes, compared with what tungstenite makes of them.

use std::io::{self, Cursor, Read, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::ws::{Inbound, Incoming, StreamEnd};

/// Most bytes of a message here: small, so that short inputs reach the limit.
const MESSAGE_BYTES: usize = 300;

/// Reads bytes as a client's frames: whole, byte by byte, and in pieces that the bytes themselves decide.
///
/// However they arrive, they must mean the same, and mean what tungstenite's own reader takes them for.
pub fn frames(data: &[u8]) {
    let whole = read_in_pieces(data, |_| data.len());
    let drip = read_in_pieces(data, |_| 1);
    let odd = read_in_pieces(data, |at| usize::from(data[at] % 7) + 1);
    assert_eq!(whole, drip, "byte by byte they mean something else");
    assert_eq!(whole, odd, "in pieces they mean something else");
    assert_eq!(
        whole.messages,
        reference(data),
        "tungstenite reads something else"
    );

    let carried: usize = whole.messages.iter().map(Vec::len).sum();
    assert!(carried <= data.len(), "messages longer than what was sent");
    assert!(
        whole
            .messages
            .iter()
            .all(|message| message.len() <= MESSAGE_BYTES)
    );
    // A pong is no longer than its ping, and the mask and the close frame make up for the header.
    assert!(
        whole.replies <= data.len() + 128,
        "{} bytes of replies",
        whole.replies
    );
}

/// What was read, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    messages: Vec<Vec<u8>>,
    replies: usize,
    end: StreamEnd,
}

fn read_in_pieces(data: &[u8], length: impl FnMut(usize) -> usize + Unpin) -> Heard {
    let io = Pieces {
        data,
        at: 0,
        length,
    };
    let mut inbound = Inbound::new(io, &[], MESSAGE_BYTES);
    let (mut messages, mut replies) = (Vec::new(), Vec::new());
    let end = loop {
        let read = pin!(inbound.read(&mut replies));
        let Poll::Ready((batch, read)) = read.poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("the pieces are always ready")
        };
        messages.extend(batch.into_messages());
        if let Err(end) = read {
            break end;
        }
    };
    Heard {
        messages: messages.into_iter().map(bytes).collect(),
        replies: replies.len(),
        end,
    }
}

fn bytes(message: Incoming) -> Vec<u8> {
    match message {
        Incoming::Binary(bytes) => bytes.into(),
        Incoming::Text(text) => text.as_bytes().to_vec(),
    }
}

/// The messages that tungstenite reads out of the same bytes.
fn reference(data: &[u8]) -> Vec<Vec<u8>> {
    struct Stream<'a>(Cursor<&'a [u8]>);
    impl Read for Stream<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Stream<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    let stream = Stream(Cursor::new(data));
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => messages.push(bytes.to_vec()),
            Ok(Message::Text(text)) => messages.push(text.as_bytes().to_vec()),
            Ok(Message::Close(_)) | Err(_) => return messages,
            Ok(_) => {}
        }
    }
}

/// Bytes that arrive in pieces, and then the end of the stream.
struct Pieces<'a, F> {
    data: &'a [u8],
    at: usize,
    /// Length of the piece that begins here.
    length: F,
}

impl<F: FnMut(usize) -> usize + Unpin> AsyncRead for Pieces<'_, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let at = self.at;
        if at < self.data.len() {
            let length = (self.length)(at).max(1);
            let end = (at + length.min(buffer.remaining())).min(self.data.len());
            buffer.put_slice(&self.data[at..end]);
            self.at = end;
        }
        Poll::Ready(Ok(()))
    }
}
