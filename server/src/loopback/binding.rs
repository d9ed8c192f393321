//! How a socket of a loopback comes to its port.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use wire::echo::FIRST_CLIENT_PORT;
use wire::sockets::control::Family;
use wire::sockets::refusal::Refusal;

use super::reader::Loopback;
use super::registry::Registry;
use super::socket::{Ground, OwnSocket};
use super::{Receipt, errno};
use crate::udp::UdpSocket;

impl Loopback {
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
}

/// A name for a socket whose port the system picked: that port, or the next one that no other name has.
pub(super) fn free_name(registry: &Registry, kernel: SocketAddr) -> SocketAddr {
    let ports = (kernel.port()..=u16::MAX).chain(FIRST_CLIENT_PORT..kernel.port());
    let mut names = ports.map(|port| SocketAddr::new(kernel.ip(), port));
    names.find(|name| !registry.has(*name)).unwrap_or(kernel)
}
