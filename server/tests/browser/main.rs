//! Tests of the page in a real browser, and the harness they stand on.
//!
//! [`chromium`] starts a Chromium of its own for a test, watches its console and stops it whatever happens; [`page`]
//! is what a test does with it. All browser tests live in this one program, so that it is linked once.
//!
//! They are ignored by plain `cargo test`, for which no browser need be installed; `cargo verify` runs them.

mod chromium;
#[path = "../common/mod.rs"]
mod common;
mod embed;
mod first_echo;
mod harness;
mod page;
mod shots;
mod trunk;
