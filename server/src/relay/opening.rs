//! What a session must have before it begins: a place among all, a UDP socket, and an allowance.

use std::net::IpAddr;

use super::SessionKind;
use super::close::Ended;
use crate::host::Shared;
use crate::limits::{Allowance, Entry};
use crate::resume::Held;
use crate::target::Target;
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
pub(super) struct Opened {
    pub(super) udp: UdpSocket,
    pub(super) allowance: Allowance,
    pub(super) port: Port,
    /// Counts the session for as long as it is kept.
    pub(super) place: Entry,
}

/// The session's claim to its UDP port.
#[derive(Debug)]
pub(super) struct Port {
    held: Option<Held>,
    /// Whether the port is the one that the client had before.
    pub(super) resumed: bool,
}

impl Opened {
    /// Opens a session's UDP socket, if there is a place for one more session.
    pub(super) async fn open(shared: &Shared, visit: &Visit) -> Result<Self, Ended> {
        // First, for an old session of the same client then leaves its place to this one.
        let wanted = match &visit.resume {
            Some(token) => shared.ports.claim(token).await,
            None => None,
        };
        let limiter = &shared.limiter;
        let place = limiter.admit_session(visit.client).map_err(Ended::Full)?;
        let connect = |port| UdpSocket::connect(visit.target.address, port, shared.offload);
        let regained = wanted.and_then(|port| match connect(Some(port)) {
            Ok(udp) => Some(udp),
            Err(error) => {
                tracing::debug!(port, "the port cannot be given back: {error:#}");
                None
            }
        });
        let resumed = regained.is_some();
        let udp = match regained {
            Some(udp) => udp,
            None => connect(None).map_err(|error| Ended::NoSocket(format!("{error:#}")))?,
        };
        let held = shared.ports.hold(udp.local_addr().port());
        Ok(Self {
            allowance: limiter.allowance(&place),
            udp,
            port: Port { held, resumed },
            place,
        })
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
