//! What a session must have before it begins: a place among all, a UDP socket, and what it may send.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::SetOnce;

use super::close::CloseReason;
use super::context::Context;
use crate::cause::without_numbers;
use crate::echo::Registration;
use crate::limits::{Permit, RateLimiter};
use crate::loopback::Loopback;
use crate::metrics::SessionKind;
use crate::resume::Lease;
use crate::target::Target;
use crate::udp::UdpSocket;

/// A request for a session, of a client that may have one.
#[derive(Debug)]
pub struct SessionRequest {
    /// Address of the client, as far as it is known.
    pub client: IpAddr,
    /// Whether the client's programs run on this machine, with no proxy in between.
    pub is_local: bool,
    /// What is asked for.
    pub wanted: Wanted,
    /// Who may bring a lane to the session; `None` where the host offers none.
    pub lane: Option<LaneAsked>,
}

/// What a request says of the page that may open a lane later.
#[derive(Debug, Clone)]
pub struct LaneAsked {
    /// Where the page comes from, as its browser says.
    pub origin: Option<String>,
    /// Name and port by which it called the host.
    pub called: Option<String>,
}

/// What a session is to carry between.
#[derive(Debug)]
pub enum Wanted {
    /// One UDP socket that talks to one target, for a page.
    Page(Relayed),
    /// The same without a word of the host's own.
    Raw(Relayed),
    /// Sockets in a loopback.
    Sockets(WantedSockets),
}

/// A target, and how it is reached.
#[derive(Debug)]
pub struct Relayed {
    /// The server that the session is to talk to.
    pub target: Target,
    /// The token of an earlier session whose UDP port is wanted again.
    pub resume: Option<String>,
}

/// Sockets of a reader's own.
#[derive(Debug)]
pub struct WantedSockets {
    /// The loopback of another session that is joined; `None` for one of its own.
    pub joined: Option<Arc<Loopback>>,
    /// Whether the page may send to the peers that the host admits.
    pub may_reach_peers: bool,
}

impl SessionRequest {
    /// Which protocol the session speaks.
    pub(super) fn kind(&self) -> SessionKind {
        match self.wanted {
            Wanted::Page(_) => SessionKind::Page,
            Wanted::Raw(_) => SessionKind::Raw,
            Wanted::Sockets(_) => SessionKind::Sockets,
        }
    }

    /// The token of an earlier session whose UDP port is wanted again. Sockets are opened anew.
    fn resume(&self) -> Option<&str> {
        match &self.wanted {
            Wanted::Page(relayed) | Wanted::Raw(relayed) => relayed.resume.as_deref(),
            Wanted::Sockets(_) => None,
        }
    }
}

/// What a session has of its own, given back in this order.
#[derive(Debug)]
pub(super) struct SessionResources<'a> {
    pub(super) socket: SessionSocket<'a>,
    pub(super) rate: RateLimiter,
    pub(super) port: SessionPort,
    /// Counts the session for as long as it is kept.
    pub(super) permit: Permit,
}

/// A session's UDP socket, or what it opens its sockets in, by the kind of the session.
#[derive(Debug)]
pub(super) enum SessionSocket<'a> {
    /// Of a page, which is told its address at once.
    Page(&'a Target, UdpSocket),
    /// Of a session that only carries.
    Raw(LazySocket<'a>),
    /// Of a session that opens as many as it likes.
    Loopback(Arc<Loopback>, &'a WantedSockets),
}

/// A UDP socket that is opened for the first datagram: before that no server knows where to write to, and a client that
/// only waits holds one file descriptor of the host and not two.
#[derive(Debug)]
pub(super) struct LazySocket<'a> {
    context: &'a Context,
    target: &'a Target,
    /// With its entry at the host's own server: it is no stranger to those who observe that.
    open: SetOnce<(UdpSocket, Option<Registration>)>,
}

/// The session's claim to its UDP port.
#[derive(Debug)]
pub(super) struct SessionPort {
    lease: Option<Lease>,
    /// Whether the port is the one that the client had before.
    pub(super) resumed: bool,
}

impl<'a> SessionResources<'a> {
    /// Opens what a session needs, if there is a place for one more.
    pub(super) async fn open(
        context: &'a Context,
        request: &'a SessionRequest,
    ) -> Result<Self, CloseReason> {
        // This comes first: an old session of the same client leaves its place to this one.
        let wanted_port = match request.resume() {
            Some(token) => context.ports.claim(token).await,
            None => None,
        };
        let limits = &context.limits;
        let permit = limits
            .admit_session(request.client)
            .map_err(CloseReason::Full)?;
        let (socket, resumed) = SessionSocket::open(context, request, wanted_port)?;
        let port = socket.port_to_resume();
        let lease = port.and_then(|port| context.ports.lease(port));
        Ok(Self {
            rate: limits.rate_limiter(&permit),
            socket,
            port: SessionPort { lease, resumed },
            permit,
        })
    }
}

impl<'a> SessionSocket<'a> {
    /// The socket that a session needs, with the port that its client had before if that is free; returns whether it is.
    fn open(
        context: &'a Context,
        request: &'a SessionRequest,
        wanted_port: Option<u16>,
    ) -> Result<(Self, bool), CloseReason> {
        let regain = |target| {
            let udp = connect(context, target, Some(wanted_port?));
            let tell = |error: &CloseReason| {
                tracing::debug!(port = wanted_port, "the port cannot be given back: {error}");
            };
            udp.inspect_err(tell).ok()
        };
        match &request.wanted {
            Wanted::Page(Relayed { target, .. }) => match regain(target) {
                Some(udp) => Ok((Self::Page(target, udp), true)),
                None => Ok((Self::Page(target, connect(context, target, None)?), false)),
            },
            Wanted::Raw(Relayed { target, .. }) => {
                let socket = LazySocket::new(context, target);
                let regained = regain(target);
                let resumed = regained.is_some();
                regained.into_iter().for_each(|udp| socket.set(udp));
                Ok((Self::Raw(socket), resumed))
            }
            Wanted::Sockets(wanted) => {
                let loopback = match &wanted.joined {
                    Some(loopback) => Arc::clone(loopback),
                    None => context
                        .loopbacks
                        .open()
                        .map_err(|error| no_socket(error.into()))?,
                };
                Ok((Self::Loopback(loopback, wanted), false))
            }
        }
    }

    /// The port that the client may have again: that of the one socket, if there is one yet.
    fn port_to_resume(&self) -> Option<u16> {
        let local = match self {
            Self::Page(_, udp) => Some(udp.local_addr()),
            Self::Raw(udp) => udp.local_addr(),
            Self::Loopback(..) => None,
        };
        local.map(|address| address.port())
    }
}

fn connect(
    context: &Context,
    target: &Target,
    port: Option<u16>,
) -> Result<UdpSocket, CloseReason> {
    UdpSocket::connect(target.address, port, context.offload).map_err(no_socket)
}

fn no_socket(error: anyhow::Error) -> CloseReason {
    CloseReason::NoSocket(without_numbers(&format!("{error:#}")))
}

impl<'a> LazySocket<'a> {
    /// A socket that is not open yet.
    pub(super) fn new(context: &'a Context, target: &'a Target) -> Self {
        Self {
            context,
            target,
            open: SetOnce::new(),
        }
    }

    /// The server that it talks to.
    pub(super) fn target(&self) -> &'a Target {
        self.target
    }

    /// The socket's own address, if it has one yet.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.get().map(UdpSocket::local_addr)
    }

    /// The socket; the first call opens it.
    pub(super) fn open(&self) -> Result<&UdpSocket, CloseReason> {
        if self.open.get().is_none() {
            self.set(connect(self.context, self.target, None)?);
        }
        Ok(self.get().expect("just opened"))
    }

    /// The socket, if it is open.
    pub(super) fn get(&self) -> Option<&UdpSocket> {
        self.open.get().map(|(udp, _)| udp)
    }

    /// Waits until the socket is open, and something has arrived or an error is pending; returns it.
    pub(super) async fn readable(&self) -> &UdpSocket {
        let (udp, _) = self.open.wait().await;
        // An error says that the runtime is shutting down; receiving will say so, too.
        let _ = udp.readable().await;
        udp
    }

    fn set(&self, udp: UdpSocket) {
        tracing::debug!(from = %udp.local_addr(), "socket opened");
        let registration = self.context.register(self.target, &udp);
        let set = self.open.set((udp, registration));
        debug_assert!(set.is_ok(), "one task opens it");
    }
}

impl SessionPort {
    /// What the client may present to get the port again; empty when nothing is promised.
    pub(super) fn token(&self) -> &str {
        self.lease.as_ref().map(Lease::token).unwrap_or_default()
    }

    /// Resolves when the client wants the port on another connection.
    pub(super) async fn superseded(&self) {
        match &self.lease {
            Some(lease) => lease.superseded().await,
            None => std::future::pending().await,
        }
    }
}
