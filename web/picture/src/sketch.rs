//! What datagrams leave in the picture, while heights are still times of the host's clock.
//!
//! Only the host's clock is drawn. The page's own part of a round trip is a length of time, not a time of that clock; half
//! of it is drawn before and half after. Of a server that is not the host's, only the whole way there and back is known;
//! it is drawn in halves too, and marked as assumed.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use udp_echo_feed::datagram::Datagram;

/// Where the browser stands, in thousandths of the width.
pub const BROWSER: u32 = 0;
/// Where the relay stands.
pub const RELAY: u32 = 380;
/// Where the server stands.
pub const SERVER: u32 = 1000;

const MIDDLE: u32 = RELAY.midpoint(SERVER);
/// How far before its goal something ends that is turned away there.
const SHORT: u32 = 70;

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
    /// Where and when it begins.
    pub from: (u32, u64),
    /// Where and when it ends.
    pub to: (u32, u64),
    /// How.
    pub end: End,
    /// The time at one of its ends is not known, but laid half-way.
    pub is_assumed: bool,
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
    GaveUp,
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
    /// Marks.
    pub marks: Vec<Mark>,
    /// Waits in vain.
    pub waits: Vec<Wait>,
}

impl Sketch {
    /// Sketches these datagrams.
    pub fn of(datagrams: &[&Datagram]) -> Self {
        let mut sketch = Self::default();
        for datagram in datagrams {
            Pen::new(&mut sketch, datagram).draw();
        }
        sketch.mark_overtaken(datagrams);
        sketch
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
                    at: (BROWSER, at.saturating_add(half_before(datagram))),
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

/// Half of the time that the page's own part of the round trip took.
pub fn half_before(datagram: &Datagram) -> u64 {
    datagram
        .round_trip()
        .map_or(0, |trip| trip.before_relay / 2)
}

/// Draws one datagram.
struct Pen<'a> {
    sketch: &'a mut Sketch,
    datagram: &'a Datagram,
    /// When the relay read it.
    began: u64,
    near: u64,
    /// Of both copies: UDP out, echo received, echo sent, UDP in.
    stamps: [[Option<u64>; 4]; 2],
}

impl<'a> Pen<'a> {
    fn new(sketch: &'a mut Sketch, datagram: &'a Datagram) -> Self {
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
        Self {
            sketch,
            datagram,
            began: 0,
            near: half_before(datagram),
            stamps,
        }
    }

    fn draw(&mut self) {
        let Some(began) = self.datagram.stamps()[0] else {
            return;
        };
        self.began = began;
        let sent = began.saturating_sub(self.near);
        self.leg((BROWSER, sent), (RELAY, began), End::Arrow, false);
        let datagram = self.datagram;
        for Event(at, _, copy, what) in &datagram.events {
            self.draw_event(*at, usize::from(*copy & 1), what);
        }
    }

    fn draw_event(&mut self, at: u64, copy: usize, what: &What) {
        let relay = (RELAY, self.began);
        match what {
            What::EchoIn(_) => {
                self.leg(relay, (SERVER, at), End::Arrow, false);
                if copy == 1 {
                    self.mark((SERVER, at), Sign::Twice);
                }
            }
            What::Cut(_) => self.mark((SERVER, at), Sign::Cut),
            What::UdpIn(_) if self.stamps[copy][1].is_none() => {
                let (turn, _) = self.turn(copy);
                self.leg(relay, turn, End::Arrow, true);
            }
            What::RelayOut(_, delivery) => self.draw_answer(at, copy, *delivery),
            What::Corrupted(Direction::Up, _) => {
                self.mark((MIDDLE, self.began.midpoint(at)), Sign::Bit);
            }
            What::Corrupted(Direction::Down, _) => {
                let ((_, turned), _) = self.turn(copy);
                self.mark((MIDDLE, turned.midpoint(at)), Sign::Bit);
            }
            What::Dropped(direction, reason) => self.draw_drop(at, copy, *direction, *reason),
            What::Refused(_) => self.draw_refusal(at),
            What::Rejected(_) => self.mark((RELAY, at), Sign::Rejected),
            What::Unanswered if self.stamps[0][1].is_some() => {
                self.mark((SERVER, at), Sign::Unanswered);
            }
            What::Unanswered | What::Lost => self.draw_wait(at),
            _ => {}
        }
    }

    /// Where and when the answer to a copy set out, and whether that is assumed.
    fn turn(&self, copy: usize) -> ((u32, u64), bool) {
        let [out, received, answered, back] = self.stamps[copy];
        match answered.or(received) {
            Some(at) => ((SERVER, at), false),
            None => {
                let out = out.unwrap_or(self.began);
                ((SERVER, out.midpoint(back.unwrap_or(out))), true)
            }
        }
    }

    fn draw_answer(&mut self, at: u64, copy: usize, delivery: Delivery) {
        let (turn, is_assumed) = self.turn(copy);
        self.leg(turn, (RELAY, at), End::Arrow, is_assumed);
        let (later, sign) = match delivery {
            Delivery::Echoed => (self.near, None),
            Delivery::Duplicate => (self.near, Some(Sign::Twice)),
            Delivery::Late => (0, Some(Sign::Late)),
            Delivery::Stray => (0, None),
        };
        let end = (BROWSER, at.saturating_add(later));
        self.leg((RELAY, at), end, End::Arrow, false);
        if let Some(sign) = sign {
            self.mark(end, sign);
        }
    }

    fn draw_drop(&mut self, at: u64, copy: usize, direction: Direction, reason: DropReason) {
        let (from, goal) = match direction {
            Direction::Up => ((RELAY, self.began), SERVER),
            Direction::Down => (self.turn(copy).0, RELAY),
        };
        // As far from one end, in the direction of the other.
        let beside = |place: u32, other: u32| match other > place {
            true => place + SHORT,
            false => place - SHORT,
        };
        let (from, x, sign) = match reason {
            DropReason::Loss => (from, MIDDLE, Sign::Lost),
            DropReason::Checksum => (from, beside(goal, from.0), Sign::Checksum),
            DropReason::Queue => (from, beside(from.0, goal), Sign::QueueFull),
            DropReason::SlowReader => {
                self.leg(from, (RELAY, at), End::Arrow, false);
                ((RELAY, at), RELAY - SHORT, Sign::SlowReader)
            }
        };
        self.leg(from, (x, at), End::Cross, false);
        self.mark((x, at), sign);
    }

    /// ICMP says it to the relay; when it set out is not known.
    fn draw_refusal(&mut self, at: u64) {
        let there = (SERVER, self.began.midpoint(at));
        self.leg((RELAY, self.began), there, End::Stop, true);
        self.leg(there, (RELAY, at), End::Arrow, true);
        self.mark(there, Sign::Refused);
    }

    fn draw_wait(&mut self, at: u64) {
        let [out, received, answered, back] = self.stamps[0];
        // Where it was last heard of; from there it did not come on in time, and perhaps never will.
        match (out, answered.or(received), back) {
            (_, Some(last), None) => self.leg((SERVER, last), (MIDDLE, last), End::Open, true),
            (Some(_), None, None) => {
                self.leg((RELAY, self.began), (MIDDLE, self.began), End::Open, true);
            }
            _ => {}
        }
        self.sketch.waits.push(Wait {
            number: self.datagram.number,
            from: self.began.saturating_sub(self.near),
            to: at,
        });
        self.mark((BROWSER, at), Sign::GaveUp);
    }

    fn leg(&mut self, from: (u32, u64), to: (u32, u64), end: End, is_assumed: bool) {
        self.sketch.legs.push(Leg {
            number: self.datagram.number,
            from,
            to,
            end,
            is_assumed,
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
