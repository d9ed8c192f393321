//! The attributes of a link: a preset, with single values over it.

use udp_echo_feed::decimal;
use udp_echo_feed::json::{self, Value};
use wire::link::{Impairment, preset};

type Field = fn(&mut Impairment) -> &mut u32;

const CHANCE: &str = "a chance in percent, as \"20\", or two of them: there and back, as \"20 0\"";
const TIME: &str = "milliseconds up to 60000, as \"50\", or two of them: there and back";
const RATE: &str = "kilobits a second, as \"500\", or two of them: there and back";
const PRESETS: &str = "preset=\"loopback\", \"wifi\", \"mobile\", \"satellite\" or \"very-bad\"";

/// An attribute, its unit, the places after its point, the most that it may be, and what to write.
const FIELDS: [(&str, &str, usize, u32, &str, Field); 7] = [
    ("loss", "%", 4, 1_000_000, CHANCE, |link| &mut link.loss_ppm),
    ("delay", "ms", 3, 60_000_000, TIME, |link| {
        &mut link.delay_us
    }),
    ("jitter", "ms", 3, 60_000_000, TIME, |link| {
        &mut link.jitter_us
    }),
    ("reorder", "%", 4, 1_000_000, CHANCE, |link| {
        &mut link.reorder_ppm
    }),
    ("duplicate", "%", 4, 1_000_000, CHANCE, |link| {
        &mut link.duplicate_ppm
    }),
    ("corrupt", "%", 4, 1_000_000, CHANCE, |link| {
        &mut link.corrupt_ppm
    }),
    ("rate", "kbit", 0, u32::MAX, RATE, |link| {
        &mut link.rate_kbps
    }),
];

/// Reads an object of the attributes that are there; without any the link does nothing. What makes no sense is left out,
/// and `complain` is told: the attribute as it stands, a line feed, and what it may be.
pub fn read(attributes: &str, complain: impl Fn(String)) -> (Impairment, Impairment) {
    let attributes = json::parse(attributes).unwrap_or(Value::Null);
    let text = |name: &str| match attributes.field(name) {
        Some(Value::Text(text)) => Some(text.as_ref()),
        _ => None,
    };
    let wrong = |name: &str, text: &str, expected: &str| {
        complain([name, "=\"", text, "\"\n", expected].concat());
    };
    let (mut up, mut down) = Default::default();
    if let Some(text) = text("preset") {
        match preset(text) {
            Some(preset) => (up, down) = (preset.up, preset.down),
            None => wrong("preset", text, PRESETS),
        }
    }
    for (name, unit, places, most, expected, field) in FIELDS {
        let Some(text) = text(name) else { continue };
        let read = |text: &str| decimal::read(text, unit, places).filter(|value| *value <= most);
        match both_ways(text, read) {
            Some((there, back)) => {
                *field(&mut up) = there;
                *field(&mut down) = back;
            }
            None => wrong(name, text, expected),
        }
    }
    (up, down)
}

/// One value for both ways, or one for each.
fn both_ways(text: &str, read: impl Fn(&str) -> Option<u32>) -> Option<(u32, u32)> {
    let mut values = text.split_whitespace();
    let there = read(values.next()?)?;
    let back = match values.next() {
        Some(text) => read(text)?,
        None => there,
    };
    values.next().is_none().then_some((there, back))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn read_all(attributes: &str) -> (Impairment, Impairment, Vec<String>) {
        let complaints = RefCell::new(Vec::new());
        let (up, down) = read(attributes, |complaint| {
            complaints.borrow_mut().push(complaint)
        });
        (up, down, complaints.into_inner())
    }

    #[test]
    fn a_link_is_a_preset_with_single_values_over_it() {
        let (up, down, complaints) = read_all(r#"{"preset":"wifi","loss":"20 0","delay":"50ms"}"#);
        assert!(complaints.is_empty());
        assert_eq!((up.loss_ppm, down.loss_ppm), (200_000, 0));
        assert_eq!((up.delay_us, down.delay_us), (50_000, 50_000));
        assert_eq!(up.jitter_us, preset("wifi").unwrap().up.jitter_us);
    }

    #[test]
    fn without_attributes_the_link_does_nothing() {
        let (up, down, complaints) = read_all("");
        assert!(up.is_transparent() && down.is_transparent() && complaints.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_named_and_left_out() {
        for (name, text) in [
            ("preset", "moon"),
            ("loss", "101"),
            ("loss", "1 2 3"),
            ("loss", ""),
            ("delay", "60001"),
        ] {
            let (up, down, complaints) = read_all(&format!(r#"{{"{name}":"{text}"}}"#));
            assert!(
                up.is_transparent() && down.is_transparent(),
                "{name}={text:?}"
            );
            let [complaint] = &complaints[..] else {
                panic!("{complaints:?}")
            };
            assert!(
                complaint.starts_with(&format!("{name}=\"{text}\"\n")),
                "{complaint}"
            );
        }
    }
}
