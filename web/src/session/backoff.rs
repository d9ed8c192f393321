//! When to try again: full jitter, so that a thousand pages do not come back at the same moment.

use super::Micros;

/// The shortest wait.
pub(super) const SHORTEST: Micros = 500_000;
/// The longest wait.
pub(super) const LONGEST: Micros = 10_000_000;

/// A connection that lived this long was a good one: the next wait is short again.
pub(super) const GOOD: Micros = 10_000_000;

/// Waits that grow with each failure, at random between [`SHORTEST`] and what the failures allow.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    chance: u64,
}

impl Backoff {
    /// Nothing has failed yet.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            chance: seed,
        }
    }

    /// The wait after one more failure.
    pub(super) fn after_failure(&mut self) -> Micros {
        // The first wait may double once already: with a single value there would be no jitter in it.
        self.failures = (self.failures + 1).min(8);
        let ceiling = (SHORTEST << self.failures).min(LONGEST);
        let spread = ceiling - SHORTEST;
        SHORTEST + ((spread * self.chance()) >> 32)
    }

    /// Thirty-two bits of chance, by SplitMix64 (Steele, Lea and Flood, 2014): enough to keep pages apart.
    fn chance(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed >> 32
    }

    /// The connection was good.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_bounds_and_differ_between_pages() {
        let mut first = Vec::new();
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            let waits: Vec<_> = (0..20).map(|_| backoff.after_failure()).collect();
            assert!(waits.iter().all(|wait| (SHORTEST..=LONGEST).contains(wait)));
            assert!(waits[0] <= 2 * SHORTEST);
            first.push(waits[0]);
            backoff.reset();
            assert!(backoff.after_failure() <= 2 * SHORTEST);
        }
        first.sort_unstable();
        first.dedup();
        assert!(first.len() > 190, "the waits must not coincide");
    }

    #[test]
    fn waits_become_long_when_the_host_stays_away() {
        let longest = (0..50).map(|seed| {
            let mut backoff = Backoff::new(seed);
            (0..30).map(|_| backoff.after_failure()).max().unwrap()
        });
        assert!(longest.max().unwrap() > LONGEST * 9 / 10);
    }
}
