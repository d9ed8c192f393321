//! Puts the [`State`] on the page, and turns what the reader does into [`Input`].

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::Uint8Array;
use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{self, Label, Listener, Shell};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::state::{Effect, Input, State};
use crate::words;

mod browser;
mod copies;
mod dump;
mod fields;
mod listen;
mod ruler;
mod sources;

use copies::Copies;
use dump::Dump;
use fields::Fields;
use ruler::Scale;
use sources::Sources;

/// The frame of the panel.
const SHELL: &str = include_str!("panel.html");

/// The bytes view and the size ruler, drawn in a place.
#[wasm_bindgen]
pub struct Panel {
    queue: Rc<InputQueue>,
    _listeners: Vec<Listener>,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&self, feed: String) {
        self.queue.tell(Input::Feed(feed));
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let shell = Shell::write(place, SHELL, words::SHELL);
        let label = |name| Label::new(shell.find(name));
        let queue = Rc::new_cyclic(|queue| InputQueue {
            waiting: RefCell::default(),
            state: RefCell::new(PanelState {
                state: State::default(),
                act,
                fields: Fields::new(&shell),
                sources: Sources::new(&shell, InputSender(Weak::clone(queue))),
                scale: Scale::new(&shell),
                dump: Dump::new(&shell),
                copies: Copies::new(&shell, &InputSender(Weak::clone(queue))),
                labels: [
                    label("bytes-length"),
                    label("source"),
                    label("outlook"),
                    label("ruler-remark"),
                ],
            }),
        });
        let sender = InputSender(Rc::downgrade(&queue));
        let listeners = listen::listen(place, &shell, &sender);
        queue.tell(Input::Redraw);
        Self {
            queue,
            _listeners: listeners,
        }
    }
}

/// Takes what happens one by one. What happens while something is taken in, such as a field that loses the focus because
/// it was hidden, waits for its turn.
struct InputQueue {
    waiting: RefCell<Vec<Input>>,
    state: RefCell<PanelState>,
}

impl InputQueue {
    fn tell(&self, input: Input) {
        self.waiting.borrow_mut().insert(0, input);
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return;
        };
        loop {
            let next = self.waiting.borrow_mut().pop();
            match next {
                Some(input) => state.take_in(input),
                None => return,
            }
        }
    }
}

/// Sends into the queue. It does not keep the queue alive: the queue has listeners that have this.
#[derive(Clone)]
struct InputSender(Weak<InputQueue>);

impl InputSender {
    fn tell(&self, input: Input) {
        if let Some(queue) = self.0.upgrade() {
            queue.tell(input);
        }
    }
}

/// The state and everything that is drawn of it.
struct PanelState {
    state: State,
    act: Act,
    fields: Fields,
    sources: Sources,
    scale: Scale,
    dump: Dump,
    copies: Copies,
    /// Length, source, outlook, and what there is to say about the ruler.
    labels: [Label; 4],
}

impl PanelState {
    fn take_in(&mut self, input: Input) {
        if let Input::Wrote(notation, text) = &input {
            self.fields.hold(*notation, text);
        }
        match self.state.on(input) {
            Some(Effect::Draft) => self
                .act
                .tell("draft", Uint8Array::from(self.state.editor().payload())),
            Some(Effect::Send) => self.act.tell("send", JsValue::NULL),
            Some(Effect::Random(count)) => self.sources.make(count),
            Some(Effect::Read) => self.sources.read(),
            Some(Effect::Copy(line)) => self.copies.copy(&line),
            Some(Effect::Select(index, line)) => self.copies.select(index, &line),
            None => {}
        }
        self.draw();
    }

    fn draw(&mut self) {
        let [length, source, outlook, remark] = &mut self.labels;
        length.set(&self.state.length());
        source.set(self.state.source());
        outlook.set(&self.state.outlook());
        remark.set(&self.state.ruler_remark());
        self.fields.draw(&self.state);
        self.scale.draw(&self.state);
        self.dump.draw(&self.state);
        self.copies.draw(&self.state);
    }
}

/// Sets a custom property: `style` attributes do not pass a strict Content-Security-Policy, this does.
fn set_property(element: &Element, name: &str, value: &str) {
    let node: &browser::Node = element.unchecked_ref();
    node.style().set_property(name, value);
}

/// The whole number that a text begins with.
fn number(text: &str) -> usize {
    let digits = text.bytes().map_while(|byte| char::from(byte).to_digit(10));
    digits.fold(0, |number, digit| number * 10 + digit as usize)
}

/// Sets `aria-disabled`, which leaves the focus where it is.
fn set_disabled(element: &Element, disabled: bool) {
    dom::set(
        element,
        "aria-disabled",
        if disabled { "true" } else { "false" },
    );
}
