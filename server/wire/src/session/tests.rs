use proptest::prelude::*;

use super::*;
use crate::link::{HOLD_US, Impairment, Mishap};

mod lane;

/// Runs a session against an echo server that answers at once, and returns what reached the client.
fn run(session: &mut Session, now: u64) -> Vec<Bytes> {
    let mut delivered = Vec::new();
    while let Some(action) = session.poll(now, |_| true) {
        match action {
            Action::ToServer(carried) => {
                session.sent(now, &carried);
                let served = Served {
                    received_at: now,
                    bytes: carried.payload.len(),
                    answered: (!carried.payload.is_empty()).then_some((carried.payload.len(), now)),
                };
                session.server_saw(&Fingerprint::of(&carried.payload), &served);
                if served.answered.is_some() {
                    session.from_server(now, carried.payload);
                }
            }
            Action::ToClient(payload) | Action::ToLane(_, payload) => delivered.push(payload),
        }
    }
    delivered
}

fn whats(session: &mut Session) -> Vec<(u64, What)> {
    session
        .take_events()
        .0
        .into_iter()
        .map(|Event(_, id, _, what)| (id, what))
        .collect()
}

/// A host that was busy found 2,473 small datagrams in one read, and the lab's queue, of 1,000, dropped most of them
/// although nobody had asked for a lab.
#[test]
fn without_a_lab_nothing_is_dropped_however_many_come_at_once() {
    let mut session = Session::new(0, 1);
    for number in 0..2473_u32 {
        session.from_client(1, Bytes::copy_from_slice(&number.to_be_bytes()));
    }
    assert_eq!(run(&mut session, 1).len(), 2473);
    assert_eq!(session.counters().echoed, 2473);
}

#[test]
fn a_busy_session_holds_little_when_its_events_are_taken() {
    let mut session = Session::new(0, 1);
    let mut most = 0;
    for number in 0..10_000_u32 {
        let now = u64::from(number) * 1000;
        session.from_client(now, Bytes::copy_from_slice(&number.to_be_bytes()));
        run(&mut session, now);
        session.take_events();
        most = most.max(session.held_bytes());
    }
    assert!(most < 80 * 1024, "{most} bytes");
}

#[test]
fn what_many_datagrams_in_flight_took_is_given_back_when_they_are_settled() {
    let mut session = Session::new(0, 1);
    for number in 0..8000_u32 {
        session.from_client(0, Bytes::copy_from_slice(&number.to_be_bytes()));
    }
    while let Some(Action::ToServer(carried)) = session.poll(0, |_| true) {
        session.sent(0, &carried);
    }
    session.take_events();
    assert!(session.held_bytes() > 8000 * 100);
    let later = 10_000_000;
    for number in 0..600_u32 {
        session.from_client(later, Bytes::copy_from_slice(&number.to_be_bytes()));
        run(&mut session, later);
    }
    session.take_events();
    assert!(
        session.held_bytes() < 300 * 1024,
        "{}",
        session.held_bytes()
    );
}

#[test]
fn a_session_without_room_rejects_and_its_lab_takes_nothing_more() {
    let mut session = Session::new(0, 1);
    let slow = Impairment {
        delay_us: 1_000_000,
        ..Impairment::default()
    };
    let lab = Lab {
        down: slow,
        ..Lab::default()
    };
    session.control(&ClientMessage::Lab(lab));
    session.from_client(0, Bytes::from_static(b"taken"));
    session.narrow(true);
    session.from_client(0, Bytes::from_static(b"rejected"));
    // Its answer came when there was no room any more.
    run(&mut session, 0);
    let counters = session.counters();
    assert_eq!((counters.rejected, counters.dropped), (1, 1));
    assert_eq!(session.drops()[DropReason::Queue as usize], 1);
    session.narrow(false);
    session.from_client(0, Bytes::from_static(b"taken again"));
    assert_eq!(session.counters().in_flight, 1);
}

#[test]
fn who_waits_in_the_queue_of_a_slow_link_is_told_when_the_wait_ended_on_either_way() {
    // 70 bytes with their headers take 7 ms.
    let slow = Impairment {
        rate_kbps: 80,
        ..Impairment::default()
    };
    for (up, down, is_received) in [
        (slow, Impairment::default(), false),
        (Impairment::default(), slow, true),
    ] {
        let mut session = Session::new(100, 1);
        let lab = Lab { up, down, seed: 1 };
        session.control(&ClientMessage::Lab(lab));
        for payload in [[1; 42], [2; 42], [3; 42]] {
            session.from_client(150, Bytes::copy_from_slice(&payload));
        }
        run(&mut session, 150);
        run(&mut session, 1_000_000);
        let events = session.take_events().0;
        let waits = events.iter().filter(|event| event.3 == What::Dequeued);
        let told: Vec<_> = waits.clone().map(|event| (event.0, event.1)).collect();
        assert_eq!(told, [(7_050, 2), (14_050, 3)]);
        for wait in waits {
            let mut of_it = events.iter().filter(|event| event.1 == wait.1);
            let received = of_it.find(|event| matches!(event.3, What::UdpIn(_)));
            assert_eq!(received.is_some_and(|event| event.0 <= wait.0), is_received);
        }
    }
}

#[test]
fn a_datagram_leaves_all_its_hops_in_order() {
    let mut session = Session::new(100, 1);
    session.from_client(150, Bytes::from_static(b"hello"));
    assert_eq!(run(&mut session, 160), ["hello"]);
    let events = session.take_events().0;
    assert_eq!(events[0], Event(50, 1, 0, What::RelayIn(5)));
    let whats: Vec<_> = events
        .into_iter()
        .map(|Event(_, _, _, what)| what)
        .collect();
    use crate::ledger::Delivery::Echoed;
    let way = [
        What::RelayIn(5),
        What::UdpOut,
        What::EchoIn(5),
        What::EchoOut(5),
        What::UdpIn(5),
        What::RelayOut(1, Echoed),
    ];
    assert_eq!(whats, way);
}

#[test]
fn an_empty_datagram_is_received_and_not_answered() {
    let mut session = Session::new(0, 1);
    session.from_client(0, Bytes::new());
    assert!(run(&mut session, 0).is_empty());
    assert_eq!(session.counters().unanswered, 1);
    assert!(whats(&mut session).contains(&(1, What::Unanswered)));
}

#[test]
fn a_dropped_datagram_says_where_and_why() {
    let mut session = Session::new(0, 1);
    let down = Impairment {
        loss_ppm: 1_000_000,
        ..Impairment::default()
    };
    session.control(&ClientMessage::Lab(Lab {
        down,
        ..Lab::default()
    }));
    session.from_client(0, Bytes::from_static(b"x"));
    assert!(run(&mut session, 0).is_empty());
    let whats = whats(&mut session);
    assert!(
        whats.ends_with(&[
            (1, What::Dropped(Direction::Down, DropReason::Loss)),
            (1, What::Gone)
        ]),
        "{whats:?}"
    );
    assert_eq!(session.counters().dropped, 1);
}

#[test]
fn a_duplicate_counts_beside_the_fate() {
    let mut session = Session::new(0, 1);
    let twice = Impairment {
        duplicate_ppm: 1_000_000,
        ..Impairment::default()
    };
    session.control(&ClientMessage::Lab(Lab {
        up: twice,
        ..Lab::default()
    }));
    session.from_client(0, Bytes::from_static(b"x"));
    assert_eq!(run(&mut session, 0), ["x", "x"]);
    let counters = session.counters();
    assert_eq!(
        (counters.sent, counters.echoed, counters.duplicates),
        (1, 1, 1)
    );
}

#[test]
fn nobody_retries_a_lost_datagram_and_a_late_answer_does_not_change_its_fate() {
    let mut session = Session::new(0, 1);
    session.from_client(0, Bytes::from_static(b"x"));
    let Some(Action::ToServer(carried)) = session.poll(0, |_| true) else {
        panic!("not sent")
    };
    session.sent(0, &carried);
    assert_eq!(session.next_due(), Some(2_000_000));
    assert_eq!(session.poll(2_000_000, |_| true), None);
    assert_eq!(session.counters().lost, 1);
    session.from_server(3_000_000, carried.payload);
    assert!(matches!(
        session.poll(3_000_000, |_| true),
        Some(Action::ToClient(_))
    ));
    assert_eq!((session.counters().lost, session.counters().late), (1, 1));
}

/// The host looks at its socket after the time is over: the answer has waited there. What the link holds back longer is lost all the same.
#[test]
fn an_answer_that_the_host_is_late_to_take_is_no_loss_and_one_that_the_link_holds_is() {
    for (delay_us, echoed, lost) in [(0, 1, 0), (1, 0, 1)] {
        let mut session = Session::new(0, 1);
        session.control(&ClientMessage::Lab(Lab {
            down: Impairment {
                delay_us,
                ..Impairment::default()
            },
            ..Lab::default()
        }));
        session.from_client(0, Bytes::from_static(b"x"));
        let Some(Action::ToServer(carried)) = session.poll(0, |_| true) else {
            panic!("not sent")
        };
        session.sent(0, &carried);
        assert!(!session.has_overdue(1_999_999) && session.has_overdue(2_000_000));
        session.from_server(2_500_000, carried.payload);
        run(&mut session, 2_500_000);
        let counters = session.counters();
        assert_eq!(
            (counters.echoed, counters.lost),
            (echoed, lost),
            "{delay_us}"
        );
    }
}

#[test]
fn a_refusal_settles_what_nobody_received() {
    let mut session = Session::new(0, 1);
    session.from_client(0, Bytes::from_static(b"x"));
    let Some(Action::ToServer(carried)) = session.poll(0, |_| true) else {
        panic!("not sent")
    };
    session.sent(0, &carried);
    session.refused(1, "Connection refused");
    assert_eq!(session.counters().refused, 1);
    assert!(whats(&mut session).contains(&(1, What::Refused("Connection refused".to_owned()))));
}

#[test]
fn answers_for_a_slow_reader_are_dropped_and_counted() {
    let mut session = Session::new(0, 1);
    session.from_client(0, Bytes::from_static(b"x"));
    let Some(Action::ToServer(carried)) = session.poll(0, |_| true) else {
        panic!("not sent")
    };
    session.sent(0, &carried);
    session.from_server(0, carried.payload);
    assert_eq!(session.poll(0, |_| false), None);
    assert_eq!(session.counters().dropped, 1);
}

#[test]
fn settings_out_of_range_are_refused_with_a_sentence() {
    let mut session = Session::new(0, 1);
    let options = Options {
        timeout_ms: 0,
        ..Options::default()
    };
    let Some(HostMessage::Notice(said)) = session.control(&ClientMessage::Options(options)) else {
        panic!("taken")
    };
    assert!(
        said.text.contains("timeout_ms") && said.text.contains("60000"),
        "{}",
        said.text
    );
    assert_eq!(session.options(), Options::default());
}

/// A reader presses "Lose it", "Reorder it" and "Double it", with the same message each time.
#[test]
fn one_datagram_is_lost_one_overtaken_and_one_doubled_on_a_link_that_does_nothing() {
    let mut session = Session::new(0, 1);
    let message = Bytes::from_static(b"the same each time");
    let mut now = 0;
    for mishap in [Mishap::Lose, Mishap::Hold, Mishap::Double] {
        let answer = session.control(&ClientMessage::Once(mishap));
        assert!(
            matches!(answer, Some(HostMessage::Counters(_))),
            "{answer:?}"
        );
        for _ in 0..2 {
            now += 100;
            session.from_client(now, message.clone());
            run(&mut session, now);
        }
        now += HOLD_US;
        run(&mut session, now);
    }
    let out: Vec<_> = whats(&mut session)
        .into_iter()
        .filter(|(_, what)| matches!(what, What::RelayOut(..) | What::Dropped(..)))
        .collect();
    let echo = |id, answer| (id, What::RelayOut(answer, Delivery::Echoed));
    assert_eq!(
        out,
        [
            (1, What::Dropped(Direction::Up, DropReason::Loss)),
            echo(2, 1),
            echo(4, 2),
            echo(3, 3),
            echo(5, 4),
            (5, What::RelayOut(5, Delivery::Duplicate)),
            echo(6, 6),
        ]
    );
    let counters = session.counters();
    let seen = (counters.dropped, counters.reordered, counters.duplicates);
    assert_eq!(seen, (1, 1, 1));
}

#[test]
fn what_is_to_befall_the_next_datagram_waits_for_one_that_comes_to_the_link() {
    let mut session = Session::new(0, 1);
    session.control(&ClientMessage::Once(Mishap::Double));
    // The later wish is the one that counts, and neither a rejected datagram nor a new lab uses it up.
    session.control(&ClientMessage::Once(Mishap::Lose));
    session.reject(0, 5, "too fast".to_owned());
    session.control(&ClientMessage::Lab(Lab::default()));
    session.from_client(0, Bytes::from_static(b"lost"));
    session.from_client(0, Bytes::from_static(b"not lost"));
    assert_eq!(run(&mut session, 0), ["not lost"]);
}

proptest! {
    /// Whatever the link does, once everything has timed out the totals add up, and every datagram has one final event.
    #[test]
    fn every_datagram_has_one_end(
        chances in prop::array::uniform5(0u32..=1_000_000), delay_us in 0u32..3_000_000, seed: u64,
        sizes in prop::collection::vec(0usize..80, 1..60),
    ) {
        let [loss_ppm, burst_start_ppm, reorder_ppm, duplicate_ppm, corrupt_ppm] = chances;
        let link = Impairment {
            loss_ppm, burst_start_ppm, burst_end_ppm: 500_000, reorder_ppm, duplicate_ppm, corrupt_ppm, delay_us,
            jitter_us: delay_us / 2, ..Impairment::default()
        };
        let mut session = Session::new(0, seed);
        session.control(&ClientMessage::Lab(Lab { up: link, down: link, seed }));
        let mut now = 0;
        for (n, size) in sizes.iter().enumerate() {
            session.from_client(now, vec![n as u8; *size].into());
            run(&mut session, now);
            now += 500;
        }
        while let Some(due) = session.next_due() {
            now = now.max(due);
            run(&mut session, now);
        }
        let counters = session.counters();
        prop_assert_eq!(counters.in_flight, 0);
        prop_assert_eq!(counters.sent, counters.accounted());
        let mut ends = vec![0; sizes.len() + 1];
        for Event(_, id, _, what) in session.take_events().0 {
            use crate::ledger::Delivery::Echoed;
            let is_final = matches!(what, What::Gone | What::Lost | What::Unanswered | What::Rejected(_) | What::RelayOut(_, Echoed));
            ends[id as usize] += usize::from(is_final);
        }
        prop_assert!(ends[1..].iter().all(|count| *count == 1), "{:?}", ends);
    }
}
