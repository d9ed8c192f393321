//! What a reader sees of a [`Session`], as words and numbers; [`crate::ui`] only puts it on the page.

use wire::limits::MAX_DATAGRAM_BYTES_IPV4;

use crate::session::datagram::{Datagram, Stamps};
use crate::session::transcript::Transcript;
use crate::session::{Micros, Phase, Session};
use crate::words;

/// Rows that are drawn at most; all datagrams are counted.
pub const DRAWN_ROWS: usize = 200;

/// Everything on the page at one moment.
#[derive(Debug)]
pub struct View<'a> {
    /// Name of the state, for styles and tests: `idle`, `connecting`, `live`, `gone` or `refused`.
    pub state: &'static str,
    /// The state as a word.
    pub badge: &'static str,
    /// The state as a sentence.
    pub detail: String,
    /// The setting of the host that would let this page in.
    pub setting: &'a str,
    /// Whether the reader may ask for another try.
    pub can_retry: bool,
    /// Whether a message can be sent now.
    pub can_send: bool,
    /// The message in characters and bytes.
    pub length: String,
    /// What is special about that length, if anything.
    pub remark: String,
    /// A sentence about the last thing that went otherwise than asked.
    pub notice: &'a str,
    /// What a screen reader is told.
    pub announcement: &'a str,
    /// UDP address of this session.
    pub client: &'a str,
    /// UDP address of the server.
    pub server: &'a str,
    /// Time between browser and relay, of the datagram in question.
    pub before_relay: String,
    /// Time between relay and server.
    pub beyond_relay: String,
    /// The datagrams, oldest first.
    pub rows: Vec<&'a Datagram>,
    /// The datagram that the reader picked.
    pub selected: Option<u64>,
    /// Whether the focus goes to the picked one.
    pub is_stepping: bool,
    /// The way of the datagram in question, stamp by stamp.
    pub way: Option<Way>,
    /// What the client printed.
    pub client_transcript: &'a Transcript,
    /// What the server printed.
    pub server_transcript: &'a Transcript,
    /// The sum: sent, and the terms that it is made of.
    pub sum: [u64; 8],
    /// What is counted beside the sum.
    pub beside: [u64; 5],
}

/// Names of the numbers in [`View::sum`]; the first is the sum of all others.
pub const SUM: [&str; 8] = [
    "sent",
    "echoed",
    "lost",
    "dropped",
    "refused",
    "rejected",
    "unanswered",
    "in flight",
];
/// Names of the numbers in [`View::beside`].
pub const BESIDE: [&str; 5] = ["duplicates", "reordered", "late", "truncated", "stray"];

/// The way of one datagram.
#[derive(Debug, PartialEq, Eq)]
pub struct Way {
    /// Which datagram, as a sentence.
    pub title: String,
    /// Each stamp as the time since the first one; `None` where it did not come by.
    pub stamps: [Option<u64>; 6],
}

/// Names of the stamps of a [`Way`].
pub const STAMPS: [&str; 6] = [
    "relay in",
    "UDP out",
    "echo received",
    "echo sent",
    "UDP in",
    "relay out",
];

impl<'a> View<'a> {
    /// The view of a session at a time.
    pub fn of(session: &'a Session, now: Micros) -> Self {
        let hello = session.hello();
        let history = session.history();
        let counters = history.counters();
        let relay = session.relay();
        let (state, badge, detail) = match session.phase() {
            Phase::Idle => ("idle", words::BADGE_IDLE, String::new()),
            Phase::Connecting { .. } => (
                "connecting",
                words::BADGE_CONNECTING,
                words::connecting(relay),
            ),
            Phase::Live { .. } => {
                let (id, version) = hello.map_or(("", ""), |hello| {
                    (hello.session.as_str(), hello.version.as_str())
                });
                ("live", words::BADGE_LIVE, words::live(id, relay, version))
            }
            Phase::Gone { retry_at, why } => {
                let seconds = retry_at.saturating_sub(now).div_ceil(1_000_000);
                ("gone", words::BADGE_GONE, words::gone(why, relay, seconds))
            }
            Phase::Refused { why, .. } => ("refused", words::BADGE_REFUSED, why.clone()),
        };
        let setting = match session.phase() {
            Phase::Refused {
                setting: Some(setting),
                ..
            } => setting,
            _ => "",
        };
        let shown = match session.selected() {
            Some(number) => history.datagram(number),
            None => history.datagrams().next_back(),
        };
        let trip = shown.and_then(Datagram::round_trip);
        let kept = history.datagrams().len();
        Self {
            state,
            badge,
            detail,
            setting,
            can_retry: matches!(session.phase(), Phase::Gone { .. } | Phase::Refused { .. }),
            can_send: matches!(session.phase(), Phase::Live { .. }),
            length: words::length(session.draft().chars().count(), session.draft().len()),
            remark: remark(session),
            notice: session.notice(),
            announcement: session.announcement(),
            client: hello.map_or("", |hello| &hello.client),
            server: hello.map_or("", |hello| &hello.server),
            before_relay: trip.map_or_else(String::new, |trip| words::span(trip.before_relay)),
            beyond_relay: trip.map_or_else(String::new, |trip| words::span(trip.beyond_relay)),
            rows: history
                .datagrams()
                .skip(kept.saturating_sub(DRAWN_ROWS))
                .collect(),
            selected: session.selected(),
            is_stepping: session.is_stepping(),
            way: shown.map(|datagram| Way {
                title: words::way(datagram.number),
                stamps: since_first(datagram.stamps()),
            }),
            client_transcript: &history.client,
            server_transcript: &history.server,
            sum: [
                counters.sent,
                counters.echoed,
                counters.lost,
                counters.dropped,
                counters.refused,
                counters.rejected,
                counters.unanswered,
                counters.in_flight,
            ],
            beside: [
                counters.duplicates,
                counters.reordered,
                counters.late,
                counters.truncated,
                counters.stray,
            ],
        }
    }
}

fn remark(session: &Session) -> String {
    let limit = session
        .hello()
        .map_or(MAX_DATAGRAM_BYTES_IPV4, |hello| hello.limits.datagram_bytes);
    match session.draft().len() {
        0 => words::EMPTY.to_owned(),
        bytes if bytes > limit => words::too_long(limit),
        _ => String::new(),
    }
}

fn since_first(stamps: Stamps) -> [Option<u64>; 6] {
    let since = |stamp: Option<u64>| Some(stamp?.saturating_sub(stamps.relay_in?));
    [
        since(stamps.relay_in),
        since(stamps.udp_out),
        since(stamps.echo_in),
        since(stamps.echo_out),
        since(stamps.udp_in),
        since(stamps.relay_out),
    ]
}
