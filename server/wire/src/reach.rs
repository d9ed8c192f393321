//! How far an address reaches: the rule by which destinations are admitted, in the host's targets and in `/sockets`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
        if let Some(inner) = carried_ipv4(address) {
            return Self::of_ipv4(inner);
        }
        let [a, b, c, d, ..] = address.segments();
        match (a, b, c, d) {
            _ if address.is_unspecified() || address.is_multicast() => Self::Never,
            _ if address.is_loopback() => Self::Private,
            (0x64, 0xff9b, 1, _) => Self::Private,
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

/// The IPv4 address that an IPv6 one leads to: those of IPv4-mapped, IPv4-compatible and NAT64 addresses, and of 6to4.
pub fn carried_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, .., g, h] = address.segments();
    let inner = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d) {
        _ if address.is_unspecified() || address.is_loopback() => None,
        _ if address.to_ipv4().is_some() => Some(inner(g, h)),
        (0x64, 0xff9b, 0, 0) => Some(inner(g, h)),
        (0x2002, ..) => Some(inner(b, c)),
        _ => None,
    }
}
