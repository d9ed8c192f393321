//! The space-time diagram: browser, relay and server side by side, time downwards. The slope of a stroke is delay,
//! crossing strokes are reordering, a fork is a duplicate, a stroke that ends half-way is a loss.

use std::collections::BTreeMap;

use udp_echo_feed::datagram::Datagram;
use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::Direction;

/// Newest datagrams that are drawn.
const DRAWN: usize = 14;

/// Width of the drawing, in its own units.
pub const WIDTH: u32 = 1000;
/// Where browser, relay and server stand.
pub const LANES: [u32; 3] = [30, 420, 970];

/// Height that one datagram gets.
const ROW_HEIGHT: u32 = 26;
/// Room for the names of the lanes.
const TOP: u32 = 40;

/// How a stroke ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It arrives.
    Arrow,
    /// It is lost on the way.
    Lost,
    /// Nobody listens at its end.
    Refused,
}

/// One stroke of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stroke {
    /// The datagram.
    pub number: u64,
    /// Where it begins: across, down.
    pub from: (u32, u32),
    /// Where it ends.
    pub to: (u32, u32),
    /// How it ends.
    pub end: End,
}

/// The strokes of a picture and its height.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The strokes, in the order of the datagrams.
    pub strokes: Vec<Stroke>,
    /// Height of the drawing.
    pub height: u32,
}

/// A stroke whose ends are still times of the host's clock.
struct Span {
    number: u64,
    from: (u32, u64),
    to: (u32, u64),
    end: End,
}

/// Draws the newest datagrams.
///
/// Only the host's clock is drawn. The page's own part of a round trip is a length of time, not a time of that clock; half
/// of it is drawn before and half after. Stretches in which nothing happens are shortened.
pub fn picture(datagrams: &BTreeMap<u64, Datagram>) -> Picture {
    let drawn = datagrams.values().rev().take(DRAWN);
    let rows = drawn.len() as u32;
    let mut spans = Vec::new();
    for datagram in drawn.rev() {
        draw(&mut spans, datagram);
    }
    let scale = Scale::of(&spans, rows * ROW_HEIGHT);
    let strokes = spans.iter().map(|span| Stroke {
        number: span.number,
        from: (span.from.0, scale.place(span.from.1)),
        to: (span.to.0, scale.place(span.to.1)),
        end: span.end,
    });
    Picture {
        strokes: strokes.collect(),
        height: scale.height + TOP + 14,
    }
}

fn draw(spans: &mut Vec<Span>, datagram: &Datagram) {
    let [browser, relay, server] = LANES;
    let middle = relay.midpoint(server);
    let Some(began) = datagram.stamps()[0] else {
        return;
    };
    let near = datagram
        .round_trip()
        .map_or(0, |trip| trip.before_relay / 2);
    let mut add = |from, to, end| {
        spans.push(Span {
            number: datagram.number,
            from,
            to,
            end,
        });
    };
    add(
        (browser, began.saturating_sub(near)),
        (relay, began),
        End::Arrow,
    );
    let mut answered = began;
    let mut was_received = false;
    for Event(at, _, _, what) in &datagram.events {
        let at = *at;
        match what {
            What::EchoIn(_) => {
                was_received = true;
                answered = at;
                add((relay, began), (server, at), End::Arrow);
            }
            What::EchoOut(_) => answered = at,
            What::RelayOut(_, delivery) => {
                let from = if was_received {
                    (server, answered)
                } else {
                    (middle, began)
                };
                add(from, (relay, at), End::Arrow);
                let later = if *delivery == Delivery::Echoed {
                    near
                } else {
                    0
                };
                add((relay, at), (browser, at + later), End::Arrow);
            }
            What::Dropped(Direction::Up, _) => add((relay, began), (middle, at), End::Lost),
            What::Dropped(Direction::Down, _) => add((server, answered), (middle, at), End::Lost),
            What::Lost if !was_received => add((relay, began), (middle, began), End::Lost),
            What::Refused(_) => add((relay, began), (server, at), End::Refused),
            _ => {}
        }
    }
}

/// Which time stands at which height.
struct Scale {
    /// Times in their order, each with the time that has passed up to it when long silences are cut short.
    times: Vec<(u64, u64)>,
    height: u32,
}

impl Scale {
    fn of(spans: &[Span], height: u32) -> Self {
        let mut times: Vec<u64> = Vec::new();
        let mut longest = 1;
        for span in spans {
            longest = span.to.1.saturating_sub(span.from.1).max(longest);
            for time in [span.from.1, span.to.1] {
                if let Err(place) = times.binary_search(&time) {
                    times.insert(place, time);
                }
            }
        }
        let mut passed = 0;
        let mut before = times.first().copied().unwrap_or(0);
        let times = times.into_iter().map(|time| {
            // A silence is as long as the longest stroke at most: then no slope looks flat beside it.
            passed += (time - before).min(longest);
            before = time;
            (time, passed)
        });
        Self {
            times: times.collect(),
            height,
        }
    }

    fn place(&self, time: u64) -> u32 {
        let whole = self.times.last().map_or(1, |last| last.1.max(1));
        let place = self.times.binary_search_by_key(&time, |(time, _)| *time);
        let passed = place
            .ok()
            .and_then(|place| self.times.get(place))
            .map_or(0, |at| at.1);
        TOP + (passed * u64::from(self.height) / whole) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;
    use crate::rehearsal::Rehearsal;
    use wire::link::Impairment;

    /// Asks for a link that does this on the way there.
    fn up(page: &mut Rehearsal, link: Impairment) {
        page.ask(codec::lab(&link, &Impairment::default()));
    }

    fn strokes(page: &mut Rehearsal) -> Vec<Stroke> {
        picture(&page.fed().datagrams).strokes
    }

    #[test]
    fn the_picture_shows_arrivals_losses_forks_and_crossings() {
        let [browser, relay, server] = LANES;
        let mut page = Rehearsal::new();
        page.send(b"one");
        page.settle();
        let first = strokes(&mut page);
        let across: Vec<_> = first.iter().map(|one| (one.from.0, one.to.0)).collect();
        assert_eq!(
            across,
            [
                (browser, relay),
                (relay, server),
                (server, relay),
                (relay, browser)
            ]
        );
        let falls = |one: &Stroke| one.from.1 <= one.to.1 && one.end == End::Arrow;
        assert!(first.iter().all(falls));

        let duplicate_ppm = 1_000_000;
        up(
            &mut page,
            Impairment {
                duplicate_ppm,
                ..Impairment::default()
            },
        );
        page.send(b"twice");
        page.settle();
        let forks = |one: &&Stroke| one.number == 2 && one.to.0 == server;
        assert_eq!(strokes(&mut page).iter().filter(forks).count(), 2);

        let loss_ppm = 1_000_000;
        up(
            &mut page,
            Impairment {
                loss_ppm,
                ..Impairment::default()
            },
        );
        page.send(b"lost");
        page.settle();
        let lost = strokes(&mut page);
        let last = lost.last().unwrap();
        assert_eq!((last.number, last.end), (3, End::Lost));
        assert!(relay < last.to.0 && last.to.0 < server, "it ends half-way");

        // The first waits, the second does not: the strokes to the server cross.
        page.on(udp_echo_web::session::Event::Clear);
        let delay_us = 20_000;
        up(
            &mut page,
            Impairment {
                delay_us,
                ..Impairment::default()
            },
        );
        page.send(b"slow");
        page.run(100);
        up(&mut page, Impairment::default());
        page.send(b"fast");
        page.settle();
        let crossed = strokes(&mut page);
        let to_server = |number| {
            let mut of = crossed.iter();
            of.find(|one| one.number == number && one.to.0 == server)
                .unwrap()
        };
        let (slow, fast) = (to_server(4), to_server(5));
        assert!(
            slow.from.1 <= fast.from.1 && slow.to.1 > fast.to.1,
            "{crossed:?}"
        );
    }
}
