//! A server of the session's own: for rules that no other session notices, and to see what happens when it is gone.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use wire::control::ServerRules;
use wire::echo::EchoRule;

use crate::clock::Clock;
use crate::echo::{EchoServer, Observers};

/// An echo server of one session, on a port of its own that it keeps over stops and starts.
#[derive(Debug)]
pub(super) struct PrivateServer {
    /// Where it listens, or would.
    pub(super) address: SocketAddr,
    /// Where the session learns what it does.
    pub(super) observers: Observers,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl PrivateServer {
    /// Binds one to `address`, and lets it answer if the rules say that it listens.
    ///
    /// # Errors
    /// The operating system's, most often that another process has taken the port meanwhile.
    pub(super) fn start(
        address: SocketAddr,
        rules: ServerRules,
        offload: bool,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let server = EchoServer::bind(address, EchoRule::from(rules), offload, clock)
            .context("start the session's own server")?;
        Ok(Self {
            address: server.local_addr(),
            observers: server.observers(),
            // Without a listener the server is dropped: binding it has shown that the port is free.
            running: rules.listening.then(|| Running::start(server)),
        })
    }

    /// Stops it and returns the address, which is free again.
    pub(super) async fn stop(self) -> SocketAddr {
        if let Some(Running { stop, task }) = self.running {
            drop(stop);
            // A server that panicked has left its socket as well.
            let _ = task.await;
        }
        self.address
    }
}

impl Running {
    fn start(server: EchoServer) -> Self {
        let stop = CancellationToken::new();
        Self {
            task: tokio::spawn(server.run(stop.clone())),
            stop: stop.drop_guard(),
        }
    }
}
