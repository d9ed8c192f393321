use super::*;
use std::net::SocketAddr;

use wire::sockets::control::{Named, Numbered, Open, SocketsRequest};
use wire::sockets::errno::Errno;

const SERVER: Id = 1;
const CLIENT: Id = 2;
const HELLO: &str = r#"{"hello":{"protocol":1,"version":"0.1.0","session":"s1",
    "loopback":{"address":"127.83.1.5","token":"00","mapped":false,"reachable":true},
    "limits":{"datagram_bytes":65507,"message_bytes":65528,"control_bytes":4096,"datagrams_per_second":null,
        "bytes_per_second":null,"idle_ms":null,"lifetime_ms":null,"pong_ms":null,"control_per_second":null,"sessions":null,
        "sessions_per_address":null,"address_datagrams_per_second":null,"address_bytes_per_second":null},
    "sockets":16,"targets":[{"name":"echo","address":"127.0.0.2:10000"}],"peers":[],"seed":1,"options":{"tracing":true}}}"#;

/// A page, and what was done for it.
struct Page {
    session: Session,
    done: Vec<Effect>,
}

fn settings(role: Role) -> Settings {
    Settings {
        role,
        ..Settings::read(&|_| None).0
    }
}

fn at(port: u16) -> End {
    End::new([127, 83, 1, 5].into(), port)
}

impl Page {
    /// A page that is to have a server and a client.
    fn new(mode: Mode) -> Self {
        let mut page = Self {
            session: Session::new(mode),
            done: Vec::new(),
        };
        page.session.join(SERVER, settings(Role::Server));
        page.session.join(CLIENT, settings(Role::Client));
        page
    }

    /// The same with a session in which both have their sockets, 1 and 2, and the server its port.
    fn open() -> Self {
        let mut page = Self::new(Mode::Live);
        page.hear(HELLO);
        page.hear(
            r#"{"bound":{"socket":1,"local":"127.83.1.5:10000","outside":"127.83.1.5:10000"}}"#,
        );
        page.take();
        page
    }

    fn hear(&mut self, text: &str) {
        self.session
            .answer(crate::heard::read(text).unwrap().unwrap());
    }

    /// A datagram comes to a socket.
    fn get(&mut self, socket: u16, from: End, payload: &[u8], now: Micros) {
        let mut message = Vec::new();
        let address = Some(SocketAddr::V4(from));
        Header { socket, address }.write(&mut message);
        message.extend_from_slice(payload);
        self.session.datagram(&message, now);
    }

    /// What is to be done, as it comes.
    fn take(&mut self) -> Vec<Effect> {
        self.done = self.session.take_effects();
        self.done.clone()
    }

    /// The binary messages among it: to where, and what.
    fn sent(&mut self) -> Vec<(Header, Vec<u8>)> {
        let done = self.take();
        let messages = done.into_iter().filter_map(|effect| match effect {
            Effect::Net(net::Effect::Message(message)) => {
                let (header, begin) = Header::read(&message).unwrap();
                Some((header, message[begin..].to_vec()))
            }
            _ => None,
        });
        messages.collect()
    }

    fn requests(&mut self) -> Vec<SocketsRequest> {
        let done = self.take();
        let requests = done.into_iter().filter_map(|effect| match effect {
            // As a host reads it.
            Effect::Net(net::Effect::Request(request)) => serde_json::from_str(&request).ok(),
            _ => None,
        });
        requests.collect()
    }

    fn server(&self) -> &Server {
        match &self.session.element(SERVER).unwrap().program {
            Program::Server(server) => server,
            Program::Client(_) => panic!("a client"),
        }
    }

    fn client(&self) -> &Client {
        match &self.session.element(CLIENT).unwrap().program {
            Program::Client(client) => client,
            Program::Server(_) => panic!("a server"),
        }
    }

    fn lines(transcript: &udp_echo_feed::transcript::Transcript) -> Vec<&str> {
        let lines = transcript
            .numbers()
            .filter_map(|line| transcript.line(line));
        lines.map(|line| line.text.as_str()).collect()
    }
}

fn has_told(done: &[Effect], id: Id, is_it: fn(&Outcome) -> bool) -> bool {
    done.iter()
        .any(|effect| matches!(effect, Effect::Tell(of, outcome) if *of == id && is_it(outcome)))
}

#[test]
fn elements_of_a_page_share_one_session_and_have_a_socket_each() {
    let mut page = Page::new(Mode::Live);
    let connects = page
        .take()
        .into_iter()
        .filter(|effect| *effect == Effect::Connect);
    assert_eq!(connects.count(), 1);
    page.hear(HELLO);
    let open = |socket| {
        SocketsRequest::Open(Open {
            socket,
            family: Default::default(),
        })
    };
    let host = String::new();
    let bind = SocketsRequest::Bind(Named {
        socket: 1,
        host,
        port: 10_000,
    });
    assert_eq!(page.requests(), [open(1), bind, open(2)]);
    assert_eq!(page.session.state(), "live");
}

#[test]
fn the_server_prints_the_tutorials_words_and_sends_back_what_came() {
    let mut page = Page::open();
    page.get(
        1,
        at(50_139),
        b"This is the message.  It will be repeated.",
        5,
    );
    let peer = "('127.83.1.5', 50139)";
    assert_eq!(
        Page::lines(&page.server().transcript),
        [
            "starting up on 127.83.1.5 port 10000",
            "",
            "waiting to receive message",
            &format!("received 42 bytes from {peer}"),
            "This is the message.  It will be repeated.",
            &format!("sent 42 bytes back to {peer}"),
            "",
            "waiting to receive message",
        ]
    );
    let sent = page.sent();
    assert_eq!(
        sent[0].0,
        Header {
            socket: 1,
            address: Some(SocketAddr::V4(at(50_139)))
        }
    );
    assert_eq!(sent[0].1.len(), 42);
    let is_served = |outcome: &Outcome| matches!(outcome, Outcome::Served { sent: Some(42), .. });
    assert!(has_told(&page.done, SERVER, is_served));
}

#[test]
fn empty_datagrams_and_guarded_ports_are_received_and_not_answered() {
    let mut page = Page::open();
    page.get(1, at(50_139), b"", 1);
    page.get(1, End::new([127, 9, 9, 9].into(), 10_000), b"echo?", 2);
    assert_eq!(page.sent(), []);
    let counts = page.server().counts;
    assert_eq!((counts.received, counts.answered), (2, 0));
    assert_eq!((counts.empty, counts.guarded), (1, 1));
    let lines = Page::lines(&page.server().transcript);
    assert!(
        lines.contains(&words::EMPTY) && lines.contains(&words::GUARDED),
        "{lines:?}"
    );
}

#[test]
fn a_buffer_of_4096_cuts_and_says_so() {
    let mut page = Page::open();
    let rule = EchoRule {
        buffer: Some(4096),
        echo_empty: false,
    };
    page.session.act(SERVER, Act::Rule(rule), 0);
    page.get(1, at(50_139), &[b'x'; 5_000], 1);
    assert_eq!(page.sent()[0].1.len(), 4_096);
    let lines = Page::lines(&page.server().transcript).join("\n");
    assert!(lines.contains("received 4096 bytes from"), "{lines}");
    assert!(
        lines.contains("cut: the datagram had 5000 bytes"),
        "{lines}"
    );
}

#[test]
fn a_port_that_is_taken_reads_as_a_traceback_and_another_one_can_be_had() {
    let mut page = Page::new(Mode::Live);
    page.hear(HELLO);
    page.take();
    page.hear(r#"{"error":{"socket":1,"call":"bind","errno":"EADDRINUSE","text":"Another socket of this loopback has bound port 10000"}}"#);
    let lines = Page::lines(&page.server().transcript);
    assert_eq!(lines[0], "Traceback (most recent call last):");
    assert_eq!(lines[3], "OSError: [Errno 98] Address already in use");
    let State::Failed(errno, way_out) = &page.server().state else {
        panic!("{:?}", page.server().state);
    };
    assert_eq!(*errno, Errno::Eaddrinuse);
    assert_eq!(
        way_out,
        "Another socket of this loopback has bound port 10000. Stop that program, or take another port."
    );
    assert_eq!(
        page.requests(),
        [SocketsRequest::Close(Numbered { socket: 1 })]
    );
    page.session.act(SERVER, Act::Port(0), 1);
    assert!(matches!(
        &page.requests()[..],
        [
            SocketsRequest::Open(_),
            SocketsRequest::Bind(Named { port: 0, .. })
        ]
    ));
}

#[test]
fn a_client_sends_to_the_server_of_its_page_and_takes_the_answer() {
    let mut page = Page::open();
    page.session
        .act(CLIENT, Act::Send(b"hello"[..].into()), 1_000);
    let sent = page.sent();
    assert_eq!(
        sent[0].0,
        Header {
            socket: 2,
            address: Some(SocketAddr::V4(at(10_000)))
        }
    );
    page.hear(r#"{"bound":{"socket":2,"local":"127.83.1.5:50139"}}"#);
    page.get(2, at(10_000), b"hello", 3_500);
    let reply = page.client().sent[0].reply;
    assert_eq!(reply, crate::client::Reply::Came(5, 2_500));
    assert_eq!(
        Page::lines(&page.client().transcript),
        [
            "sending \"hello\"",
            "waiting to receive",
            "received \"hello\""
        ]
    );
    let is_echoed = |outcome: &Outcome| matches!(outcome, Outcome::Settled { fate: "echoed", .. });
    page.take();
    assert!(has_told(&page.done, CLIENT, is_echoed));
}

#[test]
fn when_the_server_is_gone_an_unconnected_client_hears_nothing_and_a_connected_one_is_refused() {
    let mut page = Page::open();
    page.session.act(SERVER, Act::Stop, 0);
    page.session.act(CLIENT, Act::Send(b"one"[..].into()), 0);
    page.hear(r#"{"events":[[1,1,0,{"dropped":["up","unbound"]}],[1,1,0,"gone"]]}"#);
    assert_eq!(page.session.next_due(), Some(2_000_000));
    page.session.rang(2_000_000);
    let lines = Page::lines(&page.client().transcript).join("\n");
    // No client can know why.
    assert!(lines.ends_with("\ntimed out (datagram 1)"), "{lines}");
    page.take();

    page.session.act(CLIENT, Act::Connect(true), 0);
    page.session
        .act(CLIENT, Act::Send(b"two"[..].into()), 2_500_000);
    let done = page.take();
    let named = r#"{"connect":{"socket":2,"host":"127.83.1.5","port":10000}}"#;
    let named = Effect::Net(net::Effect::Request(named.to_owned()));
    let connect = done.iter().position(|effect| *effect == named);
    let message = done.iter().position(|effect| matches!(effect, Effect::Net(net::Effect::Message(message)) if Header::read(message).unwrap().0.address.is_none()));
    assert!(connect.unwrap() < message.unwrap());
    // The transcript has the calls in their order, too.
    let lines = Page::lines(&page.client().transcript);
    let connect = lines.iter().rposition(|line| line.starts_with("connect("));
    assert!(
        connect < lines.iter().rposition(|line| *line == "sending \"two\""),
        "{lines:?}"
    );
    page.hear(r#"{"connected":{"socket":2,"local":"127.83.1.5:50139","peer":"127.83.1.5:10000"}}"#);
    page.hear(r#"{"events":[[3,2,0,"refused"]]}"#);
    page.hear(r#"{"error":{"socket":2,"call":"receive","errno":"ECONNREFUSED","text":"Connection refused"}}"#);
    let lines = Page::lines(&page.client().transcript).join("\n");
    assert!(
        lines.contains("ConnectionRefusedError: [Errno 111] Connection refused"),
        "{lines}"
    );
    assert_eq!(page.client().ends, [0, 0, 1, 1, 0]);
}

#[test]
fn a_datagram_that_was_not_sent_has_pythons_error() {
    let mut page = Page::open();
    page.session
        .act(CLIENT, Act::Send(vec![b'x'; 65_508].into()), 0);
    page.hear(r#"{"error":{"socket":2,"call":"send","datagram":1,"count":1,"errno":"EMSGSIZE","text":"Message too long"}}"#);
    page.hear(r#"{"events":[[1,1,0,{"rejected":"EMSGSIZE"}]]}"#);
    let lines = Page::lines(&page.client().transcript);
    assert_eq!(lines.last(), Some(&"OSError: [Errno 90] Message too long"));
    assert_eq!(page.client().ends, [0, 0, 0, 0, 1]);
}

#[test]
fn answers_are_counted_by_their_ends() {
    let mut page = Page::open();
    for _ in 0..3 {
        page.get(1, at(50_139), b"hi", 1);
    }
    page.hear(r#"{"events":[[1,1,0,"delivered"],[2,2,0,"left"],[3,2,0,"left"]]}"#);
    assert_eq!(page.server().counts.ends, [1, 1, 0, 0, 0]);
    let text = words::fates_sum(
        "answers",
        page.server().counts.answered,
        &page.server().counts.ends,
    );
    assert_eq!(
        text,
        "3 answers = 1 delivered + 1 handed over + 1 in flight"
    );
}

#[test]
fn a_peer_that_sends_every_answer_back_is_named_as_a_loop() {
    let mut page = Page::open();
    for _ in 0..700 {
        page.get(1, at(20_000), b"ball", 1);
    }
    let named = |page: &Page| {
        let looping = page.server().looping?;
        Some((looping.peer, looping.times, looping.is_over))
    };
    assert_eq!(named(&page), Some((at(20_000), 699, false)));
    page.hear(r#"{"error":{"socket":1,"call":"send","datagram":700,"count":1,"errno":"ENOBUFS","text":"over the rate of this session"}}"#);
    assert_eq!(named(&page), Some((at(20_000), 699, true)));
    let lines = Page::lines(&page.server().transcript);
    assert_eq!(
        lines.last(),
        Some(&"the answer was not sent (ENOBUFS): over the rate of this session")
    );
}

#[test]
fn without_a_host_the_simulated_one_stands_in_and_the_page_is_told() {
    let mut page = Page::new(Mode::Auto);
    page.take();
    page.session.closed("", 0);
    let done = page.take();
    assert!(done.contains(&Effect::Simulate) && done.contains(&Effect::Explain));
    assert_eq!(page.session.why, words::NO_HOST);
    page.hear(HELLO);
    assert_eq!(page.session.state(), "simulated");
    page.take();
    let is_ready = |outcome: &Outcome| {
        matches!(
            outcome,
            Outcome::Ready {
                mode: "simulated",
                ..
            }
        )
    };
    assert!(has_told(&page.done, SERVER, is_ready));
}

#[test]
fn when_the_host_goes_the_sockets_go_and_the_server_starts_again_with_the_next_session() {
    let mut page = Page::open();
    page.session.act(CLIENT, Act::Send(b"lost"[..].into()), 0);
    page.session.closed("", 1_000);
    page.take();
    assert_eq!(page.session.state(), "gone");
    assert_eq!(page.session.why, words::BROKEN);
    assert!(Page::lines(&page.server().transcript).contains(&words::HOST_WENT));
    let due = page.session.next_due().unwrap();
    page.session.rang(due);
    assert!(page.take().contains(&Effect::Connect));
    page.hear(HELLO);
    let requests = page.requests();
    assert!(
        requests
            .iter()
            .any(|request| matches!(request, SocketsRequest::Bind(named) if named.port == 10_000))
    );
    // What was on its way then is not mixed up with what is sent now.
    page.hear(r#"{"events":[[3,1,0,"refused"]]}"#);
    assert_eq!(page.client().ends, [0; 5]);
}

#[test]
fn a_server_that_was_stopped_stays_so_and_starts_when_it_is_asked_to() {
    let mut page = Page::open();
    page.session.act(SERVER, Act::Stop, 0);
    assert_eq!(
        page.requests(),
        [SocketsRequest::Close(Numbered { socket: 1 })]
    );
    assert_eq!(
        Page::lines(&page.server().transcript).last(),
        Some(&"closing socket")
    );
    page.session.act(SERVER, Act::Start, 0);
    assert!(matches!(
        &page.requests()[..],
        [SocketsRequest::Open(_), SocketsRequest::Bind(_)]
    ));
}

#[test]
fn an_element_that_leaves_closes_its_socket_and_the_last_one_the_session() {
    let mut page = Page::open();
    page.session.leave(SERVER);
    assert_eq!(
        page.requests(),
        [SocketsRequest::Close(Numbered { socket: 1 })]
    );
    page.session.leave(CLIENT);
    assert_eq!(page.take(), [Effect::Disconnect]);
    assert_eq!(page.session.state(), "idle");
}

#[test]
fn a_host_that_does_not_want_this_page_is_not_asked_again_and_again() {
    let mut page = Page::new(Mode::Live);
    page.session.closed("", 0);
    page.session.explained(Verdict {
        code: "refused".to_owned(),
        why: "The host gives pages no sockets".to_owned(),
        setting: "--sockets own".to_owned(),
    });
    assert_eq!(page.session.state(), "refused");
    assert_eq!(page.session.next_due(), None);
    assert_eq!(page.session.setting, "--sockets own");
}

#[test]
fn destinations_are_names_ports_and_addresses() {
    let mut page = Page::open();
    let mut to = |to: &str| {
        let to = Some(to.to_owned());
        page.session.act(CLIENT, Act::To(to), 0);
        page.session.destination(1)
    };
    assert_eq!(to("localhost:1234"), Some(at(1_234)));
    assert_eq!(to("1234"), Some(at(1_234)));
    assert_eq!(to("echo"), Some(End::new([127, 0, 0, 2].into(), 10_000)));
    assert_eq!(
        to("192.0.2.1:9000"),
        Some(End::new([192, 0, 2, 1].into(), 9_000))
    );
    assert_eq!(to("nobody"), None);
    page.session.act(CLIENT, Act::Send(b"x"[..].into()), 0);
    let notice = &page.session.element(CLIENT).unwrap().notice;
    assert_eq!(*notice, words::no_destination("nobody"));
}

#[test]
fn the_chunk_that_draws_reads_what_is_told() {
    let mut page = Page::open();
    page.session
        .act(CLIENT, Act::Send(b"hello"[..].into()), 1_000);
    page.hear(r#"{"bound":{"socket":2,"local":"127.83.1.5:50139"}}"#);
    page.hear(r#"{"events":[[100,1,0,{"relay_in":[2,5]}],[340,0,0,{"relay_out":1}],[350,1,0,"delivered"]]}"#);
    page.get(1, at(50_139), b"hello", 1_200);
    page.get(1, End::new([127, 0, 0, 1].into(), 40_000), b"", 1_300);
    let show = |id| {
        let (mut shown, mut told) = (udp_echo_ends::shown::Shown::default(), 0);
        let element = page.session.element(id).unwrap();
        let view = crate::view::View::new(&page.session, element, 0);
        assert_eq!(shown.take_in(&view.feed(&mut told)), Ok(()));
        (shown, told)
    };
    let (server, told) = show(SERVER);
    assert!(server.is_server);
    assert_eq!(
        Page::lines(&server.transcript),
        Page::lines(&page.server().transcript)
    );
    assert_eq!(told, page.server().transcript.numbers().end);
    let first = &server.flights[0];
    assert_eq!((first.other.as_str(), first.bytes), (":50139", 5));
    assert_eq!(
        (first.sent, &first.arrivals[..]),
        (Some(Some(100)), &[Some(340)][..])
    );
    let stranger = &server.flights[2];
    assert_eq!(
        (stranger.other.as_str(), stranger.sent),
        ("127.0.0.1:40000", None)
    );
    assert_eq!(server.rows[1].word, words::UNANSWERED_EMPTY);
    assert_eq!(server.sums[0], "2 received = 1 answered + 1 empty");
    let (client, _) = show(CLIENT);
    assert!(!client.is_server && client.flights[0].is_own);
    assert_eq!(client.rows[0].word, "delivered");
    assert_eq!(client.sums[0], "1 sent = 1 delivered");
}

mod anything {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_host_may_say_anything(
            messages in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..40), 0..6u8), 0..40)
        ) {
            let mut page = Page::open();
            for (bytes, kind) in messages {
                match kind {
                    0 => page.session.datagram(&bytes, 1),
                    1 => page.get(1, at(u16::from(bytes.len() as u8) + 1_000), &bytes, 1),
                    2 => page.session.act(CLIENT, Act::Send(bytes.into()), 1),
                    3 => page.hear(r#"{"events":[[1,1,0,"delivered"],[2,0,0,{"relay_out":3}]]}"#),
                    4 => page.session.rang(9_000_000),
                    _ => page.hear(r#"{"error":{"socket":1,"call":"send","datagram":1,"count":18446744073709551615,"errno":"EIO","text":""}}"#),
                }
                page.take();
            }
        }
    }
}
