//! The picture of both ends, as a drawing.

use udp_echo_feed::shape::{self, Canvas};
use web_sys::Element;

use crate::ladder::{Arrow, Ladder, Lane};
use crate::shown::{Flight, Shown, Tip};
use crate::words;

/// Pixels of half a line.
const HALF: u32 = 10;
/// Pixels above the first line.
const HEAD: u32 = 24;

/// The drawn picture.
pub(super) struct Drawing {
    place: Element,
    shown: Ladder,
    said: String,
}

impl Drawing {
    pub(super) fn new(place: Element) -> Self {
        Self {
            place,
            shown: Ladder::default(),
            said: String::new(),
        }
    }

    pub(super) fn draw(&mut self, shown: &Shown) {
        let ladder = Ladder::of(&shown.flights, &shown.lane, shown.is_server);
        let said = describe(&shown.flights, &shown.lane);
        if self.shown == ladder && self.said == said {
            return;
        }
        self.place.set_text_content(None);
        let svg = shape::append(&self.place, "svg", "ladder");
        svg.set("role", "img");
        svg.set("aria-label", &said);
        let height = HEAD + ladder.lines * HALF;
        svg.set("height", &words::number(height.into()));
        head(&svg);
        for lane in &ladder.lanes {
            draw_lane(&svg, lane, height);
        }
        for (line, gap) in &ladder.gaps {
            let time = ["+", &words::span(*gap)].concat();
            shape::text(&svg, "gap", (0, y(*line) + 4), "0", &time);
        }
        for arrow in &ladder.arrows {
            draw_arrow(&svg, arrow);
        }
        (self.shown, self.said) = (ladder, said);
    }
}

/// The picture in words.
fn describe(flights: &[Flight], own: &str) -> String {
    let sentences = flights.iter().map(|flight| {
        let (from, to) = match flight.is_own {
            true => (own, flight.other.as_str()),
            false => (flight.other.as_str(), own),
        };
        words::flight(from, to, flight.bytes, &flight.said)
    });
    let sentences: Vec<String> = sentences.collect();
    words::picture(&sentences)
}

fn y(line: u32) -> u32 {
    HEAD + line * HALF
}

/// The head of arrows, by its name inside this shadow root.
fn head(svg: &Element) {
    let marker = svg.shape("marker");
    for (name, value) in [
        ("id", "ladder-head"),
        ("viewBox", "0 0 8 8"),
        ("refX", "8"),
        ("refY", "4"),
        ("markerWidth", "8"),
        ("markerHeight", "8"),
        ("markerUnits", "userSpaceOnUse"),
        ("orient", "auto"),
    ] {
        marker.set(name, value);
    }
    let path = shape::append(&marker, "path", "head");
    path.set("d", "M0 0 8 4 0 8z");
}

fn draw_lane(svg: &Element, lane: &Lane, height: u32) {
    let part = match lane.is_own {
        true => "lane own-lane",
        false => "lane",
    };
    shape::line(svg, part, (lane.x, HEAD - 4), (lane.x, height));
    let name = match lane.is_many {
        true => words::OTHERS.to_owned(),
        false => lane.name.clone(),
    };
    let text = shape::text(svg, "lane-name", (lane.x, HEAD - 10), "0", &name);
    text.set(
        "text-anchor",
        match lane.x {
            0..300 => "start",
            800.. => "end",
            _ => "middle",
        },
    );
    // Outside of its line, so that the name has the room beside it.
    let dx = match lane.x {
        0..300 => "-40",
        800.. => "28",
        _ => "0",
    };
    text.set("dx", dx);
}

fn draw_arrow(svg: &Element, arrow: &Arrow) {
    let group = shape::append(svg, "g", "flight");
    group.set("data-number", &words::number(arrow.number));
    let (end, sign) = match arrow.end {
        Tip::Arrives => ("arrives", ""),
        Tip::Lost => ("lost", "×"),
        Tip::Nobody => ("nobody", "⊘"),
        Tip::NotSent => ("not-sent", "!"),
        Tip::Open => ("open", "…"),
    };
    group.set("data-end", end);
    group.set_flag("data-assumed", arrow.is_assumed);
    group.set_flag("data-copy", arrow.is_copy);
    let (from, to) = ((arrow.from.0, y(arrow.from.1)), (arrow.to.0, y(arrow.to.1)));
    if from.0 != to.0 {
        let line = shape::line(&group, "arrow", from, to);
        if arrow.end == Tip::Arrives {
            line.set("marker-end", "url(#ladder-head)");
        }
        let middle = (
            from.0.midpoint(to.0),
            from.1.midpoint(to.1).saturating_sub(5),
        );
        let size = words::bytes(arrow.bytes);
        let text = shape::text(&group, "size", middle, "0", &size);
        text.set("text-anchor", "middle");
    }
    if !sign.is_empty() {
        let text = shape::text(&group, "sign", (to.0, to.1 + 5), "0", sign);
        text.set("text-anchor", "middle");
    }
}
