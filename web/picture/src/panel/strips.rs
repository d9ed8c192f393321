//! The strips on the page: round trips, fates, message boundaries.

use udp_echo_feed::chunk::Act;
use udp_echo_feed::codec;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::dom::{self, Label, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json::Value;
use udp_echo_feed::words::number;
use web_sys::Element;
use wire::control::StreamEcho;

use crate::strips::{PERCENTS, shares, trips};
use crate::words;
use udp_echo_feed::shape::{append, belongs, line, rect, text};

/// Height of the strip of round trips.
const HEIGHT: u32 = 96;
/// Bars that it has room for at least: few datagrams do not make broad ones.
const PLACES: usize = 30;

/// The messages whose boundaries are looked at.
const MESSAGES: [&str; 3] = ["one", "two", "three"];

/// The drawn strips.
pub(super) struct Strips {
    trips: Element,
    /// Revision of the datagrams and the picked one, as drawn last.
    drawn: Option<(u64, Option<u64>)>,
    trips_text: Label,
    bar: Element,
    books: Vec<Label>,
    items: Vec<Element>,
    counted: Vec<u64>,
    /// What was sent, received, written, read; and a sentence about each pair.
    boundaries: [Element; 4],
    sentences: [Label; 2],
    /// Number that the first of the three has at least, once they were sent.
    since: Option<u64>,
}

impl Strips {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        let svg = |name: &str, height: u32| {
            let svg = append(&shell.find(name), "svg", name);
            dom::set(&svg, "role", "img");
            dom::set(&svg, "height", &number(height.into()));
            dom::set(&svg, "aria-labelledby", &[name, "-title"].concat());
            dom::set(&svg, "aria-describedby", &[name, "-text"].concat());
            svg
        };
        let books = shell.find("books-text");
        let items = words::BOOKS.iter().map(|(word, _)| {
            let item = dom::append(&books, "li", "book");
            dom::set(&item, "data-fate", word);
            item
        });
        let items: Vec<Element> = items.collect();
        Self {
            trips: svg("trips", HEIGHT),
            drawn: None,
            trips_text: Label::new(shell.find("trips-text")),
            bar: svg("books", 28),
            books: items.iter().cloned().map(Label::new).collect(),
            items,
            counted: Vec::new(),
            boundaries: ["sent", "received", "written", "read"].map(|name| shell.find(name)),
            sentences: ["udp-boundaries", "tcp-boundaries"]
                .map(|name| Label::new(shell.find(name))),
            since: None,
        }
    }

    pub(super) fn draw(&mut self, feed: &Feed, value: &Value<'_>) {
        self.draw_trips(feed);
        self.draw_books(value);
        self.draw_boundaries(feed, value);
    }

    /// Sends the three messages as datagrams, and as one byte stream.
    pub(super) fn send_three(&mut self, feed: &Feed, act: &Act) {
        self.since = Some(feed.next);
        for message in MESSAGES {
            act.tell("send", js_sys::Uint8Array::from(message.as_bytes()));
        }
        act.tell("control", words::STREAM);
    }

    fn draw_trips(&mut self, feed: &Feed) {
        let next = Some((feed.datagrams.revision(), feed.selected));
        if next == self.drawn {
            return;
        }
        self.drawn = next;
        let (trips, selected) = (trips(feed.datagrams.values()), feed.selected);
        self.trips.set_text_content(None);
        let longest = trips.longest.max(1);
        let height = |micros: u64| (micros * u64::from(HEIGHT - 14) / longest) as u32;
        let width = 1000 / trips.bars.len().max(PLACES) as u32;
        for (place, bar) in (0..).zip(&trips.bars) {
            let x = place * width;
            if let Some((beyond, before)) = bar.trip {
                let (low, high) = (height(beyond), height(beyond + before));
                for (part, top, tall) in [("beyond", low, low), ("before", high, high - low)] {
                    // What is there at all is seen.
                    let shape = rect(
                        &self.trips,
                        part,
                        (x, HEIGHT - top),
                        (width * 4 / 5, tall.max(1)),
                    );
                    belongs(&shape, bar.number, selected);
                }
            } else if bar.is_without {
                let cross = text(
                    &self.trips,
                    "sign",
                    (x + width * 2 / 5, HEIGHT - 7),
                    "0",
                    "×",
                );
                dom::set(&cross, "text-anchor", "middle");
                belongs(&cross, bar.number, selected);
            }
        }
        let percentiles = trips.percentiles.iter().flatten().zip(PERCENTS);
        let heights = percentiles.map(|(micros, percent)| {
            let y = HEIGHT - height(*micros);
            let line = line(&self.trips, "percentile", (0, y), (1000, y));
            dom::set(&line, "data-percent", &number(percent as u64));
            (y, percent)
        });
        let mut above = 2 * HEIGHT;
        // Names stand over all lines.
        for (y, percent) in heights.collect::<Vec<_>>() {
            // One name for lines that are one.
            if y + 11 < above {
                let name = ["p", &number(percent as u64)].concat();
                let name = text(
                    &self.trips,
                    "percent",
                    (1000, y.saturating_sub(7)),
                    "0",
                    &name,
                );
                dom::set(&name, "text-anchor", "end");
                above = y;
            }
        }
        self.trips_text.set(&words::trips(&trips));
    }

    fn draw_books(&mut self, value: &Value<'_>) {
        let Some(counters) = value.field("counters") else {
            return;
        };
        let counted = codec::read(counters, |fields| {
            let read = |(_, name): &(&str, &'static str)| fields.number(name);
            words::BOOKS.iter().map(read).collect::<Vec<u64>>()
        });
        let Ok(counted) = counted else { return };
        if counted == self.counted {
            return;
        }
        self.bar.set_text_content(None);
        let mut x = 0;
        // The first is the sum of the others.
        let parts = words::BOOKS.iter().zip(&counted).skip(1);
        for (((word, _), count), share) in parts.zip(shares(&counted[1..])) {
            if share > 0 {
                let part = rect(&self.bar, "share", (x, 0), (share, 28));
                dom::set(&part, "data-fate", word);
                let label = text(&self.bar, "share-text", (x, 14), "6", &number(*count));
                dom::set_flag(&label, "hidden", share < 60);
                x += share;
            }
        }
        for ((label, (word, _)), count) in self.books.iter_mut().zip(words::BOOKS).zip(&counted) {
            label.set(&[&number(*count), " ", words::book(word)].concat());
        }
        // What did not happen is no news; the sum stays.
        for (item, count) in self.items.iter().zip(&counted).skip(1) {
            dom::set_flag(item, "hidden", *count == 0);
        }
        self.counted = counted;
    }

    fn draw_boundaries(&mut self, feed: &Feed, value: &Value<'_>) {
        let mut shown: [Vec<String>; 4] = Default::default();
        // The feed may have been older than what else was sent: the first of them is known by its message.
        let first = self.since.and_then(|since| {
            let is_first =
                |one: &&Datagram| one.number >= since && *one.payload == *MESSAGES[0].as_bytes();
            feed.datagrams.values().rfind(is_first)
        });
        if let Some(first) = first {
            let three = first.number..first.number.saturating_add(3);
            for datagram in feed
                .datagrams
                .values()
                .filter(|one| three.contains(&one.number))
            {
                let text = std::str::from_utf8(&datagram.payload).unwrap_or_default();
                if datagram.answered_at.is_some() {
                    shown[1].push(text.to_owned());
                }
                shown[0].push(text.to_owned());
            }
        }
        let stream = value.field("stream").map(codec::from_value);
        if let Some(Ok(StreamEcho { writes, reads })) = stream {
            shown[2] = writes;
            shown[3] = reads;
        }
        for (place, texts) in self.boundaries.iter().zip(&shown) {
            place.set_text_content(None);
            for text in texts {
                dom::append(place, "code", "message-box").set_text_content(Some(text));
            }
        }
        let counts = shown.each_ref().map(|list| list.len() as u64);
        let [udp, tcp] = &mut self.sentences;
        udp.set(&words::udp_boundaries(counts[0], counts[1]));
        tcp.set(&words::tcp_boundaries(
            counts[2],
            counts[3],
            feed.mode == "simulated",
        ));
    }
}
