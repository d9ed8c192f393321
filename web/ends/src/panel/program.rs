//! The datagrams of a program that a reader runs: the picture of both ends, and the table, in which each can be picked.

use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{self, Listener, Shell};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::ladder::Drawing;
use super::rows::{Columns, Rows};
use crate::shown::Shown;
use crate::words;

const PROGRAM: &str = include_str!("program.html");

/// What this chunk draws of a program.
#[wasm_bindgen]
pub struct Program {
    shown: Shown,
    drawing: Drawing,
    rows: Rows,
    hint: Element,
    _listener: Listener,
}

#[wasm_bindgen]
impl Program {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        // A feed that cannot be read changes nothing; tests of the page hold its writer to this reader.
        let Ok(picked) = self.shown.take_in_program(feed) else {
            return;
        };
        self.drawing.draw(&self.shown);
        self.rows.draw(&self.shown.rows);
        self.rows.mark(picked);
        dom::set_flag(&self.hint, "hidden", picked.is_some());
    }
}

impl Program {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PROGRAM, words::PROGRAM);
        let clicked = move |event: web_sys::Event| {
            let target = event.target();
            let target: Option<&Element> = target.as_ref().map(JsCast::unchecked_ref);
            let row = target.and_then(|target| target.closest("[data-number]").ok().flatten());
            let number = row.and_then(|row| row.get_attribute("data-number"));
            if let Some(number) = number {
                act.tell("pick", number);
            }
        };
        Self {
            shown: Shown::default(),
            drawing: Drawing::new(shell.find("ladder")),
            rows: Rows::new(shell.find("rows"), Columns::Program),
            hint: shell.find("pick"),
            _listener: Listener::new(&shell.find("rows"), "click", Box::new(clicked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use udp_echo_feed::frame;

    use super::*;

    #[test]
    fn the_frame_is_sound() {
        frame::assert_sound(PROGRAM, words::PROGRAM);
    }
}
