//! What carries the datagrams: a connected UDP socket, or a WebSocket to a relay.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, anyhow, bail, ensure};
use bytes::Bytes;
use tokio::net::UdpSocket;

mod relay;

use crate::cause::cannot_reach;
use crate::place::{Place, Shown, group};
use relay::Relay;
pub(super) use relay::read_url;

/// Larger than any datagram, so that none is cut on the way in.
const RECEIVE_BYTES: usize = 65_536;

/// Asked of the system for the socket's receive buffer; it may give less (`net.core.rmem_max` on Linux).
const WANTED_BUFFER_BYTES: usize = 8 << 20;

/// Windows are not wider than this unless they are asked for.
const WIDEST_WINDOW: u64 = 64;

/// Where the datagrams go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// Straight to a UDP server, HOST:PORT.
    Server(String),
    /// To a relay's raw route, a URL.
    Relay(String),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Server(name) | Self::Relay(name)) = self;
        f.write_str(name)
    }
}

/// Carries datagrams to a server and back.
#[derive(Debug)]
pub(super) enum Transport {
    /// Our own UDP socket.
    Direct(Direct),
    /// Somebody else's UDP socket, behind a WebSocket.
    Relay(Box<Relay>),
}

/// What became of an attempt to send.
#[derive(Debug)]
pub(super) enum Sending {
    /// It left.
    Sent,
    /// The system did not send it, and says why.
    Rejected(io::Error),
    /// The system reports that an *earlier* datagram was refused. This one was not sent: it is to be tried again.
    EarlierRefused(io::Error),
}

/// What came in.
#[derive(Debug)]
pub(super) enum Arrival {
    /// An answer.
    Answer(Bytes),
    /// An ICMP error: nobody listens, or no way leads there.
    Refused(io::Error),
}

impl Transport {
    /// Opens a socket to a server, or a session at a relay.
    ///
    /// # Errors
    /// The name or URL cannot be read, resolved or reached; says which and what to write.
    pub(super) async fn open(destination: &Destination) -> anyhow::Result<Self> {
        match destination {
            Destination::Server(address) => Direct::open(address).await.map(Self::Direct),
            Destination::Relay(url) => Ok(Self::Relay(Box::new(Relay::open(url).await?))),
        }
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// The session with the relay has ended.
    pub(super) async fn send(&mut self, payload: &Bytes) -> anyhow::Result<Sending> {
        match self {
            Self::Direct(direct) => Ok(direct.send(payload).await),
            Self::Relay(relay) => relay.send(payload).await.map(|()| Sending::Sent),
        }
    }

    /// Waits for what comes next. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    /// The session with the relay has ended, or the socket fails for a reason that is no ICMP error.
    pub(super) async fn receive(&mut self) -> anyhow::Result<Arrival> {
        match self {
            Self::Direct(direct) => direct.receive().await,
            Self::Relay(relay) => relay.receive().await.map(Arrival::Answer),
        }
    }

    /// Our own address: UDP's, or that of the connection to the relay.
    pub(super) fn local(&self) -> SocketAddr {
        match self {
            Self::Direct(direct) => direct.local,
            Self::Relay(relay) => relay.local(),
        }
    }

    /// The server's address, or the relay's.
    pub(super) fn peer(&self) -> SocketAddr {
        match self {
            Self::Direct(direct) => direct.peer,
            Self::Relay(relay) => relay.peer(),
        }
    }

    /// Whether a relay is between us and the server.
    pub(super) fn is_relay(&self) -> bool {
        matches!(self, Self::Relay(_))
    }

    /// Datagrams of this size that may be in flight without the answers overflowing our receive buffer.
    pub(super) fn window(&self, payload_bytes: usize) -> u64 {
        match self {
            Self::Direct(direct) => {
                // The kernel charges the buffer for its own bookkeeping too, some hundred bytes for each packet and
                // more for large ones.
                let charged = payload_bytes + payload_bytes / 4 + 1024;
                ((direct.buffer_bytes / charged) as u64).clamp(1, WIDEST_WINDOW)
            }
            Self::Relay(_) => WIDEST_WINDOW,
        }
    }

    /// Ends a relay's session as the protocol wants it; a UDP socket has nobody to tell.
    pub(super) async fn close(self) {
        if let Self::Relay(relay) = self {
            relay.close().await;
        }
    }
}

/// A UDP socket connected to the server, so that the system tells us of ICMP errors and of nobody else's datagrams.
#[derive(Debug)]
pub(super) struct Direct {
    socket: UdpSocket,
    local: SocketAddr,
    peer: SocketAddr,
    buffer: Box<[u8]>,
    buffer_bytes: usize,
}

impl Direct {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let peer = server_address(address).await?;
        let socket = connected(peer).await;
        let socket = socket.map_err(|error| out_of_reach(peer, &error))?;
        let buffer_bytes = socket2::SockRef::from(&socket)
            .recv_buffer_size()
            .unwrap_or(0);
        Ok(Self {
            local: socket
                .local_addr()
                .context("ask the system for our own UDP port")?,
            socket,
            peer,
            buffer: vec![0; RECEIVE_BYTES].into_boxed_slice(),
            buffer_bytes,
        })
    }

    async fn send(&self, payload: &[u8]) -> Sending {
        match self.socket.send(payload).await {
            Ok(_) => Sending::Sent,
            Err(error) if is_icmp(&error) => Sending::EarlierRefused(error),
            Err(error) => Sending::Rejected(error),
        }
    }

    async fn receive(&mut self) -> anyhow::Result<Arrival> {
        match self.socket.recv(&mut self.buffer).await {
            Ok(bytes) => Ok(Arrival::Answer(Bytes::copy_from_slice(
                &self.buffer[..bytes],
            ))),
            Err(error) if is_icmp(&error) => Ok(Arrival::Refused(error)),
            Err(error) => Err(error).with_context(|| format!("receive from {}", Shown(self.peer))),
        }
    }
}

/// A socket that talks to `peer` alone. It does not choose a port: the system does (claim 6).
///
/// # Errors
/// The operating system's.
pub(crate) async fn connected(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    widen(&socket);
    socket.connect(peer).await?;
    Ok(socket)
}

/// Lets bursts wait in the kernel. Less than was asked for is no error: whoever uses the socket makes do with what there is.
pub(crate) fn widen(socket: &UdpSocket) {
    let _ = socket2::SockRef::from(socket).set_recv_buffer_size(WANTED_BUFFER_BYTES);
}

/// Whether a socket's error is news of an earlier datagram, brought by ICMP (RFC 1122, section 4.1.3.3). Windows calls
/// a refusal a reset.
pub(crate) fn is_icmp(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// An address of one machine. Answers to a broadcast or to a group come from addresses of their own, of which a connected
/// socket hears nothing; and "all addresses" means this machine, which not every system knows.
fn one_machine(peer: SocketAddr) -> anyhow::Result<SocketAddr> {
    let ip = peer.ip().to_canonical();
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => {
            return Ok((Ipv4Addr::LOCALHOST, peer.port()).into());
        }
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
            return Ok((Ipv6Addr::LOCALHOST, peer.port()).into());
        }
        _ => {}
    }
    let Some(kind) = group(ip) else {
        return Ok(peer);
    };
    bail!(
        "{ip} is {kind}: this client talks to one server, and would not hear the answers of many; give the address of \
         one of them"
    )
}

/// The address of one server, by the rule that holds for every place.
///
/// # Errors
/// The text is no place, the name cannot be resolved, or it names a group of machines; says which.
pub(crate) async fn server_address(address: &str) -> anyhow::Result<SocketAddr> {
    one_machine(resolve(address).await?)
}

fn out_of_reach(peer: SocketAddr, error: &io::Error) -> anyhow::Error {
    anyhow!(
        "cannot send to {}: {}",
        Shown(peer),
        cannot_reach(peer, error)
    )
}

/// Finds the server's address, by the rule that holds for every place.
async fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let place: Place = address.parse().map_err(|why| {
        anyhow::anyhow!(
            "{address:?} is no address of a server: {why}; a message comes after the address"
        )
    })?;
    ensure!(
        place.port() != 0,
        "port 0 in {address:?} is no server's; write the port that the server has, such as 10000"
    );
    let found = place.resolve().await;
    let found = found.with_context(|| format!("cannot find the server {address:?}"))?;
    Ok(found[0])
}
