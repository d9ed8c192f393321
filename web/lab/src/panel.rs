//! The panel: the picture, and the lab with its link and its server.

use std::cell::RefCell;
use std::rc::Rc;

use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{Label, Listener, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use wire::control::{Lab, ServerRules};
use wire::link::Direction;

use crate::bench::{Bench, Rule};
use crate::{codec, words};
use drawing::Drawing;
use fields::Fields;

mod drawing;
mod fields;

/// The frame of the panel.
const PANEL: &str = include_str!("panel.html");

/// The switches of the server, by the ids of their boxes.
const SWITCHES: [(&str, Rule); 3] = [
    ("listening", Rule::Listening),
    ("buffer", Rule::Buffer),
    ("echo-empty", Rule::EchoEmpty),
];

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    desk: Rc<RefCell<Desk>>,
    feed: Feed,
    drawing: Drawing,
    _listeners: [Listener; 2],
}

/// What the reader works at.
struct Desk {
    act: Act,
    bench: Bench,
    fields: Fields,
    switches: [HtmlInputElement; 3],
    netem: Label,
    complaint: Label,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        let Some(value) = json::parse(feed) else {
            return;
        };
        // The core writes what is read here; tests hold the two together.
        if self.feed.take_in(&value).is_err() {
            return;
        }
        let lab = value.field("lab").map(codec::read_lab);
        let rules = value.field("rules").map(codec::read_rules);
        let mut desk = self.desk.borrow_mut();
        desk.bench.take_over(
            lab.and_then(Result::ok).unwrap_or_default(),
            rules.and_then(Result::ok).unwrap_or_default(),
        );
        desk.draw();
        if !self.feed.paused {
            self.drawing.draw(&self.feed);
        }
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PANEL, words::PANEL);
        let desk = Desk {
            act,
            bench: Bench::default(),
            fields: Fields::new(&shell.find("bench"), &shell.find("presets")),
            switches: SWITCHES.map(|(name, _)| shell.find(name).unchecked_into()),
            netem: Label::new(shell.find("netem")),
            complaint: Label::new(shell.find("complaint")),
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
            _listeners: [listen("input", Desk::typed), listen("change", Desk::chosen)],
            drawing: Drawing::new(&shell.find("picture")),
            feed: Feed::default(),
            desk,
        }
    }
}

impl Desk {
    /// The reader typed a number of the link.
    fn typed(&mut self, target: &Element) -> Option<()> {
        let field = target.get_attribute("data-field")?.parse().ok()?;
        let direction = match target.has_attribute("data-down") {
            true => Direction::Down,
            false => Direction::Up,
        };
        let input: &HtmlInputElement = target.dyn_ref()?;
        if self.bench.set(direction, field, &input.value()) {
            self.ask_for_link();
        }
        self.draw();
        Some(())
    }

    /// The reader chose a link by name, or switched a rule of the server.
    fn chosen(&mut self, target: &Element) -> Option<()> {
        if let Some(choice) = target.dyn_ref::<HtmlSelectElement>() {
            if self.bench.choose(&choice.value()) {
                self.ask_for_link();
            }
        } else {
            let input: &HtmlInputElement = target.dyn_ref()?;
            let (_, rule) = SWITCHES.iter().find(|(name, _)| target.id() == *name)?;
            self.bench.switch(*rule, input.checked());
            self.act.tell("control", codec::rules(&self.bench.rules));
        }
        self.draw();
        Some(())
    }

    fn ask_for_link(&self) {
        let Lab { up, down, .. } = &self.bench.lab;
        self.act.tell("control", codec::lab(up, down));
    }

    fn draw(&mut self) {
        let ServerRules {
            listening,
            buffer,
            echo_empty,
        } = self.bench.rules;
        let on = [listening, buffer.is_some(), echo_empty];
        for (switch, on) in self.switches.iter().zip(on) {
            switch.set_checked(on);
        }
        self.fields.draw(&self.bench);
        self.complaint.set(&self.bench.complaint);
        let Lab { up, down, .. } = &self.bench.lab;
        self.netem
            .set(&words::netem(&up.netem("eth0"), &down.netem("eth0")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_frame_exists_and_is_used_once() {
        let named = PANEL.split("data-word=\"").skip(1);
        let mut asked: Vec<_> = named.map(|rest| rest.split('"').next().unwrap()).collect();
        let mut given: Vec<_> = words::PANEL.iter().map(|(name, _)| *name).collect();
        asked.sort_unstable();
        given.sort_unstable();
        assert_eq!(asked, given);
    }

    #[test]
    fn the_frame_passes_a_strict_content_security_policy() {
        for inline in ["<style", "style=", "<script", " onclick", "javascript:"] {
            assert!(!PANEL.contains(inline), "{inline}");
        }
    }
}
