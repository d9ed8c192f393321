//! What plain `cargo test` leaves out, so that it says so.

/// The tests of `tests/builds`.
#[cfg(not(feature = "builds"))]
#[test]
#[ignore = "builds the host in release: run cargo verify --builds"]
fn what_demo_and_dist_make() {}

/// The packages for PyPI, npm and Debian.
#[cfg(not(feature = "packages"))]
#[test]
#[ignore = "makes and installs packages: run cargo verify --packages"]
fn what_the_packages_hold() {}
