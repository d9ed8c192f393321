//! `fuzz`: whatever libFuzzer can think of, for each parser that the network reaches.
//!
//! The targets are in `server/fuzz`, and call the same functions as the property tests of `cargo test`. libFuzzer wants to
//! know which way the program took; the flags for that are not stable yet, and a stable compiler takes them when told so.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, program, progress, workspace};

/// The cargo-fuzz that is installed when there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// Longest input that is tried, in bytes: some hundred frames, or a head of a request.
const MAX_BYTES: u32 = 2000;

/// A parser, as `server/fuzz/targets` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// Control messages, of clients and of hosts
    Control,
    /// WebSocket frames of a client
    Frames,
    /// Host, Origin, X-Forwarded-For and their like
    Headers,
    /// Datagrams and reports of a lane
    Lane,
    /// The query of /relay
    Query,
    /// Requests and datagrams of /sockets
    Sockets,
}

/// What `fuzz` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The parsers to try; all of them when none is named
    #[arg(value_enum)]
    targets: Vec<Target>,

    /// How long to try each, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// The verb: each target in turn, until one finds something or all have had their time.
pub(crate) fn run(args: &Args) -> Result<()> {
    install()?;
    let all = <Target as clap::ValueEnum>::value_variants();
    let targets = match &args.targets[..] {
        [] => all,
        some => some,
    };
    for target in targets {
        let name = format!("{target:?}").to_lowercase();
        progress::heading(&format!("{name}, {} s", args.seconds));
        fuzz(&name, args.seconds)?;
    }
    Ok(())
}

fn install() -> Result<()> {
    if program::find("cargo-fuzz").is_some() {
        return Ok(());
    }
    progress::heading(&format!("building cargo-fuzz {CARGO_FUZZ}, once"));
    let mut install = workspace::cargo("install");
    install.args(["cargo-fuzz", "--version", CARGO_FUZZ, "--locked", "--root"]);
    command::run(install.arg(program::tools_dir()))
}

fn fuzz(name: &str, seconds: u32) -> Result<()> {
    let folder = workspace::target_dir().join("fuzz");
    let corpus = folder.join("corpus").join(name);
    let found = folder.join("artifacts").join(name);
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let mut fuzz = Command::new(program::find("cargo-fuzz").context("cargo-fuzz is not there")?);
    fuzz.args(["fuzz", "run", "--sanitizer", "none", name])
        .arg(corpus);
    let seeds = workspace::root().join("server/fuzz/seeds").join(name);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_BYTES}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg("-print_final_stats=1")
        .current_dir(workspace::root().join("server"))
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTC_BOOTSTRAP", "1");
    command::run(&mut fuzz).with_context(|| {
        format!(
            "{name} found something; the input is in {}",
            found.display()
        )
    })
}
