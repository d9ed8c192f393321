//! The host: its sockets, its tasks, and how they start and stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::control::Limits;
use wire::echo::EchoRule;
use wire::limits::{MAX_CONTROL_BYTES, MAX_DATAGRAM_BYTES_IPV4, MAX_MESSAGE_BYTES};

use crate::access::Access;
use crate::clock::Clock;
use crate::config::{Config, EchoRules};
use crate::echo::{EchoServer, Witnesses};
use crate::http;
use crate::http::Deadlines;
use crate::proxy::TrustedProxies;
use crate::relay::{BacklogPool, Patience};
use crate::target::{self, OWN_SERVER, Target};

/// How long a stopping host waits for its sessions to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// How long connections may go on without becoming sessions.
const DEADLINES: Deadlines = Deadlines {
    head: Duration::from_secs(10),
    age: Duration::from_secs(120),
};

/// What every request and every session of a host may know.
#[derive(Debug)]
pub struct Shared {
    /// The one clock of all stamps.
    pub clock: Clock,
    /// Who may connect.
    pub access: Access,
    /// The proxies whose word about clients is taken.
    pub proxies: TrustedProxies,
    /// The limits of a session.
    pub limits: Limits,
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
    /// Whether UDP sockets use the kernel's segmentation offload.
    pub offload: bool,
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
        let own_server = reachable(udp);

        let mut targets = vec![Target {
            name: OWN_SERVER.to_owned(),
            address: own_server,
        }];
        for setting in &config.targets {
            targets.push(target::resolve(setting, config.allow_private_targets).await?);
        }

        let shared = Arc::new(Shared {
            clock,
            access: Access {
                origins: config.allow_origins,
                hosts: config.allow_hosts,
                bound: http,
            },
            proxies: TrustedProxies::new(config.trusted_proxies),
            limits: Limits {
                datagram_bytes: MAX_DATAGRAM_BYTES_IPV4,
                message_bytes: MAX_MESSAGE_BYTES,
                control_bytes: MAX_CONTROL_BYTES,
                datagrams_per_second: None,
                bytes_per_second: None,
                idle_ms: None,
            },
            patience: Patience::default(),
            backlog: BacklogPool::default(),
            targets,
            own_server,
            witnesses: echo.witnesses(),
            offload,
            stop: CancellationToken::new(),
            sessions: TaskTracker::new(),
        });
        let echoing = tokio::spawn(echo.run(shared.stop.clone()));
        let serving = serve(listener, Arc::clone(&shared));
        tracing::info!(%http, %udp, "listening");
        Ok(Self {
            http,
            udp,
            shared,
            serving,
            echoing,
        })
    }

    /// Address of the page and the relay.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Address of the UDP echo server.
    pub fn udp_address(&self) -> SocketAddr {
        self.udp
    }

    /// Accepts nothing new, says goodbye to every session, and returns when all are gone or the time for it is over.
    ///
    /// # Errors
    /// When sessions had to be left behind, or when a task of the host had failed before.
    pub async fn shutdown(mut self) -> anyhow::Result<()> {
        self.shared.stop.cancel();
        self.shared.sessions.close();
        let sessions = self.shared.sessions.clone();
        let all = async {
            sessions.wait().await;
            (&mut self.echoing)
                .await
                .context("the echo server failed")?;
            (&mut self.serving).await.context("the HTTP server failed")
        };
        tokio::time::timeout(GOODBYE, all).await.with_context(|| {
            format!("{} sessions did not end within {GOODBYE:?}", sessions.len())
        })?
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.serving.abort();
        self.echoing.abort();
    }
}

impl From<EchoRules> for EchoRule {
    fn from(rules: EchoRules) -> Self {
        Self {
            buffer: rules.buffer.map(|bytes| bytes as usize),
            echo_empty: rules.echo_empty,
        }
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    let stop = shared.stop.clone();
    tokio::spawn(http::serve(listener, http::router(shared), DEADLINES, stop))
}

/// The address by which the host itself reaches a server that listens on all addresses.
fn reachable(bound: SocketAddr) -> SocketAddr {
    use std::net::{IpAddr, Ipv4Addr};
    match bound.ip() {
        // A socket on `::` takes IPv4 too.
        ip if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bound.port()),
        _ => bound,
    }
}

fn taken(what: &str, address: SocketAddr, flag: &str) -> String {
    format!(
        "the {what} cannot listen on {address}; stop the program that does, or choose another address with {flag}"
    )
}
