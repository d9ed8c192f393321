//! The picture of the README is the one that today's code draws of the recorded run.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use udp_echo_picture::document::{FILES, document};

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("run");
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_picture_of_the_readme_is_what_is_drawn_of_the_recorded_run() {
    let trace = read("run.json");
    for (name, width) in FILES {
        // Not `assert_eq!`: a difference would print both files.
        assert!(
            document(&trace, width).unwrap() == read(name),
            "{name} is not what today's code draws: run `cargo xtask picture --drawn`"
        );
    }
}

#[test]
fn the_recorded_run_is_a_real_one_and_shows_what_networks_do() {
    let trace = read("run.json");
    assert!(trace.contains("\"simulated\":false"));
    let drawn = document(&trace, 880).unwrap();
    for words in [
        "received 42 bytes from",
        "twice",
        "lost",
        "out of order",
        "no answer",
    ] {
        assert!(drawn.contains(words), "{words}");
    }
}

#[test]
fn what_is_no_run_is_refused_with_the_name_of_what_is_missing() {
    for (trace, missing) in [
        ("", "JSON"),
        ("{}", "datagrams"),
        ("{\"datagrams\":[]}", "by"),
        ("{\"datagrams\":[{}]}", "text"),
    ] {
        assert_eq!(document(trace, 880), Err(missing), "{trace}");
    }
}
