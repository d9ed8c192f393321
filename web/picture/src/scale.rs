//! Which time stands at which height.

use crate::sketch::Sketch;

/// Height of a silence that is left out: room for one line that says how long it was.
const GAP: u32 = 26;
/// Least distance of two lines of text.
pub const LINE: u32 = 13;
/// Least distance of two marks of the ruler.
const STEP: u64 = 36;

/// A stretch of time that is drawn true to scale.
#[derive(Debug)]
struct Piece {
    from: u64,
    to: u64,
    y: u32,
}

/// A line of the ruler beside the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Its height.
    pub y: u32,
    /// Which time it gives.
    pub time: Time,
}

/// What a line of the ruler says, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Since the picture's first moment.
    Since(u64),
    /// Since the last [`Time::Since`] above.
    Plus(u64),
    /// So long nothing was on its way; the picture leaves it out.
    Silence(u64),
}

/// Which time stands at which height: true to scale, but for long silences.
#[derive(Debug)]
pub struct Scale {
    pieces: Vec<Piece>,
    /// Microseconds in all pieces.
    total: u64,
    /// Pixels for those.
    height: u32,
    gap: u32,
}

impl Scale {
    /// A scale for all times of a sketch, from `top` on, over `height` pixels.
    pub fn of(sketch: &Sketch, top: u32, height: u32) -> Self {
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut longest = 1;
        for leg in &sketch.legs {
            longest = longest.max(leg.to.1.saturating_sub(leg.from.1));
            insert(&mut spans, (leg.from.1, leg.to.1));
        }
        for mark in &sketch.marks {
            insert(&mut spans, (mark.at.1, mark.at.1));
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for (from, to) in spans {
            match pieces.last_mut() {
                // Nothing is on its way meanwhile, for longer than anything ever is.
                Some(last) if from.saturating_sub(last.to) <= longest => last.to = last.to.max(to),
                _ => pieces.push(Piece { from, to, y: 0 }),
            }
        }
        let total = pieces.iter().map(|piece| piece.to - piece.from).sum();
        let gaps = (pieces.len() as u32).saturating_sub(1).max(1);
        let gap = GAP.min(height / 2 / gaps);
        let mut scale = Self {
            total: u64::max(total, 1),
            height: height.saturating_sub(gap * (pieces.len() as u32).saturating_sub(1)),
            gap,
            pieces: Vec::new(),
        };
        let mut y = top;
        for mut piece in pieces {
            piece.y = y;
            y += scale.pixels(piece.to - piece.from) + gap;
            scale.pieces.push(piece);
        }
        scale
    }

    /// The height of a time.
    pub fn place(&self, time: u64) -> u32 {
        let piece = self.pieces.iter().rfind(|piece| piece.from <= time);
        piece.map_or(0, |piece| {
            piece.y + self.pixels(time.min(piece.to) - piece.from)
        })
    }

    /// The ruler.
    pub fn ticks(&self) -> Vec<Tick> {
        let step = self.step();
        let mut ticks: Vec<Tick> = Vec::new();
        let mut add = |y: u32, time| {
            if ticks.last().is_none_or(|last| y >= last.y + LINE) {
                ticks.push(Tick { y, time });
            }
        };
        let mut before: Option<&Piece> = None;
        for piece in &self.pieces {
            if let Some(last) = before
                && self.gap == GAP
            {
                add(piece.y - GAP / 2, Time::Silence(piece.from - last.to));
            }
            let began = self.pieces[0].from;
            add(piece.y, Time::Since(piece.from - began));
            for count in 1..=(piece.to - piece.from) / step {
                add(
                    piece.y + self.pixels(count * step),
                    Time::Plus(count * step),
                );
            }
            before = Some(piece);
        }
        ticks
    }

    /// Heights of the silences that are left out.
    pub fn gaps(&self) -> impl Iterator<Item = u32> {
        self.pieces
            .iter()
            .skip(1)
            .map(|piece| piece.y - self.gap / 2)
    }

    /// The least of 1, 2, 5, 10, 20 … microseconds that is high enough for a line of text.
    fn step(&self) -> u64 {
        let mut ten: u64 = 1;
        loop {
            for step in [ten, ten.saturating_mul(2), ten.saturating_mul(5)] {
                // Beyond the whole there is nothing to mark.
                if u64::from(self.pixels(step)) >= STEP || step >= self.total {
                    return step;
                }
            }
            ten = ten.saturating_mul(10);
        }
    }

    fn pixels(&self, micros: u64) -> u32 {
        // Stamps of a host that makes no sense must not overflow.
        (micros.saturating_mul(self.height.into()) / self.total) as u32
    }
}

/// Keeps the spans in the order of their beginnings, which they nearly have.
fn insert(spans: &mut Vec<(u64, u64)>, span: (u64, u64)) {
    let mut place = spans.len();
    while place > 0 && spans[place - 1].0 > span.0 {
        place -= 1;
    }
    spans.insert(place, span);
}
