//! One loopback: what its sessions and sockets share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use wire::sockets::control::Family;

use super::registry::Registry;
use super::{Receipt, Shared};
use crate::echo::ReaderAddress;
use crate::token::Token;

/// The loopback of one reader. Its sessions and sockets share it.
#[derive(Debug)]
pub struct Loopback {
    address: Ipv4Addr,
    token: Token,
    /// The port of the host's echo server is handed over here, when that holds it on all addresses.
    pub(super) handover: Option<ReaderAddress>,
    registry: RwLock<Registry>,
    pub(super) shared: Arc<Shared>,
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
    pub(super) fn ip(&self, family: Family) -> IpAddr {
        match family {
            Family::Ipv4 => self.address.into(),
            Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
        }
    }

    pub(super) fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a socket could be bound or closed at this moment.
    #[cfg(test)]
    pub(super) fn can_change(&self) -> bool {
        self.registry.try_write().is_ok()
    }

    /// Closes a socket, by dropping what is under it, while nobody sends to it.
    pub(super) fn close<T>(&self, name: SocketAddr, kernel: SocketAddr, ground: T) {
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
