//! What a client of `/sockets` sends: every request has one answer, every datagram one fate, and nothing that cannot be read stops
//! the session.

use bytes::Bytes;
use wire::sockets::control::{Call, SocketsAnswer, SocketsRequest};
use wire::sockets::header::Header;
use wire::sockets::machine::{Machine, Outgoing, SessionId};

/// Time between two messages, in microseconds.
const STEP: u64 = 40_000;

/// Time after which the last datagram has its fate, in microseconds, however slow the links are.
const SETTLED: u64 = 1_000_000_000_000;

/// Most messages that one of the client's may cause in one step: its copies, their answers, and what is told of them.
const MOST: usize = 10_000;

/// Reads each line as a message of a client, in turn of two that share a loopback: JSON as a request, the rest as a datagram.
pub fn sockets(data: &[u8]) {
    let mut machine = Machine::new(1);
    let (first, token) = open(&mut machine, None);
    let (second, _) = open(&mut machine, Some(&token));
    let sessions = [first, second];
    let mut now = 0;
    for (number, line) in data.split(|byte| *byte == b'\n').enumerate() {
        now += STEP;
        let session = sessions[number % sessions.len()];
        match line.first() {
            Some(b'{' | b'"' | b' ') => ask(&mut machine, now, session, line),
            _ => machine.message(now, session, Bytes::copy_from_slice(line)),
        }
        for session in sessions {
            take(&mut machine, now, session);
        }
    }
    now += SETTLED;
    for session in [sessions, sessions].concat() {
        take(&mut machine, now, session);
    }
    for session in sessions {
        machine.control(now, session, &SocketsRequest::Counters);
        for said in take(&mut machine, now, session) {
            if let SocketsAnswer::Counters(counters) = said {
                assert_eq!(counters.in_flight, 0, "{counters:?}");
            }
        }
    }
}

fn open(machine: &mut Machine, token: Option<&str>) -> (SessionId, String) {
    let session = machine.open(0, 1, token);
    let session = session.unwrap_or_else(|_| unreachable!("the token is that of a session"));
    match &take(machine, 0, session)[..] {
        [SocketsAnswer::Hello(hello)] => (session, hello.loopback.token.clone()),
        other => panic!("a session began with {other:?}"),
    }
}

/// Has a request answered, if the line is one; it must mean the same when it is written out again.
fn ask(machine: &mut Machine, now: u64, session: SessionId, line: &[u8]) {
    let Ok(request) = serde_json::from_slice::<SocketsRequest>(line) else {
        return;
    };
    let written = serde_json::to_string(&request).expect("control messages are plain data");
    let again = serde_json::from_str::<SocketsRequest>(&written);
    assert_eq!(again.ok().as_ref(), Some(&request), "{written}");
    machine.control(now, session, &request);
    let said = take(machine, now, session);
    let failures = said.iter().filter(|said| is_failure(&request, said));
    let answers = said.iter().filter(|said| is_answer(&request, said));
    match failures.count() {
        0 => assert_eq!(answers.count(), 1, "{request:?}: {said:?}"),
        // A datagram that comes off the link may have bound the socket before.
        count => assert_eq!(count, 1, "{request:?}: {said:?}"),
    }
}

/// Takes all that the host sends; what it says of the session must add up.
fn take(machine: &mut Machine, now: u64, session: SessionId) -> Vec<SocketsAnswer> {
    let mut said = Vec::new();
    for count in 0.. {
        assert!(count < MOST, "one message has no ten thousand consequences");
        match machine.poll(now, session) {
            Some(Outgoing::Control(answer)) => said.push(answer),
            Some(Outgoing::Datagram(message)) => {
                let header = Header::read(&message).map(|(header, _)| header.address);
                assert!(header.flatten().is_some(), "{message:?} has no sender");
            }
            None => break,
        }
    }
    for said in &said {
        if let SocketsAnswer::Counters(counters) = said {
            assert_eq!(counters.sent, counters.accounted(), "{counters:?}");
        }
    }
    said
}

fn is_answer(request: &SocketsRequest, said: &SocketsAnswer) -> bool {
    use {SocketsAnswer as Said, SocketsRequest as Asked};
    match (request, said) {
        (Asked::Open(asked), Said::Opened(said)) => asked.socket == said.socket,
        (Asked::Bind(asked), Said::Bound(said)) => asked.socket == said.socket,
        (Asked::Connect(asked), Said::Connected(said)) => asked.socket == said.socket,
        (Asked::Disconnect(asked), Said::Disconnected(said)) => asked == said,
        (Asked::Close(asked), Said::Closed(said)) => asked == said,
        (Asked::Resolve(_), Said::Resolved(_))
        | (Asked::Options(_), Said::Options(_))
        | (Asked::Lab(_), Said::Lab(_) | Said::Notice(_))
        | (Asked::Once(_) | Asked::Counters, Said::Counters(_)) => true,
        _ => false,
    }
}

fn is_failure(request: &SocketsRequest, said: &SocketsAnswer) -> bool {
    use SocketsRequest as Asked;
    let call = match request {
        Asked::Open(_) => Call::Open,
        Asked::Bind(_) => Call::Bind,
        Asked::Connect(_) => Call::Connect,
        Asked::Disconnect(_) => Call::Disconnect,
        Asked::Close(_) => Call::Close,
        Asked::Resolve(_) => Call::Resolve,
        Asked::Options(_) | Asked::Lab(_) | Asked::Once(_) | Asked::Counters => return false,
    };
    matches!(said, SocketsAnswer::Error(error) if error.call == call)
}
