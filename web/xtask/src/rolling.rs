//! `rolling`: many relays behind one proxy, updated one after the other while sessions talk. It is `server/tests/rolling.rs`.

use std::ffi::OsString;

use anyhow::Result;

use crate::{command, workspace};

/// What `rolling` can be told: all of it goes to the program.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Options of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// The verb: the host as it is shipped, HAProxy, and a table of what an update and a kill did to the sessions.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut rolling = workspace::locked_cargo("test");
    rolling.args(["--release", "--package", "udp-echo", "--test", "rolling"]);
    rolling.arg("--").args(&args.options);
    command::run(&mut rolling)
}
