//! The part of a session that has to do with a lane: numbers that come in any order or not at all, and answers of which only the
//! client knows whether they arrived.

use bytes::Bytes;

use super::{Session, notice};
use crate::control::{HostMessage, What};
use crate::digits::digits;
use crate::lane::{FIRST_ANSWER, Lane, MAX_REPORTED, Misnumbered, REPORT_WAIT_US, Report};
use crate::ledger::{Answer, Fate, MAX_IN_FLIGHT, Missed};
use crate::link::{Direction, DropReason, Verdict};

impl Session {
    /// Says that a lane is open whose datagrams carry payloads of so many bytes at most; `None` when none is open.
    pub fn set_lane(&mut self, most: Option<usize>) {
        self.lane = most.map(|most| most.try_into().unwrap_or(u32::MAX));
    }

    /// Number of the client's next datagram on the WebSocket while it puts no number in front.
    pub fn next_unnumbered(&mut self) -> u64 {
        self.unnumbered += 1;
        self.unnumbered
    }

    /// Takes the client's datagram with this number.
    ///
    /// # Errors
    /// The number cannot be that of a datagram that comes now; nothing changes.
    pub fn take(
        &mut self,
        now: u64,
        number: u64,
        payload: Bytes,
        lane: Lane,
    ) -> Result<(), Misnumbered> {
        let bytes = payload.len();
        if self.is_narrow {
            let reason = "the host holds as much for its sessions as it may; send more slowly";
            return self.take_and_reject(now, number, bytes, lane, reason.to_owned());
        }
        // One that was missing is in flight already.
        if self.ledger.is_full() && number > self.counters().sent {
            let reason =
                digits(MAX_IN_FLIGHT) + " datagrams are in flight already; send more slowly";
            return self.take_and_reject(now, number, bytes, lane, reason);
        }
        self.ledger.arrive(now, number, bytes, lane)?;
        self.note(now, number, 0, What::RelayIn(bytes));
        match self.up.offer(now, number, payload) {
            Verdict::Carried(copies) if copies > 1 => self.ledger.duplicated(number),
            Verdict::Carried(_) => {}
            Verdict::Dropped(reason) => self.dropped(now, number, 0, Direction::Up, reason),
        }
        Ok(())
    }

    /// Takes the client's datagram with this number only to reject it: it was over a limit of the host.
    ///
    /// # Errors
    /// As for [`Session::take`].
    pub fn take_and_reject(
        &mut self,
        now: u64,
        number: u64,
        bytes: usize,
        lane: Lane,
        reason: String,
    ) -> Result<(), Misnumbered> {
        self.ledger.arrive(now, number, bytes, lane)?;
        self.note(now, number, 0, What::RelayIn(bytes));
        self.not_sent(now, number, reason);
        Ok(())
    }

    /// Takes the client's report. The answer is `None`, or a notice when something in it is out of range; then nothing of it
    /// counts.
    pub fn report(&mut self, now: u64, report: &Report) -> Option<HostMessage> {
        if let Err(why) = self.check(report) {
            return Some(notice(why));
        }
        if self.ledger.expect(now, report.sent).is_err() {
            let sent = digits(report.sent);
            let why = [
                "sent is ",
                &sent,
                ": with it, more datagrams would be missing than may be in flight",
            ];
            return Some(notice(why.concat()));
        }
        for &(first, last) in &report.received {
            let first = first.max(self.ledger.oldest_lane_answer());
            for answer in first..=last {
                self.received(answer);
            }
        }
        for &(number, bytes, limit) in &report.unsent {
            if self.ledger.explain(number, bytes, Fate::Rejected) {
                let (bytes_text, limit) = (digits(bytes as u64), digits(limit as u64));
                let reason = [
                    "too long for the lane: ",
                    &bytes_text,
                    " bytes, and it carries ",
                    &limit,
                    " at most",
                ];
                self.note(now, number, 0, What::RelayIn(bytes));
                self.note(now, number, 0, What::Rejected(reason.concat()));
            }
        }
        for &(first, last) in &report.thrown {
            for number in first..=last {
                if self.ledger.explain(number, 0, Fate::Dropped) {
                    self.note_drop(now, number, 0, Direction::Up, DropReason::Browser);
                    self.note(now, number, 0, What::Gone);
                }
            }
        }
        None
    }

    /// Says that the lane had no room for the answer with this number: it is dropped and counted.
    pub fn lane_is_full(&mut self, now: u64, number: u64) {
        if let Some(missed) = self.ledger.lane_refused(number) {
            self.note_missed(now, &missed, DropReason::SlowReader);
        }
    }

    /// How long an answer on the lane waits for the client's report.
    pub(super) fn report_wait(&self) -> u64 {
        self.timeout().max(REPORT_WAIT_US)
    }

    /// Books the answers that the client did not report in time.
    pub(super) fn miss_answers(&mut self, now: u64) {
        while let Some(missed) = self.ledger.miss(now, self.report_wait()) {
            self.note_missed(now, &missed, DropReason::Hop);
        }
    }

    /// Puts an answer on the lane, if one is open, the answer fits, and its datagram came by it; returns its number there.
    pub(super) fn lane_out(&mut self, now: u64, answer: &Answer, bytes: usize) -> Option<u64> {
        let id = answer.id?;
        if bytes > self.lane? as usize || self.ledger.came_by(id)? != Lane::WebTransport {
            return None;
        }
        let number = self.ledger.lane_out(now, answer, bytes)?;
        if self.ledger.fate(id).is_none() {
            self.round_trip = self.ledger.age(id, now);
        }
        Some(number)
    }

    /// Books an answer that the client has. The event has the time at which it went out.
    fn received(&mut self, answer: u64) {
        if let Some(receipt) = self.ledger.receive(answer) {
            let what = What::RelayOut(answer, receipt.delivery);
            self.note(receipt.at, receipt.id, receipt.copy, what);
        }
    }

    fn note_missed(&mut self, now: u64, missed: &Missed, reason: DropReason) {
        self.note_drop(now, missed.id, missed.copy, Direction::Down, reason);
        if missed.fate.is_some() {
            self.note(now, missed.id, missed.copy, What::Gone);
        }
    }

    fn check(&self, report: &Report) -> Result<(), String> {
        let last_answer = self.ledger.last_lane_answer();
        let known = self.counters().sent.max(report.sent);
        let ranges = [
            ("received", &report.received, FIRST_ANSWER, last_answer),
            ("thrown", &report.thrown, 1, known),
        ];
        let mut covered = 0u64;
        for (field, ranges, least, most) in ranges {
            for &(first, last) in ranges {
                if first < least || last > most || first > last {
                    let (first, last) = (digits(first), digits(last));
                    let why = [
                        "report: ",
                        field,
                        " has ",
                        &first,
                        " to ",
                        &last,
                        ", and there are no such numbers",
                    ];
                    return Err(why.concat());
                }
                covered = covered.saturating_add(last - first + 1);
            }
        }
        if covered > MAX_REPORTED {
            let most = digits(MAX_REPORTED);
            return Err(["report: its ranges cover more than ", &most, " numbers"].concat());
        }
        Ok(())
    }
}
