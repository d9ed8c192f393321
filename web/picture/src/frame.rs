//! Which part of a run the picture shows.

use std::ops::Range;

use crate::steps::{Step, StepId};

/// How many datagrams are shown at each zoom, from near to far.
pub const WINDOWS: [u64; 6] = [1, 3, 6, 12, 25, 50];

/// The zoom to begin with.
const BEGIN: usize = 3;

/// Which part of a run the picture shows.
#[derive(Debug)]
pub struct Frame {
    /// Place in [`WINDOWS`].
    zoom: usize,
    /// Number after the last one shown; `None` follows the newest.
    end: Option<u64>,
    /// The step that is shown.
    step: Option<StepId>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            zoom: BEGIN,
            end: None,
            step: None,
        }
    }
}

impl Frame {
    /// The numbers that are shown, of those that are kept.
    pub fn window(&self, kept: &Range<u64>) -> Range<u64> {
        let count = WINDOWS[self.zoom];
        let end = self.end.map_or(kept.end, |end| {
            end.clamp((kept.start + count).min(kept.end), kept.end)
        });
        kept.start.max(end.saturating_sub(count))..end
    }

    /// Whether the newest is always shown.
    pub fn follows(&self) -> bool {
        self.end.is_none()
    }

    /// The step that is shown.
    pub fn step(&self) -> Option<StepId> {
        self.step
    }

    /// Shows the newest from now on, and no step.
    pub fn follow(&mut self) {
        self.end = None;
        self.step = None;
    }

    /// Stays where it is.
    pub fn stay(&mut self, kept: &Range<u64>) {
        self.end = Some(self.window(kept).end);
    }

    /// Goes nearer (fewer datagrams) or further away; what is in the middle stays there. True when that was possible.
    pub fn zoom(&mut self, nearer: bool, kept: &Range<u64>) -> bool {
        let next = match nearer {
            true => self.zoom.checked_sub(1),
            false => Some(self.zoom + 1).filter(|zoom| *zoom < WINDOWS.len()),
        };
        let Some(next) = next else {
            return false;
        };
        let window = self.window(kept);
        let middle = match self.step {
            Some(step) => step.number,
            None => window.start.midpoint(window.end),
        };
        self.zoom = next;
        if self.end.is_some() {
            self.end = Some(middle + WINDOWS[next].div_ceil(2));
        }
        true
    }

    /// Makes sure that a datagram is shown.
    pub fn reveal(&mut self, number: u64, kept: &Range<u64>) {
        if kept.contains(&number) && !self.window(kept).contains(&number) {
            self.end = Some(number + WINDOWS[self.zoom].div_ceil(2));
        }
    }

    /// Goes to the step after the one that is shown, or before it. The first one is the first of the datagram that is
    /// picked, or else of the picture. Returns its place; `None` when there is no such step.
    pub fn go(
        &mut self,
        back: bool,
        steps: &[Step<'_>],
        picked: Option<u64>,
        kept: &Range<u64>,
    ) -> Option<usize> {
        let first = picked.unwrap_or_else(|| self.window(kept).start);
        let place = match self.place(steps) {
            Some(place) if back => place.checked_sub(1)?,
            Some(place) => place + 1,
            None => steps
                .iter()
                .position(|step| step.datagram.number == first)?,
        };
        let step = steps.get(place)?;
        self.stay(kept);
        self.step = Some(step.id());
        self.reveal(step.datagram.number, kept);
        Some(place)
    }

    /// Place of the step that is shown.
    pub fn place(&self, steps: &[Step<'_>]) -> Option<usize> {
        let shown = self.step?;
        steps.iter().position(|step| step.id() == shown)
    }
}
