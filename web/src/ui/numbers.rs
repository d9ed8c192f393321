//! A group of numbers, each with its name beside it.

use web_sys::Element;

use crate::dom::{self, Label};

/// The drawn numbers.
pub(super) struct Numbers(Vec<(Element, Label)>);

impl Numbers {
    pub(super) fn new(parent: &Element, names: &[&str]) -> Self {
        let place = |name: &&str| {
            let count = dom::append(parent, "span", "count");
            dom::set(&count, "data-count", name);
            let number = dom::append(&count, "b", "number");
            dom::append(&count, "span", "name").set_text_content(Some(name));
            (count, Label::new(number))
        };
        Self(names.iter().map(place).collect())
    }

    pub(super) fn draw<const N: usize>(&mut self, numbers: [String; N]) {
        for ((count, label), number) in self.0.iter_mut().zip(&numbers) {
            if label.set(number) {
                dom::set_flag(count, "data-zero", number == "0");
            }
        }
    }
}
