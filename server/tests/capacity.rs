//! How many sessions that talk one relay carries on one processor. `cargo xtask capacity` runs it.
//!
//! A program with a `main` of its own and no part of `cargo test`: it is a measurement.

// What cannot be done here ends it with the reason.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use clap::Parser;
use test_support::rolling::capacity::{self, P99_AT_MOST, Step};
use udp_echo::config::Config;

/// How large it is.
#[derive(Parser)]
struct Arguments {
    /// Most sessions
    #[arg(long, default_value_t = 16_000)]
    most: usize,
    /// Milliseconds between two datagrams of a session
    #[arg(long, default_value_t = 100)]
    pace: u64,
    /// Seconds of each step
    #[arg(long, default_value_t = 10)]
    time: u64,
}

#[tokio::main]
async fn main() {
    let asked = Arguments::parse();
    udp_echo::limits::raise_descriptor_limit(&Config::default().limits);
    let (pace, time) = (
        Duration::from_millis(asked.pace),
        Duration::from_secs(asked.time),
    );
    let steps = capacity::measure(asked.most, pace, time).await;
    println!(
        "| sessions | datagrams a second | lost | median, ms | p99, ms | of the relay's processor | of the clients' |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for step in &steps {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "| {} | {:.0} | {} | {:.2} | {:.2} | {:.0} % | {:.0} % |",
            step.sessions,
            step.per_second,
            step.lost,
            millis(step.median),
            millis(step.p99),
            step.relay * 100.0,
            step.clients * 100.0
        );
    }
    match steps.iter().rfind(|step| step.is_carried()) {
        Some(carried) => println!(
            "one processor carries {} sessions with {:.0} datagrams a second, none lost, p99 below {P99_AT_MOST:?}",
            carried.sessions, carried.per_second
        ),
        None => println!("not even the first step was carried: is the machine busy?"),
    }
    if steps.iter().any(Step::is_limited_by_clients) {
        println!("the clients had no time left: the relay may carry more");
    }
}
