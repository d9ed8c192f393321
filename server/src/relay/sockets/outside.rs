//! What carries a socket's datagrams to targets and peers.
//!
//! A socket that is bound in 127.0.0.0/8 cannot send elsewhere (`EINVAL`), so others do, with ports of their own. The page does not
//! see them, but that answers come in by them. They take answers only from addresses that the socket has written to.
//!
//! One that is bound to all addresses holds its port on every reader's address. So what stays on this machine has a socket of its
//! own, on 127.0.0.1 or `::1`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::arriving::Arriving;
use super::known::Known;
use crate::echo::Registration;
use crate::relay::context::Context;
use crate::udp::{GsoBuffer, UdpSocket};

/// The sockets of the system's that carry datagrams of one socket of the page to targets and peers: one for each zone at most.
#[derive(Debug)]
pub(super) struct Outsides {
    open: Vec<Outside>,
    /// The waker of all of them.
    waker: Waker,
}

/// Addresses that one socket of the system's writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// 127.0.0.0/8.
    ThisMachine4,
    /// `::1`.
    ThisMachine6,
    /// All others of IPv4.
    Beyond4,
    /// All others of IPv6.
    Beyond6,
}

/// A socket of the system's, behind a socket of the page.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) udp: Arriving<UdpSocket>,
    zone: Zone,
    /// Who was written to, and so may answer.
    written_to: Known,
    /// At the host's own server, where it is no stranger to those who observe that.
    _registration: Registration,
}

impl Zone {
    pub(super) const ALL: [Self; 4] = [
        Self::ThisMachine4,
        Self::ThisMachine6,
        Self::Beyond4,
        Self::Beyond6,
    ];

    fn of(address: SocketAddr) -> Self {
        match (address, address.ip().is_loopback()) {
            (SocketAddr::V4(_), true) => Self::ThisMachine4,
            (SocketAddr::V4(_), false) => Self::Beyond4,
            (SocketAddr::V6(_), true) => Self::ThisMachine6,
            (SocketAddr::V6(_), false) => Self::Beyond6,
        }
    }

    /// The address that an unconnected socket is bound to.
    fn bound(self) -> IpAddr {
        match self {
            Self::ThisMachine4 => Ipv4Addr::LOCALHOST.into(),
            Self::ThisMachine6 => Ipv6Addr::LOCALHOST.into(),
            Self::Beyond4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::Beyond6 => Ipv6Addr::UNSPECIFIED.into(),
        }
    }
}

impl Outsides {
    /// None is open yet; they will wake this.
    pub(super) fn new(waker: Waker) -> Self {
        Self {
            open: Vec::new(),
            waker,
        }
    }

    /// That of a zone, if it is open.
    pub(super) fn get(&self, zone: Zone) -> Option<&Outside> {
        self.open.iter().find(|outside| outside.zone == zone)
    }

    /// That of which zone something has arrived at. It is the last to be asked then.
    pub(super) fn poll_arrival(&mut self) -> Poll<Zone> {
        for at in 0..self.open.len() {
            if self.open[at].udp.poll_arrival().is_ready() {
                let zone = self.open[at].zone;
                self.open[at..].rotate_left(1);
                return Poll::Ready(zone);
            }
        }
        Poll::Pending
    }

    /// All that are open.
    pub(super) fn all(&self) -> impl Iterator<Item = &Outside> {
        self.open.iter()
    }

    /// The one that writes to this address; opens it if it is not.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn towards(
        &mut self,
        context: &Context,
        to: SocketAddr,
    ) -> io::Result<&mut Outside> {
        let zone = Zone::of(to);
        let at = self.open.iter().position(|outside| outside.zone == zone);
        let at = match at {
            Some(at) => at,
            None => {
                self.open
                    .push(Outside::open(context, zone, None, 0, &self.waker)?);
                self.open.len() - 1
            }
        };
        Ok(&mut self.open[at])
    }

    /// Has the system tell of errors that ICMP brings back from `peer` alone: that one is connected, and no other.
    ///
    /// # Errors
    /// The system's; one of the sockets is closed then, and opened anew when it is needed.
    pub(super) fn connect(
        &mut self,
        context: &Context,
        peer: Option<SocketAddr>,
    ) -> io::Result<()> {
        for zone in Zone::ALL {
            let peer = peer.filter(|peer| Zone::of(*peer) == zone);
            let at = self.open.iter().position(|outside| outside.zone == zone);
            let before = at.map(|at| self.open.swap_remove(at));
            let turned = match before {
                Some(before) if before.udp.socket().peer() == peer => Some(before),
                Some(before) => Some(before.turned(context, peer, &self.waker)?),
                None if peer.is_some() => Some(Outside::open(context, zone, peer, 0, &self.waker)?),
                None => None,
            };
            self.open.extend(turned);
        }
        Ok(())
    }
}

impl Outside {
    /// Opens one that talks to `peer` alone, or to all of its zone; with this port if it is not 0.
    fn open(
        context: &Context,
        zone: Zone,
        peer: Option<SocketAddr>,
        port: u16,
        waker: &Waker,
    ) -> io::Result<Self> {
        let udp = match peer {
            Some(peer) => UdpSocket::try_connect(peer, (port > 0).then_some(port), context.offload),
            None => UdpSocket::try_bind(SocketAddr::new(zone.bound(), port), context.offload),
        }?;
        // The host's own server sees it come from there, whatever it is bound to.
        let seen = match udp.local_addr() {
            SocketAddr::V4(_) => Zone::ThisMachine4.bound(),
            SocketAddr::V6(_) => Zone::ThisMachine6.bound(),
        };
        let seen = SocketAddr::new(seen, udp.local_addr().port());
        Ok(Self {
            _registration: context.observers.register(seen),
            udp: Arriving::new(Arc::new(udp), waker),
            zone,
            written_to: Known::default(),
        })
    }

    /// One with another peer, or none. A connected socket cannot be turned to another network on every system, so a new one takes
    /// its port, if that is still free.
    fn turned(
        self,
        context: &Context,
        peer: Option<SocketAddr>,
        waker: &Waker,
    ) -> io::Result<Self> {
        let Self {
            udp,
            zone,
            written_to,
            ..
        } = self;
        let port = udp.socket().local_addr().port();
        drop(udp);
        let opened = Self::open(context, zone, peer, port, waker);
        let opened = opened.or_else(|_| Self::open(context, zone, peer, 0, waker))?;
        Ok(Self {
            written_to,
            ..opened
        })
    }

    /// Gives datagrams their destination, which may answer from then on.
    pub(super) fn address(&mut self, to: SocketAddr, batch: &mut [GsoBuffer<'_>]) {
        self.written_to.add(to);
        // A connected socket takes no destination on some systems.
        let named = (self.udp.socket().peer() != Some(to)).then_some(to);
        batch.iter_mut().for_each(|buffer| buffer.to = named);
    }

    /// Whether datagrams from this address are answers.
    pub(super) fn hears(&self, from: SocketAddr) -> bool {
        self.written_to.has(from)
    }

    /// Bytes of memory that it holds besides what each has anyway.
    pub(super) fn held_bytes(&self) -> usize {
        self.written_to.held_bytes()
    }
}
