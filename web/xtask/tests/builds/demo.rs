//! `cargo demo`, from the sources in this folder to a running host.
#![cfg(unix)]

use std::process::Command;
use std::time::Duration;

use crate::started::{FREE, reaches_the_page_and_echoes};

/// How long the demo may build everything from nothing, beside other work.
const BUILD: Duration = Duration::from_secs(3600);

#[test]
fn demo_ends_in_a_host_with_the_page_inside_and_stops_at_control_c() {
    // The demo becomes the host, so that whoever stops the one has stopped the other.
    let demo = || {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_xtask"));
        demo.arg("demo").args(FREE);
        demo
    };
    reaches_the_page_and_echoes(demo, BUILD);
}
