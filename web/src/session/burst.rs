//! Several datagrams in a row.

use udp_echo_feed::datagram::Payload;

use super::Micros;
use crate::settings::Pace;

/// A burst under way.
#[derive(Debug)]
pub(super) struct Burst {
    payload: Payload,
    left: u32,
    interval: Micros,
    next_at: Micros,
}

impl Burst {
    /// A burst whose first datagram is due now.
    pub(super) fn new(payload: Payload, pace: Pace, now: Micros) -> Self {
        Self {
            payload,
            left: pace.count,
            interval: pace.interval,
            next_at: now,
        }
    }

    /// When the next datagram is due; `None` when all have been sent.
    pub(super) fn next_at(&self) -> Option<Micros> {
        (self.left > 0).then_some(self.next_at)
    }

    /// The next datagram, if it is due.
    ///
    /// A timer that rang late (a hidden tab has slow ones) is not made up for: that would turn a steady stream into
    /// lumps.
    pub(super) fn take(&mut self, now: Micros) -> Option<Payload> {
        if self.left == 0 || self.next_at > now {
            return None;
        }
        self.left -= 1;
        self.next_at = match self.interval {
            0 => self.next_at,
            interval => (self.next_at + interval).max(now + interval / 2),
        };
        Some(self.payload.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_interval_all_go_at_once() {
        let pace = Pace {
            count: 3,
            interval: 0,
        };
        let mut burst = Burst::new(b"x"[..].into(), pace, 10);
        let sent = std::iter::from_fn(|| burst.take(10)).count();
        assert_eq!((sent, burst.next_at()), (3, None));
    }

    #[test]
    fn a_late_timer_sends_one_and_not_a_lump() {
        let pace = Pace {
            count: 9,
            interval: 100,
        };
        let mut burst = Burst::new(Payload::default(), pace, 0);
        assert!(burst.take(0).is_some() && burst.take(0).is_none());
        assert_eq!(burst.next_at(), Some(100));
        assert!(burst.take(1000).is_some() && burst.take(1000).is_none());
        assert_eq!(burst.next_at(), Some(1050));
    }
}
