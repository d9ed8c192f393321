//! One session of a relay as a state machine: ledger, link and events, without any socket.
//!
//! The host feeds it what its sockets give and carries out the [`Action`]s; the browser's simulated mode does the same
//! with no sockets at all. Times are microseconds of one clock that does not go backwards.
//!
//! ```text
//! from_client ─▶ link up ─▶ Action::ToServer ─▶ sent ─▶ server_saw ─▶ from_server ─▶ link down ─▶ Action::ToClient
//! ```

use crate::digits::digits;
use bytes::Bytes;

use crate::control::{ClientMessage, Event, HostMessage, Lab, Notice, Options, What};
use crate::lane::Lane;
use crate::ledger::{Answer, Counters, Delivery, Fate, Fingerprint, Ledger};
use crate::link::{Carried, Direction, DropReason, Link, Verdict};

mod lane;

/// Most events that wait to be taken; further ones are counted as missed.
pub const MAX_WAITING_EVENTS: usize = 65_536;

/// What the owner of a session has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send the payload to the server as one datagram, then call [`Session::sent`] or [`Session::not_sent`].
    ToServer(Carried<u64>),
    /// Send the payload to the client as one binary message.
    ToClient(Bytes),
    /// Send the payload to the client on the lane, as the answer with this number; where that cannot be, call
    /// [`Session::lane_is_full`].
    ToLane(u64, Bytes),
}

/// What the host's own server did with a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// When it was received.
    pub received_at: u64,
    /// Bytes that fitted the server's buffer.
    pub bytes: usize,
    /// Bytes of the answer and when it was sent; `None` when the server did not answer.
    pub answered: Option<(usize, u64)>,
}

/// The state of a session.
#[derive(Debug)]
pub struct Session {
    began: u64,
    options: Options,
    /// Whether events are noted although the client traces nothing.
    is_watched: bool,
    lab: Lab,
    up: Link<u64>,
    down: Link<Answer>,
    ledger: Ledger,
    events: Vec<Event>,
    missed_events: u64,
    is_narrow: bool,
    /// Messages of the client on the WebSocket that had no number.
    unnumbered: u64,
    /// Most payload bytes of an answer on the lane, while one is open.
    lane: Option<u32>,
    replies: u64,
    drops: [u64; DropReason::ALL.len()],
    round_trip: Option<u64>,
}

impl Session {
    /// A session that begins at `now`, with a link that does nothing.
    pub fn new(now: u64, seed: u64) -> Self {
        let lab = Lab {
            seed,
            ..Lab::default()
        };
        Self {
            began: now,
            options: Options::default(),
            is_watched: false,
            up: Link::new(lab.up, seed, Direction::Up),
            down: Link::new(lab.down, seed, Direction::Down),
            lab,
            ledger: Ledger::default(),
            events: Vec::new(),
            missed_events: 0,
            is_narrow: false,
            unnumbered: 0,
            lane: None,
            replies: 0,
            drops: [0; DropReason::ALL.len()],
            round_trip: None,
        }
    }

    /// The options in force.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Notes events from here on, whether or not the client traces any: somebody else watches, too.
    pub fn watch(&mut self) {
        self.is_watched = true;
    }

    /// When the session began.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// The totals.
    pub fn counters(&self) -> Counters {
        self.ledger.counters()
    }

    /// Copies of datagrams and of answers that were dropped, by reason in the order of [`DropReason::ALL`].
    pub fn drops(&self) -> [u64; DropReason::ALL.len()] {
        self.drops
    }

    /// Takes a control message and returns the answer. `None` leaves the message to the host: it concerns its sockets.
    pub fn control(&mut self, message: &ClientMessage) -> Option<HostMessage> {
        match message {
            ClientMessage::Options(options) => Some(self.change_options(*options)),
            ClientMessage::Lab(lab) => Some(self.change_lab(lab)),
            ClientMessage::Once(mishap) => {
                self.up.befall_next(*mishap);
                Some(HostMessage::Counters(self.counters()))
            }
            ClientMessage::Counters => Some(HostMessage::Counters(self.counters())),
            ClientMessage::Server(_) | ClientMessage::Stream(_) | ClientMessage::Capture => None,
        }
    }

    /// Says what the session's socket is, where it could not become what was asked for; returns the options in force.
    pub fn keep_connected(&mut self, connected: bool) -> HostMessage {
        self.options.connected = connected;
        HostMessage::Options(self.options)
    }

    /// Takes the client's next datagram, of a client without a lane.
    pub fn from_client(&mut self, now: u64, payload: Bytes) {
        let number = self.next_unnumbered();
        let taken = self.take(now, number, payload, Lane::WebSocket);
        debug_assert_eq!(taken, Ok(()), "without numbers, each is the next one");
    }

    /// Takes the client's next datagram only to reject it: it was over a limit of the host.
    pub fn reject(&mut self, now: u64, bytes: usize, reason: String) {
        let number = self.next_unnumbered();
        let taken = self.take_and_reject(now, number, bytes, Lane::WebSocket, reason);
        debug_assert_eq!(taken, Ok(()), "without numbers, each is the next one");
    }

    /// What is to be done at `now`. Call it until it returns `None`.
    ///
    /// `client_takes` says whether there is room for an answer of so many bytes; if not, it is dropped and counted.
    pub fn poll(
        &mut self,
        now: u64,
        mut client_takes: impl FnMut(usize) -> bool,
    ) -> Option<Action> {
        self.miss_answers(now);
        // An answer that is due by then comes first.
        let arrives = self.down.next_due();
        let until = arrives.map_or(now, |due| now.min(due.saturating_sub(1)));
        while let Some((id, fate)) = self.ledger.expire(until, self.timeout()) {
            let what = match fate {
                Fate::Unanswered => What::Unanswered,
                Fate::Dropped => {
                    self.note_drop(now, id, 0, Direction::Up, DropReason::Hop);
                    What::Gone
                }
                _ => What::Lost,
            };
            self.note(now, id, 0, what);
        }
        while let Some(due) = self.up.due(now) {
            let (Ok(carried) | Err(carried)) = &due;
            let (id, copy) = (carried.tag, carried.copy);
            if let Some(at) = carried.dequeued_at {
                self.note(at.get(), id, copy, What::Dequeued);
            }
            if let Some(bit) = carried.corrupted {
                self.note(now, id, copy, What::Corrupted(Direction::Up, bit));
            }
            match due {
                Ok(carried) => return Some(Action::ToServer(carried)),
                Err(_) => self.dropped(now, id, copy, Direction::Up, DropReason::Checksum),
            }
        }
        while let Some(due) = self.down.due(now) {
            let (Ok(carried) | Err(carried)) = &due;
            let (answer, bit) = (carried.tag, carried.corrupted);
            let id = answer.id.unwrap_or(0);
            if let Some(at) = carried.dequeued_at {
                self.note(at.get(), id, answer.copy, What::Dequeued);
            }
            if let Some(bit) = bit {
                self.note(now, id, answer.copy, What::Corrupted(Direction::Down, bit));
            }
            if let Ok(carried) = &due
                && let Some(number) = self.lane_out(now, &answer, carried.payload.len())
            {
                return Some(Action::ToLane(number, carried.payload.clone()));
            }
            match due {
                Ok(carried) if client_takes(carried.payload.len()) => {
                    let delivery = self.ledger.deliver(&answer, carried.payload.len());
                    if delivery == Delivery::Echoed {
                        self.round_trip = self.ledger.age(id, now);
                    }
                    self.replies += 1;
                    self.note(now, id, answer.copy, What::RelayOut(self.replies, delivery));
                    return Some(Action::ToClient(carried.payload));
                }
                Ok(_) => self.dropped(
                    now,
                    id,
                    answer.copy,
                    Direction::Down,
                    DropReason::SlowReader,
                ),
                Err(_) => self.dropped(now, id, answer.copy, Direction::Down, DropReason::Checksum),
            }
        }
        None
    }

    /// Whether [`Session::poll`] would give up a datagram whose time to be answered is over. Take what has come first: a host that is
    /// busy must not take its own delay for a loss.
    pub fn has_overdue(&mut self, now: u64) -> bool {
        let timeout = self.timeout();
        self.ledger
            .next_expiry(timeout)
            .is_some_and(|due| due <= now)
    }

    /// When [`Session::poll`] has something to do without anything arriving.
    pub fn next_due(&mut self) -> Option<u64> {
        let timeout = self.timeout();
        let dues = [
            self.up.next_due(),
            self.down.next_due(),
            self.ledger.next_miss(self.report_wait()),
            self.ledger.next_expiry(timeout),
        ];
        dues.into_iter().flatten().min()
    }

    /// Notes that a copy went out to the server.
    pub fn sent(&mut self, now: u64, carried: &Carried<u64>) {
        let fingerprint = Fingerprint::of(&carried.payload);
        self.ledger.on_wire(carried.tag, carried.copy, fingerprint);
        self.note(now, carried.tag, carried.copy, What::UdpOut);
    }

    /// Notes that a datagram could not be sent, and why: too big, or the operating system's own words.
    pub fn not_sent(&mut self, now: u64, id: u64, reason: String) {
        if self.ledger.settle(id, Fate::Rejected) {
            self.note(now, id, 0, What::Rejected(reason));
        }
    }

    /// Notes that ICMP said that nobody listens, in the operating system's words.
    pub fn refused(&mut self, now: u64, reason: &str) {
        for id in self.ledger.refuse() {
            self.note(now, id, 0, What::Refused(reason.to_owned()));
        }
    }

    /// Notes what the host's own server did with a datagram of this session.
    pub fn server_saw(&mut self, fingerprint: &Fingerprint, served: &Served) {
        let Some((id, copy)) = self.ledger.seen_by_server(fingerprint) else {
            return;
        };
        self.note(served.received_at, id, copy, What::EchoIn(served.bytes));
        if served.bytes < fingerprint.bytes() {
            self.note(served.received_at, id, copy, What::Cut(fingerprint.bytes()));
        }
        match served.answered {
            Some((bytes, at)) => self.note(at, id, copy, What::EchoOut(bytes)),
            None if fingerprint.bytes() == 0 && self.ledger.settle(id, Fate::Unanswered) => {
                self.note(served.received_at, id, copy, What::Unanswered);
            }
            None => {}
        }
    }

    /// Takes an answer of the server.
    pub fn from_server(&mut self, now: u64, payload: Bytes) {
        let answer = self.ledger.answer(&payload);
        let id = answer.id.unwrap_or(0);
        self.note(now, id, answer.copy, What::UdpIn(payload.len()));
        // It has come by the time at which it would be given up: it is the host that is late.
        let came = self
            .ledger
            .expiry(id, self.timeout())
            .map_or(now, |due| now.min(due));
        match self.down.offer(came, answer, payload) {
            Verdict::Carried(copies) if copies > 1 => self.ledger.duplicated(id),
            Verdict::Carried(_) => {}
            Verdict::Dropped(reason) => self.dropped(now, id, answer.copy, Direction::Down, reason),
        }
    }

    /// Whether events wait to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty() || self.missed_events > 0
    }

    /// Takes the time from the latest echoed datagram's arrival to its answer, in microseconds.
    pub fn take_round_trip(&mut self) -> Option<u64> {
        self.round_trip.take()
    }

    /// Takes the events that wait, oldest first, and how many were missed because too many waited.
    pub fn take_events(&mut self) -> (Vec<Event>, u64) {
        (
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.missed_events),
        )
    }

    /// Bytes of memory that the session holds, but for its events.
    pub fn held_bytes(&self) -> usize {
        self.ledger.held_bytes() + self.up.held_bytes() + self.down.held_bytes()
    }

    /// Whether the session shall hold no more than it does: datagrams are rejected then, and the lab's queues are full.
    pub fn narrow(&mut self, is_narrow: bool) {
        self.is_narrow = is_narrow;
        self.up.narrow(is_narrow);
        self.down.narrow(is_narrow);
    }

    fn timeout(&self) -> u64 {
        u64::from(self.options.timeout_ms) * 1000
    }

    fn change_options(&mut self, options: Options) -> HostMessage {
        if !(1..=Options::MAX_TIMEOUT_MS).contains(&options.timeout_ms) {
            let asked = digits(options.timeout_ms.into());
            let most = digits(Options::MAX_TIMEOUT_MS.into());
            let range = [
                ", but may be 1 to ",
                &most,
                "; the options stay as they were",
            ]
            .concat();
            return notice(["timeout_ms is ", &asked, &range].concat());
        }
        self.options = options;
        HostMessage::Options(options)
    }

    fn change_lab(&mut self, lab: &Lab) -> HostMessage {
        if let Err(error) = lab.up.check().and_then(|()| lab.down.check()) {
            return notice(error.sentence());
        }
        self.up.change(lab.up, lab.seed, Direction::Up);
        self.down.change(lab.down, lab.seed, Direction::Down);
        self.lab = lab.clone();
        HostMessage::Lab(self.lab.clone())
    }

    fn dropped(&mut self, now: u64, id: u64, copy: u8, direction: Direction, reason: DropReason) {
        self.note_drop(now, id, copy, direction, reason);
        if self.ledger.copy_dropped(id) {
            self.note(now, id, copy, What::Gone);
        }
    }

    fn note_drop(&mut self, now: u64, id: u64, copy: u8, direction: Direction, reason: DropReason) {
        self.drops[reason as usize] += 1;
        self.note(now, id, copy, What::Dropped(direction, reason));
    }

    fn note(&mut self, now: u64, id: u64, copy: u8, what: What) {
        if !self.options.tracing && !self.is_watched {
            return;
        }
        if self.events.len() >= MAX_WAITING_EVENTS {
            self.missed_events += 1;
            return;
        }
        self.events
            .push(Event(now.saturating_sub(self.began), id, copy, what));
    }
}

fn notice(text: String) -> HostMessage {
    HostMessage::Notice(Notice {
        code: "out_of_range".to_owned(),
        text,
    })
}

#[cfg(test)]
mod tests;
