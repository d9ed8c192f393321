//! The attributes of a link: a preset, with single values over it.

use udp_echo_feed::decimal;
use wire::link::{Impairment, preset};

use super::attributes::Reader;

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

/// The attribute that names a preset.
const PRESET: &str = "preset";

/// Reads the link, there and back; `None` where no attribute is about it. What makes no sense is left out, and the reader is
/// told.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<[Impairment; 2]> {
    let attribute = reader.attribute;
    let mut link = None;
    if let Some(name) = attribute(PRESET) {
        let chosen = preset(&name);
        link = Some(chosen.map_or_else(Default::default, |of| [of.up, of.down]));
        if chosen.is_none() {
            reader.complain(PRESET, &name, PRESETS);
        }
    }
    for (name, unit, places, most, expected, field) in FIELDS {
        let Some(text) = attribute(name) else {
            continue;
        };
        let link = link.get_or_insert_default();
        let read = |text: &str| decimal::read(text, unit, places).filter(|value| *value <= most);
        match both_ways(&text, read) {
            Some(values) => {
                for (way, value) in link.iter_mut().zip(values) {
                    *field(way) = value;
                }
            }
            None => reader.complain(name, &text, expected),
        }
    }
    link
}

/// One value for both ways, or one for each.
fn both_ways(text: &str, read: impl Fn(&str) -> Option<u32>) -> Option<[u32; 2]> {
    let mut values = text.split_ascii_whitespace();
    let there = read(values.next()?)?;
    let back = match values.next() {
        Some(text) => read(text)?,
        None => there,
    };
    values.next().is_none().then_some([there, back])
}
