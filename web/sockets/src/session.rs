//! One session of a page on `/sockets`, and the programs in it: pure, it sees no browser and no clock.
//!
//! All elements of a page that have a role share one session, as programs share one machine: each has a socket of its own.

use udp_echo_feed::Micros;
use udp_echo_feed::datagram::Payload;
use udp_echo_feed::policy::Verdict;
use wire::control::PROTOCOL_VERSION;
use wire::echo::EchoRule;
use wire::sockets::control::{Bound, SocketError};
use wire::sockets::header::Header;
use wire::transcript::DEFAULT_MESSAGE;

use crate::act::Act;
use crate::client::Client;
use crate::end::{self, End};
use crate::heard::{Heard, Hello};
use crate::net::{self, Net};
use crate::outcome::{Outcome, Outcomes};
use crate::server::{Server, State};
use crate::settings::{Mode, Role, Settings};
use crate::words;

/// The longest wait between two tries.
const LONGEST_WAIT: Micros = 30_000_000;

/// The tutorial's buffer.
const BUFFER: usize = 4096;

/// An element, by its number.
pub type Id = u32;

/// Where the session stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Stage {
    /// Nobody needs one.
    #[default]
    Idle,
    /// There is no hello yet; `true` on the way to the simulated host.
    Connecting(bool),
    /// There is a session; `true` on the simulated host.
    Open(bool),
    /// The host is not there; when the next try is.
    Gone(Micros),
    /// The host does not want this page.
    Refused,
}

/// A program of the page.
#[derive(Debug)]
pub enum Program {
    /// An echo server.
    Server(Server),
    /// A client.
    Client(Client),
}

/// An element with its program.
#[derive(Debug)]
pub struct Element {
    /// Its number.
    pub id: Id,
    /// What its attributes say.
    pub settings: Settings,
    /// What it runs.
    pub program: Program,
    /// The message in a client's field.
    pub draft: String,
    /// A sentence for the reader, until the next thing is done.
    pub notice: String,
    /// What its page is to be told.
    outcomes: Outcomes,
}

/// What the page has to do for the session.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Connects to the host, which ends what was.
    Connect,
    /// Takes the simulated host, which ends what was.
    Simulate,
    /// Ends what is.
    Disconnect,
    /// Finds out why no session began.
    Explain,
    /// Hands something to the host.
    Net(net::Effect),
    /// Dispatches an event at an element.
    Tell(Id, Outcome),
}

/// The session of a page.
#[derive(Debug, Default)]
pub struct Session {
    /// Where it stands.
    pub stage: Stage,
    /// Why, when it stands badly or is simulated.
    pub why: String,
    /// What would change that.
    pub setting: String,
    /// What the host said first.
    pub hello: Option<Hello>,
    /// Whether the loopback was another page's before.
    pub is_shared: bool,
    /// The programs.
    pub elements: Vec<Element>,
    /// What they have of the network.
    pub net: Net,
    mode: Mode,
    /// Binary messages that came in this session.
    came: u64,
    /// Tries since the last session.
    tries: u32,
    effects: Vec<Effect>,
}

impl Session {
    /// A session that nobody needs yet.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }

    /// Takes what is to be done.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        let asked = self.net.take_effects().into_iter().map(Effect::Net);
        self.effects.extend(asked);
        for element in &mut self.elements {
            let id = element.id;
            let outcomes = element.outcomes.drain(..);
            self.effects
                .extend(outcomes.map(|outcome| Effect::Tell(id, outcome)));
        }
        std::mem::take(&mut self.effects)
    }

    /// The element with this number.
    pub fn element(&self, id: Id) -> Option<&Element> {
        self.elements.iter().find(|one| one.id == id)
    }

    /// Whether there is a session.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    /// Whether it is simulated, or about to be.
    pub fn is_simulated(&self) -> bool {
        matches!(self.stage, Stage::Open(true) | Stage::Connecting(true))
    }

    /// The word for where it stands, as the elements have it.
    pub fn state(&self) -> &'static str {
        match self.stage {
            Stage::Idle => "idle",
            Stage::Connecting(_) => "connecting",
            Stage::Open(false) => "live",
            Stage::Open(true) => "simulated",
            Stage::Gone(_) => "gone",
            Stage::Refused => "refused",
        }
    }

    /// An element is on the page.
    pub fn join(&mut self, id: Id, settings: Settings) {
        let program = match settings.role {
            Role::Server => {
                let buffer = settings.buffer;
                let echo_empty = false;
                Program::Server(Server::new(settings.port, EchoRule { buffer, echo_empty }))
            }
            Role::Client => Program::Client(Client {
                timeout: settings.timeout_ms * 1_000,
                ..Client::default()
            }),
        };
        self.elements.push(Element {
            id,
            draft: settings
                .message
                .clone()
                .unwrap_or_else(|| DEFAULT_MESSAGE.to_owned()),
            settings,
            program,
            notice: String::new(),
            outcomes: vec![Outcome::State(self.state())],
        });
        match self.stage {
            Stage::Idle => self.begin(self.mode == Mode::Simulated),
            Stage::Open(_) => {
                let place = self.elements.len() - 1;
                self.start(place);
            }
            _ => {}
        }
    }

    /// An element left the page, and its socket closes.
    pub fn leave(&mut self, id: Id) {
        let Some(place) = self.elements.iter().position(|one| one.id == id) else {
            return;
        };
        let element = self.elements.remove(place);
        let socket = match element.program {
            Program::Server(server) => server.socket,
            Program::Client(client) => client.socket,
        };
        if self.elements.is_empty() {
            self.close(Stage::Idle);
            self.effects.push(Effect::Disconnect);
        } else if let Some(socket) = socket {
            self.net.close(socket);
        }
    }

    /// Somebody wants something.
    pub fn act(&mut self, id: Id, act: Act, now: Micros) {
        match act {
            Act::Retry => return self.begin(false),
            Act::Simulate => return self.simulate(String::new()),
            Act::Link(request) => return self.net.ask(request),
            Act::Ask(message) => return self.asked(id, &message, now),
            Act::SendDraft => {
                let draft = self.element(id).map(|one| one.draft.as_bytes().into());
                return self.act(id, Act::Send(draft.unwrap_or_default()), now);
            }
            _ => {}
        }
        let is_open = self.is_open();
        let Some(place) = self.elements.iter().position(|one| one.id == id) else {
            return;
        };
        let to = match (&act, self.destination(place)) {
            (Act::Send(_), to) if is_open => to,
            _ => None,
        };
        let (net, element) = (&mut self.net, &mut self.elements[place]);
        element.notice.clear();
        let tell = &mut element.outcomes;
        match (&mut element.program, act) {
            (Program::Server(server), Act::Start) if is_open => server.start(net),
            (Program::Server(server), Act::Start) => server.state = State::Waiting,
            (Program::Server(server), Act::Stop) => server.stop(net, tell),
            (Program::Server(server), Act::Port(port)) => {
                if server.socket.is_some() {
                    server.stop(net, tell);
                }
                server.port = port;
                if is_open {
                    server.start(net);
                }
            }
            (
                Program::Server(server),
                act @ (Act::Rule(_) | Act::Buffer(_) | Act::AnswerEmpty(_)),
            ) => {
                match act {
                    Act::Rule(rule) => server.rule = rule,
                    Act::Buffer(is_on) => server.rule.buffer = is_on.then_some(BUFFER),
                    Act::AnswerEmpty(is_on) => server.rule.echo_empty = is_on,
                    _ => {}
                }
                tell.push(server.standing());
            }
            (Program::Server(server), Act::Clear) => server.clear(),
            (Program::Client(client), Act::Send(payload)) => match to {
                Some(to) => client.send(payload, to, now, net, tell),
                None if is_open => {
                    let to = element.settings.to.as_deref().unwrap_or_default();
                    element.notice = words::no_destination(to);
                }
                None => element.notice = words::NOT_READY.to_owned(),
            },
            (Program::Client(_), Act::Draft(draft)) => element.draft = draft,
            (Program::Client(client), Act::Connect(wants)) => client.wants_peer = wants,
            (Program::Client(client), Act::Timeout(timeout)) => client.timeout = timeout,
            (Program::Client(_), Act::To(to)) => element.settings.to = to,
            (Program::Client(client), Act::Stop) => client.stop(net),
            (Program::Client(client), Act::Start) if is_open => client.start(net),
            (Program::Client(client), Act::Clear) => client.clear(),
            _ => {}
        }
    }

    /// The page asks something of a program.
    fn asked(&mut self, id: Id, message: &str, now: Micros) {
        let rule = match self.element(id).map(|one| &one.program) {
            Some(Program::Server(server)) => server.rule,
            _ => EchoRule::default(),
        };
        for act in crate::asked::read(message, rule) {
            self.act(id, act, now);
        }
    }

    /// What the attributes of an element say by now.
    pub fn keep(&mut self, id: Id, settings: Settings) {
        let element = self.elements.iter_mut().find(|one| one.id == id);
        if let Some(element) = element {
            element.settings = settings;
        }
    }

    /// The host says something.
    pub fn answer(&mut self, answer: Heard) {
        match answer {
            Heard::Hello(hello) => self.greeted(*hello),
            Heard::Bound(bound) => self.bound(&bound),
            Heard::Connected(connected) => {
                let (local, peer) = (end::read(&connected.local), end::read(&connected.peer));
                if let (Some(local), Some(peer)) = (local, peer)
                    && let Some((Program::Client(client), tell)) = self.owner(connected.socket)
                {
                    client.connected(local, peer, tell);
                }
            }
            Heard::Disconnected(numbered) => {
                if let Some((Program::Client(client), tell)) = self.owner(numbered.socket) {
                    client.disconnected(tell);
                }
            }
            Heard::Error(error) => self.failed(&error),
            Heard::Events(events) => {
                for event in &events {
                    if let Some(ending) = self.net.record.tell(event) {
                        self.ended(&[ending]);
                    }
                }
            }
            Heard::Notice(notice) => {
                for element in &mut self.elements {
                    element.notice.clone_from(&notice);
                }
            }
        }
    }

    /// The host hands a datagram over.
    pub fn datagram(&mut self, message: &[u8], now: Micros) {
        self.came += 1;
        let Some((header, begin)) = Header::read(message) else {
            return;
        };
        let Some(from) = header.address.and_then(end::of) else {
            return;
        };
        let payload: Payload = message[begin..].into();
        let came = self.came;
        let Some(place) = self.place_of(header.socket) else {
            return;
        };
        let (net, element) = (&mut self.net, &mut self.elements[place]);
        let local = match &element.program {
            Program::Server(server) => match server.state {
                State::Bound { local, .. } => local,
                _ => return,
            },
            Program::Client(client) => match client.local {
                Some(local) => local,
                None => return,
            },
        };
        let number = net
            .record
            .came(came, header.socket, from, local, payload.clone());
        let tell = &mut element.outcomes;
        match &mut element.program {
            Program::Server(server) => {
                let is_client = net
                    .record
                    .flight(number)
                    .is_some_and(|one| one.sender.is_some());
                server.datagram(number, (from, is_client), &payload, net, tell);
            }
            Program::Client(client) => client.datagram(number, from, &payload, now, tell),
        }
    }

    /// The connection ended, or none came to be.
    pub fn closed(&mut self, reason: &str, now: Micros) {
        let was_open = self.is_open();
        self.effects.push(Effect::Disconnect);
        let why = match (was_open, reason) {
            (true, "") => words::BROKEN.to_owned(),
            (true, reason) => words::ended(reason),
            (false, "") => words::NO_HOST.to_owned(),
            (false, reason) => reason.to_owned(),
        };
        if !was_open {
            self.effects.push(Effect::Explain);
            if self.mode == Mode::Auto && self.tries == 0 {
                return self.simulate(why);
            }
        }
        self.wait(why, now);
    }

    /// A message of the host cannot be read.
    pub fn unreadable(&mut self, field: &str, now: Micros) {
        self.effects.push(Effect::Disconnect);
        self.wait(words::unreadable(field), now);
    }

    /// Why no session began.
    pub fn explained(&mut self, verdict: Verdict) {
        self.why = verdict.why.clone();
        self.setting = verdict.setting.clone();
        let is_waiting = matches!(self.stage, Stage::Gone(_));
        if is_waiting && !verdict.is_passing() {
            self.enter(Stage::Refused);
        }
    }

    /// Nothing stands in for the host, and this is why.
    pub fn cannot_simulate(&mut self, why: &str) {
        self.why = why.to_owned();
        self.close(Stage::Refused);
    }

    /// When there is something to do without being asked.
    pub fn next_due(&self) -> Option<Micros> {
        let waits = self.elements.iter().filter_map(|one| match &one.program {
            Program::Client(client) => client.next_due(),
            Program::Server(_) => None,
        });
        let retry = match self.stage {
            Stage::Gone(at) => Some(at),
            _ => None,
        };
        waits.chain(retry).min()
    }

    /// Time has passed.
    pub fn rang(&mut self, now: Micros) {
        for element in &mut self.elements {
            if let Program::Client(client) = &mut element.program {
                client.give_up(now, &mut element.outcomes);
            }
        }
        if matches!(self.stage, Stage::Gone(at) if at <= now) {
            self.begin(false);
        }
    }

    /// The address that a client of this page sends to.
    pub fn destination(&self, place: usize) -> Option<End> {
        let hello = self.hello.as_ref()?;
        let own = end::read_ip(&hello.loopback.address)?;
        let settings = &self.elements.get(place)?.settings;
        let Some(to) = &settings.to else {
            let here = self.elements.iter().find_map(|one| match &one.program {
                Program::Server(server) => match server.state {
                    State::Bound { local, .. } => Some(local),
                    _ => None,
                },
                Program::Client(_) => None,
            });
            // A server of this page that has stopped is still meant: it had this port.
            let asked = self.elements.iter().find_map(|one| match &one.program {
                Program::Server(server) if server.port > 0 => Some(server.port),
                _ => None,
            });
            let port = asked.unwrap_or(settings.port);
            return Some(here.unwrap_or(End::new(own, port)));
        };
        if let Some(target) = hello.targets.iter().find(|target| target.name == *to) {
            return end::read(&target.address);
        }
        if let Some(port) = to.strip_prefix("localhost:") {
            return Some(End::new(own, end::read_port(port)?));
        }
        if let Some(port) = end::read_port(to) {
            return Some(End::new(own, port));
        }
        end::read(to)
    }

    /// Begins a session.
    fn begin(&mut self, is_simulated: bool) {
        self.close(Stage::Connecting(is_simulated));
        self.effects.push(match is_simulated {
            true => Effect::Simulate,
            false => Effect::Connect,
        });
    }

    /// Goes on without a host.
    fn simulate(&mut self, why: String) {
        self.begin(true);
        self.why = why;
    }

    fn wait(&mut self, why: String, now: Micros) {
        self.tries += 1;
        let wait = LONGEST_WAIT.min(1_000_000 << self.tries.min(5));
        self.close(Stage::Gone(now + wait / 2));
        self.why = why;
    }

    /// What was is over.
    fn close(&mut self, next: Stage) {
        self.hello = None;
        self.came = 0;
        self.net.over();
        (self.why, self.setting) = Default::default();
        for element in &mut self.elements {
            match &mut element.program {
                Program::Server(server) => server.over(),
                Program::Client(client) => client.over(),
            }
        }
        self.enter(next);
    }

    fn enter(&mut self, stage: Stage) {
        if self.stage == stage {
            return;
        }
        let before = self.state();
        self.stage = stage;
        let state = self.state();
        if state != before {
            for element in &mut self.elements {
                element.outcomes.push(Outcome::State(state));
            }
        }
    }

    fn greeted(&mut self, hello: Hello) {
        if hello.protocol != PROTOCOL_VERSION {
            self.effects.push(Effect::Disconnect);
            self.close(Stage::Refused);
            self.why = words::other_protocol(&hello.version);
            return;
        }
        self.tries = 0;
        self.hello = Some(hello);
        let is_simulated = self.is_simulated();
        self.enter(Stage::Open(is_simulated));
        for place in 0..self.elements.len() {
            self.start(place);
        }
    }

    /// Starts the program of an element.
    fn start(&mut self, place: usize) {
        let Some(hello) = &self.hello else { return };
        let (net, element) = (&mut self.net, &mut self.elements[place]);
        element.outcomes.push(Outcome::Ready {
            mode: match self.stage {
                Stage::Open(true) => "simulated",
                _ => "live",
            },
            address: hello.loopback.address.clone(),
            is_reachable: hello.loopback.reachable,
        });
        match &mut element.program {
            Program::Server(server) if server.state == State::Waiting => server.start(net),
            Program::Server(_) => {}
            Program::Client(client) => client.start(net),
        }
    }

    fn bound(&mut self, bound: &Bound) {
        let Some(local) = end::read(&bound.local) else {
            return;
        };
        self.net.record.bound(bound.socket, local);
        let outside = bound.outside.as_deref().and_then(end::read);
        match self.owner(bound.socket) {
            Some((Program::Server(server), tell)) => server.bound(local, outside, tell),
            Some((Program::Client(client), _)) => client.bound(local),
            None => {}
        }
    }

    fn failed(&mut self, error: &SocketError) {
        let mut flights = Vec::new();
        if let Some(first) = error.datagram {
            let count = error.count.unwrap_or(1);
            let ends = self.net.record.rejected(first, count, error.errno);
            self.ended(&ends);
            flights = self.net.record.numbers(first, count);
        }
        let Some(place) = error.socket.and_then(|socket| self.place_of(socket)) else {
            return;
        };
        let (net, element) = (&mut self.net, &mut self.elements[place]);
        let tell = &mut element.outcomes;
        match &mut element.program {
            Program::Server(server) => server.failed(error, net, tell),
            Program::Client(client) => client.failed(error, &flights, tell),
        }
    }

    fn ended(&mut self, endings: &[crate::record::Ending]) {
        for ending in endings {
            match ending.socket.and_then(|socket| self.owner(socket)) {
                Some((Program::Server(server), _)) => server.ended(ending),
                Some((Program::Client(client), _)) => client.ended(ending),
                None => {}
            }
        }
    }

    /// The place of the element whose socket this is.
    fn place_of(&self, socket: u16) -> Option<usize> {
        self.elements.iter().position(|one| match &one.program {
            Program::Server(server) => server.socket == Some(socket),
            Program::Client(client) => client.socket == Some(socket),
        })
    }

    fn owner(&mut self, socket: u16) -> Option<(&mut Program, &mut Outcomes)> {
        let place = self.place_of(socket)?;
        let element = &mut self.elements[place];
        Some((&mut element.program, &mut element.outcomes))
    }
}

#[cfg(test)]
mod tests;
