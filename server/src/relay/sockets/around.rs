//! What the rules for destinations have to know of a session: its loopback, the targets, and the peers that it may write to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use wire::sockets::control::{Family, NamedTarget};
use wire::sockets::route::{Admission, Surroundings, Target};

use super::known::Known;
use crate::loopback::Loopback;
use crate::relay::context::Context;
use crate::relay::resources::{SessionRequest, WantedSockets};
use crate::sockets::SocketsMode;

/// Where the sockets of a session are.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) loopback: Arc<Loopback>,
    /// Whether the reader's programs are on this machine.
    pub(super) is_local: bool,
    /// Whether the page is one that may write to the peers that the host admits.
    may_reach_peers: bool,
    context: &'a Context,
    /// The targets as the page names them, in the order of [`NamedTargets`](crate::loopback::NamedTargets).
    targets: Vec<Target>,
}

impl<'a> Place<'a> {
    pub(super) fn new(
        context: &'a Context,
        loopback: Arc<Loopback>,
        request: &SessionRequest,
        wanted: &WantedSockets,
    ) -> Self {
        let targets = context.named_targets.all().iter().map(|target| Target {
            name: target.name.clone(),
            address: target.address,
        });
        Self {
            loopback,
            is_local: request.is_local,
            may_reach_peers: wanted.may_reach_peers,
            context,
            targets: targets.collect(),
        }
    }

    /// Where datagrams to a target go, by its place in the list.
    pub(super) fn reached(&self, target: usize) -> SocketAddr {
        self.context.named_targets.all()[target].reached
    }

    /// By which address the page knows whoever is at this one.
    pub(super) fn named(&self, from: SocketAddr) -> SocketAddr {
        let target = self.context.named_targets.reached_at(from);
        target.map_or(from, |target| target.address)
    }

    /// The targets, as `hello` tells them.
    pub(super) fn targets(&self) -> Vec<NamedTarget> {
        let told = self.targets.iter().map(|target| NamedTarget {
            name: target.name.clone(),
            address: target.address.to_string(),
        });
        told.collect()
    }

    /// What a socket has around it.
    pub(super) fn around<'b>(&'b self, family: Family, visitors: &'b Known) -> Around<'b> {
        Around {
            place: self,
            family,
            visitors: Some(visitors),
        }
    }

    /// What names mean, whatever the socket.
    pub(super) fn names(&self) -> Around<'_> {
        Around {
            place: self,
            family: Family::default(),
            visitors: None,
        }
    }

    /// The networks that the session may write to, as they are written.
    pub(super) fn peers(&self) -> Vec<String> {
        match self.may_reach_peers {
            true => self
                .context
                .sockets
                .peers
                .iter()
                .map(ToString::to_string)
                .collect(),
            false => Vec::new(),
        }
    }
}

/// What a socket has around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    place: &'a Place<'a>,
    family: Family,
    visitors: Option<&'a Known>,
}

impl Surroundings for Around<'_> {
    fn family(&self) -> Family {
        self.family
    }

    fn own_address(&self) -> Ipv4Addr {
        self.place.loopback.address()
    }

    fn is_bound(&self, port: u16) -> bool {
        self.place.loopback.is_bound(self.family, port)
    }

    fn is_visitor(&self, address: SocketAddr) -> bool {
        self.visitors.is_some_and(|visitors| visitors.has(address))
    }

    fn targets(&self) -> &[Target] {
        &self.place.targets
    }

    fn admission(&self, address: IpAddr, port: Option<u16>) -> Admission {
        let settings = &self.place.context.sockets;
        if settings.mode != SocketsMode::Peers {
            return Admission::NoPeers;
        }
        if !self.place.may_reach_peers {
            return Admission::NotThisOrigin;
        }
        match settings.peers.iter().any(|peer| peer.admits(address, port)) {
            true => Admission::Admitted,
            false => Admission::NotThisPeer,
        }
    }
}
