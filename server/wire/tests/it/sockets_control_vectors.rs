//! The control messages of `vectors/sockets.json` are this crate's, every one of them.

use serde::Serialize;
use wire::link::Direction;
use wire::sockets::control::{Call, SocketDrop, SocketWhat, SocketsAnswer, SocketsRequest};
use wire::sockets::errno::Errno;

use crate::messages::{Messages, in_full, in_short, names, refused};

fn sockets() -> Messages {
    Messages::of(include_str!("../../vectors/sockets.json"))
}

/// Name of a message, a call or an event. The match is the reason: a new variant does not compile until it has one, and then
/// fails the test until the vectors have it.
fn answer_name(answer: &SocketsAnswer) -> &'static str {
    match answer {
        SocketsAnswer::Hello(_) => "hello",
        SocketsAnswer::Opened(_) => "opened",
        SocketsAnswer::Bound(_) => "bound",
        SocketsAnswer::Connected(_) => "connected",
        SocketsAnswer::Disconnected(_) => "disconnected",
        SocketsAnswer::Closed(_) => "closed",
        SocketsAnswer::Resolved(_) => "resolved",
        SocketsAnswer::Error(_) => "error",
        SocketsAnswer::Events(_) => "events",
        SocketsAnswer::Counters(_) => "counters",
        SocketsAnswer::Options(_) => "options",
        SocketsAnswer::Lab(_) => "lab",
        SocketsAnswer::Notice(_) => "notice",
    }
}

const ANSWER_NAMES: [&str; 13] = [
    "hello",
    "opened",
    "bound",
    "connected",
    "disconnected",
    "closed",
    "resolved",
    "error",
    "events",
    "counters",
    "options",
    "lab",
    "notice",
];

fn request_name(request: &SocketsRequest) -> &'static str {
    match request {
        SocketsRequest::Open(_) => "open",
        SocketsRequest::Bind(_) => "bind",
        SocketsRequest::Connect(_) => "connect",
        SocketsRequest::Disconnect(_) => "disconnect",
        SocketsRequest::Close(_) => "close",
        SocketsRequest::Resolve(_) => "resolve",
        SocketsRequest::Options(_) => "options",
        SocketsRequest::Lab(_) => "lab",
        SocketsRequest::Once(_) => "once",
        SocketsRequest::Counters => "counters",
    }
}

const REQUEST_NAMES: [&str; 10] = [
    "open",
    "bind",
    "connect",
    "disconnect",
    "close",
    "resolve",
    "options",
    "lab",
    "once",
    "counters",
];

fn call_name(call: Call) -> &'static str {
    match call {
        Call::Open => "open",
        Call::Bind => "bind",
        Call::Connect => "connect",
        Call::Disconnect => "disconnect",
        Call::Close => "close",
        Call::Resolve => "resolve",
        Call::Send => "send",
        Call::Receive => "receive",
    }
}

const CALL_NAMES: [&str; 8] = [
    "open",
    "bind",
    "connect",
    "disconnect",
    "close",
    "resolve",
    "send",
    "receive",
];

fn event_name(what: &SocketWhat) -> &'static str {
    match what {
        SocketWhat::RelayIn(..) => "relay_in",
        SocketWhat::Dequeued => "dequeued",
        SocketWhat::UdpOut => "udp_out",
        SocketWhat::Corrupted(..) => "corrupted",
        SocketWhat::Dropped(..) => "dropped",
        SocketWhat::Gone => "gone",
        SocketWhat::Delivered => "delivered",
        SocketWhat::Left => "left",
        SocketWhat::Refused => "refused",
        SocketWhat::Rejected(_) => "rejected",
        SocketWhat::UdpIn(..) => "udp_in",
        SocketWhat::RelayOut(_) => "relay_out",
    }
}

const EVENT_NAMES: [&str; 12] = [
    "relay_in",
    "dequeued",
    "udp_out",
    "corrupted",
    "dropped",
    "gone",
    "delivered",
    "left",
    "refused",
    "rejected",
    "udp_in",
    "relay_out",
];

fn errno_name(errno: Errno) -> &'static str {
    match errno {
        Errno::Eacces => "EACCES",
        Errno::Eaddrinuse => "EADDRINUSE",
        Errno::Eaddrnotavail => "EADDRNOTAVAIL",
        Errno::Eafnosupport => "EAFNOSUPPORT",
        Errno::Ebadf => "EBADF",
        Errno::Econnrefused => "ECONNREFUSED",
        Errno::Edestaddrreq => "EDESTADDRREQ",
        Errno::Eexist => "EEXIST",
        Errno::Ehostunreach => "EHOSTUNREACH",
        Errno::Einval => "EINVAL",
        Errno::Emfile => "EMFILE",
        Errno::Emsgsize => "EMSGSIZE",
        Errno::Enetunreach => "ENETUNREACH",
        Errno::Enobufs => "ENOBUFS",
        Errno::Enoent => "ENOENT",
        Errno::Enotconn => "ENOTCONN",
        Errno::Eio => "EIO",
    }
}

const ERRNO_NAMES: [&str; 17] = [
    "EACCES",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EBADF",
    "ECONNREFUSED",
    "EDESTADDRREQ",
    "EEXIST",
    "EHOSTUNREACH",
    "EINVAL",
    "EMFILE",
    "EMSGSIZE",
    "ENETUNREACH",
    "ENOBUFS",
    "ENOENT",
    "ENOTCONN",
    "EIO",
];

/// The text that a value is on the wire.
fn written(value: impl Serialize) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_answer_event_call_and_errno_is_written_as_the_vectors_say() {
    let answers: Vec<SocketsAnswer> = in_full(sockets().host);
    assert_eq!(
        names(&answers, |answer| answer_name(answer)),
        ANSWER_NAMES.into()
    );
    let events: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            SocketsAnswer::Events(events) => Some(events),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(
        names(&events, |event| event_name(&event.3)),
        EVENT_NAMES.into()
    );
    for reason in SocketDrop::ALL {
        let is_it = |direction| {
            let dropped = SocketWhat::Dropped(direction, reason);
            events.iter().any(|event| event.3 == dropped)
        };
        let is_there = is_it(Direction::Up) || is_it(Direction::Down);
        assert!(is_there, "{reason:?}");
    }
    let errors: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            SocketsAnswer::Error(error) => Some(error),
            _ => None,
        })
        .collect();
    assert_eq!(
        names(&errors, |error| call_name(error.call)),
        CALL_NAMES.into()
    );
    assert_eq!(
        names(&errors, |error| errno_name(error.errno)),
        ERRNO_NAMES.into()
    );
    for error in errors {
        assert_eq!(written(error.errno), errno_name(error.errno));
        assert_eq!(written(error.call), call_name(error.call));
    }
}

#[test]
fn every_request_is_written_as_the_vectors_say() {
    let requests: Vec<SocketsRequest> = in_full(sockets().client);
    assert_eq!(
        names(&requests, |request| request_name(request)),
        REQUEST_NAMES.into()
    );
}

#[test]
fn what_a_client_leaves_out_has_a_default_and_what_is_new_is_ignored() {
    in_short::<SocketsRequest>(sockets().short);
}

#[test]
fn what_is_no_request_is_refused() {
    refused::<SocketsRequest>(sockets().refused);
}
