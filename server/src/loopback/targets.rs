//! Addresses by which sockets name the targets.
//!
//! For a socket of a loopback 127.0.0.1 and `::1` are the reader's own, so a target there needs another name: an address in
//! 127.0.0.0/16, of which no reader has one. The echo server really listens on such an address where it can. For what does not, the
//! host puts the target's own address in its place on the way out, and back on the way in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::has_whole_block;
use crate::echo::EchoServer;
use crate::target::Target;

/// The first address that stands for a target on 127.0.0.1 or `::1`.
const FIRST_STAND_IN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A target, and the address by which sockets name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTarget {
    /// Its name.
    pub name: String,
    /// What stands in `hello` and in the headers of datagrams.
    pub address: SocketAddr,
    /// Where its datagrams go, and where they come from.
    pub reached: SocketAddr,
}

/// All targets of a host, as sockets name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedTargets {
    targets: Vec<NamedTarget>,
}

impl NamedTargets {
    /// Gives every target an address that is no reader's; `second` is where the host's own echo server listens besides.
    pub(crate) fn new(targets: &[Target], second: Option<SocketAddr>) -> Self {
        let mut named = Self::default();
        let reached = targets.iter().map(|target| match second {
            Some(second) if target.is_own_server() => second,
            _ => target.address,
        });
        let reached: Vec<_> = reached.collect();
        for (target, &reached_at) in targets.iter().zip(&reached) {
            let address = match is_readers(reached_at.ip()) {
                true => named.stand_in(&reached, reached_at.port()),
                false => reached_at,
            };
            named.targets.push(NamedTarget {
                name: target.name.clone(),
                address,
                reached: reached_at,
            });
        }
        named
    }

    /// The targets, in the order of the configuration; the first is the host's own echo server.
    pub fn all(&self) -> &[NamedTarget] {
        &self.targets
    }

    /// The target from which a datagram came.
    pub fn reached_at(&self, from: SocketAddr) -> Option<&NamedTarget> {
        self.targets.iter().find(|target| target.reached == from)
    }

    /// The first address in 127.0.0.0/16 that names no other target with this port.
    fn stand_in(&self, reached: &[SocketAddr], port: u16) -> SocketAddr {
        let first = FIRST_STAND_IN.to_bits();
        let last = Ipv4Addr::new(127, 0, 255, 255).to_bits();
        let is_free = |address: &SocketAddr| {
            !reached.contains(address)
                && !self.targets.iter().any(|other| other.address == *address)
        };
        (first..last)
            .map(|bits| SocketAddr::new(Ipv4Addr::from_bits(bits).into(), port))
            .find(is_free)
            .expect("there are more addresses than targets")
    }
}

/// The address by which sockets reach the host's own echo server where its usual one is the reader's own: it is bound there as well, or
/// bound to all addresses. `None` when the usual one will do, or when there is no other.
pub(crate) fn second_address(echo: &mut EchoServer, offload: bool) -> Option<SocketAddr> {
    let bound = echo.local_addr();
    let second = SocketAddr::new(FIRST_STAND_IN.into(), bound.port());
    if bound.ip().is_unspecified() && echo.takes_ipv4() {
        return has_whole_block().then_some(second);
    }
    if !bound.ip().is_unspecified() && !is_readers(bound.ip()) {
        return None;
    }
    match echo.bind_second(second, offload) {
        Ok(()) => Some(second),
        Err(error) => {
            tracing::info!(%second, %error, "the echo server has one address alone; sockets know it by another name");
            None
        }
    }
}

/// Addresses in 127.0.0.0/8 that no reader may get, for a target or a server of the host is there.
pub(crate) fn reserved(
    targets: &[Target],
    bound: impl IntoIterator<Item = SocketAddr>,
) -> Vec<Ipv4Addr> {
    let targets = targets.iter().map(|target| target.address);
    let all = targets
        .chain(bound)
        .map(|address| address.ip().to_canonical());
    let in_the_block = all.filter_map(|ip| match ip {
        IpAddr::V4(ip) if ip.is_loopback() => Some(ip),
        _ => None,
    });
    in_the_block.collect()
}

/// Whether a reader's sockets take this address for their own.
fn is_readers(ip: IpAddr) -> bool {
    ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST
}
