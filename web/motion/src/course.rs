//! Where each copy of a datagram went between relay and server, at times of the host's clock, in microseconds.
//!
//! What is lost flies as fast as what arrives, and ends on the way. A host tells at once that its link lost a datagram; that
//! moment is no arrival, and so it is not drawn as one.

use udp_echo_feed::datagram::Datagram;
use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

/// Where the browser is, in ten-thousandths of the way.
pub const BROWSER: u32 = 0;
/// Where the relay is.
pub const RELAY: u32 = 3_800;
/// Where the server is.
pub const SERVER: u32 = 10_000;

/// Where the first of the lost ends; others end beside it.
const LOST: u32 = 5_700;
/// How far the next one ends from it, and how many places there are.
const ASIDE: (u32, u32) = (600, 4);
/// How far before its goal something ends that is turned away there.
const SHORT: u32 = 600;
/// Microseconds of a flight, where no datagram of the run arrived: about what loopback takes.
const FLIGHT_US: u64 = 40;

/// How a way ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the browser: the answer that counts.
    Home,
    /// At the browser: one more answer.
    Twice,
    /// At the browser, after the client had stopped waiting.
    Late,
    /// On the link, which lost it.
    Lost,
    /// Before its goal: its checksum failed there.
    Checksum,
    /// Where the link begins: its queue was full.
    QueueFull,
    /// At the relay: the page read too slowly.
    SlowReader,
    /// Between page and relay; it is drawn at the relay, for where on that way nobody knows.
    Hop,
    /// At the server's machine: nobody listens there.
    Refused,
    /// At the relay: it was not sent.
    Rejected,
    /// At the server, which answers nothing to an empty datagram.
    Unanswered,
    /// Nobody knows where: no answer came in time.
    TimedOut,
    /// It is still under way, or nothing was told of it.
    UnderWay,
}

impl End {
    /// Whether it came back to the browser.
    pub fn is_at_browser(self) -> bool {
        matches!(self, Self::Home | Self::Twice | Self::Late)
    }
}

/// A straight flight from a place at a time to a place at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Where and when it begins.
    pub from: (u32, u64),
    /// Where and when it ends.
    pub to: (u32, u64),
}

/// The way of one copy between relay and server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The datagram.
    pub number: u64,
    /// A copy that the link made: it does not come from the browser, but forks off.
    pub is_copy: bool,
    /// Its flights, at most one there and one back.
    pub legs: Vec<Leg>,
    /// How it ends.
    pub end: End,
    /// When the relay read it, or the copy forked off.
    pub began: u64,
}

impl Course {
    /// When the last that is known of it happened.
    pub fn ended(&self) -> u64 {
        self.legs.last().map_or(self.began, |leg| leg.to.1)
    }
}

/// The courses of these datagrams, in their order; none of a datagram that no relay has read, and none has given up.
pub fn courses(datagrams: &[&Datagram]) -> Vec<Course> {
    let mut chart = Chart {
        courses: Vec::new(),
        flight: flight(datagrams),
        lost: 0,
    };
    for datagram in datagrams {
        chart.add(datagram);
    }
    chart.courses
}

/// The shortest flight in the run: that of a datagram which waited for nothing.
fn flight(datagrams: &[&Datagram]) -> u64 {
    let mut shortest = None;
    for datagram in datagrams {
        let [began, _, received, answered, _, back] = datagram.stamps();
        for (from, to) in [(began, received), (answered, back)] {
            if let (Some(from), Some(to)) = (from, to) {
                let took = to.saturating_sub(from).max(1);
                shortest = Some(shortest.map_or(took, |known: u64| known.min(took)));
            }
        }
    }
    shortest.unwrap_or(FLIGHT_US)
}

struct Chart {
    courses: Vec<Course>,
    flight: u64,
    /// How many were lost so far.
    lost: u32,
}

/// What was told of one copy on its way there: UDP out, received, answered, back at the relay.
type Told = [Option<u64>; 4];

impl Chart {
    fn add(&mut self, datagram: &Datagram) {
        let is_unseen =
            |event: &&Event| matches!(event.3, What::Dropped(_, why) if why.is_before_relay());
        let given_up = || Some(datagram.events.iter().find(is_unseen)?.0);
        let Some(began) = datagram.stamps()[0].or_else(given_up) else {
            return;
        };
        let told = [0, 1].map(|copy| told(datagram, copy));
        for (copy, told) in (0..).zip(told) {
            let is_copy = copy == 1;
            let events = datagram.events.iter().filter(|event| event.2 & 1 == copy);
            let events: Vec<&Event> = events.collect();
            // The link made the second copy only if something was told of it.
            if is_copy && events.is_empty() {
                continue;
            }
            let course = Course {
                number: datagram.number,
                is_copy,
                legs: Vec::new(),
                end: End::UnderWay,
                began,
            };
            self.follow(course, told, &events);
        }
    }

    /// Follows one copy there, and each of its answers back.
    fn follow(&mut self, mut course: Course, told: Told, events: &[&Event]) {
        // What had to wait in the link's queue waits at its beginning, and then flies as fast as others.
        let is_back = |at: u64| told[3].is_some_and(|back| back <= at);
        let mut left = events.iter().filter(|event| event.3 == What::Dequeued);
        let departed = left.find(|event| !is_back(event.0));
        let relay = (RELAY, departed.map_or(course.began, |event| event.0));
        let mut left_server = None;
        let mut answers = 0;
        if let Some((turned, _)) = turn(course.began, told) {
            let arrived = told[1].unwrap_or(turned);
            course.fly(relay, (SERVER, arrived));
        }
        let there = course.clone();
        for Event(at, _, _, what) in events {
            let turned = turn(course.began, told).map_or(*at, |(at, _)| at);
            let turned = (SERVER, left_server.unwrap_or(turned));
            match what {
                What::Dequeued if is_back(*at) => left_server = Some(*at),
                What::RelayOut(_, delivery) => {
                    let mut back = fork(&there, answers, turned.1);
                    back.fly(turned, (RELAY, *at));
                    back.end = match delivery {
                        Delivery::Duplicate => End::Twice,
                        Delivery::Late => End::Late,
                        Delivery::Echoed | Delivery::Stray => End::Home,
                    };
                    answers += 1;
                    self.courses.push(back);
                }
                What::Dropped(Direction::Down, reason) => {
                    let mut back = fork(&there, answers, turned.1);
                    // It came to the relay, and was given up later.
                    let at = match (reason.is_before_relay(), told[3]) {
                        (true, Some(came)) => came,
                        _ => *at,
                    };
                    self.fail(&mut back, turned, RELAY, at, *reason);
                    answers += 1;
                    self.courses.push(back);
                }
                What::Dropped(Direction::Up, reason) => {
                    self.fail(&mut course, relay, SERVER, *at, *reason);
                }
                What::Refused(_) => {
                    let arrived = course.began + at.saturating_sub(course.began) / 2;
                    course.fly(relay, (SERVER, arrived));
                    course.end = End::Refused;
                }
                What::Rejected(_) => course.end = End::Rejected,
                What::Unanswered if told[1].is_some() => course.end = End::Unanswered,
                What::Unanswered | What::Lost => course.end = End::TimedOut,
                _ => {}
            }
        }
        if answers == 0 {
            self.leave(&mut course);
            self.courses.push(course);
        }
    }

    /// Of what is under way, or never came: as far as it was heard of, and half of the next flight.
    fn leave(&mut self, course: &mut Course) {
        if !matches!(course.end, End::UnderWay | End::TimedOut) {
            return;
        }
        let (place, at) = course
            .legs
            .last()
            .map_or((RELAY, course.began), |leg| leg.to);
        course.fly((place, at), (self.lost_place(), at + self.flight / 2));
    }

    fn fail(&mut self, course: &mut Course, from: (u32, u64), goal: u32, at: u64, why: DropReason) {
        let (start, departed) = from;
        let beside = |place: u32, other: u32| match other > place {
            true => place + SHORT,
            false => place - SHORT,
        };
        let (to, end) = match why {
            DropReason::Loss => {
                let place = self.lost_place();
                let part = u64::from(start.abs_diff(place)) * self.flight;
                let at = departed + part / u64::from(SERVER - RELAY);
                ((place, at), End::Lost)
            }
            // It was told when it was due to arrive.
            DropReason::Checksum => ((beside(goal, start), at.max(departed)), End::Checksum),
            DropReason::Queue => {
                let at = departed + self.flight / 8;
                ((beside(start, goal), at), End::QueueFull)
            }
            DropReason::SlowReader => ((goal, at.max(departed)), End::SlowReader),
            DropReason::Hop | DropReason::Browser if start == RELAY => {
                course.end = End::Hop;
                return;
            }
            DropReason::Hop | DropReason::Browser => ((RELAY, at.max(departed)), End::Hop),
        };
        course.fly(from, to);
        course.end = end;
    }

    /// Places on the link, side by side, for what ends there.
    fn lost_place(&mut self) -> u32 {
        let place = LOST + self.lost % ASIDE.1 * ASIDE.0;
        self.lost += 1;
        place
    }
}

impl Course {
    /// Goes on to here. A host may say anything: time does not go backwards.
    fn fly(&mut self, from: (u32, u64), to: (u32, u64)) {
        let from = (from.0, from.1.max(self.ended()));
        let to = (to.0, to.1.max(from.1));
        self.legs.push(Leg { from, to });
    }
}

/// The course of an answer: the first one goes on as what was answered, another forks off where it turned.
fn fork(there: &Course, answers: u32, turned: u64) -> Course {
    match answers {
        0 => there.clone(),
        _ => Course {
            is_copy: true,
            legs: Vec::new(),
            began: turned.max(there.began),
            ..there.clone()
        },
    }
}

fn told(datagram: &Datagram, copy: u8) -> Told {
    let mut told = Told::default();
    for Event(at, _, of, what) in &datagram.events {
        let place = match what {
            What::UdpOut => 0,
            What::EchoIn(_) => 1,
            What::EchoOut(_) => 2,
            What::UdpIn(_) => 3,
            _ => continue,
        };
        // A host may say anything; copies are 0 and 1.
        if of & 1 == copy {
            told[place].get_or_insert(*at);
        }
    }
    told
}

/// When the answer set out, and whether that is assumed: of a server that is not the host's, half-way between out and back.
fn turn(began: u64, told: Told) -> Option<(u64, bool)> {
    let [out, received, answered, back] = told;
    match (answered.or(received), back) {
        (Some(at), _) => Some((at, false)),
        (None, Some(back)) => Some((out.unwrap_or(began).midpoint(back), true)),
        (None, None) => None,
    }
}
