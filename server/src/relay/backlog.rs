//! How much may wait for slow readers: a little for each session for certain, much for a burst while others are quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that every session may always hold back.
const OWN_BYTES: usize = 128 * 1024;

/// Most bytes that one session may hold back: 64 datagrams of 60,000 bytes and some.
const MOST_BYTES: usize = 5 << 20;

/// Bytes that all sessions together may hold back beyond their own.
const SHARED_BYTES: usize = 64 << 20;

/// Bytes that a session borrows at once.
const LOAN_BYTES: usize = 256 * 1024;

/// The bytes that the sessions of a host may borrow. Clones share them.
#[derive(Debug, Clone)]
pub struct BacklogPool {
    left: Arc<AtomicUsize>,
}

impl Default for BacklogPool {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(SHARED_BYTES)),
        }
    }
}

/// What one session holds back.
#[derive(Debug)]
pub(super) struct Backlog {
    pool: BacklogPool,
    held: usize,
    borrowed: usize,
}

impl Backlog {
    pub(super) fn new(pool: BacklogPool) -> Self {
        Self {
            pool,
            held: 0,
            borrowed: 0,
        }
    }

    /// Whether anything more may be held back; borrows if that takes it.
    pub(super) fn has_room(&mut self) -> bool {
        self.held < OWN_BYTES + self.borrowed || (self.held < MOST_BYTES && self.borrow())
    }

    /// Holds back so many bytes more.
    pub(super) fn hold(&mut self, bytes: usize) {
        self.held += bytes;
    }

    /// Lets go of so many bytes, and returns the loan when it is not needed any more.
    pub(super) fn release(&mut self, bytes: usize) {
        self.held -= bytes;
        if self.borrowed > 0 && self.held <= OWN_BYTES {
            self.pay_back();
        }
    }

    fn borrow(&mut self) -> bool {
        let lend = |left: usize| left.checked_sub(LOAN_BYTES);
        let left = &self.pool.left;
        let lent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lend);
        if lent.is_ok() {
            self.borrowed += LOAN_BYTES;
        }
        lent.is_ok()
    }

    fn pay_back(&mut self) {
        self.pool.left.fetch_add(self.borrowed, Ordering::Relaxed);
        self.borrowed = 0;
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.pay_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(backlog: &mut Backlog) -> usize {
        let mut filled = 0;
        while backlog.has_room() {
            backlog.hold(60_000);
            filled += 60_000;
        }
        filled
    }

    #[test]
    fn a_burst_of_64_large_datagrams_fits() {
        let mut backlog = Backlog::new(BacklogPool::default());
        assert!(fill(&mut backlog) >= 64 * 60_000);
        assert!(
            backlog.held < MOST_BYTES + LOAN_BYTES + 60_000,
            "and not much more"
        );
    }

    #[test]
    fn many_slow_readers_share_a_bound_and_each_keeps_its_own_part() {
        let pool = BacklogPool::default();
        let mut slow: Vec<_> = (0..1000).map(|_| Backlog::new(pool.clone())).collect();
        let held: usize = slow.iter_mut().map(fill).sum();
        assert!(held <= SHARED_BYTES + 1000 * (OWN_BYTES + 60_000), "{held}");
        assert!(slow.iter().all(|backlog| backlog.held >= OWN_BYTES));
        drop(slow);
        assert_eq!(
            pool.left.load(Ordering::Relaxed),
            SHARED_BYTES,
            "all is paid back"
        );
    }

    #[test]
    fn a_reader_that_caught_up_returns_its_loan() {
        let pool = BacklogPool::default();
        let mut backlog = Backlog::new(pool.clone());
        let filled = fill(&mut backlog);
        backlog.release(filled);
        assert_eq!(pool.left.load(Ordering::Relaxed), SHARED_BYTES);
        assert!(backlog.has_room());
    }
}
