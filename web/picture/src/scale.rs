//! Which time stands at which height.

use crate::sketch::Sketch;

/// Height of a silence that is left out: room for one line that says how long it was.
const GAP: u32 = 26;
/// Most pixels of a stretch that is longer than so many flights; one that would take more is left out.
const STRETCH: u32 = 2 * GAP;
const FLIGHTS: u64 = 3;
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

/// Which time stands at which height: true to scale, but for silences and stalls.
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
    ///
    /// A stretch in which nothing begins or ends is left out when it is far longer than a flight and would take more room than
    /// [`STRETCH`]: so one stall does not press the rest together. A stroke that is under way meanwhile is broken, as the
    /// lanes are; strokes of the usual pace never are.
    pub fn of(sketch: &Sketch, top: u32, height: u32) -> Self {
        let moments = moments(sketch);
        let long = sketch.pace.longer().max(1).saturating_mul(FLIGHTS);
        let stretch = |place: usize| moments[place + 1] - moments[place];
        let places = moments.len().saturating_sub(1);
        let mut left_out = vec![false; places];
        let mut total = (0..places).map(stretch).sum::<u64>().max(1);
        let mut gaps = 0;
        loop {
            let rest = (0..places).filter(|place| !left_out[*place]);
            let longest = rest.max_by_key(|place| stretch(*place));
            let room = height - gap(gaps, height) * gaps;
            match longest {
                Some(place)
                    if stretch(place) > long && pixels(stretch(place), room, total) > STRETCH =>
                {
                    left_out[place] = true;
                    gaps += 1;
                    total = (total - stretch(place)).max(1);
                }
                _ => break,
            }
        }
        let gap = gap(gaps, height);
        let mut scale = Self {
            pieces: Vec::new(),
            total,
            height: height - gap * gaps,
            gap,
        };
        let mut y = top;
        let mut from = moments.first().copied().unwrap_or_default();
        for (place, to) in moments.iter().enumerate() {
            if left_out.get(place).copied().unwrap_or(place == places) {
                scale.pieces.push(Piece { from, to: *to, y });
                y += scale.pixels(to - from) + gap;
                from = moments.get(place + 1).copied().unwrap_or_default();
            }
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
        pixels(micros, self.height, self.total)
    }
}

fn pixels(micros: u64, height: u32, total: u64) -> u32 {
    // Stamps of a host that makes no sense must not overflow.
    (micros.saturating_mul(height.into()) / total).min(height.into()) as u32
}

/// Height of each of so many silences.
fn gap(gaps: u32, height: u32) -> u32 {
    GAP.min(height * 2 / 5 / gaps.max(1))
}

/// Every time at which something begins or ends, in order and once.
fn moments(sketch: &Sketch) -> Vec<u64> {
    let mut moments: Vec<u64> = Vec::new();
    let mut add = |at: u64| {
        let place = moments.partition_point(|other| *other < at);
        if moments.get(place) != Some(&at) {
            moments.insert(place, at);
        }
    };
    for leg in &sketch.legs {
        add(leg.from.1);
        add(leg.to.1);
    }
    for stay in &sketch.stays {
        add(stay.from);
        add(stay.to);
    }
    for hop in &sketch.hops {
        add(hop.at);
    }
    for wait in &sketch.waits {
        add(wait.from);
        add(wait.to);
    }
    for mark in &sketch.marks {
        add(mark.at.1);
    }
    moments
}
