//! A UDP socket in the runtime's hands: when it may be read, and when it may be written.
//!
//! On Linux the runtime is asked about reading alone. A UDP socket becomes writable anew with every datagram that its
//! receiver takes, and each time would wake the thread for nothing: hardly any task ever waits for that. One that does
//! registers the socket a second time, for as long as it waits.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::Interest;

#[cfg(target_os = "linux")]
type Inner = tokio::io::unix::AsyncFd<std::net::UdpSocket>;
#[cfg(not(target_os = "linux"))]
type Inner = tokio::net::UdpSocket;

/// A socket that the runtime watches.
#[derive(Debug)]
pub(super) struct Watched {
    registered: Inner,
}

#[cfg(target_os = "linux")]
impl Watched {
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let arrivals = Interest::READABLE | Interest::ERROR;
        let registered = super::syscall::register(socket, arrivals)?;
        Ok(Self { registered })
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &std::net::UdpSocket {
        self.registered.get_ref()
    }

    /// Calls `receive` if the socket is known to be ready in this way.
    pub(super) fn try_io<R>(
        &self,
        ready: Interest,
        receive: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registered.try_io(ready, |_| receive())
    }

    /// Calls `send` until it does not have to wait any more.
    pub(super) async fn send<R>(&self, mut send: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        loop {
            match send() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                sent => return sent,
            }
        }
    }

    /// Sends one datagram to the one peer.
    pub(super) fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket().send(bytes)
    }

    /// Sends one datagram.
    pub(super) fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.socket().send_to(bytes, to)
    }

    /// Whether something has arrived; if not, the task is woken when it has. Of errors it knows nothing.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_read_ready(cx).map_ok(|_| ())
    }

    async fn writable(&self) -> io::Result<()> {
        let socket = super::syscall::register(self.socket().try_clone()?, Interest::WRITABLE)?;
        socket.writable().await.map(|_| ())
    }
}

#[cfg(not(target_os = "linux"))]
impl Watched {
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let registered = tokio::net::UdpSocket::from_std(socket)?;
        Ok(Self { registered })
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &tokio::net::UdpSocket {
        &self.registered
    }

    /// Calls `receive` if the socket is known to be ready in this way.
    pub(super) fn try_io<R>(
        &self,
        ready: Interest,
        receive: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registered.try_io(ready, receive)
    }

    /// Calls `send` until it does not have to wait any more.
    pub(super) async fn send<R>(&self, send: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.registered.async_io(Interest::WRITABLE, send).await
    }

    /// Sends one datagram to the one peer.
    pub(super) fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.try_send(bytes)
    }

    /// Whether something has arrived; if not, the task is woken when it has. Of errors it knows nothing.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_recv_ready(cx)
    }
}

impl Watched {
    /// The address that the socket has.
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    /// Waits until something has arrived, or an error is pending.
    pub(super) async fn arrival(&self) -> io::Result<()> {
        // Linux tells of ICMP's answers by an error alone, without anything to read.
        let arrivals = Interest::READABLE | Interest::ERROR;
        self.registered.ready(arrivals).await.map(|_| ())
    }
}
