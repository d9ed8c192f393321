//! The space-time diagram on the page.

use udp_echo_feed::dom;
use udp_echo_feed::feed::Feed;
use web_sys::Element;

use crate::picture::{End, LANES, Picture, Stroke, WIDTH, picture};
use crate::words;

/// The drawn picture.
pub(super) struct Drawing {
    svg: Element,
    drawn: Picture,
    selected: Option<u64>,
}

impl Drawing {
    pub(super) fn new(place: &Element) -> Self {
        let svg = append(place, "svg");
        dom::set(&svg, "part", "picture");
        dom::set(&svg, "role", "img");
        dom::set(&svg, "aria-label", words::PICTURE);
        Self {
            svg,
            drawn: Picture::default(),
            selected: None,
        }
    }

    pub(super) fn draw(&mut self, feed: &Feed) {
        let picture = picture(&feed.datagrams);
        if picture == self.drawn && feed.selected == self.selected {
            return;
        }
        self.selected = feed.selected;
        self.svg.set_text_content(None);
        let height = words::number(picture.height.into());
        dom::set(
            &self.svg,
            "viewBox",
            &["0 0 ", &words::number(WIDTH.into()), " ", &height].concat(),
        );
        for (lane, name) in LANES.into_iter().zip(words::LANES) {
            dom::set(
                &line(&self.svg, (lane, 28), (lane, picture.height)),
                "part",
                "lane",
            );
            let title = text(&self.svg, (lane, 14), name);
            dom::set(&title, "part", "lane-name");
        }
        for stroke in &picture.strokes {
            self.draw_stroke(stroke);
        }
        self.drawn = picture;
    }

    fn draw_stroke(&self, stroke: &Stroke) {
        let element = line(&self.svg, stroke.from, stroke.to);
        let (part, sign) = match stroke.end {
            End::Arrow => ("stroke", ""),
            End::Lost => ("stroke lost", "×"),
            End::Refused => ("stroke refused", "⊘"),
        };
        dom::set(&element, "part", part);
        dom::set(&element, "data-number", &words::number(stroke.number));
        dom::set_flag(
            &element,
            "data-selected",
            Some(stroke.number) == self.selected,
        );
        if !sign.is_empty() {
            dom::set(&text(&self.svg, stroke.to, sign), "part", part);
        }
    }
}

fn line(svg: &Element, from: (u32, u32), to: (u32, u32)) -> Element {
    let line = append(svg, "line");
    for (name, value) in [("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)] {
        dom::set(&line, name, &words::number(value.into()));
    }
    line
}

fn text(svg: &Element, at: (u32, u32), words: &str) -> Element {
    let text = append(svg, "text");
    dom::set(&text, "x", &words::number(at.0.into()));
    dom::set(&text, "y", &words::number(at.1.into()));
    text.set_text_content(Some(words));
    text
}

fn append(parent: &Element, tag: &str) -> Element {
    let element = dom::create_svg(tag);
    // It fails only where no child may stand, and ours may.
    let _ = parent.append_child(&element);
    element
}
