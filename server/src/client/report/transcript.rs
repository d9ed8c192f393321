//! The tutorial's client: `sending`, `waiting to receive`, `received`, `closing socket`.

use std::io::{self, Write};

use wire::transcript::{CLOSING_SOCKET, WAITING_FOR_REPLY, received, sending};

use super::{Answered, Ended, Report, Route, Summary};

/// Tells a run of one datagram word for word as the tutorial does; what the tutorial has no words for comes after its
/// last line.
#[derive(Debug)]
pub(crate) struct Transcript<W> {
    out: W,
    why_not: Option<String>,
}

impl<W: Write> Transcript<W> {
    /// A transcript on `out`.
    pub(crate) fn new(out: W) -> Self {
        Self { out, why_not: None }
    }
}

impl<W: Write> Report for Transcript<W> {
    fn sending(&mut self, payload: &[u8]) -> io::Result<()> {
        writeln!(self.out, "{}", sending(payload))
    }

    fn waiting(&mut self) -> io::Result<()> {
        writeln!(self.out, "{WAITING_FOR_REPLY}")
    }

    fn answered(&mut self, answer: &Answered<'_>) -> io::Result<()> {
        writeln!(self.out, "{}", received(answer.payload))
    }

    fn ended(&mut self, end: &Ended) -> io::Result<()> {
        self.why_not = Some(end.why.clone());
        Ok(())
    }

    fn summary(&mut self, _route: &Route, _summary: &Summary) -> io::Result<()> {
        writeln!(self.out, "{CLOSING_SOCKET}")?;
        match &self.why_not {
            Some(why) => writeln!(self.out, "error: {why}"),
            None => Ok(()),
        }
    }
}
