//! What is known of a datagram's way between relay and server, and how long a flight takes whose end nobody saw.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use udp_echo_feed::datagram::Datagram;

/// Where the relay stands, in thousandths of the width.
pub const RELAY: u32 = 0;
/// Where the server stands.
pub const SERVER: u32 = 1000;
/// Half-way.
pub const MIDDLE: u32 = RELAY.midpoint(SERVER);

/// How far beside its lane something ends that is turned away there, in thousandths of the width.
const SHORT: u32 = 150;
/// A flight in microseconds where none was seen: about what loopback takes.
const NOMINAL: u64 = 100;

/// How long flights take: the median of those that were seen, in microseconds.
///
/// A lost datagram left no time behind. It is drawn at the pace of the delivered ones, for it flew like them until it was
/// lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From the relay to the server.
    pub up: u64,
    /// Back.
    pub down: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            up: NOMINAL,
            down: NOMINAL,
        }
    }
}

impl Pace {
    /// The pace of these datagrams.
    pub fn of(datagrams: &[&Datagram]) -> Self {
        let mut seen = [Vec::new(), Vec::new()];
        for way in datagrams.iter().filter_map(|one| Way::of(one)) {
            for (index, Event(at, _, copy, what)) in way.datagram.events.iter().enumerate() {
                let copy = usize::from(*copy & 1);
                let (direction, from, to) = match what {
                    What::EchoIn(_) => (0, way.departed(copy), *at),
                    What::UdpIn(_) if way.is_assumed(copy) => {
                        (0, way.departed(copy), way.turn(copy))
                    }
                    What::RelayOut(_, delivery) if *delivery != Delivery::Stray => {
                        (1, way.left_server(index), *at)
                    }
                    _ => continue,
                };
                let flight = to.saturating_sub(from);
                let place = seen[direction].partition_point(|other| *other <= flight);
                seen[direction].insert(place, flight);
            }
        }
        let [up, down] =
            seen.map(|flights| flights.get(flights.len().saturating_sub(1) / 2).copied());
        let any = up.or(down).unwrap_or(NOMINAL);
        Self {
            up: up.unwrap_or(any),
            down: down.unwrap_or(any),
        }
    }

    /// The longer one of both.
    pub fn longer(&self) -> u64 {
        self.up.max(self.down)
    }
}

/// The way of one datagram that the relay has read.
#[derive(Debug)]
pub struct Way<'a> {
    datagram: &'a Datagram,
    /// When the relay read it.
    pub began: u64,
    /// Of both copies: UDP out, echo received, echo sent, UDP in.
    stamps: [[Option<u64>; 4]; 2],
}

impl<'a> Way<'a> {
    /// The way of a datagram; `None` before the relay has read it.
    pub fn of(datagram: &'a Datagram) -> Option<Self> {
        let began = datagram.stamps()[0]?;
        let mut stamps = [[None; 4]; 2];
        for Event(at, _, copy, what) in &datagram.events {
            let place = match what {
                What::UdpOut => 0,
                What::EchoIn(_) => 1,
                What::EchoOut(_) => 2,
                What::UdpIn(_) => 3,
                _ => continue,
            };
            // A host may say anything; copies are 0 and 1.
            stamps[usize::from(*copy & 1)][place].get_or_insert(*at);
        }
        Some(Self {
            datagram,
            began,
            stamps,
        })
    }

    /// Whether a copy went to UDP, and when it was last heard of at the server; `None` when its answer was received.
    pub fn last_heard(&self) -> Option<(bool, Option<u64>)> {
        let [out, received, answered, back] = self.stamps[0];
        match back {
            None => Some((out.is_some(), answered.or(received))),
            Some(_) => None,
        }
    }

    /// Whether the server said when it received a copy.
    pub fn is_seen(&self, copy: usize) -> bool {
        self.stamps[copy][1].is_some()
    }

    /// On which way the queue was that a copy left, if this event tells of that: on the way back, it was received before.
    pub fn queue_of(&self, event: &Event) -> Option<Direction> {
        let received = self.stamps[usize::from(event.2 & 1)][3];
        match event.3 {
            What::Dequeued if received.is_some_and(|at| at <= event.0) => Some(Direction::Down),
            What::Dequeued => Some(Direction::Up),
            _ => None,
        }
    }

    /// When a copy set out: after its wait in the link's queue, if it had to wait.
    pub fn departed(&self, copy: usize) -> u64 {
        let left = self.datagram.events.iter().find(|event| {
            usize::from(event.2 & 1) == copy && self.queue_of(event) == Some(Direction::Up)
        });
        left.map_or(self.began, |event| event.0)
    }

    /// Whether the server did not say when it turned a copy round: the time is laid half-way.
    pub fn is_assumed(&self, copy: usize) -> bool {
        let [_, received, answered, _] = self.stamps[copy];
        answered.or(received).is_none()
    }

    /// When the answer to a copy left the server.
    pub fn turn(&self, copy: usize) -> u64 {
        let [out, received, answered, back] = self.stamps[copy];
        answered.or(received).unwrap_or_else(|| {
            let out = out.unwrap_or(self.began);
            out.midpoint(back.unwrap_or(out))
        })
    }

    /// When the answer of which the event at this place tells left the server's end of the link: after its wait in the queue
    /// there, if it had to wait.
    pub fn left_server(&self, index: usize) -> u64 {
        let events = &self.datagram.events;
        let copy = events[index].2;
        // What one answer met with is told in one piece: before it stands the end of another one, or nothing.
        for event in events[..index].iter().rev().filter(|event| event.2 == copy) {
            match event.3 {
                What::Dequeued if self.queue_of(event) == Some(Direction::Down) => return event.0,
                What::RelayOut(..) | What::Dropped(Direction::Down, _) => break,
                _ => {}
            }
        }
        self.turn(usize::from(copy & 1))
    }

    /// From where to where a copy came that was dropped, as the event at this place tells: across and in time.
    pub fn dropped(
        &self,
        index: usize,
        direction: Direction,
        reason: DropReason,
        pace: Pace,
    ) -> [(u32, u64); 2] {
        let Event(at, _, copy, _) = self.datagram.events[index];
        let copy = usize::from(copy & 1);
        let up = direction == Direction::Up;
        // As far from its beginning, at the pace of all.
        let after = |part: u32| {
            let (from, x, whole) = match up {
                true => (self.began, part, pace.up),
                false => (self.turn(copy), SERVER - part, pace.down),
            };
            let part = (u128::from(whole) * u128::from(part) / u128::from(SERVER)) as u64;
            [
                (if up { RELAY } else { SERVER }, from),
                (x, from.saturating_add(part)),
            ]
        };
        match reason {
            // The link decides it before its queue.
            DropReason::Loss => after(MIDDLE),
            DropReason::Queue => after(SHORT),
            DropReason::Checksum if up => [(RELAY, self.departed(copy)), (SERVER - SHORT, at)],
            DropReason::Checksum => [(SERVER, self.left_server(index)), (RELAY + SHORT, at)],
            DropReason::Hop | DropReason::Browser if up => [(RELAY, at), (RELAY, at)],
            // It came to the relay, and was given up later.
            DropReason::Hop | DropReason::Browser => [
                (SERVER, self.left_server(index)),
                (RELAY, self.stamps[copy][3].unwrap_or(at)),
            ],
            DropReason::SlowReader => [(SERVER, self.left_server(index)), (RELAY, at)],
        }
    }
}
