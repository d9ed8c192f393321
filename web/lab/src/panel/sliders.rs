//! The sliders on the page. What one says is its value as text: that is what a screen reader reads out when it moves, once.

use udp_echo_feed::dom::{self, Label, Shell};
use udp_echo_feed::words::number;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use crate::bench::Bench;
use crate::sliders::SLIDERS;
use crate::words;

/// One slider as it is drawn.
struct Drawn {
    input: HtmlInputElement,
    value: Label,
}

/// The drawn sliders, in the order of [`SLIDERS`].
pub(super) struct Sliders {
    drawn: Vec<Drawn>,
    back_note: Label,
}

impl Sliders {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let place = shell.find("sliders");
        Self {
            drawn: (0..SLIDERS.len())
                .map(|index| draw_one(&place, index))
                .collect(),
            back_note: Label::new(shell.find("back-note")),
        }
    }

    /// Puts each where the link is.
    pub(super) fn draw(&mut self, bench: &Bench) {
        for (drawn, slider) in self.drawn.iter_mut().zip(SLIDERS) {
            let words = bench.slider_words(slider);
            drawn
                .input
                .set_value(&number(slider.stop_of(&bench.lab.up) as u64));
            if drawn.value.set(&words) {
                dom::set(&drawn.input, "aria-valuetext", &words);
            }
        }
        let is_plain = bench.lab.down.is_transparent();
        self.back_note
            .set(if is_plain { "" } else { words::BACK_NOTE });
    }
}

/// A row: name, value in words, slider.
fn draw_one(place: &Element, index: usize) -> Drawn {
    let slider = SLIDERS[index];
    let id = ["slider-", slider.name()].concat();
    let row = dom::append(place, "div", "slider");
    dom::set(&row, "data-slider", slider.name());
    let label = dom::append(&row, "label", "slider-name");
    dom::set(&label, "for", &id);
    label.set_text_content(Some(words::slider(slider.name())));
    // The slider says it itself: heard twice, it would be no clearer.
    let value = dom::append(&row, "span", "slider-value");
    dom::set(&value, "aria-hidden", "true");
    let input: HtmlInputElement = dom::append(&row, "input", "range").unchecked_into();
    for (attribute, value) in [
        ("type", "range"),
        ("id", &id),
        ("min", "0"),
        ("max", &number(slider.stops().len() as u64 - 1)),
        ("step", "1"),
        ("value", "0"),
        ("data-stop-of", &number(index as u64)),
    ] {
        dom::set(&input, attribute, value);
    }
    Drawn {
        input,
        value: Label::new(value),
    }
}
