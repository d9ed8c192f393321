//! What the element asks of a session through attributes and methods, and what stands in for a host that is not there.

use std::borrow::Cow;

use udp_echo_feed::datagram::Payload;
use wire::control::{ClientMessage, Options};
use wire::limits::MAX_MESSAGE_BYTES;
use wire::link::Mishap;

use super::burst::Burst;
use super::events::Effect;
use super::{History, MAX_BUFFERED_BYTES, Micros, Phase, Reason, Session};
use crate::session::outcome::Outcome;
use crate::settings::{Mode, Pace, Settings};
use crate::words;

/// Name of the simulated host's sessions, and of recordings of them.
const SIMULATED: &str = "simulated";

impl Session {
    /// Takes over what the attributes say.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// What the attributes say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is talked to, or would be: a live host stands for [`Mode::Auto`] until none answers.
    pub fn mode(&self) -> Mode {
        match (&self.simulating, self.settings.mode) {
            (Some(_), _) => Mode::Simulated,
            (None, Mode::Auto) => Mode::Live,
            (None, mode) => mode,
        }
    }

    /// Why there is a simulated host where a live one was hoped for, and the setting that would change it.
    pub fn why_simulated(&self) -> (&str, &str) {
        match &self.simulating {
            Some(reason) => (&reason.why, &reason.setting),
            None => ("", ""),
        }
    }

    /// Whether the recording that is shown is one of the simulated host.
    pub fn is_recording_of_simulation(&self) -> bool {
        let hello = self.hello.as_ref();
        self.mode() == Mode::Replay && hello.is_some_and(|hello| hello.session == SIMULATED)
    }

    /// Whether the reader may ask for another try at a live host.
    pub fn has_another_try(&self) -> bool {
        matches!(self.phase, Phase::Gone { .. } | Phase::Refused { .. })
            || self.simulating.is_some()
    }

    /// Whether the picture is held.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether a datagram has ended, in whatever way.
    pub fn has_ended(&self) -> bool {
        let counters = self.history.counters();
        counters.sent > counters.in_flight
    }

    /// Changes when everything that was drawn is to be forgotten.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Adds something for the page around the element.
    pub fn tell(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// Takes what has happened since the last time, for the page around the element.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// Begins with nothing counted and nothing shown. Simulated and live runs are never mixed in one record.
    pub(super) fn reset(&mut self, now: Micros) -> Vec<Effect> {
        self.forget_run();
        let mut effects = vec![Effect::Disconnect];
        effects.extend(self.connect(now));
        effects
    }

    fn forget_run(&mut self) {
        self.history = History::default();
        self.hello = None;
        self.notice = None;
        self.selected = None;
        self.simulating = None;
        self.bursts.clear();
        self.paused = false;
        self.began = false;
        self.is_ready = false;
        self.generation += 1;
    }

    /// What attributes and reader ask a host for.
    pub(super) fn requests(&self) -> Vec<Effect> {
        let (Some(hello), Phase::Live { .. }) = (&self.hello, &self.phase) else {
            return Vec::new();
        };
        let is_seed_set = self.settings.seed.is_some();
        let mut messages = self.desired_config.messages(self.link_seed(), is_seed_set);
        let asked = self.desired_config.options;
        let timeout_ms = self.settings.timeout_ms;
        if asked.is_some() || timeout_ms.is_some() {
            let options = asked.unwrap_or(hello.options);
            messages.push(ClientMessage::Options(Options {
                timeout_ms: timeout_ms.unwrap_or(options.timeout_ms),
                ..options
            }));
        }
        messages.into_iter().map(Effect::Control).collect()
    }

    /// Whether the simulated host may stand in: the author left it open, and nothing live has been shown yet.
    pub(super) fn can_simulate(&self) -> bool {
        self.settings.mode == Mode::Auto && self.simulating.is_none() && !self.began
    }

    /// Whether the host is gone; it is while it is tried again, too.
    pub fn is_host_gone(&self) -> bool {
        match self.phase {
            Phase::Gone { .. } => true,
            Phase::Connecting { .. } => self.hello.is_some(),
            _ => false,
        }
    }

    /// Whether the reader may go on with the simulated host: there is no live one, and nothing stands in for it.
    pub fn offers_simulation(&self) -> bool {
        let is_without_host = self.is_host_gone() || matches!(self.phase, Phase::Refused { .. });
        is_without_host && self.mode() == Mode::Live
    }

    /// Begins anew with the simulated host, because the reader wants that.
    pub(super) fn go_on_simulated(&mut self, now: Micros) -> Vec<Effect> {
        if !self.offers_simulation() {
            return Vec::new();
        }
        let why = match &self.phase {
            Phase::Gone { why, .. } | Phase::Refused { why, .. } => why.clone(),
            _ => String::new(),
        };
        self.forget_run();
        self.simulate(why, now)
    }

    pub(super) fn simulate(&mut self, why: String, now: Micros) -> Vec<Effect> {
        self.simulating = Some(Reason {
            why,
            setting: String::new(),
        });
        let mut effects = vec![Effect::Disconnect];
        effects.extend(self.connect(now));
        effects
    }

    /// Begins a burst. Its first datagram leaves when the timer rings next, at once: after a click or a key a browser holds
    /// back what arrives until it has painted, and would count that into the round trip of what the click sent.
    pub(super) fn begin_burst(&mut self, payload: Option<Payload>, pace: Pace, now: Micros) {
        let payload = payload.unwrap_or_else(|| self.draft.clone());
        self.bursts.push(Burst::new(payload, pace, now));
        self.notice = None;
    }

    /// Sends the message, and has this happen to it on its way.
    pub(super) fn send_with(&mut self, mishap: Mishap, now: Micros) -> Vec<Effect> {
        let effects = self.ask(ClientMessage::Once(mishap));
        let numbers: &[&str] = match mishap {
            // Order is a matter of two, which have to be told apart.
            Mishap::Hold => &["1: ", "2: "],
            Mishap::Lose | Mishap::Double => &[""],
        };
        for number in numbers {
            let payload = [number.as_bytes(), &self.draft].concat();
            self.begin_burst(Some(payload.into()), Pace::default(), now);
        }
        effects
    }

    /// Sends what is due of a burst.
    pub(super) fn send_due(&mut self, now: Micros) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.paused {
            return effects;
        }
        while let Some(payload) = self.bursts.iter_mut().find_map(|burst| burst.take(now)) {
            let notice = match self.phase {
                _ if self.mode() == Mode::Replay => words::RECORDED.to_owned(),
                Phase::Live { .. } if self.buffered > MAX_BUFFERED_BYTES => {
                    words::congested(self.buffered)
                }
                Phase::Live { .. } => {
                    self.record(payload.clone(), now);
                    // A longer message would end the session. This much is too long for a datagram as well, so that the
                    // host rejects it as it would all of it.
                    effects.push(Effect::Datagram(match payload.get(..MAX_MESSAGE_BYTES) {
                        Some(head) => head.into(),
                        None => payload,
                    }));
                    continue;
                }
                _ => words::NOT_SENT.to_owned(),
            };
            self.complain("not-sent", &notice, String::new());
            self.notice = Some(notice);
            self.bursts.clear();
        }
        self.bursts.retain(|burst| burst.next_at().is_some());
        effects
    }

    pub(super) fn record(&mut self, payload: Payload, now: Micros) {
        let number = self.history.sent(payload, now);
        self.selected = None;
        self.outcomes.push(Outcome::Sent(number));
    }

    pub(super) fn complain(
        &mut self,
        code: impl Into<Cow<'static, str>>,
        message: &str,
        hint: String,
    ) {
        self.outcomes.push(Outcome::Error {
            code: code.into(),
            message: message.to_owned(),
            hint,
        });
    }
}
