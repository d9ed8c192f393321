//! What datagrams leave in the picture, while heights are still times of the host's clock.
//!
//! The picture is about the way between relay and server, and has the host's clock. The page's own part of a round trip is no
//! time of that clock: the strip beside the relay shows only when something came from the page, and when something went to
//! it. Of a server that is not the host's, only the whole way there and back is known; it is drawn in halves, and marked as
//! assumed.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use crate::way::{MIDDLE, Pace, RELAY, SERVER, Way};
use udp_echo_feed::datagram::Datagram;

/// How a stroke ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It arrives.
    Arrow,
    /// It is lost on the way.
    Cross,
    /// Nobody is there to take it.
    Stop,
    /// It may still be under way.
    Open,
}

/// A stroke, from and to a place at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The datagram.
    pub number: u64,
    /// Which copy of it, 0 or 1.
    pub copy: usize,
    /// Where and when it begins.
    pub from: (u32, u64),
    /// Where and when it ends.
    pub to: (u32, u64),
    /// How.
    pub end: End,
    /// The time at one of its ends is not known, but laid half-way.
    pub is_assumed: bool,
}

/// A wait in the queue of the link, at one of its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The datagram.
    pub number: u64,
    /// At which lane.
    pub place: u32,
    /// Since when.
    pub from: u64,
    /// Until when.
    pub to: u64,
}

/// Something that came from the page, or went to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The datagram.
    pub number: u64,
    /// When, at the relay.
    pub at: u64,
    /// It went to the page.
    pub is_answer: bool,
    /// It was lost between page and relay: one that came from the page is drawn when the relay gave it up, for it never saw it.
    pub is_lost: bool,
}

/// What a place in the picture is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Lost on the way.
    Lost,
    /// Dropped on arrival, because its checksum failed.
    Checksum,
    /// The link's queue was full.
    QueueFull,
    /// The page read too slowly.
    SlowReader,
    /// Lost between page and relay.
    Hop,
    /// Nobody listens there.
    Refused,
    /// It was not sent at all.
    Rejected,
    /// The server stays silent.
    Unanswered,
    /// The server's buffer cut it.
    Cut,
    /// One bit turned over.
    Bit,
    /// A second copy.
    Twice,
    /// After its timeout.
    Late,
    /// After the answer to a later one.
    Overtaken,
    /// The end of the wait.
    TimedOut,
}

/// A mark at a place and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The datagram.
    pub number: u64,
    /// Where and when.
    pub at: (u32, u64),
    /// What is marked.
    pub sign: Sign,
}

/// A wait that ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The datagram.
    pub number: u64,
    /// Since when.
    pub from: u64,
    /// Until when.
    pub to: u64,
}

/// All of that.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Strokes, in the order of the datagrams.
    pub legs: Vec<Leg>,
    /// Waits in the link's queue.
    pub stays: Vec<Stay>,
    /// What came from the page and went to it.
    pub hops: Vec<Hop>,
    /// Marks.
    pub marks: Vec<Mark>,
    /// Waits in vain.
    pub waits: Vec<Wait>,
    /// How long flights take.
    pub pace: Pace,
}

impl Sketch {
    /// Sketches these datagrams, of a run with this pace.
    pub fn of(datagrams: &[&Datagram], pace: Pace) -> Self {
        let mut sketch = Self {
            pace,
            ..Self::default()
        };
        for datagram in datagrams {
            match Way::of(datagram) {
                Some(way) => Pen {
                    sketch: &mut sketch,
                    datagram,
                    way,
                }
                .draw(),
                None => sketch.draw_unseen(datagram),
            }
        }
        sketch.mark_overtaken(datagrams);
        sketch
    }

    /// The datagrams whose answer came after that to a later one.
    pub fn overtaken(&self) -> Vec<u64> {
        let marks = self.marks.iter();
        let marks = marks.filter(|mark| mark.sign == Sign::Overtaken);
        marks.map(|mark| mark.number).collect()
    }

    /// A datagram that never came to the relay; what is known of it is that.
    fn draw_unseen(&mut self, datagram: &Datagram) {
        let number = datagram.number;
        for Event(at, _, _, what) in &datagram.events {
            if matches!(what, What::Dropped(_, reason) if reason.is_before_relay()) {
                self.lose_hop(number, *at, false);
            }
        }
    }

    /// Something was lost between page and relay.
    fn lose_hop(&mut self, number: u64, at: u64, is_answer: bool) {
        self.hops.push(Hop {
            number,
            at,
            is_answer,
            is_lost: true,
        });
        self.marks.push(Mark {
            number,
            at: (RELAY, at),
            sign: Sign::Hop,
        });
    }

    fn mark_overtaken(&mut self, datagrams: &[&Datagram]) {
        // The earliest first answer among all later datagrams.
        let mut earliest = u64::MAX;
        for datagram in datagrams.iter().rev() {
            let Some(at) = first_answer(datagram) else {
                continue;
            };
            if at > earliest {
                self.marks.push(Mark {
                    number: datagram.number,
                    at: (RELAY, at),
                    sign: Sign::Overtaken,
                });
            }
            earliest = earliest.min(at);
        }
    }
}

/// When the answer that counts left the relay.
fn first_answer(datagram: &Datagram) -> Option<u64> {
    let is_first = |event: &&Event| matches!(event.3, What::RelayOut(_, Delivery::Echoed));
    Some(datagram.events.iter().find(is_first)?.0)
}

/// Draws one datagram.
struct Pen<'a> {
    sketch: &'a mut Sketch,
    datagram: &'a Datagram,
    way: Way<'a>,
}

impl Pen<'_> {
    fn draw(&mut self) {
        self.hop(self.way.began, false);
        for (index, Event(at, _, copy, what)) in self.datagram.events.iter().enumerate() {
            self.draw_event(index, *at, usize::from(*copy & 1), what);
        }
    }

    fn draw_event(&mut self, index: usize, at: u64, copy: usize, what: &What) {
        match what {
            What::EchoIn(_) => {
                self.arrive(copy, at, false);
                if copy == 1 {
                    self.mark((SERVER, at), Sign::Twice);
                }
            }
            What::Cut(_) => self.mark((SERVER, at), Sign::Cut),
            What::UdpIn(_) if !self.way.is_seen(copy) => {
                self.arrive(copy, self.way.turn(copy), true);
            }
            What::Dequeued => match self.way.queue_of(&self.datagram.events[index]) {
                Some(Direction::Down) => self.stay(SERVER, self.way.turn(copy), at),
                _ => self.stay(RELAY, self.way.began, at),
            },
            What::RelayOut(_, delivery) => self.draw_answer(index, at, copy, *delivery),
            What::Corrupted(Direction::Up, _) => {
                let set_out = self.way.departed(copy);
                self.mark((MIDDLE, set_out.midpoint(at)), Sign::Bit);
            }
            What::Corrupted(Direction::Down, _) => {
                let set_out = self.way.left_server(index);
                self.mark((MIDDLE, set_out.midpoint(at)), Sign::Bit);
            }
            What::Dropped(direction, reason) => self.draw_drop(index, *direction, *reason),
            What::Refused(_) => self.draw_refusal(at),
            What::Rejected(_) => self.mark((RELAY, at), Sign::Rejected),
            What::Unanswered if self.way.is_seen(0) => self.mark((SERVER, at), Sign::Unanswered),
            What::Unanswered | What::Lost => self.draw_wait(at),
            What::RelayIn(_) | What::UdpOut | What::UdpIn(_) | What::EchoOut(_) | What::Gone => {}
        }
    }

    /// A copy came to the server.
    fn arrive(&mut self, copy: usize, at: u64, is_assumed: bool) {
        let from = (RELAY, self.way.departed(copy));
        self.leg(copy, from, (SERVER, at), End::Arrow, is_assumed);
    }

    fn draw_answer(&mut self, index: usize, at: u64, copy: usize, delivery: Delivery) {
        let from = (SERVER, self.way.left_server(index));
        let is_assumed = self.way.is_assumed(copy);
        self.leg(copy, from, (RELAY, at), End::Arrow, is_assumed);
        self.hop(at, true);
        match delivery {
            Delivery::Duplicate => self.mark((RELAY, at), Sign::Twice),
            Delivery::Late => self.mark((RELAY, at), Sign::Late),
            Delivery::Echoed | Delivery::Stray => {}
        }
    }

    fn draw_drop(&mut self, index: usize, direction: Direction, reason: DropReason) {
        let pace = self.sketch.pace;
        let [from, to] = self.way.dropped(index, direction, reason, pace);
        let copy = usize::from(self.datagram.events[index].2 & 1);
        if reason.is_before_relay() {
            let is_answer = direction == Direction::Down;
            if is_answer {
                self.leg(copy, from, to, End::Arrow, self.way.is_assumed(copy));
            }
            return self.sketch.lose_hop(self.datagram.number, to.1, is_answer);
        }
        let (end, sign) = match reason {
            DropReason::Loss => (End::Cross, Sign::Lost),
            DropReason::Checksum => (End::Cross, Sign::Checksum),
            DropReason::Queue => (End::Cross, Sign::QueueFull),
            DropReason::SlowReader => (End::Arrow, Sign::SlowReader),
            DropReason::Hop | DropReason::Browser => (End::Cross, Sign::Hop),
        };
        self.leg(copy, from, to, end, false);
        self.mark(to, sign);
    }

    /// ICMP says it to the relay; when it set out is not known.
    fn draw_refusal(&mut self, at: u64) {
        let set_out = self.way.departed(0);
        let there = (SERVER, set_out.midpoint(at));
        self.leg(0, (RELAY, set_out), there, End::Stop, true);
        self.leg(0, there, (RELAY, at), End::Arrow, true);
        self.mark(there, Sign::Refused);
    }

    fn draw_wait(&mut self, at: u64) {
        // Where it was last heard of; from there it did not come on in time, and perhaps never will.
        let Pace { up, down } = self.sketch.pace;
        let (from, half) = match self.way.last_heard() {
            Some((_, Some(last))) => (Some((SERVER, last)), down / 2),
            Some((true, None)) => (Some((RELAY, self.way.departed(0))), up / 2),
            _ => (None, 0),
        };
        if let Some(from) = from {
            let to = (MIDDLE, from.1.saturating_add(half));
            self.leg(0, from, to, End::Open, true);
        }
        self.sketch.waits.push(Wait {
            number: self.datagram.number,
            from: self.way.began,
            to: at,
        });
        self.mark((RELAY, at), Sign::TimedOut);
    }

    fn leg(&mut self, copy: usize, from: (u32, u64), to: (u32, u64), end: End, is_assumed: bool) {
        self.sketch.legs.push(Leg {
            number: self.datagram.number,
            copy,
            from,
            to,
            end,
            is_assumed,
        });
    }

    fn stay(&mut self, place: u32, from: u64, to: u64) {
        self.sketch.stays.push(Stay {
            number: self.datagram.number,
            place,
            from,
            to,
        });
    }

    fn hop(&mut self, at: u64, is_answer: bool) {
        self.sketch.hops.push(Hop {
            number: self.datagram.number,
            at,
            is_answer,
            is_lost: false,
        });
    }

    fn mark(&mut self, at: (u32, u64), sign: Sign) {
        self.sketch.marks.push(Mark {
            number: self.datagram.number,
            at,
            sign,
        });
    }
}
