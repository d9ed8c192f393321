//! Attributes as texts, and what is said of those that make no sense.

use std::ops::RangeInclusive;

use udp_echo_feed::decimal;

/// An attribute that cannot be what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The attribute as it stands in the page.
    pub written: String,
    /// What it may be.
    pub expected: String,
}

/// Gives the text of an attribute, if it is there.
pub type Attributes<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads attributes, and remembers which of them make no sense.
pub(super) struct Reader<'a> {
    pub(super) attribute: &'a Attributes<'a>,
    complaints: Vec<Complaint>,
}

impl<'a> Reader<'a> {
    /// Reads what this gives.
    pub(super) fn new(attribute: &'a Attributes<'a>) -> Self {
        Self {
            attribute,
            complaints: Vec::new(),
        }
    }

    /// What made no sense.
    pub(super) fn into_complaints(self) -> Vec<Complaint> {
        self.complaints
    }

    /// One of these words.
    pub(super) fn choice(
        &mut self,
        name: &str,
        expected: &str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let text = (self.attribute)(name)?;
        let word = words.iter().find(|word| **word == text);
        if word.is_none() {
            self.complain(name, &text, expected);
        }
        word.copied()
    }

    /// A number in a range, in this unit and with so many places behind the point.
    pub(super) fn number(
        &mut self,
        name: &str,
        expected: &str,
        (unit, places): (&str, usize),
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let text = (self.attribute)(name)?;
        let number = decimal::read_wide(&text, unit, places);
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.complain(name, &text, expected);
        }
        number
    }

    pub(super) fn complain(&mut self, name: &str, text: &str, expected: &str) {
        self.complaints.push(Complaint {
            written: [name, "=\"", text, "\""].concat(),
            expected: expected.to_owned(),
        });
    }
}
