//! Frames that the reading half owes the client, on their way to the writing half.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::frame::{Opcode, head};

/// Bytes of pongs that may wait; RFC 6455, section 5.5.3 allows to answer the newest ping alone.
pub(crate) const MAX_WAITING_REPLIES: usize = 4096;

/// The frames that wait.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    frames: Mutex<Vec<u8>>,
    /// Whether any wait: the writing half asks at each turn, and seldom any do.
    any: AtomicBool,
    writer: AtomicWaker,
    taken: Notify,
}

impl Replies {
    /// Adds frames; pongs are left out while too many wait.
    pub(crate) fn add(&self, frames: &[u8]) {
        let mut waiting = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING_REPLIES {
            waiting.extend_from_slice(frames);
            self.any.store(true, Ordering::Release);
            self.writer.wake();
        }
    }

    /// Adds a ping.
    pub(crate) fn ping(&self) {
        let (bytes, length) = head(Opcode::Ping, 0);
        self.add(&bytes[..length]);
    }

    /// Waits until frames wait. One task may wait for that.
    pub(crate) async fn arrived(&self) {
        poll_fn(|cx| {
            self.writer.register(cx.waker());
            match self.any.load(Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Waits until there is room for more: a client that does not read its pongs is not asked for more pings.
    pub(crate) async fn has_room(&self) {
        while self.waiting() >= MAX_WAITING_REPLIES {
            self.taken.notified().await;
        }
    }

    /// Takes all that wait.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(false, Ordering::Release);
        self.taken.notify_one();
        std::mem::take(&mut *frames)
    }

    fn waiting(&self) -> usize {
        let frames = self.frames.lock();
        frames.unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pongs_are_dropped_rather_than_queued_without_bound() {
        let replies = Replies::default();
        for _ in 0..10_000 {
            replies.add(b"\x8a\x04pong");
        }
        let waiting = replies.take();
        assert!(
            waiting.len() <= MAX_WAITING_REPLIES + 6,
            "{}",
            waiting.len()
        );
        assert!(waiting.len() >= MAX_WAITING_REPLIES);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_pongs_is_not_asked_for_more_pings() {
        let replies = Replies::default();
        replies.has_room().await;
        replies.add(&[0; MAX_WAITING_REPLIES]);
        tokio::select! {
            biased;
            () = replies.has_room() => panic!("there is none"),
            () = tokio::task::yield_now() => {}
        }
        let (taken, ()) = tokio::join!(async { replies.take() }, replies.has_room());
        assert_eq!(taken.len(), MAX_WAITING_REPLIES);
    }
}
