//! From datagrams and control messages to the client's TCP stream: bounded, in few writes, control first.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::backlog::{Backlog, BacklogPool, OWN_ANSWERS};
use super::blocks::{BLOCK_BYTES, Blocks};

/// Bytes of datagrams for which a control message waits at most, but for a single longer one.
const RUN_BYTES: usize = 128 * 1024;

/// Blocks of one write: a run may begin and end within one.
const BLOCKS_PER_WRITE: usize = RUN_BYTES / BLOCK_BYTES + 1;

/// Bytes of pongs that may wait; RFC 6455, section 5.5.3 allows to answer the newest ping alone.
pub(super) const MAX_WAITING_REPLIES: usize = 4096;

/// The writing half of a session's WebSocket.
#[derive(Debug)]
pub(super) struct Outbound<W> {
    io: W,
    control: Blocks,
    data: Blocks,
    /// Bytes of data that have to be written before it is the turn of control: to the end of a frame.
    run: usize,
    /// Bytes of the runs that follow, and of the last one, which may still grow.
    runs: VecDeque<usize>,
    last_run: usize,
    backlog: Backlog,
}

impl<W: AsyncWrite + Unpin> Outbound<W> {
    pub(super) fn new(io: W, pool: BacklogPool) -> Self {
        Self {
            io,
            control: Blocks::default(),
            data: Blocks::default(),
            run: 0,
            runs: VecDeque::new(),
            last_run: 0,
            backlog: Backlog::new(pool, OWN_ANSWERS),
        }
    }

    /// Whether a datagram of so many bytes may wait; if not, the client reads too slowly and it is to be dropped.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let held = self.data.held_with(MAX_HEAD_BYTES + bytes);
        held == self.data.held() || self.backlog.affords(held)
    }

    /// Whether anything waits to be written.
    pub(super) fn is_pending(&self) -> bool {
        !self.control.is_empty() || !self.data.is_empty()
    }

    /// Queues a datagram as a binary message. Ask [`has_room`](Self::has_room) before.
    pub(super) fn push_datagram(&mut self, payload: &[u8]) {
        let bytes = put_frame(&mut self.data, OpCode::Data(Data::Binary), payload);
        if self.last_run > 0 && self.last_run + bytes > RUN_BYTES {
            self.runs.push_back(std::mem::take(&mut self.last_run));
        }
        self.last_run += bytes;
    }

    /// Queues a text message, ahead of all data that is not being written yet.
    pub(super) fn push_text(&mut self, text: &str) {
        put_frame(&mut self.control, OpCode::Data(Data::Text), text.as_bytes());
    }

    /// Queues frames as they are.
    pub(super) fn push_frames(&mut self, frames: &[u8]) {
        self.control.push(frames);
    }

    /// Drops the datagrams that wait, for the session is over.
    pub(super) fn forget_data(&mut self) {
        self.data.truncate(self.run);
        self.runs = VecDeque::new();
        self.last_run = 0;
        self.backlog.affords(self.data.held());
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
            if self.run == 0 && self.control.is_empty() {
                let next = self.runs.pop_front();
                self.run = next.unwrap_or_else(|| std::mem::take(&mut self.last_run));
            }
            let (waiting, most) = match self.run {
                0 => (&mut self.control, usize::MAX),
                run => (&mut self.data, run),
            };
            if waiting.is_empty() {
                return Pin::new(&mut self.io).poll_flush(cx);
            }
            let mut slices = [IoSlice::new(&[]); BLOCKS_PER_WRITE];
            let used = waiting.first(most, &mut slices);
            let writing = Pin::new(&mut self.io).poll_write_vectored(cx, &slices[..used]);
            let written = ready!(writing)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            waiting.advance(written);
            if self.run > 0 {
                self.run -= written;
                self.backlog.affords(self.data.held());
            }
        }
    }
}

/// Frames that the reading half owes the client, on their way to the writing half.
#[derive(Debug, Default)]
pub(super) struct Replies {
    frames: Mutex<Vec<u8>>,
    arrived: Notify,
    taken: Notify,
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
        const FINAL: u8 = 0x80;
        self.add(&[FINAL | u8::from(OpCode::Control(Control::Ping)), 0]);
    }

    /// Waits until frames have been added.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Waits until there is room for more: who does not read its pongs is not asked for more pings.
    pub(super) async fn has_room(&self) {
        while self.waiting() >= MAX_WAITING_REPLIES {
            self.taken.notified().await;
        }
    }

    /// Takes all that wait.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.taken.notify_one();
        std::mem::take(&mut *frames)
    }

    fn waiting(&self) -> usize {
        let frames = self.frames.lock();
        frames.unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Most bytes before the payload of an unmasked frame: two, and the longest length.
const MAX_HEAD_BYTES: usize = 2 + 8;

/// Appends one unmasked frame, as a server sends it (RFC 6455, section 5.2); returns its bytes.
fn put_frame(to: &mut Blocks, opcode: OpCode, payload: &[u8]) -> usize {
    const FINAL: u8 = 0x80;
    let first = FINAL | u8::from(opcode);
    let before = to.len();
    match payload.len() {
        bytes @ 0..126 => to.push(&[first, bytes as u8]),
        bytes @ 126..65_536 => {
            let [high, low] = (bytes as u16).to_be_bytes();
            to.push(&[first, 126, high, low]);
        }
        bytes => {
            to.push(&[first, 127]);
            to.push(&(bytes as u64).to_be_bytes());
        }
    }
    to.push(payload);
    to.len() - before
}

#[cfg(test)]
mod tests;
