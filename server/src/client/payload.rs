//! The bytes that a client sends.

use bytes::Bytes;

/// What the datagrams of a run carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Payloads {
    /// The same bytes in every datagram.
    Same(Bytes),
    /// This many bytes, different in every datagram and the same in every run.
    Filled(usize),
}

impl Payloads {
    /// The payload of the datagram with this number.
    pub(super) fn of(&self, id: u64) -> Bytes {
        match self {
            Self::Same(message) => message.clone(),
            Self::Filled(bytes) => filled(id, *bytes),
        }
    }

    /// Bytes in each datagram.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Same(message) => message.len(),
            Self::Filled(bytes) => *bytes,
        }
    }
}

/// Bytes that look random, so that no two datagrams are alike and no cut or change goes unseen. The generator is
/// SplitMix64 (Steele, Lea and Flood 2014), started at the datagram's number.
fn filled(id: u64, bytes: usize) -> Bytes {
    let words = (1..=bytes.div_ceil(8) as u64).map(|n| {
        let mut z = (id << 20)
            .wrapping_add(n)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    });
    let mut payload: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    payload.truncate(bytes);
    payload.into()
}

/// Reads hexadecimal digits, two to a byte; blanks and colons between them are skipped.
pub(super) fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = Vec::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match c.to_digit(16) {
            Some(digit) => digits.push(digit as u8),
            None if c.is_whitespace() || c == ':' => {}
            None => {
                let place = at + 1;
                return Err(format!(
                    "character {place}, {c:?}, is no hexadecimal digit: write two of 0-9 a-f for each byte"
                ));
            }
        }
    }
    if digits.len() % 2 == 1 {
        let count = digits.len();
        return Err(format!(
            "{count} hexadecimal digits are half a byte too many or too few: write two for each byte"
        ));
    }
    Ok(digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filled_payloads_differ_by_number_and_have_every_byte_value() {
        let one = Payloads::Filled(8192).of(1);
        assert_eq!(one.len(), 8192);
        assert!((0..=255_u8).all(|value| one.contains(&value)));
        assert_eq!(one, Payloads::Filled(8192).of(1));
        for size in [8, 9, 42, 1472] {
            assert_ne!(Payloads::Filled(size).of(1), Payloads::Filled(size).of(2));
            assert_eq!(Payloads::Filled(size).of(3).len(), size);
        }
        assert_eq!(Payloads::Filled(0).of(1).len(), 0);
    }

    #[test]
    fn hexadecimal_is_read_with_blanks_and_colons() {
        assert_eq!(from_hex("00ff10"), Ok(vec![0, 255, 16]));
        assert_eq!(
            from_hex(" DE:ad be\tEF\n"),
            Ok(vec![0xde, 0xad, 0xbe, 0xef])
        );
        assert_eq!(from_hex(""), Ok(vec![]));
    }

    #[test]
    fn broken_hexadecimal_is_refused_with_its_place() {
        assert!(
            from_hex("00fg")
                .unwrap_err()
                .starts_with("character 4, 'g'")
        );
        assert!(
            from_hex("abc")
                .unwrap_err()
                .starts_with("3 hexadecimal digits")
        );
    }
}
