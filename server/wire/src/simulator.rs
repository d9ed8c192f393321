//! A host without a network: the same protocol, session, link and echo rule, for the page when no host answers.
//!
//! What it says is always to be marked as simulated: no datagram leaves the machine, or even the page.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::control::{
    ClientMessage, Hello, HostMessage, Limits, Notice, PROTOCOL_VERSION, ServerRules, ServerState,
    StreamEcho,
};
use crate::digits::digits;
use crate::echo::{EchoAnswer, EchoRule};
use crate::ledger::Fingerprint;
use crate::limits::{MAX_CONTROL_BYTES, MAX_DATAGRAM_BYTES_IPV4, MAX_MESSAGE_BYTES};
use crate::link::Carried;
use crate::session::{Action, Served, Session};

/// Microseconds that a datagram takes from the relay to the server, and an answer back: about what loopback takes.
const HOP_US: u64 = 30;

/// Microseconds that the server takes for an answer.
const SERVING_US: u64 = 10;

/// The words of Linux for what the simulated system refuses, so that both modes read alike.
const TOO_LONG: &str = "Message too long";
const REFUSED: &str = "Connection refused";

/// Port from which the client of [`Simulator::new`] sends.
pub const CLIENT_PORT: u16 = 50_139;

const SERVER: &str = "127.0.0.1:10000";

/// What the simulated host sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// A control message.
    Control(HostMessage),
    /// A datagram.
    Datagram(Bytes),
}

/// A simulated host with one session. Times are microseconds of one clock that does not go backwards.
#[derive(Debug)]
pub struct Simulator {
    session: Session,
    rules: ServerRules,
    to_server: VecDeque<(u64, Carried<u64>)>,
    from_server: VecDeque<(u64, Bytes)>,
    outbox: VecDeque<Outgoing>,
}

impl Simulator {
    /// A host that has just accepted a session; its first message is `hello`.
    pub fn new(now: u64, seed: u64) -> Self {
        Self::with_client_port(now, seed, CLIENT_PORT)
    }

    /// The same, for a client that sends from this port of 127.0.0.1: two on one machine differ by it.
    pub fn with_client_port(now: u64, seed: u64, port: u16) -> Self {
        let session = Session::new(now, seed);
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            session: "simulated".to_owned(),
            resume: String::new(),
            resumed: false,
            limits: Limits {
                datagram_bytes: MAX_DATAGRAM_BYTES_IPV4,
                message_bytes: MAX_MESSAGE_BYTES,
                control_bytes: MAX_CONTROL_BYTES,
                ..Limits::default()
            },
            targets: vec!["echo".to_owned()],
            target: "echo".to_owned(),
            client: ["127.0.0.1:", &digits(port.into())].concat(),
            server: SERVER.to_owned(),
            own_server: true,
            loopback: false,
            seed,
            options: session.options(),
            once: true,
        };
        Self {
            session,
            rules: ServerRules::default(),
            to_server: VecDeque::new(),
            from_server: VecDeque::new(),
            outbox: VecDeque::from([Outgoing::Control(HostMessage::Hello(Box::new(hello)))]),
        }
    }

    /// Takes a control message of the client.
    pub fn control(&mut self, message: &ClientMessage) {
        let answer = match message {
            ClientMessage::Server(rules) => self.change_rules(*rules),
            // A byte stream keeps no boundaries: what is written together is read together.
            ClientMessage::Stream(writes) => HostMessage::Stream(StreamEcho {
                writes: writes.clone(),
                reads: vec![writes.concat()],
            }),
            of_the_session => match self.session.control(of_the_session) {
                Some(answer) => answer,
                None => return,
            },
        };
        self.outbox.push_back(Outgoing::Control(answer));
    }

    /// Takes the client's next datagram.
    pub fn datagram(&mut self, now: u64, payload: Bytes) {
        self.session.from_client(now, payload);
    }

    /// The next thing that the host sends at `now`. Call it until it returns `None`.
    pub fn poll(&mut self, now: u64) -> Option<Outgoing> {
        let sent = self.outbox.pop_front().or_else(|| self.advance(now));
        if sent.is_some() {
            return sent;
        }
        let (events, _) = self.session.take_events();
        (!events.is_empty()).then(|| Outgoing::Control(HostMessage::Events(events)))
    }

    /// When [`Simulator::poll`] has something to do without anything arriving.
    pub fn next_due(&mut self) -> Option<u64> {
        let hops = [
            self.to_server.front().map(|hop| hop.0),
            self.from_server.front().map(|hop| hop.0),
        ];
        hops.into_iter()
            .chain([self.session.next_due()])
            .flatten()
            .min()
    }

    fn advance(&mut self, now: u64) -> Option<Outgoing> {
        loop {
            match self.session.poll(now, |_| true) {
                Some(Action::ToClient(payload) | Action::ToLane(_, payload)) => {
                    return Some(Outgoing::Datagram(payload));
                }
                Some(Action::ToServer(carried)) => self.send(now, carried),
                None if self.to_server.front().is_some_and(|hop| hop.0 <= now) => {
                    if let Some((at, carried)) = self.to_server.pop_front() {
                        self.serve(at, &carried);
                    }
                }
                None if self.from_server.front().is_some_and(|hop| hop.0 <= now) => {
                    if let Some((at, payload)) = self.from_server.pop_front() {
                        self.session.from_server(at, payload);
                    }
                }
                None => return None,
            }
        }
    }

    fn send(&mut self, now: u64, carried: Carried<u64>) {
        if carried.payload.len() > MAX_DATAGRAM_BYTES_IPV4 {
            self.session.not_sent(now, carried.tag, TOO_LONG.to_owned());
            return;
        }
        self.session.sent(now, &carried);
        self.to_server.push_back((now + HOP_US, carried));
    }

    fn serve(&mut self, at: u64, carried: &Carried<u64>) {
        if !self.rules.listening {
            // ICMP answers either way; only a connected socket is told.
            if self.session.options().connected {
                self.session.refused(at + HOP_US, REFUSED);
            }
            return;
        }
        let payload = &carried.payload;
        let fingerprint = Fingerprint::of(payload);
        let sent_at = at + SERVING_US;
        let (bytes, answered) = match EchoRule::from(self.rules).answer(payload.len()) {
            EchoAnswer::Reply { bytes, .. } => (bytes, Some((bytes, sent_at))),
            EchoAnswer::Empty => (0, None),
        };
        let served = Served {
            received_at: at,
            bytes,
            answered,
        };
        self.session.server_saw(&fingerprint, &served);
        if answered.is_some() {
            self.from_server
                .push_back((sent_at + HOP_US, payload.slice(..bytes)));
        }
    }

    fn change_rules(&mut self, rules: ServerRules) -> HostMessage {
        if rules.buffer == Some(0) {
            return HostMessage::Notice(Notice {
                code: "out_of_range".to_owned(),
                text: "buffer is 0, but must hold a byte at least; the server stays as it was"
                    .to_owned(),
            });
        }
        self.rules = rules;
        HostMessage::Server(ServerState {
            server: SERVER.to_owned(),
            rules,
        })
    }
}

#[cfg(test)]
mod tests;
