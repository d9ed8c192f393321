//! `soak`: every attack there is, each on a host of its own, and what it did to the host and to a bystander.

use anyhow::Result;

use crate::{command, workspace};

/// What `soak` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make each attack once, as the tests do, instead of for minutes
    #[arg(long)]
    quick: bool,

    /// Make each attack so many times as long
    #[arg(long, default_value_t = 1)]
    times: u32,

    /// Instead of attacks, do what readers really do for so many minutes, and draw memory and descriptors into target/soak.svg
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["quick", "times", "words"])]
    minutes: Option<u64>,

    /// Words of the attacks to make, such as `floods`; all when there are none
    words: Vec<String>,
}

/// The verb: the attacks of every `cargo test`, larger, on the host as it is shipped, with a table of figures.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut soak = workspace::release_test("soak");
    if let Some(minutes) = args.minutes {
        soak.args(["--minutes", &minutes.to_string()]);
        return command::run(&mut soak);
    }
    soak.args(args.quick.then_some("--quick"));
    soak.arg(args.times.to_string()).args(&args.words);
    command::run(&mut soak)
}
