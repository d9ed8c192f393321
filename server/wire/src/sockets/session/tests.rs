use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;

use super::*;
use crate::ledger::{Fingerprint, MAX_IN_FLIGHT};
use crate::link::{HOLD_US, Impairment, Mishap};
use crate::sockets::control::Call;
use crate::sockets::errno::Errno;
use crate::sockets::header::Header;
use crate::sockets::ledger::RECEIPT_US;
use crate::sockets::refusal::Refusal;

mod scripts;

const SERVER: &str = "127.83.1.5:10000";
const CLIENT: &str = "127.83.1.5:40001";
const TARGET: &str = "127.0.0.2:10000";

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn message(socket: u16, to: Option<&str>, payload: &[u8]) -> Bytes {
    let mut message = Vec::new();
    let to = to.map(address);
    Header {
        socket,
        address: to,
    }
    .write(&mut message);
    message.extend(payload);
    message.into()
}

/// Some sessions of one loopback, and what is around them: every address that is not bound is a target's.
#[derive(Default)]
struct Loopback {
    sessions: Vec<SocketsSession>,
    bound: HashMap<SocketAddr, (usize, u16)>,
    /// Ports of the loopback that nobody has bound.
    unbound: Vec<SocketAddr>,
    /// What each client got.
    got: Vec<(usize, Incoming)>,
    is_slow: bool,
    is_connected: bool,
    /// Whether the kernel loses what is sent on the loopback.
    loses: bool,
    /// Whether nothing can be sent.
    fails: bool,
}

impl Loopback {
    /// Two sessions, each with socket 1: the first is the client, the second the server.
    fn pair() -> Self {
        let mut pair = Self::default();
        for local in [CLIENT, SERVER] {
            pair.sessions.push(SocketsSession::new(0, 1));
            let session = pair.sessions.len() - 1;
            pair.open(session, 1, local);
        }
        pair
    }

    fn open(&mut self, session: usize, socket: u16, local: &str) {
        self.sessions[session].opened(socket);
        self.bound.insert(address(local), (session, socket));
    }

    fn local(&self, session: usize, socket: u16) -> SocketAddr {
        let mut bound = self.bound.iter();
        let found = bound.find(|(_, owner)| **owner == (session, socket));
        *found.expect("a bound socket").0
    }

    fn send(&mut self, now: u64, session: usize, to: &str, payload: &[u8]) {
        self.sessions[session].from_client(now, message(1, Some(to), payload));
        self.run(now);
    }

    /// Carries everything that is due, until nothing is.
    fn run(&mut self, now: u64) {
        loop {
            let mut is_quiet = true;
            for number in 0..self.sessions.len() {
                let is_slow = self.is_slow;
                while let Some(action) = self.sessions[number].poll(now, |_| !is_slow) {
                    is_quiet = false;
                    match action {
                        Action::Send(outgoing) => self.carry(now, number, &outgoing),
                        Action::ToClient(incoming) => self.got.push((number, incoming)),
                    }
                }
                for receipt in self.sessions[number].take_receipts() {
                    is_quiet = false;
                    let sender = self.bound[&receipt.from].0;
                    self.sessions[sender].received(&receipt);
                }
            }
            if is_quiet {
                break;
            }
        }
        for session in &mut self.sessions {
            session.give_up(now);
        }
    }

    fn carry(&mut self, now: u64, number: usize, outgoing: &Outgoing) {
        let from = self.local(number, outgoing.socket);
        let to = outgoing.to.expect("a destination");
        let receiver = self.bound.get(&to).copied();
        let sent = match receiver {
            _ if self.fails => Sent::Not(Refusal::new(Errno::Emsgsize, "Message too long")),
            None if self.unbound.contains(&to) => Sent::Unbound {
                to,
                is_connected: self.is_connected,
            },
            None => Sent::Left,
            Some(_) => Sent::OnLoopback { from, to },
        };
        self.sessions[number].sent(now, outgoing, sent);
        if let Some((session, socket)) = receiver
            && !self.loses
            && !self.fails
        {
            let arrival = Arrival {
                socket,
                from,
                to: Some(to),
            };
            self.sessions[session].arrived(now, &arrival, outgoing.payload.clone());
        }
    }

    /// What happened to the datagrams of a session, without the times.
    fn whats(&mut self, session: usize) -> Vec<(u64, SocketWhat)> {
        let (events, missed) = self.sessions[session].take_events();
        assert_eq!(missed, 0);
        let whats = events
            .into_iter()
            .map(|SocketEvent(_, id, _, what)| (id, what));
        whats.collect()
    }

    fn errors(&mut self, session: usize) -> Vec<SocketError> {
        self.sessions[session].take_errors().0
    }

    fn lab(&mut self, session: usize, up: Impairment, down: Impairment) {
        let lab = Lab { up, down, seed: 1 };
        let answer = self.sessions[session].control(&SocketsRequest::Lab(lab));
        assert!(matches!(answer, Some(SocketsAnswer::Lab(_))), "{answer:?}");
    }
}

fn slow(delay_us: u32) -> Impairment {
    Impairment {
        delay_us,
        ..Impairment::default()
    }
}

fn always(set: impl Fn(&mut Impairment)) -> Impairment {
    let mut impairment = Impairment::default();
    set(&mut impairment);
    impairment
}

#[test]
fn a_datagram_to_a_socket_of_the_loopback_is_delivered_unchanged_with_its_senders_address() {
    let mut pair = Loopback::pair();
    pair.send(7, 0, SERVER, b"hello");
    let [(1, incoming)] = &pair.got[..] else {
        panic!("{:?}", pair.got)
    };
    assert_eq!(incoming.message(), message(1, Some(CLIENT), b"hello"));
    use SocketWhat::*;
    assert_eq!(
        pair.whats(0),
        [(1, RelayIn(1, 5)), (1, UdpOut), (1, Delivered)]
    );
    assert_eq!(pair.whats(1), [(0, UdpIn(1, 5)), (0, RelayOut(1))]);
    let [client, server] = [0, 1].map(|session| pair.sessions[session].counters());
    assert_eq!((client.sent, client.delivered, client.in_flight), (1, 1, 0));
    assert_eq!((server.received, server.bytes_received), (1, 5));
}

#[test]
fn what_the_system_took_for_a_target_has_left_at_once() {
    let mut pair = Loopback::pair();
    pair.send(0, 0, TARGET, b"");
    use SocketWhat::*;
    assert_eq!(pair.whats(0), [(1, RelayIn(1, 0)), (1, UdpOut), (1, Left)]);
    assert_eq!(pair.sessions[0].counters().left, 1);
    assert_eq!(pair.sessions[0].next_due(), None);
}

#[test]
fn a_connected_socket_hears_that_nobody_has_bound_the_port_and_an_unconnected_one_hears_nothing() {
    let nobody = "127.83.1.5:10001";
    let mut pair = Loopback::pair();
    pair.unbound.push(address(nobody));
    pair.send(0, 0, nobody, b"unconnected");
    assert_eq!(pair.errors(0), []);
    pair.is_connected = true;
    pair.send(0, 0, nobody, b"connected");
    pair.send(
        0,
        0,
        nobody,
        b"connected, and told together with the one before",
    );
    let errors = pair.errors(0);
    let [error] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert_eq!(
        (error.socket, error.call, error.errno, error.count),
        (Some(1), Call::Receive, Errno::Econnrefused, None)
    );
    assert_eq!(
        error.text,
        "Connection refused: no program has bound 127.83.1.5:10001 in this loopback"
    );
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.dropped, counters.refused), (1, 2));
    use SocketWhat::*;
    let up = Direction::Up;
    assert_eq!(
        pair.whats(0)[..5],
        [
            (1, RelayIn(1, 11)),
            (1, Dropped(up, SocketDrop::Unbound)),
            (1, Gone),
            (2, RelayIn(1, 9)),
            (2, Refused),
        ]
    );
}

#[test]
fn a_datagram_without_a_receipt_is_dropped_after_two_seconds_and_a_late_receipt_changes_nothing() {
    let mut pair = Loopback::pair();
    pair.loses = true;
    pair.send(10, 0, SERVER, b"x");
    assert_eq!(pair.sessions[0].next_due(), Some(10 + RECEIPT_US));
    pair.run(9 + RECEIPT_US);
    assert_eq!(pair.sessions[0].counters().in_flight, 1);
    pair.run(10 + RECEIPT_US);
    let receipt = Receipt {
        at: 11 + RECEIPT_US,
        from: address(CLIENT),
        to: address(SERVER),
        fingerprint: Fingerprint::between(address(CLIENT), address(SERVER), b"x"),
        outcome: Outcome::Delivered,
    };
    pair.sessions[0].received(&receipt);
    let whats = pair.whats(0);
    let end = [
        (
            1,
            SocketWhat::Dropped(Direction::Down, SocketDrop::Unreceived),
        ),
        (1, SocketWhat::Gone),
    ];
    assert!(whats.ends_with(&end), "{whats:?}");
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.dropped, counters.delivered), (1, 0));
}

/// A host that is busy takes the receipt late, but it was given in time.
#[test]
fn a_receipt_that_waits_is_taken_before_its_datagram_is_given_up() {
    let mut pair = Loopback::pair();
    pair.sessions[0].from_client(0, message(1, Some(SERVER), b"x"));
    pair.run(0);
    pair.sessions[0].from_client(1, message(1, Some(SERVER), b"y"));
    let Some(Action::Send(outgoing)) = pair.sessions[0].poll(1, |_| true) else {
        panic!("not sent")
    };
    pair.carry(1, 0, &outgoing);
    pair.run(5 * RECEIPT_US);
    assert_eq!(pair.sessions[0].counters().delivered, 2);
}

#[test]
fn when_the_receiver_closes_its_sender_need_not_wait() {
    let mut pair = Loopback::pair();
    pair.loses = true;
    pair.send(0, 0, SERVER, b"x");
    pair.sessions[0].receiver_closed(5, address(SERVER));
    assert_eq!(pair.sessions[0].counters().dropped, 1);
    assert_eq!(pair.sessions[0].next_due(), None);
}

#[test]
fn the_receivers_link_and_a_slow_reader_there_drop_with_their_reasons() {
    let loss = always(|down| down.loss_ppm = 1_000_000);
    let checksum = always(|down| down.corrupt_ppm = 1_000_000);
    let plain = Impairment::default();
    for (down, is_slow, reason) in [
        (loss, false, SocketDrop::Loss),
        (checksum, false, SocketDrop::Checksum),
        (plain, true, SocketDrop::SlowReader),
        (slow(10), true, SocketDrop::SlowReader),
    ] {
        let mut pair = Loopback::pair();
        pair.lab(1, plain, down);
        pair.is_slow = is_slow;
        pair.send(0, 0, SERVER, b"x");
        pair.run(10);
        let whats = pair.whats(0);
        let end = [
            (1, SocketWhat::Dropped(Direction::Down, reason)),
            (1, SocketWhat::Gone),
        ];
        assert!(whats.ends_with(&end), "{reason:?}: {whats:?}");
        assert_eq!(pair.sessions[1].counters().receive_dropped, 1);
        // It is counted where it happened, and only there.
        assert_eq!(pair.sessions[1].drops()[reason as usize], 1, "{reason:?}");
        assert_eq!(pair.sessions[0].drops(), [0; SocketDrop::ALL.len()]);
    }
}

#[test]
fn a_datagram_that_the_receivers_link_holds_for_a_minute_is_delivered_when_it_lets_it_go() {
    let mut pair = Loopback::pair();
    let minute = 60_000_000;
    pair.lab(1, Impairment::default(), slow(minute));
    pair.send(0, 0, SERVER, b"x");
    pair.run(u64::from(minute) - 1);
    assert_eq!(pair.sessions[0].counters().in_flight, 1);
    pair.run(minute.into());
    assert_eq!(pair.sessions[0].counters().delivered, 1);
    let (events, _) = pair.sessions[0].take_events();
    let delivered = SocketEvent(minute.into(), 1, 0, SocketWhat::Delivered);
    assert_eq!(events.last(), Some(&delivered));
}

#[test]
fn each_copy_of_a_doubled_datagram_is_told_and_the_first_decides() {
    let mut pair = Loopback::pair();
    let twice = always(|up| up.duplicate_ppm = 1_000_000);
    pair.lab(0, twice, Impairment::default());
    pair.send(0, 0, SERVER, b"x");
    assert_eq!(pair.got.len(), 2);
    let delivered = |(id, what): &(u64, SocketWhat)| (*id, what) == (1, &SocketWhat::Delivered);
    assert_eq!(
        pair.whats(0).iter().filter(|what| delivered(what)).count(),
        2
    );
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.sent, counters.delivered), (1, 1));

    // The receiver's link doubles too: its sender hears of that once.
    let mut pair = Loopback::pair();
    pair.lab(1, Impairment::default(), twice);
    pair.send(0, 0, SERVER, b"x");
    assert_eq!(
        (pair.got.len(), pair.sessions[1].counters().received),
        (2, 2)
    );
    assert_eq!(
        pair.whats(0).iter().filter(|what| delivered(what)).count(),
        1
    );
}

/// The link doubles an arrival, and the client has room for the second copy alone.
#[test]
fn an_arrival_counts_as_dropped_only_when_none_of_its_copies_reaches_the_client() {
    let mut pair = Loopback::pair();
    let twice = always(|down| {
        down.duplicate_ppm = 1_000_000;
        down.delay_us = 1000;
        down.jitter_us = 1000;
    });
    pair.lab(1, Impairment::default(), twice);
    pair.send(0, 0, SERVER, b"x");
    let first = pair.sessions[1].next_due().expect("a copy");
    pair.is_slow = true;
    pair.run(first);
    assert_eq!(pair.sessions[1].drops()[SocketDrop::SlowReader as usize], 1);
    assert_eq!(pair.sessions[0].counters().in_flight, 1);
    pair.is_slow = false;
    pair.run(10_000);
    assert_eq!(pair.sessions[0].counters().delivered, 1);
    let counters = pair.sessions[1].counters();
    assert_eq!((counters.received, counters.receive_dropped), (1, 0));
}

#[test]
fn errors_of_sends_are_told_without_tracing_and_those_in_a_row_as_one() {
    let mut pair = Loopback::pair();
    pair.sessions[0].control(&SocketsRequest::Options(SocketsOptions { tracing: false }));
    pair.fails = true;
    for _ in 0..3 {
        pair.send(0, 0, TARGET, &[0; 70_000]);
    }
    pair.fails = false;
    pair.send(0, 0, TARGET, b"fits");
    pair.fails = true;
    pair.send(0, 0, TARGET, &[0; 70_000]);
    let errors = pair.errors(0);
    let spans: Vec<_> = errors
        .iter()
        .map(|error| (error.call, error.datagram, error.count, error.errno))
        .collect();
    assert_eq!(
        spans,
        [
            (Call::Send, Some(1), Some(3), Errno::Emsgsize),
            (Call::Send, Some(5), Some(1), Errno::Emsgsize)
        ]
    );
    assert_eq!(pair.whats(0), []);
    assert_eq!(pair.sessions[0].counters().rejected, 4);
}

#[test]
fn a_message_without_a_header_or_an_open_socket_is_rejected_and_the_session_lives() {
    let mut pair = Loopback::pair();
    pair.sessions[0].from_client(0, Bytes::from_static(&[0, 1, 9]));
    pair.sessions[0].from_client(0, message(2, Some(SERVER), b"hello"));
    let told: Vec<_> = pair
        .errors(0)
        .into_iter()
        .map(|error| (error.socket, error.errno, error.text))
        .collect();
    let unreadable = Refusal::unreadable(3).text;
    let not_open = Refusal::not_open(2).text;
    assert_eq!(
        told,
        [
            (None, Errno::Einval, unreadable),
            (Some(2), Errno::Ebadf, not_open)
        ]
    );
    use SocketWhat::*;
    assert_eq!(
        pair.whats(0),
        [
            (1, Rejected(Errno::Einval)),
            (2, RelayIn(2, 5)),
            (2, Rejected(Errno::Ebadf))
        ]
    );
    pair.send(0, 0, SERVER, b"lives");
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.rejected, counters.delivered), (2, 1));
    assert_eq!(counters.bytes_sent, 10);
}

#[test]
fn what_the_lab_holds_of_a_closed_socket_goes_nowhere_even_when_its_number_is_taken_anew() {
    let mut pair = Loopback::pair();
    pair.lab(0, slow(1000), Impairment::default());
    pair.send(0, 0, SERVER, b"sent, then closed");
    pair.sessions[0].closed(1);
    pair.sessions[0].opened(1);
    pair.run(1000);
    assert_eq!(pair.got, []);
    let errors = pair.errors(0);
    assert_eq!(errors[0].errno, Errno::Ebadf);
    assert_eq!(
        errors[0].text,
        "socket 1 was closed while the lab held the datagram"
    );

    let mut pair = Loopback::pair();
    pair.lab(1, Impairment::default(), slow(1000));
    pair.send(0, 0, SERVER, b"received, then closed");
    pair.sessions[1].closed(1);
    pair.sessions[1].opened(1);
    pair.run(1000);
    assert_eq!(pair.got, []);
    assert_eq!(pair.sessions[1].counters().receive_dropped, 1);
    assert_eq!(pair.sessions[0].counters().dropped, 1);
}

#[test]
fn no_more_than_the_limit_is_in_flight() {
    let mut pair = Loopback::pair();
    pair.lab(0, slow(1000), Impairment::default());
    let lab = Lab {
        up: Impairment {
            limit: 10_000,
            ..slow(1000)
        },
        ..Lab::default()
    };
    pair.sessions[0].control(&SocketsRequest::Lab(lab));
    for _ in 0..=MAX_IN_FLIGHT {
        pair.sessions[0].from_client(0, message(1, Some(TARGET), b"x"));
    }
    let errors = pair.errors(0);
    assert_eq!(
        (errors[0].errno, errors[0].text.as_str()),
        (
            Errno::Enobufs,
            "8192 datagrams are in flight already; send more slowly"
        )
    );
    pair.run(1000);
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.left, counters.rejected), (MAX_IN_FLIGHT, 1));
}

/// The second copies of doubled datagrams wait for receipts although their datagrams have a fate; they are bounded as well.
#[test]
fn copies_that_wait_for_receipts_are_bounded_too() {
    let mut pair = Loopback::pair();
    let twice = always(|up| up.duplicate_ppm = 1_000_000);
    pair.lab(0, twice, Impairment::default());
    pair.loses = true;
    for n in 0..3 * MAX_IN_FLIGHT {
        let payload = n.to_be_bytes();
        pair.send(0, 0, SERVER, &payload);
        let receipt = Receipt {
            at: 0,
            from: address(CLIENT),
            to: address(SERVER),
            fingerprint: Fingerprint::between(address(CLIENT), address(SERVER), &payload),
            outcome: Outcome::Delivered,
        };
        pair.sessions[0].received(&receipt);
        pair.sessions[0].take_events();
    }
    let counters = pair.sessions[0].counters();
    assert_eq!(
        (counters.delivered, counters.rejected),
        (2 * MAX_IN_FLIGHT, MAX_IN_FLIGHT)
    );
    assert!(pair.sessions[0].held_bytes() < 6 << 20);
}

#[test]
fn a_session_without_room_rejects_and_takes_again_when_there_is_room() {
    let mut pair = Loopback::pair();
    pair.sessions[0].narrow(true);
    pair.send(0, 0, TARGET, b"rejected");
    assert!(!pair.sessions[0].goes_straight(1));
    assert_eq!(pair.errors(0)[0].errno, Errno::Enobufs);
    pair.sessions[0].narrow(false);
    pair.send(0, 0, TARGET, b"taken");
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.rejected, counters.left), (1, 1));
}

#[test]
fn one_thing_befalls_the_next_datagram_out() {
    let mut pair = Loopback::pair();
    // What is to befall it would not, if it went straight.
    pair.sessions[0].control(&SocketsRequest::Options(SocketsOptions { tracing: false }));
    assert!(pair.sessions[0].goes_straight(1));
    let mut now = 0;
    for mishap in [Mishap::Lose, Mishap::Hold, Mishap::Double] {
        let answer = pair.sessions[0].control(&SocketsRequest::Once(mishap));
        assert!(matches!(answer, Some(SocketsAnswer::Counters(_))));
        assert!(!pair.sessions[0].goes_straight(1));
        for text in ["struck", "not struck"] {
            pair.send(now, 0, SERVER, format!("{mishap:?}: {text}").as_bytes());
        }
        now += HOLD_US;
        pair.run(now);
    }
    let got: Vec<_> = pair
        .got
        .iter()
        .map(|(_, incoming)| String::from_utf8_lossy(&incoming.payload).into_owned())
        .collect();
    assert_eq!(
        got,
        [
            "Lose: not struck",
            "Hold: not struck",
            "Hold: struck",
            "Double: struck",
            "Double: struck",
            "Double: not struck"
        ]
    );
    let counters = pair.sessions[0].counters();
    assert_eq!((counters.delivered, counters.dropped), (5, 1));
}

#[test]
fn a_lab_out_of_range_is_refused_with_a_sentence() {
    let mut session = SocketsSession::new(0, 1);
    let lab = Lab {
        up: always(|up| up.loss_ppm = 1_000_001),
        ..Lab::default()
    };
    let Some(SocketsAnswer::Notice(notice)) = session.control(&SocketsRequest::Lab(lab)) else {
        panic!("taken")
    };
    assert_eq!(notice.code, "out_of_range");
    assert!(notice.text.contains("loss_ppm"), "{}", notice.text);
    session.control(&SocketsRequest::Options(SocketsOptions { tracing: false }));
    assert!(session.goes_straight(1) && session.comes_straight());
}

#[test]
fn datagrams_go_straight_only_while_nobody_traces_and_the_link_does_nothing() {
    let mut session = SocketsSession::new(0, 1);
    session.opened(1);
    assert!(!session.goes_straight(1) && !session.comes_straight());
    session.control(&SocketsRequest::Options(SocketsOptions { tracing: false }));
    assert!(session.goes_straight(64) && session.comes_straight());
    assert!(!session.goes_straight(MAX_IN_FLIGHT as usize + 1));
    let lab = Lab {
        up: slow(1),
        ..Lab::default()
    };
    session.control(&SocketsRequest::Lab(lab));
    assert!(!session.goes_straight(1) && session.comes_straight());
    // What is on the link may not be overtaken by what comes after it.
    session.from_client(0, message(1, Some(TARGET), b"on the link"));
    session.control(&SocketsRequest::Lab(Lab::default()));
    assert!(!session.goes_straight(1));
}

#[test]
fn datagrams_that_go_straight_are_booked_as_others_are() {
    let payloads: [&[u8]; 3] = [b"one", b"", b"three"];
    let ends = [
        Sent::Left,
        Sent::OnLoopback {
            from: address(CLIENT),
            to: address(SERVER),
        },
        Sent::Unbound {
            to: address(SERVER),
            is_connected: true,
        },
        Sent::Unbound {
            to: address(SERVER),
            is_connected: false,
        },
        Sent::Not(Refusal::new(Errno::Ehostunreach, "No route to host")),
    ];
    let [mut straight, mut others] = [(); 2].map(|()| {
        let mut session = SocketsSession::new(0, 1);
        session.opened(1);
        session.control(&SocketsRequest::Options(SocketsOptions { tracing: false }));
        session
    });
    for end in ends {
        straight.sent_straight(5, 1, payloads.into_iter(), end.clone());
        for payload in payloads {
            others.from_client(5, message(1, Some(SERVER), payload));
            let Some(Action::Send(outgoing)) = others.poll(5, |_| true) else {
                panic!("not sent")
            };
            others.sent(5, &outgoing, end.clone());
        }
        assert_eq!(straight.counters(), others.counters(), "{end:?}");
        assert_eq!(straight.drops(), others.drops(), "{end:?}");
        assert_eq!(straight.take_errors(), others.take_errors(), "{end:?}");
        assert_eq!(straight.next_due(), others.next_due(), "{end:?}");
    }
    let arrival = Arrival {
        socket: 1,
        from: address(SERVER),
        to: Some(address(CLIENT)),
    };
    for is_taken in [true, false] {
        for payload in payloads {
            straight.arrived_straight(9, &arrival, payload, is_taken);
            others.arrived(9, &arrival, Bytes::copy_from_slice(payload));
            assert_eq!(others.poll(9, |_| is_taken).is_some(), is_taken);
        }
        assert_eq!(straight.take_receipts(), others.take_receipts());
    }
    assert_eq!(straight.counters(), others.counters());
    assert_eq!(straight.drops(), others.drops());
    let counters = straight.counters();
    assert_eq!(
        (
            counters.left,
            counters.refused,
            counters.dropped,
            counters.rejected,
            counters.in_flight
        ),
        (3, 3, 3, 3, 3)
    );
}

#[test]
fn a_busy_session_holds_nothing_of_what_is_over() {
    let mut pair = Loopback::pair();
    for n in 0..10_000_u64 {
        pair.send(n, 0, SERVER, &n.to_be_bytes());
        pair.send(n, 0, TARGET, &n.to_be_bytes());
        pair.got.clear();
        pair.sessions[0].take_events();
        pair.sessions[1].take_events();
    }
    for session in &pair.sessions {
        assert!(session.held_bytes() < 16 * 1024, "{}", session.held_bytes());
    }
    assert!(size_of::<SocketsSession>() < 1024);
}

#[test]
fn events_and_errors_that_nobody_takes_are_counted_and_not_kept() {
    let mut session = SocketsSession::new(0, 1);
    session.opened(1);
    for n in 0..MAX_WAITING_EVENTS as u64 {
        let socket = (n % 2) as u16 + 2;
        session.from_client(0, message(socket, Some(TARGET), b""));
    }
    assert!(session.has_events() && session.has_errors());
    let (events, missed) = session.take_events();
    assert_eq!(
        (events.len(), missed),
        (MAX_WAITING_EVENTS, MAX_WAITING_EVENTS as u64)
    );
    let (errors, missed) = session.take_errors();
    assert_eq!(errors.len(), MAX_WAITING_ERRORS);
    assert_eq!(missed, (MAX_WAITING_EVENTS - MAX_WAITING_ERRORS) as u64);
    assert!(!session.has_events() && !session.has_errors());
}
