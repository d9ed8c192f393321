//! The lab: what the reader lets the session's own link and server do.

use udp_echo_feed::codec::Link;
use wire::control::{Lab, ServerRules};
use wire::limits::TUTORIAL_BUFFER_BYTES;
use wire::link::{self, Direction, Impairment};

use crate::sliders::Slider;
use crate::words::{self, decimal};

/// A number that a reader can set, in a unit that readers use.
#[derive(Debug)]
pub struct Field {
    /// Its name, for the page's frame and for tests.
    pub name: &'static str,
    /// How many of the wire's units make one of the reader's.
    scale: u32,
    /// What fills its meter, in the wire's units; 0 for none.
    full: u32,
    place: fn(&mut Impairment) -> &mut u32,
}

const PERCENT: u32 = 10_000;
const MILLISECOND: u32 = 1_000;

/// Every number of one direction, in the order of the page.
pub const FIELDS: [Field; 10] = [
    Field::new("loss", PERCENT, 100, |link| &mut link.loss_ppm),
    Field::new("burst-start", PERCENT, 100, |link| {
        &mut link.burst_start_ppm
    }),
    Field::new("burst-end", PERCENT, 100, |link| &mut link.burst_end_ppm),
    Field::new("delay", MILLISECOND, 1_000, |link| &mut link.delay_us),
    Field::new("jitter", MILLISECOND, 1_000, |link| &mut link.jitter_us),
    Field::new("rate", 1, 0, |link| &mut link.rate_kbps),
    Field::new("limit", 1, 1_000, |link| &mut link.limit),
    Field::new("reorder", PERCENT, 100, |link| &mut link.reorder_ppm),
    Field::new("duplicate", PERCENT, 100, |link| &mut link.duplicate_ppm),
    Field::new("corrupt", PERCENT, 100, |link| &mut link.corrupt_ppm),
];

impl Field {
    /// A number in a unit, with the meter full at so many of them.
    const fn new(
        name: &'static str,
        scale: u32,
        full: u32,
        place: fn(&mut Impairment) -> &mut u32,
    ) -> Self {
        Self {
            name,
            scale,
            full: full * scale,
            place,
        }
    }
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Datagrams whose checksum fails arrive all the same.
    NoChecksum,
    /// The server's socket is open.
    Listening,
    /// The server's buffer is the tutorial's 4096 bytes.
    Buffer,
    /// The server answers empty datagrams.
    EchoEmpty,
}

/// What the reader has set.
#[derive(Debug, Default)]
pub struct Bench {
    /// The link, both ways, and its seed.
    pub lab: Lab,
    /// The server's rules.
    pub rules: ServerRules,
    /// What is wrong with what was typed into each field, there and back; empty where nothing is.
    pub complaints: [[String; 2]; FIELDS.len()],
    /// What is wrong with the seed.
    pub seed_complaint: String,
    /// The reader chose the seed; otherwise it is the session's.
    pub has_own_seed: bool,
    /// The slider for order has just set the delay that it needs.
    pub brought_delay: bool,
    /// Counts the times that numbers were set otherwise than by typing them.
    pub revision: u32,
}

impl Bench {
    /// Takes what was typed into one field; true when the link changes.
    pub(crate) fn set(&mut self, direction: Direction, index: usize, text: &str) -> bool {
        let Some(field) = FIELDS.get(index) else {
            return false;
        };
        let mut changed = self.lab.clone();
        let (link, side) = match direction {
            Direction::Up => (&mut changed.up, 0),
            Direction::Down => (&mut changed.down, 1),
        };
        let complaint = match parse(text, field.scale) {
            None => words::no_number(text),
            Some(value) => {
                *(field.place)(link) = value;
                match link.check() {
                    Err(out) => words::out_of_range(text, &decimal(out.most, field.scale)),
                    Ok(()) => String::new(),
                }
            }
        };
        let is_good = complaint.is_empty();
        self.complaints[index][side] = complaint;
        let changes = is_good && changed != self.lab;
        if changes {
            self.lab = changed;
        }
        changes
    }

    /// Puts a slider at one of its stops, on the way to the server; true when the link changes.
    pub(crate) fn slide(&mut self, slider: Slider, stop: usize) -> bool {
        let delay = self.lab.up.delay_us;
        let changes = slider.slide(&mut self.lab.up, stop);
        self.brought_delay = slider == Slider::Order && self.lab.up.delay_us != delay;
        if changes {
            self.rewrite();
        }
        changes
    }

    /// Where a slider stands, in words.
    pub fn slider_words(&self, slider: Slider) -> String {
        let words = slider.words(&self.lab.up);
        match slider {
            Slider::Order if self.brought_delay => {
                words::with_delay(&words, &Slider::Delay.words(&self.lab.up))
            }
            _ => words,
        }
    }

    /// Takes a seed; an empty text gives the session's back. True when it changes.
    pub(crate) fn set_seed(&mut self, text: &str, of_the_session: u64) -> bool {
        let text = text.trim();
        let own = text.parse().ok();
        self.seed_complaint.clear();
        let (seed, is_own) = match own {
            Some(seed) => (seed, true),
            None if text.is_empty() => (of_the_session, false),
            None => {
                self.seed_complaint = words::no_seed(text);
                return false;
            }
        };
        let changes = (seed, is_own) != (self.lab.seed, self.has_own_seed);
        (self.lab.seed, self.has_own_seed) = (seed, is_own);
        changes
    }

    /// Takes over a preset; false when there is none of this name.
    pub(crate) fn choose(&mut self, name: &str) -> bool {
        let Some(preset) = link::preset(name) else {
            return false;
        };
        self.lab.up = preset.up;
        self.lab.down = preset.down;
        self.rewrite();
        true
    }

    /// A link and a server that do nothing unusual, and the session's seed.
    pub(crate) fn reset(&mut self, seed: u64) {
        self.lab = Lab {
            seed,
            ..Lab::default()
        };
        self.has_own_seed = false;
        self.rules = ServerRules::default();
        self.rewrite();
    }

    /// The name of the preset that this link is; empty when it is none.
    pub fn preset(&self) -> &'static str {
        let mut presets = link::PRESETS.iter();
        let found = presets.find(|preset| (preset.up, preset.down) == (self.lab.up, self.lab.down));
        found.map_or("", |preset| preset.name)
    }

    /// Takes over what was asked for elsewhere, such as by the element's attributes.
    pub(crate) fn take_over(&mut self, link: &Link, rules: ServerRules, session_seed: u64) {
        // What was typed here comes back as well, and must not be written over what is being typed.
        if (link.up, link.down) != (self.lab.up, self.lab.down) || rules != self.rules {
            self.rules = rules;
            self.brought_delay = false;
            self.rewrite();
        }
        self.has_own_seed = link.seed.is_some();
        self.lab = link.with_seed_of(session_seed);
    }

    pub(crate) fn switch(&mut self, switch: Switch, on: bool) {
        match switch {
            Switch::NoChecksum => {
                self.lab.up.no_checksum = on;
                self.lab.down.no_checksum = on;
            }
            Switch::Listening => self.rules.listening = on,
            Switch::Buffer => self.rules.buffer = on.then_some(TUTORIAL_BUFFER_BYTES),
            Switch::EchoEmpty => self.rules.echo_empty = on,
        }
    }

    /// Whether a switch is on.
    pub fn is_on(&self, switch: Switch) -> bool {
        match switch {
            Switch::NoChecksum => self.lab.up.no_checksum || self.lab.down.no_checksum,
            Switch::Listening => self.rules.listening,
            Switch::Buffer => self.rules.buffer.is_some(),
            Switch::EchoEmpty => self.rules.echo_empty,
        }
    }

    /// What a field shows, and how full its meter is, in thousandths.
    pub fn value(&self, direction: Direction, field: usize) -> (String, u32) {
        let mut link = match direction {
            Direction::Up => self.lab.up,
            Direction::Down => self.lab.down,
        };
        let Some(field) = FIELDS.get(field) else {
            return (String::new(), 0);
        };
        let value = *(field.place)(&mut link);
        let level = u64::from(value) * 1000 / u64::from(field.full.max(1));
        let level = if field.full == 0 { 0 } else { level.min(1000) };
        (decimal(value, field.scale), level as u32)
    }

    fn rewrite(&mut self) {
        self.complaints = Default::default();
        self.seed_complaint.clear();
        self.revision += 1;
    }
}
/// A decimal number in units of `1 / scale`; `None` when it is none, is negative or too great. Digits that are finer than
/// the unit are passed over.
fn parse(text: &str, scale: u32) -> Option<u32> {
    let mut value: u32 = 0;
    let mut unit = scale;
    let mut is_fraction = false;
    for byte in text.trim().bytes() {
        match byte {
            b'0'..=b'9' if !is_fraction => {
                let digit = u32::from(byte - b'0').checked_mul(scale)?;
                value = value.checked_mul(10)?.checked_add(digit)?;
            }
            b'0'..=b'9' => {
                unit /= 10;
                value = value.checked_add(u32::from(byte - b'0') * unit)?;
            }
            b'.' | b',' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> usize {
        FIELDS.iter().position(|field| field.name == name).unwrap()
    }

    #[test]
    fn numbers_are_read_and_written_in_the_readers_units() {
        for (text, value) in [
            ("0", 0),
            ("20", 200_000),
            ("0.5", 5_000),
            ("0,05", 500),
            ("100", 1_000_000),
            ("", 0),
        ] {
            assert_eq!(parse(text, 10_000), Some(value), "{text}");
        }
        for text in ["-1", "a", "1.2.3", "1e3", "99999999999"] {
            assert_eq!(parse(text, 10_000), None, "{text}");
        }
        assert_eq!(decimal(5_000, 10_000), "0.5");
        assert_eq!(decimal(10_500, 10_000), "1.05");
        assert_eq!(decimal(20, 1), "20");
    }

    #[test]
    fn what_is_out_of_range_changes_nothing_and_is_told_beside_its_field() {
        let mut bench = Bench::default();
        let (loss, delay) = (field("loss"), field("delay"));
        assert!(bench.set(Direction::Up, loss, "20"));
        assert!(!bench.set(Direction::Up, loss, "101"));
        assert!(!bench.set(Direction::Down, delay, "soon"));
        assert!(
            bench.complaints[loss][0].contains("0 to 100"),
            "{:?}",
            bench.complaints
        );
        assert!(bench.complaints[delay][1].contains("soon"));
        assert_eq!(bench.value(Direction::Up, loss), ("20".to_owned(), 200));
        assert_eq!(bench.value(Direction::Down, loss), ("0".to_owned(), 0));
        // Each complaint goes when its own field is right again.
        assert!(bench.set(Direction::Up, loss, "30"));
        assert!(bench.complaints[loss][0].is_empty() && !bench.complaints[delay][1].is_empty());
        assert!(!bench.set(Direction::Down, delay, "0"), "nothing changed");
        assert!(bench.complaints[delay][1].is_empty());
    }

    #[test]
    fn a_seed_is_any_number_of_64_bits_and_none_is_the_sessions() {
        let mut bench = Bench::default();
        assert!(bench.set_seed("18446744073709551615", 7));
        assert_eq!((bench.lab.seed, bench.has_own_seed), (u64::MAX, true));
        assert!(!bench.set_seed("18446744073709551616", 7));
        assert!(!bench.set_seed("lucky", 7));
        assert!(bench.seed_complaint.contains("lucky"));
        assert_eq!(bench.lab.seed, u64::MAX, "nothing is lost");
        assert!(bench.set_seed("", 7));
        assert_eq!(
            (
                bench.lab.seed,
                bench.has_own_seed,
                bench.seed_complaint.as_str()
            ),
            (7, false, "")
        );
    }

    #[test]
    fn a_preset_fills_every_field_and_reset_empties_them() {
        let mut bench = Bench::default();
        assert_eq!(bench.preset(), "loopback");
        assert!(bench.choose("very-bad") && !bench.choose("carrier-pigeon"));
        assert_eq!(bench.preset(), "very-bad");
        assert_eq!(bench.value(Direction::Down, field("burst-end")).0, "25");
        assert!(bench.set(Direction::Up, field("loss"), "1"));
        assert_eq!(bench.preset(), "", "it is none any more");
        bench.switch(Switch::NoChecksum, true);
        assert!(bench.lab.up.no_checksum && bench.lab.down.no_checksum);
        bench.switch(Switch::Listening, false);
        bench.reset(5);
        assert_eq!(
            (
                bench.preset(),
                bench.lab.seed,
                bench.is_on(Switch::Listening)
            ),
            ("loopback", 5, true)
        );
    }

    #[test]
    fn a_slider_changes_the_way_to_the_server_alone_and_its_field_with_it() {
        let mut bench = Bench::default();
        let revision = bench.revision;
        assert!(bench.slide(Slider::Loss, 5));
        assert_eq!(bench.value(Direction::Up, field("loss")).0, "20");
        assert_eq!(bench.value(Direction::Down, field("loss")).0, "0");
        assert_eq!(bench.revision, revision + 1, "the field is rewritten");
        assert!(bench.slide(Slider::Order, 6));
        assert_eq!(
            bench.slider_words(Slider::Order),
            "1 in 4 overtakes, with 100 ms delay"
        );
        assert!(bench.slide(Slider::Order, 3));
        assert_eq!(bench.slider_words(Slider::Order), "1 in 20 overtakes");
        assert!(!bench.slide(Slider::Order, 3), "it stands there already");
    }

    #[test]
    fn what_comes_back_is_not_written_over_what_is_being_typed() {
        let mut bench = Bench::default();
        bench.set(Direction::Up, field("loss"), "20.");
        let (rules, revision) = (bench.rules, bench.revision);
        let Lab { up, down, .. } = bench.lab;
        let link = Link {
            up,
            down,
            seed: None,
        };
        bench.take_over(&link, rules, 9);
        assert_eq!(
            (bench.revision, bench.lab.seed, bench.has_own_seed),
            (revision, 9, false)
        );
        let own = Link {
            seed: Some(4),
            ..Link::default()
        };
        bench.take_over(&own, rules, 9);
        assert_eq!(
            (bench.revision, bench.lab.seed, bench.has_own_seed),
            (revision + 1, 4, true)
        );
    }
}
