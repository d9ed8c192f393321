//! A machine without a network: sockets, readers' loopbacks and an echo server, for `/sockets` in a page when no host answers.
//!
//! Where datagrams go, which names there are, what calls refuse and in which words, the links, the ledgers: all that is the host's
//! own code. What stands here is what the host leaves to its system: ports, and the way from socket to socket.
//!
//! What it says is always to be marked as simulated: no datagram leaves the page.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use bytes::Bytes;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::control::{NamedTarget, SocketsAnswer, SocketsHello, SocketsOptions, SocketsRequest};
use super::route::Target;
use super::session::{Action, SocketsSession};
use crate::addresses::{self, push_hex};
use crate::control::{Limits, PROTOCOL_VERSION};
use crate::limits::{MAX_CONTROL_BYTES, MAX_DATAGRAM_BYTES_IPV4, MAX_MESSAGE_BYTES};

mod calls;
mod few;
mod loopback;
mod traffic;
mod way;

use calls::Socket;
use few::Few;
use loopback::Loopback;
use way::Way;

/// Sockets that a session may have open at a time: the default of a host.
pub const MAX_SOCKETS: u32 = 16;

/// Most bytes that wait for a client that does not take them; what comes on top is dropped, as for a slow reader.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// The echo server, where a host on 127.0.0.1 names its own.
const ECHO: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), 10_000));

/// What the simulated host sends to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// A control message.
    Control(SocketsAnswer),
    /// A binary message: a datagram behind its header.
    Datagram(Bytes),
}

/// A session of a [`Machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u32);

/// A simulated host with any number of sessions. Times are microseconds of one clock that does not go backwards.
#[derive(Debug)]
pub struct Machine {
    chance: Pcg32,
    targets: Vec<Target>,
    loopbacks: Few<Ipv4Addr, Loopback>,
    sessions: Few<SessionId, Running>,
    sessions_begun: u32,
    way: Way,
}

/// A session and what it owns.
#[derive(Debug)]
struct Running {
    session: SocketsSession,
    loopback: Ipv4Addr,
    sockets: Few<u16, Socket>,
    outbox: VecDeque<Outgoing>,
    waiting_bytes: usize,
}

impl Machine {
    /// A machine on which nothing runs but the echo server. The seed draws addresses, ports and tokens.
    pub fn new(seed: u64) -> Self {
        let echo = Target {
            name: "echo".to_owned(),
            address: ECHO,
        };
        Self {
            chance: Pcg32::seed_from_u64(seed),
            targets: vec![echo],
            loopbacks: Few::default(),
            sessions: Few::default(),
            sessions_begun: 0,
            way: Way::default(),
        }
    }

    /// Begins a session, on a loopback of its own or on that of the session with this token; its first message is `hello`.
    ///
    /// # Errors
    /// No running session has this token; a host answers with 403.
    pub fn open(
        &mut self,
        now: u64,
        seed: u64,
        token: Option<&str>,
    ) -> Result<SessionId, NoSuchLoopback> {
        let address = match token {
            None => self.draw_loopback(),
            Some(token) => {
                let mut loopbacks = self.loopbacks.values();
                let found = loopbacks.find(|loopback| loopback.token == token);
                found.ok_or(NoSuchLoopback)?.address
            }
        };
        let loopback = self.loopbacks.get_mut(address).ok_or(NoSuchLoopback)?;
        let id = SessionId(self.sessions_begun);
        self.sessions_begun += 1;
        loopback.sessions.push(id);
        let named = |target: &Target| NamedTarget {
            name: target.name.clone(),
            address: addresses::socket(target.address),
        };
        let hello = SocketsHello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            session: "simulated".to_owned(),
            loopback: loopback.told(),
            limits: Limits {
                datagram_bytes: MAX_DATAGRAM_BYTES_IPV4,
                message_bytes: MAX_MESSAGE_BYTES,
                control_bytes: MAX_CONTROL_BYTES,
                ..Limits::default()
            },
            sockets: Some(MAX_SOCKETS),
            targets: self.targets.iter().map(named).collect(),
            peers: Vec::new(),
            seed,
            options: SocketsOptions::default(),
        };
        let hello = SocketsAnswer::Hello(Box::new(hello));
        let running = Running {
            session: SocketsSession::new(now, seed),
            loopback: address,
            sockets: Few::default(),
            outbox: VecDeque::from([Outgoing::Control(hello)]),
            waiting_bytes: 0,
        };
        self.sessions.add(id, running);
        Ok(id)
    }

    /// The token of the loopback that this session is on.
    pub fn token(&self, id: SessionId) -> Option<&str> {
        Some(&self.loopback_of(id)?.token)
    }

    /// Ends a session and closes its sockets, as when its WebSocket closes.
    pub fn close(&mut self, now: u64, id: SessionId) {
        self.advance(now);
        let Some(running) = self.sessions.remove(id) else {
            return;
        };
        let Some(loopback) = self.loopbacks.get_mut(running.loopback) else {
            return;
        };
        loopback.sessions.retain(|other| *other != id);
        if loopback.sessions.is_empty() {
            self.loopbacks.remove(running.loopback);
            return;
        }
        for local in running.sockets.values().filter_map(|socket| socket.local) {
            self.free(now, running.loopback, local);
        }
    }

    /// Takes a control message of a client.
    pub fn control(&mut self, now: u64, id: SessionId, request: &SocketsRequest) {
        self.advance(now);
        let Some(running) = self.sessions.get_mut(id) else {
            return;
        };
        running.tell_errors();
        match running.session.control(request) {
            Some(answer) => running.tell(answer),
            None => self.call(now, id, request),
        }
    }

    /// Takes a binary message of a client: a datagram behind its header.
    pub fn message(&mut self, now: u64, id: SessionId, message: Bytes) {
        self.advance(now);
        if let Some(running) = self.sessions.get_mut(id) {
            running.session.from_client(now, message);
        }
    }

    /// The next thing that the host sends to this client at `now`. Call it for every session until it returns `None`: what one
    /// of them does may concern another.
    pub fn poll(&mut self, now: u64, id: SessionId) -> Option<Outgoing> {
        self.advance(now);
        let running = self.sessions.get_mut(id)?;
        if running.outbox.is_empty() {
            running.tell_errors();
            let (events, _) = running.session.take_events();
            if !events.is_empty() {
                running.tell(SocketsAnswer::Events(events));
            }
        }
        let outgoing = running.outbox.pop_front()?;
        if let Outgoing::Datagram(message) = &outgoing {
            running.waiting_bytes -= message.len();
        }
        Some(outgoing)
    }

    /// When [`Machine::poll`] has something to do without anything arriving.
    pub fn next_due(&self) -> Option<u64> {
        let sessions = self.sessions.values();
        let dues = sessions.filter_map(|running| running.session.next_due());
        dues.chain(self.way.next_due()).min()
    }

    /// Lets happen what is due until `now`, each thing at its time, however seldom somebody asks.
    fn advance(&mut self, now: u64) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            let at = self.way.reach(due);
            while let Some(hop) = self.way.take(at) {
                self.arrive(at, hop);
            }
            let ids: Vec<SessionId> = self.sessions.keys().collect();
            for &id in &ids {
                self.work(at, id);
            }
            for id in ids {
                if let Some(running) = self.sessions.get_mut(id) {
                    running.session.give_up(at);
                }
            }
        }
    }

    /// Carries out what a session has to do.
    fn work(&mut self, now: u64, id: SessionId) {
        while let Some(running) = self.sessions.get_mut(id) {
            let room = MAX_WAITING_BYTES.saturating_sub(running.waiting_bytes);
            match running.session.poll(now, |bytes| bytes <= room) {
                Some(Action::Send(sending)) => self.send(now, id, &sending),
                Some(Action::ToClient(incoming)) => {
                    let message = incoming.message();
                    running.waiting_bytes += message.len();
                    running.outbox.push_back(Outgoing::Datagram(message.into()));
                }
                None => break,
            }
        }
        self.hand_over_receipts(id);
    }

    fn draw_loopback(&mut self) -> Ipv4Addr {
        loop {
            let address = Ipv4Addr::from_bits(127 << 24 | self.chance.next_u32() >> 8);
            if loopback::may_be_a_readers(address) && self.loopbacks.get(address).is_none() {
                let token = self.draw_token();
                self.loopbacks.add(address, Loopback::new(address, token));
                return address;
            }
        }
    }

    /// 32 hexadecimal digits.
    fn draw_token(&mut self) -> String {
        let mut token = String::new();
        for _ in 0..32 {
            push_hex(&mut token, self.chance.next_u32() >> 28);
        }
        token
    }

    fn loopback_of(&self, id: SessionId) -> Option<&Loopback> {
        self.loopbacks.get(self.sessions.get(id)?.loopback)
    }
}

/// No running session has the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchLoopback;

impl NoSuchLoopback {
    /// What the client is told.
    pub const SENTENCE: &str =
        "no running session has this loopback token; take it from the hello of one that runs";
}

impl Running {
    fn tell(&mut self, answer: SocketsAnswer) {
        self.outbox.push_back(Outgoing::Control(answer));
    }

    fn tell_errors(&mut self) {
        let (errors, _) = self.session.take_errors();
        for error in errors {
            self.tell(SocketsAnswer::Error(error));
        }
    }
}

#[cfg(test)]
mod tests;
