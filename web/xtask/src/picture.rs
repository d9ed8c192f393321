//! `picture`: records a real run in a browser, and draws the picture of the README of it.

use std::fs;

use anyhow::{Context, Result};

use crate::{bundle, command, program, progress, workspace};

/// What `picture` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Draw the run that is recorded already, for code that draws it otherwise
    #[arg(long)]
    drawn: bool,
}

/// The verb. A test holds the result against what the code draws, so it cannot grow old unnoticed.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.drawn {
        record()?;
    }
    progress::heading("drawing it");
    let mut draw = workspace::locked_cargo("run");
    draw.args([
        "--quiet",
        "--package",
        "udp-echo-picture",
        "--example",
        "readme",
    ]);
    command::run(&mut draw)
}

/// A browser test takes the run, so that there is one way only to start a browser.
fn record() -> Result<()> {
    bundle::make()?;
    progress::heading("recording a run in Chromium");
    let mut test = workspace::locked_cargo("test");
    test.args([
        "--package",
        "e2e",
        "--features",
        "shots",
        "--test",
        "browser",
    ]);
    test.args(["--", "shots::run::"]);
    command::run(test.env("PATH", program::path_with_tools()?))?;
    let recorded = workspace::target_dir().join("shots/run.json");
    let kept = workspace::root().join("web/picture/run/run.json");
    fs::copy(&recorded, &kept).with_context(|| format!("copy {}", recorded.display()))?;
    Ok(())
}
