//! From a client's TCP stream to WebSocket messages: all that has arrived, in one read.
//!
//! Whole messages are unmasked where they lie in the read buffer and moved together, so that equal ones leave as one run
//! without being copied again. Every other frame goes to tungstenite's [`codec`].

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::StreamEnd;
use super::frame::{Frame, unmask};
use super::replies::MAX_WAITING_REPLIES;

mod batch;
mod codec;

pub(crate) use batch::{Batch, Payload};
use codec::Codec;

/// Text messages of one read: on `/relay` each may be answered with a kilobyte, and a read could bring 16,000 of them. The
/// others stay unread until it is known that the client reads the answers.
const MOST_TEXTS: usize = 512;

/// Most bytes that may be set aside in front of a payload.
pub(crate) const MAX_FRONT_BYTES: usize = 21;

/// How many bytes in front of its payload a binary message has, as its first [`MAX_FRONT_BYTES`] say.
pub(crate) type FrontOf = fn(&[u8]) -> usize;

/// A message of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A binary message.
    Binary(Bytes),
    /// A text message.
    Text(Utf8Bytes),
}

impl Incoming {
    /// Bytes of the datagram that the message is on `/relay`; `None` for a control message.
    pub(crate) fn datagram_bytes(&self) -> Option<usize> {
        match self {
            Self::Binary(bytes) => Some(bytes.len()),
            Self::Text(_) => None,
        }
    }

    fn payload(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// The reading half of a session's WebSocket.
#[derive(Debug)]
pub(crate) struct Inbound<R> {
    io: R,
    message_bytes: usize,
    front_of: FrontOf,
    /// What has arrived and was not decoded yet: bytes that the upgrade has read, or a part of a frame.
    rest: Vec<u8>,
    /// Whether `rest` may hold whole frames.
    is_fresh: bool,
    /// Made when the first frame comes that is no whole message.
    codec: Option<Box<Codec>>,
    /// A message has begun whose other fragments are still to come.
    in_fragments: bool,
    /// The codec has bytes of a frame that it did not finish: it gets all that follows.
    codec_alone: bool,
}

/// Pause after each read of bytes that are thrown away: what a client sends after its end must cost the others little.
const PAUSE_IN_DRAIN: Duration = Duration::from_millis(2);

impl<R: AsyncRead + Unpin> Inbound<R> {
    /// Reads messages of at most `message_bytes` from `io`, after the bytes that the upgrade has read `early`.
    pub(crate) fn new(io: R, early: &[u8], message_bytes: usize) -> Self {
        Self {
            io,
            message_bytes,
            front_of: |_| 0,
            rest: early.to_vec(),
            is_fresh: !early.is_empty(),
            codec: None,
            in_fragments: false,
            codec_alone: false,
        }
    }

    /// Has what stands in front of payloads set aside from now on, so that equal payloads lie one behind the other.
    pub(crate) fn set_front_aside(&mut self, front_of: FrontOf) {
        self.front_of = front_of;
    }

    /// Waits until something has arrived and returns the messages in it, none if they are still incomplete, and the end of
    /// the stream, if it has come.
    ///
    /// Frames that the protocol demands in return, such as pongs, are appended to `replies`; also at the end.
    pub(crate) async fn read(&mut self, replies: &mut Vec<u8>) -> (Batch, Result<(), StreamEnd>) {
        poll_fn(|cx| self.poll_messages(cx, replies)).await
    }

    /// Closes the WebSocket from this side: the Close frame is appended to `replies`.
    pub(crate) fn close(&mut self, frame: CloseFrame, replies: &mut Vec<u8>) {
        self.codec().close(frame, replies);
    }

    /// Reads and forgets whatever still comes, until the client has answered the Close or left.
    ///
    /// Closing a TCP stream with unread bytes resets it, and the client might never see the Close frame. After a breach of
    /// the protocol the stream holds no frames that `can_be_read`: the codec would take what follows for the rest of the
    /// frame that it had refused, and keep all of it.
    pub(crate) async fn drain(&mut self, can_be_read: bool) {
        if can_be_read && self.drain_messages().await {
            return;
        }
        while poll_fn(|cx| self.poll_skip(cx)).await {
            tokio::time::sleep(PAUSE_IN_DRAIN).await;
        }
    }

    /// Reads and forgets messages; true when the client has answered or left, false when it cannot be understood any more.
    async fn drain_messages(&mut self) -> bool {
        let mut replies = Vec::new();
        loop {
            match self.read(&mut replies).await.1 {
                Ok(()) => {
                    replies.clear();
                    tokio::time::sleep(PAUSE_IN_DRAIN).await;
                }
                Err(end) => return end.is_by_client(),
            }
        }
    }

    /// Reads and forgets some bytes; false when there are no more.
    fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut batch = Batch::take();
        let mut filled = ReadBuf::new(&mut batch.bytes);
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut filled));
        Poll::Ready(read.is_ok() && !filled.filled().is_empty())
    }

    fn poll_messages(
        &mut self,
        cx: &mut Context<'_>,
        replies: &mut Vec<u8>,
    ) -> Poll<(Batch, Result<(), StreamEnd>)> {
        let mut batch = Batch::take();
        let before = self.rest.len();
        let mut end = before;
        if !std::mem::take(&mut self.is_fresh) {
            let mut filled = ReadBuf::new(&mut batch.bytes[before..]);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut filled)) {
                Ok(()) => end += filled.filled().len(),
                Err(error) => {
                    return Poll::Ready((batch, Err(error.into())));
                }
            }
            if end == before {
                let result = self.codec().decode(&[], |_| {}, replies);
                return Poll::Ready((batch, result));
            }
        }
        batch.bytes[..before].copy_from_slice(&std::mem::take(&mut self.rest));
        let result = self.decode(&mut batch, end, replies);
        Poll::Ready((batch, result))
    }

    /// Finds the messages in the first `end` bytes of the buffer; keeps a part of a frame at their end for the next read, and
    /// what follows too many text messages.
    fn decode(
        &mut self,
        batch: &mut Batch,
        end: usize,
        replies: &mut Vec<u8>,
    ) -> Result<(), StreamEnd> {
        let mut at = 0;
        while at < end {
            if batch.texts() == MOST_TEXTS {
                self.rest = batch.bytes[at..end].to_vec();
                self.is_fresh = true;
                return Ok(());
            }
            let frame = match self.codec_alone {
                true => Frame::Breach,
                false => Frame::first(&batch.bytes[at..end], self.message_bytes),
            };
            at += match frame {
                Frame::Message {
                    head,
                    bytes,
                    mask,
                    is_text,
                } if !self.in_fragments => {
                    let mut front = [0; MAX_FRONT_BYTES];
                    let front = match is_text {
                        true => &[],
                        false => self.front(&batch.bytes[at + head..][..bytes], mask, &mut front),
                    };
                    let start = at + head + front.len();
                    batch.pack(front, start, bytes - front.len(), is_text, |payload| {
                        let mut mask = mask;
                        mask.rotate_left(front.len() % 4);
                        unmask(payload, mask);
                        match is_text && std::str::from_utf8(payload).is_err() {
                            true => Err(StreamEnd::NotUtf8),
                            false => Ok(()),
                        }
                    })?;
                    head + bytes
                }
                // The codec knows what is wrong with a message inside another one.
                Frame::Message { head, bytes, .. } => {
                    self.pass(batch, at, head + bytes, replies)?
                }
                Frame::Fragment {
                    whole,
                    is_empty,
                    is_last,
                } => {
                    // The first says that a message begins, the last that it ends; both may do so without a byte of it.
                    batch.non_data_frames += u32::from(is_empty && self.in_fragments && !is_last);
                    self.in_fragments = !is_last;
                    self.pass(batch, at, whole, replies)?
                }
                Frame::Control { whole } => {
                    batch.non_data_frames += 1;
                    if replies.len() > MAX_WAITING_REPLIES {
                        // Only the newest of many pings has to be answered (RFC 6455, section 5.5.3).
                        replies.clear();
                    }
                    self.pass(batch, at, whole, replies)?
                }
                Frame::Breach => {
                    self.codec_alone = true;
                    self.pass(batch, at, end - at, replies)?
                }
                Frame::Partial => {
                    self.rest = batch.bytes[at..end].to_vec();
                    end - at
                }
            };
        }
        Ok(())
    }

    /// What is to be set aside of a message, in `room` and without its mask.
    fn front<'a>(
        &self,
        message: &[u8],
        mask: [u8; 4],
        room: &'a mut [u8; MAX_FRONT_BYTES],
    ) -> &'a [u8] {
        let first = message.len().min(MAX_FRONT_BYTES);
        room[..first].copy_from_slice(&message[..first]);
        unmask(&mut room[..first], mask);
        let bytes = (self.front_of)(&room[..first]);
        &room[..bytes.min(first)]
    }

    /// Passes `bytes` to the codec, from `at` on; returns how many.
    fn pass(
        &mut self,
        batch: &mut Batch,
        at: usize,
        bytes: usize,
        replies: &mut Vec<u8>,
    ) -> Result<usize, StreamEnd> {
        let mut messages = Vec::new();
        let input = &batch.bytes[at..at + bytes];
        let result = self
            .codec()
            .decode(input, |message| messages.push(message), replies);
        messages.into_iter().for_each(|message| batch.push(message));
        result.map(|()| bytes)
    }

    fn codec(&mut self) -> &mut Codec {
        self.codec
            .get_or_insert_with(|| Box::new(Codec::new(self.message_bytes)))
    }
}

#[cfg(test)]
mod tests;
