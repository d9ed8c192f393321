//! `capacity`: how many sessions that talk one relay carries on one processor. It is `server/tests/capacity.rs`.

use std::ffi::OsString;

use anyhow::Result;

use crate::{command, workspace};

/// What `capacity` can be told: all of it goes to the program.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Options of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// The verb: the host as it is shipped on one processor, its clients on the others, and a table.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut capacity = workspace::locked_cargo("test");
    capacity.args(["--release", "--package", "udp-echo", "--test", "capacity"]);
    capacity.arg("--").args(&args.options);
    command::run(&mut capacity)
}
