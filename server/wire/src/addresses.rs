//! Addresses as text, written out like numbers in [`crate::digits`]: the same text that Rust prints.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::digits::digits;

/// An address without a port, such as `127.83.1.5` or `2001:db8::1`.
#[must_use]
pub fn ip(address: impl Into<IpAddr>) -> String {
    match address.into() {
        IpAddr::V4(address) => ipv4(address),
        IpAddr::V6(address) => ipv6(address),
    }
}

/// An address and its port, such as `127.83.1.5:10000` or `[::1]:10000`, without the zone.
#[must_use]
pub fn socket(address: SocketAddr) -> String {
    let port = digits(address.port().into());
    match address.ip() {
        IpAddr::V4(ip) => [&ipv4(ip), ":", &port].concat(),
        IpAddr::V6(ip) => ["[", &ipv6(ip), "]:", &port].concat(),
    }
}

fn ipv4(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets().map(|octet| digits(octet.into()));
    [&a, ".", &b, ".", &c, ".", &d].concat()
}

/// The form of RFC 5952: lower case, and the longest run of zeros, the first of equals, as `::`.
fn ipv6(address: Ipv6Addr) -> String {
    if let Some(inner) = address.to_ipv4_mapped() {
        return ["::ffff:", &ipv4(inner)].concat();
    }
    let segments = address.segments();
    let zeros_from = |start: usize| {
        segments[start..]
            .iter()
            .take_while(|each| **each == 0)
            .count()
    };
    let mut run = (0, 1);
    for start in 0..segments.len() {
        let zeros = zeros_from(start);
        if zeros > run.1 {
            run = (start, zeros);
        }
    }
    if run.1 == 1 {
        return joined(&segments);
    }
    let (before, after) = (&segments[..run.0], &segments[run.0 + run.1..]);
    [&joined(before), "::", &joined(after)].concat()
}

fn joined(segments: &[u16]) -> String {
    let mut text = String::new();
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            text.push(':');
        }
        push_hex(&mut text, (*segment).into());
    }
    text
}

/// Adds a number in hexadecimal digits.
pub(crate) fn push_hex(text: &mut String, number: u32) {
    if number > 15 {
        push_hex(text, number >> 4);
    }
    text.push(char::from(b"0123456789abcdef"[(number & 15) as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_what_rust_prints() {
        for text in [
            "0.0.0.0",
            "127.83.1.5",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "1::",
            "1:0:0:2::3",
            "1:0:2:3:4:5:6:7",
            "64:ff9b::7f00:1",
            "2001:db8::1:0:0:1",
            "fe80::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(ip(address), address.to_string());
            let address = SocketAddr::new(address, 10_000);
            assert_eq!(socket(address), address.to_string());
        }
    }

    proptest! {
        #[test]
        fn any_address_is_what_rust_prints(segments: [u16; 8], mask: u8, port: u16) {
            let mut sparse = segments;
            for (bit, segment) in sparse.iter_mut().enumerate() {
                if mask & (1 << bit) == 0 {
                    *segment = 0;
                }
            }
            for segments in [segments, sparse] {
                let address = SocketAddr::new(Ipv6Addr::from(segments).into(), port);
                prop_assert_eq!(ip(address.ip()), address.ip().to_string());
                prop_assert_eq!(socket(address), address.to_string());
            }
        }
    }
}
