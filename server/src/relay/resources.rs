//! What a session must have before it begins: a place among all, a UDP socket, and what it may send.

use std::net::{IpAddr, SocketAddr};

use tokio::sync::SetOnce;

use super::close::CloseReason;
use super::context::Context;
use crate::cause::without_numbers;
use crate::echo::Registration;
use crate::limits::{Permit, RateLimiter};
use crate::resume::Lease;
use crate::target::Target;
use crate::udp::UdpSocket;

/// The two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// `/relay`: datagrams in binary messages, control in text messages.
    Page,
    /// `/relay/raw`: every message is a datagram, and the host says nothing of its own.
    Raw,
}

/// A request for a session, of a client that may have one.
#[derive(Debug)]
pub struct SessionRequest {
    /// Which protocol is wanted.
    pub kind: SessionKind,
    /// Address of the client, as far as it is known.
    pub client: IpAddr,
    /// The server that the session is to talk to.
    pub target: Target,
    /// The token of an earlier session whose UDP port is wanted again.
    pub resume: Option<String>,
}

/// What a session has of its own, given back in this order.
#[derive(Debug)]
pub(super) struct SessionResources<'a> {
    pub(super) udp: SessionSocket<'a>,
    pub(super) rate: RateLimiter,
    pub(super) port: SessionPort,
    /// Counts the session for as long as it is kept.
    pub(super) permit: Permit,
}

/// A session's UDP socket, by the kind of the session.
#[derive(Debug)]
pub(super) enum SessionSocket<'a> {
    /// Of a page, which is told its address at once.
    Page(UdpSocket),
    /// Of a session that only carries.
    Raw(LazySocket<'a>),
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
        let wanted = match &request.resume {
            Some(token) => context.ports.claim(token).await,
            None => None,
        };
        let limits = &context.limits;
        let permit = limits
            .admit_session(request.client)
            .map_err(CloseReason::Full)?;
        let target = &request.target;
        let regained = wanted.and_then(|port| match connect(context, target, Some(port)) {
            Ok(udp) => Some(udp),
            Err(error) => {
                tracing::debug!(port, "the port cannot be given back: {error}");
                None
            }
        });
        let resumed = regained.is_some();
        let (udp, port) = match (request.kind, regained) {
            (SessionKind::Raw, None) => {
                (SessionSocket::Raw(LazySocket::new(context, target)), None)
            }
            (SessionKind::Raw, Some(udp)) => {
                let port = udp.local_addr().port();
                let socket = LazySocket::new(context, target);
                socket.set(udp);
                (SessionSocket::Raw(socket), Some(port))
            }
            (SessionKind::Page, regained) => {
                let udp = regained.map_or_else(|| connect(context, target, None), Ok)?;
                let port = udp.local_addr().port();
                (SessionSocket::Page(udp), Some(port))
            }
        };
        let lease = port.and_then(|port| context.ports.lease(port));
        Ok(Self {
            rate: limits.rate_limiter(&permit),
            udp,
            port: SessionPort { lease, resumed },
            permit,
        })
    }
}

impl SessionSocket<'_> {
    /// The session's own address, if it has one yet.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Page(udp) => Some(udp.local_addr()),
            Self::Raw(udp) => udp.get().map(UdpSocket::local_addr),
        }
    }
}

fn connect(
    context: &Context,
    target: &Target,
    port: Option<u16>,
) -> Result<UdpSocket, CloseReason> {
    UdpSocket::connect(target.address, port, context.offload)
        .map_err(|error| CloseReason::NoSocket(without_numbers(&format!("{error:#}"))))
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
