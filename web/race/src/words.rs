//! The words of the race.

use udp_echo_feed::words::{fill, number};
use wire::race::Race;

/// What came of both sides.
pub fn summary(race: &Race) -> String {
    let (arrived, last) = race.udp_arrived();
    let (stall, _) = race.longest_stall();
    let count = |count: usize| number(count as u64);
    fill(
        "UDP: □ of □ arrived, the last after □ s. TCP: □ of □, the longest stall □ s.",
        &[
            &count(arrived),
            &count(race.udp.len()),
            &seconds(last),
            &count(race.tcp.delivered.len()),
            &count(race.udp.len()),
            &seconds(stall),
        ],
    )
}

/// Seconds with one decimal, rounded half up.
fn seconds(micros: u64) -> String {
    let tenths = (micros + 50_000) / 100_000;
    [&number(tenths / 10), ".", &number(tenths % 10)].concat()
}

#[cfg(test)]
mod tests {
    use wire::race::{COURSE, LOSS_PPM, race};

    use super::*;

    #[test]
    fn a_race_is_two_sentences() {
        assert_eq!(
            summary(&race(COURSE, LOSS_PPM, 2)),
            "UDP: 43 of 50 arrived, the last after 7.4 s. TCP: 50 of 50, the longest stall 1.2 s."
        );
    }
}
