//! `shots`: pictures of every view, wide and narrow, light and dark, for somebody to look at.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::{bundle, command, progress, workspace};

/// The verb. The browser tests take the pictures, so that there is one way only to start a browser.
pub(crate) fn run() -> Result<()> {
    let started = SystemTime::now();
    bundle::make()?;
    progress::heading("opening every view in Chromium");
    let mut test = workspace::locked_cargo("test");
    test.args([
        "--package",
        "e2e",
        "--features",
        "shots",
        "--test",
        "browser",
    ]);
    command::run(test.args(["--", "shots::"]))?;
    let folder = workspace::target_dir().join("shots");
    let reading = || format!("read {}", folder.display());
    let mut pictures = Vec::new();
    for entry in fs::read_dir(&folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        // Views that are no more leave their pictures behind; those are not of this run.
        if entry
            .metadata()
            .and_then(|meta| meta.modified())
            .with_context(reading)?
            >= started
        {
            pictures.push(entry.path());
        }
    }
    ensure!(!pictures.is_empty(), "no view was opened");
    pictures.sort();
    for picture in pictures {
        println!("{}", picture.display());
    }
    Ok(())
}
