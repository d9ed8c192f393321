//! Tests of the page in a real browser, and the harness they stand on.
//!
//! [`browser`] starts a browser of its own for a test, watches its console and stops it whatever happens; [`page`] is what
//! a test does with it, and [`axe`] judges whether everybody can use what is shown. All browser tests live in this one program, so that it is linked once.
//!
//! They need the feature `browser`, and [`trunk`] and [`shots`] one each of their own: plain `cargo test`, for which no browser
//! need be installed, leaves them out and says so; `cargo verify` runs them.

mod absent;
mod article;
mod axe;
mod browser;
mod bytes;
mod chromium;
mod comeback;
mod embed;
mod everyone;
mod exercises;
mod experiments;
mod figures;
mod firefox;
mod first_echo;
mod first_screen;
mod harness;
mod lab;
mod lane;
mod link;
mod load;
mod motion;
mod page;
mod pair;
mod picture;
mod pictures;
mod places;
mod progress;
mod python;
mod python_datagrams;
mod python_policy;
mod python_time;
mod race;
#[cfg(feature = "shots")]
mod shots;
mod socket;
mod sockets;
mod surroundings;
#[cfg(feature = "trunk")]
mod trunk;
mod wireshark;
