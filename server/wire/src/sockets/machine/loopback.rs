//! A reader's loopback: who has bound which port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::SessionId;
use super::few::Few;
use crate::addresses;
use crate::sockets::control::{Family, Loopback as Told};
use crate::sockets::route::{Admission, Surroundings, Target};

/// Ports that the system picks from, as Linux does (`ip_local_port_range`).
const PICKED: std::ops::RangeInclusive<u32> = 32_768..=60_999;

#[derive(Debug)]
pub(super) struct Loopback {
    pub(super) address: Ipv4Addr,
    pub(super) token: String,
    pub(super) sessions: Vec<SessionId>,
    /// Session and number of the socket that is bound to an address.
    bound: Few<SocketAddr, (SessionId, u16)>,
}

/// Whether a reader may get the address: not the block in which services of the machine are, and not its broadcast address.
pub(super) fn may_be_a_readers(address: Ipv4Addr) -> bool {
    let [_, b, ..] = address.octets();
    b != 0 && address != Ipv4Addr::new(127, 255, 255, 255)
}

impl Loopback {
    pub(super) fn new(address: Ipv4Addr, token: String) -> Self {
        Self {
            address,
            token,
            sessions: Vec::new(),
            bound: Few::default(),
        }
    }

    /// What `hello` says of it. No program outside can reach it: there is none.
    pub(super) fn told(&self) -> Told {
        Told {
            address: addresses::ip(self.address),
            token: self.token.clone(),
            mapped: false,
            reachable: false,
        }
    }

    pub(super) fn owner(&self, local: SocketAddr) -> Option<(SessionId, u16)> {
        self.bound.get(local).copied()
    }

    /// Binds a socket to an address, whose port 0 stands for any. `None` when it is taken.
    pub(super) fn bind(
        &mut self,
        wanted: SocketAddr,
        owner: (SessionId, u16),
        mut draw: impl FnMut() -> u32,
    ) -> Option<SocketAddr> {
        let mut local = wanted;
        if wanted.port() == 0 {
            let count = PICKED.end() - PICKED.start() + 1;
            let first = draw() % count;
            let mut ports = (0..count).map(|n| PICKED.start() + (first + n) % count);
            let is_free = |port: &u32| {
                local.set_port(*port as u16);
                self.bound.get(local).is_none()
            };
            ports.find(is_free)?;
        }
        if self.bound.get(local).is_some() {
            return None;
        }
        self.bound.add(local, owner);
        Some(local)
    }

    pub(super) fn free(&mut self, local: SocketAddr) {
        self.bound.remove(local);
    }
}

/// What a socket of this machine has around it.
pub(super) struct Around<'a> {
    family: Family,
    loopback: &'a Loopback,
    targets: &'a [Target],
}

impl<'a> Around<'a> {
    pub(super) fn new(family: Family, loopback: &'a Loopback, targets: &'a [Target]) -> Self {
        Self {
            family,
            loopback,
            targets,
        }
    }
}

impl Surroundings for Around<'_> {
    fn family(&self) -> Family {
        self.family
    }

    fn own_address(&self) -> Ipv4Addr {
        self.loopback.address
    }

    fn is_bound(&self, port: u16) -> bool {
        let local = SocketAddr::new(crate::sockets::route::own_ip(self), port);
        self.loopback.owner(local).is_some()
    }

    fn is_visitor(&self, _: SocketAddr) -> bool {
        false
    }

    fn targets(&self) -> &[Target] {
        self.targets
    }

    fn admission(&self, _: IpAddr, _: Option<u16>) -> Admission {
        Admission::NoPeers
    }
}
