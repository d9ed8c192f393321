//! What a page says and is told, in text messages of JSON beside its datagrams: on `/relay` and on `/sockets`.
//!
//! Nothing here waits for the client: what is written waits in [`Outbound`], which is bounded.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWrite;
use wire::control::{HostMessage, Notice};
use wire::limits::MAX_CONTROL_BYTES;

use super::close::CloseReason;
use crate::limits::OWN_CONTROL;
use crate::ws::{Outbound, StreamEnd};

/// Reads a control message of a page.
///
/// # Errors
/// The end of the session: the message is too long, or none that the protocol knows.
pub(super) fn parse<M: DeserializeOwned>(text: &str) -> Result<M, CloseReason> {
    if text.len() > MAX_CONTROL_BYTES {
        let bytes = text.len();
        return Err(CloseReason::BadControl(format!(
            "a control message of {bytes} bytes; {MAX_CONTROL_BYTES} are allowed"
        )));
    }
    serde_json::from_str(text)
        .map_err(|error| CloseReason::BadControl(format!("no control message: {error}")))
}

/// A page, as the session talks to it.
#[derive(Debug)]
pub(super) struct Protocol<'a, W> {
    pub(super) outbound: &'a mut Outbound<W>,
    /// Answers were dropped, and the page does not know yet.
    dropped_answers: bool,
}

impl<'a, W: AsyncWrite + Unpin> Protocol<'a, W> {
    /// Talks to the page at the other end of `outbound`.
    pub(super) fn new(outbound: &'a mut Outbound<W>) -> Self {
        Self {
            outbound,
            dropped_answers: false,
        }
    }

    /// Tells the page.
    pub(super) fn notify(&mut self, message: &impl Serialize) {
        let text = serde_json::to_string(message).expect("control messages are plain data");
        self.outbound.push_text(&text);
    }

    /// Tells the page a sentence for its reader: the same message on both routes.
    pub(super) fn notice(&mut self, code: &str, text: impl Into<String>) {
        self.notify(&HostMessage::Notice(Notice {
            code: code.to_owned(),
            text: text.into(),
        }));
    }

    /// Whether the page reads what it is told. If not, it is not asked for more questions: TCP makes it wait.
    pub(super) fn reads_answers(&self) -> bool {
        self.outbound.waiting_control() <= 2 * OWN_CONTROL
    }

    /// Whether the page may be told events now: they come after all answers.
    pub(super) fn has_room_for_events(&self) -> bool {
        self.outbound.waiting_control() <= OWN_CONTROL
    }

    /// Whether an answer of this size may wait. If not, drop it; the page is told later.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let has_room = self.outbound.has_room(bytes);
        self.dropped_answers |= !has_room;
        has_room
    }

    /// Goes on after all that waited was written, or could not be. A page that reads again, and has missed answers, is told so;
    /// returns whether it has.
    ///
    /// # Errors
    /// The connection's.
    pub(super) fn on_flush(&mut self, flushed: io::Result<()>) -> io::Result<bool> {
        flushed?;
        let has_missed = std::mem::take(&mut self.dropped_answers);
        if has_missed {
            self.notice(
                "slow_reader",
                "answers were dropped because this client read too slowly; the counters have them",
            );
        }
        Ok(has_missed)
    }

    /// Ends what one read brought, once its messages are `taken`: the frames that the protocol owes for it go out behind the answers to
    /// them, for a Close may be among these frames, and nothing may follow it (RFC 6455, section 5.5.1).
    ///
    /// # Errors
    /// The end of the session, by a message or by the stream.
    pub(super) fn end_read(
        &mut self,
        taken: Result<(), CloseReason>,
        read: Result<(), StreamEnd>,
        frames: &[u8],
    ) -> Result<(), CloseReason> {
        self.outbound.push_frames(frames);
        taken?;
        Ok(read?)
    }

    /// Writes what the connection takes without waiting; pending when something is left.
    pub(super) async fn flush_at_once(&mut self) -> Poll<io::Result<()>> {
        let mut flushing = pin!(self.outbound.flush());
        poll_fn(|cx| Poll::Ready(flushing.as_mut().poll(cx))).await
    }

    /// Writes until nothing waits. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection's.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.outbound.flush().await
    }
}
