//! From the client's TCP stream to WebSocket messages: all that has arrived, in one read.
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

use super::close::Ended;
use super::outbound::MAX_WAITING_REPLIES;

mod buffer;
mod codec;
mod frame;

pub(super) use buffer::{Batch, Payload};
use codec::Codec;
use frame::{Frame, unmask};

/// Text messages of one read: on `/relay` each may be answered with a kilobyte, and a read could bring 16,000 of them. The
/// others stay unread until it is known that the client reads the answers.
const MOST_TEXTS: usize = 512;

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

    fn payload(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// The reading half of a session's WebSocket.
#[derive(Debug)]
pub(super) struct Inbound<R> {
    io: R,
    message_bytes: usize,
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

/// Rest after each read of what is only forgotten: what a client sends after its end shall cost the others little.
const REST_IN_DRAIN: Duration = Duration::from_millis(2);

impl<R: AsyncRead + Unpin> Inbound<R> {
    /// Reads messages of at most `message_bytes` from `io`, after the bytes that the upgrade has read `early`.
    pub(super) fn new(io: R, early: &[u8], message_bytes: usize) -> Self {
        Self {
            io,
            message_bytes,
            rest: early.to_vec(),
            is_fresh: !early.is_empty(),
            codec: None,
            in_fragments: false,
            codec_alone: false,
        }
    }

    /// Waits until something has arrived and returns the messages in it, none if they are still incomplete, and why the
    /// session is over, if it is.
    ///
    /// Frames that the protocol demands in return, such as pongs, are appended to `replies`; also at the end.
    pub(super) async fn read(&mut self, replies: &mut Vec<u8>) -> (Batch, Result<(), Ended>) {
        poll_fn(|cx| self.poll_messages(cx, replies)).await
    }

    /// Turns to the end of the session: the Close frame is appended to `replies`.
    pub(super) fn close(&mut self, frame: CloseFrame, replies: &mut Vec<u8>) {
        self.codec().close(frame, replies);
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
        while poll_fn(|cx| self.poll_skip(cx)).await {
            tokio::time::sleep(REST_IN_DRAIN).await;
        }
    }

    /// Reads and forgets messages; true when the client has answered or left, false when it cannot be understood any more.
    async fn hear_out(&mut self) -> bool {
        let mut replies = Vec::new();
        loop {
            match self.read(&mut replies).await.1 {
                Ok(()) => {
                    replies.clear();
                    tokio::time::sleep(REST_IN_DRAIN).await;
                }
                Err(ended) => return matches!(ended, Ended::ByClient(_) | Ended::Vanished(_)),
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
    ) -> Poll<(Batch, Result<(), Ended>)> {
        let mut batch = Batch::take();
        let before = self.rest.len();
        let mut end = before;
        if !std::mem::take(&mut self.is_fresh) {
            let mut filled = ReadBuf::new(&mut batch.bytes[before..]);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut filled)) {
                Ok(()) => end += filled.filled().len(),
                Err(error) => {
                    let ended = Ended::Vanished(error.to_string());
                    return Poll::Ready((batch, Err(ended)));
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
    ) -> Result<(), Ended> {
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
                    batch.pack(at + head, bytes, is_text, |payload| {
                        unmask(payload, mask);
                        match is_text && std::str::from_utf8(payload).is_err() {
                            true => Err(Ended::NotUtf8),
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
                    batch.asides += u32::from(is_empty && self.in_fragments && !is_last);
                    self.in_fragments = !is_last;
                    self.pass(batch, at, whole, replies)?
                }
                Frame::Control { whole } => {
                    batch.asides += 1;
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

    /// Passes so many bytes to the codec; returns how many.
    fn pass(
        &mut self,
        batch: &mut Batch,
        at: usize,
        bytes: usize,
        replies: &mut Vec<u8>,
    ) -> Result<usize, Ended> {
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
