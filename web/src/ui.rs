//! Puts a [`View`] on the page, and turns what the reader does into events.
//!
//! The frame of the page is `shell.html`, a constant without words. Everything else is written here, as text nodes and
//! only where it changed; nothing is ever read back.

use std::borrow::Cow;

use udp_echo_feed::decimal;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlSelectElement, HtmlTextAreaElement, KeyboardEvent};
use wire::link::Mishap;

use crate::dom::{self, Label, Listener, Shell};
use crate::inbox::Sender;
use crate::input::Input;
use crate::session::{Direction, Event};
use crate::view::View;
use crate::words;

mod numbers;
mod rows;
mod targets;

use crate::dom::log::Log;
use numbers::Numbers;
use rows::Rows;
use targets::Targets;

/// The frame of a widget.
const SHELL: &str = include_str!("shell.html");

/// What a view has for one place of the frame.
type Text = for<'v> fn(&'v View<'_>) -> Cow<'v, str>;

/// Places of the frame that hold one text each.
const TEXTS: &[(&str, Text)] = &[
    ("badge", |view| view.badge()),
    ("detail", |view| view.detail().into()),
    ("session", |view| view.about().into()),
    ("setting", |view| view.setting().into()),
    ("lane", |view| view.lane().into()),
    ("before", |view| view.before_relay().into()),
    ("beyond", |view| view.beyond_relay().into()),
    ("client", |view| view.client().into()),
    ("server", |view| view.server().into()),
    ("server-who", |view| view.server_who().into()),
    ("length", |view| view.length().into()),
    ("remark", |view| view.remark().into()),
    ("notice", |view| view.notice().into()),
    ("way-title", |view| view.way().into()),
    ("announcement", |view| view.announcement().into()),
];

/// When a place is hidden.
type Hidden = fn(&View<'_>) -> bool;

/// Places of the frame that come and go.
const HIDDEN: &[(&str, Hidden)] = &[
    ("retry", |view| !view.can_retry()),
    ("about", |view| view.about().is_empty()),
    ("mishaps", |view| !view.has_mishaps()),
    ("simulate", |view| !view.can_simulate()),
    ("targets", |view| view.targets().len() < 2),
    ("empty", |view| !view.rows().is_empty()),
    ("filled", |view| view.rows().is_empty()),
    ("path-log", |view| !view.has_link()),
];

/// The page's half of one widget.
pub struct Ui {
    widget: Element,
    texts: Vec<Label>,
    hidden: Vec<Element>,
    /// Send, and what sends with a mishap.
    senders: [Element; 2],
    targets: Targets,
    message: HtmlTextAreaElement,
    draft_revision: Option<u32>,
    places: [(&'static str, Element); 4],
    client_log: Log,
    server_log: Log,
    path_log: Log,
    rows: Rows,
    stamps: Numbers,
    sum: Numbers,
    beside: Numbers,
    _listeners: [Listener; 4],
}

impl Ui {
    /// Builds the widget inside an element of the shadow root; what the reader does goes to `inbox`.
    pub fn new(root: &Element, inbox: &Sender<Input>) -> Self {
        let shell = Shell::write(root, SHELL, words::SHELL);
        Self {
            widget: shell.find("widget"),
            texts: TEXTS
                .iter()
                .map(|(name, _)| Label::new(shell.find(name)))
                .collect(),
            hidden: HIDDEN.iter().map(|(name, _)| shell.find(name)).collect(),
            senders: [shell.find("send"), shell.find("mishaps")],
            message: shell.find("message").unchecked_into(),
            draft_revision: None,
            places: [
                ("motion", shell.find("motion")),
                ("picture", shell.find("picture")),
                ("lab", shell.find("lab")),
                ("bytes", shell.find("bytes")),
            ],
            targets: Targets::new(shell.find("target").unchecked_into()),
            client_log: Log::new(shell.find("client-lines")),
            server_log: Log::new(shell.find("server-lines")),
            path_log: Log::new(shell.find("path-lines")),
            rows: Rows::new(shell.find("rows")),
            stamps: Numbers::new(&shell.find("stamps"), words::STAMPS),
            sum: Numbers::new(&shell.find("sum"), words::SUM),
            beside: Numbers::new(&shell.find("beside"), words::BESIDE),
            _listeners: [
                listen(root, inbox, "click", clicked),
                listen(root, inbox, "keydown", pressed),
                listen(root, inbox, "input", typed),
                listen(root, inbox, "change", chosen),
            ],
        }
    }

    /// Where the panels of chunks go, by the chunk's name.
    pub fn places(&self) -> &[(&'static str, Element)] {
        &self.places
    }

    /// Names the widget for screen readers, where the author has a better name.
    pub fn set_label(&self, label: Option<&str>) {
        if let Some(label) = label {
            dom::set(&self.widget, "aria-label", label);
        }
    }

    /// Makes the page show this.
    pub fn draw(&mut self, view: &View<'_>) {
        dom::set(&self.widget, "data-state", view.state());
        dom::set_flag(&self.widget, "data-fresh", view.is_fresh());
        dom::set_flag(&self.widget, "data-host-gone", view.is_host_gone());
        dom::set_flag(&self.widget, "data-server-down", view.is_server_down());
        for (label, (_, text)) in self.texts.iter_mut().zip(TEXTS) {
            label.set(&text(view));
        }
        for (element, (_, is_hidden)) in self.hidden.iter().zip(HIDDEN) {
            dom::set_flag(element, "hidden", is_hidden(view));
        }
        if self.draft_revision.replace(view.draft_revision()) != Some(view.draft_revision()) {
            self.message.set_value(view.draft().unwrap_or_default());
        }
        // Not `disabled`: that would take the focus away from who just pressed it.
        let is_disabled = if view.can_send() { "false" } else { "true" };
        for sender in &self.senders {
            dom::set(sender, "aria-disabled", is_disabled);
        }
        self.client_log
            .draw(view.client_transcript(), view.selected());
        self.server_log
            .draw(view.server_transcript(), view.selected());
        self.path_log.draw(view.path_transcript(), view.selected());
        self.targets.draw(view);
        self.rows.draw(view);
        for (place, stamp) in view.stamps().into_iter().enumerate() {
            self.stamps.draw(place, &words::stamp(stamp));
        }
        for (numbers, counts) in [
            (&mut self.sum, &view.sum()[..]),
            (&mut self.beside, &view.beside()[..]),
        ] {
            for (place, count) in counts.iter().enumerate() {
                numbers.draw(place, &words::number(*count));
            }
        }
    }
}

/// Sends what the reader does as events.
fn listen(
    root: &Element,
    inbox: &Sender<Input>,
    name: &'static str,
    read: fn(web_sys::Event) -> Option<Event>,
) -> Listener {
    let inbox = inbox.clone();
    let callback = move |event| {
        if let Some(event) = read(event) {
            inbox.send(Input::Event(event));
        }
    };
    Listener::new(root, name, Box::new(callback))
}

fn clicked(event: web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.unchecked_into();
    let about = target.closest("[data-do],[data-number]").ok()??;
    Some(match about.get_attribute("data-do").as_deref() {
        Some("send") => Event::Send,
        Some("lose") => Event::SendWith(Mishap::Lose),
        Some("hold") => Event::SendWith(Mishap::Hold),
        Some("double") => Event::SendWith(Mishap::Double),
        Some("retry") => Event::Retry,
        Some("simulate") => Event::Simulate,
        Some("clear") => Event::Clear,
        Some("save") => Event::Save,
        _ => {
            let number = about.get_attribute("data-number")?;
            Event::Select(decimal::read_wide(&number, "", 0))
        }
    })
}

fn pressed(event: web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.unchecked_into();
    let event: KeyboardEvent = event.unchecked_into();
    let is_in_rows = target.matches("tr[data-number]").ok()?;
    if is_composing(&event) {
        return None;
    }
    let pressed = match event.key().as_str() {
        "Enter" if target.id() == "message" && !event.shift_key() => Event::Send,
        "ArrowUp" if is_in_rows => Event::Step(Direction::Older),
        "ArrowDown" if is_in_rows => Event::Step(Direction::Newer),
        "Escape" => return Some(Event::Select(None)),
        _ => return None,
    };
    event.prevent_default();
    Some(pressed)
}

/// While an input method composes, every key belongs to it: Enter, and the Escape that gives a composition up. Safari says so of the Enter that ends a composition by its code alone.
fn is_composing(event: &KeyboardEvent) -> bool {
    const OF_INPUT_METHOD: u32 = 229;
    event.is_composing() || event.key_code() == OF_INPUT_METHOD
}

fn chosen(event: web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.unchecked_into();
    if let Some(choice) = target.dyn_ref::<HtmlSelectElement>() {
        return (target.id() == "target").then(|| Event::Target(choice.value()));
    }
    None
}

fn typed(event: web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.unchecked_into();
    let message: &HtmlTextAreaElement = target.dyn_ref()?;
    (target.id() == "message").then(|| Event::Draft(message.value()))
}

#[cfg(test)]
mod tests {
    use udp_echo_feed::frame;

    use super::*;

    #[test]
    fn the_frame_is_sound() {
        frame::assert_sound(SHELL, words::SHELL);
    }

    #[test]
    fn every_text_has_a_place_in_the_frame() {
        let places = frame::named(SHELL, "data-ref");
        for (name, _) in TEXTS {
            assert_eq!(
                places.iter().filter(|place| *place == name).count(),
                1,
                "{name}"
            );
        }
    }
}
