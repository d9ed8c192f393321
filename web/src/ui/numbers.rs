//! A group of numbers, each with its name beside it.

use web_sys::Element;

use crate::dom::{self, Label};

/// The drawn numbers.
pub(super) struct Numbers(Vec<(Element, Label)>);

impl Numbers {
    pub(super) fn new(parent: &Element, names: &[(&str, &str)]) -> Self {
        let place = |(name, word): &(&str, &str)| {
            let count = dom::append(parent, "span", "count");
            dom::set(&count, "data-count", name);
            let number = dom::append(&count, "b", "number");
            dom::append(&count, "span", "name").set_text_content(Some(word));
            (count, Label::new(number))
        };
        Self(names.iter().map(place).collect())
    }

    /// Makes this the number at a place.
    pub(super) fn draw(&mut self, place: usize, number: &str) {
        if let Some((count, label)) = self.0.get_mut(place)
            && label.set(number)
        {
            dom::set_flag(count, "data-zero", number == "0");
        }
    }
}
