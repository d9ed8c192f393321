//! What happened, as the events that the element dispatches: a name and a detail in JSON.

use std::borrow::Cow;

use wire::control::What;
use wire::ledger::Fate;

use udp_echo_feed::codec::Object;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::decimal;

use crate::session::{Phase, Session};
use crate::settings::{Complaint, Mode};
use crate::words;

/// Something that the page around the element may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something can be sent (or a recording is shown): the element is new on the page, began anew, or has another target. A
    /// host that was gone and is back is no news.
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
        code: Cow<'static, str>,
        /// What happened, as a sentence.
        message: String,
        /// What to do: where there is one, the line to add.
        hint: String,
    },
    /// The host said this, in the protocol's words.
    Told(String),
    /// The counters changed.
    Stats,
}

impl Outcome {
    /// An attribute cannot be what it says.
    pub fn complaint(complaint: &Complaint) -> Self {
        Self::Error {
            code: "bad-attribute".into(),
            message: words::bad_attribute(&complaint.written),
            hint: complaint.expected.clone(),
        }
    }

    /// The event's name and its detail.
    pub fn describe(&self, session: &Session) -> (&'static str, String) {
        let mut detail = Object::default();
        let name = match self {
            Self::Ready => {
                detail.text("mode", mode_of(session));
                if let Some(hello) = session.hello() {
                    detail.text("client", &hello.client);
                    detail.text("server", &hello.server);
                    let flag = |is: bool| if is { "true" } else { "false" };
                    detail.json("ownServer", flag(hello.own_server));
                    detail.json("loopback", flag(hello.loopback));
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
                    about(&mut detail, datagram);
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
            Self::Told(message) => return ("udp-told", message.clone()),
            Self::Stats => {
                return ("udp-stats", counters(session));
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

/// The counters by their names.
pub fn counters(session: &Session) -> String {
    let of = session.history().counters();
    let mut out = Object::default();
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
        out.number(name, number);
    }
    out.end()
}

fn about(out: &mut Object, datagram: &Datagram) {
    out.number("bytes", datagram.payload.len() as u64);
    if let Some(trip) = datagram.round_trip() {
        let millis = decimal::write_thousandths;
        out.json("roundTrip", &millis(trip.total));
        out.json("beyondRelay", &millis(trip.beyond_relay));
    }
    let answer = datagram.events.iter().find_map(|event| match event.3 {
        What::UdpIn(bytes) => Some(bytes),
        _ => None,
    });
    if let Some(bytes) = answer {
        out.number("answer", bytes as u64);
    }
    let reason = datagram.events.iter().find_map(|event| match &event.3 {
        What::Refused(words) | What::Rejected(words) => Some(words),
        _ => None,
    });
    if let Some(reason) = reason {
        out.text("reason", reason);
    }
}
