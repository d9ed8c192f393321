//! The panel: a link and a server of the session's own.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use udp_echo_feed::Micros;
use udp_echo_feed::chunk::Act;
use udp_echo_feed::codec::{self, Link, Request};
use udp_echo_feed::dom::{Clock, Label, Listener, Shell, Timer};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json::{self, Value};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement};
use wire::control::{ClientMessage, Lab};
use wire::link::Direction;

use crate::bench::Bench;
use crate::effect;
use crate::sliders::SLIDERS;
use crate::words;
use effects::Effects;
use fields::{Fields, SWITCHES};
use sliders::Sliders;

mod effects;
mod fields;
mod sliders;

/// The frame of the panel.
const PANEL: &str = include_str!("panel.html");

/// How often the host is asked for another link while a slider moves: it takes so many control messages a second and no more.
const PAUSE_BETWEEN_LINKS: Micros = 80_000;

/// Messages that one press sends, and the time between them: long enough that each can overtake.
const MESSAGES: u32 = 20;
const PAUSE_BETWEEN_MESSAGES: Micros = 25_000;

/// The lines for `tc netem`, by their names in the frame.
const NETEM: [&str; 3] = ["netem-there", "netem-back", "netem-undo"];

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    state: Rc<RefCell<PanelState>>,
    _listeners: [Listener; 3],
}

/// What the panel shows, and what it is about to do.
struct PanelState {
    act: Act,
    feed: Feed,
    bench: Bench,
    fields: Fields,
    sliders: Sliders,
    effects: Effects,
    netem: [Element; NETEM.len()],
    copied: Label,
    /// A slider has moved, and the host is not asked yet.
    is_sliding: bool,
    asks: Option<Timer>,
    /// Messages of this press that are still to be sent.
    unsent: u32,
    sends: Option<Timer>,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        let Some(value) = json::parse(feed) else {
            return;
        };
        let mut state = self.state.borrow_mut();
        // The core writes what is read here; tests hold the two together.
        if state.feed.take_in(&value).is_ok() {
            state.show(&value);
        }
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PANEL, words::PANEL);
        let state = PanelState {
            act,
            feed: Feed::default(),
            bench: Bench::default(),
            fields: Fields::new(&shell),
            sliders: Sliders::new(&shell),
            effects: Effects::new(&shell),
            netem: NETEM.map(|name| shell.find(name)),
            copied: Label::new(shell.find("copied")),
            is_sliding: false,
            asks: None,
            unsent: 0,
            sends: None,
        };
        let state = Rc::new(RefCell::new(state));
        let timer = |work: fn(&mut PanelState)| {
            // The timer is the state's own: it must not hold it.
            let state = Rc::downgrade(&state);
            Timer::new(Box::new(move || {
                if let Some(state) = state.upgrade() {
                    work(&mut state.borrow_mut());
                }
            }))
        };
        let (asks, sends) = (
            timer(PanelState::ask_for_link),
            timer(PanelState::send_next),
        );
        state.borrow_mut().asks = Some(asks);
        state.borrow_mut().sends = Some(sends);
        let listen = |name, work: fn(&mut PanelState, &Element) -> Option<()>| {
            let state = Rc::clone(&state);
            let callback = move |event: web_sys::Event| {
                if let Some(target) = event.target() {
                    work(&mut state.borrow_mut(), target.unchecked_ref());
                }
            };
            Listener::new(place, name, Box::new(callback))
        };
        Self {
            _listeners: [
                listen("input", PanelState::typed),
                listen("change", PanelState::switched),
                listen("click", PanelState::clicked),
            ],
            state,
        }
    }
}

impl PanelState {
    fn show(&mut self, value: &Value<'_>) {
        let link = value.field("lab").map(codec::from_value);
        let rules = value.field("rules").map(codec::from_value);
        // What is still to be asked for is newer than what is known there.
        if !self.is_sliding {
            self.bench.take_over(
                &link.and_then(Result::ok).unwrap_or_default(),
                rules.and_then(Result::ok).unwrap_or_default(),
                self.feed.seed,
            );
        }
        self.draw();
        self.effects.draw(effect::marks(&self.feed));
    }

    fn draw(&mut self) {
        self.fields.draw(&self.bench);
        self.sliders.draw(&self.bench);
    }

    /// The reader typed a number of the link, or its seed, or moves a slider.
    fn typed(&mut self, target: &Element) -> Option<()> {
        let input: &HtmlInputElement = target.dyn_ref()?;
        if let Some(slider) = target.get_attribute("data-stop-of") {
            let slider = *SLIDERS.get(slider.parse::<usize>().ok()?)?;
            if self.bench.slide(slider, input.value().parse().ok()?) {
                self.is_sliding = true;
                let now = Clock.now();
                if let Some(timer) = &mut self.asks {
                    timer.set_unless_set(now + PAUSE_BETWEEN_LINKS, now);
                }
                self.draw();
            }
            return Some(());
        }
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

    /// The reader turned a switch, or let go of a slider.
    fn switched(&mut self, target: &Element) -> Option<()> {
        let input: &HtmlInputElement = target.dyn_ref()?;
        if self.is_sliding {
            self.ask_for_link();
        }
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
            "send" => {
                self.unsent = MESSAGES;
                self.send_next();
            }
            "reset" => {
                self.bench.reset(self.feed.seed);
                self.changed(true);
                self.ask_for_rules();
            }
            line => {
                let place = NETEM.iter().position(|name| *name == line)?;
                let is_copied = udp_echo_feed::dom::copy::copy(&self.netem[place]);
                self.copied.set(words::copied(is_copied));
            }
        }
        Some(())
    }

    /// Sends the next message of a press. They are numbered, so that a transcript tells which was overtaken.
    fn send_next(&mut self) {
        if let Some(timer) = &mut self.sends {
            timer.rang();
        }
        if !matches!(self.feed.mode.as_str(), "live" | "simulated") {
            // Nobody takes it: the core says so, and once is enough.
            self.unsent = 0;
            return self.act.tell("send", JsValue::NULL);
        }
        let place = MESSAGES + 1 - self.unsent;
        let message = words::message(place, MESSAGES);
        self.act.tell("send", Uint8Array::from(message.as_bytes()));
        self.unsent -= 1;
        let now = Clock.now();
        if let Some(timer) = &mut self.sends {
            let next = (self.unsent > 0).then_some(now + PAUSE_BETWEEN_MESSAGES);
            timer.set(next, now);
        }
    }

    fn ask_for_rules(&self) {
        let rules = Request::Message(ClientMessage::Server(self.bench.rules));
        self.act.tell("control", rules.write());
    }

    /// Asks for the link, if it is another, and shows it.
    fn changed(&mut self, changes: bool) {
        if changes {
            self.ask_for_link();
        }
        self.draw();
    }

    fn ask_for_link(&mut self) {
        if let Some(timer) = &mut self.asks {
            timer.set(None, 0);
        }
        self.is_sliding = false;
        let Lab { up, down, seed } = self.bench.lab;
        let seed = self.bench.has_own_seed.then_some(seed);
        let request = Request::Link(Link { up, down, seed });
        self.act.tell("control", request.write());
        self.copied.set("");
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
