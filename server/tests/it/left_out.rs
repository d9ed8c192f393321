//! What plain `cargo test` leaves out, so that it says so.

/// The tests of `tests/programs`.
#[cfg(not(feature = "programs"))]
#[test]
#[ignore = "needs nginx, haproxy, openssl, systemd-analyze, tshark and root: run cargo verify"]
fn tests_with_other_programs() {}
