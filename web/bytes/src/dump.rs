//! Rows of a dump: offset, hex and text side by side.

use crate::escaped::is_unseen;

/// What the text column shows for one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A character; when it has several bytes, at the first of them.
    Character(char),
    /// A character that cannot be seen, as a picture of it.
    Unseen(char),
    /// One more byte of the character before.
    Continued,
    /// A byte that is no UTF-8.
    Invalid,
}

impl Glyph {
    /// What is drawn.
    pub fn picture(self) -> char {
        match self {
            Self::Character(c) | Self::Unseen(c) => c,
            Self::Continued => '·',
            Self::Invalid => '\u{fffd}',
        }
    }
}

/// The glyphs of the bytes in a range, whose neighbours may share a character with them.
pub fn glyphs(bytes: &[u8], from: usize, to: usize) -> Vec<Glyph> {
    // A character has four bytes at most, so that it begins at most three before the range and ends three behind it.
    let goes_on = |index: &usize| bytes.get(*index).is_some_and(|byte| byte & 0xc0 == 0x80);
    let before = (1..=3)
        .take_while(|back| *back <= from && goes_on(&(from - back + 1)))
        .count();
    let start = from - before;
    let piece = &bytes[start..bytes.len().min(to + 3)];
    let mut glyphs = Vec::with_capacity(piece.len());
    for chunk in piece.utf8_chunks() {
        for c in chunk.valid().chars() {
            glyphs.push(picture_of(c));
            glyphs.extend((1..c.len_utf8()).map(|_| Glyph::Continued));
        }
        glyphs.extend(chunk.invalid().iter().map(|_| Glyph::Invalid));
    }
    glyphs.truncate(to - start);
    glyphs.split_off(before)
}

/// Controls have pictures of their own in Unicode, from U+2400.
fn picture_of(c: char) -> Glyph {
    match c {
        '\0'..='\x1f' => Glyph::Unseen(char::from_u32(0x2400 + c as u32).unwrap_or('·')),
        '\x7f' => Glyph::Unseen('␡'),
        c if is_unseen(c) => Glyph::Unseen('◌'),
        c => Glyph::Character(c),
    }
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
        use Glyph::*;
        let bytes = b"a\xc3\xa9\n\xff\x7f\xf0\x9f\x98\x80\xc3";
        let expected = [
            Character('a'),
            Character('é'),
            Continued,
            Unseen('␊'),
            Invalid,
            Unseen('␡'),
            Character('😀'),
            Continued,
            Continued,
            Continued,
            Invalid,
        ];
        assert_eq!(glyphs(bytes, 0, bytes.len()), expected);
        assert_eq!(glyphs(bytes, 2, 3), [Continued]);
        assert_eq!(glyphs(bytes, 8, 9), [Continued]);
        assert_eq!(glyphs("\u{202e}".as_bytes(), 0, 1), [Unseen('◌')]);
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
