//! From datagrams and control messages to the client's TCP stream: bounded, in few writes, control first.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::blocks::Blocks;
use super::frame::{MAX_UNMASKED_HEAD_BYTES, Opcode, head};
use super::uptake::Uptake;
use crate::limits::{BLOCK_BYTES, Backlog};

/// Most bytes of datagrams that are written before it is the turn of a control message, but for a single longer one.
const BURST_BYTES: usize = 128 * 1024;

/// Blocks of one write: a burst may begin and end within a block.
const BLOCKS_PER_WRITE: usize = BURST_BYTES / BLOCK_BYTES + 1;

/// The writing half of a session's WebSocket.
#[derive(Debug)]
pub(crate) struct Outbound<W> {
    io: W,
    control: Blocks,
    data: Blocks,
    /// Bytes of data that have to be written before it is the turn of control: to the end of a frame.
    burst: usize,
    /// Bytes of the bursts that follow, and of the last one, which may still grow.
    bursts: VecDeque<usize>,
    last_burst: usize,
    backlog: Backlog,
    uptake: Arc<Uptake>,
}

impl<W: AsyncWrite + Unpin> Outbound<W> {
    /// Writes to `io`; the datagrams that wait are paid for from `backlog`.
    pub(crate) fn new(io: W, backlog: Backlog) -> Self {
        Self {
            io,
            control: Blocks::default(),
            data: Blocks::default(),
            burst: 0,
            bursts: VecDeque::new(),
            last_burst: 0,
            backlog,
            uptake: Arc::default(),
        }
    }

    /// Whether the client takes what waits for it.
    pub(crate) fn uptake(&self) -> Arc<Uptake> {
        Arc::clone(&self.uptake)
    }

    /// Whether a datagram of this size may wait. If not, the client reads too slowly: drop it.
    pub(crate) fn has_room(&mut self, bytes: usize) -> bool {
        let held = self.data.held_with(MAX_UNMASKED_HEAD_BYTES + bytes);
        held == self.data.held() || self.backlog.try_reserve(held)
    }

    /// Whether anything waits to be written.
    pub(crate) fn is_pending(&self) -> bool {
        !self.control.is_empty() || !self.data.is_empty()
    }

    /// Queues a datagram as a binary message. Ask [`has_room`](Self::has_room) before.
    pub(crate) fn push_datagram(&mut self, payload: &[u8]) {
        self.push_behind(&[], payload);
    }

    /// The same with bytes of the message in front of the datagram.
    pub(crate) fn push_behind(&mut self, front: &[u8], payload: &[u8]) {
        let bytes = put_frame(&mut self.data, Opcode::Binary, front, payload);
        if self.last_burst > 0 && self.last_burst + bytes > BURST_BYTES {
            self.bursts.push_back(std::mem::take(&mut self.last_burst));
        }
        self.last_burst += bytes;
    }

    /// Queues a text message, ahead of all data that is not being written yet.
    pub(crate) fn push_text(&mut self, text: &str) {
        put_frame(&mut self.control, Opcode::Text, &[], text.as_bytes());
    }

    /// Queues frames as they are.
    pub(crate) fn push_frames(&mut self, frames: &[u8]) {
        self.control.push(frames);
    }

    /// Drops the datagrams that wait, for the session is over.
    pub(crate) fn forget_data(&mut self) {
        self.data.truncate(self.burst);
        self.bursts = VecDeque::new();
        self.last_burst = 0;
        self.backlog.try_reserve(self.data.held());
    }

    /// Control bytes that wait.
    pub(crate) fn waiting_control(&self) -> usize {
        self.control.len()
    }

    /// Writes until nothing waits. Dropping the future loses nothing: the next call goes on.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Ends the stream towards the client.
    ///
    /// # Errors
    ///
    /// The connection's.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut took = false;
        let flushed = self.poll_write(cx, &mut took);
        self.uptake.note(took, flushed.is_pending());
        flushed
    }

    /// Writes until nothing waits; `took` becomes true when the connection takes anything.
    fn poll_write(&mut self, cx: &mut Context<'_>, took: &mut bool) -> Poll<io::Result<()>> {
        loop {
            if self.burst == 0 && self.control.is_empty() {
                let next = self.bursts.pop_front();
                self.burst = next.unwrap_or_else(|| std::mem::take(&mut self.last_burst));
            }
            let (waiting, most) = match self.burst {
                0 => (&mut self.control, usize::MAX),
                burst => (&mut self.data, burst),
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
            *took = true;
            waiting.advance(written);
            if self.burst > 0 {
                self.burst -= written;
                self.backlog.try_reserve(self.data.held());
            }
        }
    }
}

/// Appends one unmasked frame, as a server sends it, with `front` before its payload; returns its bytes.
fn put_frame(to: &mut Blocks, opcode: Opcode, front: &[u8], payload: &[u8]) -> usize {
    let before = to.len();
    let (bytes, length) = head(opcode, front.len() + payload.len());
    to.push(&bytes[..length]);
    if !front.is_empty() {
        to.push(front);
    }
    to.push(payload);
    to.len() - before
}

#[cfg(test)]
mod tests;
