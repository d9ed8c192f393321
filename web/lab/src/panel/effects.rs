//! The effect on the page: one mark for each of the newest datagrams, and the same as a sentence.

use udp_echo_feed::dom::{self, Label, Shell};
use udp_echo_feed::words::{fate, number};
use web_sys::Element;

use crate::effect::{self, Mark, NEWEST};

/// The drawn marks.
pub(super) struct Effects {
    places: Vec<Element>,
    drawn: Vec<Mark>,
    sentence: Label,
}

impl Effects {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let marks = shell.find("marks");
        Self {
            places: (0..NEWEST)
                .map(|_| dom::append(&marks, "span", "tally-mark"))
                .collect(),
            drawn: Vec::new(),
            sentence: Label::new(shell.find("effect")),
        }
    }

    /// Shows these, when they are others than before. Empty places stay, so that nothing moves when they fill.
    pub(super) fn draw(&mut self, marks: Vec<Mark>) {
        self.sentence.set(&effect::sentence(&marks));
        if self.drawn == marks {
            return;
        }
        for (index, place) in self.places.iter().enumerate() {
            let mark = marks.get(index);
            // The signs hang on these in the style sheet; a press on one picks its datagram, as one on its row does.
            dom::set(place, "data-fate", mark.map_or("", |mark| fate(mark.fate)));
            let number = mark.map_or_else(String::new, |mark| number(mark.number));
            dom::set(place, "data-number", &number);
            let is = |of: fn(&Mark) -> bool| mark.is_some_and(of);
            dom::set_flag(place, "data-twice", is(|mark| mark.is_twice));
            dom::set_flag(place, "data-overtaken", is(|mark| mark.is_overtaken));
        }
        self.drawn = marks;
    }
}
