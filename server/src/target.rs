//! Targets: the UDP servers that a session may talk to. A client names one; it never gives an address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use wire::limits::{MAX_DATAGRAM_BYTES_IPV4, MAX_DATAGRAM_BYTES_IPV6};

use crate::place::Place;

/// Name of the host's own echo server among the targets.
pub const OWN_SERVER: &str = "echo";

/// One value of `--target`: a name and where it leads, not yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSetting {
    /// Name that clients choose it by.
    pub name: String,
    /// Where the server is.
    pub place: Place,
}

/// A target, resolved once and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name that clients choose it by.
    pub name: String,
    /// Where its datagrams go: the session connects to this very address.
    pub address: SocketAddr,
}

impl Target {
    /// Whether this is the host's own echo server.
    pub(crate) fn is_own_server(&self) -> bool {
        self.name == OWN_SERVER
    }

    /// Most payload bytes of a datagram to this target.
    pub(crate) fn max_datagram_bytes(&self) -> usize {
        match self.address.ip().to_canonical().is_ipv4() {
            true => MAX_DATAGRAM_BYTES_IPV4,
            false => MAX_DATAGRAM_BYTES_IPV6,
        }
    }
}

impl FromStr for TargetSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = |what: &str| format!("{what}; write it like --target python=127.0.0.1:10001");
        let (name, place) = text
            .split_once('=')
            .ok_or_else(|| wrong("there is no NAME= in front"))?;
        let is_plain =
            |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(wrong(
                "the name may hold letters, digits, '-' and '_' alone",
            ));
        }
        if name == OWN_SERVER {
            return Err(format!(
                "{OWN_SERVER:?} is the host's own server; choose another name"
            ));
        }
        let place: Place = place
            .parse()
            .map_err(|why: String| wrong(&format!("in the place behind {name}=, {why}")))?;
        if place.port() == 0 {
            return Err(wrong("port 0 is no server's"));
        }
        Ok(Self {
            name: name.to_owned(),
            place,
        })
    }
}

/// Resolves a target and checks every address that its name has.
///
/// Resolving once and connecting to the result leaves no room to answer the check and the session differently.
///
/// # Errors
/// When the name does not resolve, or when any of its addresses may not be reached; says which one and why.
pub async fn resolve(setting: &TargetSetting, allow_private: bool) -> anyhow::Result<Target> {
    let TargetSetting { name, place } = setting;
    let addresses = place
        .resolve()
        .await
        .with_context(|| format!("resolve the target {name}={place}"))?;
    for address in &addresses {
        let reach = Reach::of(address.ip());
        ensure!(
            reach != Reach::Never,
            "the target {name}={place} leads to {address}, which is no address of a single machine"
        );
        ensure!(
            reach == Reach::Public || allow_private,
            "the target {name}={place} leads to {address}, which is not public; \
             start the host with --allow-private-targets if you mean it"
        );
    }
    let Some(address) = addresses.first() else {
        bail!("the target {name}={place} has no address");
    };
    Ok(Target {
        name: name.clone(),
        address: *address,
    })
}

/// How far an address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One machine on the public internet.
    Public,
    /// This machine, or a network that is not public.
    Private,
    /// No single machine: multicast, broadcast, unspecified, reserved.
    Never,
}

impl Reach {
    /// Classifies an address by the IANA special-purpose registries (RFC 6890), seeing through addresses that carry an
    /// IPv4 address inside an IPv6 one.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_ipv4(address),
            IpAddr::V6(address) => Self::of_ipv6(address),
        }
    }

    fn of_ipv4(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        match (a, b, c, d) {
            // 192.0.0.9 and 192.0.0.10 are anycast services; they and their block are nobody's echo server.
            (0, ..) | (224..=255, ..) | (192, 0, 0, _) | (192, 88, 99, _) => Self::Never,
            (10 | 127, ..)
            | (100, 64..=127, ..)
            | (169, 254, ..)
            | (172, 16..=31, ..)
            | (192, 168, ..)
            | (192, 0, 2, _)
            | (198, 18..=19, ..)
            | (198, 51, 100, _)
            | (203, 0, 113, _) => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_ipv6(address: Ipv6Addr) -> Self {
        let [a, b, c, d, .., g, h] = address.segments();
        let inner = |high: u16, low: u16| {
            Self::of_ipv4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        };
        match (a, b, c, d) {
            _ if address.is_unspecified() || address.is_multicast() => Self::Never,
            _ if address.is_loopback() => Self::Private,
            // IPv4-mapped, IPv4-compatible and NAT64 addresses lead to the IPv4 address inside, and so does 6to4.
            _ if address.to_ipv4().is_some() => inner(g, h),
            (0x64, 0xff9b, 0, 0) => inner(g, h),
            (0x64, 0xff9b, 1, _) => Self::Private,
            (0x2002, ..) => inner(b, c),
            // Teredo, benchmarking, ORCHID and the other protocol assignments; documentation; discard-only.
            (0x2001, 0..=0x1ff, ..) | (0x2001, 0xdb8, ..) | (0x3fff, ..) | (0x100, 0, 0, 0) => {
                Self::Private
            }
            (0x2000..=0x3fff, ..) => Self::Public,
            // Unique local, link local, and the site local ones of old.
            (0xfc00..=0xfdff, ..) | (0xfe80..=0xfeff, ..) => Self::Private,
            _ => Self::Never,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.address)
    }
}

#[cfg(test)]
mod tests;
