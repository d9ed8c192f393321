//! `shots`: pictures of every view, wide and narrow, light and dark, for somebody to look at; and of the sites that others build.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::{bundle, command, dist, program, progress, workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Take pictures of the ready sites too, one for each generator (`cargo xtask needs --generators` installs these)
    #[arg(long)]
    generators: bool,
}

/// The verb. The browser tests take the pictures, so that there is one way only to start a browser.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = SystemTime::now();
    let features = match args.generators {
        true => "shots,generators",
        false => "shots",
    };
    match args.generators {
        // Some of the sites take their widget from the packages.
        true => dist::run_for_browsers()?,
        false => drop(bundle::make()?),
    }
    progress::heading("opening every view in Chromium");
    let mut test = workspace::locked_cargo("test");
    test.args([
        "--package",
        "e2e",
        "--features",
        features,
        "--test",
        "browser",
    ]);
    test.env("PATH", program::path_with_tools()?);
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
