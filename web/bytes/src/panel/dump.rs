//! The bytes on the wire: the header's fields, and the payload as rows of which only those in sight are drawn.

use udp_echo_feed::dom::{self, Label, Shell};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::{browser, number, set_property};
use crate::dump::{glyphs, offset_digits, window};
use crate::hex;
use crate::stage::{STAGES, Shown, Stage};
use crate::state::State;
use crate::words;

/// The drawn bytes.
pub(super) struct Dump {
    stages: Vec<(Stage, HtmlInputElement)>,
    caption: Label,
    datagram: Element,
    header: Element,
    covers: Label,
    scroller: Element,
    rows: Element,
    remarks: Element,
    /// What the header and the remarks were drawn for.
    revision: Option<u32>,
    addresses: String,
    /// What the rows were drawn for: revision, bytes a row, first and last row.
    drawn: Option<(u32, usize, usize, usize)>,
}

impl Dump {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let list = shell.find("stages");
        let mut stages = Vec::new();
        for stage in &STAGES {
            let label = dom::append(&list, "label", "which");
            let radio = dom::append(&label, "input", "radio");
            dom::set(&radio, "type", "radio");
            dom::set(&radio, "name", "bytes-stage");
            dom::set(&radio, "data-stage", &words::number(*stage as u64));
            dom::append(&label, "span", "which-name").set_text_content(Some(words::stage(*stage)));
            stages.push((*stage, radio.unchecked_into()));
        }
        Self {
            stages,
            caption: Label::new(shell.find("caption")),
            datagram: shell.find("datagram"),
            header: shell.find("header"),
            covers: Label::new(shell.find("covers")),
            scroller: shell.find("dump"),
            rows: shell.find("dump-rows"),
            remarks: shell.find("remarks"),
            revision: None,
            addresses: String::new(),
            drawn: None,
        }
    }

    pub(super) fn draw(&mut self, state: &State) {
        for (stage, radio) in &self.stages {
            radio.set_checked(*stage == state.stage());
            radio.set_disabled(*stage != Stage::Draft && !state.has_datagram());
        }
        self.caption.set(&state.caption());
        dom::set_flag(&self.datagram, "hidden", state.shown().is_none());
        let Some(shown) = state.shown() else { return };
        let addresses = state.endpoints();
        if self.revision != Some(state.revision()) || self.addresses != addresses {
            self.revision = Some(state.revision());
            self.addresses = addresses;
            self.draw_header(state);
            self.remarks.set_text_content(None);
            for (sign, sentence) in &state.remarks() {
                let remark = dom::append(&self.remarks, "li", "remark");
                dom::set(&remark, "data-sign", sign);
                remark.set_text_content(Some(sentence));
            }
        }
        self.draw_rows(shown);
    }

    fn draw_header(&mut self, state: &State) {
        self.header.set_text_content(None);
        let (header, covers) = match state.header() {
            Ok(header) => header,
            Err(why) => {
                dom::append(&self.header, "p", "complaint").set_text_content(Some(&why));
                self.covers.set("");
                return;
            }
        };
        for (index, value) in header.fields().iter().enumerate() {
            let (name, words) = words::field(index, *value);
            let field = dom::append(&self.header, "div", "header-field");
            let bytes = hex::print(&value.to_be_bytes());
            dom::append(&field, "code", "header-bytes").set_text_content(Some(&bytes));
            dom::append(&field, "span", "header-name").set_text_content(Some(name));
            dom::append(&field, "b", "header-value").set_text_content(Some(&words));
        }
        self.covers.set(&covers);
    }

    fn draw_rows(&mut self, shown: &Shown) {
        let revision = self.revision.unwrap_or_default();
        let per_row = self.bytes_per_row();
        let rows = shown.bytes.len().div_ceil(per_row);
        // Pixels a row are the style sheet's; what is drawn already tells them.
        let [scrolled, height, row_height] = self.measure();
        let (first, last) = window(rows, scrolled, height, row_height);
        if self.drawn == Some((revision, per_row, first, last)) {
            return;
        }
        self.drawn = Some((revision, per_row, first, last));
        set_property(&self.rows, "--rows", &words::number(rows as u64));
        set_property(&self.rows, "--first", &words::number(first as u64));
        dom::set(&self.scroller, "aria-rowcount", &words::number(rows as u64));
        self.rows.set_text_content(None);
        for row in first..last {
            self.draw_row(shown, row, per_row);
        }
    }

    fn draw_row(&self, shown: &Shown, row: usize, per_row: usize) {
        let from = row * per_row;
        let to = shown.bytes.len().min(from + per_row);
        let element = dom::append(&self.rows, "div", "row");
        dom::set(&element, "role", "row");
        dom::set(&element, "aria-rowindex", &words::number(row as u64 + 1));
        let cell = |part, role| {
            let cell = dom::append(&element, "span", part);
            dom::set(&cell, "role", role);
            cell
        };
        let digits = hex::print_dense(&(from as u32).to_be_bytes());
        let offset = digits.get(8 - offset_digits(shown.bytes.len())..);
        cell("offset", "rowheader").set_text_content(offset);
        let mut run = Run::new(cell("row-hex", "cell"));
        for (index, byte) in shown.bytes[from..to].iter().enumerate() {
            if index > 0 {
                run.push(None, if index % 8 == 0 { "  " } else { " " });
            }
            run.push(mark(shown, from + index), &hex::print(&[*byte]));
        }
        // The text stands in one column also in the last row.
        let missing = per_row - (to - from);
        let gaps = missing * 3 + usize::from(per_row == 16 && missing >= 8);
        for _ in 0..gaps {
            run.push(None, " ");
        }
        run.end();
        let mut run = Run::new(cell("row-text", "cell"));
        for (index, glyph) in glyphs(&shown.bytes, from, to).iter().enumerate() {
            let mut picture = [0; 4];
            let picture = glyph.picture.encode_utf8(&mut picture);
            run.push_glyph(mark(shown, from + index), glyph.kind, picture);
        }
        run.end();
    }

    /// Sixteen, or as many fewer as there is no room for.
    fn bytes_per_row(&self) -> usize {
        let pixels = number(&browser::computed_style(&self.scroller).font_size()) as i32;
        // A character of a monospace font is six tenths of its size wide.
        let room = self.scroller.client_width() - 2 * pixels;
        let characters = room * 10 / (pixels * 6).max(1);
        match characters {
            74.. => 16,
            38.. => 8,
            _ => 4,
        }
    }

    /// Pixels that were scrolled, that are in sight, and that a row has.
    fn measure(&self) -> [u32; 3] {
        let row = self
            .rows
            .first_element_child()
            .map_or(20, |row| row.client_height().max(1));
        [
            self.scroller.scroll_top().max(0) as u32,
            self.scroller.client_height() as u32,
            row as u32,
        ]
    }
}

/// How a byte is marked: part of the element, and what it means.
fn mark(shown: &Shown, index: usize) -> Option<(&'static str, &'static str)> {
    if shown.turned.iter().any(|turned| turned.byte == index) {
        Some(("turned", words::TURNED_BYTE))
    } else if index >= shown.kept() {
        Some(("cut", words::CUT_BYTE))
    } else {
        None
    }
}

type Mark = Option<(&'static str, &'static str)>;

/// Text that is put together as long as it is marked alike: a row is a few nodes, not one for each byte.
struct Run {
    cell: Element,
    text: String,
    mark: Mark,
}

impl Run {
    fn new(cell: Element) -> Self {
        Self {
            cell,
            text: String::new(),
            mark: None,
        }
    }

    fn push(&mut self, mark: Mark, text: &str) {
        if mark != self.mark {
            self.flush();
            self.mark = mark;
        }
        self.text.push_str(text);
    }

    /// A glyph that is no ASCII has an element of its own, as wide as every other, whatever the font makes of it.
    fn push_glyph(&mut self, mark: Mark, kind: Option<&str>, text: &str) {
        let Some(kind) = kind else {
            return self.push(mark, text);
        };
        self.flush();
        let part = match mark {
            Some((part, _)) => ["glyph ", kind, " ", part].concat(),
            None => ["glyph ", kind].concat(),
        };
        self.write(&part, mark, text);
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        match self.mark {
            Some((part, _)) => self.write(part, self.mark, &text),
            None => {
                let cell: &browser::Node = self.cell.unchecked_ref();
                cell.append_text(&text);
            }
        }
    }

    fn write(&self, part: &str, mark: Mark, text: &str) {
        let element = dom::append(&self.cell, "span", part);
        if let Some((_, meaning)) = mark {
            dom::set(&element, "title", meaning);
        }
        element.set_text_content(Some(text));
    }

    fn end(mut self) {
        self.flush();
    }
}
