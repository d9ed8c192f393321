//! The benchmark: the host beside what everybody would write, and beside what the kernel allows.
//!
//! `cargo xtask bench` builds and runs it. This process is the load generator; every relay and every echo server is a
//! process of its own, started anew, on loopback. Rounds are interleaved: each round measures every program once, so that
//! a machine that slows down slows all of them down.
//!
//! - [`plain`] is the relay that everybody would write with axum; [`floors`] do the least that can be done;
//! - [`flow`] makes messages and checks every echo, [`load`] carries them, [`sockets`] opens what `/sockets` needs, [`process`] starts programs and reads their CPU;
//! - [`relays`], [`echoes`], [`idle`], [`neighbours`] and [`lanes`] are the tables; [`report`] and [`plot`] show them.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[cfg(target_os = "linux")]
mod cli;
#[cfg(target_os = "linux")]
mod echoes;
#[cfg(target_os = "linux")]
mod floors;
#[cfg(target_os = "linux")]
mod flow;
#[cfg(target_os = "linux")]
mod idle;
#[cfg(all(target_os = "linux", feature = "webtransport"))]
mod lanes;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(target_os = "linux")]
mod plain;
#[cfg(target_os = "linux")]
mod plot;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod relays;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod shapes;
#[cfg(target_os = "linux")]
mod sockets;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the benchmark reads processor times from /proc, so it needs Linux");
}
