//! A picture: lines and texts with heights.

use crate::scale::Tick;
use crate::sketch::{End, Sign};

/// Height of everything below the names of the lanes.
pub const HEIGHT: u32 = 400;
/// Room for those names, and below the last arrival.
pub const TOP: u32 = 34;
const BOTTOM: u32 = 22;
/// Height of the whole drawing.
pub const WHOLE: u32 = TOP + HEIGHT + BOTTOM;

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

/// A wait in the link's queue: a bar on the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The datagram.
    pub number: u64,
    /// On which lane.
    pub x: u32,
    /// From this height.
    pub from: u32,
    /// To this.
    pub to: u32,
    /// Whether it happened yet.
    pub tense: Tense,
}

/// A stroke in the browser's strip: from the page, or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// The datagram.
    pub number: u64,
    /// At this height.
    pub y: u32,
    /// It goes to the page.
    pub is_answer: bool,
    /// It is lost on the way.
    pub is_lost: bool,
    /// Whether it happened yet.
    pub tense: Tense,
}

/// The words beside a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Their height.
    pub y: u32,
    /// All whose sign it is.
    pub numbers: Vec<u64>,
    /// There is room for these numbers only, and not for the word.
    pub is_short: bool,
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
    /// Its words; `None` where another's words say it too, or there is no room.
    pub label: Option<Label>,
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
    /// How many stand between it and the browser's strip.
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
    /// Waits in the link's queue.
    pub bars: Vec<Bar>,
    /// Strokes, in the order of the datagrams.
    pub strokes: Vec<Stroke>,
    /// What came from the page and went to it.
    pub hops: Vec<Hop>,
    /// Signs and words.
    pub notes: Vec<Note>,
    /// Numbers where datagrams set out and where they arrive at the server.
    pub numbers: Vec<Numbers>,
    /// Where the step that is shown happens.
    pub now: Option<(u32, u32)>,
}
