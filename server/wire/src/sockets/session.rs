//! One session of `/sockets` as a state machine: ledger, links, events and errors, without any socket.
//!
//! The host feeds it what its sockets give and carries out the [`Action`]s; the browser's simulated machine does the same
//! with no sockets at all. Both decide where a datagram goes; the session keeps the ledger. Times are microseconds of one clock
//! that does not go backwards and that all sessions of a loopback share.
//!
//! ```text
//! from_client ─▶ link up ─▶ Action::Send ─▶ sent ──────────────┬─▶ a target, a peer, a visitor
//!                                                              ▼
//! received ◀── take_receipts ◀── Action::ToClient ◀── link down ◀── arrived   (the session that owns the receiving socket)
//! ```
//!
//! While nobody traces and the link does nothing, datagrams need not go that way: see [`SocketsSession::goes_straight`].
//!
//! - `exchange`: what a session and its owner hand to each other;
//! - `outgoing`: the client's datagrams; `incoming`: those that come to its sockets, and `arrivals`: what their senders are told;
//! - `straight`: datagrams that need no link; `errors`: those that wait to be told.

use std::net::SocketAddr;

use super::control::{
    SocketDrop, SocketError, SocketEvent, SocketWhat, SocketsAnswer, SocketsCounters,
    SocketsOptions, SocketsRequest,
};
use super::ledger::SocketsLedger;
use crate::control::{Lab, Notice};
use crate::link::{Carried, Direction, Link};
use crate::session::MAX_WAITING_EVENTS;

mod arrivals;
mod errors;
mod exchange;
mod incoming;
mod outgoing;
mod straight;

use arrivals::Arrivals;
use errors::Errors;
pub use errors::MAX_WAITING_ERRORS;
pub use exchange::{Action, Arrival, Incoming, Outcome, Outgoing, Receipt, Sent};

/// What a copy on a link is known by. One type for both ways: a page pays for each kind of link.
#[derive(Debug, Clone, Copy)]
struct Tag {
    /// Number of the datagram on the way out, of the arrival on the way to the client.
    number: u64,
    socket: Opened,
    /// Where it goes, or where it came from. `None` is the peer of a connected socket.
    address: Option<SocketAddr>,
}

/// A socket as it was opened: another one may get its number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opened {
    number: u16,
    /// How many sockets were opened before it.
    before: u64,
}

/// The state of a session.
#[derive(Debug)]
pub struct SocketsSession {
    began: u64,
    options: SocketsOptions,
    /// Those that are open, by their numbers.
    sockets: Vec<Opened>,
    opened: u64,
    up: Link<Tag>,
    down: Link<Tag>,
    /// Whether the link to the client takes time.
    down_holds: bool,
    ledger: SocketsLedger,
    arrivals: Arrivals,
    errors: Errors,
    events: Vec<SocketEvent>,
    missed_events: u64,
    is_narrow: bool,
    messages: u64,
    drops: [u64; SocketDrop::ALL.len()],
}

impl SocketsSession {
    /// A session that begins at `now`, with no socket and a link that does nothing.
    pub fn new(now: u64, seed: u64) -> Self {
        let lab = Lab::default();
        Self {
            began: now,
            options: SocketsOptions::default(),
            sockets: Vec::new(),
            opened: 0,
            up: Link::new(lab.up, seed, Direction::Up),
            down: Link::new(lab.down, seed, Direction::Down),
            down_holds: false,
            ledger: SocketsLedger::default(),
            arrivals: Arrivals::default(),
            errors: Errors::default(),
            events: Vec::new(),
            missed_events: 0,
            is_narrow: false,
            messages: 0,
            drops: [0; SocketDrop::ALL.len()],
        }
    }

    /// The options in force.
    pub fn options(&self) -> SocketsOptions {
        self.options
    }

    /// The totals.
    pub fn counters(&self) -> SocketsCounters {
        self.ledger.counters()
    }

    /// Copies that were dropped in this session, by reason in the order of [`SocketDrop::ALL`]. What another session of the
    /// loopback dropped is counted there.
    pub fn drops(&self) -> [u64; SocketDrop::ALL.len()] {
        self.drops
    }

    /// Takes a control message and returns the answer. `None` leaves the message to the host: it concerns its sockets.
    pub fn control(&mut self, request: &SocketsRequest) -> Option<SocketsAnswer> {
        match request {
            SocketsRequest::Options(options) => {
                self.options = *options;
                Some(SocketsAnswer::Options(self.options))
            }
            SocketsRequest::Lab(lab) => Some(self.change_lab(lab)),
            SocketsRequest::Once(mishap) => {
                self.up.befall_next(*mishap);
                Some(SocketsAnswer::Counters(self.counters()))
            }
            SocketsRequest::Counters => Some(SocketsAnswer::Counters(self.counters())),
            SocketsRequest::Open(_)
            | SocketsRequest::Bind(_)
            | SocketsRequest::Connect(_)
            | SocketsRequest::Disconnect(_)
            | SocketsRequest::Close(_)
            | SocketsRequest::Resolve(_) => None,
        }
    }

    /// Notes that a socket was opened.
    pub fn opened(&mut self, socket: u16) {
        let opened = Opened {
            number: socket,
            before: self.opened,
        };
        self.opened += 1;
        match self.place(socket) {
            Ok(place) => self.sockets[place] = opened,
            Err(place) => self.sockets.insert(place, opened),
        }
    }

    /// Notes that a socket was closed. What the lab still holds of it is not sent, and not given to the client.
    pub fn closed(&mut self, socket: u16) {
        if let Ok(place) = self.place(socket) {
            self.sockets.remove(place);
        }
    }

    /// What is to be done at `now`. Call it until it returns `None`.
    ///
    /// `client_takes` says whether there is room for a message of so many bytes; if not, it is dropped and counted.
    pub fn poll(
        &mut self,
        now: u64,
        mut client_takes: impl FnMut(usize) -> bool,
    ) -> Option<Action> {
        while let Some(due) = self.up.due(now) {
            if let Some(outgoing) = self.leave_link(now, due) {
                return Some(Action::Send(outgoing));
            }
        }
        while let Some(due) = self.down.due(now) {
            if let Some(incoming) = self.reach_client(now, due, &mut client_takes) {
                return Some(Action::ToClient(incoming));
            }
        }
        None
    }

    /// When [`SocketsSession::poll`] or [`SocketsSession::give_up`] has something to do without anything arriving.
    pub fn next_due(&self) -> Option<u64> {
        let dues = [
            self.up.next_due(),
            self.down.next_due(),
            self.ledger.next_overdue(),
        ];
        dues.into_iter().flatten().min()
    }

    /// Whether events wait to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty() || self.missed_events > 0
    }

    /// Takes the events that wait, oldest first, and how many were missed because too many waited.
    pub fn take_events(&mut self) -> (Vec<SocketEvent>, u64) {
        (
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.missed_events),
        )
    }

    /// Whether errors wait to be taken.
    pub fn has_errors(&self) -> bool {
        self.errors.are_waiting()
    }

    /// Takes the errors that wait, oldest first, and how many were missed because too many waited. Take them before the
    /// answer to the client's next request, so that they come in the order of the client's messages.
    pub fn take_errors(&mut self) -> (Vec<SocketError>, u64) {
        self.errors.take()
    }

    /// Whether a receipt may come that belongs to a copy.
    pub fn awaits_receipts(&self) -> bool {
        self.ledger.next_overdue().is_some()
    }

    /// Whether nothing is on its way, and nothing waits to be told. What goes and comes straight, and needs no receipt, leaves the
    /// session so.
    pub fn is_at_rest(&self) -> bool {
        let waits = self.has_events() || self.has_errors() || self.arrivals.has_receipts();
        !waits && self.next_due().is_none() && !self.is_narrow
    }

    /// Bytes of memory that the session holds, but for its events.
    pub fn held_bytes(&self) -> usize {
        self.ledger.held_bytes()
            + self.up.held_bytes()
            + self.down.held_bytes()
            + self.arrivals.held_bytes()
            + self.errors.held_bytes()
    }

    /// Whether the session shall hold no more than it does: datagrams are rejected then, and the lab's queues are full.
    pub fn narrow(&mut self, is_narrow: bool) {
        self.is_narrow = is_narrow;
        self.up.narrow(is_narrow);
        self.down.narrow(is_narrow);
    }

    fn change_lab(&mut self, lab: &Lab) -> SocketsAnswer {
        if let Err(error) = lab.up.check().and_then(|()| lab.down.check()) {
            return SocketsAnswer::Notice(Notice {
                code: "out_of_range".to_owned(),
                text: error.sentence(),
            });
        }
        self.up.change(lab.up, lab.seed, Direction::Up);
        self.down.change(lab.down, lab.seed, Direction::Down);
        self.down_holds = (lab.down.delay_us, lab.down.jitter_us, lab.down.rate_kbps) != (0, 0, 0);
        SocketsAnswer::Lab(lab.clone())
    }

    fn is_open(&self, socket: Opened) -> bool {
        self.open_socket(socket.number) == Some(socket)
    }

    fn open_socket(&self, number: u16) -> Option<Opened> {
        let place = self.place(number).ok()?;
        self.sockets.get(place).copied()
    }

    /// Where a socket is among those that are open, or where it belongs.
    fn place(&self, number: u16) -> Result<usize, usize> {
        self.sockets
            .binary_search_by_key(&number, |opened| opened.number)
    }

    /// Notes what the link did to a copy that leaves it.
    fn note_link(&mut self, now: u64, id: u64, carried: &Carried<Tag>, direction: Direction) {
        if let Some(at) = carried.dequeued_at {
            self.note(at.get(), id, carried.copy, SocketWhat::Dequeued);
        }
        if let Some(bit) = carried.corrupted {
            self.note(now, id, carried.copy, SocketWhat::Corrupted(direction, bit));
        }
    }

    fn note(&mut self, now: u64, id: u64, copy: u8, what: SocketWhat) {
        if !self.options.tracing {
            return;
        }
        if self.events.len() >= MAX_WAITING_EVENTS {
            self.missed_events += 1;
            return;
        }
        let at = now.saturating_sub(self.began);
        self.events.push(SocketEvent(at, id, copy, what));
    }
}

#[cfg(test)]
mod tests;
