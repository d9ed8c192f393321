//! What the ledger keeps of a lane: numbers that have not come, and answers that the client has not reported.

use std::collections::VecDeque;

use super::{Answer, Delivery, Fate, Ledger};
use crate::lane::{FIRST_ANSWER, Lane, MAX_MISSING, MAX_UNREPORTED, Misnumbered};

/// Answers that are remembered although they are settled, to know those that are reported late.
const REMEMBERED_ANSWERS: usize = 1024;

/// The books of a session's lane; a session that never had one has none.
#[derive(Debug, Default)]
pub(super) struct LaneBooks {
    /// Datagrams whose number is known, and which have not come.
    pub(super) missing: u64,
    answers: VecDeque<LaneAnswer>,
    /// How many answers stood before `answers` and are forgotten.
    forgotten: u64,
    /// How many of `answers` wait for no report, at their beginning at least.
    decided: usize,
    waiting: u64,
}

#[derive(Debug)]
struct LaneAnswer {
    at: u64,
    answer: Answer,
    bytes: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Missed,
    Received,
}

/// An answer that the client has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// When it went out.
    pub at: u64,
    /// The datagram; 0 for a stray.
    pub id: u64,
    /// Number of the copy.
    pub copy: u8,
    /// How it counts.
    pub delivery: Delivery,
}

/// An answer that the client did not report in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The datagram; 0 for a stray.
    pub id: u64,
    /// Number of the copy.
    pub copy: u8,
    /// The fate of the datagram, if this decides it.
    pub fate: Option<Fate>,
}

impl Ledger {
    /// Opens the account of the datagram with this number, and of those before it that have not come; or notes that one of these
    /// has come at last. One that has its fate already keeps it.
    ///
    /// # Errors
    /// The number cannot be that of a datagram that comes now; nothing changes.
    pub fn arrive(
        &mut self,
        now: u64,
        number: u64,
        bytes: usize,
        lane: Lane,
    ) -> Result<(), Misnumbered> {
        if number > self.counters.sent {
            self.expect(now, number - 1)?;
            self.open_by(now, bytes, Some(lane));
            return Ok(());
        }
        let record = self.record(number).ok_or(Misnumbered::Forgotten)?;
        if record.came.is_some() {
            return Err(Misnumbered::Repeated);
        }
        record.came = Some(lane);
        record.bytes = bytes.try_into().unwrap_or(u32::MAX);
        if record.fate.is_none() {
            self.lane_books().missing -= 1;
        }
        self.counters.bytes_sent += bytes as u64;
        Ok(())
    }

    /// Notes that the client has given all numbers up to `sent` to datagrams: those that have not come are missing.
    ///
    /// # Errors
    /// More than [`MAX_MISSING`] would be; nothing changes.
    pub fn expect(&mut self, now: u64, sent: u64) -> Result<(), Misnumbered> {
        let new = sent.saturating_sub(self.counters.sent);
        if new == 0 {
            return Ok(());
        }
        let books = self.lane_books();
        if new > MAX_MISSING - books.missing {
            return Err(Misnumbered::Ahead);
        }
        books.missing += new;
        for _ in 0..new {
            self.open_by(now, 0, None);
        }
        Ok(())
    }

    /// Whether the datagram's number is known, but it has not come and has no fate.
    pub fn is_missing(&self, number: u64) -> bool {
        let record = number
            .checked_sub(self.oldest())
            .and_then(|index| self.records.get(index as usize));
        record.is_some_and(|record| record.came.is_none() && record.fate.is_none())
    }

    /// The lane on which a datagram came; `None` when it has not come, or is long forgotten.
    pub fn came_by(&self, number: u64) -> Option<Lane> {
        let index = number.checked_sub(self.oldest())?;
        self.records.get(index as usize)?.came
    }

    /// Books a missing datagram: the client says that it never went out, and gives the bytes that it had.
    pub fn explain(&mut self, number: u64, bytes: usize, fate: Fate) -> bool {
        if !self.is_missing(number) {
            return false;
        }
        if let Some(record) = self.record(number) {
            record.bytes = bytes.try_into().unwrap_or(u32::MAX);
        }
        self.counters.bytes_sent += bytes as u64;
        self.settle(number, fate)
    }

    /// Notes that an answer goes out on the lane, and returns its number; `None` when too many wait for a report. It decides
    /// nothing: until it is reported or missed, its datagram stays in flight.
    pub fn lane_out(&mut self, now: u64, answer: &Answer, bytes: usize) -> Option<u64> {
        let books = self.lane_books();
        if books.waiting >= MAX_UNREPORTED {
            return None;
        }
        books.forget_the_oldest();
        books.waiting += 1;
        books.answers.push_back(LaneAnswer {
            at: now,
            answer: *answer,
            bytes: bytes.try_into().unwrap_or(u32::MAX),
            state: State::Waiting,
        });
        let number = FIRST_ANSWER - 1 + books.forgotten + books.answers.len() as u64;
        if let Some(record) = answer.id.and_then(|id| self.record(id)) {
            record.awaited = record.awaited.saturating_add(1);
        }
        Some(number)
    }

    /// Number of the last answer that went out on the lane; one less than [`FIRST_ANSWER`] when there was none.
    pub fn last_lane_answer(&self) -> u64 {
        let out = self.lane.as_ref();
        let out = out.map_or(0, |books| books.forgotten + books.answers.len() as u64);
        FIRST_ANSWER - 1 + out
    }

    /// Number of the oldest answer on the lane that is remembered.
    pub fn oldest_lane_answer(&self) -> u64 {
        FIRST_ANSWER + self.lane.as_ref().map_or(0, |books| books.forgotten)
    }

    /// Books the client's report that it has this answer; `None` when it said so before, or it is long forgotten.
    pub fn receive(&mut self, number: u64) -> Option<Receipt> {
        let books = self.lane.as_mut()?;
        let index = number
            .checked_sub(FIRST_ANSWER)?
            .checked_sub(books.forgotten)?;
        let entry = books.answers.get_mut(index as usize)?;
        let state = std::mem::replace(&mut entry.state, State::Received);
        let (at, answer, bytes) = (entry.at, entry.answer, entry.bytes as usize);
        match state {
            State::Received => return None,
            State::Missed => {}
            State::Waiting => {
                books.waiting -= 1;
                self.no_longer_awaited(&answer);
            }
        }
        Some(Receipt {
            at,
            id: answer.id.unwrap_or(0),
            copy: answer.copy,
            delivery: self.deliver(&answer, bytes),
        })
    }

    /// Books the next answer that has waited for `wait` or longer; `timeout` is that of datagrams.
    pub fn miss(&mut self, now: u64, wait: u64) -> Option<Missed> {
        if self.next_miss(wait)? > now {
            return None;
        }
        let index = self.lane.as_ref()?.decided;
        self.miss_at(index)
    }

    /// Books an answer that the lane did not take after all.
    pub fn lane_refused(&mut self, number: u64) -> Option<Missed> {
        let index = number.checked_sub(self.oldest_lane_answer())?;
        self.miss_at(index as usize)
    }

    /// When [`Ledger::miss`] has something to book next.
    pub fn next_miss(&mut self, wait: u64) -> Option<u64> {
        let books = self.lane.as_mut()?;
        while let Some(entry) = books.answers.get(books.decided) {
            if entry.state == State::Waiting {
                return Some(entry.at + wait);
            }
            books.decided += 1;
        }
        None
    }

    fn miss_at(&mut self, index: usize) -> Option<Missed> {
        let books = self.lane.as_mut()?;
        let entry = books.answers.get_mut(index)?;
        if entry.state != State::Waiting {
            return None;
        }
        entry.state = State::Missed;
        books.waiting -= 1;
        let answer = entry.answer;
        self.no_longer_awaited(&answer);
        Some(Missed {
            id: answer.id.unwrap_or(0),
            copy: answer.copy,
            fate: answer.id.and_then(|id| self.fate_of_missed(id)),
        })
    }

    /// Settles a datagram whose answer was missed, if that was the last hope of it.
    fn fate_of_missed(&mut self, id: u64) -> Option<Fate> {
        if self.copy_dropped(id) {
            return Some(Fate::Dropped);
        }
        None
    }

    fn no_longer_awaited(&mut self, answer: &Answer) {
        let record = answer.id.and_then(|id| self.record(id));
        if let Some(record) = record {
            record.awaited = record.awaited.saturating_sub(1);
            // Its timeout may have passed meanwhile, while it was passed over.
            if record.fate.is_none() && record.awaited == 0 {
                let id = answer.id.unwrap_or(u64::MAX);
                self.settled_before = self.settled_before.min(id);
            }
        }
    }

    pub(super) fn lane_books(&mut self) -> &mut LaneBooks {
        self.lane.get_or_insert_default()
    }
}

impl LaneBooks {
    /// Bytes of memory that they take.
    pub(super) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.answers.capacity() * size_of::<LaneAnswer>()
    }

    fn forget_the_oldest(&mut self) {
        while self.answers.len() >= REMEMBERED_ANSWERS
            && self
                .answers
                .front()
                .is_some_and(|oldest| oldest.state != State::Waiting)
        {
            self.answers.pop_front();
            self.forgotten += 1;
            self.decided = self.decided.saturating_sub(1);
        }
        #[cfg(not(target_family = "wasm"))]
        super::shrink(&mut self.answers);
    }
}
