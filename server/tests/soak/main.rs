//! The attacks of `tests/attacks.rs`, larger and one after the other, with a table of what each did. `cargo xtask soak` runs it.
//!
//! With `--minutes N` it is something else: what readers really do, for that long (`lives`), with memory and descriptors every minute
//! as a picture (`plot`).
//!
//! A program with a `main` of its own and no part of `cargo test`: what must hold is tested there, at a smaller scale.

// What cannot be done here ends the soak with the reason.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use test_support::attacks::assaults::ATTACKS;
use test_support::attacks::capacity;
use test_support::attacks::figures::{self, Figures};
use test_support::attacks::readers;
use test_support::host::HostProgram;

mod lives;
mod plot;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(minutes) = minutes(&arguments) {
        return lives::live(minutes).await;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let number = arguments.iter().find_map(|argument| argument.parse().ok());
    let times: usize = number.unwrap_or(1);
    let words = arguments.iter().filter(|word| {
        let is_number = word.parse::<usize>().is_ok();
        !word.starts_with("--") && !is_number
    });
    let words: Vec<_> = words.collect();
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(*word));
    let began = Instant::now();
    let mut rows = Vec::new();
    for (place, attack) in ATTACKS.iter().enumerate() {
        if !chosen(attack.name) {
            continue;
        }
        eprintln!("{}/{} {}", place + 1, ATTACKS.len(), attack.name);
        let scale = attack.scale(quick) * times;
        let figures = figures::suffer(attack, scale).await;
        eprintln!("{figures}");
        figures.assert_harmless(attack.name, (attack.bound)(scale));
        rows.push((attack.name, figures));
    }
    if !rows.is_empty() {
        table(&rows);
        let took = began.elapsed().as_secs_f64();
        println!("ledgers added up and descriptors the same in all of them; {took:.0} s");
    }
    if chosen("a thousand readers") {
        let host = HostProgram::start(&readers::SETTINGS).await;
        println!("\n{}", readers::echo_at_once(&host, 1000).await);
    }
    if chosen("idle sessions") {
        capacity::measure(if quick { 200 } else { 4000 }).await;
    }
}

/// The number behind `--minutes`.
fn minutes(arguments: &[String]) -> Option<u64> {
    let at = arguments
        .iter()
        .position(|argument| argument == "--minutes")?;
    arguments.get(at + 1)?.parse().ok()
}

/// One row for each attack, one column for each figure.
fn table(rows: &[(&str, Figures)]) {
    let Some((_, first)) = rows.first() else {
        return;
    };
    let headings = first.named().map(|(name, _)| name);
    println!("\n| attack | {} |", headings.join(" | "));
    println!("|---|{}", "--:|".repeat(headings.len()));
    for (attack, figures) in rows {
        let figures = figures.named().map(|(_, figure)| figure);
        println!("| {attack} | {} |", figures.join(" | "));
    }
}
