//! Round trips counted in buckets: a million of them take no more memory than one.

use std::time::Duration;

/// Buckets for each doubling of the time. A quantile is at most 1/64, 1.6 %, above the true one.
const STEPS: u64 = 64;

/// Counts of round trips by their length, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct RoundTrips {
    counts: Vec<u64>,
    count: u64,
    total: Duration,
    shortest: Option<Duration>,
    longest: Duration,
}

impl RoundTrips {
    /// Counts one round trip.
    pub(super) fn add(&mut self, time: Duration) {
        let bucket = bucket_of(nanoseconds(time));
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.count += 1;
        self.total += time;
        self.shortest = Some(self.shortest.map_or(time, |shortest| shortest.min(time)));
        self.longest = self.longest.max(time);
    }

    /// The figures; `None` before the first round trip.
    pub(super) fn figures(&self) -> Option<Figures> {
        Some(Figures {
            min: self.shortest?,
            avg: Duration::from_nanos(nanoseconds(self.total) / self.count),
            p99: self.quantile(99, 100),
            max: self.longest,
        })
    }

    /// The time that `numerator` of `denominator` round trips do not exceed.
    fn quantile(&self, numerator: u64, denominator: u64) -> Duration {
        let rank = (self.count * numerator).div_ceil(denominator);
        let mut counted = 0;
        let bucket = self.counts.iter().position(|count| {
            counted += count;
            counted >= rank
        });
        let time = Duration::from_nanos(bucket.map_or(0, last_of));
        time.clamp(self.shortest.unwrap_or_default(), self.longest)
    }
}

/// What `ping` prints of its round trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    /// The shortest.
    pub(super) min: Duration,
    /// The mean.
    pub(super) avg: Duration,
    /// 99 of 100 are not longer.
    pub(super) p99: Duration,
    /// The longest.
    pub(super) max: Duration,
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Below `STEPS` every value has its own bucket; above, each doubling is divided into `STEPS` of equal width.
fn bucket_of(value: u64) -> usize {
    let width = (value / STEPS).checked_ilog2().unwrap_or(0);
    (u64::from(width) * STEPS + (value >> width)) as usize
}

/// The largest value that falls into a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let width = (bucket / STEPS).saturating_sub(1);
    let steps = bucket - width * STEPS;
    (steps << width) + ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_narrow() {
        let values = (0..4096)
            .chain((12..63).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 12_345]));
        for value in values {
            let last = last_of(bucket_of(value));
            assert!(
                last >= value,
                "{value} is above its bucket, which ends at {last}"
            );
            assert!(last - value <= value / STEPS, "{value} is far below {last}");
            assert_eq!(bucket_of(last), bucket_of(value), "{value}");
            assert_eq!(bucket_of(last + 1), bucket_of(value) + 1, "{value}");
        }
    }

    #[test]
    fn the_figures_are_those_of_the_round_trips() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.figures(), None);
        for micros in 1..=1000 {
            trips.add(Duration::from_micros(micros));
        }
        let figures = trips.figures().unwrap();
        assert_eq!(figures.min, Duration::from_micros(1));
        assert_eq!(figures.avg, Duration::from_nanos(500_500));
        assert_eq!(figures.max, Duration::from_micros(1000));
        let p99 = figures.p99.as_nanos();
        assert!((990_000..=990_000 + 990_000 / 64).contains(&p99), "{p99}");
    }

    #[test]
    fn one_round_trip_is_every_figure() {
        let mut trips = RoundTrips::default();
        let time = Duration::from_nanos(123_457);
        trips.add(time);
        assert_eq!(
            trips.figures(),
            Some(Figures {
                min: time,
                avg: time,
                p99: time,
                max: time
            })
        );
    }
}
