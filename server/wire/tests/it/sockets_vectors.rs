//! The headers and the sessions of `vectors/sockets.json` are this crate's. Whoever writes another host runs the same file.

use std::net::SocketAddr;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::ledger::Fingerprint;
use wire::sockets::control::{
    Call, SocketError, SocketEvent, SocketsAnswer, SocketsCounters, SocketsRequest,
};
use wire::sockets::errno::Errno;
use wire::sockets::header::Header;
use wire::sockets::refusal::Refusal;
use wire::sockets::session::{Action, Arrival, Outcome, Outgoing, Receipt, Sent, SocketsSession};

use crate::hex::{bytes_of, hex_of};

#[derive(Deserialize)]
struct Sockets {
    headers: Vec<HeaderCase>,
    unreadable: Vec<String>,
    sessions: Vec<Case>,
}

#[derive(Deserialize)]
struct HeaderCase {
    message: String,
    socket: u16,
    address: Option<SocketAddr>,
    payload: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    steps: Vec<Step>,
    counters: SocketsCounters,
}

/// One thing that happens to a session, and what comes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: u64,
    open: Option<u16>,
    close: Option<u16>,
    ask: Option<SocketsRequest>,
    message: Option<String>,
    reject: Option<(String, Errno)>,
    arrive: Option<(u16, SocketAddr, Option<SocketAddr>, String)>,
    receipt: Option<(SocketAddr, SocketAddr, String, Outcome)>,
    receiver_closed: Option<SocketAddr>,
    error: Option<(u16, Errno)>,
    strangers: Option<usize>,
    client_takes: Option<bool>,
    room: Option<bool>,
    /// How the copies end that are to be sent, one after the other; `None` for a further copy that is not to leave.
    #[serde(default)]
    carry: Vec<Option<End>>,
    /// Whether events and errors stay for a later step.
    #[serde(default)]
    later: bool,
    answer: Option<Value>,
    #[serde(default)]
    sends: Vec<(u64, u8, u16, Option<SocketAddr>, String)>,
    #[serde(default)]
    messages: Vec<String>,
    #[serde(default)]
    receipts: Vec<(SocketAddr, SocketAddr, String, Outcome)>,
    #[serde(default)]
    events: Vec<SocketEvent>,
    #[serde(default)]
    errors: Vec<Told>,
}

/// An error without its sentence.
type Told = (Option<u16>, Call, Option<u64>, Option<u64>, Errno);

#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Left,
    OnLoopback(SocketAddr, SocketAddr),
    Unbound(SocketAddr, bool),
    Not(Errno),
}

impl From<End> for Sent {
    fn from(end: End) -> Self {
        match end {
            End::Left => Self::Left,
            End::OnLoopback(from, to) => Self::OnLoopback { from, to },
            End::Unbound(to, is_connected) => Self::Unbound { to, is_connected },
            End::Not(errno) => Self::Not(Refusal::new(errno, "the system's words")),
        }
    }
}

fn sockets() -> Sockets {
    serde_json::from_str(include_str!("../../vectors/sockets.json")).unwrap()
}

#[test]
fn headers_are_read_and_written_as_the_vectors_say() {
    let headers = sockets().headers;
    assert!(headers.len() > 5);
    for case in headers {
        let (socket, address) = (case.socket, case.address);
        let header = Header { socket, address };
        let message = bytes_of(&case.message);
        let (read, begin) = Header::read(&message).expect(&case.message);
        assert_eq!((read, hex_of(&message[begin..])), (header, case.payload));
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(written, message[..begin], "{}", case.message);
    }
}

#[test]
fn what_is_no_header_is_not_read() {
    for message in sockets().unreadable {
        assert_eq!(Header::read(&bytes_of(&message)), None, "{message}");
    }
}

/// A session, and what its host knows.
struct Run {
    session: SocketsSession,
    client_takes: bool,
    /// Payloads of arrivals: a receipt has only their fingerprints.
    arrived: Vec<(SocketAddr, SocketAddr, String)>,
}

impl Run {
    fn new() -> Self {
        Self {
            session: SocketsSession::new(0, 7),
            client_takes: true,
            arrived: Vec::new(),
        }
    }

    fn feed(&mut self, step: &Step) -> Option<SocketsAnswer> {
        let (now, session) = (step.at, &mut self.session);
        if let Some(socket) = step.open {
            session.opened(socket);
        }
        if let Some(socket) = step.close {
            session.closed(socket);
        }
        if let Some(message) = &step.message {
            session.from_client(now, Bytes::from(bytes_of(message)));
        }
        if let Some((message, errno)) = &step.reject {
            let refusal = Refusal::new(*errno, "over a limit");
            session.reject(now, &bytes_of(message), refusal);
        }
        if let Some((socket, from, to, payload)) = &step.arrive {
            let (socket, from, to) = (*socket, *from, *to);
            let arrival = Arrival { socket, from, to };
            session.arrived(now, &arrival, bytes_of(payload).into());
            self.arrived
                .extend(to.map(|to| (from, to, payload.clone())));
        }
        if let Some((from, to, payload, outcome)) = &step.receipt {
            session.received(&Receipt {
                at: now,
                from: *from,
                to: *to,
                fingerprint: Fingerprint::between(*from, *to, &bytes_of(payload)),
                outcome: *outcome,
            });
        }
        if let Some(to) = step.receiver_closed {
            session.receiver_closed(now, to);
        }
        if let Some((socket, errno)) = step.error {
            session.receive_error(socket, Refusal::new(errno, "the system's words"));
        }
        session.strangers(step.strangers.unwrap_or(0));
        if let Some(has_room) = step.room {
            session.narrow(!has_room);
        }
        self.client_takes = step.client_takes.unwrap_or(self.client_takes);
        session.control(step.ask.as_ref()?)
    }

    /// Does what the session wants done; returns the copies it sent and the messages for the client.
    fn carry_out(&mut self, step: &Step, place: &str) -> (Vec<Outgoing>, Vec<String>) {
        let (mut sends, mut messages) = (Vec::new(), Vec::new());
        let mut ends = step.carry.iter().cloned();
        let takes = self.client_takes;
        while let Some(action) = self.session.poll(step.at, |_| takes) {
            match action {
                Action::Send(outgoing) => {
                    let end = ends
                        .next()
                        .unwrap_or_else(|| panic!("{place}: {outgoing:?}"));
                    if let Some(end) = end {
                        self.session.sent(step.at, &outgoing, end.into());
                    }
                    sends.push(outgoing);
                }
                Action::ToClient(incoming) => messages.push(hex_of(&incoming.message())),
            }
        }
        assert!(ends.next().is_none(), "{place}: fewer copies were sent");
        self.session.give_up(step.at);
        (sends, messages)
    }

    fn check(&mut self, step: &Step, place: &str) {
        let answer = self.feed(step);
        assert_eq!(
            answer.map(|answer| told_answer(&answer)),
            step.answer.as_ref().map(full_answer),
            "{place}"
        );
        let (sends, messages) = self.carry_out(step, place);
        let sends: Vec<_> = sends
            .into_iter()
            .map(|sent| {
                let payload = hex_of(&sent.payload);
                (sent.id, sent.copy, sent.socket, sent.to, payload)
            })
            .collect();
        assert_eq!(sends, step.sends, "{place}");
        assert_eq!(messages, step.messages, "{place}");
        let receipts = self.session.take_receipts();
        let receipts: Vec<_> = receipts
            .into_iter()
            .map(|receipt| {
                assert_eq!(receipt.at, step.at, "{place}");
                let (from, to) = (receipt.from, receipt.to);
                let is_it = |(a, b, payload): &&(SocketAddr, SocketAddr, String)| {
                    Fingerprint::between(*a, *b, &bytes_of(payload)) == receipt.fingerprint
                };
                let arrived = self.arrived.iter().find(is_it).expect(place);
                (from, to, arrived.2.clone(), receipt.outcome)
            })
            .collect();
        assert_eq!(receipts, step.receipts, "{place}");
        if !step.later {
            assert_eq!(
                self.session.take_events(),
                (step.events.clone(), 0),
                "{place}"
            );
            let (errors, missed) = self.session.take_errors();
            let told: Vec<Told> = errors.iter().map(told).collect();
            assert_eq!((told, missed), (step.errors.clone(), 0), "{place}");
        }
        let counters = self.session.counters();
        assert_eq!(counters.sent, counters.accounted(), "{place}");
    }
}

/// An answer as the vectors have it: a notice without its sentence, which is the host's own.
fn told_answer(answer: &SocketsAnswer) -> Value {
    match answer {
        SocketsAnswer::Notice(notice) => json!({"notice": {"code": notice.code}}),
        answer => serde_json::to_value(answer).unwrap(),
    }
}

/// An answer of the vectors with everything that it leaves out.
fn full_answer(answer: &Value) -> Value {
    match serde_json::from_value::<SocketsAnswer>(answer.clone()) {
        Ok(answer) => told_answer(&answer),
        Err(_) => answer.clone(),
    }
}

fn told(error: &SocketError) -> Told {
    (
        error.socket,
        error.call,
        error.datagram,
        error.count,
        error.errno,
    )
}

#[test]
fn fates_receipts_events_and_errors_are_those_of_the_vectors() {
    let sessions = sockets().sessions;
    assert!(sessions.len() > 30);
    for case in sessions {
        let mut run = Run::new();
        for (number, step) in case.steps.iter().enumerate() {
            run.check(step, &format!("{:?}, step {number}", case.name));
        }
        assert_eq!(run.session.counters(), case.counters, "{:?}", case.name);
    }
}
