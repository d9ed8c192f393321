//! `vectors/lane.json` holds for this crate: headers, messages, and sessions over both lanes.

use bytes::Bytes;
use serde::Deserialize;
use wire::control::{ClientMessage, Event, Greeting, HostMessage, Options};
use wire::lane::{self, AboutLane, Lane, LaneMessage, LaneRequest, Report};
use wire::ledger::Counters;
use wire::session::{Action, Session};

use crate::hex::bytes_of;
use crate::messages::{Messages, in_full, in_short, refused};

const FILE: &str = include_str!("../../vectors/lane.json");

#[derive(Deserialize)]
struct Vectors {
    headers: Vec<Header>,
    no_headers: Vec<String>,
    greetings: Messages,
    sessions: Vec<Case>,
}

#[derive(Deserialize)]
struct Header {
    hex: String,
    number: u64,
    payload: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    timeout_ms: u32,
    steps: Vec<Step>,
    events: Vec<Event>,
    counters: Counters,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Lane {
        at: u64,
        lane: u64,
        payload: String,
    },
    WebSocket {
        at: u64,
        websocket: u64,
        payload: String,
    },
    Misnumbered {
        at: u64,
        misnumbered: u64,
    },
    Report {
        at: u64,
        report: Report,
    },
    OutOfRange {
        at: u64,
        out_of_range: Report,
    },
    Pass {
        pass: u64,
    },
}

fn vectors() -> Vectors {
    serde_json::from_str(FILE).unwrap()
}

#[test]
fn headers_are_read_and_written_as_the_vectors_say() {
    let vectors = vectors();
    for Header {
        hex,
        number,
        payload,
    } in &vectors.headers
    {
        let message = Bytes::from(bytes_of(hex));
        let payload = Bytes::from(bytes_of(payload));
        assert_eq!(lane::message(*number, &payload), message, "{hex}");
        assert_eq!(lane::parse(&message), Some((*number, payload)), "{hex}");
    }
    for hex in &vectors.no_headers {
        assert_eq!(lane::parse(&bytes_of(hex).into()), None, "{hex}");
    }
}

#[test]
fn messages_about_lanes_are_written_as_the_vectors_say() {
    let messages: Messages = serde_json::from_str(FILE).unwrap();
    let said: Vec<AboutLane<LaneMessage>> = in_full(messages.host);
    assert!(said.len() >= 8);
    let asked: Vec<AboutLane<LaneRequest>> = in_full(messages.client);
    assert!(asked.len() >= 4);
    in_short::<AboutLane<LaneRequest>>(messages.short);
    refused::<AboutLane<LaneRequest>>(messages.refused);
    let _: Vec<Greeting> = in_full(vectors().greetings.host);
}

/// A host of before passes over what it does not know, and so does a client of before.
#[test]
fn a_hello_that_offers_a_lane_is_a_hello_for_those_who_know_of_none() {
    let file: serde_json::Value = serde_json::from_str(FILE).unwrap();
    let hello = &file["greetings"]["host"][0]["message"];
    let read: HostMessage = serde_json::from_value(hello.clone()).unwrap();
    assert!(matches!(read, HostMessage::Hello(_)));
}

#[test]
fn sessions_over_both_lanes_end_as_the_vectors_say() {
    for case in vectors().sessions {
        let mut session = Session::new(0, 1);
        session.control(&ClientMessage::Options(Options {
            timeout_ms: case.timeout_ms,
            ..Options::default()
        }));
        session.set_lane(Some(1100));
        for step in &case.steps {
            take(&mut session, step, &case.name);
            let counters = session.counters();
            assert_eq!(counters.sent, counters.accounted(), "{}", case.name);
        }
        let (events, _) = session.take_events();
        let told = serde_json::to_string(&events).unwrap();
        assert_eq!(events, case.events, "{}: {told}", case.name);
        assert_eq!(session.counters(), case.counters, "{}", case.name);
    }
}

fn take(session: &mut Session, step: &Step, name: &str) {
    let at = match step {
        Step::Lane { at, lane, payload } => {
            let payload = Bytes::copy_from_slice(payload.as_bytes());
            let taken = session.take(*at, *lane, payload, Lane::WebTransport);
            assert_eq!(taken, Ok(()), "{name}");
            *at
        }
        Step::WebSocket {
            at,
            websocket,
            payload,
        } => {
            let payload = Bytes::copy_from_slice(payload.as_bytes());
            let taken = session.take(*at, *websocket, payload, Lane::WebSocket);
            assert_eq!(taken, Ok(()), "{name}");
            *at
        }
        Step::Misnumbered { at, misnumbered } => {
            let taken = session.take(*at, *misnumbered, Bytes::new(), Lane::WebTransport);
            assert!(taken.is_err(), "{name}");
            *at
        }
        Step::Report { at, report } => {
            assert_eq!(session.report(*at, report), None, "{name}");
            *at
        }
        Step::OutOfRange { at, out_of_range } => {
            assert!(session.report(*at, out_of_range).is_some(), "{name}");
            *at
        }
        Step::Pass { pass } => *pass,
    };
    // An echo server that answers at once whatever has data.
    while let Some(action) = session.poll(at, |_| true) {
        if let Action::ToServer(carried) = action {
            session.sent(at, &carried);
            if !carried.payload.is_empty() {
                session.from_server(at, carried.payload);
            }
        }
    }
}
