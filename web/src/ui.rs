//! Puts a [`View`] on the page, and turns what the reader does into events.
//!
//! The frame of the page is `shell.html`, a constant without words. Everything else is written here, as text nodes and
//! only where it changed; nothing is ever read back.

use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Element, HtmlTextAreaElement, KeyboardEvent, ShadowRoot};

use crate::app::Input;
use crate::dom::{self, Label, Listener};
use crate::inbox::Sender;
use crate::session::{Direction, Event};
use crate::view::{self, View};
use crate::words;

mod log;
mod rows;

use log::Log;
use rows::Rows;

/// The frame of a widget.
const SHELL: &str = include_str!("shell.html");

/// The page's half of one widget.
pub struct Ui {
    widget: Element,
    badge: Label,
    detail: Label,
    setting: Label,
    retry: Element,
    before: Label,
    beyond: Label,
    client: Label,
    server: Label,
    send: Element,
    length: Label,
    remark: Label,
    notice: Label,
    client_log: Log,
    server_log: Log,
    empty: Element,
    table: Element,
    rows: Rows,
    way: Element,
    way_title: Label,
    way_stamps: Vec<(Element, Label)>,
    sum: Vec<(Element, Label)>,
    beside: Vec<(Element, Label)>,
    announcement: Label,
    _listeners: [Listener; 3],
}

impl Ui {
    /// Builds the widget inside a shadow root; what the reader does goes to `inbox`.
    pub fn new(root: &ShadowRoot, inbox: &Sender<Input>, draft: &str) -> Self {
        // The only markup there is: a constant of this module. Payloads never come near it.
        root.set_inner_html(SHELL);
        let shell = Shell(root);
        shell.fill_in_words();
        let message: HtmlTextAreaElement = shell.find("message").unchecked_into();
        message.set_value(draft);
        let way = shell.find("way");
        let way_title = Label::new(append(&way, "dt", "way-title"));
        let sum = shell.find("sum");
        Self {
            widget: shell.find("widget"),
            badge: shell.label("badge"),
            detail: shell.label("detail"),
            setting: shell.label("setting"),
            retry: shell.find("retry"),
            before: shell.label("before"),
            beyond: shell.label("beyond"),
            client: shell.label("client"),
            server: shell.label("server"),
            send: shell.find("send"),
            length: shell.label("length"),
            remark: shell.label("remark"),
            notice: shell.label("notice"),
            client_log: Log::new(shell.find("client-lines")),
            server_log: Log::new(shell.find("server-lines")),
            empty: shell.find("empty"),
            table: shell.find("table"),
            rows: Rows::new(shell.find("rows")),
            way_title,
            way_stamps: view::STAMPS
                .map(|name| named_number(&way, "dd", name))
                .into(),
            way,
            sum: view::SUM
                .map(|name| named_number(&sum, "span", name))
                .into(),
            beside: view::BESIDE
                .map(|name| named_number(&shell.find("beside"), "span", name))
                .into(),
            announcement: shell.label("announcement"),
            _listeners: listen(root, inbox),
        }
    }

    /// Makes the page show this.
    pub fn draw(&mut self, view: &View<'_>) {
        dom::set(&self.widget, "data-state", view.state);
        self.badge.set(view.badge);
        self.detail.set(&view.detail);
        self.setting.set(view.setting);
        dom::set_flag(&self.retry, "hidden", !view.can_retry);
        self.before.set(&view.before_relay);
        self.beyond.set(&view.beyond_relay);
        self.client.set(view.client);
        self.server.set(view.server);
        // Not `disabled`: that would take the focus away from who just pressed it.
        dom::set(
            &self.send,
            "aria-disabled",
            if view.can_send { "false" } else { "true" },
        );
        self.length.set(&view.length);
        self.remark.set(&view.remark);
        self.notice.set(view.notice);
        self.client_log.draw(view.client_transcript, view.selected);
        self.server_log.draw(view.server_transcript, view.selected);
        dom::set_flag(&self.empty, "hidden", !view.rows.is_empty());
        dom::set_flag(&self.table, "hidden", view.rows.is_empty());
        self.rows.draw(view);
        self.draw_way(view.way.as_ref());
        draw_numbers(&mut self.sum, &view.sum);
        draw_numbers(&mut self.beside, &view.beside);
        self.announcement.set(view.announcement);
    }

    fn draw_way(&mut self, way: Option<&view::Way>) {
        dom::set_flag(&self.way, "hidden", way.is_none());
        let Some(way) = way else { return };
        self.way_title.set(&way.title);
        for ((element, label), stamp) in self.way_stamps.iter_mut().zip(way.stamps) {
            dom::set_flag(element, "data-missing", stamp.is_none());
            label.set(&stamp.map_or_else(|| "–".to_owned(), |at| format!("+{at} µs")));
        }
    }
}

fn draw_numbers(places: &mut [(Element, Label)], numbers: &[u64]) {
    for ((element, label), number) in places.iter_mut().zip(numbers) {
        dom::set_flag(element, "data-zero", *number == 0);
        label.set(&number.to_string());
    }
}

/// A name with a number beside it.
fn named_number(parent: &Element, tag: &str, name: &str) -> (Element, Label) {
    let element = append(parent, tag, "count");
    dom::set(&element, "data-count", name);
    let number = Label::new(append(&element, "b", "number"));
    append(&element, "span", "name").set_text_content(Some(name));
    (element, number)
}

fn append(parent: &Element, tag: &str, part: &str) -> Element {
    let element = dom::create(tag);
    dom::set(&element, "part", part);
    // It fails only where no child may stand, and ours may.
    let _ = parent.append_child(&element);
    element
}

/// The frame, to find things in. Looked up inside the root, so that many widgets fit on one page.
struct Shell<'a>(&'a ShadowRoot);

impl Shell<'_> {
    fn find(&self, name: &str) -> Element {
        let selector = ["[data-ref=", name, "]"].concat();
        let found = self.0.query_selector(&selector).ok().flatten();
        found.expect_throw("shell.html has every part that is asked for")
    }

    fn label(&self, name: &str) -> Label {
        Label::new(self.find(name))
    }

    fn fill_in_words(&self) {
        for (name, word) in words::SHELL {
            for (attribute, is_label) in [("word", false), ("label", true)] {
                let selector = ["[data-", attribute, "=", name, "]"].concat();
                let Some(element) = self.0.query_selector(&selector).ok().flatten() else {
                    continue;
                };
                match is_label {
                    true => dom::set(&element, "aria-label", word),
                    false => element.set_text_content(Some(word)),
                }
            }
        }
    }
}

fn listen(root: &ShadowRoot, inbox: &Sender<Input>) -> [Listener; 3] {
    let on = |name, read: fn(&web_sys::Event) -> Option<Event>| {
        let inbox = inbox.clone();
        Listener::new(root, name, move |event| {
            if let Some(event) = read(&event) {
                inbox.send(Input::Event(event));
            }
        })
    };
    [
        on("click", clicked),
        on("keydown", pressed),
        on("input", typed),
    ]
}

fn clicked(event: &web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let action = target.closest("[data-do]").ok().flatten();
    match action
        .and_then(|element| element.get_attribute("data-do"))
        .as_deref()
    {
        Some("send") => Some(Event::Send),
        Some("retry") => Some(Event::Retry),
        Some("clear") => Some(Event::Clear),
        _ => {
            let about = target.closest("[data-number]").ok().flatten()?;
            let number = about.get_attribute("data-number")?.parse().ok()?;
            Some(Event::Select(Some(number)))
        }
    }
}

fn pressed(event: &web_sys::Event) -> Option<Event> {
    let key: &KeyboardEvent = event.unchecked_ref();
    let target: Element = event.target()?.dyn_into().ok()?;
    let is_in_rows = target.closest("[data-ref=rows]").ok().flatten().is_some();
    let event = match key.key().as_str() {
        // While an input method composes, Enter belongs to it.
        "Enter" if target.id() == "message" && !key.shift_key() && !key.is_composing() => {
            Event::Send
        }
        "ArrowUp" if is_in_rows => Event::Step(Direction::Older),
        "ArrowDown" if is_in_rows => Event::Step(Direction::Newer),
        "Escape" => return Some(Event::Select(None)),
        _ => return None,
    };
    key.prevent_default();
    Some(event)
}

fn typed(event: &web_sys::Event) -> Option<Event> {
    let message: HtmlTextAreaElement = event.target()?.dyn_into().ok()?;
    Some(Event::Draft(message.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of an attribute in the frame.
    fn named(attribute: &str) -> Vec<&'static str> {
        let mark = format!("{attribute}=\"");
        let found = SHELL.split(&mark).skip(1);
        found.map(|rest| rest.split('"').next().unwrap()).collect()
    }

    #[test]
    fn every_word_of_the_frame_exists_and_is_used_once() {
        let mut asked = [named("data-word"), named("data-label")].concat();
        let mut given: Vec<_> = words::SHELL.iter().map(|(name, _)| *name).collect();
        asked.sort_unstable();
        given.sort_unstable();
        assert_eq!(asked, given);
    }

    #[test]
    fn the_frame_passes_a_strict_content_security_policy() {
        for inline in ["<style", "style=", "<script", " onclick", "javascript:"] {
            assert!(!SHELL.contains(inline), "{inline}");
        }
    }
}
