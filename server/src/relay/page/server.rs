//! A server of the session's own: for rules that nobody else shall notice, and to see what happens when it is gone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use wire::control::{HostMessage, ServerRules, ServerState};
use wire::echo::EchoRule;

use super::PageSession;
use crate::echo::{EchoServer, Witnesses};
use crate::target::OWN_SERVER;

/// An echo server of one session, on a port of its own that it keeps over stops and starts.
#[derive(Debug)]
pub(super) struct PrivateServer {
    address: SocketAddr,
    witnesses: Witnesses,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Gives the session a server of its own with these rules.
    pub(super) async fn change_server(&mut self, rules: ServerRules) {
        if self.target.name != OWN_SERVER {
            let text = format!(
                "the target {:?} is not the host's server; its rules are its own",
                self.target.name
            );
            return self.tell_notice("server", text);
        }
        match self.start_server(rules).await {
            Ok(server) => self.tell(&HostMessage::Server(ServerState {
                server: server.to_string(),
                rules,
            })),
            Err(error) => self.tell_notice("server", format!("{error:#}")),
        }
        self.tell(&HostMessage::Counters(self.session.counters()));
    }

    async fn start_server(&mut self, rules: ServerRules) -> anyhow::Result<SocketAddr> {
        let before = match self.private.take() {
            Some(server) => Some(server.stop().await),
            None => None,
        };
        let any_port = SocketAddr::new(self.loopback(), 0);
        let address = before.unwrap_or(any_port);
        let server = EchoServer::bind(
            address,
            EchoRule::from(rules),
            self.shared.offload,
            self.shared.clock,
        )
        .context("start the session's own server")?;
        let mut private = PrivateServer {
            address: server.local_addr(),
            witnesses: server.witnesses(),
            running: None,
        };
        if rules.listening {
            private.run(server);
        } else {
            // Binding it has shown that the port is free; from here on nobody listens there.
            drop(server);
        }
        self.udp
            .reconnect(private.address)
            .context("turn to the session's own server")?;
        self.sightings = None;
        self.enrolled = Some(private.witnesses.enrol(self.udp.local_addr()));
        let address = private.address;
        self.private = Some(private);
        self.watch();
        Ok(address)
    }

    fn loopback(&self) -> IpAddr {
        match self.target.address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

impl PrivateServer {
    fn run(&mut self, server: EchoServer) {
        let stop = CancellationToken::new();
        self.running = Some(Running {
            task: tokio::spawn(server.run(stop.clone())),
            stop: stop.drop_guard(),
        });
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
