//! What a reader sees of a [`Session`], as words and numbers; [`crate::ui`] only puts it on the page.

use std::borrow::Cow;
use std::ops::Range;

use crate::session::outcome::state_of;
use crate::session::transcript::Transcript;
use crate::session::{Micros, Phase, Session};
use crate::settings::Mode;
use crate::words;
use udp_echo_feed::codec::Link;
use udp_echo_feed::datagram::{Datagram, Stamps};
use udp_echo_feed::form;
use wire::link::Impairment;

/// Everything on the page at one moment.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    session: &'a Session,
    now: Micros,
}

impl<'a> View<'a> {
    /// The view of a session at a time.
    pub fn of(session: &'a Session, now: Micros) -> Self {
        Self { session, now }
    }

    /// Name of the state, for styles and tests, as [`state_of`] gives it.
    pub fn state(&self) -> &'static str {
        state_of(self.session)
    }

    /// The state as a word.
    pub fn badge(&self) -> Cow<'static, str> {
        let word = match self.state() {
            "idle" => words::BADGE_IDLE,
            "connecting" => words::BADGE_CONNECTING,
            "live" => match self.session.lane().0 {
                "" => words::BADGE_LIVE,
                lane => return words::live_over(lane).into(),
            },
            "simulated" => words::BADGE_SIMULATED,
            "replay" => words::BADGE_REPLAY,
            "gone" => words::BADGE_GONE,
            _ => words::BADGE_REFUSED,
        };
        word.into()
    }

    /// What carries datagrams between browser and relay.
    pub fn lane(&self) -> &'a str {
        match self.session.lane().0 {
            "" => words::WEBSOCKET,
            lane => lane,
        }
    }

    /// What this is, and what is wrong with it, in sentences.
    pub fn detail(&self) -> String {
        match self.session.phase() {
            Phase::Gone { retry_at, why } => {
                let seconds = retry_at.saturating_sub(self.now).div_ceil(1_000_000);
                words::gone(why, self.session.relay(), seconds)
            }
            Phase::Refused { why, .. } => why.clone(),
            // The same before there is a session as after: nothing moves when it begins.
            _ => words::introduction(&match (self.session.mode(), self.session.hello()) {
                (Mode::Simulated, _) => words::simulated(self.session.why_simulated().0),
                (Mode::Replay, Some(hello)) => {
                    words::replay(&hello.version, self.session.is_recording_of_simulation())
                }
                _ => self.session.lane().1.to_owned(),
            }),
        }
    }

    /// Which session this is, and where; empty when there is none of a live host.
    pub fn about(&self) -> String {
        match (self.session.phase(), self.session.hello()) {
            (Phase::Live { .. }, Some(hello)) if self.session.mode() == Mode::Live => {
                words::live(&hello.session, self.session.relay(), &hello.version)
            }
            _ => String::new(),
        }
    }

    /// Whether nothing was sent yet, and nothing will be unless the reader sends it.
    pub fn is_fresh(&self) -> bool {
        let sends_itself = self.session.settings().autosend || self.session.mode() == Mode::Replay;
        !sends_itself && self.session.history().counters().sent == 0
    }

    /// Whether the host lets a mishap befall one datagram. Until it has said so, it is taken to.
    pub fn has_mishaps(&self) -> bool {
        self.session.hello().is_none_or(|hello| hello.once)
    }

    /// Whether the reader may ask for another try.
    pub fn can_retry(&self) -> bool {
        self.session.has_another_try()
    }

    /// Whether the reader may go on with the simulated host.
    pub fn can_simulate(&self) -> bool {
        self.session.offers_simulation()
    }

    /// Whether the host is gone.
    pub fn is_host_gone(&self) -> bool {
        self.session.is_host_gone()
    }

    /// Whether nobody has bound the server's port.
    pub fn is_server_down(&self) -> bool {
        self.session.history().is_server_down()
    }

    /// Whether a message can be sent now.
    pub fn can_send(&self) -> bool {
        matches!(self.session.phase(), Phase::Live { .. }) && self.session.mode() != Mode::Replay
    }

    /// The setting of the host that would let this page in.
    pub fn setting(&self) -> &'a str {
        match self.session.phase() {
            Phase::Refused { setting, .. } => setting,
            _ => self.session.why_simulated().1,
        }
    }

    /// UDP address of this session.
    pub fn client(&self) -> &'a str {
        self.session.hello().map_or("", |hello| &hello.client)
    }

    /// UDP address of the server.
    pub fn server(&self) -> &'a str {
        self.session.hello().map_or("", |hello| &hello.server)
    }

    /// Whether that is a real one.
    pub fn server_who(&self) -> &'static str {
        match self.session.mode() {
            Mode::Auto | Mode::Live => words::SERVER_REAL,
            Mode::Simulated => words::SERVER_SIMULATED,
            Mode::Replay => words::SERVER_RECORDED,
        }
    }

    /// The servers that the reader may choose from.
    pub fn targets(&self) -> &'a [String] {
        self.session.hello().map_or(&[], |hello| &hello.targets)
    }

    /// The server that was chosen.
    pub fn target(&self) -> &'a str {
        self.session.hello().map_or("", |hello| &hello.target)
    }

    /// A sentence about the last thing that went otherwise than asked.
    pub fn notice(&self) -> &'a str {
        self.session.notice()
    }

    /// What a screen reader is told.
    pub fn announcement(&self) -> &'a str {
        self.session.announcement()
    }

    /// The message as text; `None` when it is bytes that a field for text does not hold: it changes the ends of lines.
    pub fn draft(&self) -> Option<&'a str> {
        let draft = form::text(self.session.draft())?;
        (!draft.bytes().any(|byte| byte == b'\r')).then_some(draft)
    }

    /// Changes when the message was set otherwise than by typing it.
    pub fn draft_revision(&self) -> u32 {
        self.session.draft_revision()
    }

    /// Length of the message in characters and bytes.
    pub fn length(&self) -> String {
        let draft = self.session.draft();
        if self.draft().is_none() {
            return words::only_bytes(draft.len());
        }
        // Bytes that do not continue a character (RFC 3629, section 3).
        let characters = draft.iter().filter(|byte| *byte & 0xc0 != 0x80).count();
        words::length(characters, draft.len())
    }

    /// What is special about that length, if anything.
    pub fn remark(&self) -> String {
        let limit = self.session.limit();
        match self.session.draft().len() {
            0 => words::EMPTY.to_owned(),
            bytes if bytes > limit => words::too_long(limit),
            _ => String::new(),
        }
    }

    /// The numbers of the datagrams that are drawn.
    pub fn rows(&self) -> Range<u64> {
        let kept = self.session.history().numbers();
        kept.start
            .max(kept.end.saturating_sub(self.session.settings().max_rows))..kept.end
    }

    /// A datagram by its number.
    pub fn datagram(&self, number: u64) -> Option<&'a Datagram> {
        self.session.history().datagram(number)
    }

    /// The datagram in question: the picked one, or else the newest.
    pub fn shown(&self) -> Option<&'a Datagram> {
        let newest = self.session.history().numbers().end.saturating_sub(1);
        self.datagram(self.selected().unwrap_or(newest))
    }

    /// Time between browser and relay and in the browser, of the datagram in question.
    pub fn before_relay(&self) -> String {
        let trip = self.shown().and_then(Datagram::round_trip);
        trip.map_or_else(String::new, |trip| words::span(trip.before_relay))
    }

    /// Time between relay and server.
    pub fn beyond_relay(&self) -> String {
        let trip = self.shown().and_then(Datagram::round_trip);
        trip.map_or_else(String::new, |trip| words::span(trip.beyond_relay))
    }

    /// Which datagram is in question.
    pub fn way(&self) -> String {
        self.shown()
            .map_or_else(String::new, |datagram| words::way(datagram.number))
    }

    /// Its stamps as the time since the first one, named by [`words::STAMPS`]; `None` where it did not come by.
    pub fn stamps(&self) -> Stamps {
        let mut stamps = self.shown().map(Datagram::stamps).unwrap_or_default();
        let first = stamps[0];
        for stamp in &mut stamps {
            *stamp = stamp.zip(first).map(|(at, first)| at.saturating_sub(first));
        }
        stamps
    }

    /// The datagram that the reader picked.
    pub fn selected(&self) -> Option<u64> {
        self.session.selected()
    }

    /// Whether the focus goes to the picked one.
    pub fn is_stepping(&self) -> bool {
        self.session.is_stepping()
    }

    /// What the client printed.
    pub fn client_transcript(&self) -> &'a Transcript {
        &self.session.history().client
    }

    /// What the server printed.
    pub fn server_transcript(&self) -> &'a Transcript {
        &self.session.history().server
    }

    /// What the link did.
    pub fn path_transcript(&self) -> &'a Transcript {
        &self.session.history().path
    }

    /// Whether the link does anything, or has done.
    pub fn has_link(&self) -> bool {
        let link = &self.session.desired_config().link;
        let is_rough = |link: &Link| [link.up, link.down] != [Impairment::default(); 2];
        link.as_ref().is_some_and(is_rough) || self.path_transcript().numbers().end > 0
    }

    /// The sum, and the terms that it is made of; named by [`words::SUM`].
    pub fn sum(&self) -> [u64; 8] {
        let counters = self.session.history().counters();
        [
            counters.sent,
            counters.echoed,
            counters.lost,
            counters.dropped,
            counters.refused,
            counters.rejected,
            counters.unanswered,
            counters.in_flight,
        ]
    }

    /// What is counted beside the sum; named by [`words::BESIDE`].
    pub fn beside(&self) -> [u64; 5] {
        let counters = self.session.history().counters();
        [
            counters.duplicates,
            counters.reordered,
            counters.late,
            counters.truncated,
            counters.stray,
        ]
    }
}
