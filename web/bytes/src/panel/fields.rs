//! The two fields of the message, hex and text.

use udp_echo_feed::dom::{self, Label, Shell};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::set_disabled;
use crate::editor::Notation;
use crate::state::State;
use crate::words;

struct Field {
    notation: Notation,
    area: HtmlTextAreaElement,
    /// What stands in it.
    held: String,
    broken: Label,
}

/// The drawn fields.
pub(super) struct Fields {
    fields: [Field; 2],
    pages: Element,
    page: Label,
    earlier: Element,
    later: Element,
}

impl Fields {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let field = |notation, name, broken| Field {
            notation,
            area: shell.find(name).unchecked_into(),
            held: String::new(),
            broken: Label::new(shell.find(broken)),
        };
        Self {
            fields: [
                field(Notation::Hex, "hex", "hex-broken"),
                field(Notation::Text, "text", "text-broken"),
            ],
            pages: shell.find("pages"),
            page: Label::new(shell.find("page")),
            earlier: shell.find("earlier"),
            later: shell.find("later"),
        }
    }

    /// The reader wrote this.
    pub(super) fn hold(&mut self, notation: Notation, text: &str) {
        for field in &mut self.fields {
            if field.notation == notation {
                text.clone_into(&mut field.held);
            }
        }
    }

    pub(super) fn draw(&mut self, state: &State) {
        let editor = state.editor();
        for field in &mut self.fields {
            let broken = state.broken(field.notation);
            field
                .broken
                .set(&broken.map(words::broken).unwrap_or_default());
            dom::set(
                &field.area,
                "aria-invalid",
                if broken.is_some() { "true" } else { "false" },
            );
            if state.leaves_alone(field.notation) {
                continue;
            }
            let written = editor.written(field.notation);
            if written != field.held {
                field.area.set_value(&written);
                field.held = written;
            }
        }
        let (page, of) = (editor.page(), editor.payload().len());
        dom::set_flag(&self.pages, "hidden", !editor.has_pages());
        self.page
            .set(&words::page(page.start, page.end.saturating_sub(1), of));
        set_disabled(&self.earlier, page.start == 0);
        set_disabled(&self.later, page.end == of);
    }
}
