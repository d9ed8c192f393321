//! Where a datagram of a socket may go, decided from its destination alone: no name is looked up, and nothing is sent to find out.
//!
//! | destination | goes to |
//! |---|---|
//! | port 0 | nobody: `EINVAL` |
//! | a port below 1024 | nobody: `EACCES` |
//! | the loopback's own address, or the unspecified one, which means it | the socket that is bound there, else nobody |
//! | 127.0.0.1 and `::1` | the loopback's own socket with this port, else a visitor that has written to this socket, else a target with this address, else nobody |
//! | the address and port of a target | the target |
//! | any other address in 127.0.0.0/8 | nobody: `EACCES` |
//! | multicast, broadcast, link-local and reserved addresses, and IPv6 addresses that carry an IPv4 one | nobody: `EACCES` |
//! | anything else | a peer, if the host admits it, else `EACCES` |

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::control::Family;
use super::errno::Errno;
use super::refusal::Refusal;
use crate::addresses;
use crate::digits::digits;
use crate::echo::FIRST_CLIENT_PORT;
use crate::reach::{Reach, carried_ipv4};

/// Where a datagram goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To this address of the own loopback, whose port is bound.
    Own(SocketAddr),
    /// To a program on this machine that has written to the socket.
    Visitor,
    /// To the target with this index.
    Target(usize),
    /// To an admitted peer.
    Peer,
    /// Nowhere: it is for the own loopback, and no socket of it is bound to this port.
    Unbound,
    /// Nowhere: it may not be sent.
    Denied(Refusal),
}

/// A target as the client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The address that its datagrams name.
    pub address: SocketAddr,
}

/// Whether a session may send to an address that is neither its own nor a target's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Admitted,
    /// The host admits no peers.
    NoPeers,
    /// The host admits peers, but not to pages of this session's origin.
    NotThisOrigin,
    /// The host admits other peers.
    NotThisPeer,
}

/// What a socket has around it.
pub trait Surroundings {
    /// The family of the socket.
    fn family(&self) -> Family;

    /// The IPv4 address of the loopback. That of IPv6 is always `::1`.
    fn own_address(&self) -> Ipv4Addr;

    /// Whether a socket of this loopback and of the socket's family is bound to the port.
    fn is_bound(&self, port: u16) -> bool;

    /// Whether this program outside has written to the socket.
    fn is_visitor(&self, address: SocketAddr) -> bool;

    /// The targets, as `hello` names them.
    fn targets(&self) -> &[Target];

    /// Whether the session may send to this port of the address; without a port, to any of its ports.
    fn admission(&self, address: IpAddr, port: Option<u16>) -> Admission;
}

/// Decides where a datagram to `to` goes.
pub fn route(to: SocketAddr, around: &impl Surroundings) -> Route {
    let own = own_ip(around);
    if own.is_ipv4() != to.is_ipv4() {
        return Route::Denied(Refusal::other_family(
            &addresses::socket(to),
            around.family(),
        ));
    }
    if to.port() == 0 {
        let what_to_do = " has port 0, on which nobody can receive; name a port from 1024 on";
        let text = [&addresses::socket(to), what_to_do];
        return Route::Denied(Refusal::of(Errno::Einval, &text));
    }
    if to.port() < FIRST_CLIENT_PORT {
        let what_to_do =
            " has a port below 1024, and no setting admits those; use one from 1024 on";
        let text = [&addresses::socket(to), what_to_do];
        return Route::Denied(Refusal::of(Errno::Eacces, &text));
    }
    let may_be_own = to.ip() == own || to.ip().is_unspecified() || is_shared_loopback(to.ip());
    if may_be_own && around.is_bound(to.port()) {
        return Route::Own(SocketAddr::new(own, to.port()));
    }
    if is_shared_loopback(to.ip()) && around.is_visitor(to) {
        return Route::Visitor;
    }
    if let Some(target) = target_at(to, around) {
        return Route::Target(target);
    }
    if may_be_own {
        return Route::Unbound;
    }
    match check(to.ip(), Some(to.port()), around) {
        Ok(()) => Route::Peer,
        Err(refusal) => Route::Denied(refusal),
    }
}

/// The address that `localhost` stands for in the socket's family.
pub(super) fn own_ip(around: &impl Surroundings) -> IpAddr {
    match around.family() {
        Family::Ipv4 => around.own_address().into(),
        Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Whether every program on the machine shares this address, the reader's programs and their visitors alike.
pub(super) fn is_shared_loopback(address: IpAddr) -> bool {
    address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
}

/// Whether the host may send to an address that is neither the loopback's own nor a target's: never outside what one machine
/// has, and else as the host admits.
pub(super) fn check(
    address: IpAddr,
    port: Option<u16>,
    around: &impl Surroundings,
) -> Result<(), Refusal> {
    let place = match port {
        Some(port) => addresses::socket(SocketAddr::new(address, port)),
        None => addresses::ip(address),
    };
    let denied = |why: &[&str]| {
        let text = [&place, " ", &why.concat()];
        Err(Refusal::of(Errno::Eacces, &text))
    };
    if address.is_loopback() {
        return denied(&[
            "belongs to the host or to another reader; localhost and the targets are what sockets reach on this machine",
        ]);
    }
    if let IpAddr::V6(address) = address
        && let Some(inner) = carried_ipv4(address)
    {
        let inner = addresses::ip(inner);
        return denied(&["carries the IPv4 address ", &inner, "; name that itself"]);
    }
    if is_link_local(address) {
        return denied(&["is link-local, and no setting admits such addresses"]);
    }
    if Reach::of(address) == Reach::Never {
        return denied(&["is no address of a single machine, and no setting admits it"]);
    }
    let network = network(address, port);
    match around.admission(address, port) {
        Admission::Admitted => Ok(()),
        Admission::NoPeers => denied(&[
            "is not admitted: sockets reach localhost and the targets; start the host with --sockets peers --peer ",
            &network,
            " to admit it",
        ]),
        Admission::NotThisPeer => denied(&[
            "is not admitted: sockets reach localhost, the targets and what --peer names; start the host with --peer ",
            &network,
            " to admit it",
        ]),
        Admission::NotThisOrigin => denied(&[
            "is not admitted: the host admits peers only to pages of its own origin, or of one that --allow-origin names",
        ]),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// The address as a value of `--peer`.
fn network(address: IpAddr, port: Option<u16>) -> String {
    let ip = addresses::ip(address);
    let port = port.map_or_else(String::new, |port| [":", &digits(port.into())].concat());
    match address {
        IpAddr::V4(_) => [&ip, "/32", &port].concat(),
        IpAddr::V6(_) => ["[", &ip, "]/128", &port].concat(),
    }
}

fn target_at(to: SocketAddr, around: &impl Surroundings) -> Option<usize> {
    let mut targets = around.targets().iter();
    // A zone or flow label says nothing about where it goes.
    targets.position(|target| (target.address.ip(), target.address.port()) == (to.ip(), to.port()))
}
