//! What happened, as the events that the element dispatches: a name and a detail in JSON.

use wire::control::What;
use wire::ledger::Fate;

use super::decimal;
use super::settings::{Complaint, Mode};
use crate::json;
use crate::session::datagram::Datagram;
use crate::session::{Phase, Session};
use crate::words;

/// Something that the page around the element may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// For the first time, something can be sent (or a recording is shown).
    Ready,
    /// The state is another one, by its word.
    State(&'static str),
    /// A datagram was handed over.
    Sent(u64),
    /// A datagram has its fate.
    Settled(u64, Fate),
    /// Something is not as the author or the reader wants it.
    Error {
        /// A short name of the cause, which does not change.
        code: &'static str,
        /// What happened, as a sentence.
        message: String,
        /// What to do: where there is one, the line to add.
        hint: String,
    },
    /// The counters changed.
    Stats,
}

impl Outcome {
    /// An attribute cannot be what it says.
    pub fn complaint(complaint: &Complaint) -> Self {
        Self::Error {
            code: "bad-attribute",
            message: words::bad_attribute(&complaint.written),
            hint: complaint.expected.to_owned(),
        }
    }

    /// The event's name and its detail.
    pub fn describe(&self, session: &Session) -> (&'static str, String) {
        let mut detail = Detail::default();
        let name = match self {
            Self::Ready => {
                detail.text("mode", mode_of(session));
                if let Some(hello) = session.hello() {
                    detail.text("client", &hello.client);
                    detail.text("server", &hello.server);
                }
                "udp-ready"
            }
            Self::State(state) => {
                detail.text("state", state);
                "udp-state"
            }
            Self::Sent(number) => {
                detail.number("number", *number);
                if let Some(datagram) = session.history().datagram(*number) {
                    detail.number("bytes", datagram.payload.len() as u64);
                }
                "udp-sent"
            }
            Self::Settled(number, fate) => {
                detail.number("number", *number);
                detail.text("fate", words::fate(Some(*fate)));
                if let Some(datagram) = session.history().datagram(*number) {
                    detail.datagram(datagram);
                }
                match fate {
                    Fate::Echoed => "udp-echoed",
                    _ => "udp-lost",
                }
            }
            Self::Error {
                code,
                message,
                hint,
            } => {
                detail.text("code", code);
                detail.text("message", message);
                detail.text("hint", hint);
                "udp-error"
            }
            Self::Stats => {
                detail.counters(session);
                "udp-stats"
            }
        };
        (name, detail.end())
    }
}

/// The one word for where a session stands: `idle`, `connecting`, `live`, `simulated`, `replay`, `gone` or `refused`.
pub fn state_of(session: &Session) -> &'static str {
    match session.phase() {
        Phase::Idle => "idle",
        Phase::Connecting { .. } => "connecting",
        Phase::Live { .. } => mode_of(session),
        Phase::Gone { .. } => "gone",
        Phase::Refused { .. } => "refused",
    }
}

/// What is talked to: `live`, `simulated` or `replay`.
pub fn mode_of(session: &Session) -> &'static str {
    match session.mode() {
        Mode::Simulated => "simulated",
        Mode::Replay => "replay",
        Mode::Auto | Mode::Live => "live",
    }
}

/// An object of JSON in the making.
#[derive(Default)]
struct Detail(String);

impl Detail {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        json::write_text(&mut self.0, name);
        self.0.push(':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        json::write_text(&mut self.0, text);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        self.0.push_str(&words::number(number));
    }

    fn millis(&mut self, name: &str, micros: u64) {
        self.name(name);
        self.0.push_str(&decimal::write_thousandths(micros));
    }

    fn datagram(&mut self, datagram: &Datagram) {
        self.number("bytes", datagram.payload.len() as u64);
        if let Some(trip) = datagram.round_trip() {
            self.millis("roundTrip", trip.total);
            self.millis("beyondRelay", trip.beyond_relay);
        }
        let reason = datagram.events.iter().find_map(|event| match &event.3 {
            What::Refused(words) | What::Rejected(words) => Some(words),
            _ => None,
        });
        if let Some(reason) = reason {
            self.text("reason", reason);
        }
    }

    fn counters(&mut self, session: &Session) {
        let of = session.history().counters();
        for (name, number) in [
            ("sent", of.sent),
            ("echoed", of.echoed),
            ("lost", of.lost),
            ("dropped", of.dropped),
            ("refused", of.refused),
            ("rejected", of.rejected),
            ("unanswered", of.unanswered),
            ("inFlight", of.in_flight),
            ("duplicates", of.duplicates),
            ("reordered", of.reordered),
            ("late", of.late),
            ("truncated", of.truncated),
            ("stray", of.stray),
        ] {
            self.number(name, number);
        }
    }

    fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}
