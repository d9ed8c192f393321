//! What plain `cargo test` leaves out, so that it says so.

/// The test of `tests/pcapng_tshark.rs`.
#[cfg(not(feature = "programs"))]
#[test]
#[ignore = "needs tshark: run cargo verify"]
fn captures_read_by_tshark() {}
