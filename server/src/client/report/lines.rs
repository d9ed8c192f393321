//! A line per datagram and a summary, in the manner of `ping`.

use std::io::{self, Write};
use std::time::Duration;

use wire::ledger::{Counters, Delivery, Fate};

use super::{Answered, Ended, Report, Route, Summary};
use crate::place::Shown;

/// Tells a run to a reader.
#[derive(Debug)]
pub(crate) struct Lines<W> {
    out: W,
    quiet: bool,
}

impl<W: Write> Lines<W> {
    /// Lines on `out`; a quiet one prints the summary only.
    pub(crate) fn new(out: W, quiet: bool) -> Self {
        Self { out, quiet }
    }
}

impl<W: Write> Report for Lines<W> {
    fn begin(&mut self, route: &Route, bytes: usize) -> io::Result<()> {
        let Route {
            name,
            client,
            server,
            ..
        } = route;
        let through = if route.relayed { "the relay at " } else { "" };
        let (client, server) = (Shown(*client), Shown(*server));
        let address = if *name == server.to_string() {
            String::new()
        } else {
            format!(" ({server})")
        };
        writeln!(
            self.out,
            "{bytes} bytes a datagram, from {client} to {through}{name}{address}"
        )
    }

    fn answered(&mut self, answer: &Answered<'_>) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let bytes = match answer.cut_from {
            Some(sent) => format!(
                "{} of {sent} bytes, cut by the server",
                answer.payload.len()
            ),
            None => format!("{} bytes", answer.payload.len()),
        };
        let Some(id) = answer.id else {
            return writeln!(
                self.out,
                "stray: {bytes} that answer nothing sent from here"
            );
        };
        match (answer.delivery, answer.round_trip) {
            (Delivery::Echoed, Some(time)) => {
                let order = if answer.reordered {
                    ", out of order"
                } else {
                    ""
                };
                writeln!(
                    self.out,
                    "datagram {id}: echoed, {bytes}, {}{order}",
                    milliseconds(time)
                )
            }
            (Delivery::Echoed, None) => writeln!(self.out, "datagram {id}: echoed, {bytes}"),
            (Delivery::Duplicate, _) => writeln!(
                self.out,
                "datagram {id}: answered again, a duplicate, {bytes}"
            ),
            (Delivery::Late, _) => writeln!(
                self.out,
                "datagram {id}: answered late, after it was given up, {bytes}"
            ),
            (Delivery::Stray, _) => {
                writeln!(self.out, "datagram {id}: answered by a stray, {bytes}")
            }
        }
    }

    fn ended(&mut self, end: &Ended) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        writeln!(
            self.out,
            "datagram {}: {}, {}",
            end.id,
            word(end.fate),
            end.why
        )
    }

    fn summary(&mut self, route: &Route, summary: &Summary) -> io::Result<()> {
        let Counters {
            sent,
            echoed,
            lost,
            dropped,
            refused,
            rejected,
            unanswered,
            in_flight,
            ..
        } = summary.counters;
        let Counters {
            duplicates,
            reordered,
            late,
            truncated,
            stray,
            ..
        } = summary.counters;
        let out = &mut self.out;
        let elapsed = summary.elapsed;
        writeln!(
            out,
            "\n--- {}: {sent} sent in {} ---",
            route.name,
            seconds(elapsed)
        )?;
        writeln!(
            out,
            "sent {sent} = echoed {echoed} + lost {lost} + dropped {dropped} + refused {refused} + rejected {rejected} \
             + unanswered {unanswered} + in flight {in_flight}"
        )?;
        let share = percent(echoed, sent);
        writeln!(
            out,
            "{share} echoed; {duplicates} duplicates, {reordered} reordered, {late} late, {truncated} cut, {stray} stray"
        )?;
        if let Some(figures) = summary.round_trips.figures() {
            writeln!(
                out,
                "round trip min/avg/p99/max = {:.3}/{:.3}/{:.3}/{:.3} ms",
                figures.min.as_secs_f64() * 1e3,
                figures.avg.as_secs_f64() * 1e3,
                figures.p99.as_secs_f64() * 1e3,
                figures.max.as_secs_f64() * 1e3,
            )?;
        }
        Ok(())
    }
}

/// A fate as a word in a sentence.
fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Echoed => "echoed",
        Fate::Lost => "lost",
        Fate::Dropped => "dropped",
        Fate::Refused => "refused",
        Fate::Rejected => "rejected",
        Fate::Unanswered => "unanswered",
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Of nothing sent, nothing came back.
fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    };
    format!("{:.1} %", share * 100.0)
}
