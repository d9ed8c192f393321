//! The ledger: every datagram ends in exactly one fate, and the totals always add up.
//!
//! Answers carry no number, so the ledger finds out which datagram an answer belongs to from its bytes alone:
//!
//! 1. the oldest copy on the wire, not yet answered, of a datagram still in flight, with the same bytes;
//! 2. else the oldest such copy that begins with these bytes: the answer was cut;
//! 3. else the oldest unanswered copy of a datagram that was already given up: the answer is late;
//! 4. else the newest answered copy with the same bytes: the answer is a duplicate;
//! 5. else the answer is a stray. It is delivered and counted, and belongs to nobody.
//!
//! Datagrams with equal bytes cannot be told apart; on a path that keeps its order, the oldest is the right one.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

mod copies;
mod lane;

pub use copies::Fingerprint;
use copies::{Copies, Found};
use lane::LaneBooks;
pub use lane::{Missed, Receipt};

use crate::lane::Lane;

/// Most datagrams that may be in flight at once; [`Ledger::is_full`] says when no more should be sent.
pub const MAX_IN_FLIGHT: u64 = 8192;

/// Settled datagrams that the ledger remembers, to know duplicates and late answers.
///
/// A power of two, for lists grow by doubling: every session that is busy holds this many.
const REMEMBERED: usize = 512;

/// How a delivered answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The first answer in time: the datagram's fate is `echoed`.
    Echoed,
    /// A further answer to a datagram that was answered.
    Duplicate,
    /// An answer to a datagram that already counts as lost (or dropped, refused); its fate stays.
    Late,
    /// An answer that belongs to no datagram of the session.
    Stray,
}

/// The end of a datagram; each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The answer came back.
    Echoed,
    /// No answer within the timeout.
    Lost,
    /// Dropped at a place that is known, for a reason that is known.
    Dropped,
    /// ICMP said that nobody listens.
    Refused,
    /// Not sent: too big, too many, or against a rule.
    Rejected,
    /// Empty, and the server answers only `if data`.
    Unanswered,
}

/// Totals of a session. `sent = echoed + lost + dropped + refused + rejected + unanswered + in_flight`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Datagrams that the client handed over.
    pub sent: u64,
    /// Of these: answered in time.
    pub echoed: u64,
    /// Of these: not answered within the timeout.
    pub lost: u64,
    /// Of these: dropped, where and why being known.
    pub dropped: u64,
    /// Of these: refused by ICMP.
    pub refused: u64,
    /// Of these: never sent.
    pub rejected: u64,
    /// Of these: empty and by the rule not answered.
    pub unanswered: u64,
    /// Of these: still on their way.
    pub in_flight: u64,
    /// Beside: further answers to an answered datagram.
    pub duplicates: u64,
    /// Beside: first answers that came after the answer to a later datagram.
    pub reordered: u64,
    /// Beside: answers to datagrams that were already given up.
    pub late: u64,
    /// Beside: answers shorter than what was sent.
    pub truncated: u64,
    /// Beside: answers that belong to no datagram of the session.
    pub stray: u64,
    /// Payload bytes handed over.
    pub bytes_sent: u64,
    /// Payload bytes delivered in answers.
    pub bytes_received: u64,
}

impl Counters {
    /// What the right side of the equation adds up to; equal to `sent` at any time.
    pub fn accounted(&self) -> u64 {
        self.echoed
            + self.lost
            + self.dropped
            + self.refused
            + self.rejected
            + self.unanswered
            + self.in_flight
    }

    fn of(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Echoed => &mut self.echoed,
            Fate::Lost => &mut self.lost,
            Fate::Dropped => &mut self.dropped,
            Fate::Refused => &mut self.refused,
            Fate::Rejected => &mut self.rejected,
            Fate::Unanswered => &mut self.unanswered,
        }
    }
}

/// The datagram that an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Number of the datagram; `None` for a stray.
    pub id: Option<u64>,
    /// Number of the copy.
    pub copy: u8,
    /// Bytes that were sent, when more than came back.
    pub cut_from: Option<usize>,
}

/// The ledger of one session. Times are in microseconds of any clock that does not go backwards.
#[derive(Debug, Default)]
pub struct Ledger {
    counters: Counters,
    /// The newest datagrams, without gaps; the last one has the number `counters.sent`.
    records: VecDeque<Record>,
    copies: Copies,
    /// Every datagram before this one is settled, or has an answer on the lane.
    settled_before: u64,
    newest_echoed: u64,
    /// What there is of a lane; nothing until there is one.
    lane: Option<Box<LaneBooks>>,
}

#[derive(Debug)]
struct Record {
    opened: u64,
    bytes: u32,
    copies_out: u8,
    /// Answers that went out on the lane, and of which nobody knows yet whether they arrived.
    awaited: u8,
    /// What it came by; `None` when only its number is known.
    came: Option<Lane>,
    fate: Option<Fate>,
}

impl Ledger {
    /// Opens the account of the next datagram; they are numbered from 1.
    pub fn open(&mut self, now: u64, bytes: usize) -> u64 {
        self.open_by(now, bytes, Some(Lane::WebSocket))
    }

    fn open_by(&mut self, now: u64, bytes: usize, came: Option<Lane>) -> u64 {
        self.forget_the_oldest();
        self.counters.sent += 1;
        self.counters.in_flight += 1;
        self.counters.bytes_sent += bytes as u64;
        self.records.push_back(Record {
            opened: now,
            // A datagram has less than 64 KiB, and a message hardly more.
            bytes: bytes.try_into().unwrap_or(u32::MAX),
            copies_out: 1,
            awaited: 0,
            came,
            fate: None,
        });
        self.counters.sent
    }

    /// True when [`MAX_IN_FLIGHT`] datagrams are under way.
    pub fn is_full(&self) -> bool {
        self.counters.in_flight >= MAX_IN_FLIGHT
    }

    /// Notes that a link made a second copy of a datagram.
    pub fn duplicated(&mut self, id: u64) {
        if let Some(record) = self.record(id) {
            record.copies_out = record.copies_out.saturating_add(1);
        }
    }

    /// Notes that a copy of a datagram was put on the wire with these bytes.
    pub fn on_wire(&mut self, id: u64, copy: u8, fingerprint: Fingerprint) {
        let in_flight = in_flight(&self.records, self.oldest());
        self.copies.forget(in_flight, self.counters.in_flight);
        self.copies.push(id, copy, fingerprint);
    }

    /// Opens a datagram and puts it on the wire at once: what a client without a link model does.
    pub fn sent(&mut self, now: u64, payload: &[u8]) -> u64 {
        let id = self.open(now, payload.len());
        self.on_wire(id, 0, Fingerprint::of(payload));
        id
    }

    /// Finds the copy that a server has just received: the oldest with these bytes that no server has reported yet.
    pub fn seen_by_server(&mut self, fingerprint: &Fingerprint) -> Option<(u64, u8)> {
        self.copies.see(fingerprint)
    }

    /// Finds the datagram that an answer belongs to, by the rules at the head of this module.
    ///
    /// The answer counts only when it is delivered; until then a link may still drop it.
    pub fn answer(&mut self, payload: &[u8]) -> Answer {
        let stray = Answer {
            id: None,
            copy: 0,
            cut_from: None,
        };
        let in_flight = in_flight(&self.records, self.oldest());
        match self.copies.find(payload, &in_flight) {
            Some(Found { id, copy, cut_from }) => Answer {
                id: Some(id),
                copy,
                cut_from,
            },
            None => stray,
        }
    }

    /// Books an answer that reached the client.
    pub fn deliver(&mut self, answer: &Answer, bytes: usize) -> Delivery {
        self.counters.bytes_received += bytes as u64;
        let Some(id) = answer.id else {
            self.counters.stray += 1;
            return Delivery::Stray;
        };
        if answer.cut_from.is_some() {
            self.counters.truncated += 1;
        }
        if self.settle(id, Fate::Echoed) {
            if id < self.newest_echoed {
                self.counters.reordered += 1;
            }
            self.newest_echoed = self.newest_echoed.max(id);
            return Delivery::Echoed;
        }
        match self.record(id).and_then(|record| record.fate) {
            Some(Fate::Echoed) => {
                self.counters.duplicates += 1;
                Delivery::Duplicate
            }
            _ => {
                self.counters.late += 1;
                Delivery::Late
            }
        }
    }

    /// Books a copy that was dropped. Returns true when it was the last one: the datagram's fate is `dropped`.
    pub fn copy_dropped(&mut self, id: u64) -> bool {
        let Some(record) = self.record(id) else {
            return false;
        };
        record.copies_out = record.copies_out.saturating_sub(1);
        record.copies_out == 0 && self.settle(id, Fate::Dropped)
    }

    /// Gives a datagram its fate. Returns false, and changes nothing, when it has one already, or when it can still be `echoed`: an
    /// answer is on the lane.
    pub fn settle(&mut self, id: u64, fate: Fate) -> bool {
        let Some(record) = self.record(id) else {
            return false;
        };
        let is_open = record.awaited > 0 && fate != Fate::Echoed;
        if record.fate.is_some() || is_open {
            return false;
        }
        record.fate = Some(fate);
        if record.came.is_none() {
            self.lane_books().missing -= 1;
        }
        self.counters.in_flight -= 1;
        *self.counters.of(fate) += 1;
        true
    }

    /// Settles the datagrams that ICMP refused: all that are on the wire and that no server has reported. Returns their numbers.
    ///
    /// The error names none of them, and the system reports several as one; but a port where nobody listens has
    /// answered none of those sent before it.
    pub fn refuse(&mut self) -> Vec<u64> {
        let on_wire = self.copies.unseen();
        on_wire
            .into_iter()
            .filter(|id| self.settle(*id, Fate::Refused))
            .collect()
    }

    /// Settles the next datagram that has waited `timeout` or longer for its answer, and says which and how: one that never came is
    /// `dropped`, on the browser's hop.
    pub fn expire(&mut self, now: u64, timeout: u64) -> Option<(u64, Fate)> {
        if self.next_expiry(timeout)? > now {
            return None;
        }
        let id = self.settled_before;
        let fate = match self.record(id) {
            Some(record) if record.came.is_none() => Fate::Dropped,
            Some(record) if record.bytes == 0 => Fate::Unanswered,
            _ => Fate::Lost,
        };
        self.settle(id, fate).then_some((id, fate))
    }

    /// When [`Ledger::expire`] has something to settle next.
    pub fn next_expiry(&mut self, timeout: u64) -> Option<u64> {
        self.settled_before = self.settled_before.max(self.oldest());
        while let Some(record) = self.record(self.settled_before) {
            if record.fate.is_none() && record.awaited == 0 {
                return Some(record.opened + timeout);
            }
            self.settled_before += 1;
        }
        None
    }

    /// When a datagram is given up; `None` when it has its fate already.
    pub fn expiry(&self, id: u64, timeout: u64) -> Option<u64> {
        let record = self.records.get(id.checked_sub(self.oldest())? as usize)?;
        record.fate.is_none().then_some(record.opened + timeout)
    }

    /// The totals.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The fate of a datagram; `None` while it is in flight, and when it is long forgotten.
    pub fn fate(&self, id: u64) -> Option<Fate> {
        self.records
            .get(id.checked_sub(self.oldest())? as usize)?
            .fate
    }

    /// How long ago a datagram was opened; `None` when it is long forgotten.
    pub fn age(&self, id: u64, now: u64) -> Option<u64> {
        let record = self.records.get(id.checked_sub(self.oldest())? as usize)?;
        Some(now.saturating_sub(record.opened))
    }

    /// Bytes of memory that the ledger takes.
    pub fn held_bytes(&self) -> usize {
        let lane = self.lane.as_ref().map_or(0, |lane| lane.held_bytes());
        self.records.capacity() * size_of::<Record>() + self.copies.held_bytes() + lane
    }

    /// Number of the oldest datagram that is remembered.
    fn oldest(&self) -> u64 {
        self.counters.sent + 1 - self.records.len() as u64
    }

    fn record(&mut self, id: u64) -> Option<&mut Record> {
        let oldest = self.oldest();
        self.records.get_mut(id.checked_sub(oldest)? as usize)
    }

    fn forget_the_oldest(&mut self) {
        // A datagram in flight is never forgotten: the totals would not add up. The caller heeds `is_full`.
        while self.records.len() >= REMEMBERED
            && self
                .records
                .front()
                .is_some_and(|oldest| oldest.fate.is_some())
        {
            self.records.pop_front();
        }
        #[cfg(not(target_family = "wasm"))]
        shrink(&mut self.records);
    }
}

#[cfg(not(target_family = "wasm"))]
/// Gives back what a list has not needed for a while; a list that is in use keeps what it grows into.
fn shrink<T>(list: &mut VecDeque<T>) {
    if list.capacity() > 4 * list.len().max(REMEMBERED) {
        list.shrink_to(2 * list.len());
    }
}

/// Tells the datagrams without a fate, of records that begin with number `oldest`.
fn in_flight(records: &VecDeque<Record>, oldest: u64) -> impl Fn(u64) -> bool {
    move |id| {
        let record = id.checked_sub(oldest).and_then(|n| records.get(n as usize));
        record.is_some_and(|record| record.fate.is_none())
    }
}

#[cfg(test)]
mod tests;
