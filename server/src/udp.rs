//! A UDP socket that moves many datagrams with one system call, and is exact about each of them.
//!
//! On Linux datagrams of one size to one peer cross the kernel as one buffer (GSO out, GRO in), and what has
//! no such shape goes in batches (`sendmmsg`, `recvmmsg`). Other systems get the same behaviour one call at a time.
//! A socket owns no buffer: a [`Slab`] is borrowed while there is something to read.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use anyhow::Context as _;
use quinn_udp::{UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;

mod buffers;
#[cfg(target_os = "linux")]
mod control;
mod options;
mod send;
mod slab;
mod syscall;
mod watched;

pub use buffers::{GroBuffer, GsoBuffer};
pub use send::Trouble;
pub(crate) use send::{Gate, MAX_GSO_BYTES};
pub use slab::{DATAGRAM_ROOM, Slab, SlabGuard};
use watched::Watched;

/// Receive buffer asked of the kernel, in bytes: room for 64 datagrams of 60,000 bytes with the kernel's own overhead.
///
/// Linux doubles the figure, and grants no more than `net.core.rmem_max` to a process without privileges.
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;

/// Send buffer asked of the kernel, in bytes.
const SEND_BUFFER_BYTES: usize = 1 << 20;

/// Whether a receive that could have brought more datagrams says by this that there are none.
///
/// `recvmmsg` also stops at an error, but that has a readiness of its own; and epoll tells of whatever arrives meanwhile.
const IS_DRAINED_BY_SHORT_READS: bool = cfg!(target_os = "linux");

/// A UDP socket, bound or connected.
#[derive(Debug)]
pub struct UdpSocket {
    io: Watched,
    state: UdpSocketState,
    local: SocketAddr,
    peer: Option<SocketAddr>,
    /// Largest segment that the kernel is asked to cut from a buffer; 0 when it cuts none.
    segment_limit: AtomicUsize,
}

impl UdpSocket {
    /// Binds to `address`; `[::]` takes IPv4 as well.
    ///
    /// Addresses are never shared: while another process holds the port, this fails instead of stealing its datagrams.
    ///
    /// # Errors
    ///
    /// Names the address and the operating system's reason. Must be called inside a tokio runtime.
    pub fn bind(address: SocketAddr, offload: bool) -> anyhow::Result<Self> {
        Self::try_bind(address, offload).with_context(|| format!("bind UDP on {address}"))
    }

    /// The same, with the operating system's reason alone.
    pub(crate) fn try_bind(address: SocketAddr, offload: bool) -> io::Result<Self> {
        Self::open(address, offload, |socket| bind(socket, address))
    }

    /// Opens a socket that talks to `peer` alone, from a port that the system picks (claim 6) or from `port`.
    ///
    /// # Errors
    ///
    /// Names the peer and the operating system's reason. Must be called inside a tokio runtime.
    pub fn connect(peer: SocketAddr, port: Option<u16>, offload: bool) -> anyhow::Result<Self> {
        Self::try_connect(peer, port, offload)
            .with_context(|| format!("open a UDP socket to {peer}"))
    }

    /// The same, with the operating system's reason alone.
    pub(crate) fn try_connect(
        peer: SocketAddr,
        port: Option<u16>,
        offload: bool,
    ) -> io::Result<Self> {
        let mut socket = Self::open(peer, offload, |socket| {
            if let Some(port) = port {
                let any: IpAddr = match peer {
                    SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                socket.bind(&SocketAddr::new(any, port).into())?;
            }
            socket.connect(&peer.into()).map_err(out_of_ports)
        })?;
        socket.peer = Some(peer);
        Ok(socket)
    }

    /// Takes over a socket that is bound already, with the options that [`bind`](Self::bind) sets.
    ///
    /// Buffers that are larger than ours stay. Whether `[::]` takes IPv4 was decided when it was bound.
    ///
    /// # Errors
    ///
    /// Names the address and the operating system's reason. Must be called inside a tokio runtime.
    pub fn adopt(socket: std::net::UdpSocket, offload: bool) -> anyhow::Result<Self> {
        let local = socket
            .local_addr()
            .context("read the address of a UDP socket")?;
        let socket = Socket::from(socket);
        options::grow_buffers(&socket, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
        Self::equip(socket, local, offload)
            .with_context(|| format!("take over the UDP socket of {local}"))
    }

    fn open(
        family: SocketAddr,
        offload: bool,
        place: impl FnOnce(&Socket) -> io::Result<()>,
    ) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(family),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        options::size_buffers(&socket, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
        place(&socket)?;
        Self::equip(socket, family, offload)
    }

    /// Sets what does not depend on where the socket is bound.
    fn equip(socket: Socket, family: SocketAddr, offload: bool) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let state = options::keeping_fragmentation(&socket, family.is_ipv6(), || {
            UdpSocketState::new(UdpSockRef::from(&socket))
        })?;
        options::drop_unread_metadata(&socket);
        if !offload {
            options::disable_gro(&socket);
        }
        let segment_limit = match offload && state.max_gso_segments() > 1 {
            true => usize::from(u16::MAX),
            false => 0,
        };
        let io = Watched::new(socket.into())?;
        Ok(Self {
            local: io.local_addr()?,
            io,
            state,
            peer: None,
            segment_limit: AtomicUsize::new(segment_limit),
        })
    }

    /// Turns a connected socket to another peer; its own port stays.
    ///
    /// # Errors
    ///
    /// The operating system's; the socket then talks to whom it talked before.
    pub fn reconnect(&mut self, peer: SocketAddr) -> io::Result<()> {
        SockRef::from(self.io.socket()).connect(&peer.into())?;
        self.peer = Some(peer);
        self.local = self.io.local_addr()?;
        Ok(())
    }

    /// A socket with the same port and without a peer, to take the place of this one: `connect` cannot be undone on every
    /// system. For the moment that both are open, they share the port.
    ///
    /// # Errors
    ///
    /// Names the address and the operating system's reason. Must be called inside a tokio runtime.
    pub fn unconnected(&self, offload: bool) -> anyhow::Result<Self> {
        let (old, address) = (SockRef::from(self.io.socket()), self.local);
        options::share_address(&old, true)
            .and_then(|()| {
                Self::open(address, offload, |socket| {
                    options::share_address(socket, true)?;
                    socket.bind(&address.into())?;
                    // The port is nobody else's from here on.
                    options::share_address(socket, false)
                })
            })
            .inspect_err(|_| drop(options::share_address(&old, false)))
            .with_context(|| format!("open an unconnected UDP socket on {address}"))
    }

    /// The address that the socket has; after [`connect`](Self::connect) with the address that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The one peer of a connected socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether datagrams of IPv4 arrive here: those of `[::]` may, as addresses of IPv6 that hold one of IPv4.
    pub fn takes_ipv4(&self) -> bool {
        self.local.is_ipv4() || !SockRef::from(self.io.socket()).only_v6().unwrap_or(false)
    }

    /// Whether the kernel takes equal datagrams as one buffer, so that it pays to put them into one.
    pub fn has_gso(&self) -> bool {
        self.segment_limit() > 0
    }

    /// Datagrams that the kernel dropped because this socket's receive buffer was full; `None` where it does not tell.
    pub fn kernel_drops(&self) -> Option<u32> {
        options::kernel_drops(self.io.socket())
    }

    /// Receives what has arrived into `slab`, at most `most` buffers of datagrams.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when nothing has arrived. Any other error belongs to a datagram sent earlier (ICMP) and is gone
    /// with this call: the socket goes on working.
    pub fn try_receive(&self, slab: &mut Slab, most: usize) -> io::Result<()> {
        match self.receive_when(Interest::READABLE, slab, most) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.receive_when(Interest::ERROR, slab, most)
            }
            received => received,
        }
    }

    /// Waits until something has arrived, or an error is pending.
    ///
    /// # Errors
    ///
    /// When the runtime is shutting down.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.arrival().await
    }

    /// The same for one task, which costs less than a future; `None` for a socket that is connected. Of an unconnected one the
    /// system tells no errors, and of these this knows nothing.
    pub(crate) fn poll_arrival(&self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        let is_unconnected = self.peer.is_none();
        // An error says that the runtime is shutting down; receiving will say so, too.
        is_unconnected.then(|| self.io.poll_readable(cx).map(|_| ()))
    }

    /// Receives if the socket is known to be ready in this way; without a system call if it is not.
    fn receive_when(&self, ready: Interest, slab: &mut Slab, most: usize) -> io::Result<()> {
        slab.clear();
        let socket = UdpSockRef::from(self.io.socket());
        let received = self.io.try_io(ready, || {
            slab.fill(most, |buffers, meta| self.state.recv(socket, buffers, meta))?;
            match IS_DRAINED_BY_SHORT_READS && slab.received() < most {
                // Nothing is left, which saves the call that would find that out: the runtime waits from here on.
                true => Err(io::ErrorKind::WouldBlock.into()),
                false => Ok(()),
            }
        });
        match received {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && slab.received() > 0 => {
                Ok(())
            }
            received => received,
        }
    }

    fn segment_limit(&self) -> usize {
        self.segment_limit.load(Ordering::Relaxed)
    }
}

/// Binds a socket to `address`; on `[::]` it takes IPv4 as well, whatever the system's own default is.
///
/// # Errors
///
/// The operating system's reason.
pub(crate) fn bind(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        // Windows and some BSDs would take IPv6 alone.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())
}

/// Says what Linux means by "Resource temporarily unavailable" when a port is to be picked.
fn out_of_ports(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            "no port is free, widen net.ipv4.ip_local_port_range",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
