//! The ledger of a session of `/sockets`: every datagram ends in exactly one fate, and the totals always add up.
//!
//! A datagram to a target, a peer or a visitor has left when the system has taken it. One to a socket of the same loopback waits
//! for a receipt of the session that owns that socket. Receipts carry no number, for datagrams carry none: a receipt belongs to
//! the oldest copy that waits with the same bytes, between the same two addresses.
//!
//! Nothing is remembered of a datagram that has its fate: on this route a client sees itself which of its answers come late.

use std::net::SocketAddr;

use super::control::SocketsCounters;
use super::ordered::Ordered;
use crate::ledger::{Fingerprint, MAX_IN_FLIGHT};

mod waiting;

use waiting::{Awaited, Waiting};
pub use waiting::{HELD_US, RECEIPT_US};

/// Copies that may wait for receipts: a link makes two of a datagram at most.
const MAX_WAITING: usize = 2 * MAX_IN_FLIGHT as usize;

/// The end of a datagram; each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketsFate {
    /// A socket of this loopback received it.
    Delivered,
    /// The system took it, for a target, a peer or a visitor.
    Left,
    /// Dropped at a place that is known, for a reason that is known.
    Dropped,
    /// Its socket is connected, and nobody has bound the port.
    Refused,
    /// Not sent: too big, too many, or against a rule.
    Rejected,
}

/// The ledger of one session. Times are in microseconds of any clock that does not go backwards.
#[derive(Debug, Default)]
pub struct SocketsLedger {
    counters: SocketsCounters,
    /// How many copies of each datagram without a fate are out.
    in_flight: Ordered<u64, u8>,
    waiting: Waiting,
}

impl SocketsLedger {
    /// Opens the account of the next datagram; they are numbered from 1.
    pub fn open(&mut self, bytes: usize) -> u64 {
        self.counters.sent += 1;
        self.counters.bytes_sent += bytes as u64;
        self.in_flight.insert(self.counters.sent, 1);
        self.counters.sent
    }

    /// Books the next datagrams, all with this fate; returns the number of the first.
    pub fn open_settled(&mut self, count: u64, bytes: u64, fate: SocketsFate) -> u64 {
        let first = self.counters.sent + 1;
        self.counters.sent += count;
        self.counters.bytes_sent += bytes;
        *self.of(fate) += count;
        first
    }

    /// True when no more should be sent: too much is under way.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// How many datagrams more may be under way.
    pub fn room(&self) -> usize {
        let of_datagrams = (MAX_IN_FLIGHT as usize).saturating_sub(self.in_flight.len());
        of_datagrams.min(MAX_WAITING.saturating_sub(self.waiting.len()))
    }

    /// Whether a datagram has no fate yet.
    pub fn is_in_flight(&self, id: u64) -> bool {
        self.in_flight.contains_key(&id)
    }

    /// Notes that a link made a second copy of a datagram.
    pub fn duplicated(&mut self, id: u64) {
        if let Some(copies) = self.in_flight.get_mut(&id) {
            *copies = copies.saturating_add(1);
        }
    }

    /// Books a copy that was dropped. Returns true when it was the last one: the datagram's fate is `dropped`.
    pub fn copy_dropped(&mut self, id: u64) -> bool {
        let Some(copies) = self.in_flight.get_mut(&id) else {
            return false;
        };
        *copies = copies.saturating_sub(1);
        *copies == 0 && self.settle(id, SocketsFate::Dropped)
    }

    /// Gives a datagram its fate. Returns false, and changes nothing, when it has one already.
    pub fn settle(&mut self, id: u64, fate: SocketsFate) -> bool {
        if self.in_flight.remove(&id).is_none() {
            return false;
        }
        *self.of(fate) += 1;
        true
    }

    /// Notes that a copy went to the address `to` of this loopback: a receipt is to come.
    pub fn on_loopback(
        &mut self,
        now: u64,
        id: u64,
        copy: u8,
        to: SocketAddr,
        fingerprint: Fingerprint,
    ) {
        let awaited = Awaited {
            copy: (id, copy),
            to,
            fingerprint,
            is_held: false,
        };
        self.waiting.push(now, awaited);
    }

    /// Finds the copy that a receipt belongs to, which waits no longer: its datagram and its number.
    pub fn take_received(&mut self, fingerprint: &Fingerprint) -> Option<(u64, u8)> {
        Some(self.waiting.take(fingerprint)?.copy)
    }

    /// Waits longer for the receipt of a copy: the receiving session's link holds it.
    pub fn hold(&mut self, now: u64, fingerprint: &Fingerprint) {
        self.waiting.hold(now, fingerprint);
    }

    /// Takes the next copy whose receipt has not come in time: its datagram and its number.
    pub fn take_overdue(&mut self, now: u64) -> Option<(u64, u8)> {
        Some(self.waiting.take_overdue(now)?.copy)
    }

    /// Takes the copies to this address, whose socket is closed: no receipt will come.
    pub fn take_bound_for(&mut self, to: SocketAddr) -> Vec<(u64, u8)> {
        let copies = self.waiting.take_bound_for(to).into_iter();
        copies.map(|awaited| awaited.copy).collect()
    }

    /// When [`SocketsLedger::take_overdue`] has something to give next.
    pub fn next_overdue(&self) -> Option<u64> {
        self.waiting.next_overdue()
    }

    /// Books datagrams that went to the client.
    pub fn received(&mut self, count: u64, bytes: u64) {
        self.counters.received += count;
        self.counters.bytes_received += bytes;
    }

    /// Books datagrams that came and never reached the client.
    pub fn receive_dropped(&mut self, count: u64) {
        self.counters.receive_dropped += count;
    }

    /// Books datagrams from addresses that may not write to the session's sockets.
    pub fn strangers(&mut self, count: u64) {
        self.counters.strangers += count;
    }

    /// The totals.
    pub fn counters(&self) -> SocketsCounters {
        SocketsCounters {
            in_flight: self.in_flight.len() as u64,
            ..self.counters
        }
    }

    /// Bytes of memory that the ledger takes, nearly.
    pub fn held_bytes(&self) -> usize {
        self.in_flight.held_bytes() + self.waiting.held_bytes()
    }

    fn of(&mut self, fate: SocketsFate) -> &mut u64 {
        match fate {
            SocketsFate::Delivered => &mut self.counters.delivered,
            SocketsFate::Left => &mut self.counters.left,
            SocketsFate::Dropped => &mut self.counters.dropped,
            SocketsFate::Refused => &mut self.counters.refused,
            SocketsFate::Rejected => &mut self.counters.rejected,
        }
    }
}

#[cfg(test)]
mod tests;
