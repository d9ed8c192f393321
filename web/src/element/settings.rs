//! The attributes of `<udp-echo>` as values.
//!
//! An attribute that makes no sense is left at its default, and a [`Complaint`] says so: the page goes on.

use wire::control::Options;
use wire::link::{Impairment, preset};

use super::decimal;
use crate::session::Micros;
use crate::view::DRAWN_ROWS;

/// Attributes that are read here; `view`, `theme`, `loading`, `lang` and the like concern the loader and the style sheet alone.
pub const ATTRIBUTES: [&str; 21] = [
    "autosend",
    "corrupt",
    "count",
    "delay",
    "duplicate",
    "experiment",
    "interval",
    "jitter",
    "label",
    "loss",
    "max-rows",
    "message",
    "mode",
    "preset",
    "rate",
    "relay",
    "reorder",
    "seed",
    "src",
    "target",
    "timeout",
];

/// Most datagrams of one burst.
pub const MAX_BURST: u32 = 10_000;

/// What the element talks to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A live host when one answers, the simulated one otherwise.
    #[default]
    Auto,
    /// A live host and nothing else.
    Live,
    /// The simulated host: no socket is opened.
    Simulated,
    /// A recorded run.
    Replay,
}

/// A burst as the attributes `count` and `interval` describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Datagrams: 1 to [`MAX_BURST`].
    pub count: u32,
    /// Time from one to the next.
    pub interval: Micros,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            count: 1,
            interval: 0,
        }
    }
}

/// Everything that attributes say about a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address of the relay as written; empty for the place that the loader came from.
    pub relay: String,
    /// Name of the target; empty for the host's default.
    pub target: String,
    /// What to talk to.
    pub mode: Mode,
    /// Address of a recorded run; empty for the one inside the element.
    pub src: String,
    /// The message to begin with.
    pub message: Option<String>,
    /// What Send sends.
    pub pace: Pace,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// The link, both ways; `None` leaves it as the host has it.
    pub link: Option<(Impairment, Impairment)>,
    /// Seed of the link.
    pub seed: Option<u64>,
    /// Sends as soon as it can.
    pub autosend: bool,
    /// Rows that are drawn at most.
    pub max_rows: u64,
    /// Name of the widget for screen readers.
    pub label: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            relay: String::new(),
            target: String::new(),
            mode: Mode::Auto,
            src: String::new(),
            message: None,
            pace: Pace::default(),
            timeout_ms: None,
            link: None,
            seed: None,
            autosend: false,
            max_rows: DRAWN_ROWS,
            label: None,
        }
    }
}

/// An attribute that cannot be what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The attribute as it stands in the page.
    pub written: String,
    /// What it may be.
    pub expected: &'static str,
}

impl Settings {
    /// Reads the attributes; `attribute` gives the text of one, if it is there.
    pub fn read(attribute: impl Fn(&str) -> Option<String>) -> (Self, Vec<Complaint>) {
        let mut reader = Reader {
            attribute,
            complaints: Vec::new(),
        };
        let modes = "mode=\"auto\", \"live\", \"simulated\" or \"replay\"";
        let mode = reader.take("mode", modes, |text| {
            Some(match text {
                "" | "auto" => Mode::Auto,
                "live" => Mode::Live,
                "simulated" => Mode::Simulated,
                "replay" => Mode::Replay,
                _ => return None,
            })
        });
        let text = |name: &str| (reader.attribute)(name).unwrap_or_default();
        let (relay, target, src) = (text("relay"), text("target"), text("src"));
        let (message, label) = ((reader.attribute)("message"), (reader.attribute)("label"));
        let autosend = (reader.attribute)("autosend").is_some();
        let count = reader.take("count", "count=\"1\" to \"10000\"", |text| {
            decimal::read(text, "", 0).filter(|count| (1..=MAX_BURST).contains(count))
        });
        let interval = reader.take("interval", "interval=\"250\", in milliseconds", |text| {
            decimal::read(text, "ms", 3)
        });
        let timeout_ms = reader.take(
            "timeout",
            "timeout=\"1\" to \"60000\", in milliseconds",
            |text| {
                decimal::read(text, "ms", 0).filter(|ms| (1..=Options::MAX_TIMEOUT_MS).contains(ms))
            },
        );
        let seed = reader.take("seed", "seed=\"1\", a whole number", |text| {
            text.trim().parse().ok()
        });
        let max_rows = reader.take("max-rows", "max-rows=\"1\" to \"200\"", |text| {
            decimal::read(text, "", 0)
                .map(u64::from)
                .filter(|rows| (1..=DRAWN_ROWS).contains(rows))
        });
        let link = reader.link();
        let settings = Self {
            relay,
            target,
            // A run to replay needs no second attribute to say so.
            mode: mode.unwrap_or(if src.is_empty() {
                Mode::Auto
            } else {
                Mode::Replay
            }),
            src,
            message,
            pace: Pace {
                count: count.unwrap_or(1),
                interval: interval.unwrap_or(0).into(),
            },
            timeout_ms,
            link,
            seed,
            autosend,
            max_rows: max_rows.unwrap_or(DRAWN_ROWS),
            label,
        };
        (settings, reader.complaints)
    }

    /// Whether both talk to the same host, or the same recording.
    pub fn talks_to_the_same(&self, other: &Self) -> bool {
        self.mode == other.mode
            && self.relay == other.relay
            && self.target == other.target
            && self.src == other.src
    }

    /// Whether both ask a host for the same link and the same patience.
    pub fn asks_for_the_same(&self, other: &Self) -> bool {
        self.link == other.link && self.seed == other.seed && self.timeout_ms == other.timeout_ms
    }
}

struct Reader<A> {
    attribute: A,
    complaints: Vec<Complaint>,
}

impl<A: Fn(&str) -> Option<String>> Reader<A> {
    /// The value of an attribute that is there and can be read.
    fn take<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = (self.attribute)(name)?;
        let value = read(&text);
        if value.is_none() {
            self.complaints.push(Complaint {
                written: [name, "=\"", &text, "\""].concat(),
                expected,
            });
        }
        value
    }

    /// The preset, with the single values over it.
    fn link(&mut self) -> Option<(Impairment, Impairment)> {
        let presets = "preset=\"loopback\", \"wifi\", \"mobile\", \"satellite\" or \"very-bad\"";
        let base = self.take("preset", presets, preset);
        let mut is_set = base.is_some();
        let (mut up, mut down) = base.map_or_else(Default::default, |base| (base.up, base.down));
        type Field = fn(&mut Impairment) -> &mut u32;
        let chance = "a chance in percent, as \"20\", or two of them: there and back, as \"20 0\"";
        let time = "milliseconds up to 60000, as \"50\", or two of them: there and back";
        let rate = "kilobits a second, as \"500\", or two of them: there and back";
        let fields: [(&str, &str, usize, u32, &'static str, Field); 7] = [
            ("loss", "%", 4, 1_000_000, chance, |link| &mut link.loss_ppm),
            ("delay", "ms", 3, 60_000_000, time, |link| {
                &mut link.delay_us
            }),
            ("jitter", "ms", 3, 60_000_000, time, |link| {
                &mut link.jitter_us
            }),
            ("reorder", "%", 4, 1_000_000, chance, |link| {
                &mut link.reorder_ppm
            }),
            ("duplicate", "%", 4, 1_000_000, chance, |link| {
                &mut link.duplicate_ppm
            }),
            ("corrupt", "%", 4, 1_000_000, chance, |link| {
                &mut link.corrupt_ppm
            }),
            ("rate", "kbit", 0, u32::MAX, rate, |link| {
                &mut link.rate_kbps
            }),
        ];
        for (name, unit, places, most, expected, field) in fields {
            let read =
                |text: &str| decimal::read(text, unit, places).filter(|value| *value <= most);
            let values = self.take(name, expected, |text| {
                let mut values = text.split_whitespace();
                let first = read(values.next()?)?;
                let second = match values.next() {
                    Some(text) => read(text)?,
                    None => first,
                };
                values.next().is_none().then_some((first, second))
            });
            if let Some((there, back)) = values {
                *field(&mut up) = there;
                *field(&mut down) = back;
                is_set = true;
            }
        }
        is_set.then_some((up, down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &[(&str, &str)]) -> (Settings, Vec<Complaint>) {
        Settings::read(|name| {
            assert!(ATTRIBUTES.contains(&name), "{name} is not observed");
            let found = attributes.iter().find(|(of, _)| *of == name);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn without_attributes_everything_is_at_its_default() {
        assert_eq!(read(&[]), (Settings::default(), Vec::new()));
    }

    #[test]
    fn a_link_is_a_preset_with_single_values_over_it() {
        let (settings, complaints) =
            read(&[("preset", "wifi"), ("loss", "20 0"), ("delay", "50ms")]);
        assert_eq!(complaints, []);
        let (up, down) = settings.link.unwrap();
        assert_eq!((up.loss_ppm, down.loss_ppm), (200_000, 0));
        assert_eq!((up.delay_us, down.delay_us), (50_000, 50_000));
        assert_eq!(up.jitter_us, preset("wifi").unwrap().up.jitter_us);
        let seed = read(&[("seed", "18446744073709551615")]).0.seed;
        assert_eq!(seed, Some(u64::MAX));
    }

    #[test]
    fn a_recording_needs_no_mode_and_a_mode_may_overrule_it() {
        assert_eq!(read(&[("src", "run.json")]).0.mode, Mode::Replay);
        assert_eq!(
            read(&[("src", "run.json"), ("mode", "live")]).0.mode,
            Mode::Live
        );
    }

    #[test]
    fn what_makes_no_sense_is_named_and_left_at_its_default() {
        for (name, text) in [
            ("mode", "fast"),
            ("count", "0"),
            ("count", "10001"),
            ("interval", "-1"),
            ("timeout", "60001"),
            ("seed", "x"),
            ("preset", "moon"),
            ("loss", "101"),
            ("loss", "1 2 3"),
            ("loss", ""),
            ("delay", "60001"),
            ("max-rows", "201"),
        ] {
            let (settings, complaints) = read(&[(name, text)]);
            assert_eq!(settings, Settings::default(), "{name}={text:?}");
            assert_eq!(complaints.len(), 1, "{name}={text:?}");
            assert_eq!(complaints[0].written, format!("{name}=\"{text}\""));
        }
    }
}
