//! The table of datagrams.

use std::collections::VecDeque;

use udp_echo_feed::datagram::Datagram;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::dom::{self, Label};
use crate::view::View;
use crate::words;

/// New rows of one frame that are drawn at most.
const BUSY: u64 = 20;

/// The drawn rows, oldest first.
pub(super) struct Rows {
    body: Element,
    drawn: VecDeque<Row>,
    /// Number of the first of them. The datagrams have no gaps, and neither have the rows.
    first: u64,
    selected: Option<u64>,
    /// The row that the Tab key reaches.
    reachable: Option<u64>,
}

struct Row {
    revision: Option<u64>,
    element: HtmlElement,
    /// Round trip, and its parts before and beyond the relay.
    times: [Label; 3],
    /// The fate and what else there is to say about it.
    ending: [Label; 2],
}

impl Rows {
    pub(super) fn new(body: Element) -> Self {
        Self {
            body,
            drawn: VecDeque::new(),
            first: 0,
            selected: None,
            reachable: None,
        }
    }

    pub(super) fn draw(&mut self, view: &View<'_>) {
        let mut rows = view.rows();
        let next = self.first + self.drawn.len() as u64;
        if rows.end.saturating_sub(next.max(rows.start)) > BUSY {
            // More than anybody reads between two frames: the end is drawn, and the frame after this one comes in time.
            rows.start = rows.end - BUSY;
        }
        // What was passed over then is not drawn later.
        rows.start = rows.start.max(self.first);
        while self.first < rows.start {
            match self.drawn.pop_front() {
                Some(row) => row.element.remove(),
                // Whole screens of rows came since the last frame: most are never drawn.
                None => self.first = rows.start - 1,
            }
            self.first += 1;
        }
        for number in rows {
            let Some(datagram) = view.datagram(number) else {
                break;
            };
            match self.row(number) {
                Some(row) => row.draw(datagram),
                None => self.drawn.push_back(Row::new(&self.body, datagram)),
            }
        }
        self.draw_selection(view);
    }

    fn draw_selection(&mut self, view: &View<'_>) {
        let selected = view.selected();
        if selected != self.selected {
            self.select(self.selected, "false", false);
            self.select(selected, "true", view.is_stepping());
            self.selected = selected;
        }
        let reachable = view.shown().map(|datagram| datagram.number);
        if reachable != self.reachable {
            for (number, index) in [(self.reachable, -1), (reachable, 0)] {
                if let Some(row) = number.and_then(|number| self.row(number)) {
                    row.element.set_tab_index(index);
                }
            }
            self.reachable = reachable;
        }
    }

    fn select(&mut self, number: Option<u64>, is_selected: &str, takes_focus: bool) {
        if let Some(row) = number.and_then(|number| self.row(number)) {
            dom::set(&row.element, "aria-selected", is_selected);
            if takes_focus {
                // It fails only for rows that cannot have the focus.
                let _ = row.element.focus();
            }
        }
    }

    fn row(&mut self, number: u64) -> Option<&mut Row> {
        let place = number.checked_sub(self.first)?;
        self.drawn.get_mut(usize::try_from(place).ok()?)
    }
}

impl Row {
    fn new(body: &Element, datagram: &Datagram) -> Self {
        let element: HtmlElement = dom::append(body, "tr", "row").unchecked_into();
        let number = words::number(datagram.number);
        dom::set(&element, "data-number", &number);
        let cell = |part| Label::new(dom::append(&element, "td", part));
        cell("number").set(&number);
        cell("bytes").set(&words::number(datagram.payload.len() as u64));
        let times = [cell("round-trip"), cell("before"), cell("beyond")];
        let ending = dom::append(&element, "td", "fate");
        let span = |part| Label::new(dom::append(&ending, "span", part));
        let ending = [span("fate-word"), span("fate-detail")];
        let mut row = Self {
            revision: None,
            element,
            times,
            ending,
        };
        row.draw(datagram);
        row
    }

    fn draw(&mut self, datagram: &Datagram) {
        if self.revision == Some(datagram.revision) {
            return;
        }
        self.revision = Some(datagram.revision);
        if let Some(trip) = datagram.round_trip() {
            let times = [trip.total, trip.before_relay, trip.beyond_relay];
            for (label, time) in self.times.iter_mut().zip(times) {
                label.set(&words::span(time));
            }
        }
        let fate = words::fate(datagram.fate);
        // The sign and the colour of the fate hang on this in the style sheet.
        dom::set(&self.element, "data-fate", fate);
        let [word, detail] = &mut self.ending;
        word.set(words::fate_word(datagram.fate));
        detail.set(&words::fate_detail(datagram));
    }
}
