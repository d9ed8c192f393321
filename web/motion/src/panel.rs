//! The panel: dots on the way, what just happened, how slow it is, and a button to see it again.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{self, Clock, Frame, Label, Listener, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json;
use udp_echo_feed::words::number;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::film::{Lane, Position};
use crate::player::Player;
use crate::words;

/// The frame of the panel.
const PANEL: &str = include_str!("panel.html");
/// Whether the reader has asked for less motion.
const STILL: &str = "(prefers-reduced-motion: reduce)";

#[wasm_bindgen]
extern "C" {
    /// An element, as this panel uses it; nothing here throws.
    type Node;
    #[wasm_bindgen(method, getter)]
    fn style(this: &Node) -> Style;
    #[wasm_bindgen(method)]
    fn remove(this: &Node);

    /// What it looks like.
    type Style;
    #[wasm_bindgen(method, js_name = setProperty)]
    fn set_property(this: &Style, name: &str, value: &str);
}

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    state: Rc<RefCell<PanelState>>,
    _listener: Listener,
}

/// What is drawn, and what it is drawn of.
struct PanelState {
    act: Act,
    feed: Feed,
    player: Player,
    frame: Frame,
    stage: Element,
    dots: Vec<Dot>,
    said: Label,
    pace: Label,
    replay: Element,
    button: Label,
    /// The reader asked to see it again: then it is also said.
    is_asked_for: bool,
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
            state.take();
        }
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, PANEL, &[]);
        let replay = shell.find("replay");
        let state = Rc::new_cyclic(|state: &Weak<RefCell<PanelState>>| {
            let state = Weak::clone(state);
            let tick = move || {
                if let Some(state) = state.upgrade() {
                    state.borrow_mut().tick();
                }
            };
            RefCell::new(PanelState {
                act,
                feed: Feed::default(),
                player: Player::default(),
                frame: Frame::new(Box::new(tick)),
                stage: shell.find("stage"),
                dots: Vec::new(),
                said: Label::new(shell.find("said")),
                pace: Label::new(shell.find("pace")),
                button: Label::new(replay.clone()),
                replay: replay.clone(),
                is_asked_for: false,
            })
        });
        let clicked = {
            let state = Rc::downgrade(&state);
            move |_| {
                if let Some(state) = state.upgrade() {
                    state.borrow_mut().clicked();
                }
            }
        };
        Self {
            state,
            _listener: Listener::new(&replay, "click", Box::new(clicked)),
        }
    }
}

impl PanelState {
    fn take(&mut self) {
        self.player.take(&self.feed, is_still(), Clock.now());
        self.draw();
    }

    fn tick(&mut self) {
        self.frame.came();
        self.draw();
    }

    fn clicked(&mut self) {
        self.is_asked_for = true;
        self.player.toggle(Clock.now());
        self.draw();
    }

    /// Draws this moment, and asks for the next frame only while something moves or is about to.
    fn draw(&mut self) {
        let at = self.player.now(&self.feed, Clock.now());
        let positions = self.player.film().frame(at);
        for dot in self.dots.drain(positions.len().min(self.dots.len())..) {
            dot.element.unchecked_ref::<Node>().remove();
        }
        for (index, position) in positions.iter().enumerate() {
            if index == self.dots.len() {
                self.dots.push(Dot::new(&self.stage));
            }
            let of = &self.player.film().dots[index];
            self.dots[index].draw(of.number, of.is_copy, *position);
        }
        self.said.set(&self.player.sentence(at));
        self.pace.set(&words::pace(self.player.film()));
        let is_playing = self.player.is_playing();
        self.button.set(if is_playing {
            words::STOP
        } else {
            words::REPLAY
        });
        let has_film = !positions.is_empty() && !is_still();
        dom::set_flag(&self.replay, "hidden", !has_film);
        if self.player.is_busy() {
            self.frame.request();
        } else if std::mem::take(&mut self.is_asked_for) {
            self.act.tell("announce", self.player.sentence(at));
        }
    }
}

/// A dot on the page. What it shows is written only where it changed.
struct Dot {
    element: Element,
    text: Label,
    number: u64,
    is_copy: bool,
    shown: Option<Position>,
}

impl Dot {
    fn new(stage: &Element) -> Self {
        let element = dom::append(stage, "span", "dot");
        dom::set_flag(&element, "hidden", true);
        Self {
            text: Label::new(element.clone()),
            element,
            number: 0,
            is_copy: false,
            shown: None,
        }
    }

    fn draw(&mut self, of: u64, is_copy: bool, position: Option<Position>) {
        if (self.number, self.is_copy) != (of, is_copy) {
            (self.number, self.is_copy) = (of, is_copy);
            dom::set(&self.element, "data-number", &number(of));
            dom::set_flag(&self.element, "data-copy", is_copy);
        }
        if self.shown == position {
            return;
        }
        self.shown = position;
        dom::set_flag(&self.element, "hidden", position.is_none());
        let Some(position) = position else {
            return;
        };
        let text = [&number(of), words::sign(position.end)].concat();
        self.text.set(&text);
        dom::set(&self.element, "data-end", words::state(position.end));
        let lane = match position.lane {
            Lane::There => "there",
            Lane::Back => "back",
        };
        dom::set(&self.element, "data-lane", lane);
        let style = self.element.unchecked_ref::<Node>().style();
        for (name, value) in [
            ("--at", position.x),
            ("--row", position.row),
            ("--aside", position.aside),
        ] {
            style.set_property(name, &number(value.into()));
        }
    }
}

/// Whether the reader has asked for less motion, as of now.
fn is_still() -> bool {
    let query = dom::window().match_media(STILL);
    query.ok().flatten().is_some_and(|query| query.matches())
}

#[cfg(test)]
mod tests {
    use udp_echo_feed::frame;

    use super::*;

    #[test]
    fn the_frame_is_sound() {
        frame::assert_sound(PANEL, &[]);
    }
}
