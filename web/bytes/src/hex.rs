//! Bytes as hex digits, in every form in which people write them down.

use crate::notation::{Broken, Reason};

/// What may stand between two bytes, besides white space.
const SEPARATORS: [char; 6] = [':', ',', ';', '-', '_', '|'];

/// Reads bytes: two digits each, apart or not, with white space, colons, commas or dashes between them, and with `0x` or
/// `\x` before them.
///
/// # Errors
/// The place of the first character that fits nowhere.
pub fn parse(source: &str) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::with_capacity(source.len() / 2);
    // The place and the value of a digit that waits for its second one.
    let mut high: Option<(usize, u8)> = None;
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let broken = |at, reason| Err::<Vec<u8>, _>(Broken::at(source, at, reason));
        let next = chars.peek().copied();
        match (c.to_digit(16), high, next) {
            (_, None, Some((at, 'x' | 'X'))) if matches!(c, '0' | '\\') => {
                chars.next();
                // Nothing may stand between `0x` and its digits, or `0x 0x41` would be read with one prefix too many.
                if !chars.peek().is_some_and(|(_, c)| c.is_ascii_hexdigit()) {
                    let unfinished = chars.peek().is_none();
                    return broken(at, Reason::NoDigits).map_err(|broken| Broken {
                        unfinished,
                        ..broken
                    });
                }
            }
            (Some(digit), None, _) => high = Some((at, digit as u8)),
            (Some(digit), Some((_, first)), _) => {
                bytes.push(first << 4 | digit as u8);
                high = None;
            }
            (None, Some((at, _)), _) if is_separator(c) => return broken(at, Reason::OneDigit),
            (None, None, _) if is_separator(c) => {}
            _ => return broken(at, Reason::NoHex),
        }
    }
    match high {
        Some((at, _)) => Err(Broken {
            unfinished: true,
            ..Broken::at(source, at, Reason::OneDigit)
        }),
        None => Ok(bytes),
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || SEPARATORS.contains(&c)
}

/// Writes bytes as two digits each with a space between them.
pub fn print(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !out.is_empty() {
            out.push(' ');
        }
        push(&mut out, *byte);
    }
    out
}

/// Writes bytes as two digits each, without anything between them.
pub fn print_dense(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        push(&mut out, *byte);
    }
    out
}

/// Appends the two digits of a byte.
pub fn push(out: &mut String, byte: u8) {
    for nibble in [byte >> 4, byte & 15] {
        out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
    }
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
