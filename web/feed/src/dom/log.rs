//! One transcript on the page.

use std::collections::VecDeque;

use web_sys::Element;

use crate::dom;
use crate::transcript::{Kind, Line, Transcript};
use crate::words;

/// New lines of one frame that are drawn at most.
const BUSY: u64 = 40;

/// The drawn lines of one transcript.
#[derive(Debug)]
pub struct Log {
    lines: Element,
    /// The drawn lines, oldest first, with the datagrams they are about.
    drawn: VecDeque<(Option<u64>, Element)>,
    /// Number of the first line that is not drawn yet.
    next: u64,
    selected: Option<u64>,
}

impl Log {
    /// Draws inside this element.
    pub fn new(lines: Element) -> Self {
        Self {
            lines,
            drawn: VecDeque::new(),
            next: 0,
            selected: None,
        }
    }

    /// Shows the newest lines, and which of them are about the picked datagram.
    pub fn draw(&mut self, transcript: &Transcript, selected: Option<u64>) {
        let kept = transcript.numbers();
        let start = match kept.end - self.next.max(kept.start) {
            // More than anybody reads between two frames: the end is drawn, and the frame after this one comes in time.
            0..=BUSY => kept.start,
            _ => kept.end - BUSY,
        };
        while self.next - (self.drawn.len() as u64) < start {
            match self.drawn.pop_front() {
                Some((_, element)) => element.remove(),
                // Whole screens of lines came since the last frame: most are never drawn.
                None => self.next = start,
            }
        }
        if selected != self.selected {
            self.draw_selection(selected);
        }
        while let Some(line) = transcript.line(self.next) {
            self.append(line);
            self.next += 1;
        }
    }

    fn draw_selection(&mut self, selected: Option<u64>) {
        for (number, element) in &self.drawn {
            if number.is_some() && (*number == selected || *number == self.selected) {
                dom::set_flag(element, "data-selected", *number == selected);
            }
        }
        self.selected = selected;
    }

    fn append(&mut self, line: &Line) {
        let element = dom::append(&self.lines, "div", "line");
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
            dom::set_flag(&element, "data-selected", line.number == self.selected);
            dom::set(&element, "data-number", &words::number(number));
        }
        draw_text(&element, line);
        self.drawn.push_back((line.number, element));
    }
}

/// Writes a line. What a client quotes is a payload, which may be written from right to left: alone in its element, it reorders
/// neither the quotes nor the words around it.
fn draw_text(element: &Element, line: &Line) {
    let text = line.text.as_str();
    let begins = text.bytes().position(|byte| byte == b'"');
    let parts = begins.and_then(|begins| {
        let payload = text.get(begins + 1..text.len() - 1)?;
        Some((text.get(..=begins)?, payload))
    });
    match (parts, line.kind) {
        (Some((before, payload)), Kind::Printed) if text.ends_with('"') => {
            dom::append_text(element, before);
            dom::append(element, "bdi", "payload").set_text_content(Some(payload));
            dom::append_text(element, "\"");
        }
        _ => element.set_text_content(Some(text)),
    }
}
