//! One JSON object a line, for programs: an object with `datagram` for each answer and each end, and one with `summary`.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use wire::ledger::{Counters, Delivery, Fate};

use super::{Answered, Ended, Report, Route, Summary};

/// Tells a run to a program.
#[derive(Debug)]
pub(crate) struct Json<W> {
    out: W,
    quiet: bool,
}

#[derive(Serialize)]
struct AnswerLine {
    datagram: Option<u64>,
    delivery: Delivery,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_from: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_us: Option<f64>,
    reordered: bool,
}

#[derive(Serialize)]
struct EndLine<'a> {
    datagram: u64,
    fate: Fate,
    why: &'a str,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: Totals<'a>,
}

#[derive(Serialize)]
struct Totals<'a> {
    to: &'a str,
    client: String,
    server: String,
    elapsed_us: f64,
    interrupted: bool,
    #[serde(flatten)]
    counters: Counters,
    /// `null` when nothing was echoed.
    round_trip_us: Option<RoundTripMicros>,
}

#[derive(Serialize)]
struct RoundTripMicros {
    min: f64,
    avg: f64,
    p99: f64,
    max: f64,
}

impl<W: Write> Json<W> {
    /// JSON on `out`; a quiet one prints the summary only.
    pub(crate) fn new(out: W, quiet: bool) -> Self {
        Self { out, quiet }
    }

    fn line(&mut self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        self.out.write_all(&line)
    }
}

impl<W: Write> Report for Json<W> {
    fn answered(&mut self, answer: &Answered<'_>) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.line(&AnswerLine {
            datagram: answer.id,
            delivery: answer.delivery,
            bytes: answer.payload.len(),
            cut_from: answer.cut_from,
            round_trip_us: answer.round_trip.map(micros),
            reordered: answer.reordered,
        })
    }

    fn ended(&mut self, end: &Ended) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.line(&EndLine {
            datagram: end.id,
            fate: end.fate,
            why: &end.why,
        })
    }

    fn summary(&mut self, route: &Route, summary: &Summary) -> io::Result<()> {
        let round_trip_us = summary
            .round_trips
            .figures()
            .map(|figures| RoundTripMicros {
                min: micros(figures.min),
                avg: micros(figures.avg),
                p99: micros(figures.p99),
                max: micros(figures.max),
            });
        self.line(&SummaryLine {
            summary: Totals {
                to: &route.name,
                client: route.client.to_string(),
                server: route.server.to_string(),
                elapsed_us: micros(summary.elapsed),
                interrupted: summary.interrupted,
                counters: summary.counters,
                round_trip_us,
            },
        })
    }
}

/// Microseconds, with the nanoseconds behind the point.
fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}
