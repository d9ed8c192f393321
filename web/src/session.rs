//! The state of one widget: what it is connected to, what it sent, what became of it.
//!
//! Nothing in here touches the browser. [`Session::on`] takes an [`Event`] and the time and answers with [`Effect`]s;
//! [`crate::view`] says how it looks. So all of it is tested by plain `cargo test`.

use udp_echo_feed::datagram::Payload;
use wire::control::{ClientMessage, Hello, HostMessage, Notice, Options, PROTOCOL_VERSION};
use wire::ledger::Fate;
use wire::transcript::DEFAULT_MESSAGE;

use crate::policy::Verdict;
use crate::settings::{Mode, Settings};
use crate::words;

mod announcer;
mod backoff;
mod burst;
mod desired_config;
mod events;
pub mod history;
mod lifecycle;
pub mod outcome;
mod reading;
pub use udp_echo_feed::transcript;

use announcer::Announcer;
use backoff::Backoff;
use burst::Burst;
use desired_config::DesiredConfig;
pub use events::{Direction, Effect, Event, Peer, Phase};
pub use history::History;
use outcome::Outcome;

pub use udp_echo_feed::Micros;

/// A host that says nothing for this long after the connection began is taken for none: a proxy may accept the
/// upgrade before it knows whether anybody is behind it.
const HELLO_DEADLINE: Micros = 5_000_000;

const SECOND: Micros = 1_000_000;

/// Bytes that may wait in the browser's own queue; with more, sending is refused.
const MAX_BUFFERED_BYTES: u32 = 1 << 20;

/// How the code of the notice begins in which the chunk `lane` says which lane datagrams take: its name follows, and the text is what
/// else is to be said of it.
const CARRIER: &str = "carrier ";

/// Why a session talks to a simulated host although it was not asked to.
#[derive(Debug)]
struct Reason {
    why: String,
    setting: String,
}

/// The state of one widget.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    hello: Option<Hello>,
    history: History,
    relay: String,
    /// Name of the server to ask for; empty for the host's own choice.
    target: String,
    draft: Payload,
    draft_revision: u32,
    desired_config: DesiredConfig,
    selected: Option<u64>,
    stepping: bool,
    notice: Option<String>,
    /// Which lane datagrams take, where there may be another than the WebSocket.
    carrier: Option<Notice>,
    announcer: Announcer,
    backoff: Backoff,
    buffered: u32,
    hidden: bool,
    settings: Settings,
    /// Set when no live host answered; the simulated one stands in for it.
    simulating: Option<Reason>,
    /// Seed of the simulated host's link, where the settings name none.
    seed: u64,
    bursts: Vec<Burst>,
    paused: bool,
    /// Changes with every reset.
    generation: u32,
    began: bool,
    /// Whether the page around the element knows that something can be sent.
    is_ready: bool,
    outcomes: Vec<Outcome>,
}

impl Session {
    /// A session that has done nothing yet. `seed` is for the jitter of its waits alone.
    pub fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Idle,
            hello: None,
            history: History::default(),
            relay: String::new(),
            target: String::new(),
            draft: DEFAULT_MESSAGE.as_bytes().into(),
            draft_revision: 0,
            desired_config: DesiredConfig::default(),
            selected: None,
            stepping: false,
            notice: None,
            carrier: None,
            announcer: Announcer::default(),
            backoff: Backoff::new(seed),
            buffered: 0,
            hidden: false,
            settings: Settings::default(),
            simulating: None,
            seed,
            bursts: Vec::new(),
            paused: false,
            generation: 0,
            began: false,
            is_ready: false,
            outcomes: Vec::new(),
        }
    }

    /// Takes in what happened and says what to do about it.
    pub fn on(&mut self, event: Event, now: Micros) -> Vec<Effect> {
        let before = (outcome::state_of(self), *self.history.counters());
        let mut place = self.outcomes.len();
        let effects = self.take_in(event, now);
        let state = outcome::state_of(self);
        if state != before.0 {
            // What follows from the new state comes after it.
            self.outcomes.insert(place, Outcome::State(state));
            place += 1;
        }
        if !self.is_ready && matches!(self.phase, Phase::Live { .. }) {
            self.began = true;
            self.is_ready = true;
            self.outcomes.insert(place, Outcome::Ready);
        }
        if *self.history.counters() != before.1 {
            self.outcomes.push(Outcome::Stats);
        }
        effects
    }

    fn take_in(&mut self, event: Event, now: Micros) -> Vec<Effect> {
        // What is asked for after a datagram reaches the host after it.
        let mut effects = match event {
            Event::Ask(_)
            | Event::Adjust
            | Event::SendWith(_)
            | Event::Pause(_)
            | Event::Target(_) => self.send_due(now),
            _ => Vec::new(),
        };
        effects.extend(self.act_on(event, now));
        effects
    }

    fn act_on(&mut self, event: Event, now: Micros) -> Vec<Effect> {
        match event {
            Event::Seen if matches!(self.phase, Phase::Idle) => self.connect(now),
            Event::Seen => Vec::new(),
            Event::Left => self.leave(),
            Event::Retry => self.retry(now),
            Event::Simulate => self.go_on_simulated(now),
            Event::Hidden(hidden) => self.look(hidden, now),
            Event::Online => self.look(self.hidden, now),
            Event::Control(message) => self.told(message, now),
            Event::Unreadable(field) => self.part(words::unreadable(field), None, now),
            Event::Datagram(bytes) => self.silently(|session| {
                let settled = session.history.answered(bytes, now);
                session.settled(settled, now);
            }),
            Event::Closed(code, reason) => self.closed(code, &reason, now),
            Event::Explained(verdict) => self.silently(|session| session.explained(verdict)),
            Event::Draft(text) => self.silently(|session| session.draft = text.into_bytes().into()),
            Event::Fill(draft) => self.silently(|session| session.set_draft(draft)),
            Event::Send => self.silently(|session| {
                session.begin_burst(None, session.settings.pace, now);
            }),
            Event::SendWith(mishap) => self.send_with(mishap, now),
            Event::Burst(payload, pace) => {
                self.silently(|session| session.begin_burst(payload, pace, now))
            }
            Event::Replayed(payload) => self.silently(|session| session.record(payload, now)),
            Event::NoRecording(why) => {
                self.complain("no-recording", &why, words::RECORDING_HINT.to_owned());
                self.phase = Phase::Refused {
                    why,
                    setting: String::new(),
                };
                Vec::new()
            }
            Event::Adjust => self.requests(),
            Event::Pause(paused) => self.silently(|session| session.paused = paused),
            Event::Reset => self.reset(now),
            Event::Select(number) => self.silently(|session| session.select(number)),
            Event::Step(direction) => self.silently(|session| session.step(direction)),
            Event::Ask(request) => {
                let message = self.desired_config.take_in(request, self.link_seed());
                self.ask(message)
            }
            Event::Unaskable(field) => self.silently(|session| {
                session.complain("bad-message", &words::unaskable(field), String::new());
            }),
            Event::Told(text) => self.silently(|session| session.tell(Outcome::Told(text))),
            Event::Announce(text) => self.silently(|session| session.announcer.say(text)),
            Event::NoChunk(why) => self.silently(|session| session.notice = Some(why)),
            Event::Save => vec![Effect::Save],
            Event::Target(target) => self.change_target(target, now),
            Event::Clear => self.silently(Self::clear),
            Event::Tick => self.tick(now),
        }
    }

    /// Says where the relay is, as an address that a reader can check.
    pub fn set_relay(&mut self, relay: String) {
        self.relay = relay;
    }

    /// Says which server to ask for by name; empty for the host's own choice.
    pub fn set_target(&mut self, target: String) {
        self.target = target;
    }

    /// The server to ask for by name; empty for the host's own choice.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What asks the host for the same UDP port again; empty when there is nothing to ask with.
    pub fn resume(&self) -> &str {
        self.hello.as_ref().map_or("", |hello| &hello.resume)
    }

    /// Puts another message into the composer.
    pub fn set_draft(&mut self, draft: Payload) {
        self.draft = draft;
        self.draft_revision += 1;
    }

    /// Bytes that wait in the browser's queue for the host.
    pub fn set_buffered(&mut self, bytes: u32) {
        self.buffered = bytes;
    }

    /// When the session wants an [`Event::Tick`], if it does.
    pub fn wakes_at(&self, now: Micros) -> Option<Micros> {
        let phase = match self.phase {
            Phase::Connecting { since } if self.has_deadline() => Some(since + HELLO_DEADLINE),
            // While it waits, the countdown changes once a second. A hidden page does not wait: it is woken.
            Phase::Gone { retry_at, .. } if !self.hidden => {
                let left = retry_at.saturating_sub(now);
                Some(retry_at - left.saturating_sub(1) / SECOND * SECOND)
            }
            _ => None,
        };
        let mut next = Micros::MAX;
        let mut or_at = |at: Option<Micros>| next = next.min(at.unwrap_or(Micros::MAX));
        or_at(phase);
        or_at(self.announcer.wakes_at());
        or_at(self.history.wakes_at());
        for burst in self.bursts.iter().filter(|_| !self.paused) {
            or_at(burst.next_at());
        }
        (next < Micros::MAX).then_some(next)
    }

    fn connect(&mut self, now: Micros) -> Vec<Effect> {
        // A host that comes back by itself is nothing new to the page.
        self.is_ready &= matches!(self.phase, Phase::Gone { .. });
        self.phase = Phase::Connecting { since: now };
        self.carrier = None;
        vec![Effect::Connect(match self.mode() {
            Mode::Auto | Mode::Live => Peer::Host,
            Mode::Simulated => Peer::Simulator(self.settings.seed.unwrap_or(self.seed)),
            Mode::Replay => Peer::Recording,
        })]
    }

    /// Whether `hello` must come in time. What stands in for a host may have to be loaded first.
    fn has_deadline(&self) -> bool {
        self.mode() == Mode::Live
    }

    /// Tells a live host. One that is not here yet hears of it after its `hello`.
    fn ask(&mut self, message: ClientMessage) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Live { .. }) {
            return Vec::new();
        }
        // A client's own call, such as connect(): it comes before what the client sends next, and not when the host confirms it.
        if let ClientMessage::Options(options) = &message {
            self.follow(*options);
        }
        vec![Effect::Control(message)]
    }

    /// These are the session's options from now on.
    fn follow(&mut self, options: Options) {
        if let Some(hello) = &mut self.hello {
            if options.connected != hello.options.connected {
                self.history.connected(options.connected);
            }
            hello.options = options;
        }
    }

    fn change_target(&mut self, target: String, now: Micros) -> Vec<Effect> {
        self.history.close();
        self.target = target;
        // A port belongs to its target.
        self.hello = None;
        self.connect(now)
    }

    fn leave(&mut self) -> Vec<Effect> {
        self.history.close();
        self.bursts.clear();
        self.phase = Phase::Idle;
        vec![Effect::Disconnect]
    }

    fn retry(&mut self, now: Micros) -> Vec<Effect> {
        match self.phase {
            Phase::Live { .. } if self.simulating.is_some() => self.reset(now),
            Phase::Gone { .. } | Phase::Refused { .. } => self.connect(now),
            _ => Vec::new(),
        }
    }

    fn look(&mut self, hidden: bool, now: Micros) -> Vec<Effect> {
        self.hidden = hidden;
        match self.phase {
            Phase::Gone { .. } if !hidden => self.connect(now),
            _ => Vec::new(),
        }
    }

    fn told(&mut self, message: HostMessage, now: Micros) -> Vec<Effect> {
        match message {
            HostMessage::Hello(hello) if hello.protocol != PROTOCOL_VERSION => {
                let why = words::other_protocol(hello.protocol, &hello.version);
                self.complain("version-mismatch", &why, String::new());
                if self.can_simulate() {
                    return self.simulate(why, now);
                }
                self.phase = Phase::Refused {
                    why,
                    setting: String::new(),
                };
                return vec![Effect::Disconnect];
            }
            HostMessage::Hello(hello) => return self.greeted(*hello, now),
            HostMessage::Events(events) => {
                for event in events {
                    let settled = self.history.reported(event);
                    self.settled(settled, now);
                }
            }
            HostMessage::Visitor(visitor) => self.history.visited(visitor),
            HostMessage::Notice(notice) if notice.code.starts_with(CARRIER) => {
                self.carrier = Some(notice);
            }
            HostMessage::Notice(notice) => self.notice = Some(notice.text),
            HostMessage::Stream(echo) => self.desired_config.stream = Some(echo),
            HostMessage::Options(options) => {
                // What answers an older request is out of date.
                let asked = self.desired_config.options;
                if asked.is_none_or(|asked| asked.connected == options.connected) {
                    self.follow(options);
                }
            }
            HostMessage::Server(state) => {
                self.history.server_changed(&state);
                if let Some(hello) = &mut self.hello {
                    hello.server = state.server;
                }
            }
            // The page keeps a ledger of its own, and knows what it asked for.
            HostMessage::Counters(_) | HostMessage::Lab(_) | HostMessage::Capture(_) => {}
        }
        Vec::new()
    }

    /// Tells the world outside that a datagram has its fate, when one has.
    fn settled(&mut self, settled: Option<(u64, Fate)>, now: Micros) {
        if let Some((number, fate)) = settled {
            let datagram = self.history.datagram(number);
            self.announcer.settled(fate, datagram, now);
            let timeout = self.timeout();
            self.history.wait_in_vain(number, fate, timeout);
            self.outcomes.push(Outcome::Settled(number, fate));
        }
    }

    fn greeted(&mut self, hello: Hello, now: Micros) -> Vec<Effect> {
        self.phase = Phase::Live { since: now };
        self.notice = match &self.hello {
            Some(before) if before.client != hello.client => {
                Some(words::port_changed(&before.client, &hello.client))
            }
            Some(_) => None,
            None => self.notice.take(),
        };
        let is_server_to_change = self.desired_config.rules.is_some();
        self.history.open(&hello, is_server_to_change);
        self.hello = Some(hello);
        if self.settings.autosend && !self.began && self.mode() != Mode::Replay {
            self.begin_burst(None, self.settings.pace, now);
        }
        self.requests()
    }

    fn closed(&mut self, code: u16, reason: &str, now: Micros) -> Vec<Effect> {
        match self.phase {
            Phase::Live { .. } => self.part(words::connection_ended(code, reason), None, now),
            Phase::Connecting { .. } => {
                // A host that gives a code of its own has said why.
                let is_open = matches!(code, 0 | 1006);
                let explain = is_open.then_some(Effect::Explain);
                self.part(words::no_connection(code, reason), explain, now)
            }
            _ => Vec::new(),
        }
    }

    /// Takes in why no session began.
    fn explained(&mut self, verdict: Verdict) {
        let is_passing = verdict.is_passing();
        let Verdict { code, why, setting } = verdict;
        match (&mut self.simulating, &mut self.phase) {
            (Some(reason), _) => {
                (reason.why, reason.setting) = (why.clone(), setting.clone());
            }
            (None, Phase::Gone { why: said, .. }) if is_passing => said.clone_from(&why),
            (None, phase @ Phase::Gone { .. }) => {
                let (why, setting) = (why.clone(), setting.clone());
                *phase = Phase::Refused { why, setting };
            }
            // By now it has connected after all.
            _ => return,
        }
        self.complain(code, &why, setting);
    }

    /// Lets go of a connection that ended, or that makes no sense, and plans the next one. `explain` is there where the
    /// reason is not known yet.
    fn part(&mut self, why: String, explain: Option<Effect>, now: Micros) -> Vec<Effect> {
        if let Phase::Live { since } = self.phase
            && now - since >= backoff::GOOD
        {
            self.backoff.reset();
        }
        let lost = self.history.close();
        if lost > 0 {
            self.notice = Some(words::open_at_the_end(lost));
        }
        if self.can_simulate() {
            self.complain("no-host", &why, words::no_host_hint(&self.relay));
            let mut effects = self.simulate(why, now);
            // After the simulated one has its number: the answer comes to the connection that is there by then.
            effects.extend(explain);
            return effects;
        }
        let retry_at = now + self.backoff.after_failure();
        self.phase = Phase::Gone { retry_at, why };
        let mut effects = vec![Effect::Disconnect];
        effects.extend(explain);
        effects
    }

    fn select(&mut self, number: Option<u64>) {
        self.selected = number;
        self.stepping = false;
    }

    fn step(&mut self, direction: Direction) {
        let numbers = self.history.numbers();
        let newest = numbers.end - 1;
        if numbers.is_empty() {
            return;
        }
        let number = self.selected.unwrap_or(newest);
        let number = match direction {
            Direction::Older => number.saturating_sub(1),
            Direction::Newer => number + 1,
        };
        self.selected = Some(number.clamp(numbers.start, newest));
        self.stepping = true;
    }

    fn clear(&mut self) {
        self.history.clear();
        self.selected = None;
        self.notice = None;
    }

    fn tick(&mut self, now: Micros) -> Vec<Effect> {
        self.announcer.speak_if_due(now);
        self.history.give_up(now);
        match self.phase {
            Phase::Connecting { since } if self.has_deadline() && now >= since + HELLO_DEADLINE => {
                self.part(words::SILENT.to_owned(), Some(Effect::Explain), now)
            }
            Phase::Gone { retry_at, .. } if now >= retry_at && !self.hidden => self.connect(now),
            _ => self.send_due(now),
        }
    }

    fn silently(&mut self, change: impl FnOnce(&mut Self)) -> Vec<Effect> {
        change(self);
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
