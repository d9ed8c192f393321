//! Rows of a dump: offset, hex and text side by side.

use crate::escaped::{edge, is_unseen, walk};

/// What the text column shows for one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// What is drawn: a character, when it has several bytes, at the first of them; or a picture.
    pub picture: char,
    /// What it is; nothing for ASCII that can be seen. `wide`: another character; `unseen`: one that cannot be seen.
    pub kind: Option<&'static str>,
}

/// One more byte of the character before.
const CONTINUED: Glyph = Glyph::new('·', "continued");
/// A byte that is no UTF-8.
const INVALID: Glyph = Glyph::new('\u{fffd}', "invalid");

impl Glyph {
    const fn new(picture: char, kind: &'static str) -> Self {
        let kind = Some(kind);
        Self { picture, kind }
    }

    /// Controls have pictures of their own in Unicode, from U+2400.
    fn of(c: char) -> Self {
        match c {
            '\0'..='\x1f' => {
                let picture = char::from_u32(0x2400 + c as u32);
                Self::new(picture.unwrap_or('·'), "unseen")
            }
            '\x7f' => Self::new('␡', "unseen"),
            ' '..='~' => Self {
                picture: c,
                kind: None,
            },
            c if is_unseen(c) => Self::new('◌', "unseen"),
            c => Self::new(c, "wide"),
        }
    }
}

/// The glyphs of the bytes in a range, whose neighbours may share a character with them.
pub fn glyphs(bytes: &[u8], from: usize, to: usize) -> Vec<Glyph> {
    // A character may begin before the range, and ends three bytes behind it at most.
    let start = edge(bytes, from);
    let mut glyphs = Vec::new();
    walk(&bytes[start..bytes.len().min(to + 3)], &mut |piece| {
        let behind = glyphs.len() + piece.map_or(1, char::len_utf8);
        glyphs.push(piece.map_or(INVALID, Glyph::of));
        while glyphs.len() < behind {
            glyphs.push(CONTINUED);
        }
    });
    glyphs[from - start..to - start].to_vec()
}

/// The rows that are to be drawn of a dump that is scrolled, a few more than fit.
pub fn window(rows: usize, scrolled: u32, height: u32, row_height: u32) -> (usize, usize) {
    const MORE: usize = 8;
    let row_height = row_height.max(1);
    let first = (scrolled / row_height) as usize;
    let fit = (height / row_height) as usize + 1;
    (
        first.saturating_sub(MORE).min(rows),
        (first + fit + MORE).min(rows),
    )
}

/// Digits of an offset in a dump of this length: four, or as many as it takes.
pub fn offset_digits(bytes: usize) -> usize {
    if bytes > 0x1_0000 { 5 } else { 4 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_has_its_glyph() {
        let unseen = |picture| Glyph::new(picture, "unseen");
        let wide = |picture| Glyph::new(picture, "wide");
        let plain = |picture| Glyph {
            picture,
            kind: None,
        };
        let bytes = b"a\xc3\xa9\n\xff\x7f\xf0\x9f\x98\x80\xc3 ~";
        let expected = [
            plain('a'),
            wide('é'),
            CONTINUED,
            unseen('␊'),
            INVALID,
            unseen('␡'),
            wide('😀'),
            CONTINUED,
            CONTINUED,
            CONTINUED,
            INVALID,
            plain(' '),
            plain('~'),
        ];
        assert_eq!(glyphs(bytes, 0, bytes.len()), expected);
        assert_eq!(glyphs(bytes, 2, 3), [CONTINUED]);
        assert_eq!(glyphs(bytes, 8, 9), [CONTINUED]);
        assert_eq!(glyphs("\u{202e}".as_bytes(), 0, 1), [unseen('◌')]);
    }

    #[test]
    fn the_drawn_rows_are_those_in_sight_and_some_around() {
        assert_eq!(window(4095, 0, 320, 20), (0, 25));
        assert_eq!(window(4095, 20_000, 320, 20), (992, 1025));
        assert_eq!(window(4095, 81_900, 320, 20), (4087, 4095));
        assert_eq!(window(3, 0, 320, 20), (0, 3));
        assert_eq!(window(0, 0, 0, 0), (0, 0));
    }

    proptest! {
        #[test]
        fn a_part_has_the_glyphs_of_the_whole(
            bytes in prop_oneof![
                any::<Vec<u8>>(),
                any::<String>().prop_map(String::into_bytes),
                proptest::collection::vec(prop_oneof![Just(0xf0_u8), Just(0x9f), Just(0x98), Just(0xe2), Just(b'a')], 0..40),
            ],
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let whole = glyphs(&bytes, 0, bytes.len());
            prop_assert_eq!(whole.len(), bytes.len());
            let ends = [cut.0.index(bytes.len() + 1), cut.1.index(bytes.len() + 1)];
            let (from, to) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            prop_assert_eq!(glyphs(&bytes, from, to), &whole[from..to]);
        }
    }
}
