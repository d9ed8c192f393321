//! The headers that stood around a payload on its way: UDP (RFC 768) over IPv4 (RFC 791) or IPv6 (RFC 8200).
//!
//! A UDP socket hands over payloads only. Addresses, ports and lengths are known, though, and a checksum follows from
//! them, so the packet can be written again: for the page's view of the header, and for captures.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::limits::UDP_HEADER_BYTES;

/// UDP's number in the protocol field of IPv4 and the next-header field of IPv6.
const PROTOCOL_UDP: u8 = 17;

/// Hops that Linux, macOS and the BSDs give a datagram to live.
const HOP_LIMIT: u8 = 64;

const IPV4_HEADER_BYTES: usize = 20;

/// One UDP datagram with the addresses it travelled between.
///
/// Addresses of one IPv4 and one IPv6 socket are brought to one family: an IPv4-mapped address (`::ffff:127.0.0.1`,
/// what a dual-stack socket reports) is the IPv4 address that was on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// Whom it was sent to.
    pub destination: SocketAddr,
    /// What it carried.
    pub payload: &'a [u8],
}

/// The payload is longer than the length fields of the headers can say, so no such packet can exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oversize {
    /// Bytes of the payload.
    pub bytes: usize,
    /// Most bytes that fit: 65,507 over IPv4, 65,527 over IPv6.
    pub limit: usize,
}

impl fmt::Display for Oversize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, limit } = self;
        write!(
            f,
            "{bytes} bytes do not fit into one datagram: the most is {limit}"
        )
    }
}

impl std::error::Error for Oversize {}

/// Source and destination in the family that was on the wire.
enum Route {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Datagram<'_> {
    /// The 8 bytes of the UDP header: source port, destination port, length, checksum, each two bytes in network order.
    ///
    /// # Errors
    /// [`Oversize`] when the payload is too long for the family.
    pub fn udp_header(&self) -> Result<[u8; UDP_HEADER_BYTES], Oversize> {
        let ports = [self.source.port(), self.destination.port()];
        match self.route() {
            Route::V4(source, destination) => {
                let addresses = [&source.octets()[..], &destination.octets()];
                udp_header(ports, addresses, self.payload)
            }
            Route::V6(source, destination) => {
                let addresses = [&source.octets()[..], &destination.octets()];
                udp_header(ports, addresses, self.payload)
            }
        }
    }

    /// Appends the whole packet, from the IP header to the last byte of the payload, as one unfragmented packet.
    ///
    /// # Errors
    /// [`Oversize`] when the payload is too long for the family; nothing is appended then.
    pub fn write_packet(&self, out: &mut Vec<u8>) -> Result<(), Oversize> {
        let udp_header = self.udp_header()?;
        let udp_length = UDP_HEADER_BYTES + self.payload.len();
        match self.route() {
            Route::V4(source, destination) => {
                out.extend_from_slice(&ipv4_header(source, destination, udp_length));
            }
            Route::V6(source, destination) => {
                out.extend_from_slice(&ipv6_header(source, destination, udp_length));
            }
        }
        out.extend_from_slice(&udp_header);
        out.extend_from_slice(self.payload);
        Ok(())
    }

    fn route(&self) -> Route {
        let source = self.source.ip().to_canonical();
        let destination = self.destination.ip().to_canonical();
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Route::V4(source, destination),
            (source, destination) => Route::V6(as_ipv6(source), as_ipv6(destination)),
        }
    }
}

/// The 8 bytes of a UDP header between two addresses of one family, each 4 or 16 bytes.
///
/// Its checksum covers header, payload, and before them the pseudo-header: both addresses, protocol and length (RFC 768;
/// RFC 8200, section 8.1). Zeros do not change a sum, so that the two families have the same one here.
///
/// # Errors
/// [`Oversize`] when the payload is too long for the family.
pub fn udp_header(
    [source, destination]: [u16; 2],
    addresses: [&[u8]; 2],
    payload: &[u8],
) -> Result<[u8; UDP_HEADER_BYTES], Oversize> {
    let ip_header = match addresses[0].len() {
        4 => IPV4_HEADER_BYTES,
        // IPv6 counts its own header outside its length field (RFC 8200, section 3).
        _ => 0,
    };
    let (bytes, limit) = (
        payload.len(),
        usize::from(u16::MAX) - UDP_HEADER_BYTES - ip_header,
    );
    if bytes > limit {
        return Err(Oversize { bytes, limit });
    }
    let [high, low] = ((bytes + UDP_HEADER_BYTES) as u16).to_be_bytes();
    let mut header = [0, 0, 0, 0, high, low, 0, 0];
    header[0..2].copy_from_slice(&source.to_be_bytes());
    header[2..4].copy_from_slice(&destination.to_be_bytes());
    let [from, to] = addresses;
    let rest = [0, PROTOCOL_UDP, high, low];
    let sum = match internet_checksum(&[from, to, &rest, &header, payload]) {
        // Zero on the wire says "no checksum"; a sum of zero is sent as its other form (RFC 768).
        0 => u16::MAX,
        sum => sum,
    };
    header[6..8].copy_from_slice(&sum.to_be_bytes());
    Ok(header)
}

/// The Internet checksum (RFC 1071) over pieces, each but the last of an even number of bytes.
///
/// The pieces together may have up to 128 KiB, twice the largest packet: the sum is kept in 32 bits.
fn internet_checksum(pieces: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for piece in pieces {
        for word in piece.chunks(2) {
            let low = word.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([word[0], low]));
        }
    }
    while sum > u32::from(u16::MAX) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 header without options. "Don't fragment" is set and the identification is 0, as for a packet that is
/// never fragmented (RFC 6864, section 4.1).
fn ipv4_header(source: Ipv4Addr, destination: Ipv4Addr, udp_length: usize) -> [u8; 20] {
    let total = ((IPV4_HEADER_BYTES + udp_length) as u16).to_be_bytes();
    let mut header = [0; IPV4_HEADER_BYTES];
    // Version 4, and a header of five 32-bit words.
    header[0] = 0x45;
    header[2..4].copy_from_slice(&total);
    header[6] = 0x40;
    header[8] = HOP_LIMIT;
    header[9] = PROTOCOL_UDP;
    header[12..16].copy_from_slice(&source.octets());
    header[16..20].copy_from_slice(&destination.octets());
    let sum = internet_checksum(&[&header]).to_be_bytes();
    header[10..12].copy_from_slice(&sum);
    header
}

fn ipv6_header(source: Ipv6Addr, destination: Ipv6Addr, udp_length: usize) -> [u8; 40] {
    let mut header = [0; 40];
    header[0] = 0x60;
    header[4..6].copy_from_slice(&(udp_length as u16).to_be_bytes());
    header[6] = PROTOCOL_UDP;
    header[7] = HOP_LIMIT;
    header[8..24].copy_from_slice(&source.octets());
    header[24..40].copy_from_slice(&destination.octets());
    header
}

fn as_ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram<'a>(source: &str, destination: &str, payload: &'a [u8]) -> Datagram<'a> {
        Datagram {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            payload,
        }
    }

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        // The example of RFC 1071, section 3: the sum is ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(internet_checksum(&[&bytes]), !0xddf2);
        assert_eq!(internet_checksum(&[&bytes[..2], &bytes[2..]]), !0xddf2);
        assert_eq!(internet_checksum(&[&[0xab]]), !0xab00);
    }

    #[test]
    fn the_ipv4_header_has_the_checksum_of_a_captured_one() {
        let header = ipv4_header(
            [192, 168, 0, 1].into(),
            [192, 168, 0, 199].into(),
            0x73 - 20,
        );
        let captured: [u16; 10] = [
            0x4500, 0x0073, 0x0000, 0x4000, 0x4011, 0xb861, 0xc0a8, 0x0001, 0xc0a8, 0x00c7,
        ];
        let captured: Vec<u8> = captured
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect();
        assert_eq!(header.as_slice(), captured);
    }

    #[test]
    fn the_udp_header_has_ports_length_and_a_checksum_that_verifies() {
        for (source, destination) in [
            ("127.0.0.1:50139", "127.0.0.1:10000"),
            ("[::1]:50139", "[2001:db8::7]:10000"),
        ] {
            for payload in [
                &b""[..],
                b"odd",
                b"This is the message.  It will be repeated.",
            ] {
                let datagram = datagram(source, destination, payload);
                let header = datagram.udp_header().unwrap();
                let length = (payload.len() + 8) as u16;
                assert_eq!(header[0..2], 50139_u16.to_be_bytes());
                assert_eq!(header[2..4], 10000_u16.to_be_bytes());
                assert_eq!(header[4..6], length.to_be_bytes());
                // A receiver sums everything, checksum included, and gets all ones.
                let octets = [datagram.source, datagram.destination].map(|end| match end.ip() {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                });
                let rest = [0, PROTOCOL_UDP, header[4], header[5]];
                let pieces = [&octets[0], &octets[1], &rest[..], &header, payload];
                assert_eq!(internet_checksum(&pieces), 0);
                assert_ne!(header[6..8], [0, 0]);
            }
        }
    }

    #[test]
    fn a_checksum_of_zero_is_sent_as_all_ones() {
        // The payload is chosen so that the sum is ffff, whose complement is zero.
        let plain = datagram("127.0.0.1:1", "127.0.0.1:2", &[0, 0])
            .udp_header()
            .unwrap();
        let filler = [plain[6], plain[7]];
        let header = datagram("127.0.0.1:1", "127.0.0.1:2", &filler)
            .udp_header()
            .unwrap();
        assert_eq!(header[6..8], [0xff, 0xff]);
    }

    #[test]
    fn what_a_dual_stack_socket_reports_is_ipv4_on_the_wire() {
        let mapped = datagram("[::ffff:127.0.0.1]:7", "127.0.0.1:9", b"x");
        let plain = datagram("127.0.0.1:7", "127.0.0.1:9", b"x");
        let (mut one, mut other) = (Vec::new(), Vec::new());
        mapped.write_packet(&mut one).unwrap();
        plain.write_packet(&mut other).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.len(), 20 + 8 + 1);
    }

    #[test]
    fn the_last_byte_that_fits_fits_and_the_next_is_oversize() {
        for (address, limit, header_bytes) in [("127.0.0.1:9", 65_507, 28), ("[::1]:9", 65_527, 48)]
        {
            let payload = vec![0; limit + 1];
            let mut out = Vec::new();
            datagram(address, address, &payload[..limit])
                .write_packet(&mut out)
                .unwrap();
            assert_eq!(out.len(), limit + header_bytes);
            let error = datagram(address, address, &payload)
                .write_packet(&mut out)
                .unwrap_err();
            assert_eq!(
                error,
                Oversize {
                    bytes: limit + 1,
                    limit
                }
            );
            assert_eq!(out.len(), limit + header_bytes);
        }
    }
}
