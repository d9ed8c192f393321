//! Tests of the page in real browsers, from end to end: `tests/browser`.
//!
//! Most hosts run inside the test, by their library. Where a test needs the host as a program, it is the one that
//! `UDP_ECHO_HOST` names, or else `udp-echo` in the folder into which cargo builds in the profile of the test:
//! `cargo build -p udp-echo` puts it there, and so does `cargo test --workspace`.
