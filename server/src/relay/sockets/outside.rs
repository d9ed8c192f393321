//! What carries a socket's datagrams to targets and peers.
//!
//! A socket that is bound in 127.0.0.0/8 cannot send elsewhere (`EINVAL`), so a second one does, with a port of its own. The page
//! does not see it, but that answers come in by it. It takes them only from addresses that it has written to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use wire::sockets::control::Family;

use super::known::Known;
use super::table::Arriving;
use crate::echo::Registration;
use crate::relay::context::Context;
use crate::udp::{GsoBuffer, UdpSocket};

/// A socket of the system's, behind a socket of the page.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) udp: Arriving<UdpSocket>,
    /// Who was written to, and so may answer.
    pub(super) written_to: Known,
    /// At the host's own server, where it is no stranger to those who observe that.
    _registration: Registration,
}

/// Whom a socket may write to, as far as the system is concerned.
#[derive(Debug, Clone, Copy)]
enum Towards {
    Any(Family),
    Peer(SocketAddr),
}

impl Outside {
    /// Opens one that may write to any address of a family.
    pub(super) fn open(context: &Context, family: Family) -> io::Result<Self> {
        Self::open_on(context, Towards::Any(family), 0)
    }

    /// Puts one in the place of `before` that talks to `peer` alone: the system tells of errors that ICMP brings back from there.
    pub(super) fn connect(
        before: Option<Self>,
        context: &Context,
        peer: SocketAddr,
    ) -> io::Result<Self> {
        Self::replace(before, context, Towards::Peer(peer))
    }

    /// Whether it talks to one peer alone.
    pub(super) fn is_connected(&self) -> bool {
        self.udp.socket().peer().is_some()
    }

    /// Puts one in the place of this one that may write to any address.
    pub(super) fn disconnect(self, context: &Context) -> io::Result<Self> {
        let family = match self.udp.socket().local_addr() {
            SocketAddr::V4(_) => Family::Ipv4,
            SocketAddr::V6(_) => Family::Ipv6,
        };
        Self::replace(Some(self), context, Towards::Any(family))
    }

    /// A connected socket cannot be turned to another network on every system, so a new one takes its port, if that is still free.
    fn replace(before: Option<Self>, context: &Context, towards: Towards) -> io::Result<Self> {
        let Some(Self {
            udp, written_to, ..
        }) = before
        else {
            return Self::open_on(context, towards, 0);
        };
        let port = udp.socket().local_addr().port();
        drop(udp);
        let opened = Self::open_on(context, towards, port);
        let opened = opened.or_else(|_| Self::open_on(context, towards, 0))?;
        Ok(Self {
            written_to,
            ..opened
        })
    }

    fn open_on(context: &Context, towards: Towards, port: u16) -> io::Result<Self> {
        let udp = match towards {
            Towards::Peer(peer) => {
                let port = (port > 0).then_some(port);
                UdpSocket::try_connect(peer, port, context.offload)?
            }
            Towards::Any(Family::Ipv4) => {
                UdpSocket::try_bind((Ipv4Addr::UNSPECIFIED, port).into(), context.offload)?
            }
            Towards::Any(Family::Ipv6) => {
                UdpSocket::try_bind((Ipv6Addr::UNSPECIFIED, port).into(), context.offload)?
            }
        };
        // The host's own server sees it come from there: it has no other address on this machine.
        let seen: IpAddr = match udp.local_addr() {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let seen = SocketAddr::new(seen, udp.local_addr().port());
        Ok(Self {
            _registration: context.observers.register(seen),
            udp: Arriving::new(Arc::new(udp)),
            written_to: Known::default(),
        })
    }

    /// Gives datagrams their destination, which may answer from then on.
    pub(super) fn address(&mut self, to: SocketAddr, batch: &mut [GsoBuffer<'_>]) {
        self.written_to.add(to);
        // A connected socket takes no destination on some systems.
        let named = (self.udp.socket().peer() != Some(to)).then_some(to);
        batch.iter_mut().for_each(|buffer| buffer.to = named);
    }
}
