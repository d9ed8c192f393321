//! How many control messages, and frames without data, one session may send in a second.

use std::time::{Duration, Instant};

use super::limited;

const SECOND: Duration = Duration::from_secs(1);

/// Counts what a session sends besides its datagrams.
#[derive(Debug)]
pub(crate) struct ControlRate {
    /// Most in a second; `None` sets no limit.
    limit: Option<u32>,
    began: Instant,
    count: u32,
}

impl ControlRate {
    /// Lets `limit` pass in a second; 0 sets no limit.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: limited(limit),
            began: Instant::now(),
            count: 0,
        }
    }

    /// Counts `more` at `now`; returns how many that makes in this second.
    ///
    /// # Errors
    /// The limit, when that is over it.
    pub(super) fn take(&mut self, now: Instant, more: u32) -> Result<u32, u32> {
        if now.saturating_duration_since(self.began) >= SECOND {
            (self.began, self.count) = (now, 0);
        }
        self.count = self.count.saturating_add(more);
        match self.limit {
            Some(limit) if self.count > limit => Err(limit),
            _ => Ok(self.count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_counted_by_the_second() {
        let mut rate = ControlRate::new(100);
        let began = rate.began;
        assert!((1..=100).all(|nth| rate.take(began, 1) == Ok(nth)));
        let late = began + Duration::from_millis(999);
        assert_eq!(rate.take(late, 1), Err(100));
        assert_eq!(rate.take(began + SECOND, 99), Ok(99));
        assert_eq!(rate.take(began + SECOND, u32::MAX), Err(100));
    }

    #[test]
    fn without_a_limit_they_are_only_counted() {
        let mut rate = ControlRate::new(0);
        assert_eq!(rate.take(rate.began, u32::MAX), Ok(u32::MAX));
        assert_eq!(rate.take(rate.began, 1), Ok(u32::MAX));
    }
}
