//! Sessions with a lane: numbers that come in any order, and answers that only the client can report.

use proptest::prelude::*;

use super::*;
use crate::lane::{
    FIRST_ANSWER, Lane, MAX_MISSING, MAX_REPORTED, Misnumbered, REPORT_WAIT_US, Report,
};

/// The session's timeout, in microseconds.
const TIMEOUT: u64 = 2_000_000;

const HOP_UP: What = What::Dropped(Direction::Up, DropReason::Hop);
const HOP_DOWN: What = What::Dropped(Direction::Down, DropReason::Hop);

/// A session with a lane.
fn with_lane() -> Session {
    let mut session = Session::new(0, 1);
    session.set_lane(Some(1100));
    session
}

/// The same, with a link that sends every datagram twice.
fn with_lane_that_doubles() -> Session {
    let mut session = with_lane();
    let up = Impairment {
        duplicate_ppm: 1_000_000,
        ..Impairment::default()
    };
    session.control(&ClientMessage::Lab(Lab {
        up,
        ..Lab::default()
    }));
    session
}

/// Lets an echo server answer what is on its way, and returns the answers by number; those on the WebSocket have 0.
fn answers(session: &mut Session, now: u64) -> Vec<(u64, Bytes)> {
    let mut answers = Vec::new();
    while let Some(action) = session.poll(now, |_| true) {
        match action {
            Action::ToServer(carried) => {
                session.sent(now, &carried);
                session.from_server(now, carried.payload);
            }
            Action::ToClient(payload) => answers.push((0, payload)),
            Action::ToLane(number, payload) => answers.push((number, payload)),
        }
    }
    answers
}

fn arrive(session: &mut Session, now: u64, number: u64) -> Result<(), Misnumbered> {
    let payload = Bytes::copy_from_slice(&number.to_be_bytes());
    session.take(now, number, payload, Lane::WebTransport)
}

fn received(first: u64, last: u64) -> Report {
    Report {
        received: vec![(first, last)],
        ..Report::default()
    }
}

fn sent(sent: u64) -> Report {
    Report {
        sent,
        ..Report::default()
    }
}

/// The events, but for those of the way to the server and back.
fn ends(session: &mut Session) -> Vec<(u64, What)> {
    let mut events = whats(session);
    events.retain(|(_, what)| {
        !matches!(
            what,
            What::RelayIn(_) | What::UdpOut | What::UdpIn(_) | What::Dequeued
        )
    });
    events
}

#[test]
fn an_answer_on_the_lane_is_in_flight_until_the_client_reports_it() {
    let mut session = with_lane();
    arrive(&mut session, 10, 1).unwrap();
    let payload = Bytes::copy_from_slice(&1u64.to_be_bytes());
    assert_eq!(answers(&mut session, 20), [(FIRST_ANSWER, payload)]);
    assert_eq!(session.counters().in_flight, 1);
    session.take_events();
    let said = session.report(900, &received(FIRST_ANSWER, FIRST_ANSWER));
    assert_eq!(said, None);
    let told = session.take_events().0;
    let out = What::RelayOut(FIRST_ANSWER, Delivery::Echoed);
    assert_eq!(told, [Event(20, 1, 0, out)], "with the time it went out");
    assert_eq!(session.counters().echoed, 1);
}

#[test]
fn an_answer_that_nobody_reports_was_lost_on_the_browsers_hop() {
    let mut session = with_lane();
    arrive(&mut session, 0, 1).unwrap();
    answers(&mut session, 5);
    assert_eq!(session.next_due(), Some(5 + TIMEOUT));
    answers(&mut session, 4 + TIMEOUT);
    assert_eq!(session.counters().in_flight, 1, "not guessed before");
    answers(&mut session, 5 + TIMEOUT);
    assert_eq!(ends(&mut session), [(1, HOP_DOWN), (1, What::Gone)]);
    assert_eq!(session.counters().dropped, 1);
    // Late, and it changes nothing but that count.
    session.report(6 + TIMEOUT, &received(FIRST_ANSWER, FIRST_ANSWER));
    let out = What::RelayOut(FIRST_ANSWER, Delivery::Late);
    assert_eq!(ends(&mut session), [(1, out)]);
    let counters = session.counters();
    assert_eq!((counters.dropped, counters.late), (1, 1));
    assert_eq!(counters.accounted(), counters.sent);
}

#[test]
fn a_report_may_take_a_second_however_short_the_timeout() {
    let mut session = with_lane();
    session.control(&ClientMessage::Options(Options {
        timeout_ms: 1,
        ..Options::default()
    }));
    arrive(&mut session, 0, 1).unwrap();
    answers(&mut session, 900);
    answers(&mut session, 900 + REPORT_WAIT_US - 1);
    assert_eq!(session.counters().in_flight, 1);
    session.report(900 + REPORT_WAIT_US, &received(FIRST_ANSWER, FIRST_ANSWER));
    assert_eq!(session.counters().echoed, 1);
}

#[test]
fn a_number_that_never_comes_was_lost_on_the_browsers_hop() {
    let mut session = with_lane();
    arrive(&mut session, 100, 3).unwrap();
    answers(&mut session, 100);
    let counters = session.counters();
    assert_eq!((counters.sent, counters.in_flight), (3, 3));
    // The second comes late, but in time.
    arrive(&mut session, 50_000, 2).unwrap();
    session.report(50_000, &received(FIRST_ANSWER, FIRST_ANSWER));
    answers(&mut session, 50_000);
    session.report(60_000, &received(FIRST_ANSWER + 1, FIRST_ANSWER + 1));
    ends(&mut session);
    answers(&mut session, 100 + TIMEOUT);
    assert_eq!(ends(&mut session), [(1, HOP_UP), (1, What::Gone)]);
    let counters = session.counters();
    let expected = (2, 1, 1);
    assert_eq!(
        (counters.echoed, counters.dropped, counters.reordered),
        expected
    );
}

#[test]
fn a_datagram_that_comes_after_its_time_is_sent_on_and_its_answer_is_late() {
    let mut session = with_lane();
    arrive(&mut session, 0, 2).unwrap();
    answers(&mut session, 0);
    session.report(1, &received(FIRST_ANSWER, FIRST_ANSWER));
    answers(&mut session, TIMEOUT);
    ends(&mut session);
    arrive(&mut session, TIMEOUT + 1, 1).unwrap();
    assert_eq!(answers(&mut session, TIMEOUT + 1).len(), 1);
    session.report(TIMEOUT + 2, &received(FIRST_ANSWER + 1, FIRST_ANSWER + 1));
    let out = What::RelayOut(FIRST_ANSWER + 1, Delivery::Late);
    assert_eq!(ends(&mut session), [(1, out)]);
    let counters = session.counters();
    let expected = (1, 1, 0);
    assert_eq!(
        (counters.dropped, counters.late, counters.in_flight),
        expected
    );
}

#[test]
fn the_client_tells_of_the_last_ones_that_were_lost() {
    let mut session = with_lane();
    assert_eq!(session.report(7, &sent(4)), None);
    assert_eq!(session.report(9, &sent(4)), None, "said twice");
    let counters = session.counters();
    assert_eq!((counters.sent, counters.in_flight), (4, 4));
    answers(&mut session, 7 + TIMEOUT);
    assert_eq!(session.counters().dropped, 4);
    assert_eq!(session.drops()[DropReason::Hop as usize], 4);
}

#[test]
fn what_was_too_long_for_the_lane_is_rejected_with_its_limit() {
    let mut session = with_lane();
    let report = Report {
        unsent: vec![(2, 1400, 1100)],
        ..sent(2)
    };
    assert_eq!(session.report(0, &report), None);
    let told = whats(&mut session);
    let [(2, What::RelayIn(1400)), (2, What::Rejected(words))] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(words.contains("1400") && words.contains("1100"), "{words}");
    let counters = session.counters();
    assert_eq!((counters.rejected, counters.in_flight), (1, 1));
    assert_eq!(counters.bytes_sent, 1400);
}

#[test]
fn what_the_browser_says_it_threw_away_is_dropped_in_the_browser() {
    let mut session = with_lane();
    let report = Report {
        thrown: vec![(2, 3)],
        ..sent(3)
    };
    assert_eq!(session.report(0, &report), None);
    let browser = What::Dropped(Direction::Up, DropReason::Browser);
    let told = [
        (2, browser.clone()),
        (2, What::Gone),
        (3, browser),
        (3, What::Gone),
    ];
    assert_eq!(ends(&mut session), told);
}

#[test]
fn a_number_comes_once_and_none_is_far_ahead() {
    let mut session = with_lane();
    arrive(&mut session, 0, 1).unwrap();
    assert_eq!(arrive(&mut session, 0, 1), Err(Misnumbered::Repeated));
    assert_eq!(arrive(&mut session, 0, 0), Err(Misnumbered::Forgotten));
    let far = MAX_MISSING + 2;
    assert_eq!(arrive(&mut session, 0, far + 1), Err(Misnumbered::Ahead));
    assert_eq!(arrive(&mut session, 0, u64::MAX), Err(Misnumbered::Ahead));
    assert_eq!(session.counters().sent, 1, "nothing has changed");
    arrive(&mut session, 0, far).unwrap();
    // So many are missing that no further number may be left out.
    assert_eq!(arrive(&mut session, 0, far + 2), Err(Misnumbered::Ahead));
    arrive(&mut session, 0, far + 1).unwrap();
    let counters = session.counters();
    assert_eq!(counters.accounted(), counters.sent);
}

#[test]
fn a_report_out_of_range_changes_nothing() {
    let mut session = with_lane();
    arrive(&mut session, 0, 1).unwrap();
    answers(&mut session, 0);
    let before = session.counters();
    let whole = received(FIRST_ANSWER, FIRST_ANSWER);
    for report in [
        received(FIRST_ANSWER, FIRST_ANSWER + 1),
        received(FIRST_ANSWER - 1, FIRST_ANSWER),
        received(FIRST_ANSWER + 1, FIRST_ANSWER),
        Report {
            sent: MAX_MISSING + 2,
            ..whole.clone()
        },
        Report {
            received: vec![(FIRST_ANSWER, FIRST_ANSWER); MAX_REPORTED as usize + 1],
            ..Report::default()
        },
        Report {
            thrown: vec![(0, 1)],
            ..whole
        },
    ] {
        let said = session.report(1, &report);
        assert!(matches!(said, Some(HostMessage::Notice(_))), "{report:?}");
        assert_eq!(session.counters(), before);
    }
}

#[test]
fn an_answer_takes_the_lane_by_which_its_datagram_came_if_it_can() {
    let mut session = with_lane();
    session.from_client(0, Bytes::from_static(b"by the WebSocket"));
    let long = Bytes::from(vec![1; 1101]);
    session.take(0, 2, long, Lane::WebTransport).unwrap();
    arrive(&mut session, 0, 3).unwrap();
    let numbers = |answers: Vec<(u64, Bytes)>| -> Vec<u64> {
        answers.into_iter().map(|(number, _)| number).collect()
    };
    assert_eq!(numbers(answers(&mut session, 0)), [0, 0, FIRST_ANSWER]);
    arrive(&mut session, 1, 4).unwrap();
    session.set_lane(None);
    assert_eq!(numbers(answers(&mut session, 1)), [0]);
}

#[test]
fn an_answer_for_which_the_lane_has_no_room_is_dropped_for_a_slow_reader() {
    let mut session = with_lane();
    arrive(&mut session, 0, 1).unwrap();
    let sent = answers(&mut session, 0);
    session.lane_is_full(0, sent[0].0);
    let slow = What::Dropped(Direction::Down, DropReason::SlowReader);
    assert_eq!(ends(&mut session), [(1, slow), (1, What::Gone)]);
}

#[test]
fn while_an_answer_is_on_the_lane_nothing_else_decides() {
    let mut session = with_lane_that_doubles();
    arrive(&mut session, 0, 1).unwrap();
    // Both copies are answered; the first answer gets lost on the hop, the second arrives.
    assert_eq!(answers(&mut session, 0).len(), 2);
    session.refused(1, "nobody listens");
    session.lane_is_full(2, FIRST_ANSWER);
    assert_eq!(session.counters().in_flight, 1);
    session.report(3, &received(FIRST_ANSWER + 1, FIRST_ANSWER + 1));
    assert_eq!(session.counters().echoed, 1);
}

#[test]
fn a_copy_that_is_never_answered_leaves_its_datagram_to_the_timeout() {
    let mut session = with_lane_that_doubles();
    arrive(&mut session, 0, 1).unwrap();
    let mut copies = 0;
    while let Some(action) = session.poll(0, |_| true) {
        if let Action::ToServer(carried) = action {
            session.sent(0, &carried);
            copies += 1;
            if copies == 1 {
                session.from_server(0, carried.payload);
            }
        }
    }
    answers(&mut session, TIMEOUT);
    // One copy was lost on the hop, of the other nobody knows where.
    assert_eq!(ends(&mut session), [(1, HOP_DOWN), (1, What::Lost)]);
}

proptest! {
    /// Whatever the lane loses, and in whatever order both lanes bring the rest: the totals add up at any time, and in the end every
    /// datagram has one final event.
    #[test]
    fn the_books_close_over_both_lanes(
        steps in prop::collection::vec((0u8..6, 0usize..40, 0u64..700_000), 1..120),
    ) {
        let mut session = with_lane();
        let (mut now, mut next) = (0, 0);
        let (mut late, mut unreported) = (Vec::new(), Vec::new());
        for (step, pick, pause) in steps {
            match step {
                0 | 1 => {
                    next += 1;
                    arrive(&mut session, now, next).unwrap();
                }
                2 => {
                    next += 1;
                    let payload = Bytes::copy_from_slice(&next.to_be_bytes());
                    session.take(now, next, payload, Lane::WebSocket).unwrap();
                }
                3 => {
                    next += 1;
                    late.push(next);
                }
                4 if !late.is_empty() => {
                    let number = late.swap_remove(pick % late.len());
                    arrive(&mut session, now, number).unwrap();
                }
                _ if !unreported.is_empty() => {
                    let answer = unreported.swap_remove(pick % unreported.len());
                    prop_assert_eq!(session.report(now, &received(answer, answer)), None);
                }
                _ => {}
            }
            let out = answers(&mut session, now).into_iter().map(|(number, _)| number);
            unreported.extend(out.filter(|number| *number > 0));
            let counters = session.counters();
            prop_assert_eq!(counters.sent, counters.accounted());
            now += pause;
        }
        session.report(now, &sent(next));
        while let Some(due) = session.next_due() {
            now = now.max(due);
            answers(&mut session, now);
        }
        let counters = session.counters();
        prop_assert_eq!((counters.sent, counters.in_flight), (next, 0));
        prop_assert_eq!(counters.sent, counters.accounted());
        let mut ends = vec![0; next as usize + 1];
        for Event(_, id, _, what) in session.take_events().0 {
            let is_final = matches!(what, What::Gone | What::Lost | What::RelayOut(_, Delivery::Echoed));
            ends[id as usize] += usize::from(is_final);
        }
        prop_assert!(ends[1..].iter().all(|count| *count == 1), "{:?}", ends);
    }
}
