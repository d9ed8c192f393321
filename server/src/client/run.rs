//! The loop of a client: send when it is time, take what comes, give up on what does not.

use std::collections::HashMap;
use std::future;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use wire::ledger::{Delivery, Fate, Fingerprint, Ledger};

use super::args::Plan;
use super::capture::CaptureFile;
use super::report::{Answered, Ended, Report, Route, Summary};
use super::round_trips::RoundTrips;
use super::transport::{Arrival, Sending, Transport};

/// Datagrams sent one after another through one transport, their ledger, and the report that is told of them.
pub(super) struct Run<'a> {
    plan: &'a Plan,
    route: &'a Route,
    transport: Transport,
    capture: Option<CaptureFile>,
    report: &'a mut dyn Report,
    window: u64,
    started: Instant,
    next_send: Instant,
    ledger: Ledger,
    /// When each datagram in flight was sent.
    departures: HashMap<u64, Instant>,
    round_trips: RoundTrips,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        route: &'a Route,
        transport: Transport,
        capture: Option<CaptureFile>,
        report: &'a mut dyn Report,
    ) -> Self {
        let now = Instant::now();
        Self {
            plan,
            route,
            window: plan
                .window
                .unwrap_or_else(|| transport.window(plan.payloads.bytes())),
            transport,
            capture,
            report,
            started: now,
            next_send: now,
            ledger: Ledger::default(),
            departures: HashMap::new(),
            round_trips: RoundTrips::default(),
        }
    }

    /// Runs until every datagram is sent and has its fate, or until `interrupt` is done. Either way the capture is finished
    /// and the summary told.
    ///
    /// # Errors
    /// The relay ended the session, or the report or the capture cannot be written. What happened until then has
    /// been reported, the summary included.
    pub(super) async fn until(
        mut self,
        interrupt: impl Future<Output = ()>,
    ) -> anyhow::Result<Summary> {
        self.report.begin(self.route, self.plan.payloads.bytes())?;
        let mut interrupt = pin!(interrupt);
        let mut outcome = Ok(());
        let mut interrupted = false;
        while outcome.is_ok() && !self.is_done() {
            let send_at = self.time_of_next_send();
            let expiry = self.time_of_next_expiry();
            outcome = tokio::select! {
                () = &mut interrupt => {
                    interrupted = true;
                    break;
                }
                arrival = self.transport.receive() => self.arrived(arrival),
                () = at(expiry) => self.give_up(),
                () = at(send_at) => self.send_next().await,
            };
        }
        let summary = Summary {
            counters: self.ledger.counters(),
            round_trips: self.round_trips,
            elapsed: self.started.elapsed(),
            interrupted,
        };
        self.transport.close().await;
        // Each is finished whatever became of the other; the first failure is the cause of the rest.
        let captured = self.capture.map_or(Ok(()), |capture| {
            capture.finish().context("write the capture")
        });
        let told = self.report.summary(self.route, &summary);
        outcome.and(captured).and(told.map_err(Into::into))?;
        Ok(summary)
    }

    fn is_done(&self) -> bool {
        let counters = self.ledger.counters();
        Some(counters.sent) == self.plan.count && counters.in_flight == 0
    }

    fn time_of_next_send(&self) -> Option<Instant> {
        let counters = self.ledger.counters();
        let more = self.plan.count.is_none_or(|count| counters.sent < count);
        (more && counters.in_flight < self.window).then_some(self.next_send)
    }

    fn time_of_next_expiry(&mut self) -> Option<Instant> {
        let micros = self.ledger.next_expiry(in_micros(self.plan.timeout))?;
        Some(self.started + Duration::from_micros(micros))
    }

    async fn send_next(&mut self) -> anyhow::Result<()> {
        let id = self.ledger.counters().sent + 1;
        let payload = self.plan.payloads.of(id);
        self.report.sending(&payload)?;
        let departure = Instant::now();
        self.next_send = (self.next_send + self.plan.interval).max(departure);
        let sending = loop {
            match self.transport.send(&payload).await? {
                // Linux keeps one such error for the next call, whatever that call is about.
                Sending::EarlierRefused(error) => self.refused(&error)?,
                sending => break sending,
            }
        };
        self.ledger
            .open(in_micros(departure - self.started), payload.len());
        if let Sending::Rejected(error) = sending {
            let why = self.route.rejected(&error, payload.len());
            self.ledger.settle(id, Fate::Rejected);
            return self.ended(id, Fate::Rejected, why);
        }
        self.ledger.on_wire(id, 0, Fingerprint::of(&payload));
        self.departures.insert(id, departure);
        if let Some(capture) = &mut self.capture {
            capture.sent(id, payload);
        }
        Ok(self.report.waiting()?)
    }

    fn arrived(&mut self, arrival: anyhow::Result<Arrival>) -> anyhow::Result<()> {
        match arrival? {
            Arrival::Answer(payload) => {
                // What comes after its time is late, even where the timer has not been heard yet.
                self.give_up()?;
                self.answered(payload)
            }
            Arrival::Refused(error) => self.refused(&error),
        }
    }

    fn answered(&mut self, payload: Bytes) -> anyhow::Result<()> {
        let now = Instant::now();
        let reordered_before = self.ledger.counters().reordered;
        let answer = self.ledger.answer(&payload);
        let delivery = self.ledger.deliver(&answer, payload.len());
        let departure = match (delivery, answer.id) {
            (Delivery::Echoed, Some(id)) => self.departures.remove(&id),
            _ => None,
        };
        let round_trip = departure.map(|departure| now - departure);
        if let Some(time) = round_trip {
            self.round_trips.add(time);
        }
        self.report.answered(&Answered {
            id: answer.id,
            payload: &payload,
            delivery,
            round_trip,
            cut_from: answer.cut_from,
            reordered: self.ledger.counters().reordered > reordered_before,
        })?;
        let Some(capture) = &mut self.capture else {
            return Ok(());
        };
        let written = match (answer.id, delivery, round_trip) {
            (Some(id), Delivery::Echoed, Some(time)) => capture
                .ended(id, &format!("echoed after {time:?}"))
                .and_then(|()| capture.received(payload, format!("answer to datagram {id}"))),
            (Some(id), Delivery::Duplicate, _) => {
                capture.received(payload, format!("duplicate answer to datagram {id}"))
            }
            (Some(id), ..) => capture.received(payload, format!("late answer to datagram {id}")),
            (None, ..) => {
                capture.received(payload, "stray: answers nothing sent from here".to_owned())
            }
        };
        written.context("write the capture")
    }

    fn refused(&mut self, error: &std::io::Error) -> anyhow::Result<()> {
        let why = self.route.refused(error);
        for id in self.ledger.refuse() {
            self.ended(id, Fate::Refused, why.clone())?;
        }
        Ok(())
    }

    fn give_up(&mut self) -> anyhow::Result<()> {
        let now = in_micros(self.started.elapsed());
        while let Some((id, fate)) = self.ledger.expire(now, in_micros(self.plan.timeout)) {
            let bytes = self.plan.payloads.bytes();
            let why = self.route.no_answer(fate, bytes, self.plan.timeout);
            self.ended(id, fate, why)?;
        }
        Ok(())
    }

    fn ended(&mut self, id: u64, fate: Fate, why: String) -> anyhow::Result<()> {
        self.departures.remove(&id);
        let end = Ended { id, fate, why };
        if let Some(capture) = &mut self.capture {
            capture.ended(id, &end.why).context("write the capture")?;
        }
        Ok(self.report.ended(&end)?)
    }
}

/// Waits for a time that may never come. One that has passed is not waited for: the timer's millisecond would be the
/// pace of a run that is to go as fast as it can.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) if time <= Instant::now() => {}
        Some(time) => sleep_until(time).await,
        None => future::pending().await,
    }
}

/// Times of the ledger: at most a day of run times a few years, far below what 64 bits hold.
fn in_micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
