//! Bytes as hex digits, in every form in which people write them down.

pub use udp_echo_feed::form::hex as print_dense;
use udp_echo_feed::json::digit;

use crate::notation::{Broken, Reason};

/// Reads bytes: two digits each, apart or not, with white space, colons, commas or dashes between them, and with `0x` or
/// `\x` before them.
///
/// # Errors
/// The place of the first character that fits nowhere.
pub fn parse(source: &str) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::with_capacity(source.len() / 2);
    // What waits for the next character, and where it stands: the first digit of a byte, or a part of a prefix.
    let mut waits: Option<(usize, char)> = None;
    for (at, c) in source.char_indices() {
        let first = waits.and_then(|(_, first)| first.to_digit(16));
        waits = match (waits, c.to_digit(16)) {
            (Some((_, '0' | '\\')), None) if matches!(c, 'x' | 'X') => Some((at, 'x')),
            (Some((place, '\\')), _) => return Err(Broken::at(source, place, Reason::NoHex)),
            // Nothing may stand between `0x` and its digits, or `0x 0x41` would be read with one prefix too many.
            (Some((place, 'x')), None) => {
                return Err(Broken::at(source, place, Reason::NoDigits));
            }
            (Some((place, _)), None) if is_separator(c) => {
                return Err(Broken::at(source, place, Reason::OneDigit));
            }
            (None, None) if c == '\\' => Some((at, c)),
            (None, None) if is_separator(c) => None,
            (_, None) => return Err(Broken::at(source, at, Reason::NoHex)),
            (_, Some(digit)) => match first {
                Some(first) => {
                    bytes.push((first << 4 | digit) as u8);
                    None
                }
                None => Some((at, c)),
            },
        };
    }
    let Some((place, first)) = waits else {
        return Ok(bytes);
    };
    let reason = match first {
        '\\' => Reason::NoHex,
        'x' => Reason::NoDigits,
        _ => Reason::OneDigit,
    };
    Err(Broken {
        unfinished: first != '\\',
        ..Broken::at(source, place, reason)
    })
}

/// What may stand between two bytes.
fn is_separator(c: char) -> bool {
    matches!(c, ':' | ',' | ';' | '-' | '_' | '|') || c.is_whitespace()
}

/// Writes bytes as two digits each with a space between them.
pub fn print(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        if !out.is_empty() {
            out.push(' ');
        }
        push(&mut out, *byte);
    }
    out
}

/// Appends the two digits of a byte.
pub fn push(out: &mut String, byte: u8) {
    out.push(digit(byte >> 4));
    out.push(digit(byte));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_of_writing_hex_is_read() {
        for source in [
            "54 68 69 73",
            "54686973",
            "0x54 0x68 0x69 0x73",
            "0x54686973",
            "0X54,0x68,0x69,0x73",
            "54:68:69:73",
            "54-68-69-73",
            "\\x54\\x68\\x69\\x73",
            "  54\n68\t69\r\n73 ",
            "5468_6973",
            "54 68  |69 73|",
        ] {
            assert_eq!(parse(source).unwrap(), b"This", "{source:?}");
        }
        assert_eq!(parse("00 0A ff 0x00").unwrap(), [0, 10, 255, 0]);
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse(" \n").unwrap(), []);
    }

    #[test]
    fn broken_hex_names_place_and_character() {
        let broken = |source| parse(source).unwrap_err();
        let at = |index, c, reason| Broken {
            line: 1,
            column: index,
            lines: 1,
            character: Some(c),
            reason,
            unfinished: false,
        };
        assert_eq!(broken("54 6g"), at(5, 'g', Reason::NoHex));
        assert_eq!(broken("é4"), at(1, 'é', Reason::NoHex));
        assert_eq!(broken("54 6 73"), at(4, '6', Reason::OneDigit));
        for (source, column, character, reason) in [
            ("54 6", 4, '6', Reason::OneDigit),
            ("0x", 2, 'x', Reason::NoDigits),
        ] {
            let expected = Broken {
                unfinished: true,
                ..at(column, character, reason)
            };
            assert_eq!(broken(source), expected, "more may come");
        }
        assert_eq!(broken("0x 0x41"), at(2, 'x', Reason::NoDigits));
        assert_eq!(broken("\\n"), at(1, '\\', Reason::NoHex));
        assert_eq!(broken("<script>"), at(1, '<', Reason::NoHex));
        let second_line = Broken {
            line: 2,
            column: 4,
            lines: 2,
            character: Some('z'),
            reason: Reason::NoHex,
            unfinished: false,
        };
        assert_eq!(broken("54 68\n69 zz"), second_line);
    }

    proptest! {
        #[test]
        fn what_was_printed_is_read_again(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(parse(&print(&bytes)).unwrap(), bytes.as_slice());
            prop_assert_eq!(parse(&print_dense(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn anything_is_read_or_refused_at_a_place_inside(source in "(\\PC|[0-9a-fx\\\\ :\n])*") {
            if let Err(broken) = parse(&source) {
                let line = source.split('\n').nth(broken.line - 1).unwrap();
                prop_assert_eq!(line.chars().nth(broken.column - 1), broken.character);
            }
        }
    }
}
