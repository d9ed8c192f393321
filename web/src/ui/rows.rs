//! The table of datagrams.

use std::collections::VecDeque;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::dom::{self, Label};
use crate::session::datagram::Datagram;
use crate::view::View;
use crate::words;

/// The drawn rows, oldest first.
pub(super) struct Rows {
    body: Element,
    drawn: VecDeque<Row>,
    selected: Option<u64>,
    /// The row that the Tab key reaches.
    reachable: Option<u64>,
}

struct Row {
    number: u64,
    revision: Option<u32>,
    element: HtmlElement,
    round_trip: Label,
    before: Label,
    beyond: Label,
    fate: Label,
    detail: Label,
}

impl Rows {
    pub(super) fn new(body: Element) -> Self {
        Self {
            body,
            drawn: VecDeque::new(),
            selected: None,
            reachable: None,
        }
    }

    pub(super) fn draw(&mut self, view: &View<'_>) {
        let datagrams = &view.rows;
        let first = datagrams
            .first()
            .map_or(u64::MAX, |datagram| datagram.number);
        while self.drawn.front().is_some_and(|row| row.number < first) {
            if let Some(row) = self.drawn.pop_front() {
                row.element.remove();
            }
        }
        // The datagrams have no gaps, and neither have the rows: they stand at the same places.
        for (place, datagram) in datagrams.iter().enumerate() {
            if place == self.drawn.len() {
                let row = Row::new(datagram);
                // It fails only where no child may stand, and rows may.
                let _ = self.body.append_child(&row.element);
                self.drawn.push_back(row);
            }
            self.drawn[place].draw(datagram);
        }
        self.draw_selection(view);
    }

    fn draw_selection(&mut self, view: &View<'_>) {
        let selected = view.selected;
        let reachable = selected.or(view.rows.last().map(|datagram| datagram.number));
        for row in &self.drawn {
            if Some(row.number) == self.selected || Some(row.number) == selected {
                let is_selected = Some(row.number) == selected;
                dom::set(
                    &row.element,
                    "aria-selected",
                    if is_selected { "true" } else { "false" },
                );
                if is_selected && view.is_stepping && selected != self.selected {
                    // It fails only for rows that cannot have the focus.
                    let _ = row.element.focus();
                }
            }
            if Some(row.number) == self.reachable || Some(row.number) == reachable {
                row.element
                    .set_tab_index(if Some(row.number) == reachable { 0 } else { -1 });
            }
        }
        self.selected = selected;
        self.reachable = reachable;
    }
}

impl Row {
    fn new(datagram: &Datagram) -> Self {
        let element: HtmlElement = dom::create("tr").unchecked_into();
        dom::set(&element, "data-number", &datagram.number.to_string());
        dom::set(&element, "aria-selected", "false");
        let cell = |part: &str| super::append(&element, "td", part);
        cell("number").set_text_content(Some(&datagram.number.to_string()));
        cell("bytes").set_text_content(Some(&datagram.payload.len().to_string()));
        let round_trip = Label::new(cell("round-trip"));
        let before = Label::new(cell("before"));
        let beyond = Label::new(cell("beyond"));
        let ending = cell("fate");
        let fate = Label::new(super::append(&ending, "span", "fate-word"));
        let detail = Label::new(super::append(&ending, "span", "fate-detail"));
        Self {
            number: datagram.number,
            revision: None,
            element,
            round_trip,
            before,
            beyond,
            fate,
            detail,
        }
    }

    fn draw(&mut self, datagram: &Datagram) {
        if self.revision == Some(datagram.revision) {
            return;
        }
        self.revision = Some(datagram.revision);
        if let Some(trip) = datagram.round_trip() {
            self.round_trip.set(&words::span(trip.total));
            self.before.set(&words::span(trip.before_relay));
            self.beyond.set(&words::span(trip.beyond_relay));
        }
        let fate = words::fate(datagram.fate);
        // The sign and the colour of the fate hang on this in the style sheet.
        dom::set(&self.element, "data-fate", fate);
        self.fate.set(fate);
        self.detail.set(&words::fate_detail(datagram));
    }
}
