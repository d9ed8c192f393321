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

use std::net::SocketAddr;

use bytes::Bytes;

use super::control::{
    SocketDrop, SocketError, SocketEvent, SocketWhat, SocketsAnswer, SocketsCounters,
    SocketsOptions, SocketsRequest,
};
use super::errno::Errno;
use super::header::Header;
use super::ledger::{SocketsFate, SocketsLedger};
use super::ordered::Ordered;
use super::refusal::Refusal;
use crate::control::{Lab, Notice};
use crate::digits::digits;
use crate::ledger::{Fingerprint, MAX_IN_FLIGHT};
use crate::link::{Carried, Direction, Link, Verdict};
use crate::session::MAX_WAITING_EVENTS;

mod arrivals;
mod errors;
mod exchange;
mod straight;

use arrivals::Arrivals;
use errors::Errors;
pub use errors::MAX_WAITING_ERRORS;
pub use exchange::{Action, Arrival, Incoming, Outcome, Outgoing, Receipt, Sent};

/// What a copy on the link out is known by.
#[derive(Debug, Clone, Copy)]
struct Up {
    id: u64,
    socket: Opened,
    to: Option<SocketAddr>,
}

/// What a copy on the link to the client is known by.
#[derive(Debug, Clone, Copy)]
struct Down {
    arrival: u64,
    socket: Opened,
    from: SocketAddr,
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
    sockets: Ordered<u16, Opened>,
    opened: u64,
    up: Link<Up>,
    down: Link<Down>,
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
            sockets: Ordered::default(),
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
        self.sockets.insert(socket, opened);
    }

    /// Notes that a socket was closed. What the lab still holds of it is not sent, and not given to the client.
    pub fn closed(&mut self, socket: u16) {
        self.sockets.remove(socket);
    }

    /// Takes the client's next binary message. What cannot be read, or names no open socket, is rejected.
    pub fn from_client(&mut self, now: u64, message: Bytes) {
        let Some((header, begin)) = Header::read(&message) else {
            return self.reject_unreadable(now, message.len());
        };
        let payload = message.slice(begin..);
        let Some(socket) = self.sockets.get(header.socket).copied() else {
            let refusal = Refusal::not_open(header.socket);
            return self.reject_payload(now, header.socket, payload.len(), refusal);
        };
        if self.is_narrow || self.ledger.is_full() {
            let refusal = self.full();
            return self.reject_payload(now, header.socket, payload.len(), refusal);
        }
        let id = self.ledger.open(payload.len());
        self.note(
            now,
            id,
            0,
            SocketWhat::RelayIn(header.socket, payload.len()),
        );
        let to = header.address;
        match self.up.offer(now, Up { id, socket, to }, payload) {
            Verdict::Carried(copies) if copies > 1 => self.ledger.duplicated(id),
            Verdict::Carried(_) => {}
            Verdict::Dropped(reason) => self.dropped(now, id, 0, Direction::Up, reason.into()),
        }
    }

    /// Takes the client's next binary message only to reject it: it was over a limit of the host.
    pub fn reject(&mut self, now: u64, message: &[u8], refusal: Refusal) {
        match Header::read(message) {
            Some((header, begin)) => {
                let bytes = message.len() - begin;
                self.reject_payload(now, header.socket, bytes, refusal);
            }
            None => self.reject_unreadable(now, message.len()),
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

    /// Whether [`SocketsSession::give_up`] has something to do.
    pub fn has_overdue(&self, now: u64) -> bool {
        self.ledger.next_overdue().is_some_and(|due| due <= now)
    }

    /// Gives up the copies whose receipts have not come in time. Take what has come first, arrivals and receipts: a host that is
    /// busy must not take its own delay for a socket that never received.
    pub fn give_up(&mut self, now: u64) {
        while let Some((id, copy)) = self.ledger.take_overdue(now) {
            self.dropped(now, id, copy, Direction::Down, SocketDrop::Unreceived);
        }
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

    /// Notes what became of a copy that was to be sent.
    pub fn sent(&mut self, now: u64, outgoing: &Outgoing, sent: Sent) {
        let &Outgoing {
            id, copy, socket, ..
        } = outgoing;
        match sent {
            Sent::Left => {
                self.note(now, id, copy, SocketWhat::UdpOut);
                if self.ledger.settle(id, SocketsFate::Left) {
                    self.note(now, id, copy, SocketWhat::Left);
                }
            }
            Sent::OnLoopback { from, to } => {
                self.note(now, id, copy, SocketWhat::UdpOut);
                let fingerprint = Fingerprint::between(from, to, &outgoing.payload);
                self.ledger.on_loopback(now, id, copy, to, fingerprint);
            }
            Sent::Unbound {
                to,
                is_connected: true,
            } => {
                if self.ledger.settle(id, SocketsFate::Refused) {
                    self.note(now, id, copy, SocketWhat::Refused);
                }
                self.refused(socket, to);
            }
            Sent::Unbound { .. } => {
                self.dropped(now, id, copy, Direction::Up, SocketDrop::Unbound);
            }
            Sent::Not(refusal) => self.rejected(now, id, copy, Some(socket), refusal),
        }
    }

    /// Whether a datagram has its fate, whatever becomes of a further copy. Towards targets and peers one datagram leaves at most,
    /// so that copy is not sent there.
    pub fn has_fate(&self, id: u64) -> bool {
        !self.ledger.is_in_flight(id)
    }

    /// Notes an error that the system told of later, on a connected socket.
    pub fn receive_error(&mut self, socket: u16, refusal: Refusal) {
        self.errors.receive(socket, refusal);
    }

    /// Takes a datagram that came to one of the session's sockets.
    pub fn arrived(&mut self, now: u64, arrival: &Arrival, payload: Bytes) {
        self.note(now, 0, 0, SocketWhat::UdpIn(arrival.socket, payload.len()));
        let number = self.arrivals.add(arrival, &payload);
        let Some(socket) = self.sockets.get(arrival.socket).copied() else {
            return self.receive_dropped(now, number, 0, SocketDrop::Unreceived);
        };
        let tag = Down {
            arrival: number,
            socket,
            from: arrival.from,
        };
        match self.down.offer(now, tag, payload) {
            Verdict::Carried(copies) => {
                if copies > 1 {
                    self.arrivals.duplicated(number);
                }
                if self.down_holds {
                    self.arrivals.held(now, number);
                }
            }
            Verdict::Dropped(reason) => self.receive_dropped(now, number, 0, reason.into()),
        }
    }

    /// Counts datagrams from addresses that may not write to the session's sockets.
    pub fn strangers(&mut self, count: usize) {
        self.ledger.strangers(count as u64);
    }

    /// Takes the receipts for senders in this loopback. Each goes to the session whose socket has, or had, the address
    /// [`Receipt::from`]; where that is not known any more, to every session of the loopback.
    pub fn take_receipts(&mut self) -> Vec<Receipt> {
        self.arrivals.take_receipts()
    }

    /// Takes a receipt. One that belongs to no datagram of the session, or comes too late, changes nothing.
    pub fn received(&mut self, receipt: &Receipt) {
        let fingerprint = &receipt.fingerprint;
        if receipt.outcome == Outcome::Held {
            return self.ledger.hold(receipt.at, fingerprint);
        }
        let Some((id, copy)) = self.ledger.take_received(fingerprint) else {
            return;
        };
        match receipt.outcome {
            Outcome::Dropped(reason) => {
                self.tell_dropped(receipt.at, id, copy, Direction::Down, reason)
            }
            Outcome::Delivered | Outcome::Held => {
                self.ledger.settle(id, SocketsFate::Delivered);
                self.note(receipt.at, id, copy, SocketWhat::Delivered);
            }
        }
    }

    /// Notes that the socket at this address of the loopback is closed: what it has given no receipt for, it never gave out.
    pub fn receiver_closed(&mut self, now: u64, to: SocketAddr) {
        for (id, copy) in self.ledger.take_bound_for(to) {
            self.dropped(now, id, copy, Direction::Down, SocketDrop::Unreceived);
        }
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

    /// Takes a copy from the link out. It is not sent when a bit was turned over, or when its socket is closed.
    fn leave_link(&mut self, now: u64, due: Result<Carried<Up>, Carried<Up>>) -> Option<Outgoing> {
        let (Ok(carried) | Err(carried)) = &due;
        let (Up { id, socket, to }, copy) = (carried.tag, carried.copy);
        if let Some(at) = carried.dequeued_at {
            self.note(at.get(), id, copy, SocketWhat::Dequeued);
        }
        if let Some(bit) = carried.corrupted {
            self.note(now, id, copy, SocketWhat::Corrupted(Direction::Up, bit));
        }
        let Ok(Carried { payload, .. }) = due else {
            self.dropped(now, id, copy, Direction::Up, SocketDrop::Checksum);
            return None;
        };
        let Opened { number, .. } = socket;
        if !self.is_open(socket) {
            let refusal = Refusal::closed_before_sending(number);
            self.rejected(now, id, copy, Some(number), refusal);
            return None;
        }
        Some(Outgoing {
            id,
            copy,
            socket: number,
            to,
            payload,
        })
    }

    /// Takes a copy from the link to the client, if it is to go on to the client.
    fn reach_client(
        &mut self,
        now: u64,
        due: Result<Carried<Down>, Carried<Down>>,
        client_takes: &mut impl FnMut(usize) -> bool,
    ) -> Option<Incoming> {
        let (Ok(carried) | Err(carried)) = &due;
        let (
            Down {
                arrival,
                socket,
                from,
            },
            copy,
        ) = (carried.tag, carried.copy);
        if let Some(at) = carried.dequeued_at {
            self.note(at.get(), 0, copy, SocketWhat::Dequeued);
        }
        if let Some(bit) = carried.corrupted {
            self.note(now, 0, copy, SocketWhat::Corrupted(Direction::Down, bit));
        }
        let header = Header {
            socket: socket.number,
            address: Some(from),
        };
        let reason = match due {
            Err(_) => SocketDrop::Checksum,
            Ok(_) if !self.is_open(socket) => SocketDrop::Unreceived,
            Ok(Carried { payload, .. }) if client_takes(header.bytes() + payload.len()) => {
                self.messages += 1;
                self.ledger.received(1, payload.len() as u64);
                self.note(now, 0, copy, SocketWhat::RelayOut(self.messages));
                self.arrivals.delivered(now, arrival);
                return Some(Incoming { header, payload });
            }
            Ok(_) => SocketDrop::SlowReader,
        };
        self.receive_dropped(now, arrival, copy, reason);
        None
    }

    fn is_open(&self, socket: Opened) -> bool {
        self.sockets.get(socket.number) == Some(&socket)
    }

    /// Why no more is taken.
    fn full(&self) -> Refusal {
        let text = match self.is_narrow {
            true => {
                "the host holds as much for its sessions as it may; send more slowly".to_owned()
            }
            false => digits(MAX_IN_FLIGHT) + " datagrams are in flight already; send more slowly",
        };
        Refusal::new(Errno::Enobufs, text)
    }

    fn reject_unreadable(&mut self, now: u64, bytes: usize) {
        let id = self.ledger.open(0);
        self.rejected(now, id, 0, None, Refusal::unreadable(bytes));
    }

    fn reject_payload(&mut self, now: u64, socket: u16, bytes: usize, refusal: Refusal) {
        let id = self.ledger.open(bytes);
        self.note(now, id, 0, SocketWhat::RelayIn(socket, bytes));
        self.rejected(now, id, 0, Some(socket), refusal);
    }

    fn rejected(&mut self, now: u64, id: u64, copy: u8, socket: Option<u16>, refusal: Refusal) {
        if self.ledger.settle(id, SocketsFate::Rejected) {
            self.note(now, id, copy, SocketWhat::Rejected(refusal.errno));
            self.errors.send(socket, id, 1, refusal);
        }
    }

    fn refused(&mut self, socket: u16, to: SocketAddr) {
        self.errors.receive(socket, Refusal::connection_refused(to));
    }

    /// Notes that this session dropped a copy of a datagram of its own.
    fn dropped(&mut self, now: u64, id: u64, copy: u8, direction: Direction, reason: SocketDrop) {
        self.drops[reason as usize] += 1;
        self.tell_dropped(now, id, copy, direction, reason);
    }

    /// Notes that a copy of a datagram of this session was dropped, wherever that was.
    fn tell_dropped(
        &mut self,
        now: u64,
        id: u64,
        copy: u8,
        direction: Direction,
        reason: SocketDrop,
    ) {
        self.note(now, id, copy, SocketWhat::Dropped(direction, reason));
        if self.ledger.copy_dropped(id) {
            self.note(now, id, copy, SocketWhat::Gone);
        }
    }

    /// Notes that this session dropped a copy of a datagram that came to one of its sockets.
    fn receive_dropped(&mut self, now: u64, arrival: u64, copy: u8, reason: SocketDrop) {
        self.drops[reason as usize] += 1;
        self.note(now, 0, copy, SocketWhat::Dropped(Direction::Down, reason));
        if self.arrivals.dropped(now, arrival, reason) {
            self.ledger.receive_dropped(1);
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
