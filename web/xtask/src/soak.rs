//! `soak`: ten thousand sessions ended in every way there is, with what the host has open before and after.

use anyhow::Result;

use crate::{command, workspace};

/// What `soak` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each way to end a session is gone; ten sessions each
    #[arg(long, default_value_t = 1000)]
    rounds: u32,
}

/// The verb: the leak test of every `cargo test`, for longer, with its figures shown.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut test = workspace::locked_cargo("test");
    test.args(["--package", "udp-echo", "--test", "attacks", "--"])
        .args(["--nocapture", "sessions_that_end_in_every_way"])
        .env("UDP_ECHO_SOAK_ROUNDS", args.rounds.to_string());
    command::run(&mut test)
}
