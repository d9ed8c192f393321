//! Datagrams that come to the echo server's socket and are meant for readers.
//!
//! An echo server that is bound to all addresses holds its port on the readers' addresses, too (see [`loopback`](crate::loopback)),
//! and a second socket there would need `SO_REUSEADDR`, which lets any program take the port. So the server looks at the
//! destination of each datagram: what is for the address of a reader goes to the queue of that reader's socket, or nowhere when
//! the reader has not bound the port. Answers leave through the server's socket, with the reader's address as their source.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

use tokio::sync::Notify;

use crate::udp::{Gate, GroBuffer, GsoBuffer, Slab, Trouble, UdpSocket};

/// Bytes that may wait for one reader, as a receive buffer of the system holds them.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// Bytes that a waiting buffer counts besides its payload.
const OVERHEAD_BYTES: usize = 256;

/// The addresses of readers on which an echo server holds its port. Clones share them.
#[derive(Debug, Clone)]
pub struct Handover {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    socket: Weak<UdpSocket>,
    /// The address that the server is bound to.
    bound: SocketAddr,
    /// Every address that a reader has, and who gets what comes to it.
    readers: RwLock<Readers>,
}

type Readers = HashMap<Ipv4Addr, Option<Arc<Queue>>>;

/// The address of a reader; the echo server does not answer there for as long as this is kept.
#[derive(Debug)]
pub(crate) struct ReaderAddress {
    shared: Arc<Shared>,
    address: Ipv4Addr,
}

/// A reader's socket on the echo server's port. Dropping it frees the port.
#[derive(Debug)]
pub(crate) struct HandedOver {
    shared: Arc<Shared>,
    address: Ipv4Addr,
    queue: Arc<Queue>,
}

/// The datagrams that wait for a reader.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrival: Notify,
    dropped: AtomicU32,
}

#[derive(Debug, Default)]
struct Waiting {
    buffers: VecDeque<WaitingBuffer>,
    bytes: usize,
}

#[derive(Debug)]
struct WaitingBuffer {
    peer: SocketAddr,
    segment_size: usize,
    bytes: Box<[u8]>,
}

impl Handover {
    /// Of a server's socket; `None` when that is bound to one address, or does not take IPv4.
    pub(super) fn of(socket: &Arc<UdpSocket>) -> Option<Self> {
        let bound = socket.local_addr();
        (bound.ip().is_unspecified() && socket.takes_ipv4()).then(|| Self {
            shared: Arc::new(Shared {
                socket: Arc::downgrade(socket),
                bound,
                readers: RwLock::default(),
            }),
        })
    }

    /// The port that the server holds on all addresses.
    pub(crate) fn port(&self) -> u16 {
        self.shared.bound.port()
    }

    /// Takes `address` away from the server: it is a reader's.
    pub(crate) fn reserve(&self, address: Ipv4Addr) -> ReaderAddress {
        self.shared.readers_mut().insert(address, None);
        ReaderAddress {
            shared: Arc::clone(&self.shared),
            address,
        }
    }

    /// Whether a buffer is for a reader's address; it then has gone there.
    pub(super) fn take(&self, buffer: &GroBuffer<'_>) -> bool {
        let Some(address) = destination(buffer) else {
            return false;
        };
        match self.shared.readers().get(&address) {
            None => false,
            Some(None) => true,
            Some(Some(queue)) => {
                queue.push(buffer);
                true
            }
        }
    }

    /// Whether a buffer is for a reader's address.
    pub(super) fn is_for_reader(&self, buffer: &GroBuffer<'_>) -> bool {
        destination(buffer).is_some_and(|address| self.shared.readers().contains_key(&address))
    }
}

/// The address that a buffer was sent to, if a reader may have it.
fn destination(buffer: &GroBuffer<'_>) -> Option<Ipv4Addr> {
    match buffer.local?.to_canonical() {
        IpAddr::V4(address) if address.is_loopback() && address != Ipv4Addr::LOCALHOST => {
            Some(address)
        }
        _ => None,
    }
}

impl Shared {
    fn readers(&self) -> RwLockReadGuard<'_, Readers> {
        self.readers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers_mut(&self) -> RwLockWriteGuard<'_, Readers> {
        self.readers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReaderAddress {
    /// Opens the reader's socket on the server's port. The caller sees to it that there is one alone.
    pub(crate) fn open(&self) -> HandedOver {
        let queue = Arc::<Queue>::default();
        let open = Some(Arc::clone(&queue));
        self.shared.readers_mut().insert(self.address, open);
        HandedOver {
            shared: Arc::clone(&self.shared),
            address: self.address,
            queue,
        }
    }
}

impl Drop for ReaderAddress {
    fn drop(&mut self) {
        self.shared.readers_mut().remove(&self.address);
    }
}

impl HandedOver {
    /// Waits until something has arrived.
    pub(crate) async fn readable(&self) {
        while self.queue.waiting().buffers.is_empty() {
            self.queue.arrival.notified().await;
        }
    }

    /// Receives what has arrived, as [`UdpSocket::try_receive`] does.
    pub(crate) fn try_receive(&self, slab: &mut Slab, most: usize) -> io::Result<()> {
        slab.clear();
        let mut waiting = self.queue.waiting();
        while !slab.is_full(most)
            && let Some(buffer) = waiting.pop()
        {
            slab.put(&GroBuffer {
                peer: buffer.peer,
                local: Some(self.address.into()),
                bytes: &buffer.bytes,
                segment_size: buffer.segment_size,
            });
        }
        match slab.buffers().next() {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Sends through the server's socket, as [`UdpSocket::send_through`] does. The source is the reader's address.
    pub(crate) async fn send_through<G: Gate>(
        &self,
        gate: impl Fn() -> G,
        batch: &[GsoBuffer<'_>],
        mut report: impl FnMut(Trouble),
    ) {
        let mut batch = batch.to_vec();
        for buffer in &mut batch {
            buffer.from = Some(self.address.into());
            buffer.to = buffer.to.map(|to| self.as_the_socket_takes_it(to));
        }
        let Some(socket) = self.shared.socket.upgrade() else {
            for (buffer, unsent) in batch.iter().enumerate() {
                report(Trouble::Unsent {
                    buffer,
                    first: 0,
                    count: unsent.datagrams().len(),
                    error: io::Error::other("the host's echo server has stopped"),
                });
            }
            return;
        };
        socket.send_through(gate, &batch, report).await;
    }

    /// Whether the server's socket takes equal datagrams as one buffer.
    pub(crate) fn has_gso(&self) -> bool {
        let socket = self.shared.socket.upgrade();
        socket.is_some_and(|socket| socket.has_gso())
    }

    /// Datagrams that were dropped because too much waited.
    pub(crate) fn dropped(&self) -> u32 {
        self.queue.dropped.load(Ordering::Relaxed)
    }

    /// A socket on `[::]` takes addresses of IPv6 alone.
    fn as_the_socket_takes_it(&self, to: SocketAddr) -> SocketAddr {
        match (self.shared.bound, to.ip()) {
            (SocketAddr::V6(_), IpAddr::V4(ip)) => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        }
    }
}

impl Drop for HandedOver {
    fn drop(&mut self) {
        if let Some(queue) = self.shared.readers_mut().get_mut(&self.address) {
            *queue = None;
        }
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a buffer, or drops it when there is no room.
    fn push(&self, buffer: &GroBuffer<'_>) {
        let ip = buffer.peer.ip().to_canonical();
        let mut waiting = self.waiting();
        if waiting.bytes + cost(buffer.bytes) > MAX_WAITING_BYTES {
            let datagrams = u32::try_from(buffer.datagrams().len()).unwrap_or(u32::MAX);
            self.dropped.fetch_add(datagrams, Ordering::Relaxed);
            return;
        }
        waiting.bytes += cost(buffer.bytes);
        waiting.buffers.push_back(WaitingBuffer {
            peer: SocketAddr::new(ip, buffer.peer.port()),
            segment_size: buffer.segment_size,
            bytes: buffer.bytes.into(),
        });
        drop(waiting);
        self.arrival.notify_one();
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<WaitingBuffer> {
        let buffer = self.buffers.pop_front()?;
        self.bytes -= cost(&buffer.bytes);
        if self.buffers.is_empty() {
            // A burst leaves nothing behind.
            self.buffers = VecDeque::new();
        }
        Some(buffer)
    }
}

fn cost(payload: &[u8]) -> usize {
    payload.len() + OVERHEAD_BYTES
}
