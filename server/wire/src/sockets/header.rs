//! What stands in front of a datagram in a binary message of `/sockets`.
//!
//! ```text
//! bytes  0      2       3      5                 5, 9 or 21
//!        socket family  port   address           payload
//!        u16    u8      u16    0, 4 or 16 bytes  0 to 65,507 bytes (65,527 over IPv6)
//! ```
//!
//! Numbers are big-endian. `family` is 4 or 6; from a client it may be 0, with port 0 and no address: the datagram goes to the
//! peer that the socket is connected to. The address is the destination of a client's datagram and the source of a host's.

use std::net::{IpAddr, SocketAddr};

/// Most bytes of a header.
pub const MAX_HEADER_BYTES: usize = 21;

/// The header of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Number of the socket, as its client chose it.
    pub socket: u16,
    /// The other end: destination or source. `None` names the peer of a connected socket.
    pub address: Option<SocketAddr>,
}

impl Header {
    /// Reads a message: its header and where its payload begins; `None` when it is too short or names no family.
    pub fn read(message: &[u8]) -> Option<(Self, usize)> {
        let (socket, rest) = message.split_first_chunk::<2>()?;
        let (&[family], rest) = rest.split_first_chunk::<1>()?;
        let (port, rest) = rest.split_first_chunk::<2>()?;
        let port = u16::from_be_bytes(*port);
        let ip: Option<IpAddr> = match family {
            0 if port == 0 => None,
            4 => Some((*rest.first_chunk::<4>()?).into()),
            6 => Some((*rest.first_chunk::<16>()?).into()),
            _ => return None,
        };
        let header = Self {
            socket: u16::from_be_bytes(*socket),
            address: ip.map(|ip| SocketAddr::new(ip, port)),
        };
        Some((header, header.bytes()))
    }

    /// Bytes that the header takes.
    pub fn bytes(&self) -> usize {
        match self.address {
            None => 5,
            Some(SocketAddr::V4(_)) => 9,
            Some(SocketAddr::V6(_)) => 21,
        }
    }

    /// Writes the header to the end of `message`; the payload follows.
    pub fn write(&self, message: &mut Vec<u8>) {
        message.extend(self.socket.to_be_bytes());
        let port = self.address.map_or(0, |address| address.port());
        let ip = self.address.map(|address| address.ip());
        message.push(match ip {
            None => 0,
            Some(IpAddr::V4(_)) => 4,
            Some(IpAddr::V6(_)) => 6,
        });
        message.extend(port.to_be_bytes());
        match ip {
            None => {}
            Some(IpAddr::V4(ip)) => message.extend(ip.octets()),
            Some(IpAddr::V6(ip)) => message.extend(ip.octets()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for (address, bytes) in [
            (None, 5),
            (Some("127.83.1.5:10000"), 9),
            (Some("[2001:db8::1]:65535"), 21),
        ] {
            let header = Header {
                socket: 513,
                address: address.map(|address| address.parse().expect("an address")),
            };
            let mut message = Vec::new();
            header.write(&mut message);
            assert_eq!(message.len(), bytes);
            assert_eq!(message[..2], [2, 1]);
            message.extend(b"payload");
            assert_eq!(Header::read(&message), Some((header, bytes)));
        }
    }

    #[test]
    fn what_is_no_header_is_not_read() {
        let mut whole = Vec::new();
        let address = Some("[::1]:1".parse().expect("an address"));
        Header { socket: 0, address }.write(&mut whole);
        for length in 0..whole.len() {
            assert_eq!(Header::read(&whole[..length]), None, "{length} bytes");
        }
        for family in [1, 2, 3, 5, 7, 255] {
            whole[2] = family;
            assert_eq!(Header::read(&whole), None, "family {family}");
        }
        assert_eq!(
            Header::read(&[0, 1, 0, 0, 1]),
            None,
            "a port without an address"
        );
    }
}
