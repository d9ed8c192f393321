//! The host: its sockets, its tasks, and how they start and stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::capture::Captures;
use crate::cause::{Listening, SocketKind, cannot_listen};
use crate::clock::Clock;
use crate::config::Config;
use crate::echo::EchoServer;
use crate::http::{self, HttpState};
use crate::inherited::Inherited;
#[cfg(feature = "webtransport")]
use crate::lanes::Endpoint;
use crate::limits::Limiter;
use crate::log::Throttle;
use crate::loopback::{self, LoopbackSettings, Loopbacks, NamedTargets};
use crate::metrics::Metrics;
use crate::page::LaneSources;
use crate::place;
use crate::proxy::TrustedProxies;
use crate::relay::{Context, Sessions};
use crate::resume::Ports;
use crate::sockets::SocketsMode;
use crate::target::{self, OWN_SERVER, Target};

/// How long a stopping host waits for its sessions to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// A running host. Dropping it stops it without a goodbye; [`Host::shutdown`] is the polite way.
#[derive(Debug)]
pub struct Host {
    http: SocketAddr,
    reachable_http: SocketAddr,
    udp: SocketAddr,
    reachable_udp: SocketAddr,
    #[cfg(feature = "webtransport")]
    lanes: Option<(SocketAddr, JoinHandle<()>)>,
    relay: Arc<Context>,
    draining: CancellationToken,
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
        Self::start_on(config, Inherited::default()).await
    }

    /// The same on sockets that were opened before; what is not there is bound.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_on(config: Config, inherited: Inherited) -> anyhow::Result<Self> {
        config.sockets.check()?;
        #[cfg(feature = "webtransport")]
        config.lanes.check()?;
        let clock = Clock::start();
        let offload = !config.no_offload;
        let mut echo = open_echo(&config, inherited.udp, clock)?;
        let second = match config.sockets.mode {
            SocketsMode::Off => None,
            _ => loopback::second_address(&mut echo, offload),
        };
        let listener = open_http(&config, inherited.http)?;
        let page_takes_ipv4 = !SockRef::from(&listener).only_v6().unwrap_or(false);
        let http = listener
            .local_addr()
            .context("read the address of the page")?;
        ensure!(
            !config.wireshark || http.ip().is_loopback(),
            "--wireshark is for a host that this machine alone reaches, and the page listens on {http}: leave it out, or \
             choose a loopback address with --http, such as 127.0.0.1:8000"
        );
        let udp = echo.local_addr();
        let own_server = place::reachable(udp, echo.takes_ipv4());

        let mut targets = vec![Target {
            name: OWN_SERVER.to_owned(),
            address: own_server,
        }];
        for setting in &config.targets {
            targets.push(target::resolve(setting, config.allow_private_targets).await?);
        }

        #[cfg(feature = "webtransport")]
        let endpoint = Endpoint::bind(&config.lanes, http.ip()).await?;
        #[cfg(feature = "webtransport")]
        let lanes = endpoint.as_ref().map(Endpoint::lanes);
        #[cfg(not(feature = "webtransport"))]
        let lanes = None;

        let ports = Ports::new(
            config.resume_secret.as_deref(),
            config.resume_time,
            config.relay_name,
        )?;
        let relay = Arc::new(Context {
            clock,
            limits: Limiter::new(config.limits),
            loopbacks: Loopbacks::new(LoopbackSettings {
                map_ports: config.sockets.map_ports,
                offload,
                reserved: loopback::reserved(&targets, [http, udp]),
                handover: echo.handover(),
            }),
            named_targets: NamedTargets::new(&targets, second),
            sockets: config.sockets,
            targets,
            observers: echo.observers(),
            offload,
            is_loopback: http.ip().is_loopback(),
            captures: config.wireshark.then(Captures::default),
            lanes,
            ports: Arc::new(ports),
            metrics: Metrics::default(),
            throttle: Throttle::default(),
            sessions: Sessions::default(),
        });
        let draining = CancellationToken::new();
        let state = HttpState {
            relay: Arc::clone(&relay),
            access: Access {
                origins: config.allow_origins,
                hosts: config.allow_hosts,
                bound: http,
            },
            proxies: TrustedProxies::new(config.trusted_proxies),
            own_server,
            own_server_status: echo.status(),
            metrics_from: config.metrics_from,
            lane_sources: LaneSources(
                relay
                    .lanes
                    .as_ref()
                    .map_or_else(Arc::default, |lanes| lanes.policy().into()),
            ),
            draining: draining.clone(),
        };
        tokio::spawn(pass_on_memory(relay.sessions.clone()));
        #[cfg(feature = "webtransport")]
        let lanes = endpoint.map(|endpoint| {
            let (host, stop) = (Arc::clone(&relay), relay.sessions.stop.clone());
            (endpoint.address(), tokio::spawn(endpoint.run(host, stop)))
        });
        let echoing = tokio::spawn(echo.run(relay.sessions.stop.clone()));
        let serving = tokio::spawn(http::serve(listener, state));
        tracing::info!(%http, %udp, "listening");
        Ok(Self {
            http,
            reachable_http: place::reachable(http, page_takes_ipv4),
            udp,
            reachable_udp: own_server,
            #[cfg(feature = "webtransport")]
            lanes,
            relay,
            draining,
            drain_time: config.drain_time,
            serving,
            echoing,
        })
    }

    /// What its sessions use.
    #[cfg(test)]
    pub(crate) fn relay(&self) -> &Context {
        &self.relay
    }

    /// Address of the page and the relay.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Address by which programs on this machine reach the page.
    pub fn reachable_http(&self) -> SocketAddr {
        self.reachable_http
    }

    /// Address by which programs on this machine reach the UDP echo server.
    pub fn reachable_udp(&self) -> SocketAddr {
        self.reachable_udp
    }

    /// Address of the UDP echo server.
    pub fn udp_address(&self) -> SocketAddr {
        self.udp
    }

    /// UDP address of the lanes that pages may open, if there are any.
    #[cfg(feature = "webtransport")]
    pub fn lanes_address(&self) -> Option<SocketAddr> {
        self.lanes.as_ref().map(|(address, _)| *address)
    }

    /// Sessions that run, those included that are saying goodbye.
    pub fn sessions(&self) -> usize {
        self.relay.sessions.tasks.len()
    }

    /// Lets proxies know for the drain time, then accepts nothing new, says goodbye to every session, and returns when
    /// all are gone or the time for it is over.
    pub async fn shutdown(mut self) {
        self.draining.cancel();
        if !self.drain_time.is_zero() {
            tracing::info!(time = ?self.drain_time, "draining");
            tokio::time::sleep(self.drain_time).await;
        }
        let Sessions { tasks, stop, .. } = self.relay.sessions.clone();
        tracing::info!(sessions = tasks.len(), "stopping");
        stop.cancel();
        tasks.close();
        let all = async {
            tasks.wait().await;
            let servers = [("echo", &mut self.echoing), ("HTTP", &mut self.serving)].into_iter();
            #[cfg(feature = "webtransport")]
            let servers = servers.chain(self.lanes.as_mut().map(|(_, task)| ("QUIC", task)));
            for (what, task) in servers {
                if let Err(error) = task.await {
                    tracing::error!(%error, "the {what} server had failed");
                }
            }
        };
        let all = tokio::time::timeout(GOODBYE, all).await;
        self.relay.throttle.account();
        match all {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!(left = tasks.len(), "stopped without waiting any longer"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.relay.sessions.stop.cancel();
        self.serving.abort();
        self.echoing.abort();
        #[cfg(feature = "webtransport")]
        if let Some((_, task)) = &self.lanes {
            task.abort();
        }
    }
}

async fn pass_on_memory(sessions: Sessions) {
    let Sessions {
        stop, freed_memory, ..
    } = sessions;
    stop.run_until_cancelled(freed_memory.return_to_system())
        .await;
}

/// The echo server on its socket.
fn open_echo(
    config: &Config,
    inherited: Option<std::net::UdpSocket>,
    clock: Clock,
) -> anyhow::Result<EchoServer> {
    let (rule, offload) = (config.rules.into(), !config.no_offload);
    if let Some(socket) = inherited {
        return EchoServer::adopt(socket, rule, offload, clock);
    }
    EchoServer::bind(config.udp, rule, offload, clock).map_err(|error| {
        let listening = Listening {
            who: "the UDP echo server",
            socket: SocketKind::Udp,
            address: config.udp,
            otherwise: "choose another address with --udp",
        };
        cannot_listen(listening, error)
    })
}

fn open_http(
    config: &Config,
    inherited: Option<std::net::TcpListener>,
) -> anyhow::Result<TcpListener> {
    if let Some(listener) = inherited {
        return adopt(listener).context("take over the socket of the page and the relay");
    }
    listen(config.http).map_err(|error| {
        let listening = Listening {
            who: "the page and the relay",
            socket: SocketKind::Tcp,
            address: config.http,
            otherwise: "choose another address with --http",
        };
        cannot_listen(listening, error.into())
    })
}

/// Listens as [`TcpListener::bind`] does, and on `[::]` takes IPv4, too, whatever the system's own default is.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if address.is_ipv6() && address.ip().is_unspecified() {
        SockRef::from(&socket).set_only_v6(false)?;
    }
    // A port whose last connections have not quite ended is free; on Windows this would mean that anybody may take it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(i32::MAX as u32)
}

/// Gives a socket that somebody else opened what ours have: as long a queue as the system allows.
fn adopt(listener: std::net::TcpListener) -> std::io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    SockRef::from(&listener).listen(i32::MAX)?;
    TcpListener::from_std(listener)
}
