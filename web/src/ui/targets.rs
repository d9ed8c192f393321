//! The choice of a server.

use web_sys::HtmlSelectElement;

use crate::dom;
use crate::view::View;

/// The drawn choice.
pub(super) struct Targets {
    choice: HtmlSelectElement,
    names: Vec<String>,
    chosen: String,
}

impl Targets {
    pub(super) fn new(choice: HtmlSelectElement) -> Self {
        Self {
            choice,
            names: Vec::new(),
            chosen: String::new(),
        }
    }

    pub(super) fn draw(&mut self, view: &View<'_>) {
        // While there is no host, what it offered last stays to be seen.
        if view.target().is_empty() {
            return;
        }
        if self.names != view.targets() {
            self.choice.set_text_content(None);
            for name in view.targets() {
                dom::append(&self.choice, "option", "option").set_text_content(Some(name));
            }
            self.names = view.targets().to_vec();
            self.chosen.clear();
        }
        if self.chosen != view.target() {
            self.choice.set_value(view.target());
            view.target().clone_into(&mut self.chosen);
        }
    }
}
