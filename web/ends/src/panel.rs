//! Puts what is shown on the page, and turns what the reader does into acts. Texts are text nodes; nothing is ever read back but
//! what the reader wrote.

use std::rc::Rc;

use udp_echo_feed::chunk::Act;
use udp_echo_feed::decimal;
use udp_echo_feed::dom::log::Log;
use udp_echo_feed::dom::{self, Label, Listener, Shell};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent};

use crate::shown::Shown;
use crate::words;

mod ladder;
mod program;
mod rows;

use ladder::Drawing;
pub use program::Program;
use rows::{Columns, Rows};

const SERVER: &str = include_str!("panel/server.html");
const CLIENT: &str = include_str!("panel/client.html");

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    place: Element,
    act: Rc<Act>,
    shown: Shown,
    face: Option<Face>,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        // The chunk `sockets` writes what is read here; tests hold the two together.
        if self.shown.take_in(feed).is_err() {
            return;
        }
        let face = self
            .face
            .get_or_insert_with(|| Face::new(&self.place, &self.shown, &self.act));
        face.draw(&self.shown);
    }
}

impl Panel {
    pub(crate) fn new(place: Element, act: Act) -> Self {
        Self {
            place,
            act: Rc::new(act),
            shown: Shown::default(),
            face: None,
        }
    }
}

/// What a place of the frame shows.
type Text = for<'s> fn(&'s Shown) -> &'s str;

/// The texts of the frames: those of both, of a server, of a client.
const BOTH: &[(&str, Text)] = &[
    ("badge", |shown| &shown.badge),
    ("detail", |shown| &shown.detail),
    ("setting", |shown| &shown.setting),
    ("session", |shown| &shown.about),
    ("own", |shown| &shown.own),
    ("notice", |shown| &shown.notice),
    ("sum", |shown| shown.sums.first().map_or("", |sum| sum)),
    ("beside", |shown| shown.sums.get(1).map_or("", |sum| sum)),
];
const OF_SERVER: &[(&str, Text)] = &[
    ("toggle", |shown| match shown.is_running {
        true => words::STOP,
        false => words::START,
    }),
    ("terminal", |shown| &shown.terminal),
];
const OF_CLIENT: &[(&str, Text)] = &[("to", |shown| &shown.to)];

/// When a place is hidden.
type Hidden = fn(&Shown) -> bool;

const HIDDEN: &[(&str, Hidden)] = &[
    ("about", |shown| shown.about.is_empty()),
    ("retry", |shown| !shown.can_retry),
    ("simulate", |shown| !shown.can_simulate),
    ("nothing", |shown| !shown.rows.is_empty()),
    ("filled", |shown| shown.rows.is_empty()),
];
const HIDDEN_OF_SERVER: &[(&str, Hidden)] = &[
    ("any", |shown| !shown.has_failed),
    ("terminal-line", |shown| shown.terminal.is_empty()),
];

/// The built frame.
struct Face {
    widget: Element,
    texts: Vec<(Label, Text)>,
    hidden: Vec<(Element, Hidden)>,
    log: Log,
    drawing: Drawing,
    rows: Rows,
    /// A server's port and its two switches; of a client, whether it connects, and what sends.
    port: Option<(HtmlInputElement, u64)>,
    switches: Vec<HtmlInputElement>,
    send: Option<Element>,
    _listeners: [Listener; 4],
}

impl Face {
    fn new(place: &Element, shown: &Shown, act: &Rc<Act>) -> Self {
        let is_server = shown.is_server;
        let (markup, words) = match is_server {
            true => (SERVER, words::SERVER),
            false => (CLIENT, words::CLIENT),
        };
        let shell = Shell::write(place, markup, words);
        let widget = shell.find("widget");
        if !shown.label.is_empty() {
            dom::set(&widget, "aria-label", &shown.label);
        }
        let (texts, hidden, switches, columns): (_, _, &[&str], _) = match is_server {
            true => {
                let switches = &["buffer", "empty-too"];
                (OF_SERVER, HIDDEN_OF_SERVER, switches, Columns::Server)
            }
            false => (OF_CLIENT, &[][..], &["connect"], Columns::Client),
        };
        if !is_server {
            let message: HtmlTextAreaElement = shell.find("message").unchecked_into();
            message.set_value(&shown.message);
        }
        let texts = BOTH.iter().chain(texts);
        let hidden = HIDDEN.iter().chain(hidden);
        let switches = switches.iter();
        Self {
            texts: texts
                .map(|(name, text)| (Label::new(shell.find(name)), *text))
                .collect(),
            hidden: hidden
                .map(|(name, is_hidden)| (shell.find(name), *is_hidden))
                .collect(),
            log: Log::new(shell.find("lines")),
            drawing: Drawing::new(shell.find("ladder")),
            rows: Rows::new(shell.find("rows"), columns),
            port: is_server.then(|| (shell.find("port").unchecked_into(), u64::MAX)),
            switches: switches
                .map(|name| shell.find(name).unchecked_into())
                .collect(),
            send: (!is_server).then(|| shell.find("send")),
            _listeners: listeners(place, &widget, act),
            widget,
        }
    }

    fn draw(&mut self, shown: &Shown) {
        dom::set(&self.widget, "data-state", &shown.state);
        for (label, text) in &mut self.texts {
            label.set(text(shown));
        }
        for (element, is_hidden) in &self.hidden {
            dom::set_flag(element, "hidden", is_hidden(shown));
        }
        self.log.draw(&shown.transcript, None);
        self.drawing.draw(shown);
        self.rows.draw(&shown.rows);
        // Only when the server's changes: the reader may be writing another one.
        if let Some((field, port)) = &mut self.port
            && *port != shown.port
        {
            *port = shown.port;
            field.set_value(&words::number(shown.port));
        }
        let switches = match shown.is_server {
            true => [shown.has_buffer, shown.answers_empty],
            false => [shown.connects, false],
        };
        for (field, is_on) in self.switches.iter().zip(switches) {
            field.set_checked(is_on);
        }
        if let Some(send) = &self.send {
            let is_disabled = if shown.is_ready { "false" } else { "true" };
            dom::set(send, "aria-disabled", is_disabled);
        }
    }
}

fn listeners(place: &Element, widget: &Element, act: &Rc<Act>) -> [Listener; 4] {
    let listen = |name, read: fn(&Element, &web_sys::Event, &Element, &Act)| {
        let (act, widget) = (Rc::clone(act), widget.clone());
        let callback = move |event: web_sys::Event| {
            if let Some(target) = event.target() {
                read(&widget, &event, target.unchecked_ref(), &act);
            }
        };
        Listener::new(place, name, Box::new(callback))
    };
    [
        listen("click", clicked),
        listen("change", changed),
        listen("input", typed),
        listen("keydown", pressed),
    ]
}

fn clicked(widget: &Element, _: &web_sys::Event, target: &Element, act: &Act) {
    let Ok(Some(button)) = target.closest("button[data-do]") else {
        return;
    };
    let Some(name) = button.get_attribute("data-do") else {
        return;
    };
    match name.as_str() {
        "any" => act.tell("port", 0),
        "toggle" if button.text_content().as_deref() == Some(words::STOP) => {
            act.tell("stop", JsValue::UNDEFINED);
        }
        "toggle" => bind(widget, act),
        "copy" => {
            if let Ok(Some(command)) = widget.query_selector("[data-ref=terminal]") {
                dom::copy::copy(&command);
            }
        }
        name => act.tell(name, JsValue::UNDEFINED),
    }
}

fn changed(_: &Element, _: &web_sys::Event, target: &Element, act: &Act) {
    let name = target.get_attribute("data-do");
    // The port is taken over by Start, or by Enter.
    if let (Some(name), Some(field)) = (name, target.dyn_ref::<HtmlInputElement>()) {
        act.tell(&name, field.checked());
    }
}

fn typed(_: &Element, _: &web_sys::Event, target: &Element, act: &Act) {
    if let Some(field) = target.dyn_ref::<HtmlTextAreaElement>() {
        act.tell("draft", field.value());
    }
}

fn pressed(widget: &Element, event: &web_sys::Event, target: &Element, act: &Act) {
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.key() != "Enter" || key.shift_key() || key.is_composing() {
        return;
    }
    match target.get_attribute("data-ref").as_deref() {
        Some("message") => act.tell("send", JsValue::UNDEFINED),
        Some("port") => bind(widget, act),
        _ => return,
    }
    event.prevent_default();
}

/// Has the server bind the port that the reader wrote; where it is none, the one that it had.
fn bind(widget: &Element, act: &Act) {
    let field = widget.query_selector("[data-ref=port]").ok().flatten();
    let field = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let port = field.and_then(|field| decimal::read(&field.value(), "", 0));
    match port.and_then(|port| u16::try_from(port).ok()) {
        Some(port) => act.tell("port", port),
        None => act.tell("start", JsValue::UNDEFINED),
    }
}

#[cfg(test)]
mod tests {
    use udp_echo_feed::frame;

    use super::*;

    #[test]
    fn the_frames_are_sound() {
        frame::assert_sound(SERVER, words::SERVER);
        frame::assert_sound(CLIENT, words::CLIENT);
    }

    #[test]
    fn every_text_has_a_place_in_its_frame() {
        for (markup, own, hidden) in [
            (SERVER, OF_SERVER, HIDDEN_OF_SERVER),
            (CLIENT, OF_CLIENT, &[][..]),
        ] {
            let places = frame::named(markup, "data-ref");
            let texts = BOTH.iter().chain(own).map(|(name, _)| name);
            let hidden = HIDDEN.iter().chain(hidden).map(|(name, _)| name);
            for name in texts.chain(hidden) {
                assert_eq!(
                    places.iter().filter(|place| *place == name).count(),
                    1,
                    "{name}"
                );
            }
        }
    }
}
