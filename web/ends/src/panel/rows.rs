//! The table of datagrams.

use udp_echo_feed::dom::{self, Label};
use web_sys::Element;

use crate::shown::Row;

/// What the columns are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// Cells, and the fate of the answer.
    Server,
    /// Cells, what is known of the answer, and the fate of the client's own datagram.
    Client,
    /// Cells, of which the first is a button that picks the row, and the fate.
    Program,
}

/// The drawn rows, oldest first.
pub(super) struct Rows {
    body: Element,
    columns: Columns,
    shown: Vec<Row>,
    drawn: Vec<Drawn>,
}

struct Drawn {
    row: Element,
    pick: Option<Element>,
    cells: Vec<Label>,
    word: Label,
    detail: Label,
    answer: Label,
}

impl Rows {
    pub(super) fn new(body: Element, columns: Columns) -> Self {
        Self {
            body,
            columns,
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
                    .push(Drawn::new(&self.body, row.cells.len(), self.columns));
            }
            if self.shown.get(place) != Some(row) {
                self.drawn[place].draw(row);
            }
        }
        self.shown = rows.to_vec();
    }

    /// Marks the row of the datagram that is picked.
    pub(super) fn mark(&self, picked: Option<u64>) {
        for (drawn, row) in self.drawn.iter().zip(&self.shown) {
            if let Some(pick) = &drawn.pick {
                let is_picked = picked == Some(row.number);
                dom::set(
                    pick,
                    "aria-pressed",
                    if is_picked { "true" } else { "false" },
                );
            }
        }
    }
}

impl Drawn {
    fn new(body: &Element, cells: usize, columns: Columns) -> Self {
        let row = dom::append(body, "tr", "row");
        let mut pick = None;
        let cells = (0..cells).map(|place| {
            let mut cell = dom::append(&row, "td", "cell");
            if place == 0 && columns == Columns::Program {
                cell = dom::append(&cell, "button", "pick");
                dom::set(&cell, "type", "button");
                pick = Some(cell.clone());
            }
            Label::new(cell)
        });
        let cells = cells.collect();
        let answer = match columns {
            Columns::Client => dom::append(&row, "td", "cell"),
            Columns::Server | Columns::Program => dom::create("td"),
        };
        let fate = dom::append(&row, "td", "fate");
        Self {
            cells,
            word: Label::new(dom::append(&fate, "span", "fate-word")),
            detail: Label::new(dom::append(&fate, "span", "fate-detail")),
            answer: Label::new(answer),
            pick,
            row,
        }
    }

    fn draw(&mut self, row: &Row) {
        dom::set(&self.row, "data-number", &crate::words::number(row.number));
        dom::set(&self.row, "data-fate", &row.fate);
        if let Some(pick) = &self.pick {
            dom::set(pick, "aria-label", &crate::words::bytes_of(row.number));
        }
        for (label, cell) in self.cells.iter_mut().zip(&row.cells) {
            label.set(cell);
        }
        self.word.set(&row.word);
        self.detail.set(&row.detail);
        self.answer.set(&row.answer);
    }
}
