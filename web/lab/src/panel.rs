//! The panel: a link and a server of the session's own.

use std::cell::RefCell;
use std::rc::Rc;

use udp_echo_feed::chunk::Act;
use udp_echo_feed::codec::{self, Link, Request};
use udp_echo_feed::dom::{self, Label, Listener, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json::{self, Value};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement};
use wire::control::{ClientMessage, Lab};
use wire::link::Direction;

use crate::bench::Bench;
use crate::words;
use fields::{Fields, SWITCHES};

mod copy;
mod fields;

/// The frame of the panel.
const PANEL: &str = include_str!("panel.html");

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    desk: Rc<RefCell<Desk>>,
    _listeners: [Listener; 3],
}

/// What the reader works at.
struct Desk {
    act: Act,
    feed: Feed,
    bench: Bench,
    fields: Fields,
    netem: Element,
    copied: Label,
    /// The whole panel, folded at first.
    whole: Element,
    /// The view has the lab's name.
    is_named: bool,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        let Some(value) = json::parse(feed) else {
            return;
        };
        let mut desk = self.desk.borrow_mut();
        // The core writes what is read here; tests hold the two together.
        if desk.feed.take_in(&value).is_ok() {
            desk.show(&value);
        }
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PANEL, words::PANEL);
        let desk = Desk {
            act,
            feed: Feed::default(),
            bench: Bench::default(),
            fields: Fields::new(&shell),
            netem: shell.find("netem"),
            copied: Label::new(shell.find("copied")),
            whole: shell.find("lab"),
            is_named: false,
        };
        let desk = Rc::new(RefCell::new(desk));
        let listen = |name, work: fn(&mut Desk, &Element) -> Option<()>| {
            let desk = Rc::clone(&desk);
            let callback = move |event: web_sys::Event| {
                if let Some(target) = event.target() {
                    work(&mut desk.borrow_mut(), target.unchecked_ref());
                }
            };
            Listener::new(place, name, Box::new(callback))
        };
        Self {
            _listeners: [
                listen("input", Desk::typed),
                listen("change", Desk::switched),
                listen("click", Desk::clicked),
            ],
            desk,
        }
    }
}

impl Desk {
    fn show(&mut self, value: &Value<'_>) {
        let link = value.field("lab").map(codec::from_value);
        let rules = value.field("rules").map(codec::from_value);
        self.bench.take_over(
            &link.and_then(Result::ok).unwrap_or_default(),
            rules.and_then(Result::ok).unwrap_or_default(),
            self.feed.seed,
        );
        self.fields.draw(&self.bench);
        // Who asks for the lab by name wants to see it; beside everything else it is there for those who open it.
        let is_named = self.feed.view == "lab";
        if is_named && !self.is_named {
            dom::set_flag(&self.whole, "open", true);
        }
        self.is_named = is_named;
    }

    /// The reader typed a number of the link, or its seed.
    fn typed(&mut self, target: &Element) -> Option<()> {
        let input: &HtmlInputElement = target.dyn_ref()?;
        let changes = if target.id() == "seed" {
            self.bench.set_seed(&input.value(), self.feed.seed)
        } else {
            let field = target.get_attribute("data-field")?.parse().ok()?;
            let direction = match target.has_attribute("data-down") {
                true => Direction::Down,
                false => Direction::Up,
            };
            self.bench.set(direction, field, &input.value())
        };
        self.changed(changes);
        Some(())
    }

    /// The reader turned a switch.
    fn switched(&mut self, target: &Element) -> Option<()> {
        let input: &HtmlInputElement = target.dyn_ref()?;
        let (name, switch) = SWITCHES.iter().find(|(name, _)| target.id() == *name)?;
        self.bench.switch(*switch, input.checked());
        match *name {
            "no-checksum" => self.changed(true),
            _ => self.ask_for_rules(),
        }
        Some(())
    }

    fn clicked(&mut self, target: &Element) -> Option<()> {
        let about = target.closest("[data-tool],[data-preset]").ok()??;
        if let Some(preset) = about.get_attribute("data-preset") {
            let is_known = self.bench.choose(&preset);
            self.changed(is_known);
            return Some(());
        }
        match about.get_attribute("data-tool")?.as_str() {
            "copy" => {
                self.copied.set(words::copied(copy::copy(&self.netem)));
            }
            "reset" => {
                self.bench.reset(self.feed.seed);
                self.changed(true);
                self.ask_for_rules();
            }
            _ => {}
        }
        Some(())
    }

    fn ask_for_rules(&self) {
        let rules = Request::Message(ClientMessage::Server(self.bench.rules));
        self.act.tell("control", rules.write());
    }

    /// Asks for the link, if it is another, and shows it.
    fn changed(&mut self, changes: bool) {
        if changes {
            let Lab { up, down, seed } = self.bench.lab;
            let seed = self.bench.has_own_seed.then_some(seed);
            let request = Request::Link(Link { up, down, seed });
            self.act.tell("control", request.write());
            self.copied.set("");
        }
        self.fields.draw(&self.bench);
    }
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
