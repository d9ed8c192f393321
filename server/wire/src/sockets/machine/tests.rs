use std::collections::BTreeMap;

use super::*;
use crate::control::Lab;
use crate::link::{Impairment, Mishap};
use crate::sockets::control::{
    Bound, Call, Connected, Family, Named, Numbered, Open, Resolve, SocketError, SocketWhat,
    SocketsCounters,
};
use crate::sockets::errno::Errno;
use crate::sockets::header::Header;

/// A machine, and what its clients have seen.
struct Bench {
    machine: Machine,
    now: u64,
    ids: Vec<SessionId>,
    seen: BTreeMap<SessionId, Vec<Outgoing>>,
}

impl Bench {
    fn new() -> Self {
        Self {
            machine: Machine::new(7),
            now: 0,
            ids: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    fn join(&mut self, token: Option<&str>) -> (SessionId, SocketsHello) {
        let id = self.machine.open(self.now, 1, token).expect("a session");
        self.ids.push(id);
        self.settle();
        match self.take(id).remove(0) {
            Outgoing::Control(SocketsAnswer::Hello(hello)) => (id, *hello),
            other => panic!("{other:?} is no hello"),
        }
    }

    fn begin(&mut self) -> SessionId {
        let (id, _) = self.join(None);
        self.quiet(id);
        id
    }

    /// Switches tracing off, so that answers and datagrams stand alone.
    fn quiet(&mut self, id: SessionId) {
        let options = SocketsOptions { tracing: false };
        self.ask(id, SocketsRequest::Options(options));
    }

    /// Lets time pass until nothing is left to happen.
    fn settle(&mut self) {
        loop {
            for id in &self.ids {
                let sent = std::iter::from_fn(|| self.machine.poll(self.now, *id));
                self.seen.entry(*id).or_default().extend(sent);
            }
            match self.machine.next_due() {
                Some(due) => self.now = self.now.max(due),
                None => return,
            }
        }
    }

    fn take(&mut self, id: SessionId) -> Vec<Outgoing> {
        self.seen.remove(&id).unwrap_or_default()
    }

    fn ask(&mut self, id: SessionId, request: SocketsRequest) -> Vec<Outgoing> {
        self.machine.control(self.now, id, &request);
        self.settle();
        self.take(id)
    }

    fn open(&mut self, id: SessionId, socket: u16) {
        let family = Family::Ipv4;
        self.ask(id, SocketsRequest::Open(Open { socket, family }));
    }

    fn named(socket: u16, host: &str, port: u16) -> Named {
        let host = host.to_owned();
        Named { socket, host, port }
    }

    fn bind(&mut self, id: SessionId, socket: u16, port: u16) -> Result<Bound, SocketError> {
        let named = Self::named(socket, "localhost", port);
        match self.ask(id, SocketsRequest::Bind(named)).remove(0) {
            Outgoing::Control(SocketsAnswer::Bound(bound)) => Ok(bound),
            Outgoing::Control(SocketsAnswer::Error(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn connect(&mut self, id: SessionId, socket: u16, host: &str, port: u16) -> Connected {
        let named = Self::named(socket, host, port);
        let seen = self.ask(id, SocketsRequest::Connect(named)).pop();
        match seen.expect("an answer") {
            Outgoing::Control(SocketsAnswer::Connected(connected)) => connected,
            other => panic!("{other:?}"),
        }
    }

    fn send(&mut self, id: SessionId, socket: u16, to: Option<&str>, payload: &[u8]) {
        self.put(id, socket, to, payload);
        self.settle();
    }

    fn put(&mut self, id: SessionId, socket: u16, to: Option<&str>, payload: &[u8]) {
        let address = to.map(|to| to.parse().expect("an address"));
        let mut message = Vec::new();
        Header { socket, address }.write(&mut message);
        message.extend_from_slice(payload);
        self.machine.message(self.now, id, message.into());
    }

    fn counters(&mut self, id: SessionId) -> SocketsCounters {
        let seen = self.ask(id, SocketsRequest::Counters).pop();
        match seen.expect("an answer") {
            Outgoing::Control(SocketsAnswer::Counters(counters)) => {
                assert_eq!(counters.accounted(), counters.sent);
                counters
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What came to a client: socket, sender and payload.
fn received(seen: &[Outgoing]) -> Vec<(u16, String, Vec<u8>)> {
    let mut list = Vec::new();
    for outgoing in seen {
        if let Outgoing::Datagram(message) = outgoing {
            let (header, begin) = Header::read(message).expect("a header");
            let from = header.address.expect("a sender").to_string();
            list.push((header.socket, from, message[begin..].to_vec()));
        }
    }
    list
}

fn errors(seen: &[Outgoing]) -> Vec<SocketError> {
    let error = |outgoing: &Outgoing| match outgoing {
        Outgoing::Control(SocketsAnswer::Error(error)) => Some(error.clone()),
        _ => None,
    };
    seen.iter().filter_map(error).collect()
}

#[test]
fn hello_names_the_loopback_and_the_echo_server() {
    let (_, hello) = Bench::new().join(None);
    let address: Ipv4Addr = hello.loopback.address.parse().unwrap();
    assert!(address.is_loopback() && address.octets()[1] != 0);
    assert_eq!(hello.loopback.token.len(), 32);
    assert!(!hello.loopback.reachable && !hello.loopback.mapped);
    assert_eq!(hello.targets[0].address, "127.0.0.2:10000");
    assert_eq!(hello.sockets, Some(16));
}

#[test]
fn a_server_and_a_client_in_one_session_talk_over_localhost() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    bench.open(id, 2);
    let server = bench.bind(id, 1, 10_000).unwrap().local;
    bench.send(id, 2, Some(&server), b"This is the message.");
    let seen = bench.take(id);
    let Outgoing::Control(SocketsAnswer::Bound(client)) = &seen[0] else {
        panic!("{seen:?}");
    };
    assert_eq!(client.socket, 2);
    let message = b"This is the message.".to_vec();
    assert_eq!(
        received(&seen),
        [(1, client.local.clone(), message.clone())]
    );
    bench.send(id, 1, Some(&client.local), &message);
    assert_eq!(received(&bench.take(id)), [(2, server, message)]);
    let counters = bench.counters(id);
    assert_eq!((counters.sent, counters.delivered), (2, 2));
    assert_eq!(counters.received, 2);
}

#[test]
fn each_reader_has_port_10000_and_reaches_nobody_elses() {
    let mut bench = Bench::new();
    let (one, other) = (bench.begin(), bench.begin());
    bench.open(one, 1);
    bench.open(other, 1);
    let mine = bench.bind(one, 1, 10_000).unwrap().local;
    let theirs = bench.bind(other, 1, 10_000).unwrap().local;
    assert_ne!(mine, theirs);
    bench.send(one, 1, Some(&theirs), b"hello?");
    let error = errors(&bench.take(one)).remove(0);
    assert_eq!((error.call, error.errno), (Call::Send, Errno::Eacces));
    assert_eq!((error.datagram, error.count), (Some(1), Some(1)));
    assert!(error.text.contains(&theirs), "{}", error.text);
    assert_eq!(received(&bench.take(other)), []);
    assert_eq!(bench.counters(one).rejected, 1);
}

#[test]
fn a_session_with_the_token_shares_ports_and_a_wrong_token_opens_nothing() {
    let mut bench = Bench::new();
    let (one, hello) = bench.join(None);
    let (other, shared) = bench.join(Some(&hello.loopback.token));
    assert_eq!(shared.loopback, hello.loopback);
    assert_eq!(bench.machine.open(0, 1, Some("0123")), Err(NoSuchLoopback));
    bench.quiet(one);
    bench.quiet(other);
    bench.open(one, 1);
    bench.open(other, 1);
    bench.bind(one, 1, 10_000).unwrap();
    let error = bench.bind(other, 1, 10_000).unwrap_err();
    assert_eq!(error.errno, Errno::Eaddrinuse);
    bench.send(other, 1, Some("127.0.0.1:10000"), b"across");
    assert_eq!(received(&bench.take(one))[0].2, b"across");
    assert_eq!(bench.counters(other).delivered, 1);
}

#[test]
fn nobody_on_the_port_is_refused_to_the_connected_and_silence_to_others() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    bench.send(id, 1, Some("127.0.0.1:10000"), b"hello?");
    let seen = bench.take(id);
    assert_eq!(errors(&seen), []);
    let connected = bench.connect(id, 1, "localhost", 10_000);
    assert!(connected.peer.ends_with(":10000"));
    bench.send(id, 1, None, b"hello?");
    let error = errors(&bench.take(id)).remove(0);
    assert_eq!(
        (error.call, error.errno),
        (Call::Receive, Errno::Econnrefused)
    );
    let counters = bench.counters(id);
    assert_eq!((counters.dropped, counters.refused), (1, 1));
    bench.open(id, 2);
    bench.bind(id, 2, 10_000).unwrap();
    bench.send(id, 1, None, b"hello?");
    assert_eq!(received(&bench.take(id))[0].0, 2);
}

#[test]
fn the_echo_server_answers_all_but_empty_datagrams() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    let echo = "127.0.0.2:10000";
    bench.send(id, 1, Some(echo), b"echo");
    bench.send(id, 1, Some(echo), b"");
    let answers = received(&bench.take(id));
    assert_eq!(answers, [(1, echo.to_owned(), b"echo".to_vec())]);
    assert_eq!(bench.counters(id).left, 2);
}

#[test]
fn the_longest_datagram_goes_and_one_byte_more_is_the_systems_error() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    bench.send(id, 1, Some("127.0.0.2:10000"), &[7; 65_507]);
    assert_eq!(received(&bench.take(id))[0].2.len(), 65_507);
    bench.send(id, 1, Some("127.0.0.2:10000"), &[7; 65_508]);
    let error = errors(&bench.take(id)).remove(0);
    assert_eq!(error.errno, Errno::Emsgsize);
    assert_eq!(
        error.text,
        "Message too long: a datagram over IPv4 carries 65507 bytes at most"
    );
    let error = |bench: &mut Bench, bytes: usize| {
        bench.send(id, 7, Some("[::1]:10000"), &vec![7; bytes]);
        errors(&bench.take(id)).pop().map(|error| error.errno)
    };
    for socket in [6, 7] {
        let family = Family::Ipv6;
        bench.ask(id, SocketsRequest::Open(Open { socket, family }));
    }
    assert_eq!(bench.bind(id, 6, 10_000).unwrap().local, "[::1]:10000");
    assert_eq!(error(&mut bench, 65_527), None);
    assert_eq!(error(&mut bench, 65_528), Some(Errno::Emsgsize));
    assert_eq!(bench.counters(id).delivered, 1);
}

#[test]
fn calls_are_refused_by_name() {
    let mut bench = Bench::new();
    let id = bench.begin();
    let mut errno = |request: SocketsRequest| {
        let seen = bench.ask(id, request);
        errors(&seen).pop().map(|error| error.errno)
    };
    let open = |socket| {
        let family = Family::Ipv4;
        SocketsRequest::Open(Open { socket, family })
    };
    let named = Bench::named;
    let numbered = |socket| Numbered { socket };
    assert_eq!(errno(open(1)), None);
    assert_eq!(errno(open(1)), Some(Errno::Eexist));
    for socket in 2..=16 {
        assert_eq!(errno(open(socket)), None);
    }
    assert_eq!(errno(open(17)), Some(Errno::Emfile));
    use SocketsRequest::{Bind, Close, Connect, Disconnect};
    assert_eq!(errno(Bind(named(99, "", 0))), Some(Errno::Ebadf));
    assert_eq!(errno(Bind(named(1, "", 1023))), Some(Errno::Eacces));
    assert_eq!(
        errno(Bind(named(1, "127.0.0.2", 10_000))),
        Some(Errno::Eaddrnotavail)
    );
    assert_eq!(errno(Bind(named(1, "", 10_000))), None);
    assert_eq!(errno(Bind(named(1, "", 10_001))), Some(Errno::Einval));
    assert_eq!(errno(Bind(named(2, "", 10_000))), Some(Errno::Eaddrinuse));
    assert_eq!(
        errno(Connect(named(2, "localhost", 0))),
        Some(Errno::Einval)
    );
    assert_eq!(
        errno(Connect(named(2, "nowhere", 9000))),
        Some(Errno::Enoent)
    );
    assert_eq!(errno(Connect(named(2, "echo", 0))), None);
    assert_eq!(errno(Disconnect(numbered(2))), None);
    assert_eq!(errno(Disconnect(numbered(2))), Some(Errno::Enotconn));
    assert_eq!(errno(Close(numbered(1))), None);
    assert_eq!(errno(Close(numbered(1))), Some(Errno::Ebadf));
    assert_eq!(errno(Bind(named(3, "", 10_000))), None);
    let asked = Resolve {
        host: "example.org".to_owned(),
        family: None,
    };
    assert_eq!(errno(SocketsRequest::Resolve(asked)), Some(Errno::Enoent));
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    let mut bench = Bench::new();
    let id = bench.begin();
    for socket in 1..=3 {
        bench.open(id, socket);
    }
    let server = bench.bind(id, 1, 10_000).unwrap().local;
    bench.bind(id, 3, 10_003).unwrap();
    let client = bench.connect(id, 2, "localhost", 10_000).local;
    bench.send(id, 1, Some(&client), b"from its peer");
    bench.send(id, 3, Some(&client), b"from another");
    let answers = received(&bench.take(id));
    assert_eq!(answers, [(2, server, b"from its peer".to_vec())]);
    let counters = bench.counters(id);
    assert_eq!((counters.delivered, counters.dropped), (1, 1));
    assert_eq!(counters.strangers, 1);
}

#[test]
fn what_is_on_its_way_to_a_socket_that_closes_is_unreceived() {
    let mut bench = Bench::new();
    let (one, hello) = bench.join(None);
    let (other, _) = bench.join(Some(&hello.loopback.token));
    bench.quiet(other);
    bench.open(one, 1);
    bench.open(other, 1);
    bench.bind(other, 1, 10_000).unwrap();
    bench.take(one);
    bench.put(one, 1, Some("127.0.0.1:10000"), b"too late");
    bench.machine.poll(bench.now, one);
    let before = bench.now;
    bench.machine.close(bench.now, other);
    bench.ids.retain(|id| *id != other);
    bench.settle();
    assert!(bench.now < before + 1000, "nobody waits two seconds for it");
    let counters = bench.counters(one);
    assert_eq!((counters.dropped, counters.in_flight), (1, 0));
}

#[test]
fn the_answer_to_a_socket_that_is_closed_does_not_reach_the_next_with_its_number() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    bench.put(id, 1, Some("127.0.0.2:10000"), b"echo");
    let closing = SocketsRequest::Close(Numbered { socket: 1 });
    bench.machine.control(bench.now, id, &closing);
    bench.open(id, 1);
    bench.settle();
    assert_eq!(received(&bench.take(id)), []);
}

#[test]
fn one_seed_loses_the_same_datagrams_and_once_befalls_the_next() {
    let lost = |seed| {
        let mut bench = Bench::new();
        let id = bench.begin();
        bench.open(id, 1);
        let up = Impairment {
            loss_ppm: 300_000,
            ..Impairment::default()
        };
        let lab = Lab {
            up,
            seed,
            ..Lab::default()
        };
        bench.ask(id, SocketsRequest::Lab(lab));
        for number in 0..40u8 {
            bench.send(id, 1, Some("127.0.0.2:10000"), &[number]);
        }
        let answers = received(&bench.take(id));
        let counters = bench.counters(id);
        assert_eq!(counters.left + counters.dropped, 40);
        let numbers: Vec<u8> = answers.iter().map(|(_, _, payload)| payload[0]).collect();
        numbers
    };
    assert_eq!(lost(9), lost(9));
    assert_ne!(lost(9), lost(10));
}

#[test]
fn a_doubled_datagram_comes_twice_to_an_own_socket_and_leaves_for_a_target_once() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    bench.open(id, 2);
    let server = bench.bind(id, 2, 10_000).unwrap().local;
    for (to, times) in [(server.as_str(), 2), ("127.0.0.2:10000", 1)] {
        bench.ask(id, SocketsRequest::Once(Mishap::Double));
        bench.send(id, 1, Some(to), b"twice");
        assert_eq!(received(&bench.take(id)).len(), times, "{to}");
    }
    let counters = bench.counters(id);
    assert_eq!((counters.delivered, counters.left), (1, 1));
}

#[test]
fn events_tell_both_ends_and_their_times_do_not_go_backwards() {
    let mut bench = Bench::new();
    let (id, _) = bench.join(None);
    bench.open(id, 1);
    bench.open(id, 2);
    bench.bind(id, 1, 10_000).unwrap();
    bench.send(id, 2, Some("127.0.0.1:10000"), b"seen");
    let mut events = Vec::new();
    for outgoing in bench.take(id) {
        if let Outgoing::Control(SocketsAnswer::Events(list)) = outgoing {
            events.extend(list);
        }
    }
    let stamps: Vec<u64> = events.iter().map(|event| event.0).collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    let what: Vec<(u64, SocketWhat)> = events.into_iter().map(|event| (event.1, event.3)).collect();
    let expected = [
        (1, SocketWhat::RelayIn(2, 4)),
        (1, SocketWhat::UdpOut),
        (0, SocketWhat::UdpIn(1, 4)),
        (0, SocketWhat::RelayOut(1)),
        (1, SocketWhat::Delivered),
    ];
    assert_eq!(what, expected);
}

#[test]
fn however_seldom_somebody_asks_each_thing_happens_at_its_time() {
    let mut bench = Bench::new();
    let (id, _) = bench.join(None);
    bench.open(id, 1);
    bench.take(id);
    bench.put(id, 1, Some("127.0.0.2:10000"), b"echo");
    bench.now += 1_000_000;
    bench.settle();
    let mut last = 0;
    for outgoing in bench.take(id) {
        if let Outgoing::Control(SocketsAnswer::Events(list)) = outgoing {
            last = list.iter().map(|event| event.0).max().unwrap_or(last);
        }
    }
    assert!((1..1000).contains(&last), "{last} µs");
}

#[test]
fn a_client_that_takes_nothing_is_a_slow_reader() {
    let mut bench = Bench::new();
    let id = bench.begin();
    bench.open(id, 1);
    for _ in 0..200 {
        bench.put(id, 1, Some("127.0.0.2:10000"), &[0; 65_507]);
        bench.now += 1000;
        bench.machine.advance(bench.now);
    }
    let drops = bench.machine.sessions.get(id).unwrap().session.drops();
    bench.settle();
    let taken = received(&bench.take(id)).len();
    assert!((100..200).contains(&taken), "{taken}");
    assert_eq!(drops.iter().sum::<u64>(), 200 - taken as u64);
    bench.send(id, 1, Some("127.0.0.2:10000"), b"again");
    assert_eq!(received(&bench.take(id)).len(), 1);
}

#[test]
fn the_system_picks_ports_until_none_is_left() {
    let mut loopback = Loopback::new(Ipv4Addr::new(127, 83, 1, 5), String::new());
    let any: SocketAddr = "127.83.1.5:0".parse().unwrap();
    let mut draws = 0;
    for _ in 32_768..=60_999 {
        draws += 7919;
        let local = loopback.bind(any, (SessionId(0), 1), || draws);
        assert!((32_768..=60_999).contains(&local.unwrap().port()));
    }
    assert_eq!(loopback.bind(any, (SessionId(0), 1), || draws), None);
}
