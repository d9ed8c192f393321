//! From a sketch to lines and texts with heights.

use crate::scale::{LINE, Scale, Tick};
use crate::sketch::{BROWSER, End, Leg, RELAY, SERVER, Sign, Sketch};

/// Height of everything below the names of the lanes.
pub const HEIGHT: u32 = 400;
/// Room for those names, and below the last arrival.
pub const TOP: u32 = 34;
const BOTTOM: u32 = 22;
/// Height of the whole drawing.
pub const WHOLE: u32 = TOP + HEIGHT + BOTTOM;

/// How far something falls at least that is lost in the moment in which it set out: nobody knows where it was by then.
const FALL: u32 = 12;

/// Waits that are drawn beside each other.
const COLUMNS: usize = 3;

/// Whether something has happened at the step that is shown; without steps, everything has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// It has.
    Past,
    /// This is the step.
    Now,
    /// It has not.
    Ahead,
}

/// A stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// The datagram.
    pub number: u64,
    /// Where it begins: across in thousandths, down in pixels.
    pub from: (u32, u32),
    /// Where it ends.
    pub to: (u32, u32),
    /// How it ends.
    pub end: End,
    /// One of its ends is laid half-way.
    pub is_assumed: bool,
    /// Whether it happened yet.
    pub tense: Tense,
}

/// A sign and a word beside the lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The datagram.
    pub number: u64,
    /// Where the sign stands.
    pub at: (u32, u32),
    /// The sign.
    pub sign: Sign,
    /// Height of its word, and all whose sign it is; `None` where another's word says it too, or there is no room.
    pub word: Option<(u32, Vec<u64>)>,
    /// Whether it happened yet.
    pub tense: Tense,
}

/// Numbers of datagrams beside a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Beside which lane.
    pub x: u32,
    /// At which height.
    pub y: u32,
    /// Which, in the order of time.
    pub numbers: Vec<u64>,
}

/// A dotted bracket: a wait in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bracket {
    /// The datagram.
    pub number: u64,
    /// From this height.
    pub from: u32,
    /// To this.
    pub to: u32,
    /// How many stand between it and its lane.
    pub column: usize,
    /// Whether it happened yet.
    pub tense: Tense,
}

/// The picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The ruler's lines.
    pub ticks: Vec<Tick>,
    /// Heights of silences that are left out.
    pub gaps: Vec<u32>,
    /// Waits in vain.
    pub brackets: Vec<Bracket>,
    /// Strokes, in the order of the datagrams.
    pub strokes: Vec<Stroke>,
    /// Signs and words.
    pub notes: Vec<Note>,
    /// Numbers where datagrams set out and where they arrive at the server.
    pub numbers: Vec<Numbers>,
    /// Where the step that is shown happens.
    pub now: Option<(u32, u32)>,
}

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

/// Lays a sketch out; with `now`, as far as it has come by then.
pub fn lay_out(sketch: &Sketch, now: Option<Moment>) -> Picture {
    let scale = Scale::of(sketch, TOP, HEIGHT);
    let mut picture = Picture {
        ticks: scale.ticks(),
        gaps: scale.gaps().collect(),
        now: now.map(|now| (now.place, scale.place(now.at))),
        ..Picture::default()
    };
    for leg in &sketch.legs {
        let from = (leg.from.0, scale.place(leg.from.1));
        let mut to = (leg.to.0, scale.place(leg.to.1));
        if leg.end != End::Arrow {
            to.1 = to.1.max(from.1 + FALL);
        }
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
            let here = (across(leg, now.at), scale.place(now.at));
            picture.strokes.push(Stroke {
                to: here,
                end: End::Open,
                tense: Tense::Past,
                ..stroke
            });
            stroke.from = here;
        }
        picture.strokes.push(stroke);
        let sets_out = leg.from.0 == BROWSER;
        if sets_out || leg.to.0 == SERVER {
            let (x, y) = if sets_out { from } else { to };
            picture.add_number(x, y, leg.number);
        }
    }
    picture.place_numbers();
    for wait in &sketch.waits {
        let (from, to) = (scale.place(wait.from), scale.place(wait.to));
        picture.add_bracket(
            from,
            to,
            wait.number,
            Moment::tense(now, wait.number, wait.from, wait.to),
        );
    }
    for mark in &sketch.marks {
        let (x, at) = mark.at;
        let mut y = scale.place(at);
        // The sign stands where its stroke ends, and that may have fallen.
        let mut strokes = picture.strokes.iter();
        let ends = strokes.rfind(|stroke| {
            stroke.end != End::Arrow && stroke.number == mark.number && stroke.to.0 == x
        });
        if let Some(stroke) = ends {
            y = stroke.to.1;
        }
        picture.notes.push(Note {
            number: mark.number,
            at: (x, y),
            sign: mark.sign,
            word: None,
            tense: Moment::tense(now, mark.number, at, at),
        });
    }
    picture.place_words();
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

impl Picture {
    /// Adds a number beside a lane; in the order of heights, for now.
    fn add_number(&mut self, x: u32, y: u32, number: u64) {
        let mut place = self.numbers.len();
        while place > 0 && (self.numbers[place - 1].x, self.numbers[place - 1].y) > (x, y) {
            place -= 1;
        }
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
        for mut next in std::mem::take(&mut self.numbers) {
            match placed.last_mut() {
                Some(last) if last.x == next.x && next.y < last.y + LINE => {
                    last.numbers.append(&mut next.numbers);
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

    /// Gives each sign its word, from top to bottom. A word that would cover another moves down a little, or is left out; one
    /// that would say the same is said once for both.
    fn place_words(&mut self) {
        let mut order: Vec<usize> = Vec::new();
        for (index, note) in self.notes.iter().enumerate() {
            let mut place = order.len();
            while place > 0 && self.notes[order[place - 1]].at.1 > note.at.1 {
                place -= 1;
            }
            order.insert(place, index);
        }
        // The next free height beside the browser, beside the relay, between relay and server, beside the server.
        let mut free = [0; 4];
        let mut last: [Option<usize>; 4] = [None; 4];
        for index in order {
            let Note {
                at, sign, number, ..
            } = self.notes[index];
            let column = column(at.0);
            let y = at.1.max(free[column]);
            if let Some(last) = last[column].and_then(|last| self.notes.get_mut(last))
                && y > at.1
                && last.sign == sign
                && let Some((_, numbers)) = &mut last.word
            {
                numbers.push(number);
            } else if y < at.1 + 2 * LINE {
                self.notes[index].word = Some((y, vec![number]));
                free[column] = y + LINE;
                last[column] = Some(index);
            }
        }
    }
}

/// Where signs stand whose words could cover each other.
fn column(x: u32) -> usize {
    match x {
        0..RELAY => usize::from(x > BROWSER),
        SERVER.. => 3,
        _ if x < RELAY + 100 => 1,
        _ => 2,
    }
}
