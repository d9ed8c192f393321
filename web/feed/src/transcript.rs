//! A transcript: the last lines of one side, in the words of [`wire::transcript`].

use std::collections::VecDeque;
use std::ops::Range;

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
    /// Adds a line.
    pub fn push(&mut self, number: Option<u64>, kind: Kind, text: String) {
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back(Line { number, kind, text });
    }

    /// Adds a line that the tutorial's script would print.
    pub fn print(&mut self, number: Option<u64>, text: &str) {
        self.push(number, Kind::Printed, text.to_owned());
    }

    /// Adds a remark of ours.
    pub fn remark(&mut self, number: Option<u64>, text: &str) {
        self.push(number, Kind::Remark, text.to_owned());
    }

    /// The numbers of the kept lines; a line keeps its number for ever.
    pub fn numbers(&self) -> Range<u64> {
        self.forgotten..self.forgotten + self.lines.len() as u64
    }

    /// A kept line by its number.
    pub fn line(&self, number: u64) -> Option<&Line> {
        let index = number.checked_sub(self.forgotten)?;
        self.lines.get(usize::try_from(index).ok()?)
    }

    /// Forgets all lines; the numbers go on.
    pub fn clear(&mut self) {
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
            transcript.print(None, &n.to_string());
        }
        assert_eq!(transcript.numbers(), 10..KEPT_LINES as u64 + 10);
        assert_eq!(transcript.line(9), None);
        assert_eq!(transcript.line(10).unwrap().text, "10");
        transcript.clear();
        transcript.print(None, "next");
        assert_eq!(
            transcript.line(KEPT_LINES as u64 + 10).unwrap().text,
            "next"
        );
        assert_eq!(transcript.line(KEPT_LINES as u64 + 9), None);
    }
}
