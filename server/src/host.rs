//! The host: its sockets, its tasks, and how they start and stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::echo::EchoRule;

use crate::access::Access;
use crate::clock::Clock;
use crate::config::{Config, EchoRules};
use crate::echo::{EchoServer, EchoStatus, Witnesses};
use crate::http;
use crate::limits::Limiter;
use crate::log::Throttle;
use crate::memory::Returned;
use crate::metrics::Metrics;
use crate::place;
use crate::proxy::TrustedProxies;
use crate::relay::{BacklogPool, Patience};
use crate::resume::Ports;
use crate::target::{self, OWN_SERVER, Target};

/// How long a stopping host waits for its sessions to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// What every request and every session of a host may know.
#[derive(Debug)]
pub struct Shared {
    /// The one clock of all stamps.
    pub clock: Clock,
    /// Who may connect.
    pub access: Access,
    /// The proxies whose word about clients is taken.
    pub proxies: TrustedProxies,
    /// The limits, and who is there.
    pub limiter: Limiter,
    /// How long sessions may last and how quiet they may be.
    pub patience: Patience,
    /// What may wait for slow readers.
    pub backlog: BacklogPool,
    /// The targets by name; the first is the host's own server.
    pub targets: Vec<Target>,
    /// Address of the host's own echo server, as sessions reach it.
    pub own_server: SocketAddr,
    /// Where sessions learn what the own server did with their datagrams.
    pub witnesses: Witnesses,
    /// What the own server has done.
    pub own_server_status: EchoStatus,
    /// Whether UDP sockets use the kernel's segmentation offload.
    pub offload: bool,
    /// What is counted.
    pub metrics: Metrics,
    /// How much of what strangers cause is logged.
    pub throttle: Throttle,
    /// Networks from which the metrics may be read, besides this machine.
    pub metrics_from: Vec<IpNet>,
    /// Where sessions give their memory back.
    pub returned: Returned,
    /// The ports that sessions may come back to.
    pub ports: Arc<Ports>,
    /// Cancelled when the host is about to stop: proxies should send nobody new.
    pub draining: CancellationToken,
    /// Cancelled when the host stops; every session ends then.
    pub stop: CancellationToken,
    /// The running sessions.
    pub sessions: TaskTracker,
}

/// A running host. Dropping it stops it without a goodbye; [`Host::shutdown`] is the polite way.
#[derive(Debug)]
pub struct Host {
    http: SocketAddr,
    udp: SocketAddr,
    shared: Arc<Shared>,
    drain_time: Duration,
    serving: JoinHandle<()>,
    echoing: JoinHandle<()>,
}

impl Host {
    /// Binds both sockets, resolves the targets and begins to serve.
    ///
    /// # Errors
    /// An address that is taken, or a target that may not be: names it, and the flag to change.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::start();
        let offload = !config.no_offload;
        let echo = EchoServer::bind(config.udp, config.rules.into(), offload, clock)
            .with_context(|| taken("UDP echo server", config.udp, "--udp"))?;
        let listener = TcpListener::bind(config.http)
            .await
            .with_context(|| taken("page and the relay", config.http, "--http"))?;
        let http = listener
            .local_addr()
            .context("read the address of the page")?;
        let udp = echo.local_addr();
        let own_server = place::reachable(udp);

        let mut targets = vec![Target {
            name: OWN_SERVER.to_owned(),
            address: own_server,
        }];
        for setting in &config.targets {
            targets.push(target::resolve(setting, config.allow_private_targets).await?);
        }

        let limiter = Limiter::new(config.limits);
        let ports = Ports::new(config.resume_secret.as_deref(), config.resume_time)?;
        let shared = Arc::new(Shared {
            clock,
            access: Access {
                origins: config.allow_origins,
                hosts: config.allow_hosts,
                bound: http,
            },
            proxies: TrustedProxies::new(config.trusted_proxies),
            patience: limiter.patience(),
            limiter,
            backlog: BacklogPool::default(),
            targets,
            own_server,
            witnesses: echo.witnesses(),
            own_server_status: echo.status(),
            offload,
            metrics: Metrics::default(),
            throttle: Throttle::default(),
            metrics_from: config.metrics_from,
            returned: Returned::default(),
            ports: Arc::new(ports),
            draining: CancellationToken::new(),
            stop: CancellationToken::new(),
            sessions: TaskTracker::new(),
        });
        tokio::spawn(pass_on_memory(Arc::clone(&shared)));
        let echoing = tokio::spawn(echo.run(shared.stop.clone()));
        let serving = tokio::spawn(http::serve(listener, Arc::clone(&shared)));
        tracing::info!(%http, %udp, "listening");
        Ok(Self {
            http,
            udp,
            shared,
            drain_time: config.drain_time,
            serving,
            echoing,
        })
    }

    /// What its sessions share.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Address of the page and the relay.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Address of the UDP echo server.
    pub fn udp_address(&self) -> SocketAddr {
        self.udp
    }

    /// Sessions that run, those included that are saying goodbye.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Lets proxies know for the drain time, then accepts nothing new, says goodbye to every session, and returns when
    /// all are gone or the time for it is over.
    pub async fn shutdown(mut self) {
        let shared = Arc::clone(&self.shared);
        shared.draining.cancel();
        if !self.drain_time.is_zero() {
            tracing::info!(time = ?self.drain_time, "draining");
            tokio::time::sleep(self.drain_time).await;
        }
        let sessions = shared.sessions.clone();
        tracing::info!(sessions = sessions.len(), "stopping");
        shared.stop.cancel();
        sessions.close();
        let all = async {
            sessions.wait().await;
            for (what, task) in [("echo", &mut self.echoing), ("HTTP", &mut self.serving)] {
                if let Err(error) = task.await {
                    tracing::error!(%error, "the {what} server had failed");
                }
            }
        };
        let all = tokio::time::timeout(GOODBYE, all).await;
        shared.throttle.account();
        match all {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!(left = sessions.len(), "stopped without waiting any longer"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.serving.abort();
        self.echoing.abort();
    }
}

async fn pass_on_memory(shared: Arc<Shared>) {
    shared
        .stop
        .run_until_cancelled(shared.returned.pass_on())
        .await;
}

impl From<EchoRules> for EchoRule {
    fn from(rules: EchoRules) -> Self {
        Self {
            buffer: rules.buffer.map(|bytes| bytes as usize),
            echo_empty: rules.echo_empty,
        }
    }
}

fn taken(what: &str, address: SocketAddr, flag: &str) -> String {
    format!(
        "the {what} cannot listen on {address}; stop the program that does, or choose another address with {flag}"
    )
}
