//! A small JSON reader: as much of RFC 8259 as control messages use.
//!
//! `serde_json` would weigh 40 KB gzipped in the module, which is the whole budget, and `JSON.parse` would round a seed of
//! 64 bits. Numbers are therefore whole and not negative; others are an error, as is everything else that is not JSON.

use std::borrow::Cow;

mod described;

pub use described::{
    Json, Place, Record, begin_field, from_value, parts, read_as, to_string, variant,
};
pub(crate) use described::{event, record, variants};

/// Why a message cannot be read: the name of the field that is missing or of another kind, or `"JSON"`.
pub type Unreadable = &'static str;

/// Deepest nesting that is read; control messages need five.
const MAX_DEPTH: u8 = 16;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(u64),
    /// A text; it borrows from the source where that needs no unescaping.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// Names, which are texts, and values in turn, in the order of the source.
    Object(Vec<Value<'a>>),
}

impl Value<'_> {
    /// The value of a field; `None` when this is no object or has no such field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let mut fields = self.fields();
        while let [Value::Text(key), value, others @ ..] = fields {
            if key == name {
                return Some(value);
            }
            fields = others;
        }
        None
    }

    /// Name and value of the first field: serde writes a variant with content as an object of one field.
    pub fn only_field(&self) -> Option<(&str, &Self)> {
        match self.fields() {
            [Value::Text(name), value, ..] => Some((name, value)),
            _ => None,
        }
    }

    /// Names and values in turn; none when this is no object.
    fn fields(&self) -> &[Self] {
        match self {
            Value::Object(fields) => fields,
            _ => &[],
        }
    }
}

/// Reads one value that fills the whole source; `None` when it is not such JSON.
pub fn parse(source: &str) -> Option<Value<'_>> {
    let mut reader = Reader { source, at: 0 };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip_space();
    (reader.at == source.len()).then_some(value)
}

/// Appends a text in quotation marks, escaped.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\0'..='\x1f' => {
                out.push_str("\\u00");
                out.push(digit(c as u8 >> 4));
                out.push(digit(c as u8));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A text in quotation marks, escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    write_text(&mut quoted, text);
    quoted
}

/// A hexadecimal digit; only the lower four bits count.
pub fn digit(nibble: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(nibble & 15)])
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u8) -> Option<Value<'a>> {
        self.skip_space();
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => self.sequence(b'}', depth).map(Value::Object),
            b'[' => self.sequence(b']', depth).map(Value::List),
            b'"' => self.text().map(Value::Text),
            b't' => self.expect("true").map(|()| Value::Bool(true)),
            b'f' => self.expect("false").map(|()| Value::Bool(false)),
            b'n' => self.expect("null").map(|()| Value::Null),
            _ => self.number(),
        }
    }

    /// Values between the opening mark that stands here and `end`, with commas between them; in an object each after its name.
    fn sequence(&mut self, end: u8, depth: u8) -> Option<Vec<Value<'a>>> {
        let mut values = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek()? == end {
            self.at += 1;
            return Some(values);
        }
        loop {
            if end == b'}' {
                self.skip_space();
                values.push(Value::Text(self.text()?));
                self.skip_space();
                self.expect(":")?;
            }
            values.push(self.value(depth)?);
            self.skip_space();
            let mark = self.peek()?;
            self.at += 1;
            if mark != b',' {
                return (mark == end).then_some(values);
            }
        }
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        let mut number: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(digit - b'0');
            // Not `checked_mul`, which multiplies to 128 bits first.
            (number <= (u64::MAX - digit) / 10).then_some(())?;
            number = number * 10 + digit;
            self.at += 1;
        }
        let digits = self.at - start;
        let is_canonical =
            digits == 1 || (digits > 1 && number > 0 && self.source.as_bytes()[start] != b'0');
        let is_whole = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (is_canonical && is_whole).then_some(Value::Number(number))
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        self.expect("\"")?;
        let start = self.at;
        let mut unescaped = String::new();
        let mut copied_to = start;
        loop {
            match self.peek()? {
                b'"' => {
                    let tail = self.source.get(copied_to..self.at)?;
                    self.at += 1;
                    if copied_to == start {
                        return Some(Cow::Borrowed(tail));
                    }
                    unescaped.push_str(tail);
                    return Some(Cow::Owned(unescaped));
                }
                b'\\' => {
                    unescaped.push_str(self.source.get(copied_to..self.at)?);
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    copied_to = self.at;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    /// The character of an escape, whose backslash has been read.
    fn escape(&mut self) -> Option<char> {
        let mark = self.peek()?;
        self.at += 1;
        Some(match mark {
            b'"' | b'\\' | b'/' => mark as char,
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.code_unit()?;
                // A character beyond the first 65,536 is written as two units (RFC 8259, section 7).
                if unit & 0xfc00 == 0xd800 {
                    self.expect("\\u")?;
                    let low = self.code_unit()?;
                    let is_low = low & 0xfc00 == 0xdc00;
                    is_low.then_some(())?;
                    char::from_u32(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff))?
                } else {
                    char::from_u32(unit)?
                }
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        let rest = self.source.as_bytes().get(self.at..)?;
        self.at += text.len();
        rest.starts_with(text.as_bytes()).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_every_kind_are_read() {
        let value =
            parse(" {\"a\" : [1, true,false ,null, \"x\"] , \"b\":{}, \"c\":[]}\n").unwrap();
        let list = value.field("a").unwrap();
        let Value::List(items) = list else {
            panic!("{list:?} is no list")
        };
        assert_eq!(items[0], Value::Number(1));
        assert_eq!(
            items[1..4],
            [Value::Bool(true), Value::Bool(false), Value::Null]
        );
        assert_eq!(items[4], Value::Text("x".into()));
        assert_eq!(value.field("b"), Some(&Value::Object(Vec::new())));
        assert_eq!(value.field("c"), Some(&Value::List(Vec::new())));
        assert_eq!(value.field("d"), None);
    }

    #[test]
    fn a_seed_of_64_bits_stays_exact() {
        assert_eq!(parse("18446744073709551615"), Some(Value::Number(u64::MAX)));
        assert_eq!(parse("18446744073709551616"), None);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for source in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "tru",
            "01",
            "1.5",
            "1e3",
            "-1",
            "1 2",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\n\"",
            "é",
            "\"\\u12é\"",
        ] {
            assert_eq!(parse(source), None, "{source:?}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert_eq!(parse(&"[".repeat(100_000)), None);
        let deep = "[".repeat(20) + &"]".repeat(20);
        assert_eq!(parse(&deep), None);
    }

    proptest! {
        #[test]
        fn any_source_is_read_or_refused_without_a_panic(source in "\\PC*") {
            parse(&source);
        }

        #[test]
        fn texts_survive_both_writers(text in any::<String>()) {
            let theirs = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(parse(&theirs), Some(Value::Text(text.as_str().into())));
            let mut ours = String::new();
            write_text(&mut ours, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
        }
    }
}
