//! Places of servers: `HOST:PORT` as people write it, the one rule by which it becomes an address, and how an address is shown.
//!
//! Every flag and every command that takes a place reads it here, so that a name means the same machine everywhere.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::str::FromStr;

use crate::name;

/// What to write in place of something that is no place.
const EXAMPLES: &str =
    "write HOST:PORT, for example 127.0.0.1:8000, localhost:10000 or [::1]:10000";

/// `HOST:PORT`, read and not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A name in ASCII or an address, without brackets; an IPv6 address may have a zone: `fe80::1%eth0`.
    host: String,
    /// Any port; 0 has a meaning for whoever binds.
    port: u16,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{what}; {EXAMPLES}");
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| wrong("there is no :PORT behind the host"))?;
        if host.is_empty() || host == "*" {
            let all =
                "; 0.0.0.0 stands for all addresses of this machine, [::] for those of IPv6 too";
            let what = match host {
                "" => "there is no HOST before the port",
                _ => "* is no HOST",
            };
            return Err(wrong(&format!("{what}{all}")));
        }
        // `parse` alone takes a sign.
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number);
        let port = port.ok_or_else(|| wrong("the port is no number of 0 to 65535"))?;
        let bare = name::without_brackets(host);
        let is_readable =
            !bare.contains(['[', ']', '/', '@']) && !bare.contains(char::is_whitespace);
        let host = name::ascii(bare)
            .filter(|_| is_readable)
            .ok_or_else(|| wrong(&format!("{host:?} is no name and no address")))?;
        Ok(Self {
            // The name of an interface is no name of a host: capitals count.
            host: match host.split_once('%') {
                Some((address, _)) => format!("{address}{}", &bare[address.len()..]),
                None => host,
            },
            port,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host.contains(':') {
            true => write!(f, "[{host}]:{port}"),
            false => write!(f, "{host}:{port}"),
        }
    }
}

impl Place {
    /// The port as it was written.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// All addresses of the place, those of IPv4 first: the tutorial's `AF_INET` sockets know no others, and the echo server
    /// listens on 127.0.0.1 unless it is told otherwise. `localhost` is 127.0.0.1, whatever the machine's hosts file says first.
    ///
    /// # Errors
    /// The name has no address, or the zone is none of this machine's; says which.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if let Some(address) = self.without_resolver() {
            return Ok(vec![address]);
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        self.in_order(found.map(Iterator::collect))
    }

    /// The first of the addresses that [`Self::resolve`] finds, for the command line, before there is a runtime.
    fn first_address(&self) -> io::Result<SocketAddr> {
        if let Some(address) = self.without_resolver() {
            return Ok(address);
        }
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        Ok(self.in_order(found.map(Iterator::collect))?[0])
    }

    fn without_resolver(&self) -> Option<SocketAddr> {
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        let localhost = name::is_localhost(name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let ip = localhost.or_else(|| self.host.parse().ok())?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// At least one address, IPv4 first.
    fn in_order(&self, found: io::Result<Vec<SocketAddr>>) -> io::Result<Vec<SocketAddr>> {
        let explained = |why: &str| io::Error::new(io::ErrorKind::NotFound, why.to_owned());
        let mut found = found.map_err(|error| match self.host.split_once('%') {
            Some((address, zone)) => explained(&format!(
                "{address} cannot be reached through {zone:?}: a zone is an interface of this machine, and its address is link-local"
            )),
            None => explained(&format!("{:?} has no address ({})", self.host, reason(&error))),
        })?;
        found.sort_by_key(SocketAddr::is_ipv6);
        if found.is_empty() {
            return Err(explained(&format!("{:?} has no address", self.host)));
        }
        Ok(found)
    }
}

/// What a resolver says, without the words that the standard library puts before it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let bare = text.strip_prefix("failed to lookup address information: ");
    bare.unwrap_or(&text).to_owned()
}

/// Reads an address to bind to: a place, resolved.
///
/// # Errors
/// A sentence about what is wrong, and what to write.
pub(crate) fn bind_address(text: &str) -> Result<SocketAddr, String> {
    let place: Place = text.parse()?;
    let address = place.first_address().map_err(|error| error.to_string())?;
    // The system lets a socket have such an address, but nothing that is sent from there arrives.
    match group(address.ip()) {
        Some(group) => Err(format!(
            "{} is {group}, and no server answers from there; give an address of this machine, or {} for all",
            address.ip(),
            all_addresses(address.ip())
        )),
        None => Ok(address),
    }
}

/// What an address is that stands for many machines; `None` for that of one.
pub(crate) fn group(ip: IpAddr) -> Option<&'static str> {
    match ip.to_canonical() {
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some("the broadcast address of a network"),
        ip if ip.is_multicast() => Some("the multicast address of a group"),
        _ => None,
    }
}

/// Why the system sends nothing to an address that it could send to: it is that of a network's broadcast, or a rule forbids the way
/// there. Connecting a UDP socket sends nothing.
pub(crate) fn forbidden(address: SocketAddr) -> Option<io::Error> {
    let socket = UdpSocket::bind((any(address.ip()), 0)).ok()?;
    let error = socket.connect(address).err()?;
    (error.kind() == io::ErrorKind::PermissionDenied).then_some(error)
}

/// The address that means all of a machine, in the family of this one.
fn any(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// What stands for all addresses of a machine in the family of this one.
pub(crate) fn all_addresses(ip: IpAddr) -> &'static str {
    if ip.is_ipv6() { "[::]" } else { "0.0.0.0" }
}

/// The address by which this machine reaches a server that is bound to `bound`: one that listens on all addresses is reached by
/// loopback, and by that of IPv4 where a socket on `[::]` takes IPv4, too, as ours do.
pub fn reachable(bound: SocketAddr, takes_ipv4: bool) -> SocketAddr {
    let loopback = match bound.ip() {
        ip if !ip.is_unspecified() => return bound,
        IpAddr::V6(_) if !takes_ipv4 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    SocketAddr::new(loopback, bound.port())
}

/// An address of this machine by which others on its network reach it, found by asking the system for the source of a datagram
/// that is never sent. `None` without a network.
pub fn address_for_others(bound: SocketAddr) -> Option<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return None;
    }
    // Connecting a UDP socket sends nothing. The address is one for documentation (RFC 5737).
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    let is_useful = !own.is_loopback() && !own.is_unspecified();
    is_useful.then(|| SocketAddr::new(own, bound.port()))
}

/// An address as a command takes it: IPv6 in brackets, its zone by the name of the interface where the system tells it.
#[derive(Debug, Clone, Copy)]
pub struct Shown(pub SocketAddr);

impl Shown {
    /// The host alone, for commands that take the port as a word of its own: `fe80::1%eth0`.
    pub fn host(self) -> String {
        match (self.0, self.zone()) {
            (SocketAddr::V6(address), Some(zone)) => format!("{}%{zone}", address.ip()),
            (address, _) => address.ip().to_string(),
        }
    }

    /// The beginning of a URL of this scheme. A zone is written with its mark escaped (RFC 6874, section 2).
    pub fn url(self, scheme: &str) -> String {
        format!("{scheme}://{}", self.to_string().replacen('%', "%25", 1))
    }

    /// Whether the address means something on this machine and this interface only.
    pub fn zone(self) -> Option<String> {
        match self.0 {
            SocketAddr::V6(address) if address.scope_id() != 0 => Some(
                interface_name(address.scope_id())
                    .unwrap_or_else(|| address.scope_id().to_string()),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SocketAddr::V4(address) => write!(f, "{address}"),
            SocketAddr::V6(address) => write!(f, "[{}]:{}", self.host(), address.port()),
        }
    }
}

#[cfg(target_os = "linux")]
fn interface_name(index: u32) -> Option<String> {
    let any = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0));
    let any = any
        .or_else(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))
        .ok()?;
    rustix::net::netdevice::index_to_name(any, index).ok()
}

/// The number does as well, everywhere.
#[cfg(not(target_os = "linux"))]
fn interface_name(_index: u32) -> Option<String> {
    None
}

#[cfg(test)]
mod tests;
