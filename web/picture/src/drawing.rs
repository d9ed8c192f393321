//! A picture as shapes, on a page or in a file.

use udp_echo_feed::shape::{Canvas, append, belongs, line, percent, rect, text};
use udp_echo_feed::words::number;

use crate::labels::{self, STRIP, Side, is_on_lane};
use crate::picture::{Bar, Bracket, Hop, Note, Picture, Stroke, TOP, Tense, WHOLE};
use crate::scale::{Tick, Time};
use crate::sketch::{End, Sign};
use crate::way::{RELAY, SERVER};
use crate::words;

/// Width of the drawing of the ruler.
pub const RULER: u32 = 66;
/// Room for the numbers right of the server's lane.
pub const NUMBERS: u32 = 52;
/// Room beside the plane: the ruler, the browser's strip, the numbers.
pub const BESIDE: u32 = RULER + STRIP as u32 + NUMBERS;

/// Half the width of the bar of a wait in the link's queue.
const HALF_BAR: i32 = 4;

/// Draws what stands in every picture: the lanes with their names, and the tip of all arrows.
pub fn draw_lanes<C: Canvas>(plane: &C) {
    let marker = append(plane, "marker", "marker");
    for (name, value) in [
        ("id", "tip"),
        ("orient", "auto"),
        ("markerUnits", "userSpaceOnUse"),
        ("markerWidth", "9"),
        ("markerHeight", "8"),
        ("refX", "9"),
        ("refY", "4"),
    ] {
        marker.set(name, value);
    }
    append(&marker, "path", "tip").set("d", "M0 0 9 4 0 8z");
    let top = TOP - 8;
    let browser = line(plane, "lane", (RELAY, top), (RELAY, WHOLE));
    for end in ["x1", "x2"] {
        browser.set(end, &pixels(-STRIP));
    }
    for lane in [RELAY, SERVER] {
        line(plane, "lane", (lane, top), (lane, WHOLE));
    }
    let [browser, relay, server] = words::LANES;
    for (lane, dx, anchor, name) in [
        (RELAY, pixels(-STRIP - 4), "start", browser),
        (RELAY, pixels(-4), "start", relay),
        (SERVER, pixels(4), "end", server),
    ] {
        let name = text(plane, "lane-name", (lane, 12), &dx, name);
        name.set("text-anchor", anchor);
    }
}

/// Draws a picture: the ruler on one canvas, the rest on the other.
pub fn draw<C: Canvas>(picture: &Picture, selected: Option<u64>, ruler: &C, plane: &C) {
    Drawing {
        ruler,
        plane,
        selected,
    }
    .draw(picture);
}

/// Where it is drawn, and which datagram is picked.
struct Drawing<'a, C> {
    ruler: &'a C,
    plane: &'a C,
    selected: Option<u64>,
}

impl<C: Canvas> Drawing<'_, C> {
    fn draw(&self, picture: &Picture) {
        for tick in &picture.ticks {
            self.draw_tick(tick);
        }
        for bracket in &picture.brackets {
            self.draw_bracket(bracket);
        }
        for hop in &picture.hops {
            self.draw_hop(hop);
        }
        // Who waits longest came last; the others lie over that bar.
        for bar in picture.bars.iter().rev() {
            self.draw_bar(bar);
        }
        for stroke in &picture.strokes {
            self.draw_stroke(stroke);
        }
        for y in &picture.gaps {
            self.draw_gap(*y);
        }
        if let Some(now) = picture.now {
            line(self.plane, "now", (RELAY, now.1), (SERVER, now.1));
            let dot = append(self.plane, "circle", "now");
            dot.set("cx", &percent(now.0));
            dot.set("cy", &number(now.1.into()));
            dot.set("r", "5");
        }
        for numbers in &picture.numbers {
            let (dx, anchor) = match numbers.x {
                SERVER => (labels::BESIDE_SERVER, "start"),
                _ => (-labels::BESIDE_HOP, "end"),
            };
            let words = words::numbers(&numbers.numbers);
            let at = (numbers.x, numbers.y);
            let label = text(self.plane, "whose", at, &pixels(dx), &words);
            label.set("text-anchor", anchor);
            if let [number] = numbers.numbers[..] {
                belongs(&label, number, self.selected);
            }
        }
        for note in &picture.notes {
            self.draw_note(note);
        }
    }

    fn draw_tick(&self, tick: &Tick) {
        let (part, sign, micros) = match tick.time {
            Time::Since(micros) => ("since", "", micros),
            Time::Plus(micros) => ("plus", "+", micros),
            Time::Silence(micros) => ("silence", "⋮ ", micros),
        };
        let words = [sign, &words::time(micros)].concat();
        text(self.ruler, part, (0, tick.y), "54", &words);
        if part != "silence" {
            line(self.plane, "tick", (RELAY, tick.y), (SERVER, tick.y));
        }
    }

    /// Lanes and strokes are broken where time is left out.
    fn draw_gap(&self, y: u32) {
        let at = y.saturating_sub(2);
        rect(self.plane, "gap", (RELAY, at), (SERVER, 4));
        let strip = rect(self.plane, "gap", (RELAY, at), (0, 4));
        // A little more than up to the lanes, which are lines of some width.
        strip.set("x", &pixels(-STRIP - 2));
        strip.set("width", &pixels(STRIP + 4));
    }

    fn draw_bracket(&self, bracket: &Bracket) {
        let path = append(self.plane, "path", "wait");
        // All columns have room between the strip and the times of the ruler.
        let edge = -STRIP - 2;
        let x = edge - 3 - 3 * bracket.column as i32;
        let [from, to] = [bracket.from, bracket.to].map(|y| number(y.into()));
        let (edge, x) = (pixels(edge), pixels(x));
        path.set(
            "d",
            &["M", &edge, " ", &from, "H", &x, "V", &to, "H", &edge].concat(),
        );
        belongs(&path, bracket.number, self.selected);
        set_tense(&path, bracket.tense);
    }

    fn draw_hop(&self, hop: &Hop) {
        let hit = line(self.plane, "hop", (RELAY, hop.y), (RELAY, hop.y));
        let (from, to) = match hop.is_answer {
            true => (0, -STRIP),
            false => (-STRIP, 0),
        };
        hit.set("x1", &pixels(from));
        belongs(&hit, hop.number, self.selected);
        set_tense(&hit, hop.tense);
        if !hop.is_lost {
            hit.set("x2", &pixels(to));
            return hit.set("marker-end", "url(#tip)");
        }
        let half = pixels(-STRIP / 2);
        hit.set("x2", &half);
        hit.set_flag("data-lost", true);
        let (sign, word) = words::sign(Sign::Hop);
        let cross = text(self.plane, "sign", (RELAY, hop.y), &half, sign);
        cross.set("text-anchor", "middle");
        cross.set("data-sign", word);
        belongs(&cross, hop.number, self.selected);
        set_tense(&cross, hop.tense);
    }

    fn draw_bar(&self, bar: &Bar) {
        let size = bar.to.saturating_sub(bar.from);
        let shape = rect(self.plane, "queue", (bar.x, bar.from), (0, size));
        shape.set("width", &pixels(2 * HALF_BAR));
        shape.set(
            "transform",
            &["translate(", &pixels(-HALF_BAR), ")"].concat(),
        );
        belongs(&shape, bar.number, self.selected);
        set_tense(&shape, bar.tense);
    }

    fn draw_stroke(&self, stroke: &Stroke) {
        let part = match stroke.end {
            End::Cross => "stroke lost",
            End::Stop => "stroke refused",
            End::Arrow | End::Open => "stroke",
        };
        // A wider line that nobody sees is easier to hit.
        for part in ["hit", part] {
            let line = line(self.plane, part, stroke.from, stroke.to);
            belongs(&line, stroke.number, self.selected);
            if part != "hit" {
                line.set_flag("data-assumed", stroke.is_assumed);
                if stroke.end == End::Arrow {
                    line.set("marker-end", "url(#tip)");
                }
                set_tense(&line, stroke.tense);
            }
        }
    }

    fn draw_note(&self, note: &Note) {
        let (sign, word) = words::sign(note.sign);
        let (x, y) = note.at;
        let draw = |part: &str, y: u32, dx: i32, anchor: &str, words: &str| {
            let text = text(self.plane, part, (x, y), &pixels(dx), words);
            text.set("text-anchor", anchor);
            text.set("data-sign", word);
            belongs(&text, note.number, self.selected);
            set_tense(&text, note.tense);
        };
        if !is_on_lane(x) {
            draw("sign", y, 0, "middle", sign);
        }
        if let Some(label) = &note.label {
            let gap = match is_on_lane(x) {
                true => labels::BESIDE_LANE,
                false => labels::BESIDE_SIGN,
            };
            let (dx, anchor) = match Side::of(x) {
                Side::Right => (gap, "start"),
                Side::Left => (-gap, "end"),
            };
            draw("word", label.y, dx, anchor, &labels::text(note, label));
        }
    }
}

/// A number of pixels, which may be negative.
pub fn pixels(count: i32) -> String {
    let sign = if count < 0 { "-" } else { "" };
    [sign, &number(count.unsigned_abs().into())].concat()
}

fn set_tense<C: Canvas>(element: &C, tense: Tense) {
    match tense {
        Tense::Past => {}
        Tense::Now => element.set_flag("data-now", true),
        Tense::Ahead => element.set_flag("data-ahead", true),
    }
}
