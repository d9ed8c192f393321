//! A recorded run as a picture in a file, for documents: the transcripts of its first datagram, the space-time diagram of
//! all, and the sum of their fates. The same run gives the same file, letter by letter.
//!
//! Only for programs of a machine: a page draws on itself.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::rc::Rc;

use udp_echo_feed::codec::{self, Unreadable};
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::form;
use udp_echo_feed::json::{self, Value};
use udp_echo_feed::shape::{Canvas, append};
use wire::control::What;
use wire::transcript::{self, Address};

use crate::drawing::{self, BESIDE, RULER};
use crate::labels::STRIP;
use crate::layout::lay_out;
use crate::picture::WHOLE;
use crate::sketch::Sketch;
use crate::way::Pace;
use crate::words;

/// The widget's own style sheet, for its colours, and the chunk's, for the diagram.
const WIDGET_SHEET: &str = include_str!("../../../www/element/udp-echo.css");
const PICTURE_SHEET: &str = include_str!("../../../www/element/udp-echo-picture.css");

/// What the sheets have not: boxes and texts around the diagram.
const SHEET: &str = include_str!("document.css");

/// Space around everything, and inside a box.
const MARGIN: u32 = 18;
const PADDING: u32 = 10;
/// Height of a line of a transcript.
const LINE: u32 = 19;
/// Lines of a transcript.
const LINES: u32 = 4;
/// Narrower ones have the transcripts one below the other.
const TWO_COLUMNS: u32 = 700;

/// The files beside the run that is recorded for the README, and the width of each.
pub const FILES: [(&str, u32); 2] = [("wide.svg", 880), ("narrow.svg", 410)];

/// A run as it was recorded.
struct Run {
    by: String,
    client: String,
    server: String,
    datagrams: Vec<Datagram>,
}

impl Run {
    fn read(trace: &str) -> Result<Self, Unreadable> {
        let trace = json::parse(trace).ok_or("JSON")?;
        let Some(Value::List(datagrams)) = trace.field("datagrams") else {
            return Err("datagrams");
        };
        let datagrams = datagrams.iter().map(|datagram| form::read(datagram, 0));
        let datagrams = datagrams.collect::<Result<_, _>>()?;
        codec::read(&trace, |fields| Self {
            by: fields.text("by"),
            client: fields.text("client"),
            server: fields.text("server"),
            datagrams,
        })
    }

    /// What client and server print for the first datagram.
    fn transcripts(&self) -> [Vec<String>; 2] {
        let Some(first) = self.datagrams.first() else {
            return [vec![], vec![]];
        };
        let mut client = vec![
            transcript::sending(&first.payload),
            transcript::WAITING_FOR_REPLY.to_owned(),
        ];
        let mut server = vec![transcript::WAITING_FOR_MESSAGE.to_owned()];
        let peer = Address::from_text(&self.client);
        for event in first.events.iter().filter(|event| event.2 == 0) {
            match (&event.3, &peer) {
                (What::EchoIn(bytes), Some(peer)) => {
                    server.push(transcript::received_from(*bytes, peer));
                    server.push(transcript::shown(&first.at_server(0, *bytes)));
                }
                (What::EchoOut(bytes), Some(peer)) => {
                    server.push(transcript::sent_back(*bytes, peer));
                }
                (What::RelayOut(..), _) => client.push(transcript::received(&first.answer(0))),
                _ => {}
            }
        }
        [client, server]
    }

    /// The sum that always adds up, of the fates that there are.
    fn sum(&self) -> String {
        let term = |(word, _): &(&str, &str)| {
            let of_it = |datagram: &&Datagram| words::fate(datagram.fate) == *word;
            let count = self.datagrams.iter().filter(of_it).count();
            (count > 0).then(|| format!("{count} {}", words::book(word)))
        };
        let terms: Vec<String> = words::BOOKS.iter().filter_map(term).collect();
        format!("{} sent = {}", self.datagrams.len(), terms.join(" + "))
    }
}

/// Draws a recorded run as an SVG file of this width, in pixels.
///
/// # Errors
/// The name of the field that is missing or of another kind, or `"JSON"`.
pub fn document(trace: &str, width: u32) -> Result<String, Unreadable> {
    let run = Run::read(trace)?;
    let root = Shape::new("svg");
    let column = if width < TWO_COLUMNS {
        width - 2 * MARGIN
    } else {
        (width - 3 * MARGIN) / 2
    };
    let all: Vec<&Datagram> = run.datagrams.iter().collect();
    let sketch = Sketch::of(&all, Pace::of(&all));
    for (name, text) in [
        ("title", format!("A run of {}", run.by)),
        ("desc", words::description(&all, &sketch.overtaken())),
        ("style", style()),
    ] {
        root.shape(name).write(&text);
    }
    let card = append(&root, "rect", "card");

    let mut y = MARGIN;
    let transcripts = run.transcripts();
    let sides = [("Client", &run.client), ("Server", &run.server)];
    for (place, ((side, address), lines)) in sides.iter().zip(&transcripts).enumerate() {
        let x = match place {
            1 if width >= TWO_COLUMNS => 2 * MARGIN + column,
            _ => MARGIN,
        };
        if place == 1 && x == MARGIN {
            y += transcript_height() + MARGIN;
        }
        draw_transcript(&root, (x, y, column), &format!("{side}, {address}"), lines);
    }
    y += transcript_height() + MARGIN;

    let sunken = append(&root, "rect", "sunken");
    place(&sunken, (MARGIN, y, width - 2 * MARGIN, WHOLE + 16));
    sunken.set("rx", "6");
    let stage = |x: u32, wide: u32, part: &str| {
        let stage = append(&root, "svg", "stage");
        place(&stage, (x, y + 8, wide, WHOLE));
        append(&stage, "svg", part)
    };
    let ruler = stage(MARGIN, RULER, "ruler");
    let lanes = width - 2 * MARGIN - BESIDE;
    let plane = stage(MARGIN + RULER + STRIP as u32, lanes, "plane");
    drawing::draw_lanes(&plane);
    drawing::draw(&lay_out(&sketch, None, lanes), None, &ruler, &plane);
    y += WHOLE + 16 + MARGIN;

    let sum = append(&root, "text", "sum");
    sum.set("x", &(width / 2).to_string());
    sum.set("y", &y.to_string());
    sum.write(&run.sum());
    y += MARGIN;

    place(&card, (0, 0, width, y));
    card.set("rx", "12");
    for (name, value) in [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("role", "img"),
        ("width", &width.to_string()),
        ("height", &y.to_string()),
        ("viewBox", &format!("0 0 {width} {y}")),
    ] {
        root.set(name, value);
    }
    Ok(format!("{root}\n"))
}

fn transcript_height() -> u32 {
    LINE + LINES * LINE + 14
}

fn draw_transcript(root: &Shape, (x, y, width): (u32, u32, u32), title: &str, lines: &[String]) {
    let write = |part: &str, x: u32, y: u32, words: &str| {
        let text = append(root, "text", part);
        text.set("x", &x.to_string());
        text.set("y", &y.to_string());
        text.write(words);
    };
    write("heading", x, y + LINE / 2, title);
    let back = append(root, "rect", "sunken");
    place(&back, (x, y + LINE, width, LINES * LINE + 14));
    back.set("rx", "6");
    for (number, line) in (0..LINES).zip(lines) {
        write("line", x + PADDING, y + LINE + 16 + number * LINE, line);
    }
}

fn place(shape: &Shape, (x, y, width, height): (u32, u32, u32, u32)) {
    for (name, value) in [("x", x), ("y", y), ("width", width), ("height", height)] {
        shape.set(name, &value.to_string());
    }
}

/// The colours of the widget, the rules of the diagram's shapes, and the rest.
fn style() -> String {
    let is_needed =
        |line: &&str| line.contains(": var(--udp-echo-mono") || line.contains("light-dark(");
    let is_variable = |line: &&str| line.starts_with("  --");
    let variables = WIDGET_SHEET.lines().filter(is_variable).filter(is_needed);
    let variables: Vec<&str> = variables.collect();
    let begin = PICTURE_SHEET.find("[part=stage] > svg {");
    let end = PICTURE_SHEET.find("/* Steps */");
    let (begin, end) = begin
        .zip(end)
        .expect("the chunk's sheet has the rules of shapes, and then those of steps");
    let shapes = &PICTURE_SHEET[begin..end];
    let variables = variables.join("\n");
    format!("\n:root {{\n  color-scheme: light dark;\n{variables}\n}}\n\n{shapes}{SHEET}")
}

/// A shape of a file. Clones are the same shape.
#[derive(Clone)]
struct Shape(Rc<RefCell<Inside>>);

/// A shape's name, attributes, text and shapes inside.
struct Inside {
    tag: String,
    attributes: Vec<(String, String)>,
    words: String,
    shapes: Vec<Shape>,
}

impl Shape {
    fn new(tag: &str) -> Self {
        Self(Rc::new(RefCell::new(Inside {
            tag: tag.to_owned(),
            attributes: Vec::new(),
            words: String::new(),
            shapes: Vec::new(),
        })))
    }
}

impl Canvas for Shape {
    fn shape(&self, tag: &str) -> Self {
        let shape = Self::new(tag);
        self.0.borrow_mut().shapes.push(shape.clone());
        shape
    }

    fn set(&self, name: &str, value: &str) {
        // The last one counts, as on a page: a file with two of a name cannot be read.
        let attributes = &mut self.0.borrow_mut().attributes;
        match attributes.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value.to_owned(),
            None => attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    fn set_flag(&self, name: &str, on: bool) {
        if on {
            self.set(name, "");
        }
    }

    fn write(&self, words: &str) {
        self.0.borrow_mut().words = words.to_owned();
    }
}

impl Inside {
    /// What only a mouse needs.
    fn is_for_hands(&self) -> bool {
        let mut attributes = self.attributes.iter();
        attributes.any(|(name, value)| name == "part" && value == "hit")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = self.0.borrow();
        write!(f, "<{}", inside.tag)?;
        for (name, value) in &inside.attributes {
            write!(f, " {name}=\"{}\"", escaped(value))?;
        }
        f.write_char('>')?;
        f.write_str(&escaped(&inside.words))?;
        let shapes = inside.shapes.iter();
        for shape in shapes.filter(|shape| !shape.0.borrow().is_for_hands()) {
            write!(f, "\n{shape}")?;
        }
        write!(f, "</{}>", inside.tag)
    }
}

/// Text as it may stand in a file of this kind.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
