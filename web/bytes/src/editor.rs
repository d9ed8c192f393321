//! The message while it is written: its bytes, and the part of them that the two fields hold.

use std::ops::Range;

use crate::notation::Broken;
use crate::{escaped, hex, size};

/// Bytes that the two fields hold at a time. Longer messages are turned over like pages, since a field with the 196,000
/// characters of the longest datagram would stop the page at every key.
pub const PAGE: usize = 1024;

/// The two ways to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// Two digits a byte.
    Hex,
    /// Text with escapes.
    Text,
}

/// A message and how it is written.
#[derive(Debug, Default)]
pub struct Editor {
    payload: Vec<u8>,
    /// What the ruler makes longer and shorter: the last message that it did not make itself.
    base: Vec<u8>,
    page: Range<usize>,
    /// What is wrong with what stands in one of the fields.
    broken: Option<(Notation, Broken)>,
}

impl Editor {
    /// The whole message.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that the fields hold, as a range of the message.
    pub fn page(&self) -> Range<usize> {
        self.page.clone()
    }

    /// What a field is to hold.
    pub fn written(&self, notation: Notation) -> String {
        let bytes = &self.payload[self.page.clone()];
        match notation {
            Notation::Hex => hex::print(bytes),
            Notation::Text => escaped::print(bytes),
        }
    }

    /// What is wrong with what stands in this field.
    pub fn broken(&self, notation: Notation) -> Option<Broken> {
        self.broken
            .filter(|(of, _)| *of == notation)
            .map(|(_, broken)| broken)
    }

    /// The reader wrote into a field. True when the message is another now; what cannot be read leaves it as it was.
    pub fn write(&mut self, notation: Notation, source: &str) -> bool {
        let read = match notation {
            Notation::Hex => hex::parse(source),
            Notation::Text => escaped::parse(source),
        };
        match read {
            Ok(bytes) => {
                self.broken = None;
                let after = self.payload.split_off(self.page.end);
                self.payload.truncate(self.page.start);
                self.payload.extend_from_slice(&bytes);
                self.page.end = self.payload.len();
                self.payload.extend_from_slice(&after);
                self.base.clone_from(&self.payload);
                true
            }
            Err(broken) => {
                self.broken = Some((notation, broken));
                false
            }
        }
    }

    /// Puts another message in place, from its beginning. True when it is another one.
    pub fn put(&mut self, payload: &[u8]) -> bool {
        if self.payload == payload {
            return false;
        }
        self.replace(payload.to_vec());
        self.base.clone_from(&self.payload);
        true
    }

    /// Makes the message this long: shorter by its end, longer by repeating it. The message itself is kept for the next
    /// size.
    pub fn resize(&mut self, size: usize) {
        self.replace(size::fill(&self.base, size));
    }

    fn replace(&mut self, payload: Vec<u8>) {
        self.payload = payload;
        self.broken = None;
        self.page = 0..0;
        self.fit();
    }

    /// The reader has left the fields: they hold one page again, however much was written into them.
    pub fn fit(&mut self) {
        self.turn_to(self.page.start);
    }

    /// Whether there is more than the fields hold.
    pub fn has_pages(&self) -> bool {
        self.page.len() < self.payload.len()
    }

    /// Turns to the page with this byte, as long as nothing unreadable stands in a field.
    pub fn turn_to(&mut self, byte: usize) {
        if self.broken.is_some() {
            return;
        }
        let last = self.payload.len().saturating_sub(1);
        let start = byte.min(last) / PAGE * PAGE;
        let end = self.payload.len().min(start + PAGE);
        let edge = |place| escaped::edge(&self.payload, place);
        self.page = edge(start)..edge(end);
    }

    /// Turns pages: forwards, or back.
    pub fn turn(&mut self, forwards: bool) {
        match forwards {
            true if self.page.end < self.payload.len() => self.turn_to(self.page.end + 3),
            true => {}
            false => self.turn_to(self.page.start.saturating_sub(PAGE - 3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn editor(payload: &[u8]) -> Editor {
        let mut editor = Editor::default();
        editor.put(payload);
        editor
    }

    #[test]
    fn each_field_follows_the_other() {
        let mut editor = editor(b"This");
        assert_eq!(editor.written(Notation::Hex), "54 68 69 73");
        assert!(editor.write(Notation::Hex, "54 68 61 74 ff"));
        assert_eq!(editor.written(Notation::Text), "That\\xff");
        assert!(editor.write(Notation::Text, "é\\xff\\n"));
        assert_eq!(editor.written(Notation::Hex), "c3 a9 ff 0a");
        assert_eq!(editor.payload(), b"\xc3\xa9\xff\n");
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut editor = editor(b"This");
        assert!(!editor.write(Notation::Hex, "54 6x"));
        assert_eq!(editor.broken(Notation::Hex).unwrap().column, 5);
        assert_eq!(editor.broken(Notation::Text), None);
        assert_eq!(editor.payload(), b"This");
        editor.turn_to(0);
        assert!(
            editor.broken(Notation::Hex).is_some(),
            "it stands there still"
        );
        assert!(editor.write(Notation::Hex, "54 6c"));
        assert_eq!(editor.broken(Notation::Hex), None);
        assert_eq!(editor.payload(), b"Tl");
    }

    #[test]
    fn a_long_message_is_edited_a_page_at_a_time() {
        let long: Vec<u8> = (0..3000).map(|index| b'a' + (index % 26) as u8).collect();
        let mut editor = editor(&long);
        assert_eq!(editor.page(), 0..1024);
        editor.turn(true);
        assert_eq!(editor.page(), 1024..2048);
        assert!(editor.write(Notation::Text, "-"));
        assert_eq!(
            editor.payload(),
            [&long[..1024], b"-", &long[2048..]].concat()
        );
        assert_eq!(
            editor.page(),
            1024..1025,
            "while it is written nothing moves"
        );
        editor.fit();
        assert_eq!(editor.page(), 1024..1977);
        editor.turn(true);
        assert_eq!(editor.page(), 1024..1977, "this is the last one");
        editor.turn(false);
        assert_eq!(editor.page(), 0..1024);
        editor.turn(false);
        assert_eq!(editor.page(), 0..1024);
        assert!(editor.write(Notation::Text, &"x".repeat(100_000)));
        assert_eq!(editor.payload().len(), 100_953);
        editor.fit();
        assert_eq!(editor.page(), 0..1024);
    }

    #[test]
    fn the_ruler_keeps_the_message() {
        let mut editor = editor(b"abc");
        editor.resize(7);
        assert_eq!(editor.payload(), b"abcabca");
        editor.resize(1);
        editor.resize(3);
        assert_eq!(editor.payload(), b"abc");
        editor.write(Notation::Text, "xy");
        editor.resize(5);
        assert_eq!(editor.payload(), b"xyxyx");
        editor.resize(0);
        assert_eq!(editor.page(), 0..0);
    }

    proptest! {
        #[test]
        fn leafing_through_shows_every_byte_once(text in "(\\PC|[\u{80}-\u{10ffff}]){0,2000}", more in any::<Vec<u8>>()) {
            let mut editor = editor(&[text.as_bytes(), &more].concat());
            let mut seen = Vec::new();
            loop {
                let page = editor.page();
                prop_assert_eq!(page.start, seen.len());
                prop_assert!(page.len() <= PAGE + 3);
                seen.extend_from_slice(&editor.payload()[page.clone()]);
                editor.turn(true);
                if editor.page() == page {
                    break;
                }
            }
            prop_assert_eq!(seen, editor.payload());
        }

        #[test]
        fn writing_back_what_stands_there_changes_nothing(payload in any::<Vec<u8>>()) {
            let mut editor = editor(&payload);
            for notation in [Notation::Hex, Notation::Text] {
                let written = editor.written(notation);
                prop_assert!(editor.write(notation, &written));
                prop_assert_eq!(editor.payload(), payload.as_slice());
            }
        }
    }
}
