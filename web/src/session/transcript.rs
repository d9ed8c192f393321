//! A transcript: the last lines of one side, in the words of [`wire::transcript`].

use std::collections::VecDeque;

/// Most lines that are kept; older ones are forgotten.
pub const KEPT_LINES: usize = 400;

/// What a line is, which decides how it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line that the tutorial's script would print.
    Printed,
    /// What was on the wire.
    Data,
    /// A remark of ours: nothing that a script prints.
    Remark,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The datagram it is about.
    pub number: Option<u64>,
    /// What it is.
    pub kind: Kind,
    /// The text, without its end of line.
    pub text: String,
}

/// The lines of one side.
#[derive(Debug, Default)]
pub struct Transcript {
    lines: VecDeque<Line>,
    forgotten: u64,
}

impl Transcript {
    pub(super) fn push(&mut self, number: Option<u64>, kind: Kind, text: String) {
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back(Line { number, kind, text });
    }

    pub(super) fn print(&mut self, number: Option<u64>, text: impl Into<String>) {
        self.push(number, Kind::Printed, text.into());
    }

    pub(super) fn remark(&mut self, number: Option<u64>, text: String) {
        self.push(number, Kind::Remark, text);
    }

    /// How many lines there ever were; line `n` of them, counted from 0, keeps its number for ever.
    pub fn total(&self) -> u64 {
        self.forgotten + self.lines.len() as u64
    }

    /// The kept lines from this number on.
    pub fn since(&self, line: u64) -> impl Iterator<Item = (u64, &Line)> {
        let skipped = line.saturating_sub(self.forgotten) as usize;
        let from = self.forgotten + skipped as u64;
        (from..).zip(self.lines.iter().skip(skipped))
    }

    /// The number of the oldest kept line.
    pub fn oldest(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn clear(&mut self) {
        self.forgotten += self.lines.len() as u64;
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_when_older_ones_are_forgotten() {
        let mut transcript = Transcript::default();
        for n in 0..KEPT_LINES + 10 {
            transcript.print(None, n.to_string());
        }
        assert_eq!(transcript.total(), KEPT_LINES as u64 + 10);
        assert_eq!(transcript.oldest(), 10);
        let (number, line) = transcript.since(0).next().unwrap();
        assert_eq!((number, line.text.as_str()), (10, "10"));
        let last: Vec<_> = transcript
            .since(KEPT_LINES as u64 + 8)
            .map(|(n, _)| n)
            .collect();
        assert_eq!(last, [KEPT_LINES as u64 + 8, KEPT_LINES as u64 + 9]);
    }
}
