//! `soak`: every attack there is, each on a host of its own, and what it did to the host and to a bystander.

use anyhow::Result;

use crate::{command, workspace};

/// What `soak` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make each attack once, as the tests do, instead of for minutes
    #[arg(long)]
    quick: bool,
}

/// The verb: the attacks of every `cargo test`, larger, on the host as it is shipped, with a table of figures.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut soak = workspace::locked_cargo("test");
    soak.args(["--release", "--package", "udp-echo", "--test", "soak"]);
    if args.quick {
        soak.args(["--", "--quick"]);
    }
    command::run(&mut soak)
}
