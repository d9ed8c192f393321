//! The lab's fields: presets, dials for each number there and back, switches, seed.

use udp_echo_feed::dom::{self, Label, Shell};
use udp_echo_feed::shape;
use udp_echo_feed::words::number;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use wire::link::{Direction, PRESETS};

use crate::bench::{Bench, FIELDS, Switch};
use crate::words;

/// The switches by the names of their boxes.
pub(super) const SWITCHES: [(&str, Switch); 4] = [
    ("listening", Switch::Listening),
    ("buffer", Switch::Buffer),
    ("echo-empty", Switch::EchoEmpty),
    ("no-checksum", Switch::NoChecksum),
];

/// One number in one direction.
struct Dial {
    input: HtmlInputElement,
    /// Shows how much that is.
    meter: Element,
    level: u32,
}

/// The drawn fields.
pub(super) struct Fields {
    /// For each number the two directions, and what is wrong with them.
    dials: Vec<([Dial; 2], Label)>,
    presets: Vec<Element>,
    switches: [HtmlInputElement; 4],
    seed: HtmlInputElement,
    source: Label,
    netem: [Label; 2],
    seed_complaint: Label,
    revision: Option<u32>,
    shown_seed: u64,
}

impl Fields {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let presets = shell.find("presets");
        shell
            .find("netem-undo")
            .set_text_content(Some(words::NETEM_UNDO));
        let dials = shell.find("dials");
        Self {
            presets: PRESETS
                .iter()
                .map(|preset| {
                    let button = dom::append(&presets, "button", "preset");
                    dom::set(&button, "type", "button");
                    dom::set(&button, "data-preset", preset.name);
                    button.set_text_content(Some(words::preset(preset.name)));
                    button
                })
                .collect(),
            dials: (0..FIELDS.len()).map(|index| dial(&dials, index)).collect(),
            switches: SWITCHES.map(|(name, _)| shell.find(name).unchecked_into()),
            seed: shell.find("seed").unchecked_into(),
            source: Label::new(shell.find("source")),
            netem: ["netem-there", "netem-back"].map(|name| Label::new(shell.find(name))),
            seed_complaint: Label::new(shell.find("seed-complaint")),
            revision: None,
            shown_seed: 0,
        }
    }

    /// Writes what is set, but no number over what is being typed.
    pub(super) fn draw(&mut self, bench: &Bench) {
        let is_rewritten = self.revision.replace(bench.revision) != Some(bench.revision);
        for (index, (dials, complaint)) in self.dials.iter_mut().enumerate() {
            for (side, dial) in dials.iter_mut().enumerate() {
                let (value, level) = bench.value(DIRECTIONS[side], index);
                if is_rewritten {
                    dial.input.set_value(&value);
                }
                if dial.level != level {
                    dom::set(&dial.meter, "width", &shape::percent(level));
                    dial.level = level;
                }
                let is_wrong = !bench.complaints[index][side].is_empty();
                dom::set(
                    &dial.input,
                    "aria-invalid",
                    if is_wrong { "true" } else { "false" },
                );
            }
            let [there, back] = &bench.complaints[index];
            complaint.set(if there.is_empty() { back } else { there });
        }
        for (switch, (_, of)) in self.switches.iter().zip(SWITCHES) {
            switch.set_checked(bench.is_on(of));
        }
        if is_rewritten || (bench.seed_complaint.is_empty() && bench.lab.seed != self.shown_seed) {
            self.shown_seed = bench.lab.seed;
            self.seed.set_value(&number(bench.lab.seed));
        }
        self.seed_complaint.set(&bench.seed_complaint);
        let preset = bench.preset();
        for (button, of) in self.presets.iter().zip(&PRESETS) {
            let is_on = of.name == preset;
            dom::set(button, "aria-pressed", if is_on { "true" } else { "false" });
        }
        self.source.set(words::source(preset));
        for (label, link) in self.netem.iter_mut().zip([&bench.lab.up, &bench.lab.down]) {
            match link.is_transparent() {
                true => label.set(words::NETEM_NOTHING),
                false => label.set(&words::netem(&link.netem("eth0"))),
            };
        }
    }
}

const DIRECTIONS: [Direction; 2] = [Direction::Up, Direction::Down];

/// A row: name and unit, the two numbers, a place for what is wrong with them.
fn dial(dials: &Element, index: usize) -> ([Dial; 2], Label) {
    let field = &FIELDS[index];
    let (name, unit) = words::field(field.name);
    let row = dom::append(dials, "div", "dial");
    dom::set(&row, "data-name", field.name);
    let title = dom::append(&row, "span", "dial-name");
    title.set_text_content(Some(name));
    dom::append(&title, "span", "unit").set_text_content(Some(unit));
    let complaint_id = ["complaint-", field.name].concat();
    let sides = [words::THERE, words::BACK].map(|way| {
        let cell = dom::append(&row, "span", "cell");
        let input: HtmlInputElement = dom::append(&cell, "input", "value").unchecked_into();
        for (attribute, value) in [
            ("inputmode", "decimal"),
            ("autocomplete", "off"),
            ("data-field", &number(index as u64)),
            ("aria-label", &[name, ", ", way, ", ", unit].concat()),
            ("aria-describedby", &complaint_id),
        ] {
            dom::set(&input, attribute, value);
        }
        dom::set_flag(&input, "data-down", way == words::BACK);
        let meter = shape::append(&cell, "svg", "meter");
        dom::set(&meter, "aria-hidden", "true");
        Dial {
            input,
            meter: shape::rect(&meter, "level", (0, 0), (0, 3)),
            level: 0,
        }
    });
    let complaint = dom::append(&row, "p", "complaint");
    dom::set(&complaint, "role", "status");
    dom::set(&complaint, "id", &complaint_id);
    (sides, Label::new(complaint))
}
