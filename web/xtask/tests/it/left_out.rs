//! What plain `cargo test` leaves out, so that it says so.

/// The tests of `tests/builds`.
#[cfg(not(feature = "builds"))]
#[test]
#[ignore = "builds the host in release: run cargo verify"]
fn what_demo_and_dist_make() {}
