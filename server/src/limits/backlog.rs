//! How much may wait for slow readers: each session has a small part of its own, and may borrow more while some is left.
//!
//! What is counted is memory, not payload: whole blocks of what waits to be written, and what the state of a session takes.
//! Everything beyond a session's own part is borrowed from a pool that all sessions share. Nobody gets more of it than a
//! quarter of what is left, as switches share their buffers (Choudhury and Hahne, "Dynamic queue length thresholds"): the
//! first slow readers do not take all of it, and the more there are, the less the next one gets.
//!
//! What was borrowed is held until the reader reads or its session ends: ten who are stuck leave a burst 600 KB, a thousand
//! leave it nothing beyond its own part. Taking back is not possible: a page was told that its answers came. So the session of a
//! reader that takes nothing for `--stalled-timeout` ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wire::limits::MAX_MESSAGE_BYTES;

/// Bytes of a block: what waits to be written is held, and lent, in blocks of this size.
pub(crate) const BLOCK_BYTES: usize = 16 * 1024;

/// Bytes of answers that every session may always hold back: one of the longest, and what its blocks leave empty.
const OWN_ANSWERS: usize = 5 * BLOCK_BYTES;

/// Bytes of control messages that a page may hold back before it is told nothing more.
pub(crate) const OWN_CONTROL: usize = BLOCK_BYTES;

/// Bytes that the state of a page's session may always take: its ledger, its events, the queues of its lab.
const OWN_STATE: usize = 112 * 1024;

/// Most bytes of each of these, however much is left to borrow: 64 datagrams of 60,000 bytes and some.
const MOST_BYTES: usize = 5 << 20;

/// Bytes that all sessions together may hold beyond their own.
const SHARED_BYTES: usize = 32 << 20;

/// One borrower may have the n-th part of what is left.
const PART: usize = 4;

/// The bytes that the sessions of a host may borrow. Clones share them.
#[derive(Debug, Clone)]
pub struct BacklogPool {
    left: Arc<AtomicUsize>,
}

impl BacklogPool {
    /// Most bytes that all sessions together hold beyond their own.
    pub const SHARED: usize = SHARED_BYTES;

    /// Most bytes that a raw session has of its own: answers, pongs, and a message of which a part is still to come.
    pub const RAW: usize = OWN_ANSWERS + 2 * BLOCK_BYTES + MAX_MESSAGE_BYTES;

    /// Most bytes that a page's session has of its own: the same, what it is told, and its state.
    pub const PAGE: usize = Self::RAW + 3 * OWN_CONTROL + OWN_STATE;

    /// What one session may hold back of the answers to its client.
    pub(crate) fn for_answers(&self) -> Backlog {
        Backlog::new(self.clone(), OWN_ANSWERS)
    }

    /// What the state of one page's session may take.
    pub(crate) fn for_page_state(&self) -> Backlog {
        Backlog::new(self.clone(), OWN_STATE)
    }

    fn lend(&self, bytes: usize, has: usize) -> bool {
        let lend = |left: usize| {
            let rest = left.checked_sub(bytes)?;
            (has + bytes <= rest / PART).then_some(rest)
        };
        let lent = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, lend);
        lent.is_ok()
    }

    fn take_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Default for BacklogPool {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(SHARED_BYTES)),
        }
    }
}

/// What one session holds of one kind, and what it borrowed for that.
#[derive(Debug)]
pub(crate) struct Backlog {
    pool: BacklogPool,
    own: usize,
    borrowed: usize,
}

impl Backlog {
    /// One that has `own` bytes for certain.
    fn new(pool: BacklogPool, own: usize) -> Self {
        Self {
            pool,
            own,
            borrowed: 0,
        }
    }

    /// Whether `bytes` may be held in all. Borrows what that takes, and returns what is no longer needed.
    pub(crate) fn try_reserve(&mut self, bytes: usize) -> bool {
        let needed = bytes.saturating_sub(self.own).next_multiple_of(BLOCK_BYTES);
        if needed > self.borrowed {
            let more = needed - self.borrowed;
            if bytes > MOST_BYTES || !self.pool.lend(more, self.borrowed) {
                return false;
            }
        } else if needed < self.borrowed {
            self.pool.take_back(self.borrowed - needed);
        }
        self.borrowed = needed;
        true
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.pool.take_back(self.borrowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills it block by block; returns how many bytes that took.
    fn fill(backlog: &mut Backlog) -> usize {
        let sizes = (1..).map(|blocks| blocks * BLOCK_BYTES);
        let affordable = sizes.take_while(|&bytes| backlog.try_reserve(bytes));
        affordable.last().unwrap_or_default()
    }

    #[test]
    fn a_burst_of_64_large_datagrams_fits_for_several_at_a_time() {
        let pool = BacklogPool::default();
        let mut bursts: Vec<_> = (0..3).map(|_| pool.for_answers()).collect();
        for burst in &mut bursts {
            let filled = fill(burst);
            assert!((64 * 60_010..=MOST_BYTES).contains(&filled), "{filled}");
        }
    }

    #[test]
    fn many_slow_readers_share_a_bound_and_each_keeps_its_own_part() {
        let pool = BacklogPool::default();
        let mut slow: Vec<_> = (0..1000).map(|_| pool.for_answers()).collect();
        let held: usize = slow.iter_mut().map(fill).sum();
        assert!(held <= SHARED_BYTES + 1000 * OWN_ANSWERS, "{held}");
        // They may hold it for as long as they stay: a newcomer has its own part meanwhile, and nothing more.
        assert_eq!(fill(&mut pool.for_answers()), OWN_ANSWERS);
        assert!(
            slow.iter_mut()
                .all(|backlog| backlog.try_reserve(OWN_ANSWERS))
        );
        drop(slow);
        let left = pool.left.load(Ordering::Relaxed);
        assert_eq!(left, SHARED_BYTES, "all is paid back");
    }

    #[test]
    fn ten_slow_readers_leave_something_for_a_burst() {
        let pool = BacklogPool::default();
        let mut slow: Vec<_> = (0..10).map(|_| pool.for_answers()).collect();
        for slow in &mut slow {
            fill(slow);
        }
        let burst = fill(&mut pool.for_answers());
        assert!(burst > 10 * 60_010, "{burst}");
    }

    #[test]
    fn a_reader_that_caught_up_returns_its_loan() {
        let pool = BacklogPool::default();
        let mut backlog = pool.for_answers();
        assert!(fill(&mut backlog) > OWN_ANSWERS);
        assert!(backlog.try_reserve(0));
        assert_eq!(pool.left.load(Ordering::Relaxed), SHARED_BYTES);
    }
}
