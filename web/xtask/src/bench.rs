//! `bench`: the host beside other relays, built in release. The benchmark itself is `server/benches/relay`.

use std::ffi::OsString;

use anyhow::Result;

use crate::{command, workspace};

/// What `bench` can be told: all of it goes to the benchmark.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Options of the benchmark
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// The verb: builds the host and the benchmark, and runs them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut bench = workspace::locked_cargo("bench");
    bench
        .args(["--package", "udp-echo", "--bench", "relay", "--", "--out"])
        .arg(workspace::target_dir().join("bench"))
        .args(&args.options);
    command::run(&mut bench)
}
