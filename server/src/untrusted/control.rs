//! Control messages: what is understood means the same when it is written out again, and no message unbalances the ledger.

use bytes::Bytes;
use wire::control::{ClientMessage, HostMessage};
use wire::session::{Action, Session};

/// Datagrams that go through the session after each message.
const DATAGRAMS: usize = 3;

/// Time between two steps, in microseconds.
const STEP: u64 = 40_000;

/// Reads each line as a control message of a client, and of a host, and puts a session through it.
pub fn control(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut session = Session::new(0, 1);
    let mut now = 0;
    for line in text.lines() {
        read_as_host(line);
        let Ok(message) = serde_json::from_str::<ClientMessage>(line) else {
            continue;
        };
        let written = serde_json::to_string(&message).expect("control messages are plain data");
        let again = serde_json::from_str::<ClientMessage>(&written);
        assert_eq!(again.ok().as_ref(), Some(&message), "{written}");
        session.control(&message);
        carry(&mut session, &mut now);
    }
}

/// The command-line client reads what a relay says of itself.
fn read_as_host(line: &str) {
    if let Ok(message) = serde_json::from_str::<HostMessage>(line) {
        let written = serde_json::to_string(&message).expect("control messages are plain data");
        let again = serde_json::from_str::<HostMessage>(&written);
        assert_eq!(again.ok().as_ref(), Some(&message), "{written}");
    }
}

/// Sends a few datagrams through the session and answers them; its ledger must add up at every step.
fn carry(session: &mut Session, now: &mut u64) {
    for number in 0..DATAGRAMS {
        *now += STEP;
        session.from_client(*now, Bytes::from(vec![number as u8; number]));
        let mut to_client = 0;
        loop {
            match session.poll(*now, |_| true) {
                Some(Action::ToServer(carried)) => {
                    session.sent(*now, &carried);
                    session.from_server(*now, carried.payload);
                }
                Some(Action::ToClient(_) | Action::ToLane(..)) => to_client += 1,
                None => break,
            }
            assert!(
                to_client < 1000,
                "a handful of datagrams has no thousand answers"
            );
        }
        let counters = session.counters();
        assert_eq!(counters.sent, counters.accounted(), "{counters:?}");
    }
}
