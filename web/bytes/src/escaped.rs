//! Bytes as text that loses nothing: what is text stands as it is, everything else as an escape.
//!
//! | written | means |
//! |---|---|
//! | `\n` `\r` `\t` `\0` `\\` `\"` `\'` | as in Rust, C and Python |
//! | `\x00` … `\xff` | one byte |
//! | `\u{1F600}` | one character, in UTF-8 |
//!
//! Bytes that are no UTF-8, control characters and characters that nobody would see are printed as escapes, a line feed
//! as the end of a line.

use crate::hex;
use crate::notation::{Broken, Reason};

/// Reads text with escapes.
///
/// # Errors
/// The place of the first escape that is none.
pub fn parse(source: &str) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::with_capacity(source.len());
    let mut rest = source.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'\\' {
            let place = source.len() - after.len() - 1;
            rest = read_escape(after, &mut bytes).map_err(|reason| Broken {
                unfinished: may_become_an_escape(after),
                ..Broken::at(source, place, reason)
            })?;
        } else {
            bytes.push(*byte);
        }
    }
    Ok(bytes)
}

/// Reads one escape, whose backslash has been read, and returns what stands behind it.
fn read_escape<'a>(escape: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], Reason> {
    let (mark, rest) = escape.split_first().ok_or(Reason::NoEscape)?;
    match mark {
        b'n' => bytes.push(b'\n'),
        b'r' => bytes.push(b'\r'),
        b't' => bytes.push(b'\t'),
        b'0' => bytes.push(0),
        b'\\' | b'"' | b'\'' => bytes.push(*mark),
        b'x' => {
            let (digits, rest) = rest.split_at_checked(2).ok_or(Reason::TwoDigits)?;
            bytes.push(number(digits).ok_or(Reason::TwoDigits)? as u8);
            return Ok(rest);
        }
        b'u' => {
            let [b'{', inside @ ..] = rest else {
                return Err(Reason::Braces);
            };
            let end = inside.iter().position(|byte| *byte == b'}');
            let (digits, rest) = inside.split_at(end.ok_or(Reason::Braces)?);
            let number = number(digits).ok_or(Reason::Braces)?;
            let c = char::from_u32(number).ok_or(Reason::NoCharacter)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(&rest[1..]);
        }
        _ => return Err(Reason::NoEscape),
    }
    Ok(rest)
}

/// Whether this may be the beginning of an escape, behind its backslash.
fn may_become_an_escape(start: &[u8]) -> bool {
    match start {
        [] | [b'x' | b'u'] => true,
        [b'x', digit] => digit.is_ascii_hexdigit(),
        [b'u', b'{', digits @ ..] => digits.len() <= 6 && digits.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    }
}

/// The number that one to six hex digits make.
fn number(digits: &[u8]) -> Option<u32> {
    let is_short = (1..=6).contains(&digits.len());
    let add = |number, digit: &u8| Some(number << 4 | char::from(*digit).to_digit(16)?);
    is_short.then(|| digits.iter().try_fold(0, add))?
}

/// Writes bytes as text with escapes.
pub fn print(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    walk(bytes, &mut |piece| match piece {
        Ok(c) => push(&mut out, c),
        Err(byte) => push_byte(&mut out, byte),
    });
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push('\n'),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x1f' | '\x7f' => push_byte(out, c as u8),
        c if is_unseen(c) => {
            out.push_str("\\u{");
            let number = c as u32;
            let digits = hex::print_dense(&number.to_be_bytes());
            out.push_str(&digits[number.leading_zeros() as usize / 4..]);
            out.push('}');
        }
        c => out.push(c),
    }
}

fn push_byte(out: &mut String, byte: u8) {
    out.push_str("\\x");
    hex::push(out, byte);
}

/// Characters of which a reader would see nothing, or which would move the text around them: controls, soft hyphen,
/// joiners, marks of direction, line separators, invisible operators, byte order mark, annotations, tags.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Characters of bytes as text, where each byte that is no UTF-8 counts as one.
pub fn characters(bytes: &[u8]) -> usize {
    let mut count = 0;
    walk(bytes, &mut |_| count += 1);
    count
}

/// Takes bytes apart into the characters that they are as text, and the bytes that are no UTF-8.
pub fn walk(bytes: &[u8], each: &mut dyn FnMut(Result<char, u8>)) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            each(Ok(c));
        }
        for byte in chunk.invalid() {
            each(Err(*byte));
        }
    }
}

/// The nearest place at or before this one where no character is cut in two.
pub fn edge(bytes: &[u8], place: usize) -> usize {
    let mut edge = place;
    while bytes.get(edge).is_some_and(|byte| byte & 0xc0 == 0x80) {
        // A character has four bytes at most: more of these are none.
        if edge == 0 || place - edge == 3 {
            return place;
        }
        edge -= 1;
    }
    edge
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_escape_is_read() {
        let read = parse(r#"a\n\r\t\0\\\"\'\x00\xfF\u{e9}\u{1F600}z"#).unwrap();
        assert_eq!(read, b"a\n\r\t\0\\\"'\0\xff\xc3\xa9\xf0\x9f\x98\x80z");
        assert_eq!(parse("").unwrap(), b"");
        assert_eq!(parse("Grüße\n").unwrap(), "Grüße\n".as_bytes());
    }

    #[test]
    fn what_is_no_escape_is_refused_at_its_backslash() {
        for (source, column, reason) in [
            ("\\", 1, Reason::NoEscape),
            ("ü\\q", 2, Reason::NoEscape),
            ("\\é", 1, Reason::NoEscape),
            ("ab\\x1", 3, Reason::TwoDigits),
            ("\\x+1", 1, Reason::TwoDigits),
            ("\\x1é", 1, Reason::TwoDigits),
            ("\\u12", 1, Reason::Braces),
            ("\\u{}", 1, Reason::Braces),
            ("\\u{12", 1, Reason::Braces),
            ("\\u{1234567}", 1, Reason::Braces),
            ("\\u{d800}", 1, Reason::NoCharacter),
            ("\\u{110000}", 1, Reason::NoCharacter),
        ] {
            let broken = parse(source).unwrap_err();
            let expected = Broken {
                line: 1,
                column,
                lines: 1,
                character: Some('\\'),
                reason,
                unfinished: broken.unfinished,
            };
            assert_eq!(broken, expected, "{source:?}");
        }
        assert_eq!(parse("one\ntwo \\").unwrap_err().line, 2);
    }

    #[test]
    fn an_escape_that_only_ends_too_soon_may_be_finished() {
        for source in [
            "\\",
            "a\\x",
            "\\xf",
            "\\u",
            "\\u{",
            "\\u{1F64",
            "\\u{1F6421",
        ] {
            assert!(parse(source).unwrap_err().unfinished, "{source:?}");
        }
        for source in [
            "\\q",
            "\\xg",
            "\\x1g",
            "\\u1",
            "\\u{g",
            "\\u{1F64212",
            "\\u{110000}",
            "\\x ",
        ] {
            assert!(!parse(source).unwrap_err().unfinished, "{source:?}");
        }
    }

    #[test]
    fn what_is_no_text_stands_as_an_escape() {
        assert_eq!(print(b"\xff\xc3"), "\\xff\\xc3");
        assert_eq!(print(b"\0\x1b\x7f\t\r\n\\"), "\\x00\\x1b\\x7f\\t\\r\n\\\\");
        assert_eq!(
            print("a\u{202e}b\u{200b}\u{e0001}".as_bytes()),
            "a\\u{202e}b\\u{200b}\\u{e0001}"
        );
        assert_eq!(print("Grüße 🙂 <script>".as_bytes()), "Grüße 🙂 <script>");
    }

    #[test]
    fn characters_are_counted_beside_bytes() {
        assert_eq!(characters("Grüße".as_bytes()), 5);
        assert_eq!(characters(b"a\xff\xc3"), 3);
    }

    proptest! {
        #[test]
        fn what_was_printed_is_read_again(bytes in any::<Vec<u8>>()) {
            let text = print(&bytes);
            prop_assert!(text.chars().all(|c| c == '\n' || !is_unseen(c)));
            prop_assert_eq!(parse(&text).unwrap(), bytes);
        }

        #[test]
        fn text_survives_as_it_is(text in any::<String>()) {
            prop_assert_eq!(parse(&print(text.as_bytes())).unwrap(), text.as_bytes());
        }

        #[test]
        fn anything_is_read_or_refused_at_a_backslash(source in "(\\PC|[\\\\xu{}0-9a-f\n])*") {
            if let Err(broken) = parse(&source) {
                prop_assert_eq!(broken.character, Some('\\'));
            }
        }
    }
}
