//! Where a text stops being a notation for bytes, and why.

/// The first thing in a text that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Its line, counted from 1.
    pub line: usize,
    /// Its place in that line in characters, counted from 1.
    pub column: usize,
    /// Lines of the whole text.
    pub lines: usize,
    /// The character that stands there; `None` at the end of the text.
    pub character: Option<char>,
    /// What is wrong with it.
    pub reason: Reason,
    /// Nothing is wrong yet, there is only too little: the text ends before the byte does.
    pub unfinished: bool,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is no hex digit, and nothing that may stand between bytes.
    NoHex,
    /// A byte has one digit only.
    OneDigit,
    /// No digits follow the `x`.
    NoDigits,
    /// No escape begins like this.
    NoEscape,
    /// `\x` needs two hex digits.
    TwoDigits,
    /// `\u` needs braces around one to six hex digits.
    Braces,
    /// No character has this number.
    NoCharacter,
}

impl Broken {
    /// The character that begins at this byte of a text.
    pub fn at(source: &str, place: usize, reason: Reason) -> Self {
        let (mut line, mut column, mut lines) = (1, 1, 1);
        for (index, byte) in source.bytes().enumerate() {
            let is_line_feed = byte == b'\n';
            lines += usize::from(is_line_feed);
            if index >= place {
                continue;
            }
            if is_line_feed {
                line += 1;
                column = 1;
            } else if byte & 0xc0 != 0x80 {
                column += 1;
            }
        }
        let character = source.get(place..).and_then(|rest| rest.chars().next());
        Self {
            line,
            column,
            lines,
            character,
            reason,
            unfinished: false,
        }
    }
}
