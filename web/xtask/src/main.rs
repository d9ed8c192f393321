//! The project's own commands, so that nobody has to install or remember a tool.
//!
//! `cargo demo`, `cargo verify` and `cargo xtask …` are aliases in `.cargo/config.toml`. One file per verb:
//!
//! - [`mod@bench`] measures the host beside other relays.
//! - [`bundle`] makes the files that the host embeds out of `web/` and `www/`.
//! - [`dist`] makes what one gives away: a folder for static hosts, packages for npm, PyPI and Debian, the host.
//! - [`demo`] bundles, builds the host in release and becomes it.
//! - [`verify`] gets whatever the tests need, then runs every check there is; [`circles`] is one of them.
//! - [`shots`] takes a picture of every view of the page.
//! - [`picture`] records a run and draws the picture of the README.
//! - [`lanes`] sends the same datagrams by both lanes over a wire that loses packets, and records that for the page.
//! - [`soak`] attacks the host, [`rolling`] updates relays while sessions talk, [`capacity`] counts how many one carries, [`fuzz`] gives
//!   the host's parsers random input.
//!
//! Below them, the pieces they share: [`command`] runs a program and says which one failed, [`program`] finds one,
//! [`needs`] installs what tests and packages need, [`target`] adds compilation targets, [`workspace`] knows where everything lies,
//! [`progress`] says what is going on, [`table`] prints the figures.

mod bench;
mod bundle;
mod capacity;
mod circles;
mod command;
mod demo;
mod dist;
mod fuzz;
mod lanes;
mod needs;
mod picture;
mod program;
mod progress;
mod rolling;
mod shots;
mod soak;
mod table;
mod target;
mod verify;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use command::PassedOn;

/// The commands of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure the host beside a plain relay, in release (`cargo xtask bench --help` has the options)
    Bench(PassedOn),
    /// Build the browser's half and put it where the host embeds it (server/bundle)
    Bundle,
    /// Make what one gives away: a folder for static hosts, packages for npm, PyPI and Debian, the host (target/dist)
    Dist(dist::Args),
    /// Bundle, build the host in release, and run it
    Demo(demo::Args),
    /// Give a fuzzer each parser that the network reaches, for a minute
    Fuzz(fuzz::Args),
    /// Attack the host in every way there is, and show what it did to the host and to a bystander
    Soak(soak::Args),
    /// Measure how many sessions that talk one relay carries on one processor
    Capacity(PassedOn),
    /// Update eight relays behind HAProxy one after the other while 2,000 sessions talk, and show what that did to them
    Rolling(PassedOn),
    /// Send the same datagrams by WebSocket and WebTransport while packets get lost (Linux, as root), and record it for the page
    Lanes(lanes::Args),
    /// Install what the checks need, and no more: verify begins with this
    Needs(needs::Parts),
    /// Run every check, after installing what the checks need
    Verify(verify::Args),
    /// Take a picture of every view of the page, in target/shots
    Shots(shots::Args),
    /// Record a real run in a browser, and draw the picture of the README of it
    Picture(picture::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Bench(args) => bench::run(&args),
        Verb::Bundle => bundle::run(),
        Verb::Dist(args) => dist::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Soak(args) => soak::run(&args),
        Verb::Capacity(args) => capacity::run(&args),
        Verb::Rolling(args) => rolling::run(&args),
        Verb::Lanes(args) => lanes::run(&args),
        Verb::Needs(parts) => needs::install(&parts),
        Verb::Verify(args) => verify::run(&args),
        Verb::Shots(args) => shots::run(&args),
        Verb::Picture(args) => picture::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not the `Debug` form that a returned error has: it buries the sentence under a backtrace.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
