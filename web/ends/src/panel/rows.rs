//! The table of datagrams.

use udp_echo_feed::dom::{self, Label};
use web_sys::Element;

use crate::shown::Row;

/// The drawn rows, oldest first.
pub(super) struct Rows {
    body: Element,
    is_server: bool,
    shown: Vec<Row>,
    drawn: Vec<Drawn>,
}

struct Drawn {
    row: Element,
    cells: Vec<Label>,
    word: Label,
    detail: Label,
    answer: Label,
}

impl Rows {
    pub(super) fn new(body: Element, is_server: bool) -> Self {
        Self {
            body,
            is_server,
            shown: Vec::new(),
            drawn: Vec::new(),
        }
    }

    pub(super) fn draw(&mut self, rows: &[Row]) {
        if self.shown == rows {
            return;
        }
        while self.drawn.len() > rows.len() {
            if let Some(last) = self.drawn.pop() {
                last.row.remove();
            }
        }
        for (place, row) in rows.iter().enumerate() {
            if place == self.drawn.len() {
                self.drawn
                    .push(Drawn::new(&self.body, row.cells.len(), self.is_server));
            }
            if self.shown.get(place) != Some(row) {
                self.drawn[place].draw(row);
            }
        }
        self.shown = rows.to_vec();
    }
}

impl Drawn {
    fn new(body: &Element, cells: usize, is_server: bool) -> Self {
        let row = dom::append(body, "tr", "row");
        let cells = (0..cells).map(|_| Label::new(dom::append(&row, "td", "cell")));
        let cells = cells.collect();
        // A server's last column is the answer's fate, a client's is that of its own datagram.
        let answer = match is_server {
            false => dom::append(&row, "td", "cell"),
            true => dom::create("td"),
        };
        let fate = dom::append(&row, "td", "fate");
        Self {
            cells,
            word: Label::new(dom::append(&fate, "span", "fate-word")),
            detail: Label::new(dom::append(&fate, "span", "fate-detail")),
            answer: Label::new(answer),
            row,
        }
    }

    fn draw(&mut self, row: &Row) {
        dom::set(&self.row, "data-number", &crate::words::number(row.number));
        dom::set(&self.row, "data-fate", &row.fate);
        for (label, cell) in self.cells.iter_mut().zip(&row.cells) {
            label.set(cell);
        }
        self.word.set(&row.word);
        self.detail.set(&row.detail);
        self.answer.set(&row.answer);
    }
}
