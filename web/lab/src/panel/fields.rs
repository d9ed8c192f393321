//! The lab's fields.

use udp_echo_feed::dom;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use wire::link::{Direction, PRESETS};

use crate::bench::{Bench, FIELDS};
use crate::words;

/// The drawn fields: for each number the two directions.
pub(super) struct Fields {
    inputs: Vec<(HtmlInputElement, Direction, usize)>,
    revision: u32,
}

impl Fields {
    pub(super) fn new(rows: &Element, presets: &Element) -> Self {
        for preset in &PRESETS {
            let option = dom::append(presets, "option", "option");
            dom::set(&option, "value", preset.name);
            option.set_text_content(Some(words::preset(preset.name)));
        }
        let mut inputs = Vec::new();
        for (index, field) in FIELDS.iter().enumerate() {
            let row = dom::append(rows, "tr", "row");
            let name = words::field(field.name);
            dom::append(&row, "th", "name").set_text_content(Some(name));
            for (direction, way) in [
                (Direction::Up, words::THERE),
                (Direction::Down, words::BACK),
            ] {
                let cell = dom::append(&row, "td", "cell");
                let input: HtmlInputElement = dom::append(&cell, "input", "value").unchecked_into();
                dom::set(&input, "inputmode", "decimal");
                dom::set(&input, "aria-label", &[name, ", ", way].concat());
                dom::set(&input, "data-field", &words::number(index as u64));
                dom::set_flag(&input, "data-down", direction == Direction::Down);
                input.set_value("0");
                inputs.push((input, direction, index));
            }
        }
        Self {
            inputs,
            revision: 0,
        }
    }

    /// Writes the numbers, but not over what is being typed.
    pub(super) fn draw(&mut self, bench: &Bench) {
        if bench.revision != self.revision {
            for (input, direction, field) in &self.inputs {
                input.set_value(&bench.value(*direction, *field));
            }
            self.revision = bench.revision;
        }
    }
}
