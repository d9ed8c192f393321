//! One loopback: what its sessions share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::mpsc;
use wire::echo::FIRST_CLIENT_PORT;
use wire::sockets::control::Family;
use wire::sockets::refusal::Refusal;

use super::registry::Registry;
use super::socket::{Ground, OwnSocket};
use super::{Receipt, Shared, Token, errno};
use crate::echo::ReaderAddress;
use crate::udp::UdpSocket;

/// The loopback of one reader. Its sessions and sockets share it.
#[derive(Debug)]
pub struct Loopback {
    address: Ipv4Addr,
    token: Token,
    /// The port of the host's echo server is handed over here, when that holds it on all addresses.
    handover: Option<ReaderAddress>,
    registry: RwLock<Registry>,
    shared: Arc<Shared>,
}

/// Who sent a datagram that came to a socket of a loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A socket of this loopback, with the name that its programs know it by.
    Own(SocketAddr),
    /// A socket of another reader.
    OtherReader,
    /// A program on this machine or beyond.
    Outside(SocketAddr),
}

impl Loopback {
    pub(super) fn new(shared: Arc<Shared>, address: Ipv4Addr, token: Token) -> Self {
        let handover = shared.handover.as_ref().filter(|_| !shared.is_mapped);
        Self {
            address,
            token,
            handover: handover.map(|handover| handover.reserve(address)),
            registry: RwLock::default(),
            shared,
        }
    }

    /// The IPv4 address that `localhost` stands for. That of IPv6 is always `::1`.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The secret that lets another session join.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Whether the ports of a family are mapped: the system has one loopback address for all readers.
    pub fn is_mapped(&self, family: Family) -> bool {
        family == Family::Ipv6 || self.shared.is_mapped
    }

    /// Binds a socket; port 0 has the system pick one. `receipts` is told which of its datagrams other sockets of this loopback
    /// have received.
    ///
    /// # Errors
    /// The port is below 1024 or taken, by a socket of this loopback or by another program; or the system's reason. Must be called
    /// inside a tokio runtime.
    pub fn bind(
        self: &Arc<Self>,
        family: Family,
        port: u16,
        receipts: &mpsc::Sender<Receipt>,
    ) -> Result<OwnSocket, Refusal> {
        if (1..FIRST_CLIENT_PORT).contains(&port) {
            return Err(Refusal::port_of_the_system(port));
        }
        let wanted = SocketAddr::new(self.ip(family), port);
        let mut registry = self.registry_mut();
        if registry.has(wanted) {
            return Err(Refusal::in_use(wanted));
        }
        let ground = self.ground(wanted)?;
        let kernel = match &ground {
            Ground::Kernel(udp) => udp.local_addr(),
            Ground::HandedOver(_) => wanted,
        };
        let name = match port {
            0 => free_name(&registry, kernel),
            _ => wanted,
        };
        if self.is_mapped(family) {
            self.shared.mapped().insert(kernel);
        }
        registry.enter(name, kernel, receipts.clone());
        drop(registry);
        Ok(OwnSocket::new(Arc::clone(self), ground, name, kernel))
    }

    /// What is to be under a socket with this name.
    fn ground(&self, wanted: SocketAddr) -> Result<Ground, Refusal> {
        let is_mapped = wanted.is_ipv6() || self.shared.is_mapped;
        if let (Some(reader), Some(handover)) = (&self.handover, &self.shared.handover)
            && !is_mapped
            && handover.port() == wanted.port()
        {
            return Ok(Ground::HandedOver(reader.open()));
        }
        let kernel = match is_mapped {
            true => SocketAddr::new(wanted.ip(), 0),
            false => wanted,
        };
        UdpSocket::try_bind(kernel, self.shared.offload)
            .map(Ground::Kernel)
            .map_err(|error| errno::cannot_bind(wanted, &error))
    }

    /// Whether a socket of this loopback is bound to the port.
    pub fn is_bound(&self, family: Family, port: u16) -> bool {
        let name = SocketAddr::new(self.ip(family), port);
        self.registry().has(name)
    }

    /// Who sent a datagram, by its source address.
    pub fn origin(&self, from: SocketAddr) -> Origin {
        if let Some(name) = self.registry().name(from) {
            return Origin::Own(name);
        }
        match self.shared.mapped().contains(&from) {
            true => Origin::OtherReader,
            false => Origin::Outside(from),
        }
    }

    /// Gives receipts to the sessions whose sockets sent what they are about. Never waits: what a session does not take in time
    /// counts there as not received.
    pub fn deliver(&self, receipts: impl IntoIterator<Item = Receipt>) {
        let registry = self.registry();
        for receipt in receipts {
            if let Some(session) = registry.receipts(receipt.from) {
                // An error says that the session is gone or far behind.
                let _ = session.try_send(receipt);
            }
        }
    }

    /// The address that `localhost` stands for.
    fn ip(&self, family: Family) -> IpAddr {
        match family {
            Family::Ipv4 => self.address.into(),
            Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
        }
    }

    pub(super) fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a socket could be bound or closed at this moment.
    #[cfg(test)]
    pub(super) fn can_change(&self) -> bool {
        self.registry.try_write().is_ok()
    }

    /// Closes a socket while nobody sends to it.
    pub(super) fn close(&self, name: SocketAddr, kernel: SocketAddr, ground: Option<Ground>) {
        let mut registry = self.registry_mut();
        registry.leave(name);
        self.shared.mapped().remove(&kernel);
        drop(ground);
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.close(self);
    }
}

/// A name for a socket whose port the system picked: that port, or the next one that no other name has.
pub(super) fn free_name(registry: &Registry, kernel: SocketAddr) -> SocketAddr {
    let ports = (kernel.port()..=u16::MAX).chain(FIRST_CLIENT_PORT..kernel.port());
    let mut names = ports.map(|port| SocketAddr::new(kernel.ip(), port));
    names.find(|name| !registry.has(*name)).unwrap_or(kernel)
}
