//! The tutorial's client: sends a message, waits, and takes what comes back.

use udp_echo_feed::Micros;
use udp_echo_feed::datagram::Payload;
use udp_echo_feed::transcript::Transcript;
use wire::sockets::control::{Call, SocketError};
use wire::sockets::errno::Errno;
use wire::transcript;

use crate::end::{self, End};
use crate::net::Net;
use crate::outcome::{Outcome, Outcomes};
use crate::record::{Ending, Fate};
use crate::words;

/// Datagrams in the table; older ones are forgotten.
const KEPT: usize = 100;

/// What the client knows of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It waits.
    Waiting,
    /// It has one: bytes, and how long it took by the browser's clock.
    Came(usize, Micros),
    /// It has waited long enough.
    TimedOut,
    /// None is to come: a call failed.
    Failed(Errno),
}

/// A datagram of the client.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The client's number, counted from 1.
    pub number: u64,
    /// Number of its flight.
    pub flight: u64,
    /// Where it went.
    pub to: End,
    /// What it carried.
    pub payload: Payload,
    /// When it was sent, by the browser's clock.
    at: Micros,
    /// What became of it.
    pub fate: Option<Fate>,
    /// What the client heard.
    pub reply: Reply,
}

/// The program.
#[derive(Debug, Default)]
pub struct Client {
    /// Its socket.
    pub socket: Option<u16>,
    /// The address that the system gave it.
    pub local: Option<End>,
    /// Its peer, when it is connected.
    pub peer: Option<End>,
    /// Whether it is to connect before it sends.
    pub wants_peer: bool,
    /// How long it waits for an answer.
    pub timeout: Micros,
    /// What it printed.
    pub transcript: Transcript,
    /// The newest datagrams, oldest first.
    pub sent: Vec<Sent>,
    /// Datagrams that ever were.
    pub count: u64,
    /// Datagrams by their ends: delivered, left, dropped, refused, rejected.
    pub ends: [u64; 5],
}

impl Client {
    /// Opens a socket, which has no port yet.
    pub fn start(&mut self, net: &mut Net) {
        if self.socket.is_none() {
            self.socket = Some(net.open());
        }
    }

    /// Closes the socket.
    pub fn stop(&mut self, net: &mut Net) {
        if let Some(socket) = self.socket.take() {
            net.close(socket);
            (self.local, self.peer) = (None, None);
            self.transcript.print(None, transcript::CLOSING_SOCKET);
        }
    }

    /// The session is over, and the socket with it.
    pub fn over(&mut self) {
        if self.socket.take().is_some() {
            (self.local, self.peer) = (None, None);
            if self.count > 0 {
                self.transcript.remark(None, words::HOST_WENT);
            }
        }
    }

    /// Sends a message.
    pub fn send(
        &mut self,
        payload: Payload,
        to: End,
        now: Micros,
        net: &mut Net,
        tell: &mut Outcomes,
    ) {
        self.start(net);
        let Some(socket) = self.socket else { return };
        match (self.wants_peer, self.peer) {
            (true, peer) if peer != Some(to) => {
                net.connect(socket, to);
                // The call comes before what is sent next, and not when the host confirms it.
                let tuple = end::tuple(to);
                self.transcript.remark(None, &words::connected(&tuple));
                // What follows is in order: the datagram below goes through a connected socket.
                self.peer = Some(to);
            }
            (false, Some(_)) => {
                net.disconnect(socket);
                self.transcript.remark(None, words::DISCONNECTED);
                self.peer = None;
            }
            _ => {}
        }
        let from = (socket, self.local);
        let flight = net.send(from, to, self.wants_peer, payload.clone());
        self.count += 1;
        let of = Some(flight);
        self.transcript.print(of, &transcript::sending(&payload));
        self.transcript.print(of, transcript::WAITING_FOR_REPLY);
        tell.push(Outcome::Sent {
            number: self.count,
            bytes: payload.len(),
            client: self.local.map(end::text).unwrap_or_default(),
        });
        if self.sent.len() == KEPT {
            self.sent.remove(0);
        }
        self.sent.push(Sent {
            number: self.count,
            flight,
            to,
            payload,
            at: now,
            fate: None,
            reply: Reply::Waiting,
        });
    }

    /// The system has given the socket this address.
    pub fn bound(&mut self, local: End) {
        self.local = Some(local);
    }

    /// The socket has a peer.
    pub fn connected(&mut self, local: End, peer: End, tell: &mut Outcomes) {
        (self.local, self.peer) = (Some(local), Some(peer));
        tell.push(Outcome::Connected(end::text(peer)));
    }

    /// The socket has no peer any more.
    pub fn disconnected(&mut self, tell: &mut Outcomes) {
        self.peer = None;
        tell.push(Outcome::Connected(String::new()));
    }

    /// A call failed; `flights` are the datagrams that were not sent.
    pub fn failed(&mut self, error: &SocketError, flights: &[u64], tell: &mut Outcomes) {
        let exception = words::exception(error.errno);
        match error.call {
            Call::Send => {
                for flight in flights {
                    self.transcript.print(Some(*flight), &exception);
                    self.settle(*flight, Reply::Failed(error.errno), &error.text, tell);
                }
                return;
            }
            Call::Receive => {
                self.transcript.print(None, &exception);
                self.transcript.remark(None, words::TOLD_LATER);
                let waiting = self.sent.iter().find(|one| one.reply == Reply::Waiting);
                if let Some(flight) = waiting.map(|one| one.flight) {
                    self.settle(flight, Reply::Failed(error.errno), &exception, tell);
                }
                return;
            }
            Call::Connect => self.peer = None,
            Call::Open => self.socket = None,
            _ => {}
        }
        self.transcript.print(None, &exception);
        self.transcript.remark(None, &error.text);
        tell.push(Outcome::Error {
            code: words::name(error.errno),
            message: error.text.clone(),
            hint: "",
        });
    }

    /// One of its datagrams has ended.
    pub fn ended(&mut self, ending: &Ending) {
        self.ends[ending.fate.place()] += 1;
        let ended = self.sent.iter_mut().rev();
        for sent in ended {
            if sent.flight == ending.number {
                sent.fate = Some(ending.fate);
                return;
            }
        }
    }

    /// A datagram came, as the flight with this number.
    pub fn datagram(
        &mut self,
        number: u64,
        peer: End,
        payload: &Payload,
        now: Micros,
        tell: &mut Outcomes,
    ) {
        self.transcript
            .print(Some(number), &transcript::received(payload));
        let is_from = |one: &&Sent| one.to == peer && one.reply == Reply::Waiting;
        let same = self
            .sent
            .iter()
            .find(|one| is_from(one) && one.payload == *payload);
        let answered = same.or_else(|| self.sent.iter().find(is_from));
        if let Some((flight, at)) = answered.map(|one| (one.flight, one.at)) {
            let reply = Reply::Came(payload.len(), now.saturating_sub(at));
            return self.settle(flight, reply, "", tell);
        }
        let is_late = |one: &Sent| one.to == peer && one.reply == Reply::TimedOut;
        let remark = match self.sent.iter().any(is_late) {
            true => words::LATE,
            false => words::STRAY,
        };
        self.transcript.remark(Some(number), remark);
    }

    /// When it has waited long enough for the next answer.
    pub fn next_due(&self) -> Option<Micros> {
        let waiting = self.sent.iter().filter(|one| one.reply == Reply::Waiting);
        waiting.map(|one| one.at + self.timeout).min()
    }

    /// Gives up waiting for what is due.
    pub fn give_up(&mut self, now: Micros, tell: &mut Outcomes) {
        while let Some(place) = self
            .sent
            .iter()
            .position(|one| one.reply == Reply::Waiting && one.at + self.timeout <= now)
        {
            let sent = &self.sent[place];
            let flight = sent.flight;
            // No client can know more. What became of the datagram stands in its row.
            let line = words::timed_out(sent.number);
            let why = sent.fate.map_or_else(String::new, |fate| {
                let (word, more) = words::fate_words(fate);
                [word, more].concat()
            });
            self.transcript.print(Some(flight), &line);
            self.settle(flight, Reply::TimedOut, &why, tell);
        }
    }

    /// Forgets what was printed and counted.
    pub fn clear(&mut self) {
        self.transcript.clear();
        self.sent.clear();
        (self.count, self.ends) = (0, [0; 5]);
    }

    fn settle(&mut self, flight: u64, reply: Reply, reason: &str, tell: &mut Outcomes) {
        let Some(sent) = self.sent.iter_mut().rev().find(|one| one.flight == flight) else {
            return;
        };
        sent.reply = reply;
        let (fate, answer) = match reply {
            Reply::Came(bytes, after) => ("echoed", Some((bytes, after))),
            Reply::Failed(Errno::Econnrefused) => ("refused", None),
            Reply::Failed(_) => ("rejected", None),
            Reply::Waiting | Reply::TimedOut => ("lost", None),
        };
        tell.push(Outcome::Settled {
            number: sent.number,
            bytes: sent.payload.len(),
            fate,
            answer,
            reason: reason.to_owned(),
        });
    }
}
