//! What a link does to datagrams, in numbers.

use crate::digits::digits;
use serde::{Deserialize, Serialize};

const CERTAIN_PPM: u32 = 1_000_000;
const MAX_DELAY_US: u32 = 60_000_000;
const MAX_LIMIT: u32 = 10_000;

/// netem's own default for the datagrams that may wait.
const DEFAULT_LIMIT: u32 = 1000;

/// The impairment of one direction. All zero, its default, is a link that does nothing.
///
/// Chances are in parts per million (10,000 is 1 %), times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Impairment {
    /// Random loss: 0 to 1,000,000 ppm.
    pub loss_ppm: u32,
    /// Gilbert–Elliott: chance that a good link turns bad, per datagram; 0 switches bursts off. A bad link loses everything.
    pub burst_start_ppm: u32,
    /// Gilbert–Elliott: chance that a bad link turns good again, per datagram.
    pub burst_end_ppm: u32,
    /// Delay: 0 to 60,000,000 µs.
    pub delay_us: u32,
    /// The delay varies evenly by up to this much either way, never below 0: 0 to 60,000,000 µs.
    pub jitter_us: u32,
    /// Chance that a datagram skips the delay and so overtakes others.
    pub reorder_ppm: u32,
    /// Chance that a datagram arrives twice.
    pub duplicate_ppm: u32,
    /// Chance that one bit of a datagram is turned over.
    pub corrupt_ppm: u32,
    /// Lets corrupted datagrams through, as if UDP had no checksum (RFC 768 allows that over IPv4).
    pub no_checksum: bool,
    /// Rate in kilobits a second, headers counted; 0 is unlimited.
    pub rate_kbps: u32,
    /// Datagrams that may wait on the link at once: 0 to 10,000; 0 means 1,000, as with netem.
    pub limit: u32,
}

/// A number of an [`Impairment`] that no link can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfRange {
    /// Name of the field.
    pub field: &'static str,
    /// What it was set to.
    pub value: u32,
    /// The most it may be.
    pub most: u32,
}

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl OutOfRange {
    /// What is wrong, and what happens now.
    pub fn sentence(&self) -> String {
        let [value, most] = [self.value, self.most].map(|number| digits(number.into()));
        let range = [", but may be 0 to ", &most, "; the link stays as it was"].concat();
        [self.field, " is ", &value, &range].concat()
    }
}

impl std::error::Error for OutOfRange {}

impl Impairment {
    /// Says which number is out of its range, if any.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let bounds = [
            ("loss_ppm", self.loss_ppm, CERTAIN_PPM),
            ("burst_start_ppm", self.burst_start_ppm, CERTAIN_PPM),
            ("burst_end_ppm", self.burst_end_ppm, CERTAIN_PPM),
            ("delay_us", self.delay_us, MAX_DELAY_US),
            ("jitter_us", self.jitter_us, MAX_DELAY_US),
            ("reorder_ppm", self.reorder_ppm, CERTAIN_PPM),
            ("duplicate_ppm", self.duplicate_ppm, CERTAIN_PPM),
            ("corrupt_ppm", self.corrupt_ppm, CERTAIN_PPM),
            ("limit", self.limit, MAX_LIMIT),
        ];
        match bounds.into_iter().find(|(_, value, most)| value > most) {
            Some((field, value, most)) => Err(OutOfRange { field, value, most }),
            None => Ok(()),
        }
    }

    /// True when the link does nothing at all.
    pub fn is_transparent(&self) -> bool {
        // The limit alone does nothing: without delay or rate nothing ever waits.
        Self {
            limit: 0,
            no_checksum: false,
            burst_end_ppm: 0,
            ..*self
        } == Self::default()
    }

    /// The microseconds that a datagram travels, for a random value evenly spread over all 32 bits.
    pub(super) fn travel_us(&self, draw: u32) -> u64 {
        let spread = u64::from(self.jitter_us) * 2;
        let late = (spread * u64::from(draw)) >> 32;
        (u64::from(self.delay_us) + late).saturating_sub(u64::from(self.jitter_us))
    }

    pub(super) fn limit(&self) -> usize {
        match self.limit {
            0 => DEFAULT_LIMIT as usize,
            limit => limit as usize,
        }
    }
}
