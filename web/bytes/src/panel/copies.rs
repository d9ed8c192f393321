//! Lines to copy.

use js_sys::Reflect;
use udp_echo_feed::dom::{self, Label, Shell};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::{Teller, set_disabled};
use crate::lines::FORMS;
use crate::state::{Input, State};
use crate::words;

/// Characters of a line that are drawn. All of it is copied.
const DRAWN: usize = 2000;

type Done = Closure<dyn FnMut(JsValue)>;

struct Line {
    text: Label,
    code: Element,
    button: Element,
    said: Label,
}

/// The drawn lines.
pub(super) struct Copies {
    details: Element,
    lines: Vec<Line>,
    teller: Teller,
    /// What the lines were drawn for.
    drawn: Option<(u32, String)>,
    /// Called when the browser has copied, or has not.
    _done: Option<[Done; 2]>,
}

impl Copies {
    pub(super) fn new(shell: &Shell<'_>, teller: Teller) -> Self {
        let list = shell.find("lines");
        let lines = words::LINES.iter().enumerate().map(|(index, name)| {
            let item = dom::append(&list, "li", "copy-line");
            dom::append(&item, "span", "name").set_text_content(Some(name));
            let button = dom::append(&item, "button", "copy-button");
            dom::set(&button, "type", "button");
            dom::set(&button, "data-copy", &words::number(index as u64));
            dom::set(&button, "aria-label", &words::copy(name));
            button.set_text_content(Some(words::COPY));
            let code = dom::append(&item, "code", "command");
            dom::set(&code, "dir", "ltr");
            let said = dom::append(&item, "span", "copied");
            dom::set(&said, "role", "status");
            Line {
                text: Label::new(code.clone()),
                code,
                button,
                said: Label::new(said),
            }
        });
        Self {
            details: shell.find("copy"),
            lines: lines.collect(),
            teller,
            drawn: None,
            _done: None,
        }
    }

    pub(super) fn draw(&mut self, state: &State) {
        for (index, line) in self.lines.iter_mut().enumerate() {
            line.said.set(match state.copied() {
                Some((of, true)) if of == index => words::COPIED,
                Some((of, false)) if of == index => words::NOT_COPIED,
                _ => "",
            });
        }
        let now = (state.revision(), state.endpoints());
        if !self.details.has_attribute("open") || self.drawn.as_ref() == Some(&now) {
            return;
        }
        self.drawn = Some(now);
        for (line, form) in self.lines.iter_mut().zip(FORMS) {
            let text = state.line(form);
            set_disabled(&line.button, text.is_err());
            dom::set_flag(&line.code, "data-none", text.is_err());
            let mut text = text.unwrap_or_else(words::no_line);
            // Whatever is no ASCII in a line is escaped, so that every place is one between characters.
            if text.len() > DRAWN && text.is_char_boundary(DRAWN) {
                text.truncate(DRAWN);
                text.push('…');
            }
            line.text.set(&text);
        }
    }

    /// Copies a line, or selects it where the browser does not let a page copy.
    pub(super) fn copy(&mut self, index: usize, text: &str) {
        let navigator = dom::window().navigator();
        // It is missing in pages without https from other machines.
        let clipboard = Reflect::get(&navigator, &"clipboard".into())
            .ok()
            .filter(JsValue::is_object);
        if clipboard.is_none() {
            return self.select(index, text);
        }
        let teller = self.teller.clone();
        let done = Closure::new(move |_| teller.tell(Input::Copied(index, true)));
        let teller = self.teller.clone();
        let full = text.to_owned();
        let code = self.lines[index].code.clone();
        let failed = Closure::new(move |_| {
            select(&code, &full);
            teller.tell(Input::Copied(index, false));
        });
        let _ = navigator.clipboard().write_text(text).then2(&done, &failed);
        self._done = Some([done, failed]);
    }

    fn select(&self, index: usize, text: &str) {
        select(&self.lines[index].code, text);
        self.teller.tell(Input::Copied(index, false));
    }
}

/// Selects all of a line, after writing all of it.
fn select(code: &Element, text: &str) {
    code.set_text_content(Some(text));
    if let Ok(Some(selection)) = dom::window().get_selection() {
        // It fails only for nodes of other documents.
        let _ = selection.select_all_children(code);
    }
}
