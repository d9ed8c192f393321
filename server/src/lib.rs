//! The udp-echo host: a UDP echo server, and a relay that joins a browser's WebSocket to a UDP socket.
//!
//! - [`config`]: every setting, once;
//! - [`host`]: the sockets and tasks, and how they start and stop;
//! - [`http`]: routes and headers; [`page`]: the embedded page;
//! - [`access`]: who may connect; [`proxy`]: who that is, behind proxies;
//! - [`target`]: which servers a session may talk to;
//! - [`relay`]: one WebSocket joined to one UDP socket;
//! - [`echo`]: the UDP echo server;
//! - [`stream`]: a TCP echo, to show what UDP does not do;
//! - [`udp`]: a UDP socket that moves many datagrams with one system call;
//! - [`clock`]: the one clock of all stamps;
//! - [`client`]: the command-line client.

pub mod config;
pub mod host;

pub mod http;
pub mod page;

pub mod access;
pub mod proxy;
pub mod target;

pub mod relay;

pub mod echo;
pub mod stream;
pub mod udp;

pub mod clock;

pub mod client;

pub use host::Host;

/// Resolves when the process is asked to stop: Ctrl-C, or SIGTERM where there is one.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use anyhow::Context as _;
    #[cfg(unix)]
    let mut terminated = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).context("install the handler for SIGTERM")?
    };
    #[cfg(unix)]
    let mut interrupted = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::interrupt()).context("install the handler for Ctrl-C")?
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
