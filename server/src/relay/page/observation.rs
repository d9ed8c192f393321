//! What a page's session sees of the server that it talks to, while that is one of the host's.

use std::net::SocketAddr;

use tokio::sync::mpsc;
use wire::control::{Visitor, VisitorFate};
use wire::session::Served;

use crate::echo::{EchoReport, Filter, Observer, Observers, Outcome, Registration};

/// Reports of the echo server that may wait for a session, for as long as other sessions are at work: 416 KiB.
const WAITING_REPORTS: usize = 4096;
const _: () = assert!(WAITING_REPORTS * size_of::<EchoReport>() <= 416 << 10);

/// The session's entry at its server, and what it is told there.
#[derive(Debug)]
pub(super) struct Observation {
    entry: Option<Registration>,
    /// What the server did with the session's own datagrams, while the session traces them.
    pub(super) reports: Option<mpsc::Receiver<EchoReport>>,
    /// What it did with those of other programs, while the session may see them.
    pub(super) strangers: Option<Observer>,
}

impl Observation {
    /// Observes nothing yet. There is no `entry` at a server that is not the host's.
    pub(super) fn new(entry: Option<Registration>) -> Self {
        Self {
            entry,
            reports: None,
            strangers: None,
        }
    }

    /// Turns to a server of the session's own.
    pub(super) fn turn_to(&mut self, server: &Observers, client: SocketAddr) {
        self.reports = None;
        self.entry = Some(server.register(client));
    }

    /// Begins or ends the reports about the session's own datagrams.
    pub(super) fn trace(&mut self, is_tracing: bool) {
        let Some(entry) = &self.entry else { return };
        match (is_tracing, self.reports.is_some()) {
            (true, false) => self.reports = Some(entry.observe(WAITING_REPORTS).0),
            (false, true) => {
                entry.stop_observing();
                self.reports = None;
            }
            _ => {}
        }
    }

    /// Waits until there is a report of every answer of the server's that has arrived.
    pub(super) async fn reported(&self) {
        if let (Some(entry), Some(_)) = (&self.entry, &self.reports) {
            entry.reported().await;
        }
    }

    /// The next report about the session's own datagrams, if it is there already.
    pub(super) fn try_next_report(&mut self) -> Option<EchoReport> {
        self.reports.as_mut()?.try_recv().ok()
    }

    /// Begins or ends the reports about datagrams of other programs at this server.
    pub(super) fn watch_strangers(&mut self, is_wanted: bool, server: &Observers) {
        match (is_wanted, &self.strangers) {
            (true, None) => self.strangers = Some(server.observe(Filter::Strangers)),
            (false, Some(_)) => self.strangers = None,
            _ => {}
        }
    }
}

/// Waits for the next report about the session's own datagrams; for ever while nothing is traced.
pub(super) async fn next_report(reports: &mut Option<mpsc::Receiver<EchoReport>>) -> EchoReport {
    if let Some(receiver) = reports
        && let Some(report) = receiver.recv().await
    {
        return report;
    }
    std::future::pending().await
}

/// Waits for the next datagram of another program, as the page is told of it; for ever while the session may see none.
pub(super) async fn next_visitor(strangers: &mut Option<Observer>) -> Visitor {
    let Some(observer) = strangers else {
        return std::future::pending().await;
    };
    loop {
        // Those that were missed came faster than anybody could read.
        if let Ok(observed) = observer.next().await {
            return Visitor {
                peer: observed.peer.to_string(),
                bytes: observed.bytes,
                text: observed.text,
                sent: sent(&observed.outcome).map(|(bytes, _)| bytes),
                fate: Some(fate(&observed.outcome)),
            };
        }
    }
}

/// What the ledger of the session is told of a report.
pub(super) fn served(report: &EchoReport) -> Served {
    Served {
        received_at: report.received_at,
        bytes: report.received,
        answered: sent(&report.outcome),
    }
}

/// What became of a visitor's datagram.
fn fate(outcome: &Outcome) -> VisitorFate {
    match outcome {
        Outcome::Sent { .. } => VisitorFate::Echoed,
        Outcome::Empty => VisitorFate::Unanswered,
        Outcome::Guarded => VisitorFate::Guarded,
        Outcome::Failed(_) => VisitorFate::Failed,
    }
}

/// Bytes of the answer, and when it was sent, if there was one.
fn sent(outcome: &Outcome) -> Option<(usize, u64)> {
    match *outcome {
        Outcome::Sent { bytes, at } => Some((bytes, at)),
        Outcome::Empty | Outcome::Guarded | Outcome::Failed(_) => None,
    }
}
