//! `demo`: everything from a fresh clone to a running host.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::{bundle, command, dist, progress};

/// The setting that lets pages open a second lane.
const LANES: &str = "UDP_ECHO_WEBTRANSPORT";

/// What `demo` can be told: whatever `udp-echo serve` can.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Settings of the host, such as --open or --http 127.0.0.1:0; `cargo demo serve --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    serve: Vec<String>,
}

/// The verb. On Unix this process becomes the host, so that Ctrl-C and every other signal reach it directly and
/// nothing is left behind.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    bundle::make()?;
    let mut host = Command::new(dist::build_host()?);
    host.args(&args.serve);
    if std::env::var_os(LANES).is_none() {
        // Any free port: the page is told which.
        host.env(LANES, "0");
    }
    let seconds = started.elapsed().as_secs_f64();
    progress::heading(&format!(
        "built in {seconds:.1} s; starting {}",
        command::line(&host)
    ));
    become_program(&mut host)
}

#[cfg(unix)]
fn become_program(program: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let error = program.exec();
    Err(anyhow::Error::new(error).context(format!("could not start `{}`", command::line(program))))
}

#[cfg(not(unix))]
fn become_program(program: &mut Command) -> Result<()> {
    command::run(program)
}
