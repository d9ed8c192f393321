//! A socket of a loopback. Its session need not know which of three kinds it is.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, RwLockReadGuard};
use std::task::{Context, Poll};

use wire::sockets::control::Family;

use super::reader::Loopback;
use super::registry::Registry;
use crate::echo::HandedOver;
use crate::udp::{Gate, GsoBuffer, Slab, Trouble, UdpSocket};

/// A bound socket of a loopback. Dropping it closes it and frees its port.
#[derive(Debug)]
pub struct OwnSocket {
    /// Present until dropped.
    ground: Option<Ground>,
    name: SocketAddr,
    kernel: SocketAddr,
    loopback: Arc<Loopback>,
}

/// What carries the datagrams of a socket.
#[derive(Debug)]
pub(super) enum Ground {
    /// A socket of the system: on the loopback's own address, or mapped, on one that all readers share.
    Kernel(UdpSocket),
    /// The socket of the host's echo server, which is bound to all addresses.
    HandedOver(HandedOver),
}

/// What went wrong while sending; the rest of the batch is sent all the same.
#[derive(Debug)]
pub enum SendTrouble {
    /// An error of a datagram sent earlier turned up. The datagram at hand is sent nevertheless.
    Earlier(io::Error),
    /// No socket of the loopback was bound to the port at that moment; nothing was sent.
    Unbound(Unsent),
    /// The system refused.
    Failed(Unsent, io::Error),
}

/// Which datagrams of a batch were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent {
    /// Index in the batch of the buffer they belong to.
    pub buffer: usize,
    /// Index in the buffer of the first of them.
    pub first: usize,
    /// How many.
    pub count: usize,
}

impl OwnSocket {
    pub(super) fn new(
        loopback: Arc<Loopback>,
        ground: Ground,
        name: SocketAddr,
        kernel: SocketAddr,
    ) -> Self {
        Self {
            ground: Some(ground),
            name,
            kernel,
            loopback,
        }
    }

    /// The address and port as the reader's programs know them.
    pub fn name(&self) -> SocketAddr {
        self.name
    }

    /// The address and port by which other programs on this machine reach it.
    pub fn outside(&self) -> SocketAddr {
        self.kernel
    }

    /// The family of its addresses.
    pub fn family(&self) -> Family {
        match self.name {
            SocketAddr::V4(_) => Family::Ipv4,
            SocketAddr::V6(_) => Family::Ipv6,
        }
    }

    /// Waits until something has arrived, or an error is pending. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn readable(&self) -> io::Result<()> {
        match self.ground() {
            Ground::Kernel(udp) => udp.readable().await,
            Ground::HandedOver(queue) => {
                queue.readable().await;
                Ok(())
            }
        }
    }

    /// The same for one task, which costs less than a future; `None` where there is only a future.
    pub(crate) fn poll_arrival(&self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        match self.ground() {
            Ground::Kernel(udp) => udp.poll_arrival(cx),
            Ground::HandedOver(_) => None,
        }
    }

    /// Receives what has arrived into `slab`, at most `most` buffers. [`Loopback::origin`] tells who sent a buffer.
    ///
    /// # Errors
    /// `WouldBlock` when nothing has arrived. Any other error belongs to a datagram sent earlier: the socket goes on working.
    pub fn try_receive(&self, slab: &mut Slab, most: usize) -> io::Result<()> {
        match self.ground() {
            Ground::Kernel(udp) => udp.try_receive(slab, most),
            Ground::HandedOver(queue) => queue.try_receive(slab, most),
        }
    }

    /// Datagrams that were dropped because too many waited to be received; `None` where the system does not tell.
    pub fn kernel_drops(&self) -> Option<u32> {
        match self.ground() {
            Ground::Kernel(udp) => udp.kernel_drops(),
            Ground::HandedOver(queue) => Some(queue.dropped()),
        }
    }

    /// Whether equal datagrams leave as one buffer, so that it pays to put them into one.
    pub fn has_gso(&self) -> bool {
        match self.ground() {
            Ground::Kernel(udp) => udp.has_gso(),
            Ground::HandedOver(queue) => queue.has_gso(),
        }
    }

    /// Sends datagrams to sockets of this loopback, which `to` of each buffer names. What goes to a port that nobody has bound at
    /// that moment is not sent: a stranger that is bound to all addresses would get it.
    ///
    /// Waits while there is no room.
    pub async fn send(&self, batch: &[GsoBuffer<'_>], report: impl FnMut(SendTrouble)) {
        let batch = self.by_system_addresses(batch);
        self.send_through(|| self.gate(), &batch, report).await;
    }

    /// Sends datagrams to programs at 127.0.0.1 or `::1` that are no sockets of a loopback, and have written to this one.
    ///
    /// Waits while there is no room.
    pub async fn send_to_visitors(&self, batch: &[GsoBuffer<'_>], report: impl FnMut(SendTrouble)) {
        self.send_through(|| OnlyVisitors, batch, report).await;
    }

    async fn send_through<G: Gate>(
        &self,
        gate: impl Fn() -> G,
        batch: &[GsoBuffer<'_>],
        mut report: impl FnMut(SendTrouble),
    ) {
        let report = |trouble| report(SendTrouble::of(trouble));
        match self.ground() {
            Ground::Kernel(udp) => udp.send_through(gate, batch, report).await,
            Ground::HandedOver(queue) => queue.send_through(gate, batch, report).await,
        }
    }

    /// The batch with the system's addresses in place of names; without a destination where the name is nobody's.
    fn by_system_addresses<'a, 'b>(&self, batch: &'b [GsoBuffer<'a>]) -> Cow<'b, [GsoBuffer<'a>]> {
        if !self.loopback.is_mapped(self.family()) {
            return Cow::Borrowed(batch);
        }
        let registry = self.loopback.registry();
        let mapped = batch.iter().map(|buffer| GsoBuffer {
            to: buffer.to.and_then(|name| registry.kernel(name)),
            ..*buffer
        });
        Cow::Owned(mapped.collect())
    }

    /// What every send to the loopback goes through.
    pub(super) fn gate(&self) -> OnlyBound<'_> {
        OnlyBound(self.loopback.registry())
    }

    fn ground(&self) -> &Ground {
        self.ground.as_ref().expect("present until dropped")
    }
}

impl Drop for OwnSocket {
    fn drop(&mut self) {
        self.loopback
            .close(self.name, self.kernel, self.ground.take());
    }
}

impl SendTrouble {
    fn of(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Earlier(error) => Self::Earlier(error),
            Trouble::Unsent {
                buffer,
                first,
                count,
                error,
            } => {
                let unsent = Unsent {
                    buffer,
                    first,
                    count,
                };
                match error.get_ref().is_some_and(|inner| inner.is::<NotBound>()) {
                    true => Self::Unbound(unsent),
                    false => Self::Failed(unsent, error),
                }
            }
        }
    }
}

/// Nobody has bound the port.
#[derive(Debug, thiserror::Error)]
#[error("no program has bound the port")]
struct NotBound;

/// Lets datagrams go to bound sockets of the loopback alone. While it lives, none is bound or closed.
pub(super) struct OnlyBound<'a>(RwLockReadGuard<'a, Registry>);

impl Gate for OnlyBound<'_> {
    fn admit(&self, buffer: &GsoBuffer<'_>) -> io::Result<()> {
        let to = buffer.to.map(canonical);
        match to.is_some_and(|to| self.0.has_kernel(to)) {
            true => Ok(()),
            false => Err(io::Error::other(NotBound)),
        }
    }
}

/// Lets datagrams go to the addresses that visitors have, and to no reader's.
struct OnlyVisitors;

impl Gate for OnlyVisitors {
    fn admit(&self, buffer: &GsoBuffer<'_>) -> io::Result<()> {
        let ip = buffer.to.map(|to| to.ip().to_canonical());
        let of_visitors = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ];
        match ip.is_some_and(|ip| of_visitors.contains(&ip)) {
            true => Ok(()),
            false => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

/// The address with IPv4 written as IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
