//! A server of the session's own: for rules that no other session notices, and to see what happens when it is gone.

use std::io;
use std::net::{SocketAddr, UdpSocket};

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
    state: State,
}

#[derive(Debug)]
enum State {
    Running(Running),
    /// Nobody listens, and nobody else gets the port: the socket takes only what it would send to itself, so the system refuses whatever
    /// others send.
    Closed(#[expect(dead_code, reason = "it keeps the port")] UdpSocket),
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
        let (address, observers) = (server.local_addr(), server.observers());
        let state = if rules.listening {
            State::Running(Running::start(server))
        } else {
            drop(server);
            State::Closed(closed(address).context("keep the port of the session's own server")?)
        };
        Ok(Self {
            address,
            observers,
            state,
        })
    }

    /// Stops it and returns the address, which is free again.
    pub(super) async fn stop(self) -> SocketAddr {
        if let State::Running(Running { stop, task }) = self.state {
            drop(stop);
            // A server that panicked has left its socket as well.
            let _ = task.await;
        }
        self.address
    }
}

/// A port that is taken, and closed to everybody.
fn closed(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.connect(address)?;
    Ok(socket)
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
