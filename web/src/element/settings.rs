//! The attributes of `<udp-echo>` as values.
//!
//! An attribute that makes no sense is left at its default, and a [`Complaint`] says so: the page goes on.

use udp_echo_feed::codec::Object;
use udp_echo_feed::decimal;
use wire::control::Options;

use crate::session::Micros;
use crate::view::DRAWN_ROWS;

/// Attributes of the link, which the chunk `simulator` reads.
const LINK: [&str; 8] = [
    "corrupt",
    "delay",
    "duplicate",
    "jitter",
    "loss",
    "preset",
    "rate",
    "reorder",
];

/// Attributes that are read here; `theme`, `loading`, `lang` and the like concern the loader and the style sheet alone.
pub const ATTRIBUTES: [&str; 22] = [
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
    "view",
];

/// What `view` may be.
const VIEWS: [&str; 5] = ["mini", "transcript", "timeline", "lab", "full"];

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
    /// The attributes of the link as an object of JSON; empty leaves it as the host has it.
    pub link: String,
    /// Seed of the link.
    pub seed: Option<u64>,
    /// Sends as soon as it can.
    pub autosend: bool,
    /// Rows that are drawn at most.
    pub max_rows: u64,
    /// Name of the widget for screen readers.
    pub label: Option<String>,
    /// How much of the widget is shown: one of [`VIEWS`], or empty for all that needs no chunk.
    pub view: &'static str,
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
            link: String::new(),
            seed: None,
            autosend: false,
            max_rows: DRAWN_ROWS,
            label: None,
            view: "",
        }
    }
}

/// An attribute that cannot be what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The attribute as it stands in the page.
    pub written: String,
    /// What it may be.
    pub expected: String,
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
            decimal::read_wide(text, "", 0)
        });
        let max_rows = reader.take("max-rows", "max-rows=\"1\" to \"200\"", |text| {
            decimal::read(text, "", 0)
                .map(u64::from)
                .filter(|rows| (1..=DRAWN_ROWS).contains(rows))
        });
        let link = reader.link();
        let view = reader.take(
            "view",
            "view=\"mini\", \"transcript\", \"timeline\", \"lab\" or \"full\"",
            |text| VIEWS.into_iter().find(|view| *view == text),
        );
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
            view: view.unwrap_or_default(),
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

    /// The panels that this shows beside the core, by their chunks.
    pub fn panels(&self) -> &'static [&'static str] {
        match self.view {
            "timeline" => &["picture"],
            "lab" => &["picture", "lab"],
            "full" => &["picture", "lab", "bytes"],
            _ => &[],
        }
    }

    /// Whether both ask a host for the same chance and the same patience. The link comes from its chunk.
    pub fn asks_for_the_same(&self, other: &Self) -> bool {
        self.seed == other.seed && self.timeout_ms == other.timeout_ms
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
                expected: expected.to_owned(),
            });
        }
        value
    }

    /// The attributes of the link that are there.
    fn link(&self) -> String {
        let mut link = Object::default();
        let mut is_set = false;
        for name in LINK {
            if let Some(text) = (self.attribute)(name) {
                link.text(name, &text);
                is_set = true;
            }
        }
        if is_set { link.end() } else { String::new() }
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
    fn the_link_is_passed_on_as_it_is_written() {
        let (settings, complaints) = read(&[("preset", "wifi"), ("loss", "\"20\" 0")]);
        assert_eq!(complaints, []);
        assert_eq!(settings.link, r#"{"loss":"\"20\" 0","preset":"wifi"}"#);
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
            ("max-rows", "201"),
            ("view", "everything"),
        ] {
            let (settings, complaints) = read(&[(name, text)]);
            assert_eq!(settings, Settings::default(), "{name}={text:?}");
            assert_eq!(complaints.len(), 1, "{name}={text:?}");
            assert_eq!(complaints[0].written, format!("{name}=\"{text}\""));
        }
    }
}
