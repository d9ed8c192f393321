//! The lab: what the reader lets the session's own link and server do.

use wire::control::{Lab, ServerRules};
use wire::limits::TUTORIAL_BUFFER_BYTES;
use wire::link::{self, Direction, Impairment};

use crate::words;

/// A number that a reader can set, in a unit that readers use.
#[derive(Debug)]
pub struct Field {
    /// Its name, for the page's frame and for tests.
    pub name: &'static str,
    /// How many of the wire's units make one of the reader's.
    scale: u32,
    place: fn(&mut Impairment) -> &mut u32,
}

/// Every number of one direction, in the order of the page.
pub const FIELDS: &[Field] = &[
    Field {
        name: "loss",
        scale: 10_000,
        place: |link| &mut link.loss_ppm,
    },
    Field {
        name: "delay",
        scale: 1_000,
        place: |link| &mut link.delay_us,
    },
    Field {
        name: "jitter",
        scale: 1_000,
        place: |link| &mut link.jitter_us,
    },
    Field {
        name: "reorder",
        scale: 10_000,
        place: |link| &mut link.reorder_ppm,
    },
    Field {
        name: "duplicate",
        scale: 10_000,
        place: |link| &mut link.duplicate_ppm,
    },
    Field {
        name: "corrupt",
        scale: 10_000,
        place: |link| &mut link.corrupt_ppm,
    },
    Field {
        name: "rate",
        scale: 1,
        place: |link| &mut link.rate_kbps,
    },
];

/// A switch of the session's own server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
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
    /// The link, both ways.
    pub lab: Lab,
    /// The server's rules.
    pub rules: ServerRules,
    /// What is wrong with the last number that was typed; empty when nothing is.
    pub complaint: String,
    /// Counts the times that numbers were set otherwise than by typing them.
    pub revision: u32,
}

impl Bench {
    /// Takes what was typed into one field; true when the link changes.
    pub(crate) fn set(&mut self, direction: Direction, field: usize, text: &str) -> bool {
        let Some(field) = FIELDS.get(field) else {
            return false;
        };
        let Some(value) = parse(text, field.scale) else {
            self.complaint = words::no_number(text);
            return false;
        };
        let mut changed = self.lab.clone();
        let link = match direction {
            Direction::Up => &mut changed.up,
            Direction::Down => &mut changed.down,
        };
        *(field.place)(link) = value;
        if let Err(out) = link.check() {
            self.complaint = words::out_of_range(text, &decimal(out.most, field.scale));
            return false;
        }
        self.complaint.clear();
        self.lab = changed;
        true
    }

    /// Takes over a preset; false when there is none of this name.
    pub(crate) fn choose(&mut self, name: &str) -> bool {
        let Some(preset) = link::preset(name) else {
            return false;
        };
        self.lab.up = preset.up;
        self.lab.down = preset.down;
        self.complaint.clear();
        self.revision += 1;
        true
    }

    /// Takes over what was asked for elsewhere, such as by the element's attributes.
    pub(crate) fn take_over(&mut self, lab: Lab, rules: ServerRules) {
        // What was typed here comes back as well, and must not be written over what is being typed.
        if (lab.up, lab.down) != (self.lab.up, self.lab.down) || rules != self.rules {
            self.lab = lab;
            self.rules = rules;
            self.revision += 1;
        }
    }

    pub(crate) fn switch(&mut self, rule: Rule, on: bool) {
        match rule {
            Rule::Listening => self.rules.listening = on,
            Rule::Buffer => self.rules.buffer = on.then_some(TUTORIAL_BUFFER_BYTES),
            Rule::EchoEmpty => self.rules.echo_empty = on,
        }
    }

    /// What a field shows.
    pub fn value(&self, direction: Direction, field: usize) -> String {
        let mut link = match direction {
            Direction::Up => self.lab.up,
            Direction::Down => self.lab.down,
        };
        let field = FIELDS.get(field);
        field.map_or_else(String::new, |field| {
            decimal(*(field.place)(&mut link), field.scale)
        })
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

/// A number of the wire as the reader writes it.
fn decimal(value: u32, scale: u32) -> String {
    let whole = words::number((value / scale).into());
    let rest = value % scale;
    if rest == 0 {
        return whole;
    }
    // The unit in front keeps the zeros that the rest begins with.
    let mut digits = words::number((scale + rest).into());
    digits.replace_range(..1, ".");
    while digits.ends_with('0') {
        digits.pop();
    }
    whole + &digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;
    use crate::rehearsal::Rehearsal;
    use wire::ledger::Fate;

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
    fn what_is_out_of_range_changes_nothing_and_is_told() {
        let mut bench = Bench::default();
        assert!(bench.set(Direction::Up, 0, "20"));
        assert!(!bench.set(Direction::Up, 0, "101"));
        assert!(bench.complaint.contains("100"), "{}", bench.complaint);
        assert_eq!(bench.value(Direction::Up, 0), "20");
        assert_eq!(bench.value(Direction::Down, 0), "0");
        assert!(!bench.set(Direction::Up, 1, "soon"));
        assert!(bench.complaint.contains("soon"));
        assert!(bench.set(Direction::Up, 1, "100"));
        assert_eq!(bench.complaint, "");
    }

    #[test]
    fn the_servers_switches_are_the_tutorials_three_surprises() {
        let mut page = Rehearsal::new();
        let mut bench = Bench::default();
        bench.switch(Rule::Listening, false);
        page.ask(codec::rules(&bench.rules));
        page.send(b"anybody?");
        page.settle();
        bench.switch(Rule::Listening, true);
        bench.switch(Rule::Buffer, true);
        bench.switch(Rule::EchoEmpty, true);
        page.ask(codec::rules(&bench.rules));
        page.send(&[b'x'; 5000]);
        page.send(b"");
        page.settle();
        let fates: Vec<_> = page.fed().datagrams.values().map(|one| one.fate).collect();
        let echoed = Some(Fate::Echoed);
        assert_eq!(fates, [Some(Fate::Refused), echoed, echoed]);
        assert_eq!(
            page.session.history().counters().truncated,
            1,
            "cut to 4096"
        );
    }

    #[test]
    fn what_is_asked_for_elsewhere_is_taken_over_and_what_was_typed_here_is_left_alone() {
        let mut bench = Bench::default();
        assert!(bench.set(Direction::Up, 0, "20"));
        bench.take_over(bench.lab.clone(), bench.rules);
        assert_eq!(bench.revision, 0);
        assert!(bench.choose("satellite"));
        let satellite = bench.lab.clone();
        bench.take_over(Lab::default(), bench.rules);
        assert_eq!(
            (bench.revision, bench.value(Direction::Up, 1)),
            (2, "0".to_owned())
        );
        bench.take_over(satellite, bench.rules);
        assert_ne!(bench.value(Direction::Up, 1), "0");
    }
}
