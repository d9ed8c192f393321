//! Whether a client takes what waits for it: noted by the writing half, watched by who gives up a client that takes nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// What the connection of one client has taken lately. One task writes and watches, so the order of these needs no care.
#[derive(Debug, Default)]
pub(crate) struct Uptake {
    /// Whether something waits that the connection has not taken.
    waits: AtomicBool,
    /// Whether the connection has taken anything since the watcher last asked.
    has_taken: AtomicBool,
    /// Whether a watcher looks from time to time: it is woken once, and not with every write that has to wait.
    is_watched: AtomicBool,
    begins: Notify,
}

impl Uptake {
    /// Notes how a write ended: whether the connection `took` anything, and whether something `waits` on.
    pub(super) fn note(&self, took: bool, waits: bool) {
        // Mostly nothing has waited before and nothing does now.
        if !waits && !self.waits() {
            return;
        }
        self.waits.store(waits, Ordering::Relaxed);
        if took {
            self.has_taken.store(true, Ordering::Relaxed);
        }
        if waits && !self.is_watched.swap(true, Ordering::Relaxed) {
            self.begins.notify_one();
        }
    }

    /// Whether something waits for the client.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Waits until something waits for the client.
    pub(crate) async fn begins_to_wait(&self) {
        while !self.waits() {
            self.is_watched.store(false, Ordering::Relaxed);
            self.begins.notified().await;
        }
    }

    /// Whether the connection has taken anything since the last call.
    pub(crate) fn has_taken(&self) -> bool {
        self.has_taken.swap(false, Ordering::Relaxed)
    }
}
