//! The panel: the picture with its tools, and the strips.

use std::cell::RefCell;
use std::rc::Rc;

use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{self, Listener, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json;
use wasm_bindgen::prelude::*;
use web_sys::{Element, KeyboardEvent};

use crate::words;
use diagram::Diagram;
use strips::Strips;

mod diagram;
mod legend;
mod stage;
mod strips;

/// The frame of the panel.
const PANEL: &str = include_str!("panel.html");

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    state: Rc<RefCell<State>>,
    _listeners: [Listener; 3],
}

/// What is shown, and what draws it.
struct State {
    act: Act,
    feed: Feed,
    diagram: Diagram,
    strips: Strips,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        let Some(value) = json::parse(feed) else {
            return;
        };
        let mut state = self.state.borrow_mut();
        let State {
            feed,
            diagram,
            strips,
            ..
        } = &mut *state;
        // The core writes what is read here; tests hold the two together.
        if feed.take_in(&value).is_ok() {
            diagram.draw(feed);
            strips.draw(feed, &value);
        }
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PANEL, words::PANEL);
        legend::draw(&shell.find("legend"));
        let state = State {
            act,
            feed: Feed::default(),
            diagram: Diagram::new(&shell),
            strips: Strips::new(&shell),
        };
        let state = Rc::new(RefCell::new(state));
        let listen = |name, tool: fn(&Element, &web_sys::Event) -> Option<String>| {
            let state = Rc::clone(&state);
            let callback = move |event: web_sys::Event| {
                let Some(target) = event.target() else { return };
                if let Some(tool) = tool(target.unchecked_ref(), &event) {
                    state.borrow_mut().tool(&tool);
                }
            };
            Listener::new(place, name, Box::new(callback))
        };
        let resized = {
            let state = Rc::clone(&state);
            let callback = move |_| {
                let State { feed, diagram, .. } = &mut *state.borrow_mut();
                diagram.draw(feed);
            };
            Listener::new(&dom::window(), "resize", Box::new(callback))
        };
        Self {
            _listeners: [
                listen("click", clicked),
                listen("keydown", pressed),
                resized,
            ],
            state,
        }
    }
}

impl State {
    fn tool(&mut self, name: &str) {
        match name {
            "three" => self.strips.send_three(&self.feed, &self.act),
            tool => self.diagram.tool(tool, &self.feed, &self.act),
        }
    }
}

/// The tool that was clicked.
fn clicked(target: &Element, _: &web_sys::Event) -> Option<String> {
    let button = target.closest("[data-tool]").ok()??;
    button.get_attribute("data-tool")
}

/// The tool of a key that was pressed on the picture.
fn pressed(target: &Element, event: &web_sys::Event) -> Option<String> {
    target.closest("[part=stage]").ok()??;
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.ctrl_key() || key.meta_key() || key.alt_key() {
        return None;
    }
    let tool = match key.key().as_str() {
        "ArrowLeft" => "back",
        "ArrowRight" => "next",
        "+" | "=" => "nearer",
        "-" => "further",
        " " => "pause",
        "End" => "follow",
        _ => return None,
    };
    event.prevent_default();
    Some(tool.into())
}

#[cfg(test)]
mod tests {
    use udp_echo_feed::frame;

    use super::*;

    #[test]
    fn the_frame_is_sound() {
        frame::assert_sound(PANEL, words::PANEL);
    }
}
