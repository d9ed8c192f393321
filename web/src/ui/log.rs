//! One transcript on the page.

use std::collections::VecDeque;

use web_sys::Element;

use crate::dom;
use crate::session::transcript::{Kind, Transcript};

/// The drawn lines of one transcript.
pub(super) struct Log {
    lines: Element,
    /// The drawn lines, oldest first, with the datagrams they are about.
    drawn: VecDeque<(Option<u64>, Element)>,
    /// Number of the first line that is not drawn yet.
    next: u64,
    selected: Option<u64>,
}

impl Log {
    pub(super) fn new(lines: Element) -> Self {
        Self {
            lines,
            drawn: VecDeque::new(),
            next: 0,
            selected: None,
        }
    }

    pub(super) fn draw(&mut self, transcript: &Transcript, selected: Option<u64>) {
        let oldest_drawn = self.next - self.drawn.len() as u64;
        for _ in oldest_drawn..transcript.oldest() {
            if let Some((_, element)) = self.drawn.pop_front() {
                element.remove();
            }
        }
        if selected != self.selected {
            for (number, element) in &self.drawn {
                if number.is_some() && (*number == selected || *number == self.selected) {
                    dom::set_flag(element, "data-selected", *number == selected);
                }
            }
            self.selected = selected;
        }
        for (_, line) in transcript.since(self.next) {
            let element = dom::create("div");
            let kind = match line.kind {
                Kind::Printed => "printed",
                Kind::Data => "data",
                Kind::Remark => "remark",
            };
            dom::set(&element, "data-kind", kind);
            if let Some(number) = line.number {
                let is_first = self
                    .drawn
                    .back()
                    .is_none_or(|(before, _)| *before != line.number);
                dom::set_flag(&element, "data-first", is_first);
                dom::set(&element, "data-number", &number.to_string());
                dom::set_flag(&element, "data-selected", line.number == selected);
            }
            element.set_text_content(Some(&line.text));
            // It fails only where no child may stand, and lines may.
            let _ = self.lines.append_child(&element);
            self.drawn.push_back((line.number, element));
        }
        self.next = transcript.total();
    }
}
