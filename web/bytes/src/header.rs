//! The eight bytes in front of the payload (RFC 768).

use wire::packet::{Oversize, udp_header};

use crate::address::Address;
use crate::stage::Shown;

/// The header of a datagram, and how it fits what arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Source port, destination port, length and checksum, two bytes each.
    pub bytes: [u8; 8],
    /// The checksum that the bytes that arrived would have, when they are not those that were sent.
    pub arrived: Option<u16>,
}

impl Header {
    /// The header of bytes between two addresses.
    ///
    /// # Errors
    /// [`Oversize`] when no datagram carries that many.
    pub fn of(shown: &Shown, source: &Address, destination: &Address) -> Result<Self, Oversize> {
        let ports = [source.port, destination.port];
        let header =
            |payload: &Vec<u8>| udp_header(ports, [&source.octets, &destination.octets], payload);
        let arrived = shown.arrived.as_ref().map(header).transpose()?;
        let [.., high, low] = arrived.unwrap_or_default();
        Ok(Self {
            bytes: header(&shown.written)?,
            arrived: arrived.map(|_| u16::from_be_bytes([high, low])),
        })
    }

    /// Its four fields, in their order.
    pub fn fields(self) -> [u16; 4] {
        let field = |at: usize| u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]);
        [field(0), field(2), field(4), field(6)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Address {
        Address {
            host: String::new(),
            octets: vec![127, 0, 0, 1],
            port,
        }
    }

    #[test]
    fn the_header_of_the_tutorials_message() {
        let shown = Shown::plain(b"This is the message.  It will be repeated.");
        let header = Header::of(&shown, &address(50139), &address(10000)).unwrap();
        let [source, destination, length, checksum] = header.fields();
        assert_eq!([source, destination, length], [50139, 10000, 50]);
        // Added up by hand: pseudo-header, header and payload, with this checksum, make all ones.
        let words = [
            0x7f00,
            1,
            0x7f00,
            1,
            17,
            50,
            50139,
            10000,
            50,
            u32::from(checksum),
        ];
        let payload = shown
            .bytes
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.into_iter().chain(payload).sum();
        assert_eq!((sum >> 16) + (sum & 0xffff), 0xffff);
        assert_eq!(header.arrived, None);
    }

    #[test]
    fn a_turned_bit_gives_another_checksum() {
        let shown = Shown {
            arrived: Some(b"abd".to_vec()),
            ..Shown::plain(b"abc")
        };
        let header = Header::of(&shown, &address(1), &address(2)).unwrap();
        // The last byte is the high half of a word: one bit less in the sum, one bit more in its complement.
        let checksum = header.fields()[3];
        let difference = checksum.wrapping_sub(header.arrived.unwrap());
        assert_eq!(difference, u16::from_be_bytes([b'd' - b'c', 0]));
    }

    #[test]
    fn what_does_not_fit_has_no_header() {
        let shown = Shown::plain(&[0; 65_508]);
        let error = Header::of(&shown, &address(1), &address(2)).unwrap_err();
        assert_eq!((error.bytes, error.limit), (65_508, 65_507));
    }
}
