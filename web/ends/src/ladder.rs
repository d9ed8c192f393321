//! The picture of both ends: who sent what to whom, one line a moment, as tutorials draw it.
//!
//! Time runs down by the host's clock, but not to scale: a line for each sending and each arrival, in their order. So an arrow that
//! another one overtakes crosses it. Of a datagram of which only one end is in this page, the other end is drawn dashed: nobody
//! here knows when that was.

use crate::shown::{Flight, Tip};

/// Flights that are drawn.
const SHOWN: usize = 6;
/// Lanes of others that fit beside the own one.
const OTHERS: usize = 3;
/// Where the lanes are, in thousandths of the width.
const LEFT: i64 = 180;
const RIGHT: i64 = 920;

/// An arrow: across in thousandths of the width, down in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Number of the flight.
    pub number: u64,
    /// Where and at which line it begins.
    pub from: (u32, u32),
    /// Where and at which line it ends.
    pub to: (u32, u32),
    /// How.
    pub end: Tip,
    /// The time of one of its ends is not known.
    pub is_assumed: bool,
    /// It is the second arrival of the same datagram.
    pub is_copy: bool,
    /// Bytes that it carries.
    pub bytes: u64,
}

/// A lane of one socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Where it is, in thousandths of the width.
    pub x: u32,
    /// Its name.
    pub name: String,
    /// It is the element's own.
    pub is_own: bool,
    /// It stands for more than one socket.
    pub is_many: bool,
}

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The lanes, the own one first.
    pub lanes: Vec<Lane>,
    /// The arrows, oldest first.
    pub arrows: Vec<Arrow>,
    /// Times since the line before, in microseconds, by their lines.
    pub gaps: Vec<(u32, u64)>,
    /// How many lines there are, counted in halves: what is assumed stands between two lines.
    pub lines: u32,
}

/// A moment of a flight.
struct Moment {
    at: Option<u64>,
    /// That, or the time before.
    by: u64,
    flight: usize,
    is_arrival: bool,
}

impl Ladder {
    /// The picture of the newest of these. The lane of a server, by this name, is on the right, and a client's on the left.
    pub fn of(flights: &[Flight], own: &str, is_server: bool) -> Self {
        let mut ladder = Self::default();
        let shown = &flights[flights.len().saturating_sub(SHOWN)..];
        if !shown.is_empty() {
            ladder.lanes = lanes(shown, own, is_server);
            ladder.draw(shown);
        }
        ladder
    }

    fn draw(&mut self, shown: &[Flight]) {
        // The line of each sending and each arrival, in halves.
        let mut sending = vec![None; shown.len()];
        let mut arrivals = vec![Vec::new(); shown.len()];
        let mut line = 0;
        let mut before: Option<u64> = None;
        for moment in &moments(shown) {
            line += 2;
            if let (Some(at), Some(before)) = (moment.at, before) {
                self.gaps.push((line, at.saturating_sub(before)));
            }
            before = moment.at.or(before);
            match moment.is_arrival {
                false => sending[moment.flight] = Some(line),
                true => arrivals[moment.flight].push(line),
            }
        }
        self.lines = line + 2;
        let own_x = self.lanes[0].x;
        for ((flight, begin), arrivals) in shown.iter().zip(sending).zip(arrivals) {
            let other_x = self.lane(&flight.other);
            let (from_x, to_x) = match flight.is_own {
                true => (own_x, other_x),
                false => (other_x, own_x),
            };
            let mut arrow = |from, to, end, is_assumed, is_copy| {
                self.arrows.push(Arrow {
                    number: flight.number,
                    from,
                    to,
                    end,
                    is_assumed,
                    is_copy,
                    bytes: flight.bytes,
                });
            };
            for (copy, line) in arrivals.iter().enumerate() {
                let from = (from_x, begin.unwrap_or(line - 1));
                arrow(from, (to_x, *line), Tip::Arrives, begin.is_none(), copy > 0);
            }
            if let (Some(begin), true) = (begin, arrivals.is_empty()) {
                let end = flight.tip;
                let to_x = match end {
                    Tip::Arrives | Tip::Nobody => to_x,
                    Tip::Lost | Tip::Open => from_x.midpoint(to_x),
                    Tip::NotSent => from_x,
                };
                let is_assumed = end == Tip::Arrives;
                arrow((from_x, begin), (to_x, begin + 1), end, is_assumed, false);
            }
        }
    }

    /// Where the lane of this name is; those that have none of their own share the last.
    fn lane(&self, name: &str) -> u32 {
        let others = &self.lanes[1..];
        let lane = others.iter().find(|lane| lane.name == name);
        lane.or(others.last()).map_or(0, |lane| lane.x)
    }
}

/// All moments in their order: those whose time is known by it, others after what came before them.
fn moments(shown: &[Flight]) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut newest = 0;
    for (flight, one) in shown.iter().enumerate() {
        let sending = one.sent.map(|at| (at, false));
        let arrivals = one.arrivals.iter().map(|at| (*at, true));
        for (at, is_arrival) in sending.into_iter().chain(arrivals) {
            let by = at.unwrap_or(newest);
            newest = newest.max(by);
            // Behind all that are not later.
            let place = moments.iter().rposition(|other| other.by <= by);
            let moment = Moment {
                at,
                by,
                flight,
                is_arrival,
            };
            moments.insert(place.map_or(0, |place| place + 1), moment);
        }
    }
    moments
}

/// The own lane, and one for each of the newest others.
fn lanes(shown: &[Flight], own: &str, is_server: bool) -> Vec<Lane> {
    let mut seen: Vec<&str> = Vec::new();
    for flight in shown {
        if !seen.contains(&flight.other.as_str()) {
            seen.push(&flight.other);
        }
    }
    let is_too_many = seen.len() > OTHERS;
    let seen = &seen[seen.len().saturating_sub(OTHERS)..];
    let (own_x, first, last): (i64, i64, i64) = match is_server {
        true => (RIGHT, LEFT, 640),
        false => (LEFT, RIGHT, 460),
    };
    let gaps = seen.len().saturating_sub(1);
    let step = (last - first) / gaps.max(1) as i64;
    let mut lanes = vec![Lane {
        x: own_x as u32,
        name: own.to_owned(),
        is_own: true,
        is_many: false,
    }];
    for (place, name) in seen.iter().enumerate() {
        lanes.push(Lane {
            x: (first + step * place as i64) as u32,
            name: (*name).to_owned(),
            is_own: false,
            is_many: is_too_many && place == gaps,
        });
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "this page :10000";

    /// A datagram of the page's own client to its server.
    fn flight(number: u64, sent: u64, arrivals: &[u64]) -> Flight {
        Flight {
            number,
            is_own: false,
            other: ":2000".to_owned(),
            bytes: 5,
            tip: Tip::Open,
            said: String::new(),
            sent: Some(Some(sent)),
            arrivals: arrivals.iter().map(|at| Some(*at)).collect(),
        }
    }

    fn picture(flights: &[Flight]) -> Ladder {
        Ladder::of(flights, OWN, true)
    }

    #[test]
    fn both_ends_of_a_datagram_in_this_page_are_drawn_with_the_time_between() {
        let ladder = picture(&[flight(1, 100, &[350])]);
        let arrow = &ladder.arrows[0];
        assert_eq!(
            (arrow.from, arrow.to),
            ((LEFT as u32, 2), (RIGHT as u32, 4))
        );
        assert_eq!((arrow.end, arrow.is_assumed), (Tip::Arrives, false));
        assert_eq!(ladder.gaps, [(4, 250)]);
        // The client has its own lane on the left.
        let own = Flight {
            is_own: true,
            other: ":10000".to_owned(),
            ..flight(1, 100, &[350])
        };
        let of_client = Ladder::of(&[own], "this page :2000", false);
        assert_eq!(of_client.arrows[0].from, (LEFT as u32, 2));
        assert_eq!(of_client.lanes[0].name, "this page :2000");
    }

    #[test]
    fn a_datagram_that_is_overtaken_crosses_the_other_one() {
        let ladder = picture(&[flight(1, 100, &[140]), flight(2, 110, &[130])]);
        let lines: Vec<_> = ladder
            .arrows
            .iter()
            .map(|arrow| (arrow.from.1, arrow.to.1))
            .collect();
        assert_eq!(lines, [(2, 8), (4, 6)]);
    }

    #[test]
    fn a_copy_is_an_arrow_of_its_own() {
        let ladder = picture(&[flight(1, 100, &[140, 150])]);
        let copies: Vec<_> = ladder.arrows.iter().map(|arrow| arrow.is_copy).collect();
        assert_eq!(copies, [false, true]);
    }

    #[test]
    fn a_strangers_datagram_begins_at_a_time_that_nobody_knows_and_so_does_its_answer_end() {
        let nc = |is_own, sent, arrivals: &[u64]| Flight {
            is_own,
            sent,
            tip: Tip::Arrives,
            ..flight(1, 0, arrivals)
        };
        let ladder = picture(&[nc(false, None, &[10]), nc(true, Some(Some(12)), &[])]);
        assert_eq!(ladder.arrows.len(), 2);
        assert!(ladder.arrows.iter().all(|arrow| arrow.is_assumed));
    }

    #[test]
    fn every_end_without_an_arrival_has_its_own_place() {
        for (tip, x) in [
            (Tip::Nobody, RIGHT),
            (Tip::Lost, 550),
            (Tip::Open, 550),
            (Tip::NotSent, LEFT),
        ] {
            let ended = Flight {
                tip,
                ..flight(1, 1, &[])
            };
            let arrow = &picture(&[ended]).arrows[0];
            assert_eq!((arrow.end, arrow.to.0), (tip, x as u32));
        }
    }

    #[test]
    fn many_peers_share_a_lane_and_only_the_newest_datagrams_are_drawn() {
        let flights: Vec<_> = (0..20)
            .map(|number| Flight {
                other: words(number),
                ..flight(number, number, &[number])
            })
            .collect();
        let ladder = picture(&flights);
        assert_eq!(ladder.arrows.len(), SHOWN);
        assert_eq!(ladder.lanes.len(), 1 + OTHERS);
        assert!(ladder.lanes[OTHERS].is_many);
        assert!(picture(&[]).lanes.is_empty());
    }

    fn words(number: u64) -> String {
        crate::words::number(number)
    }
}
