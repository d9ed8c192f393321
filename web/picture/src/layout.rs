//! From a sketch to lines and texts with heights.

use crate::labels;
use crate::picture::{Bar, Bracket, HEIGHT, Hop, Note, Numbers, Picture, Stroke, TOP, Tense};
use crate::scale::{LINE, Scale};
use crate::sketch::{End, Leg, Sign, Sketch};
use crate::way::{RELAY, SERVER};

/// How far apart the arrowheads of two copies are at least: together, they would look like one.
const FORK: u32 = 9;

/// Waits that are drawn beside each other.
const COLUMNS: usize = 3;

/// The moment at which a picture stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: u64,
    /// Where, in thousandths of the width.
    pub place: u32,
    /// Whose.
    pub number: u64,
}

impl Moment {
    fn tense(now: Option<Self>, number: u64, from: u64, to: u64) -> Tense {
        match now {
            Some(now) if to > now.at && from >= now.at => Tense::Ahead,
            Some(now) if now.number == number && (to == now.at || from == now.at) => Tense::Now,
            Some(now) if to > now.at => Tense::Ahead,
            _ => Tense::Past,
        }
    }
}

/// Lays a sketch out for a drawing that is so many pixels wide at least; with `now`, as far as it has come by then.
pub fn lay_out(sketch: &Sketch, now: Option<Moment>, width: u32) -> Picture {
    let scale = Scale::of(sketch, TOP, HEIGHT);
    let mut picture = Picture {
        ticks: scale.ticks(),
        gaps: scale.gaps().collect(),
        now: now.map(|now| (now.place, scale.place(now.at))),
        ..Picture::default()
    };
    picture.place_strokes(sketch, &scale, now);
    for stay in &sketch.stays {
        picture.bars.push(Bar {
            number: stay.number,
            x: stay.place,
            from: scale.place(stay.from),
            to: scale.place(stay.to),
            tense: Moment::tense(now, stay.number, stay.from, stay.to),
        });
    }
    for hop in &sketch.hops {
        let y = scale.place(hop.at);
        picture.hops.push(Hop {
            number: hop.number,
            y,
            is_answer: hop.is_answer,
            is_lost: hop.is_lost,
            tense: Moment::tense(now, hop.number, hop.at, hop.at),
        });
        if !hop.is_answer {
            picture.add_number(RELAY, y, hop.number);
        }
    }
    picture.place_numbers();
    for wait in &sketch.waits {
        let (from, to) = (scale.place(wait.from), scale.place(wait.to));
        let tense = Moment::tense(now, wait.number, wait.from, wait.to);
        picture.add_bracket(from, to, wait.number, tense);
    }
    for mark in &sketch.marks {
        let (x, at) = mark.at;
        let y = picture.stroke_end(mark.number, x, mark.sign);
        picture.notes.push(Note {
            number: mark.number,
            at: (x, y.unwrap_or_else(|| scale.place(at))),
            sign: mark.sign,
            label: None,
            tense: Moment::tense(now, mark.number, at, at),
        });
    }
    labels::place_words(&mut picture, width);
    picture
}

/// Where across a stroke is at a time.
fn across(leg: &Leg, at: u64) -> u32 {
    let part = |from: u32, to: u32| {
        let (whole, passed) = (leg.to.1 - leg.from.1, at - leg.from.1);
        (u64::from(to - from).saturating_mul(passed) / whole) as u32
    };
    let (from, to) = (leg.from.0, leg.to.0);
    match from < to {
        true => from + part(from, to),
        false => from - part(to, from),
    }
}

/// How far the strokes of a datagram are moved down, because another copy of it is drawn there.
#[derive(Default)]
struct Moved {
    number: u64,
    /// Of each copy, what happens at the server and after.
    at_server: [u32; 2],
}

impl Picture {
    fn place_strokes(&mut self, sketch: &Sketch, scale: &Scale, now: Option<Moment>) {
        let mut moved = Moved::default();
        let mut first = 0;
        for leg in &sketch.legs {
            if moved.number != leg.number {
                moved = Moved {
                    number: leg.number,
                    ..Moved::default()
                };
                first = self.strokes.len();
            }
            let mut from = (leg.from.0, scale.place(leg.from.1));
            let mut to = (leg.to.0, scale.place(leg.to.1));
            let at_server = moved.at_server[leg.copy & 1];
            if leg.from.0 == SERVER {
                from.1 += at_server;
                to.1 += at_server;
            }
            // From top to bottom, each copy keeps clear of those before.
            let before = self.strokes[first..].iter();
            let before = before.filter(|other| (other.end, other.to.0) == (leg.end, leg.to.0));
            let lowest = before.map(|other| other.to.1).max();
            if let Some(lowest) = lowest.filter(|lowest| to.1.abs_diff(*lowest) < FORK) {
                let further = lowest + FORK - to.1;
                to.1 += further;
                if leg.to.0 == SERVER {
                    moved.at_server[leg.copy & 1] += further;
                }
            }
            self.add_stroke(leg, from, to, scale, now);
            if leg.to.0 == SERVER {
                self.add_number(to.0, to.1, leg.number);
            }
        }
    }

    fn add_stroke(
        &mut self,
        leg: &Leg,
        from: (u32, u32),
        to: (u32, u32),
        scale: &Scale,
        now: Option<Moment>,
    ) {
        let mut stroke = Stroke {
            number: leg.number,
            from,
            to,
            end: leg.end,
            is_assumed: leg.is_assumed,
            tense: Moment::tense(now, leg.number, leg.from.1, leg.to.1),
        };
        if let Some(now) = now.filter(|now| leg.from.1 < now.at && now.at < leg.to.1) {
            // Under way: as far as it has come, and the rest.
            let here = (
                across(leg, now.at),
                scale.place(now.at).max(from.1).min(to.1),
            );
            self.strokes.push(Stroke {
                to: here,
                end: End::Open,
                tense: Tense::Past,
                ..stroke
            });
            stroke.from = here;
        }
        self.strokes.push(stroke);
    }

    /// The height at which the stroke ends that a sign is about, which may have been moved.
    fn stroke_end(&self, number: u64, x: u32, sign: Sign) -> Option<u32> {
        let mut strokes = self.strokes.iter();
        let ends = strokes.rfind(|stroke| {
            (stroke.number, stroke.to.0) == (number, x)
                && (stroke.end != End::Arrow || sign == Sign::Twice)
        });
        Some(ends?.to.1)
    }

    /// Adds a number beside a lane; in the order of heights, for now.
    fn add_number(&mut self, x: u32, y: u32, number: u64) {
        let before = |other: &Numbers| (other.x, other.y) <= (x, y);
        let place = self.numbers.partition_point(before);
        self.numbers.insert(
            place,
            Numbers {
                x,
                y,
                numbers: vec![number],
            },
        );
    }

    /// Puts numbers that would cover each other into one text.
    fn place_numbers(&mut self) {
        let mut placed: Vec<Numbers> = Vec::new();
        for next in std::mem::take(&mut self.numbers) {
            match placed.last_mut() {
                Some(last) if last.x == next.x && next.y < last.y + LINE => {
                    for number in next.numbers {
                        if !last.numbers.contains(&number) {
                            last.numbers.push(number);
                        }
                    }
                }
                _ => placed.push(next),
            }
        }
        self.numbers = placed;
    }

    fn add_bracket(&mut self, from: u32, to: u32, number: u64, tense: Tense) {
        // The first column in which nobody waits at that height; the last one takes whoever is left.
        let is_free = |column: &usize| {
            let mut there = self.brackets.iter();
            there.all(|other| other.column != *column || other.to < from || other.from > to)
        };
        let column = (0..COLUMNS).find(is_free).unwrap_or(COLUMNS - 1);
        self.brackets.push(Bracket {
            number,
            from,
            to,
            column,
            tense,
        });
    }
}
