//! A picture as shapes, on a page or in a file.

use udp_echo_feed::shape::{Canvas, append, belongs, line, percent, rect, text};
use udp_echo_feed::words::number;

use crate::layout::{Bracket, Note, Picture, Stroke, Tense, WHOLE};
use crate::scale::{Tick, Time};
use crate::sketch::{BROWSER, End, RELAY, SERVER};
use crate::words;

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
    for (lane, name) in [BROWSER, RELAY, SERVER].into_iter().zip(words::LANES) {
        line(plane, "lane", (lane, 26), (lane, WHOLE));
        let name = text(plane, "lane-name", (lane, 12), "0", name);
        name.set("text-anchor", anchor(lane));
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
        for y in &picture.gaps {
            rect(self.plane, "gap", (0, y.saturating_sub(2)), (SERVER, 4));
        }
        for bracket in &picture.brackets {
            self.draw_bracket(bracket);
        }
        for stroke in &picture.strokes {
            self.draw_stroke(stroke);
        }
        if let Some(now) = picture.now {
            line(self.plane, "now", (BROWSER, now.1), (SERVER, now.1));
            let dot = append(self.plane, "circle", "now");
            dot.set("cx", &percent(now.0));
            dot.set("cy", &number(now.1.into()));
            dot.set("r", "5");
        }
        for numbers in &picture.numbers {
            let (dx, dy) = if numbers.x == SERVER {
                ("9", 0)
            } else {
                ("7", 7)
            };
            let at = (numbers.x, numbers.y.saturating_sub(dy));
            let label = text(
                self.plane,
                "whose",
                at,
                dx,
                &words::numbers(&numbers.numbers),
            );
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
            line(self.plane, "tick", (BROWSER, tick.y), (SERVER, tick.y));
        }
    }

    fn draw_bracket(&self, bracket: &Bracket) {
        let path = append(self.plane, "path", "wait");
        let x = number(7 + 7 * bracket.column as u64);
        let [from, to] = [bracket.from, bracket.to].map(|y| number(y.into()));
        let way = ["M-2 ", &from, "H-", &x, "V", &to, "H-2"];
        path.set("d", &way.concat());
        belongs(&path, bracket.number, self.selected);
        set_tense(&path, bracket.tense);
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
        let draw = |part: &str, y: u32, dx: &str, anchor: &str, words: &str| {
            let text = text(self.plane, part, (x, y), dx, words);
            text.set("text-anchor", anchor);
            text.set("data-sign", word);
            belongs(&text, note.number, self.selected);
            set_tense(&text, note.tense);
        };
        let Some((low, whose)) = &note.word else {
            // On the lanes of browser and server arrowheads end, and there is no room for a sign alone.
            if !matches!(x, BROWSER | SERVER) {
                draw("sign", y, "0", "middle", sign);
            }
            return;
        };
        let whose = [&words::numbers(whose), " ", word].concat();
        match x {
            BROWSER => {
                let words = [sign, " ", &whose].concat();
                // Right of the numbers that set out there.
                draw("word", low.saturating_sub(8), "32", "start", &words);
            }
            SERVER => {
                let words = [&whose, " ", sign].concat();
                draw("word", low.saturating_sub(8), "-14", "end", &words);
            }
            _ => {
                draw("sign", y, "0", "middle", sign);
                let (dx, anchor) = if x > 900 {
                    ("-9", "end")
                } else {
                    ("9", "start")
                };
                draw("word", *low, dx, anchor, &whose);
            }
        }
    }
}

/// Names of lanes at the edges do not stand out over them.
fn anchor(lane: u32) -> &'static str {
    match lane {
        BROWSER => "start",
        SERVER => "end",
        _ => "middle",
    }
}

fn set_tense<C: Canvas>(element: &C, tense: Tense) {
    match tense {
        Tense::Past => {}
        Tense::Now => element.set_flag("data-now", true),
        Tense::Ahead => element.set_flag("data-ahead", true),
    }
}
