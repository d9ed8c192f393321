//! What one read brought. All sessions of a thread share its memory: one has it only from a read until its messages are
//! sent, so that a session that waits holds none.

use std::cell::RefCell;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use wire::limits::MAX_MESSAGE_BYTES;

use super::Incoming;
use crate::ws::frame::MAX_HEAD_BYTES;

/// Bytes that one read may bring.
const READ_BYTES: usize = 256 * 1024;

/// Room for these, behind what was left of an earlier read: less than one frame.
const ROOM: usize = READ_BYTES + MAX_MESSAGE_BYTES + MAX_HEAD_BYTES;

/// Buffers that one thread keeps for its next reads; a second one is needed while a send has to wait.
const KEPT_PER_THREAD: usize = 2;

/// Messages whose list is worth keeping.
const KEPT_MESSAGES: usize = 8192;

/// The messages of one read, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Box<[u8]>,
    messages: Vec<Slot>,
    /// What stands in front of packed payloads, one behind the other.
    fronts: Vec<u8>,
    /// How many messages are text.
    texts: usize,
    /// Bytes at the beginning that the messages fill, one behind the other.
    packed: usize,
    /// Frames that are no part of a message, or no bytes of it.
    pub(crate) non_data_frames: u32,
}

#[derive(Debug)]
enum Slot {
    /// Right behind the one before. `front` bytes more stand in front of it, and are set aside.
    Packed {
        front: usize,
        bytes: usize,
        is_text: bool,
    },
    /// Put together from fragments.
    Apart(Incoming),
}

/// A message's payload, and where it is: the whole message, but for a front that was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// At this place of [`Batch::packed`].
    Packed { start: usize, bytes: usize },
    /// Anywhere else.
    Apart(&'a [u8]),
}

impl Payload<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Packed { bytes, .. } => *bytes,
            Self::Apart(bytes) => bytes.len(),
        }
    }
}

impl Batch {
    /// Takes a buffer that this thread has at hand, or a new one. It goes back when it is dropped.
    pub(crate) fn take() -> Self {
        let kept = POOL.with_borrow_mut(Vec::pop);
        let Kept {
            bytes,
            messages,
            fronts,
        } = kept.unwrap_or_else(|| Kept {
            bytes: vec![0; ROOM].into_boxed_slice(),
            messages: Vec::new(),
            fronts: Vec::new(),
        });
        Self {
            bytes,
            messages,
            fronts,
            texts: 0,
            packed: 0,
            non_data_frames: 0,
        }
    }

    /// How many messages are text.
    pub(crate) fn texts(&self) -> usize {
        self.texts
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many frames came that are no part of a message, or no bytes of it.
    pub(crate) fn non_data_frames(&self) -> u32 {
        self.non_data_frames
    }

    /// The payloads in order.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = Payload<'_>> + Clone {
        let mut end = 0;
        self.messages.iter().map(move |message| match message {
            Slot::Packed { bytes, .. } => {
                let start = end;
                end += bytes;
                Payload::Packed {
                    start,
                    bytes: *bytes,
                }
            }
            Slot::Apart(message) => Payload::Apart(message.payload()),
        })
    }

    /// What was set aside of each message, in order; nothing of those that are apart.
    pub(crate) fn fronts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.fronts[..];
        self.messages.iter().map(move |message| {
            let front = match message {
                Slot::Packed { front, .. } => *front,
                Slot::Apart(_) => 0,
            };
            let (front, others) = rest.split_at(front);
            rest = others;
            front
        })
    }

    /// The bytes of a payload of this batch.
    pub(crate) fn bytes_of<'a>(&'a self, payload: Payload<'a>) -> &'a [u8] {
        match payload {
            Payload::Packed { start, bytes } => &self.packed()[start..start + bytes],
            Payload::Apart(bytes) => bytes,
        }
    }

    /// The bytes of all packed payloads, one behind the other.
    pub(crate) fn packed(&self) -> &[u8] {
        &self.bytes[..self.packed]
    }

    /// Takes every message out, each with memory of its own.
    pub(crate) fn into_messages(mut self) -> impl Iterator<Item = Incoming> {
        let slots = std::mem::take(&mut self.messages);
        let (mut end, mut fronts) = (0, 0);
        slots.into_iter().map(move |slot| match slot {
            Slot::Packed {
                front,
                bytes,
                is_text,
            } => {
                let set_aside = &self.fronts[fronts..fronts + front];
                let payload = &self.bytes[end..end + bytes];
                let payload = match front {
                    0 => Bytes::copy_from_slice(payload),
                    _ => [set_aside, payload].concat().into(),
                };
                end += bytes;
                fronts += front;
                match is_text {
                    // Checked when it was packed.
                    true => {
                        Incoming::Text(Utf8Bytes::try_from(payload).expect("packed text is UTF-8"))
                    }
                    false => Incoming::Binary(payload),
                }
            }
            Slot::Apart(message) => message,
        })
    }

    /// Moves the payload that begins at `start` behind the others; `unmask` sees it there, and may refuse it. What stood in `front`
    /// of it is set aside.
    pub(crate) fn pack<E>(
        &mut self,
        front: &[u8],
        start: usize,
        bytes: usize,
        is_text: bool,
        unmask: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.packed;
        self.bytes.copy_within(start..start + bytes, at);
        unmask(&mut self.bytes[at..at + bytes])?;
        self.packed += bytes;
        self.texts += usize::from(is_text);
        self.fronts.extend_from_slice(front);
        let front = front.len();
        self.messages.push(Slot::Packed {
            front,
            bytes,
            is_text,
        });
        Ok(())
    }

    pub(crate) fn push(&mut self, message: Incoming) {
        self.texts += usize::from(matches!(message, Incoming::Text(_)));
        self.messages.push(Slot::Apart(message));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let mut kept = Kept {
            bytes: std::mem::take(&mut self.bytes),
            messages: std::mem::take(&mut self.messages),
            fronts: std::mem::take(&mut self.fronts),
        };
        kept.messages.clear();
        kept.fronts.clear();
        if kept.messages.capacity() > KEPT_MESSAGES {
            (kept.messages, kept.fronts) = (Vec::new(), Vec::new());
        }
        // While the thread itself ends there is no pool any more, and the buffer just goes.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT_PER_THREAD {
                pool.push(kept);
            }
        });
    }
}

/// What a thread keeps of a batch for its next one.
struct Kept {
    bytes: Box<[u8]>,
    messages: Vec<Slot>,
    fronts: Vec<u8>,
}

thread_local! {
    static POOL: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}
