//! The log: on standard error, as text for people or as JSON for programs.

use std::io;

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

mod throttle;

pub use throttle::Throttle;

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Words and `name=value`
    Text,
    /// One JSON object a line
    Json,
}

/// Turns colours off, in help and log, on a terminal that has none whatever else the environment says of it.
///
/// For the rest, what writes colours asks `anstream`: standard error has to be a terminal, `NO_COLOR` and `CLICOLOR=0`
/// forbid them, and `CLICOLOR_FORCE` has them in pipes too.
pub fn settle_colours() {
    if std::env::var_os("TERM").is_some_and(|term| term.is_empty() || term == "dumb") {
        ColorChoice::Never.write_global();
    }
}

/// Starts the log. `RUST_LOG` chooses what is in it, `info` when it says nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Where a line cannot be written, a complaint about that cannot either: it would end the session that has it.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(takes_colours()).init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init(),
    }
}

/// Whether standard error shows colours. On Windows, asking turns them on.
fn takes_colours() -> bool {
    AutoStream::auto(io::stderr()).current_choice() == ColorChoice::AlwaysAnsi
}
