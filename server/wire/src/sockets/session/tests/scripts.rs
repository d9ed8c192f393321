//! Whatever comes in whatever order.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::sockets::ledger::HELD_US;

/// A step of a script.
#[derive(Debug, Clone)]
enum Step {
    Open(u16),
    Close(u16),
    Message(u16, bool, u8),
    Garbage(u8),
    Reject,
    Carry(u8),
    Arrive(u16, bool, u8),
    Receipt(u8, u8),
    ReceiverClosed,
    Error,
    Strangers(u8),
    Straight(u8, u8),
    ArriveStraight(bool, bool),
    Lab([u32; 5], u32),
    Once(u8),
    Tracing(bool),
    Narrow(bool),
    Pass(u32),
    Slow(bool),
}

fn steps() -> impl Strategy<Value = Step> {
    use Step::*;
    let ppm = || 0u32..=1_000_000;
    prop_oneof![
        2 => (0u16..3).prop_map(Open),
        1 => (0u16..3).prop_map(Close),
        8 => (0u16..3, any::<bool>(), 0u8..4).prop_map(|(socket, own, n)| Message(socket, own, n)),
        1 => (0u8..9).prop_map(Garbage),
        1 => Just(Reject),
        8 => (0u8..8).prop_map(Carry),
        4 => (0u16..3, any::<bool>(), 0u8..4).prop_map(|(socket, own, n)| Arrive(socket, own, n)),
        4 => (0u8..4, 0u8..5).prop_map(|(n, outcome)| Receipt(n, outcome)),
        1 => Just(ReceiverClosed),
        1 => Just(Error),
        1 => (0u8..3).prop_map(Strangers),
        2 => (0u8..5, 0u8..4).prop_map(|(end, count)| Straight(end, count)),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(own, taken)| ArriveStraight(own, taken)),
        1 => (prop::array::uniform5(ppm()), 0u32..3_000_000).prop_map(|(chances, delay)| Lab(chances, delay)),
        1 => (0u8..3).prop_map(Once),
        1 => any::<bool>().prop_map(Tracing),
        1 => any::<bool>().prop_map(Narrow),
        4 => (0u32..3_000_000).prop_map(Pass),
        1 => any::<bool>().prop_map(Slow),
    ]
}

/// How a copy ends, by number; numbers that end nothing leave it to be ended later, or never.
fn end(number: u8) -> Option<Sent> {
    let (from, to) = (address(CLIENT), address(SERVER));
    Some(match number {
        0 | 1 => Sent::Left,
        2 | 3 => Sent::OnLoopback { from, to },
        4 => Sent::Unbound {
            to,
            is_connected: true,
        },
        5 => Sent::Unbound {
            to,
            is_connected: false,
        },
        6 => Sent::Not(Refusal::new(Errno::Emsgsize, "Message too long")),
        _ => return None,
    })
}

fn payload(number: u8) -> Vec<u8> {
    vec![number; usize::from(number) * 30]
}

proptest! {
    /// Whatever comes in whatever order, also from a host that makes mistakes: the totals add up after every step, every
    /// datagram has at most one final event, and once all time has passed nothing of what was carried is in flight.
    #[test]
    fn the_sum_is_closed_at_every_step(script in prop::collection::vec(steps(), 0..150)) {
        let mut session = SocketsSession::new(0, 3);
        let (mut now, mut is_slow) = (0, false);
        let mut finals: HashMap<u64, Vec<SocketWhat>> = HashMap::new();
        let mut is_traced_throughout = true;
        let carried_later = Step::Pass(2 * HELD_US as u32);
        for step in script.into_iter().chain([Step::Slow(false), carried_later]) {
            match step {
                Step::Open(socket) => session.opened(socket),
                Step::Close(socket) => session.closed(socket),
                Step::Message(socket, own, n) => {
                    let to = own.then_some(SERVER);
                    session.from_client(now, message(socket, to, &payload(n)));
                }
                Step::Garbage(bytes) => session.from_client(now, vec![255; bytes.into()].into()),
                Step::Reject => {
                    let refusal = Refusal::new(Errno::Enobufs, "too fast");
                    session.reject(now, &message(1, None, b"fast"), refusal);
                }
                Step::Carry(number) => {
                    if let Some(Action::Send(outgoing)) = session.poll(now, |_| !is_slow) {
                        match end(number) {
                            Some(sent) => session.sent(now, &outgoing, sent),
                            // A host that tells a thing twice, and two things of one copy.
                            None => for number in [0, 3, 0, 6] {
                                session.sent(now, &outgoing, end(number).expect("an end"));
                            },
                        }
                    }
                }
                Step::Arrive(socket, own, n) => {
                    let to = own.then(|| address(CLIENT));
                    session.arrived(now, &Arrival { socket, from: address(SERVER), to }, payload(n).into());
                }
                Step::Receipt(n, outcome) => {
                    let (from, to) = (address(CLIENT), address(SERVER));
                    let outcome = match outcome {
                        0 => Outcome::Held,
                        1 => Outcome::Dropped(SocketDrop::Loss),
                        _ => Outcome::Delivered,
                    };
                    let fingerprint = Fingerprint::between(from, to, &payload(n));
                    session.received(&Receipt { at: now, from, to, fingerprint, outcome });
                }
                Step::ReceiverClosed => session.receiver_closed(now, address(SERVER)),
                Step::Error => session.receive_error(1, Refusal::new(Errno::Econnrefused, "refused")),
                Step::Strangers(count) => session.strangers(count.into()),
                Step::Straight(number, count) => {
                    let payloads: Vec<_> = (0..count).map(payload).collect();
                    if let Some(sent) = end(number + 2).filter(|_| session.goes_straight(payloads.len())) {
                        session.sent_straight(now, 1, payloads.iter().map(Vec::as_slice), sent);
                    }
                }
                Step::ArriveStraight(own, taken) => {
                    let to = own.then(|| address(CLIENT));
                    if session.comes_straight() {
                        session.arrived_straight(now, &Arrival { socket: 1, from: address(SERVER), to }, b"x", taken);
                    }
                }
                Step::Lab([loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, burst_start_ppm], delay_us) => {
                    let link = Impairment {
                        loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, burst_start_ppm, burst_end_ppm: 500_000,
                        delay_us, jitter_us: delay_us / 2, ..Impairment::default()
                    };
                    session.control(&SocketsRequest::Lab(Lab { up: link, down: link, seed: delay_us.into() }));
                }
                Step::Once(n) => {
                    let mishaps = [Mishap::Lose, Mishap::Hold, Mishap::Double];
                    session.control(&SocketsRequest::Once(mishaps[usize::from(n)]));
                }
                Step::Tracing(tracing) => {
                    is_traced_throughout &= tracing;
                    session.control(&SocketsRequest::Options(SocketsOptions { tracing }));
                }
                Step::Narrow(is_narrow) => session.narrow(is_narrow),
                Step::Slow(slow) => is_slow = slow,
                Step::Pass(micros) => {
                    now += u64::from(micros);
                    while let Some(action) = session.poll(now, |_| !is_slow) {
                        if let Action::Send(outgoing) = action {
                            session.sent(now, &outgoing, end((outgoing.id % 7) as u8).expect("an end"));
                        }
                    }
                    session.give_up(now);
                }
            }
            let counters = session.counters();
            prop_assert_eq!(counters.sent, counters.accounted());
            for SocketEvent(_, id, _, what) in session.take_events().0 {
                use SocketWhat::*;
                if matches!(what, Gone | Left | Refused | Rejected(_) | Delivered) {
                    finals.entry(id).or_default().push(what);
                }
            }
        }
        // Copies that the last steps put on the loopback are given up as well.
        now += 2 * HELD_US;
        while session.poll(now, |_| true).is_some() {}
        session.give_up(now);
        let counters = session.counters();
        prop_assert_eq!(counters.sent, counters.accounted());
        // What `Carry` took and no later step carried is a host's own loss; there is none, for every copy is ended.
        prop_assert_eq!(counters.in_flight, 0);
        for SocketEvent(_, id, _, what) in session.take_events().0 {
            if matches!(what, SocketWhat::Gone) {
                finals.entry(id).or_default().push(what);
            }
        }
        for (id, whats) in &finals {
            // A second copy may be delivered besides.
            let others = whats.iter().filter(|what| **what != SocketWhat::Delivered).count();
            prop_assert!(others <= 1, "datagram {}: {:?}", id, whats);
            prop_assert!(others == 1 || whats.len() <= 2, "datagram {}: {:?}", id, whats);
        }
        if is_traced_throughout {
            prop_assert_eq!(finals.len() as u64, counters.sent);
        }
    }
}
