//! The tutorial's echo server: binds a port, waits, and sends back what comes.

use std::net::SocketAddr;

use udp_echo_feed::datagram::Payload;
use udp_echo_feed::transcript::{Kind, Transcript};
use wire::echo::{EchoAnswer, EchoRule, is_guarded};
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
/// So many answers that come back one after the other are a loop.
const LOOP: u32 = 500;

/// Where the server stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// There is no session yet.
    #[default]
    Waiting,
    /// The host has been asked for the port.
    Binding,
    /// It waits for datagrams.
    Bound {
        /// Its address.
        local: End,
        /// Where programs that are in no page reach it.
        outside: Option<End>,
    },
    /// It got no port.
    Failed(Errno, String),
    /// The reader stopped it.
    Stopped,
}

/// What the server did with a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It sent one: the number of its flight, and its end.
    Sent(u64, Option<Fate>),
    /// There was no data.
    Empty,
    /// Its port is never answered.
    Guarded,
}

/// A datagram that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Number of its flight.
    pub number: u64,
    /// Who sent it.
    pub peer: End,
    /// Bytes that it had.
    pub bytes: usize,
    /// What the server did.
    pub answer: Answer,
}

/// What the server has done, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that came.
    pub received: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, empty and not answered.
    pub empty: u64,
    /// Of these, from ports that are never answered.
    pub guarded: u64,
    /// Answers by their ends: delivered, left, dropped, refused, rejected.
    pub ends: [u64; 5],
}

/// The program.
#[derive(Debug, Default)]
pub struct Server {
    /// The port that it asks for.
    pub port: u16,
    /// What it answers.
    pub rule: EchoRule,
    /// Where it stands.
    pub state: State,
    /// Its socket.
    pub socket: Option<u16>,
    /// What it printed.
    pub transcript: Transcript,
    /// The newest datagrams, oldest first.
    pub served: Vec<Served>,
    /// Its numbers.
    pub counts: Counts,
    /// Two programs that answered each other, if there were such.
    pub looping: Option<Loop>,
    /// The peer whose last datagram is the answer that it got, and how often in a row.
    echoing: Option<(End, Payload, u32)>,
}

/// A peer that sends every answer back, which is answered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// The peer.
    pub peer: End,
    /// How many answers came back, one after the other.
    pub times: u32,
    /// A limit of the host has ended it.
    pub is_over: bool,
}

impl Server {
    /// A server for this port.
    pub fn new(port: u16, rule: EchoRule) -> Self {
        Self {
            port,
            rule,
            ..Self::default()
        }
    }

    /// Opens a socket and binds it to the port asked for.
    pub fn start(&mut self, net: &mut Net) {
        if self.socket.is_some() {
            return;
        }
        let socket = net.open();
        net.bind(socket, self.port);
        self.socket = Some(socket);
        self.state = State::Binding;
    }

    /// Closes the socket.
    pub fn stop(&mut self, net: &mut Net, tell: &mut Outcomes) {
        if let Some(socket) = self.socket.take() {
            net.close(socket);
            self.transcript.print(None, transcript::CLOSING_SOCKET);
        }
        self.state = State::Stopped;
        tell.push(self.standing());
    }

    /// The session is over, and the socket with it. It starts again with the next one, unless it had been stopped.
    pub fn over(&mut self) {
        if self.socket.take().is_some() {
            self.transcript.remark(None, words::HOST_WENT);
            self.state = State::Waiting;
        }
    }

    /// The host has bound the socket.
    pub fn bound(&mut self, local: End, outside: Option<End>, tell: &mut Outcomes) {
        self.state = State::Bound { local, outside };
        let address = end::name(local);
        self.transcript
            .print(None, &transcript::starting_up(&address));
        self.wait();
        tell.push(self.standing());
    }

    /// A call failed: that for a port, or one for an answer.
    pub fn failed(&mut self, error: &SocketError, net: &mut Net, tell: &mut Outcomes) {
        match error.call {
            Call::Open | Call::Bind => {
                if let Some(socket) = self.socket.take()
                    && error.call == Call::Bind
                {
                    net.close(socket);
                }
                for line in words::traceback(error.errno) {
                    self.transcript.print(None, &line);
                }
                let way_out = words::way_out(error.errno, self.port, &error.text);
                tell.push(Outcome::Error {
                    code: words::name(error.errno),
                    message: way_out.clone(),
                    hint: "port=\"0\"",
                });
                self.state = State::Failed(error.errno, way_out);
            }
            Call::Send => {
                let limit = error.errno == Errno::Enobufs;
                if let (true, Some(looping)) = (limit, &mut self.looping) {
                    looping.is_over = true;
                }
                let remark = words::answer_not_sent(error.errno, &error.text);
                self.transcript.remark(None, &remark);
            }
            _ => {}
        }
    }

    /// A datagram came, as the flight with this number; a client of this page answers nothing.
    pub fn datagram(
        &mut self,
        number: u64,
        (peer, is_client): (End, bool),
        payload: &Payload,
        net: &mut Net,
        tell: &mut Outcomes,
    ) {
        let (Some(socket), State::Bound { local, .. }) = (self.socket, &self.state) else {
            return;
        };
        let local = *local;
        self.counts.received += 1;
        let address = end::name(peer);
        let of = Some(number);
        let received = self
            .rule
            .buffer
            .map_or(payload.len(), |buffer| buffer.min(payload.len()));
        let data = &payload[..received];
        self.transcript
            .print(of, &transcript::received_from(received, &address));
        self.transcript
            .push(of, Kind::Data, transcript::shown(data));
        let mut sent = None;
        let answer = match self.rule.answer(payload.len()) {
            _ if is_guarded(SocketAddr::V4(peer), local.port()) => {
                self.counts.guarded += 1;
                self.transcript.remark(of, words::GUARDED);
                Answer::Guarded
            }
            EchoAnswer::Empty => {
                self.counts.empty += 1;
                self.transcript.remark(of, words::EMPTY);
                Answer::Empty
            }
            EchoAnswer::Reply { bytes, cut } => {
                if cut {
                    self.transcript.remark(of, &words::cut(payload.len()));
                }
                if !is_client {
                    self.watch_for_loop(peer, data);
                }
                self.counts.answered += 1;
                sent = Some(bytes);
                let from = (socket, Some(local));
                let answer = net.send(from, peer, false, payload[..bytes].into());
                self.transcript
                    .print(of, &transcript::sent_back(bytes, &address));
                Answer::Sent(answer, None)
            }
        };
        self.wait();
        tell.push(Outcome::Served {
            number: self.counts.received,
            peer: end::text(peer),
            bytes: payload.len(),
            text: transcript::shown(payload),
            sent,
        });
        if self.served.len() == KEPT {
            self.served.remove(0);
        }
        self.served.push(Served {
            number,
            peer,
            bytes: payload.len(),
            answer,
        });
    }

    /// An answer has ended.
    pub fn ended(&mut self, ending: &Ending) {
        self.counts.ends[ending.fate.place()] += 1;
        let answers = self.served.iter_mut().rev();
        for served in answers {
            if let Answer::Sent(number, fate) = &mut served.answer
                && *number == ending.number
            {
                *fate = Some(ending.fate);
                return;
            }
        }
    }

    /// Forgets what was printed and counted.
    pub fn clear(&mut self) {
        self.transcript.clear();
        self.served.clear();
        self.counts = Counts::default();
        (self.looping, self.echoing) = (None, None);
        if let State::Bound { .. } = self.state {
            self.wait();
        }
    }

    /// Where it stands, for the page around it.
    pub fn standing(&self) -> Outcome {
        let (address, is_listening) = match &self.state {
            State::Bound { local, .. } => (end::text(*local), true),
            _ => (String::new(), false),
        };
        Outcome::Standing {
            address,
            is_listening,
            rule: self.rule,
        }
    }

    fn wait(&mut self) {
        self.transcript.print(None, "");
        self.transcript.print(None, transcript::WAITING_FOR_MESSAGE);
    }

    /// Names a peer that sends back what it was answered, again and again.
    fn watch_for_loop(&mut self, peer: End, data: &[u8]) {
        match &mut self.echoing {
            Some((of, last, times)) if *of == peer && **last == *data => {
                *times = times.saturating_add(1);
                if *times >= LOOP {
                    self.looping = Some(Loop {
                        peer,
                        times: *times,
                        is_over: false,
                    });
                }
            }
            echoing => *echoing = Some((peer, data.into(), 0)),
        }
    }
}
