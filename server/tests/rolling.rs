//! Eight relays behind HAProxy, 2,000 sessions that talk, a rolling update, and two relays killed. `cargo xtask rolling` runs it.
//!
//! A program with a `main` of its own and no part of `cargo test`: what must hold is tested in `tests/programs/rolling.rs`, at a smaller
//! scale.

// What cannot be done here ends it with the reason.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use test_support::rolling::{self, Row, Scale};
use udp_echo::config::Config;

/// How large it is.
#[derive(Parser)]
struct Arguments {
    /// Relays behind the proxy
    #[arg(long, default_value_t = 8)]
    relays: usize,
    /// Sessions that talk, 250 of each address
    #[arg(long, default_value_t = 2000)]
    sessions: usize,
    /// Relays that are killed at once
    #[arg(long, default_value_t = 2)]
    killed: usize,
    /// Milliseconds between two datagrams of a session
    #[arg(long, default_value_t = 500)]
    pace: u64,
    /// Seconds in which nothing happens
    #[arg(long, default_value_t = 10)]
    calm: u64,
}

#[tokio::main]
async fn main() {
    let asked = Arguments::parse();
    udp_echo::limits::raise_descriptor_limit(&Config::default().limits);
    let scale = Scale {
        relays: asked.relays,
        sessions: asked.sessions,
        killed: asked.killed,
        pace: Duration::from_millis(asked.pace),
        calm: Duration::from_secs(asked.calm),
    };
    let began = Instant::now();
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let rows = rolling::run(scale, &deploy).await;
    println!("| {} |", Row::HEADINGS.join(" | "));
    println!("|---|{}", "--:|".repeat(Row::HEADINGS.len() - 1));
    for row in &rows {
        println!("| {} |", row.columns().join(" | "));
    }
    println!(
        "all {} sessions went on, one datagram each {} ms; every ledger added up; {:.0} s",
        asked.sessions,
        asked.pace,
        began.elapsed().as_secs_f64()
    );
}
