//! Courses in slow motion, and where every dot is at a time of the film.
//!
//! Times of the film are microseconds from its beginning. Between relay and server it is true to the host's clock, so many times
//! slower as [`Speed`] says; silences in which nothing is under way are left out. The browser's hops are not to scale: they are
//! not by the host's clock, and usually a hundred times as long.

use crate::course::{BROWSER, Course, End, Leg, RELAY, SERVER, courses};
use udp_echo_feed::datagram::Datagram;

/// What the film of one datagram takes beside its hops to the browser, at most.
const BUDGET: u64 = 3_600_000;
/// What each further datagram may add.
const MORE: u64 = 300_000;
/// What any film takes at most, hops and silences aside.
const MOST: u64 = 6_600_000;
/// A hop between browser and relay: in a film without silences, and in one with many.
const HOP: (u64, u64) = (600_000, 150_000);
/// What all the hops take together in a film with silences.
const HOPS: u64 = 1_200_000;
/// Rows in which dots fly, so that those side by side can be told apart.
pub const ROWS: u32 = 2;

/// How fast a film runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// So many times slower than the host's clock; 1 is as fast.
    Slower(u64),
    /// So many times faster.
    Faster(u64),
}

impl Speed {
    /// The speed at which this many microseconds fill a film, or nearly: a round number.
    fn fitting(span: u64, budget: u64) -> Self {
        match span <= budget {
            true => Self::Slower(round_down(budget / span.max(1))),
            false => Self::Faster(round_up(span.div_ceil(budget))),
        }
    }

    /// What a length of time of the host's takes in the film.
    fn stretch(self, micros: u64) -> u64 {
        match self {
            Self::Slower(times) => micros.saturating_mul(times),
            Self::Faster(times) => micros / times,
        }
    }
}

/// 1, 2, 5, 10, 20 … in turn.
fn round_numbers() -> impl Iterator<Item = u64> {
    let tens = std::iter::successors(Some(1u64), |ten| ten.checked_mul(10));
    tens.flat_map(|ten| [ten, ten.saturating_mul(2), ten.saturating_mul(5)])
}

fn round_down(number: u64) -> u64 {
    let below = round_numbers().take_while(|round| *round <= number);
    below.last().unwrap_or(1)
}

fn round_up(number: u64) -> u64 {
    let mut above = round_numbers().skip_while(|round| *round < number);
    above.next().unwrap_or(number)
}

/// Which way a dot flies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// To the server.
    There,
    /// To the browser.
    Back,
}

/// A dot of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dot {
    /// The datagram.
    pub number: u64,
    /// Whether it is a copy that the link made.
    pub is_copy: bool,
    /// Its flights, at times of the film.
    pub legs: Vec<Leg>,
    /// How it ends.
    pub end: End,
    /// The how manyth it is to come back to the browser, counted from 0.
    pub rank: Option<u32>,
}

/// Where a dot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// How far along the way, in ten-thousandths.
    pub x: u32,
    /// Which way it flies, or flew last.
    pub lane: Lane,
    /// Its row in the lane.
    pub row: u32,
    /// How far aside of that, in thousandths of its width: those that came back stand in a queue, in the order in which they came.
    pub aside: u32,
    /// How it ended; `None` while it is on its way.
    pub end: Option<End>,
}

/// A film of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Film {
    /// Its dots, in the order of the datagrams.
    pub dots: Vec<Dot>,
    /// How fast it is.
    pub speed: Option<Speed>,
    /// Microseconds that it takes.
    pub length: u64,
    /// Whether silences are left out.
    pub has_gaps: bool,
}

impl Film {
    /// The film of these datagrams, as fast as suits it or at a speed that is given.
    pub fn of(datagrams: &[&Datagram], speed: Option<Speed>) -> Self {
        let mut courses = courses(datagrams);
        // Far before all that a clock can tell: sums of what a host says stay in range.
        courses.retain(|course| course.ended() < 1 << 50);
        if courses.is_empty() {
            return Self::default();
        }
        let clock = Clock::of(&courses, speed);
        let mut dots: Vec<Dot> = courses.iter().map(|course| clock.film(course)).collect();
        rank(&mut dots);
        let ends = dots.iter().filter_map(|dot| dot.legs.last());
        Self {
            length: ends.map(|leg| leg.to.1).max().unwrap_or(0),
            dots,
            speed: Some(clock.speed),
            has_gaps: clock.pieces.len() > 1,
        }
    }

    /// Where every dot is at this time; `None` for one that is not there yet.
    pub fn frame(&self, now: u64) -> Vec<Option<Position>> {
        self.dots.iter().map(|dot| dot.at(now)).collect()
    }
}

/// Says the order in which dots come back.
fn rank(dots: &mut [Dot]) {
    let mut home: Vec<(u64, usize)> = Vec::new();
    for (index, dot) in dots.iter().enumerate() {
        if let (true, Some(leg)) = (dot.end.is_at_browser(), dot.legs.last()) {
            let place = home.partition_point(|(at, _)| *at <= leg.to.1);
            home.insert(place, (leg.to.1, index));
        }
    }
    for (rank, (_, index)) in (0..).zip(home) {
        dots[index].rank = Some(rank);
    }
}

impl Dot {
    /// Where it is.
    fn at(&self, now: u64) -> Option<Position> {
        let begun = self.legs.iter().rposition(|leg| leg.from.1 <= now)?;
        let leg = self.legs[begun];
        let is_over = begun + 1 == self.legs.len() && now >= leg.to.1;
        let lane = match leg.to.0 >= leg.from.0 {
            true => Lane::There,
            false => Lane::Back,
        };
        let place = along(leg, now);
        let own_row = (self.number.saturating_sub(1) % u64::from(ROWS)) as u32;
        // From the relay on, those that come back go to their places in the queue.
        let (row, aside) = match (lane, self.rank) {
            (Lane::Back, Some(rank)) => {
                let gone = u64::from(RELAY - place.min(RELAY));
                let aside = u64::from(rank / ROWS) * 1_000 * gone / u64::from(RELAY);
                (rank % ROWS, aside as u32)
            }
            _ => (own_row, 0),
        };
        Some(Position {
            x: place,
            lane,
            row,
            aside,
            end: is_over.then_some(self.end),
        })
    }
}

/// The place on a leg at a time.
fn along(leg: Leg, now: u64) -> u32 {
    let (from, to) = (u64::from(leg.from.0), u64::from(leg.to.0));
    let took = (leg.to.1 - leg.from.1).max(1);
    let gone = now.clamp(leg.from.1, leg.to.1) - leg.from.1;
    if leg.from.1 == leg.to.1 {
        return leg.to.0;
    }
    let moved = from.abs_diff(to) * gone / took;
    (if to >= from {
        from + moved
    } else {
        from - moved
    }) as u32
}

/// Which time of the film a time of the host's clock is.
struct Clock {
    /// Stretches of the host's time in which something is under way, and where in the film they begin.
    pieces: Vec<(u64, u64, u64)>,
    speed: Speed,
    hop: u64,
}

impl Clock {
    fn of(courses: &[Course], speed: Option<Speed>) -> Self {
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut longest = 1;
        let mut datagrams = 0;
        for course in courses {
            let span = (course.began, course.ended());
            longest = longest.max(span.1 - span.0);
            datagrams += u64::from(!course.is_copy);
            let place = spans.partition_point(|other| *other <= span);
            spans.insert(place, span);
        }
        let mut pieces: Vec<(u64, u64, u64)> = Vec::new();
        for (from, to) in spans {
            match pieces.last_mut() {
                // Nothing is under way for longer than anything ever is.
                Some((_, end, _)) if from.saturating_sub(*end) <= longest => *end = to.max(*end),
                _ => pieces.push((from, to, 0)),
            }
        }
        let total = pieces.iter().map(|(from, to, _)| to - from).sum();
        let budget = (BUDGET + MORE * datagrams.saturating_sub(1)).min(MOST);
        let speed = speed.unwrap_or_else(|| Speed::fitting(total, budget));
        let hop = (HOPS / pieces.len() as u64).clamp(HOP.1, HOP.0);
        let mut starts = hop;
        for (from, to, start) in &mut pieces {
            *start = starts;
            // Time for the last to come home, and for the next to come to the relay.
            starts += speed.stretch(*to - *from) + 2 * hop;
        }
        Self { pieces, speed, hop }
    }

    fn at(&self, time: u64) -> u64 {
        let before = self.pieces.iter().rfind(|(from, ..)| *from <= time);
        let (from, to, start) = before.or(self.pieces.first()).copied().unwrap_or_default();
        start + self.speed.stretch(time.clamp(from, to) - from)
    }

    /// A course at times of the film, with its hops to and from the browser.
    fn film(&self, course: &Course) -> Dot {
        let mut legs = Vec::with_capacity(course.legs.len() + 2);
        let began = self.at(course.began);
        if !course.is_copy {
            let left = began.saturating_sub(self.hop);
            legs.push(Leg {
                from: (BROWSER, left),
                to: (RELAY, began),
            });
        }
        for leg in &course.legs {
            legs.push(Leg {
                from: (leg.from.0, self.at(leg.from.1)),
                to: (leg.to.0, self.at(leg.to.1)),
            });
        }
        if course.end.is_at_browser() {
            let back = self.at(course.ended());
            legs.push(Leg {
                from: (RELAY, back),
                to: (BROWSER, back + self.hop),
            });
        }
        // A copy of which nothing but its making is known stands where it was made.
        if legs.is_empty() {
            legs.push(Leg {
                from: (SERVER, began),
                to: (SERVER, began),
            });
        }
        Dot {
            number: course.number,
            is_copy: course.is_copy,
            legs,
            end: course.end,
            rank: None,
        }
    }
}
