//! Lines to copy.

use udp_echo_feed::dom::{self, Label, Shell};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::{InputSender, browser, set_disabled};
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
    /// Called when the browser has copied a line, and when it has not.
    done: Done,
    failed: Done,
    sender: InputSender,
    /// What the lines were drawn for.
    drawn: Option<(u32, String)>,
}

impl Copies {
    pub(super) fn new(shell: &Shell<'_>, sender: &InputSender) -> Self {
        let list = shell.find("lines");
        let mut lines = Vec::new();
        for (index, name) in words::LINES.iter().enumerate() {
            let item = dom::append(&list, "li", "copy-line");
            dom::append(&item, "span", "name").set_text_content(Some(name));
            let button = dom::append(&item, "button", "copy-button");
            dom::set(&button, "type", "button");
            dom::set(&button, "data-copy", &words::number(index as u64));
            dom::set(&button, "aria-label", &words::copy(name));
            button.set_text_content(Some(words::COPY));
            let code = dom::append(&item, "code", "command");
            dom::set(&code, "dir", "ltr");
            dom::set(&code, "translate", "no");
            let said = dom::append(&item, "span", "copied");
            dom::set(&said, "role", "status");
            lines.push(Line {
                text: Label::new(code.clone()),
                code,
                button,
                said: Label::new(said),
            });
        }
        let done = |well| -> Done {
            let sender = sender.clone();
            Closure::new(move |_| sender.tell(Input::Copied(well)))
        };
        Self {
            details: shell.find("copy"),
            lines,
            done: done(true),
            failed: done(false),
            sender: sender.clone(),
            drawn: None,
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

    /// Copies a line. Whether that went well is told later.
    pub(super) fn copy(&self, text: &str) {
        match browser::copy(text) {
            Ok(copying) => {
                copying.then(
                    self.done.as_ref().unchecked_ref(),
                    self.failed.as_ref().unchecked_ref(),
                );
            }
            Err(_) => self.sender.tell(Input::Copied(false)),
        }
    }

    /// Selects all of a line, after writing all of it, and copies it the old way, which needs no https.
    pub(super) fn select(&mut self, index: usize, text: &str) {
        let Some(line) = self.lines.get_mut(index) else {
            return;
        };
        line.text.set(text);
        if let Some(selection) = browser::selection() {
            selection.select_all_children(&line.code);
        }
        if browser::command("copy").unwrap_or(false) {
            self.sender.tell(Input::Copied(true));
        }
    }
}
