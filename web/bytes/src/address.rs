//! Addresses as the host writes them. The standard library's types, reader and writer weigh more than the rest of the header.

/// A UDP address, as text for commands and as numbers for the checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host alone, such as `127.0.0.1`, `::1` or `fe80::1%4`. What a dual-stack socket writes as `::ffff:127.0.0.1` is IPv4 here.
    pub host: String,
    /// The same in the order of the wire: 4 bytes, or 16 of IPv6.
    pub octets: Vec<u8>,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Reads `127.0.0.1:10000` or `[::1]:10000`.
    pub fn read(text: &str) -> Option<Self> {
        let colon = text.as_bytes().iter().rposition(|byte| *byte == b':')?;
        let (host, port) = text.split_at(colon);
        let [high, low] = groups(&port[1..], b':', 10, 2)?[..] else {
            return None;
        };
        let inside = match host.as_bytes() {
            [b'[', inside @ .., b']'] => host.get(1..=inside.len()),
            _ => None,
        };
        let mapped = inside.and_then(|inside| inside.strip_prefix("::ffff:"));
        let (host, octets) = match (ipv4(mapped.unwrap_or(host)), inside) {
            (Some(octets), _) => (mapped.unwrap_or(host), octets),
            // A zone tells this machine which interface to take; none is on the wire.
            (None, inside) => (inside?, ipv6(inside?.split('%').next()?)?),
        };
        Some(Self {
            host: host.to_owned(),
            octets,
            port: u16::from_be_bytes([high, low]),
        })
    }

    /// Whether it is an address of IPv6.
    pub fn is_ipv6(&self) -> bool {
        self.octets.len() > 4
    }
}

fn ipv4(text: &str) -> Option<Vec<u8>> {
    groups(text, b'.', 10, 1).filter(|octets| octets.len() == 4)
}

/// Eight groups, or fewer around one `::` (RFC 4291, section 2.2).
fn ipv6(text: &str) -> Option<Vec<u8>> {
    let gap = text.as_bytes().windows(2).position(|pair| pair == b"::");
    let (before, behind) = match gap {
        Some(gap) => (&text[..gap], &text[gap + 2..]),
        None => (text, ""),
    };
    let (mut octets, behind) = (groups(before, b':', 16, 2)?, groups(behind, b':', 16, 2)?);
    let missing = 16_usize.checked_sub(octets.len() + behind.len())?;
    if gap.is_some() != (missing > 0) {
        return None;
    }
    octets.extend_from_slice(&[0; 16][..missing]);
    octets.extend_from_slice(&behind);
    Some(octets)
}

/// Numbers with this mark between them, each of 1 to 5 digits, as so many bytes each, the highest first; none in an empty text.
fn groups(text: &str, mark: u8, radix: u32, width: usize) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (mut number, mut digits) = (0_u32, 0);
    // One more mark behind the last number ends it like the others.
    for byte in text.bytes().chain((!text.is_empty()).then_some(mark)) {
        if byte == mark {
            (digits > 0 && number >> (8 * width) == 0).then_some(())?;
            octets.extend_from_slice(&number.to_be_bytes()[4 - width..]);
            (number, digits) = (0, 0);
        } else {
            number = number * radix + char::from(byte).to_digit(radix)?;
            digits += 1;
            (digits <= 5).then_some(())?;
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use proptest::prelude::*;

    use super::*;

    /// The same as the standard library has it.
    fn socket(text: &str) -> Option<SocketAddr> {
        let Address { octets, port, .. } = Address::read(text)?;
        let ip: IpAddr = match <[u8; 4]>::try_from(&octets[..]) {
            Ok(four) => four.into(),
            Err(_) => <[u8; 16]>::try_from(&octets[..]).unwrap().into(),
        };
        Some(SocketAddr::new(ip, port))
    }

    #[test]
    fn addresses_are_read_as_the_host_writes_them() {
        let read = |text| Address::read(text).map(|address| (address.host, address.port));
        assert_eq!(
            read("127.0.0.1:10000"),
            Some(("127.0.0.1".to_owned(), 10000))
        );
        assert_eq!(read("[::1]:7"), Some(("::1".to_owned(), 7)));
        assert_eq!(
            read("[::ffff:10.0.0.7]:7"),
            Some(("10.0.0.7".to_owned(), 7))
        );
        for none in [
            "",
            ":",
            "127.0.0.1",
            "127.0.0:1",
            "1.2.3.4.5:1",
            "1.2.3.256:1",
            "1.2.3.4:65536",
            "[::1:7",
            "[1:2]:3",
            "host:1",
            "1.2.3.4:",
            "[::1]",
            "[1::2::3]:1",
            "[:1::2]:1",
            "[1:2:3:4:5:6:7]:1",
            "[1:2:3:4:5:6:7:8:9]:1",
            "[1:2:3:4:5:6:7::8:9]:1",
            "[::ffff:1.2.3.4:1",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_library_writes_is_read_as_it_reads_it(
            ipv6 in any::<Option<[u16; 8]>>(),
            zeros in 0..=8_usize,
            octets in any::<[u8; 4]>(),
            port in any::<u16>(),
        ) {
            let socket = match ipv6 {
                None => SocketAddr::from((octets, port)),
                Some(mut groups) => {
                    groups[..zeros].fill(0);
                    SocketAddr::from((groups, port))
                }
            };
            let read = self::socket(&socket.to_string());
            // The library writes some other addresses with four octets at the end too.
            let canonical = SocketAddr::new(socket.ip().to_canonical(), port);
            prop_assert_eq!(read, Some(canonical));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in "[0-9a-f:.\\[\\]]{0,30}") {
            let read = socket(&text);
            prop_assert!(read.is_none() || text.parse::<SocketAddr>().is_ok(), "{read:?}");
        }
    }
}
