//! The attributes of `<udp-echo>` as values: as texts with a sentence for each that makes no sense in `attributes`, those of the
//! link in `link`, together in [`Settings`]. All of it is pure; `www/element/udp-echo.js` hands the attributes over.
//!
//! An attribute that makes no sense is left at its default, and a [`Complaint`] says so: the page goes on.

mod attributes;
mod link;

use udp_echo_feed::Micros;
use wire::control::Options;
use wire::link::Impairment;

use attributes::Reader;
pub use attributes::{Attributes, Complaint};

/// Attributes that are read here; `theme`, `loading`, `lang` and the like concern the loader and the style sheet alone.
pub const ATTRIBUTES: [&str; 24] = [
    "autosend",
    "corrupt",
    "count",
    "delay",
    "duplicate",
    "experiment",
    "interval",
    "jitter",
    "label",
    "lane",
    "loss",
    "max-rows",
    "message",
    "mode",
    "motion",
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

/// Rows that are drawn unless the attribute `max-rows` asks for fewer.
pub const DRAWN_ROWS: u64 = 200;

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
    /// The link, there and back; `None` leaves it as the host has it.
    pub link: Option<[Impairment; 2]>,
    /// Seed of the link.
    pub seed: Option<u64>,
    /// Sends as soon as it can.
    pub autosend: bool,
    /// Rows that are drawn at most.
    pub max_rows: u64,
    /// Name of the widget for screen readers.
    pub label: Option<String>,
    /// Whether dots travel the way of the datagrams, in the views that show it.
    pub motion: bool,
    /// The lane beside the WebSocket that datagrams may take: `auto`, `webtransport`, or empty for none.
    pub lane: &'static str,
    /// How much of the widget is shown: one of [`VIEWS`], or empty for all that needs no chunk.
    pub view: &'static str,
}

impl Default for Settings {
    /// What an element without attributes asks for.
    fn default() -> Self {
        Self::read(&|_| None).0
    }
}

impl Settings {
    /// Reads the attributes; `attribute` gives the text of one, if it is there.
    pub fn read(attribute: &Attributes<'_>) -> (Self, Vec<Complaint>) {
        let mut reader = Reader::new(attribute);
        let mode = reader.choice(
            "mode",
            "mode=\"auto\", \"live\", \"simulated\" or \"replay\"",
            &["auto", "live", "simulated", "replay", ""],
        );
        let view = reader.choice(
            "view",
            "view=\"mini\", \"transcript\", \"timeline\", \"lab\" or \"full\"",
            &VIEWS,
        );
        let motion = reader.choice(
            "motion",
            "motion=\"auto\" or \"none\"",
            &["auto", "none", ""],
        );
        let lane = reader.choice(
            "lane",
            "lane=\"websocket\", \"webtransport\" or \"auto\"",
            &["auto", "webtransport", "websocket", ""],
        );
        let text = |name: &str| attribute(name).unwrap_or_default();
        let (relay, target, src) = (text("relay"), text("target"), text("src"));
        let burst = 1..=MAX_BURST.into();
        let count = reader.number("count", "count=\"1\" to \"10000\"", ("", 0), burst);
        let interval = reader.number(
            "interval",
            "interval=\"250\", in milliseconds",
            ("ms", 3),
            0..=u32::MAX.into(),
        );
        let timeout_ms = reader.number(
            "timeout",
            "timeout=\"1\" to \"60000\", in milliseconds",
            ("ms", 0),
            1..=Options::MAX_TIMEOUT_MS.into(),
        );
        let seed = reader.number("seed", "seed=\"1\", a whole number", ("", 0), 0..=u64::MAX);
        let max_rows = reader.number(
            "max-rows",
            "max-rows=\"1\" to \"200\"",
            ("", 0),
            1..=DRAWN_ROWS,
        );
        let link = link::read(&mut reader);
        let settings = Self {
            relay,
            target,
            // A run to replay needs no second attribute to say so.
            mode: match mode {
                Some("live") => Mode::Live,
                Some("simulated") => Mode::Simulated,
                Some("replay") => Mode::Replay,
                None if !src.is_empty() => Mode::Replay,
                _ => Mode::Auto,
            },
            src,
            message: attribute("message"),
            pace: Pace {
                count: count.unwrap_or(1) as u32,
                interval: interval.unwrap_or(0),
            },
            timeout_ms: timeout_ms.map(|ms| ms as u32),
            link,
            seed,
            // Frameworks such as React up to 18 write `false` into attributes of elements that they do not know.
            autosend: attribute("autosend")
                .is_some_and(|value| !value.eq_ignore_ascii_case("false")),
            max_rows: max_rows.unwrap_or(DRAWN_ROWS),
            label: attribute("label"),
            motion: motion != Some("none"),
            lane: lane.filter(|lane| *lane != "websocket").unwrap_or_default(),
            view: view.unwrap_or_default(),
        };
        (settings, reader.into_complaints())
    }

    /// Whether both talk to the same host, or the same recording.
    pub fn talks_to_the_same(&self, other: &Self) -> bool {
        self.mode == other.mode
            && self.relay == other.relay
            && self.target == other.target
            && self.src == other.src
            && self.lane == other.lane
    }

    /// The panels that this shows beside the core, by their chunks. Nothing moves before a datagram has ended, so that the first
    /// echo waits for no chunk.
    pub fn panels(&self, has_ended: bool) -> &'static [&'static str] {
        match (self.view, self.motion && has_ended) {
            ("timeline", _) => &["picture"],
            ("lab", _) => &["picture", "lab"],
            ("full", false) => &["picture", "lab", "bytes"],
            ("full", true) => &["motion", "picture", "lab", "bytes"],
            ("", true) => &["motion"],
            _ => &[],
        }
    }

    /// Whether both ask a host for the same chance and the same patience; of the link it hears by itself.
    pub fn asks_for_the_same(&self, other: &Self) -> bool {
        self.seed == other.seed && self.timeout_ms == other.timeout_ms
    }
}

#[cfg(test)]
mod tests {
    use wire::link::preset;

    use super::*;

    fn read(attributes: &[(&str, &str)]) -> (Settings, Vec<Complaint>) {
        Settings::read(&|name| {
            assert!(ATTRIBUTES.contains(&name), "{name} is not observed");
            let found = attributes.iter().find(|(of, _)| *of == name);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn without_attributes_everything_is_at_its_default() {
        let (settings, complaints) = read(&[]);
        assert_eq!(complaints, []);
        let texts = [&settings.relay, &settings.target, &settings.src];
        assert!(texts.iter().all(|text| text.is_empty()));
        assert_eq!(settings.link, None);
        assert_eq!((settings.mode, settings.view), (Mode::Auto, ""));
        assert_eq!(
            (settings.pace, settings.max_rows),
            (Pace::default(), DRAWN_ROWS)
        );
        assert_eq!((&settings.message, &settings.label), (&None, &None));
        assert_eq!((settings.timeout_ms, settings.seed), (None, None));
        assert!(!settings.autosend);
    }

    #[test]
    fn a_link_is_a_preset_with_single_values_over_it() {
        let (settings, complaints) =
            read(&[("preset", "wifi"), ("loss", "20 0"), ("delay", "50ms")]);
        assert_eq!(complaints, []);
        let [up, down] = settings.link.expect("there are attributes of it");
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
    fn the_websocket_is_the_lane_of_all_and_another_lane_is_another_session() {
        let lane = |attributes: &[(&str, &str)]| read(attributes).0.lane;
        assert_eq!(lane(&[]), "");
        assert_eq!(lane(&[("lane", "websocket")]), "");
        let auto = read(&[("lane", "auto")]).0;
        assert_eq!(auto.lane, "auto");
        assert!(!auto.talks_to_the_same(&Settings::default()));
        assert_eq!(lane(&[("lane", "webtransport")]), "webtransport");
    }

    #[test]
    fn dots_come_after_the_first_datagram_where_the_way_is_shown_and_never_where_the_author_has_none()
     {
        let panels = |attributes: &[(&str, &str)], has_ended| read(attributes).0.panels(has_ended);
        assert_eq!(panels(&[], false), [""; 0]);
        assert_eq!(panels(&[], true), ["motion"]);
        assert!(panels(&[("view", "full")], true).contains(&"motion"));
        assert_eq!(panels(&[("motion", "none")], true), [""; 0]);
        for view in ["mini", "transcript", "timeline", "lab"] {
            assert!(
                !panels(&[("view", view)], true).contains(&"motion"),
                "{view}"
            );
        }
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
            ("motion", "fast"),
            ("lane", "quic"),
            ("preset", "moon"),
            ("loss", "101"),
            ("loss", "1 2 3"),
            ("loss", "\"20\" 0"),
            ("loss", ""),
            ("delay", "60001"),
        ] {
            let (mut settings, complaints) = read(&[(name, text)]);
            // A link that was meant is one that does nothing.
            if let Some(link) = settings.link.take() {
                assert!(
                    link.iter().all(Impairment::is_transparent),
                    "{name}={text:?}"
                );
            }
            assert_eq!(settings, Settings::default(), "{name}={text:?}");
            assert_eq!(complaints.len(), 1, "{name}={text:?}");
            assert_eq!(complaints[0].written, format!("{name}=\"{text}\""));
        }
    }
}
