//! What the strips below the picture show: round trips over time, and the fates as a bar.

use udp_echo_feed::datagram::Datagram;
use wire::ledger::Fate;

/// Datagrams that the strip of round trips shows at most.
pub const BARS: usize = 100;

/// Round trips from which on percentiles say something: of fewer, the 95th and the 99th are one and the same.
const ENOUGH: usize = 20;

/// The percentiles that are named.
pub const PERCENTS: [usize; 3] = [50, 95, 99];

/// One datagram of the strip.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its number.
    pub number: u64,
    /// Time between relay and server, then between browser and relay; `None` without an answer.
    pub trip: Option<(u64, u64)>,
    /// Whether no answer will come any more.
    pub is_without: bool,
}

/// Round trips over time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trips {
    /// The newest datagrams, oldest first.
    pub bars: Vec<Bar>,
    /// The longest of these round trips.
    pub longest: u64,
    /// The one that half of them stay under; 0 when there is none.
    pub half: u64,
    /// Their [`PERCENTS`]; `None` when there are too few.
    pub percentiles: Option<[u64; 3]>,
    /// How many came back.
    pub answered: usize,
    /// How many will not.
    pub without: usize,
}

/// Measures the newest datagrams.
pub fn trips<'a>(datagrams: impl DoubleEndedIterator<Item = &'a Datagram>) -> Trips {
    let mut trips = Trips::default();
    let mut sorted: Vec<u64> = Vec::new();
    for datagram in datagrams.rev().take(BARS) {
        let trip = datagram.round_trip();
        if let Some(trip) = trip {
            insert(&mut sorted, trip.total);
        }
        let is_without = trip.is_none() && !matches!(datagram.fate, None | Some(Fate::Echoed));
        trips.without += usize::from(is_without);
        trips.bars.push(Bar {
            number: datagram.number,
            trip: trip.map(|trip| (trip.beyond_relay, trip.before_relay)),
            is_without,
        });
    }
    trips.bars.reverse();
    trips.answered = sorted.len();
    trips.longest = sorted.last().copied().unwrap_or(0);
    trips.half = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    if sorted.len() >= ENOUGH {
        trips.percentiles = Some(PERCENTS.map(|percent| percentile(&sorted, percent)));
    }
    trips
}

/// The `percent`-th percentile by the nearest rank: the least of the values that so many percent of them do not exceed.
/// 0 when there are none.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

/// Keeps the values in order. A few hundred of them; the library's sort would weigh several kilobytes in the module.
fn insert(sorted: &mut Vec<u64>, value: u64) {
    let place = sorted.partition_point(|other| *other <= value);
    sorted.insert(place, value);
}

/// Shares of a whole that add up to a thousand, or are all 0 when there is nothing.
pub fn shares(counts: &[u64]) -> Vec<u32> {
    let whole: u64 = counts.iter().sum();
    let mut before = 0;
    let mut shares = Vec::new();
    let mut passed = 0_u64;
    for count in counts {
        passed += count;
        // From the edges, so that rounding never adds up to more than the whole.
        let edge = (passed * 1000 / whole.max(1)) as u32;
        shares.push(edge - before);
        before = edge;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::control::{Event, What};
    use wire::ledger::Delivery;

    fn echoed(number: u64, total: u64, beyond: u64) -> Datagram {
        let mut datagram = Datagram::new(number, b"x"[..].into(), 1_000);
        datagram.answered_at = Some(1_000 + total);
        datagram.fate = Some(Fate::Echoed);
        datagram.events = vec![
            Event(50, number, 0, What::RelayIn(1)),
            Event(
                50 + beyond,
                number,
                0,
                What::RelayOut(number, Delivery::Echoed),
            ),
        ];
        datagram
    }

    #[test]
    fn the_nearest_rank_is_one_of_the_values() {
        let ten: Vec<u64> = (1..=10).map(|n| n * 10).collect();
        for (percent, value) in [(0, 10), (1, 10), (50, 50), (51, 60), (95, 100), (100, 100)] {
            assert_eq!(percentile(&ten, percent), value, "p{percent}");
        }
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(PERCENTS.map(|p| percentile(&hundred, p)), [50, 95, 99]);
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn trips_have_two_parts_and_losses_are_counted_beside() {
        let mut lost = Datagram::new(2, Default::default(), 0);
        lost.fate = Some(Fate::Lost);
        let under_way = Datagram::new(3, Default::default(), 0);
        let all = [echoed(1, 900, 300), lost, under_way, echoed(4, 500, 100)];
        let trips = trips(all.iter());
        let bars: Vec<_> = trips
            .bars
            .iter()
            .map(|bar| (bar.number, bar.trip, bar.is_without))
            .collect();
        assert_eq!(
            bars,
            [
                (1, Some((300, 600)), false),
                (2, None, true),
                (3, None, false),
                (4, Some((100, 400)), false),
            ]
        );
        assert_eq!((trips.answered, trips.without, trips.longest), (2, 1, 900));
        assert_eq!(
            (trips.half, trips.percentiles),
            (900, None),
            "two are too few"
        );
        assert_eq!(super::trips([].iter()).half, 0);
    }

    #[test]
    fn percentiles_are_told_from_twenty_round_trips_on() {
        let all: Vec<_> = (1..=20).map(|n| echoed(n, n * 1_000, 0)).collect();
        assert_eq!(trips(all[1..].iter()).percentiles, None);
        let of_twenty = Some([10_000, 19_000, 20_000]);
        assert_eq!(trips(all.iter()).percentiles, of_twenty);
    }

    #[test]
    fn only_the_newest_are_shown() {
        let all: Vec<_> = (1..=150).map(|number| echoed(number, number, 0)).collect();
        let trips = trips(all.iter());
        assert_eq!((trips.bars.len(), trips.bars[0].number), (BARS, 51));
        assert_eq!(trips.half, 101, "of the newest hundred");
    }

    proptest! {
        #[test]
        fn shares_add_up(counts in prop::collection::vec(0u64..1_000_000, 1..8)) {
            let shares = shares(&counts);
            let whole: u64 = counts.iter().sum();
            prop_assert_eq!(shares.iter().sum::<u32>(), if whole == 0 { 0 } else { 1000 });
            for (share, count) in shares.iter().zip(&counts) {
                let exact = count * 1000 / whole.max(1);
                prop_assert!(u64::from(*share).abs_diff(exact) <= 1);
            }
        }
    }
}
