//! Addresses of IPv4 with a port: all that sockets of this page have. What the standard library does for both families weighs
//! several kilobytes.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use udp_echo_feed::decimal;
use udp_echo_feed::words::number;
use wire::transcript::Address;

/// One end of a datagram's way.
pub type End = SocketAddrV4;

/// Reads `127.83.1.5:10000`.
pub fn read(text: &str) -> Option<End> {
    let colon = text.bytes().position(|byte| byte == b':')?;
    let ip = read_ip(text.get(..colon)?)?;
    Some(End::new(ip, read_port(text.get(colon + 1..)?)?))
}

/// Reads `127.83.1.5`.
pub fn read_ip(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text;
    for (place, octet) in octets.iter_mut().enumerate() {
        let dot = rest.bytes().position(|byte| byte == b'.');
        let end = dot.unwrap_or(rest.len());
        if (place == 3) != dot.is_none() {
            return None;
        }
        *octet = u8::try_from(whole(rest.get(..end)?)?).ok()?;
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    Some(octets.into())
}

/// Reads a port.
pub fn read_port(text: &str) -> Option<u16> {
    u16::try_from(whole(text)?).ok()
}

/// The end that an address of the wire names, if it is of IPv4.
pub fn of(address: SocketAddr) -> Option<End> {
    match address {
        SocketAddr::V4(end) => Some(end),
        SocketAddr::V6(_) => None,
    }
}

/// Writes the address without the port.
pub fn ip(of: Ipv4Addr) -> String {
    let mut text = String::new();
    for octet in of.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&number(octet.into()));
    }
    text
}

/// Writes `127.83.1.5:10000`.
pub fn text(of: End) -> String {
    [&ip(*of.ip()), ":", &number(of.port().into())].concat()
}

/// The end in a transcript's form.
pub fn name(of: End) -> Address {
    Address::from_text(&text(of)).expect("an end has a port")
}

/// The end as Python prints it.
pub fn tuple(of: End) -> String {
    name(of).tuple()
}

fn whole(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| decimal::read_wide(text, "", 0))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_end_is_read_and_written_as_rust_does(ip: [u8; 4], port: u16) {
            let end = End::new(ip.into(), port);
            prop_assert_eq!(text(end), end.to_string());
            prop_assert_eq!(read(&end.to_string()), Some(end));
        }
    }

    #[test]
    fn what_is_no_end_is_none() {
        for text in [
            "",
            "1.2.3:4",
            "1.2.3.4",
            "1.2.3.4.5:6",
            "1.2.3.256:1",
            "1.2.3.4:65536",
            "[::1]:5",
            "1..2.3:4",
            "+1.2.3.4:5",
            "1.2.3.4:",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
