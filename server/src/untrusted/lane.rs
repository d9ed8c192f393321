//! What arrives on a lane, and what a client says of it: every datagram has one fate, whatever numbers come.

use bytes::Bytes;
use wire::lane::{self, AboutLane, Lane, LaneRequest};
use wire::session::{Action, Session};

/// Time between two messages, in microseconds.
const STEP: u64 = 40_000;

/// Most memory that a session may take for what a client makes up.
const MOST_BYTES: usize = 4 << 20;

/// Reads each line as a message of a client: JSON as what it says of its lane, the rest as a datagram that came on it.
pub fn lane(data: &[u8]) {
    let mut session = Session::new(0, 1);
    session.set_lane(Some(1100));
    let mut now = 0;
    for line in data.split(|byte| *byte == b'\n') {
        now += STEP;
        match line.first() {
            Some(b'{') => ask(&mut session, now, line),
            _ => arrive(&mut session, now, line),
        }
        answer(&mut session, now);
        let counters = session.counters();
        assert_eq!(counters.sent, counters.accounted(), "{counters:?}");
        assert!(session.held_bytes() < MOST_BYTES);
        session.take_events();
    }
    while let Some(due) = session.next_due() {
        now = now.max(due);
        answer(&mut session, now);
    }
    let counters = session.counters();
    assert_eq!(counters.in_flight, 0, "{counters:?}");
}

fn arrive(session: &mut Session, now: u64, line: &[u8]) {
    let message = Bytes::copy_from_slice(line);
    if let Some((number, payload)) = lane::parse(&message) {
        assert_eq!(lane::message(number, &payload), message);
        let before = session.counters();
        if session
            .take(now, number, payload, Lane::WebTransport)
            .is_err()
        {
            assert_eq!(
                session.counters(),
                before,
                "what is not taken changes nothing"
            );
        }
    }
}

/// Does what is asked, if the line asks anything; it must mean the same when it is written out again.
fn ask(session: &mut Session, now: u64, line: &[u8]) {
    let Ok(about) = serde_json::from_slice::<AboutLane<LaneRequest>>(line) else {
        return;
    };
    let written = serde_json::to_string(&about).expect("control messages are plain data");
    let again = serde_json::from_str::<AboutLane<LaneRequest>>(&written);
    assert_eq!(again.ok().as_ref(), Some(&about), "{written}");
    if let LaneRequest::Report(report) = about.lane {
        let before = session.counters();
        if session.report(now, &report).is_some() {
            assert_eq!(
                session.counters(),
                before,
                "a notice says that nothing counts"
            );
        }
    }
}

/// Answers what has come with the same bytes.
fn answer(session: &mut Session, now: u64) {
    while let Some(action) = session.poll(now, |_| true) {
        if let Action::ToServer(carried) = action {
            session.sent(now, &carried);
            session.from_server(now, carried.payload);
        }
    }
}
