//! What plain `cargo test` leaves out, so that it says so.

/// The tests of `tests/browser`.
#[cfg(not(feature = "browser"))]
#[test]
#[ignore = "needs Chromium, Firefox and the bundle: cargo verify runs them apart, with --embeds those of other people's pages too"]
fn the_page_in_real_browsers() {}

/// The tests of `tests/browser/trunk.rs`.
#[cfg(not(feature = "trunk"))]
#[test]
#[ignore = "needs Chromium and Trunk: run cargo verify --trunk"]
fn the_page_under_trunk() {}

/// Those tests of `tests/browser/embed/generators` whose generators take long to install.
#[cfg(not(feature = "generators"))]
#[test]
#[ignore = "needs Chromium and half a dozen site generators: run cargo verify --generators"]
fn the_widget_in_rarer_site_generators() {}
