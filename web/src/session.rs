//! The state of one widget: what it is connected to, what it sent, what became of it.
//!
//! Nothing in here touches the browser. [`Session::on`] takes an [`Event`] and the time and answers with [`Effect`]s;
//! [`crate::view`] says how it looks. So all of it is tested by plain `cargo test`.

use bytes::Bytes;
use wire::control::{ClientMessage, Hello, HostMessage, PROTOCOL_VERSION, ServerRules};
use wire::transcript::DEFAULT_MESSAGE;

use crate::policy::Policy;
use crate::words;

mod announcer;
mod backoff;
mod capture;
pub mod datagram;
mod events;
pub mod history;
pub mod lab;
pub mod transcript;

use announcer::Announcer;
use backoff::Backoff;
pub use capture::capture;
pub use events::{Direction, Effect, Event, Phase};
pub use history::History;
use lab::Bench;

/// Microseconds of the browser's monotonic clock.
pub type Micros = u64;

/// A host that says nothing for this long after the connection began is taken for none: a proxy may accept the
/// upgrade before it knows whether anybody is behind it.
const HELLO_DEADLINE: Micros = 5_000_000;

const SECOND: Micros = 1_000_000;

/// Bytes that may wait in the browser's own queue; with more, sending is refused.
const MAX_BUFFERED_BYTES: u32 = 1 << 20;

/// The state of one widget.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    hello: Option<Hello>,
    history: History,
    relay: String,
    /// Name of the server to ask for; empty for the host's own choice.
    target: String,
    draft: String,
    bench: Bench,
    selected: Option<u64>,
    stepping: bool,
    notice: Option<String>,
    announcer: Announcer,
    backoff: Backoff,
    buffered: u32,
    hidden: bool,
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
            draft: DEFAULT_MESSAGE.to_owned(),
            bench: Bench::default(),
            selected: None,
            stepping: false,
            notice: None,
            announcer: Announcer::default(),
            backoff: Backoff::new(seed),
            buffered: 0,
            hidden: false,
        }
    }

    /// Takes in what happened and says what to do about it.
    pub fn on(&mut self, event: Event, now: Micros) -> Vec<Effect> {
        match event {
            Event::Seen if matches!(self.phase, Phase::Idle) => self.connect(now),
            Event::Seen => Vec::new(),
            Event::Left => self.leave(),
            Event::Retry => self.retry(now),
            Event::Hidden(hidden) => self.look(hidden, now),
            Event::Control(message) => self.told(message, now),
            Event::Unreadable(field) => self.part(words::unreadable(field), now),
            Event::Datagram(bytes) => self.silently(|session| session.history.answered(bytes, now)),
            Event::Closed(code, reason) => self.closed(code, &reason, now),
            Event::Policy(policy) => self.silently(|session| session.judged(policy)),
            Event::Draft(text) => self.silently(|session| session.draft = text),
            Event::Send => self.send(now),
            Event::Select(number) => self.silently(|session| session.select(number)),
            Event::Step(direction) => self.silently(|session| session.step(direction)),
            Event::Impair(direction, field, text) => {
                let changes = self.bench.set(direction, field, &text);
                self.change_lab(changes)
            }
            Event::Preset(name) => {
                let changes = self.bench.choose(&name);
                self.change_lab(changes)
            }
            Event::Rule(rule, on) => {
                self.bench.switch(rule, on);
                self.tell(ClientMessage::Server(self.bench.rules))
            }
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
    pub fn set_draft(&mut self, draft: String) {
        self.draft = draft;
    }

    /// Bytes that wait in the browser's queue for the host.
    pub fn set_buffered(&mut self, bytes: u32) {
        self.buffered = bytes;
    }

    /// When the session wants an [`Event::Tick`], if it does.
    pub fn wakes_at(&self, now: Micros) -> Option<Micros> {
        let phase = match self.phase {
            Phase::Connecting { since } => Some(since + HELLO_DEADLINE),
            // While it waits, the countdown changes once a second. A hidden page does not wait: it is woken.
            Phase::Gone { retry_at, .. } if !self.hidden => {
                let left = retry_at.saturating_sub(now);
                Some(retry_at - left.saturating_sub(1) / SECOND * SECOND)
            }
            _ => None,
        };
        [phase, self.announcer.wakes_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Where the session stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What the host last said of itself.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// What became of every datagram.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The relay's address.
    pub fn relay(&self) -> &str {
        &self.relay
    }

    /// The message that would be sent.
    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// The datagram that the reader picked; the newest one stands for `None`.
    pub fn selected(&self) -> Option<u64> {
        self.selected
    }

    /// Whether the reader went there by the keys of the list, so that the focus goes with them.
    pub fn is_stepping(&self) -> bool {
        self.stepping
    }

    /// A sentence about what went otherwise than asked; empty when there is none.
    pub fn notice(&self) -> &str {
        self.notice.as_deref().unwrap_or_default()
    }

    /// What a screen reader is told.
    pub fn announcement(&self) -> &str {
        self.announcer.text()
    }

    fn connect(&mut self, now: Micros) -> Vec<Effect> {
        self.phase = Phase::Connecting { since: now };
        vec![Effect::Connect]
    }

    /// What the reader has set in the lab.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    fn change_lab(&self, changes: bool) -> Vec<Effect> {
        match changes {
            true => self.tell(ClientMessage::Lab(self.bench.lab.clone())),
            false => Vec::new(),
        }
    }

    /// Tells a live host. One that is not here yet hears of it after its `hello`.
    fn tell(&self, message: ClientMessage) -> Vec<Effect> {
        match self.phase {
            Phase::Live { .. } => vec![Effect::Control(message)],
            _ => Vec::new(),
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
        self.phase = Phase::Idle;
        vec![Effect::Disconnect]
    }

    fn retry(&mut self, now: Micros) -> Vec<Effect> {
        match self.phase {
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
                self.phase = Phase::Refused {
                    why: words::other_protocol(hello.protocol, &hello.version),
                    setting: String::new(),
                };
                return vec![Effect::Disconnect];
            }
            HostMessage::Hello(hello) => return self.greeted(*hello, now),
            HostMessage::Events(events) => {
                for event in events {
                    if let Some((number, fate)) = self.history.reported(event) {
                        let datagram = self.history.datagram(number);
                        self.announcer.settled(fate, datagram, now);
                    }
                }
            }
            HostMessage::Visitor(visitor) => self.history.visited(visitor),
            HostMessage::Notice(notice) => self.notice = Some(notice.text),
            // The page keeps its own books, has no lab yet and asks for no stream.
            HostMessage::Counters(_)
            | HostMessage::Options(_)
            | HostMessage::Lab(_)
            | HostMessage::Server(_)
            | HostMessage::Stream(_) => {}
        }
        Vec::new()
    }

    fn greeted(&mut self, hello: Hello, now: Micros) -> Vec<Effect> {
        self.phase = Phase::Live { since: now };
        self.notice = match &self.hello {
            Some(before) if before.client != hello.client => {
                Some(words::port_changed(&before.client, &hello.client))
            }
            _ => None,
        };
        self.history.open(&hello);
        self.bench.lab.seed = hello.seed;
        self.hello = Some(hello);
        // A new session of the host knows nothing of what was set in the one before.
        let lab = &self.bench.lab;
        let mut effects = Vec::new();
        if !(lab.up.is_transparent() && lab.down.is_transparent()) {
            effects.extend(self.change_lab(true));
        }
        if self.bench.rules != ServerRules::default() {
            effects.extend(self.tell(ClientMessage::Server(self.bench.rules)));
        }
        effects
    }

    fn closed(&mut self, code: u16, reason: &str, now: Micros) -> Vec<Effect> {
        match self.phase {
            Phase::Live { .. } => self.part(words::connection_ended(code, reason), now),
            Phase::Connecting { .. } => self.part(words::no_connection(code, reason), now),
            _ => Vec::new(),
        }
    }

    /// Lets go of a connection that ended, or that makes no sense, and plans the next one.
    fn part(&mut self, why: String, now: Micros) -> Vec<Effect> {
        let was_live = match self.phase {
            Phase::Live { since } => {
                if now - since >= backoff::GOOD {
                    self.backoff.reset();
                }
                true
            }
            _ => false,
        };
        let lost = self.history.close();
        if lost > 0 {
            self.notice = Some(words::lost_with_connection(lost));
        }
        let retry_at = now + self.backoff.after_failure();
        self.phase = Phase::Gone { retry_at, why };
        if was_live {
            return vec![Effect::Disconnect];
        }
        vec![Effect::Disconnect, Effect::AskPolicy]
    }

    fn judged(&mut self, policy: Policy) {
        // By now it may have connected after all.
        if policy.allowed || !matches!(self.phase, Phase::Gone { .. }) {
            return;
        }
        self.phase = Phase::Refused {
            why: match policy.why {
                why if why.is_empty() => words::REFUSED.to_owned(),
                why => why,
            },
            setting: policy.setting,
        };
    }

    fn send(&mut self, now: Micros) -> Vec<Effect> {
        let Phase::Live { .. } = self.phase else {
            self.notice = Some(words::NOT_SENT.to_owned());
            return Vec::new();
        };
        if self.buffered > MAX_BUFFERED_BYTES {
            self.notice = Some(words::congested(self.buffered));
            return Vec::new();
        }
        self.notice = None;
        let payload = Bytes::copy_from_slice(self.draft.as_bytes());
        self.history.sent(payload.clone(), now);
        self.selected = None;
        vec![Effect::Datagram(payload)]
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
        match self.phase {
            Phase::Connecting { since } if now >= since + HELLO_DEADLINE => {
                self.part(words::SILENT.to_owned(), now)
            }
            Phase::Gone { retry_at, .. } if now >= retry_at && !self.hidden => self.connect(now),
            _ => Vec::new(),
        }
    }

    fn silently(&mut self, change: impl FnOnce(&mut Self)) -> Vec<Effect> {
        change(self);
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
