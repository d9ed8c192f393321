//! From datagrams and control messages to the client's TCP stream: bounded, in few writes, control first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::backlog::{Backlog, BacklogPool};

/// Bytes that go out in one write. A control message waits for no more than this.
const CHUNK_BYTES: usize = 128 * 1024;

/// Bytes of pongs that may wait; RFC 6455, section 5.5.3 allows to answer the newest ping alone.
const MAX_WAITING_REPLIES: usize = 4096;

/// The writing half of a session's WebSocket.
#[derive(Debug)]
pub(super) struct Outbound<W> {
    io: W,
    /// What is being written, and how much of it has been.
    current: Vec<u8>,
    written: usize,
    control: Vec<u8>,
    data: VecDeque<Vec<u8>>,
    backlog: Backlog,
}

impl<W: AsyncWrite + Unpin> Outbound<W> {
    pub(super) fn new(io: W, pool: BacklogPool) -> Self {
        Self {
            io,
            current: Vec::new(),
            written: 0,
            control: Vec::new(),
            data: VecDeque::new(),
            backlog: Backlog::new(pool),
        }
    }

    /// Whether another datagram may wait; if not, the client reads too slowly and it is to be dropped.
    pub(super) fn has_room(&mut self) -> bool {
        self.backlog.has_room()
    }

    /// Whether anything waits to be written.
    pub(super) fn is_pending(&self) -> bool {
        !self.current.is_empty() || !self.control.is_empty() || !self.data.is_empty()
    }

    /// Queues a datagram as a binary message. Ask [`has_room`](Self::has_room) before.
    pub(super) fn push_datagram(&mut self, payload: &[u8]) {
        let chunk = match self.data.back_mut() {
            Some(chunk) if chunk.len() + payload.len() <= CHUNK_BYTES => chunk,
            _ => self.data.push_back_mut(chunk()),
        };
        let before = chunk.len();
        put_frame(chunk, OpCode::Data(Data::Binary), payload);
        self.backlog.hold(chunk.len() - before);
    }

    /// Queues a text message, ahead of all data that is not being written yet.
    pub(super) fn push_text(&mut self, text: &str) {
        put_frame(&mut self.control, OpCode::Data(Data::Text), text.as_bytes());
    }

    /// Queues frames as they are.
    pub(super) fn push_frames(&mut self, frames: &[u8]) {
        self.control.extend_from_slice(frames);
    }

    /// Drops the datagrams that wait, for the session is over.
    pub(super) fn forget_data(&mut self) {
        for chunk in self.data.drain(..) {
            self.backlog.release(chunk.len());
        }
    }

    /// Control bytes that wait.
    pub(super) fn waiting_control(&self) -> usize {
        self.control.len()
    }

    /// Writes until nothing waits. Dropping the future loses nothing: the next call goes on.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Ends the stream towards the client.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.written < self.current.len() {
                let rest = &self.current[self.written..];
                let written = ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.written += written;
            }
            self.written = 0;
            give_back(std::mem::take(&mut self.current));
            self.current = if !self.control.is_empty() {
                std::mem::take(&mut self.control)
            } else if let Some(chunk) = self.data.pop_front() {
                self.backlog.release(chunk.len());
                chunk
            } else {
                return Pin::new(&mut self.io).poll_flush(cx);
            };
        }
    }
}

/// Frames that the reading half owes the client, on their way to the writing half.
#[derive(Debug, Default)]
pub(super) struct Replies {
    frames: Mutex<Vec<u8>>,
    arrived: Notify,
}

impl Replies {
    /// Adds frames; pongs are left out while too many wait.
    pub(super) fn add(&self, frames: &[u8]) {
        let mut waiting = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING_REPLIES {
            waiting.extend_from_slice(frames);
            self.arrived.notify_one();
        }
    }

    /// Adds a ping.
    pub(super) fn ping(&self) {
        let mut frame = Vec::new();
        put_frame(&mut frame, OpCode::Control(Control::Ping), &[]);
        self.add(&frame);
    }

    /// Waits until frames have been added.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes all that wait.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.frames.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Appends one unmasked frame, as a server sends it (RFC 6455, section 5.2).
fn put_frame(buffer: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    const FINAL: u8 = 0x80;
    let first = FINAL | u8::from(opcode);
    match payload.len() {
        bytes @ 0..126 => buffer.extend_from_slice(&[first, bytes as u8]),
        bytes @ 126..65_536 => {
            let [high, low] = (bytes as u16).to_be_bytes();
            buffer.extend_from_slice(&[first, 126, high, low]);
        }
        bytes => {
            buffer.extend_from_slice(&[first, 127]);
            buffer.extend_from_slice(&(bytes as u64).to_be_bytes());
        }
    }
    buffer.extend_from_slice(payload);
}

/// Chunks that one thread keeps for what is sent next, so that a client that reads at once costs no allocation.
const KEPT_CHUNKS: usize = 4;

thread_local! {
    static CHUNKS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty chunk.
fn chunk() -> Vec<u8> {
    CHUNKS.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps a chunk that has been written.
fn give_back(mut chunk: Vec<u8>) {
    if chunk.capacity() == 0 || chunk.capacity() > 2 * CHUNK_BYTES {
        return;
    }
    chunk.clear();
    // While the thread itself ends there is nobody to keep it for.
    let _ = CHUNKS.try_with(|chunks| {
        let mut chunks = chunks.borrow_mut();
        if chunks.len() < KEPT_CHUNKS {
            chunks.push(chunk);
        }
    });
}

#[cfg(test)]
mod tests;
