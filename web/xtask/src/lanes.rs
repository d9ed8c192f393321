//! `lanes`: the same hundred datagrams by WebSocket and by WebTransport over a wire that really loses packets.
//!
//! Loss below TCP needs a network of one's own. `web/xtask/lanes` makes one of two network namespaces and a TUN program between them,
//! which needs Linux and root, Python, Chromium and chromedriver. It prints the table of delays, and writes the runs that the page's
//! experiments replay.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{bundle, command, dist, program, progress, workspace};

/// What `lanes` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for the runs and their conditions [default: where the page's experiments have theirs]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Rounds of a hundred datagrams, of each lane at each loss
    #[arg(long, default_value_t = 10)]
    rounds: u32,
    /// Decides which packets are lost
    #[arg(long, default_value_t = 20)]
    seed: u32,
    /// A host that is built already
    #[arg(long)]
    host: Option<PathBuf>,
}

/// The verb.
pub(crate) fn run(args: &Args) -> Result<()> {
    let host = match &args.host {
        Some(host) => host.clone(),
        None => {
            bundle::make()?;
            dist::build_host()?
        }
    };
    let kept = || workspace::root().join("www/experiments");
    let out = args.out.clone().unwrap_or_else(kept);
    progress::heading("recording");
    let mut record = Command::new("python3");
    record
        .arg(workspace::root().join("web/xtask/lanes/record.py"))
        .arg("--host")
        .arg(std::path::absolute(host)?)
        .arg("--out")
        .arg(out)
        .args(["--rounds", &args.rounds.to_string()])
        .args(["--seed", &args.seed.to_string()]);
    command::run(record.env("PATH", program::path_with_tools()?))
}
