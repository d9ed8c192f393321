//! The control messages of `vectors/control.json` are this crate's, every one of them.

use wire::control::{ClientMessage, HostMessage, What};

use crate::messages::{Messages, in_full, in_short, names, refused};

fn control() -> Messages {
    Messages::of(include_str!("../../vectors/control.json"))
}

/// Name of a message or an event. The match is the reason: a new variant does not compile until it has one, and
/// then fails the test until the vectors have it.
fn host_name(message: &HostMessage) -> &'static str {
    match message {
        HostMessage::Hello(_) => "hello",
        HostMessage::Events(_) => "events",
        HostMessage::Counters(_) => "counters",
        HostMessage::Options(_) => "options",
        HostMessage::Lab(_) => "lab",
        HostMessage::Server(_) => "server",
        HostMessage::Visitor(_) => "visitor",
        HostMessage::Stream(_) => "stream",
        HostMessage::Capture(_) => "capture",
        HostMessage::Notice(_) => "notice",
    }
}

const HOST_NAMES: [&str; 10] = [
    "hello", "events", "counters", "options", "lab", "server", "visitor", "stream", "capture",
    "notice",
];

fn client_name(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Options(_) => "options",
        ClientMessage::Lab(_) => "lab",
        ClientMessage::Once(_) => "once",
        ClientMessage::Server(_) => "server",
        ClientMessage::Stream(_) => "stream",
        ClientMessage::Counters => "counters",
        ClientMessage::Capture => "capture",
    }
}

const CLIENT_NAMES: [&str; 7] = [
    "options", "lab", "once", "server", "stream", "counters", "capture",
];

fn event_name(what: &What) -> &'static str {
    match what {
        What::RelayIn(_) => "relay_in",
        What::Dequeued => "dequeued",
        What::UdpOut => "udp_out",
        What::EchoIn(_) => "echo_in",
        What::Cut(_) => "cut",
        What::EchoOut(_) => "echo_out",
        What::UdpIn(_) => "udp_in",
        What::RelayOut(..) => "relay_out",
        What::Corrupted(..) => "corrupted",
        What::Dropped(..) => "dropped",
        What::Gone => "gone",
        What::Refused(_) => "refused",
        What::Rejected(_) => "rejected",
        What::Unanswered => "unanswered",
        What::Lost => "lost",
    }
}

const EVENT_NAMES: [&str; 15] = [
    "relay_in",
    "dequeued",
    "udp_out",
    "echo_in",
    "cut",
    "echo_out",
    "udp_in",
    "relay_out",
    "corrupted",
    "dropped",
    "gone",
    "refused",
    "rejected",
    "unanswered",
    "lost",
];

#[test]
fn every_host_message_and_event_is_written_as_the_vectors_say() {
    let messages: Vec<HostMessage> = in_full(control().host);
    let events = messages.iter().filter_map(|message| match message {
        HostMessage::Events(events) => Some(events),
        _ => None,
    });
    assert_eq!(
        names(events.flatten(), |event| event_name(&event.3)),
        EVENT_NAMES.into()
    );
    assert_eq!(
        names(&messages, |message| host_name(message)),
        HOST_NAMES.into()
    );
}

#[test]
fn every_client_message_is_written_as_the_vectors_say() {
    let messages: Vec<ClientMessage> = in_full(control().client);
    assert_eq!(
        names(&messages, |message| client_name(message)),
        CLIENT_NAMES.into()
    );
}

#[test]
fn what_a_client_leaves_out_has_a_default_and_what_is_new_is_ignored() {
    in_short::<ClientMessage>(control().short);
}

#[test]
fn what_is_no_client_message_is_refused() {
    refused::<ClientMessage>(control().refused);
}
