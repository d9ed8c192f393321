//! What every message is at, at a time of the race.

use wire::race::Race;
use wire::tcp::Course;

/// What a message is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// It is not sent yet.
    Unsent,
    /// It is on its way, for the first time or again.
    UnderWay,
    /// It is lost, and nobody has sent it again.
    Lost,
    /// It has arrived, and waits for one before it: TCP hands out nothing out of order.
    Waiting,
    /// The reader has it.
    Delivered,
}

impl Cell {
    /// A letter for it.
    pub fn letter(self) -> char {
        match self {
            Self::Unsent => 'u',
            Self::UnderWay => 'w',
            Self::Lost => 'l',
            Self::Waiting => 'h',
            Self::Delivered => 'd',
        }
    }
}

/// When the last message is at its goal on both sides, or would have been.
pub fn length(race: &Race) -> u64 {
    let times = race.udp.iter().flatten().chain(&race.tcp.delivered);
    times.max().copied().unwrap_or(0)
}

/// UDP's messages and TCP's, at a time.
pub fn cells(race: &Race, course: Course, now: u64) -> [Vec<Cell>; 2] {
    let udp = (0..).zip(&race.udp).map(|(message, arrives)| {
        let sent = message * course.every_us;
        match *arrives {
            _ if now < sent => Cell::Unsent,
            Some(at) if now >= at => Cell::Delivered,
            None if now >= sent + course.delay_us => Cell::Lost,
            _ => Cell::UnderWay,
        }
    });
    let tcp = (0..course.messages).map(|message| {
        let delivered = race.tcp.delivered.get(message as usize);
        if delivered.is_some_and(|at| now >= *at) {
            return Cell::Delivered;
        }
        let sent = race.tcp.segments.iter();
        let sent: Vec<_> = sent
            .filter(|segment| segment.message == message && segment.sent <= now)
            .collect();
        let has_arrived = |at: Option<u64>| at.is_some_and(|at| now >= at);
        match sent.last() {
            None => Cell::Unsent,
            Some(_) if sent.iter().any(|one| has_arrived(one.arrives)) => Cell::Waiting,
            // It is seen to be lost where it would have arrived.
            Some(last) if last.arrives.is_none() && now >= last.sent + course.delay_us => {
                Cell::Lost
            }
            Some(_) => Cell::UnderWay,
        }
    });
    [udp.collect(), tcp.collect()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::race::{COURSE, LOSS_PPM, race};

    use super::*;

    fn letters(race: &Race, now: u64) -> [String; 2] {
        cells(race, COURSE, now).map(|side| side.iter().map(|cell| cell.letter()).collect())
    }

    #[test]
    fn udp_has_a_hole_where_tcp_stalls_and_catches_up() {
        // The tenth message, number 9, is the first that this seed loses.
        let race = race(COURSE, LOSS_PPM, 2);
        let [udp, tcp] = letters(&race, 1_900_000);
        assert!(udp.starts_with("dddddddddlddl"), "{udp}");
        assert!(tcp.starts_with("dddddddddlhhl"), "{tcp}");
        let [udp, tcp] = letters(&race, length(&race));
        assert_eq!(udp.matches('l').count(), 7);
        assert_eq!(tcp, "d".repeat(50));
    }

    proptest! {
        #[test]
        fn what_is_delivered_stays_so_and_tcp_delivers_in_order(seed in any::<u64>(), loss in 0..400_000u32) {
            let race = race(COURSE, loss, seed);
            let end = length(&race);
            let mut before = cells(&race, COURSE, 0);
            for step in 0..=100 {
                let now = cells(&race, COURSE, end * step / 100);
                for (before, now) in before.iter().flatten().zip(now.iter().flatten()) {
                    prop_assert!(*before != Cell::Delivered || *now == Cell::Delivered);
                }
                // On TCP's side all that is delivered comes before all that is not.
                let first = now[1].iter().position(|cell| *cell != Cell::Delivered);
                prop_assert!(now[1].iter().skip(first.unwrap_or(50)).all(|cell| *cell != Cell::Delivered));
                prop_assert!(now[0].iter().all(|cell| *cell != Cell::Waiting), "UDP waits for nothing");
                before = now;
            }
        }
    }
}
