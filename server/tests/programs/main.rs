//! The host beside programs that not every machine has; `cargo verify` installs them and runs these with the feature
//! `programs`.

// What cannot be done here fails the test that asked for it.
#![allow(clippy::unwrap_used)]

mod capture;
mod kubernetes;
#[cfg(feature = "webtransport")]
mod lane;
mod monitoring;
#[cfg(target_os = "linux")]
mod names;
mod proxies;
mod rolling;
mod unit;
#[cfg(unix)]
mod wireshark;
