//! Addresses as the host writes them. The standard library's reader and writer weigh more than the rest of the header.

use std::net::{Ipv6Addr, SocketAddr};

/// A UDP address, as text for commands and as numbers for the checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host alone, such as `127.0.0.1` or `::1`. What a dual-stack socket writes as `::ffff:127.0.0.1` is IPv4 here.
    pub host: String,
    /// The whole of it.
    pub socket: SocketAddr,
}

impl Address {
    /// Reads `127.0.0.1:10000` or `[::1]:10000`.
    pub fn read(text: &str) -> Option<Self> {
        let colon = text.bytes().rposition(|byte| byte == b':')?;
        let port = number(text.get(colon + 1..)?, 10)?;
        let host = text.get(..colon)?;
        let Some(inside) = host.strip_prefix('[') else {
            return Some(Self::new(host, (ipv4(host)?, port)));
        };
        let host = inside.strip_suffix(']')?;
        let mapped = host.strip_prefix("::ffff:").unwrap_or_default();
        Some(match ipv4(mapped) {
            Some(octets) => Self::new(mapped, (octets, port)),
            None => Self::new(host, (ipv6(host)?, port)),
        })
    }

    fn new(host: &str, socket: impl Into<SocketAddr>) -> Self {
        Self {
            host: host.to_owned(),
            socket: socket.into(),
        }
    }

    /// Whether it is an address of IPv6.
    pub fn is_ipv6(&self) -> bool {
        self.socket.is_ipv6()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.socket.port()
    }
}

fn ipv4(text: &str) -> Option<[u8; 4]> {
    let mut parts = text.split('.');
    let mut octets = [0; 4];
    for octet in &mut octets {
        *octet = u8::try_from(number(parts.next()?, 10)?).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// Eight groups, or fewer around one `::` (RFC 4291, section 2.2). No zone: none can be on the wire.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let mut groups = [0; 8];
    let mut count = 0;
    // How many groups stand before the gap. It is an empty part; at one end of the text there are two.
    let mut gap = None;
    let last = text.split(':').count() - 1;
    for (index, part) in text.split(':').enumerate() {
        if !part.is_empty() {
            *groups.get_mut(count)? = number(part, 16)?;
            count += 1;
        } else if index == 0 {
            text.starts_with("::").then_some(())?;
        } else if index == last {
            text.ends_with("::").then_some(())?;
        } else if gap.replace(count).is_some() {
            return None;
        }
    }
    match gap {
        None => (count == 8).then(|| groups.into()),
        Some(before) => {
            let tail = groups.get_mut(before..).filter(|_| count < 8)?;
            tail.rotate_right(8 - count);
            Some(groups.into())
        }
    }
}

fn number(digits: &str, radix: u32) -> Option<u16> {
    let is_short = (1..=5).contains(&digits.len());
    let add = |number: u32, digit: char| Some(number * radix + digit.to_digit(radix)?);
    let number = is_short.then(|| digits.chars().try_fold(0, add))??;
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_as_the_host_writes_them() {
        let read = |text| Address::read(text).map(|address| (address.host, address.socket.port()));
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
            let read = Address::read(&socket.to_string()).map(|address| address.socket);
            // The library writes some other addresses with four octets at the end too.
            let canonical = SocketAddr::new(socket.ip().to_canonical(), port);
            prop_assert_eq!(read, Some(canonical));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in "[0-9a-f:.\\[\\]]{0,30}") {
            let read = Address::read(&text).map(|address| address.socket);
            prop_assert!(read.is_none() || text.parse::<SocketAddr>().is_ok(), "{read:?}");
        }
    }
}
