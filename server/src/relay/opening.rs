//! What a session must have before it begins: a place among all, a UDP socket, and an allowance.

use std::net::{IpAddr, SocketAddr};

use tokio::sync::SetOnce;

use super::SessionKind;
use super::close::Ended;
use crate::echo::Enrolled;
use crate::host::Shared;
use crate::limits::{Allowance, Entry};
use crate::resume::Held;
use crate::target::{OWN_SERVER, Target};
use crate::udp::UdpSocket;

/// A request for a session that may have one.
#[derive(Debug)]
pub struct Visit {
    /// Which protocol is wanted.
    pub kind: SessionKind,
    /// Address of the client, as far as it is known.
    pub client: IpAddr,
    /// The server that the session shall talk to.
    pub target: Target,
    /// The token of an earlier session whose UDP port is wanted again.
    pub resume: Option<String>,
}

/// What a session has of its own, given back in this order.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    pub(super) udp: Udp<'a>,
    pub(super) allowance: Allowance,
    pub(super) port: Port,
    /// Counts the session for as long as it is kept.
    pub(super) place: Entry,
}

/// A session's UDP socket.
#[derive(Debug)]
pub(super) enum Udp<'a> {
    /// Of a page, which is told its address at once.
    Page(UdpSocket),
    /// Of a session that only carries.
    Raw(LateSocket<'a>),
}

/// A UDP socket that is opened for the first datagram: before that no server knows where to write to, and a client that
/// only waits shall hold one file descriptor of the host and not two.
#[derive(Debug)]
pub(super) struct LateSocket<'a> {
    shared: &'a Shared,
    target: &'a Target,
    /// With its entry at the host's own server: it is no stranger to those who watch that.
    open: SetOnce<(UdpSocket, Option<Enrolled>)>,
}

/// The session's claim to its UDP port.
#[derive(Debug)]
pub(super) struct Port {
    held: Option<Held>,
    /// Whether the port is the one that the client had before.
    pub(super) resumed: bool,
}

impl<'a> Opened<'a> {
    /// Opens what a session needs, if there is a place for one more.
    pub(super) async fn open(shared: &'a Shared, visit: &'a Visit) -> Result<Self, Ended> {
        // First, for an old session of the same client then leaves its place to this one.
        let wanted = match &visit.resume {
            Some(token) => shared.ports.claim(token).await,
            None => None,
        };
        let limiter = &shared.limiter;
        let place = limiter.admit_session(visit.client).map_err(Ended::Full)?;
        let target = &visit.target;
        let regained = wanted.and_then(|port| match connect(shared, target, Some(port)) {
            Ok(udp) => Some(udp),
            Err(error) => {
                tracing::debug!(port, "the port cannot be given back: {error}");
                None
            }
        });
        let resumed = regained.is_some();
        let (udp, port) = match (visit.kind, regained) {
            (SessionKind::Raw, None) => (Udp::Raw(LateSocket::new(shared, target)), None),
            (SessionKind::Raw, Some(udp)) => {
                let port = udp.local_addr().port();
                let socket = LateSocket::new(shared, target);
                socket.set(udp);
                (Udp::Raw(socket), Some(port))
            }
            (SessionKind::Page, regained) => {
                let udp = regained.map_or_else(|| connect(shared, target, None), Ok)?;
                let port = udp.local_addr().port();
                (Udp::Page(udp), Some(port))
            }
        };
        let held = port.and_then(|port| shared.ports.hold(port));
        Ok(Self {
            allowance: limiter.allowance(&place),
            udp,
            port: Port { held, resumed },
            place,
        })
    }
}

impl Udp<'_> {
    /// The session's own address, if it has one yet.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Page(udp) => Some(udp.local_addr()),
            Self::Raw(udp) => udp.get().map(UdpSocket::local_addr),
        }
    }
}

fn connect(shared: &Shared, target: &Target, port: Option<u16>) -> Result<UdpSocket, Ended> {
    UdpSocket::connect(target.address, port, shared.offload)
        .map_err(|error| Ended::NoSocket(format!("{error:#}")))
}

impl<'a> LateSocket<'a> {
    /// A socket that is not open yet.
    pub(super) fn new(shared: &'a Shared, target: &'a Target) -> Self {
        Self {
            shared,
            target,
            open: SetOnce::new(),
        }
    }

    /// The socket; opens it if nobody has asked before.
    pub(super) fn open(&self) -> Result<&UdpSocket, Ended> {
        if self.open.get().is_none() {
            self.set(connect(self.shared, self.target, None)?);
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
        let own_server = self.target.name == OWN_SERVER;
        let enrolled = own_server.then(|| self.shared.witnesses.enrol(udp.local_addr()));
        let set = self.open.set((udp, enrolled));
        debug_assert!(set.is_ok(), "one task opens it");
    }
}

impl Port {
    /// What the client may present to get the port again; empty when nothing is promised.
    pub(super) fn token(&self) -> &str {
        self.held.as_ref().map(Held::token).unwrap_or_default()
    }

    /// Resolves when the client wants the port on another connection.
    pub(super) async fn superseded(&self) {
        match &self.held {
            Some(held) => held.superseded().await,
            None => std::future::pending().await,
        }
    }
}
