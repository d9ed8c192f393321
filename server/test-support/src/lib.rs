//! What the tests of all packages share, compiled once.
//!
//! - [`program`] starts a program, waits until it is ready, tries again when it does not come up, and reports its last words.
//! - [`port`] chooses a port for a program that cannot say which one it got.
//!
//! With the feature `host`, which the packages of the host and of the browser tests ask for:
//!
//! - `host` is a host on free ports, in the test's own process or as a program.
//! - `client` is a WebSocket client, made with tungstenite and nothing of ours.
//! - `sockets` is a client of `/sockets`: the calls of a socket, and datagrams behind their header.
//! - `extcap` is a capture of a session, as Wireshark starts one.
//! - `rolling` is many relays behind a proxy, updated and killed while sessions talk.
//! - `attacks` are all attacks on a host, with what they did to it and to a bystander. Tests and `cargo xtask soak` make them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "host")]
pub mod attacks;
#[cfg(feature = "host")]
pub mod client;
#[cfg(all(feature = "host", unix))]
pub mod extcap;
#[cfg(feature = "host")]
pub mod host;
pub mod port;
pub mod program;
#[cfg(feature = "host")]
pub mod rolling;
#[cfg(feature = "host")]
pub mod sockets;

use std::time::Duration;

/// How long a test waits for something that must happen; long enough for a machine that builds at the same time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `future`, but not for ever.
///
/// # Panics
/// When `future` takes longer than [`PATIENCE`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}

/// Whether this machine has a program; a test leaves out what needs one that is missing, and says so.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        println!("left out: {program} is not installed");
    }
    found
}
