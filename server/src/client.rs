//! `udp-echo client`: sends datagrams to an echo server and says what became of each.
//!
//! Without options it is the tutorial's client and speaks its words, on standard error: one message, one answer, the
//! socket closed. With `--count`, `--interval`, `--json` or `--quiet` it is a tool in the manner of `ping`, on standard
//! output. Both are one `run::Run`; they differ in the `report::Report` that is told what happens.
//!
//! - `args`: what the command line says;
//! - `payload`: the bytes that are sent;
//! - `transport`: the socket, or the relay, that carries datagrams;
//! - `run`: one loop that sends, receives, and gives up;
//! - `report`, `round_trips`: what is printed;
//! - `capture`: what `--pcap` writes.

use std::io::{self, IsTerminal as _, Write};
use std::pin::pin;
use std::process::ExitCode;

use anyhow::ensure;

use crate::signals::stop_signal;

mod args;
mod capture;
mod payload;
mod report;
mod round_trips;
mod run;
mod transport;

pub use args::ClientArgs;
pub(crate) use args::DEFAULT_SERVER;
pub(crate) use transport::{connected, is_icmp, server_address, widen};

use args::Style;
use capture::{CaptureFile, Place};
use report::{Json, Lines, Report, Route, Transcript};
use run::Run;
use transport::Transport;

/// Exit code of a program that was stopped before its work was done: 128 and the number of SIGINT, as shells report.
const INTERRUPTED: u8 = 130;

/// Sends what the arguments ask for, reports it, and returns the exit code.
///
/// The code is 0 when at least one answer came, 1 when none did, and 130 when Ctrl-C ended the plain client while it
/// waited. Ctrl-C ends the tool as it ends `ping`: the summary is printed, and the code is 0 or 1 as above. SIGTERM and a
/// terminal that is closed do the same.
///
/// # Errors
/// An address that cannot be resolved or reached, a relay that refuses or ends the session, a file or standard output
/// that cannot be written; each says which, and what to do.
pub async fn run(args: ClientArgs) -> anyhow::Result<ExitCode> {
    let plan = args.plan()?;
    ensure!(
        plan.capture != Some(Place::StandardOutput) || !io::stdout().is_terminal(),
        "a capture is not for a terminal: pipe it, as in `udp-echo client --pcap - | tshark -r -`, or name a file"
    );
    let mut stopped = pin!(stop_signal()?);
    let transport = tokio::select! {
        transport = Transport::open(&plan.destination) => transport?,
        // Names may take long to be found, and relays to answer.
        () = &mut stopped => {
            eprintln!("stopped before {} was reached", plan.destination);
            return Ok(INTERRUPTED.into());
        }
    };
    let route = Route {
        name: plan.destination.to_string(),
        client: transport.local(),
        server: transport.peer(),
        relayed: transport.is_relay(),
    };
    let capture = match &plan.capture {
        Some(place) => Some(CaptureFile::create(place, &route)?),
        None => None,
    };
    let out: Box<dyn Write> = match plan.capture {
        Some(Place::StandardOutput) => Box::new(io::stderr()),
        _ => Box::new(io::stdout()),
    };
    let mut report: Box<dyn Report> = match plan.style {
        Style::Transcript => Box::new(Transcript::new(io::stderr())),
        Style::Lines => Box::new(Lines::new(out, args.quiet)),
        Style::Json => Box::new(Json::new(out, args.quiet)),
    };
    let run = Run::new(&plan, &route, transport, capture, &mut *report);
    let summary = match run.until(stopped).await {
        // Whoever read standard output has gone (`udp-echo client … | head -1`): nobody is left to tell.
        Err(error) if is_broken_pipe(&error) => return Ok(ExitCode::SUCCESS),
        outcome => outcome?,
    };
    Ok(match plan.style {
        Style::Transcript if summary.interrupted => INTERRUPTED.into(),
        _ if summary.counters.echoed > 0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
