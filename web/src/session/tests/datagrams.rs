//! What becomes of datagrams, and how it shows.

use super::*;

#[test]
fn the_default_message_gives_the_tutorials_transcripts() {
    let mut page = Page::live();
    page.on(Event::Send);
    page.run(1000);
    let history = page.session.history();
    assert_eq!(
        lines(&history.client),
        [
            "sending \"This is the message.  It will be repeated.\"",
            "waiting to receive",
            "received \"This is the message.  It will be repeated.\"",
        ]
    );
    assert_eq!(
        lines(&history.server),
        [
            "starting up on 127.0.0.1 port 10000",
            "",
            "waiting to receive message",
            "received 42 bytes from ('127.0.0.1', 50139)",
            "This is the message.  It will be repeated.",
            "sent 42 bytes back to ('127.0.0.1', 50139)",
            "",
            "waiting to receive message",
        ]
    );
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    assert_eq!(page.view().sum(), [1, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_round_trip_is_split_without_mixing_clocks() {
    let mut page = Page::live();
    page.on(Event::Send);
    page.run(1000);
    let datagram = page.session.history().datagram(1).unwrap();
    let stamps = datagram.stamps();
    let trip = datagram.round_trip().unwrap();
    assert_eq!(trip.beyond_relay, stamps[5].unwrap() - stamps[0].unwrap());
    assert_eq!(trip.total, trip.beyond_relay + trip.before_relay);
    let since: Vec<u64> = page.view().stamps().map(Option::unwrap).into();
    assert_eq!(since, [0, 0, 30, 40, 70, 70]);
}

#[test]
fn a_coarse_clock_never_makes_a_part_longer_than_the_whole() {
    let mut page = Page::live();
    page.on(Event::Send);
    // To the browser no time passes: the answer comes within the same tick of its clock.
    let sent_at = page.now;
    page.session.on(Event::Datagram(b"x".to_vec()), sent_at);
    let way = vec![
        Report(10, 1, 0, What::RelayIn(42)),
        Report(130, 1, 0, What::RelayOut(1, Delivery::Echoed)),
    ];
    page.session
        .on(Event::Control(HostMessage::Events(way)), sent_at);
    let trip = page
        .session
        .history()
        .datagram(1)
        .unwrap()
        .round_trip()
        .unwrap();
    assert_eq!(
        (trip.total, trip.before_relay, trip.beyond_relay),
        (0, 0, 0)
    );
}

/// What the host reports of a datagram that was echoed: the answer is this message.
fn echoed(number: u64, message: u64) -> Event {
    let way = vec![
        Report(10, number, 0, What::RelayIn(42)),
        Report(130, number, 0, What::RelayOut(message, Delivery::Echoed)),
    ];
    Event::Control(HostMessage::Events(way))
}

#[test]
fn a_report_that_overtakes_its_answer_waits_for_it() {
    let mut page = Page::live();
    page.on(Event::Send);
    page.on(Event::Send);
    let sent_at = page.now;
    // The protocol lets control overtake datagrams, and a host that lies must not hold up the others.
    page.session.on(echoed(1, u64::MAX), sent_at);
    page.session.on(echoed(2, 1), sent_at);
    assert_eq!(page.fate(2), None, "its answer is not here yet");
    let answer = Event::Datagram(wire::transcript::DEFAULT_MESSAGE.into());
    page.session.on(answer, sent_at + 500);
    assert_eq!(page.fate(2), Some(Fate::Echoed));
    let history = page.session.history();
    let trip = history.datagram(2).unwrap().round_trip().unwrap();
    assert_eq!((trip.total, trip.beyond_relay), (500, 120));
    let printed = lines(&history.client);
    let received = "received \"This is the message.  It will be repeated.\"";
    assert_eq!(printed.last(), Some(&received));
}

/// The host has sent the answer, and says so; this page has not received it, and has no round trip to show.
#[test]
fn what_is_reported_echoed_but_never_arrives_is_no_answer_in_time() {
    let mut page = Page::live();
    page.on(Event::Send);
    let sent_at = page.now;
    page.session.on(echoed(1, 1), sent_at);
    page.session
        .on(Event::Closed(1006, String::new()), sent_at + 9);
    assert_eq!(page.fate(1), Some(Fate::Lost));
    assert_eq!(page.view().sum(), [1, 0, 1, 0, 0, 0, 0, 0]);
    assert!(
        page.view()
            .notice()
            .starts_with("Without an answer when the connection ended: 1"),
        "{}",
        page.view().notice()
    );
}

/// After a click a browser holds back what arrives until it has painted. What the click sends leaves after that, so that its
/// round trip does not contain it.
#[test]
fn a_datagram_is_stamped_and_leaves_when_the_timer_rings_and_not_in_the_click() {
    let mut page = Page::live();
    let clicked_at = page.now;
    assert_eq!(page.session.on(Event::Send, clicked_at), []);
    assert_eq!(
        page.session.wakes_at(clicked_at),
        Some(clicked_at),
        "the timer rings at once"
    );
    let painted_at = clicked_at + 16_000;
    let effects = page.session.on(Event::Tick, painted_at);
    assert!(matches!(effects[..], [Effect::Datagram(_)]), "{effects:?}");
    let datagram = page.session.history().datagram(1).unwrap();
    assert_eq!(datagram.sent_at, painted_at);
}

#[test]
fn what_is_asked_for_after_a_send_reaches_the_host_after_the_datagram() {
    let mut page = Page::live();
    page.session.on(Event::Send, page.now);
    let effects = page
        .session
        .on(asks("{\"server\":{\"listening\":false}}"), page.now);
    assert!(
        matches!(effects[..], [Effect::Datagram(_), Effect::Control(_)]),
        "{effects:?}"
    );
}

/// What the lines of the link say, with a link like this on the way there and back, and what the client printed.
fn told_with(up: Impairment, down: Impairment, sends: usize) -> (Page, Vec<String>, Vec<String>) {
    let mut page = Page::live();
    page.tell_host(&ClientMessage::Lab(Lab { up, down, seed: 3 }));
    for _ in 0..sends {
        page.send("ping");
    }
    page.run(10_000_000);
    let history = page.session.history();
    let owned = |transcript| lines(transcript).into_iter().map(str::to_owned).collect();
    let (path, client) = (owned(&history.path), owned(&history.client));
    (page, path, client)
}

const ALWAYS: u32 = 1_000_000;

#[test]
fn a_client_says_timed_out_when_it_gives_up_and_the_link_says_what_it_did() {
    let losing = Impairment {
        loss_ppm: ALWAYS,
        ..Impairment::default()
    };
    for (up, down, way) in [
        (losing, Impairment::default(), "there"),
        (Impairment::default(), losing, "back"),
    ] {
        let (page, path, client) = told_with(up, down, 1);
        assert_eq!(path, [format!("datagram 1: lost on the way {way}")]);
        assert_eq!(
            client,
            [
                "sending \"ping\"",
                "waiting to receive",
                "timed out (datagram 1)"
            ]
        );
        let datagram = page.session.history().datagram(1).unwrap();
        assert_eq!(words::fate_word(datagram.fate), "lost on the link");
        assert_eq!(
            words::fate_detail(datagram),
            format!(", on the way {way}"),
            "the row says it once"
        );
    }
}

#[test]
fn a_client_knows_of_no_loss_before_it_has_waited_for_its_timeout() {
    let mut page = Page::with(Settings {
        mode: Mode::Live,
        timeout_ms: Some(1500),
        ..Settings::default()
    });
    page.on(Event::Seen);
    page.run(0);
    page.on(asks("{\"lab\":{\"up\":{\"loss_ppm\":1000000}}}"));
    page.send("ping");
    page.run(1_499_999);
    assert_eq!(page.fate(1), Some(Fate::Dropped), "the page knows");
    let waits = ["sending \"ping\"", "waiting to receive"];
    assert_eq!(lines(&page.session.history().client), waits);
    page.run(1);
    let client = &page.session.history().client;
    assert_eq!(lines(client)[2..], ["timed out (datagram 1)"]);
}

#[test]
fn a_client_that_waits_for_a_late_answer_has_timed_out_and_is_told_that_it_is_too_late() {
    let slow = Impairment {
        delay_us: 3_000_000,
        ..Impairment::default()
    };
    let (page, path, client) = told_with(slow, Impairment::default(), 1);
    assert_eq!(
        client[2..],
        [
            "timed out (datagram 1)",
            "received \"ping\"",
            "too late: datagram 1 had timed out",
        ]
    );
    assert!(path.is_empty(), "{path:?}");
    let lost = page.session.history().datagram(1).unwrap();
    assert_eq!(words::fate_word(lost.fate), "no answer in time");
    assert_eq!(words::fate_detail(lost), ", answered too late");
}

#[test]
fn the_link_says_what_it_doubled_turned_over_and_let_overtake() {
    let doubling = Impairment {
        duplicate_ppm: ALWAYS,
        ..Impairment::default()
    };
    let (_, path, client) = told_with(doubling, Impairment::default(), 1);
    assert_eq!(path, ["datagram 1: doubled on the way there"]);
    assert_eq!(client[2..], ["received \"ping\""; 2], "and nothing of why");
    let (_, path, client) = told_with(Impairment::default(), doubling, 1);
    assert_eq!(path, ["datagram 1: doubled on the way back"]);
    assert_eq!(client[2..], ["received \"ping\""; 2]);
    let corrupting = Impairment {
        corrupt_ppm: ALWAYS,
        ..Impairment::default()
    };
    let (page, path, _) = told_with(corrupting, Impairment::default(), 1);
    let turned = "one bit turned over on the way there";
    assert_eq!(
        path,
        [
            format!("datagram 1: {turned}"),
            "datagram 1: lost, its checksum failed on the way there".to_owned(),
        ]
    );
    let datagram = page.session.history().datagram(1).unwrap();
    let detail = format!(", {turned}, its checksum failed on the way there");
    assert_eq!(words::fate_detail(datagram), detail);
    let shuffling = Impairment {
        delay_us: 20_000,
        reorder_ppm: 400_000,
        ..Impairment::default()
    };
    let (page, path, _) = told_with(shuffling, Impairment::default(), 10);
    let overtaken = page.view().beside()[1] as usize;
    assert!(overtaken > 0 && path.len() == overtaken, "{path:?}");
    assert!(path[0].ends_with(": overtaken by a later one"), "{path:?}");
}

#[test]
fn the_lane_of_the_link_is_there_when_the_link_does_something() {
    let mut page = Page::live();
    page.send("ping");
    page.run(1000);
    assert!(!page.view().has_link());
    page.on(asks("{\"lab\":{}}"));
    assert!(!page.view().has_link(), "a link that does nothing");
    page.on(asks("{\"lab\":{\"up\":{\"loss_ppm\":1000000}}}"));
    assert!(page.view().has_link(), "even before anything is sent");
    page.send("gone");
    page.run(1000);
    page.on(asks("{\"lab\":{}}"));
    assert!(page.view().has_link(), "what it has done stays to be read");
    page.on(Event::Clear);
    page.run(3_000_000);
    assert!(lines(&page.session.history().client).is_empty());
}

#[test]
fn every_time_has_three_digits_and_a_unit() {
    assert_eq!(words::stamp(Some(681_451)), "681 ms");
    assert_eq!(words::stamp(Some(30)), "30 µs");
    assert_eq!(words::stamp(None), "–");
    assert_eq!(words::way(3), "Datagram 3: time since it reached the relay");
}

#[test]
fn an_empty_datagram_is_logged_and_not_answered() {
    let mut page = Page::live();
    page.send("");
    page.run(1000);
    assert_eq!(page.fate(1), Some(Fate::Unanswered));
    let server = lines(&page.session.history().server);
    assert_eq!(
        server[3..],
        [
            "received 0 bytes from ('127.0.0.1', 50139)",
            "",
            words::UNANSWERED,
            "",
            "waiting to receive message"
        ]
    );
}

#[test]
fn nobody_listening_is_told_and_the_session_lives_on() {
    let mut page = Page::live();
    page.tell_host(&ClientMessage::Server(ServerRules {
        listening: false,
        ..ServerRules::default()
    }));
    page.send("anybody?");
    page.run(1000);
    assert_eq!(page.fate(1), Some(Fate::Refused));
    assert!(
        words::fate_detail(page.session.history().datagram(1).unwrap())
            .contains("Connection refused")
    );
    page.tell_host(&ClientMessage::Server(ServerRules::default()));
    page.send("anybody?");
    page.run(1000);
    assert_eq!(page.fate(2), Some(Fate::Echoed));
    assert_eq!(page.view().state(), "live");
}

#[test]
fn the_byte_that_is_too_many_is_named_before_and_rejected_after() {
    let mut page = Page::live();
    page.send(&"x".repeat(65_507));
    assert_eq!(page.view().remark(), "");
    page.send(&"x".repeat(65_508));
    assert!(page.view().remark().contains("65507"));
    page.run(1000);
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    assert_eq!(page.fate(2), Some(Fate::Rejected));
}

#[test]
fn a_cut_is_shown_on_both_sides() {
    let mut page = Page::live();
    page.tell_host(&ClientMessage::Server(ServerRules {
        buffer: Some(4),
        ..ServerRules::default()
    }));
    page.send("123456");
    page.run(1000);
    let history = page.session.history();
    assert!(lines(&history.server).contains(&"1234"));
    assert!(lines(&history.server).contains(&words::cut(6).as_str()));
    assert!(lines(&history.client).contains(&"received \"1234\""));
    assert_eq!(history.counters().truncated, 1);
}

#[test]
fn a_corrupted_bit_shows_in_the_servers_transcript() {
    let mut page = Page::live();
    let corrupting = Impairment {
        corrupt_ppm: 1_000_000,
        no_checksum: true,
        ..Impairment::default()
    };
    page.tell_host(&ClientMessage::Lab(Lab {
        up: corrupting,
        ..Lab::default()
    }));
    page.send("hello");
    page.run(1000);
    let history = page.session.history();
    let server = lines(&history.server);
    let at_server = server[4].to_owned();
    assert_ne!(at_server, "hello");
    let answer = format!("received \"{at_server}\"");
    assert!(
        lines(&history.client).contains(&answer.as_str()),
        "the server saw what it sent back"
    );
}

#[test]
fn loss_duplication_and_reordering_keep_the_books_closed() {
    let mut page = Page::live();
    let rough = Impairment {
        loss_ppm: 200_000,
        duplicate_ppm: 200_000,
        delay_us: 3_000,
        jitter_us: 3_000,
        corrupt_ppm: 100_000,
        ..Impairment::default()
    };
    page.tell_host(&ClientMessage::Lab(Lab {
        up: rough,
        down: rough,
        seed: 3,
    }));
    for n in 0..500 {
        page.send(&format!("datagram {n}"));
        page.run(300);
    }
    page.run(5_000_000);
    let host_counters = {
        page.tell_host(&ClientMessage::Counters);
        match page.host.as_mut().unwrap().poll(page.now) {
            Some(Outgoing::Control(HostMessage::Counters(counters))) => counters,
            other => panic!("{other:?}"),
        }
    };
    let view = page.view();
    assert_eq!(view.sum()[7], 0, "nothing is in flight any more");
    assert!(
        view.sum()[1] > 200
            && view.sum()[3] > 100
            && view.beside()[0] > 50
            && view.beside()[1] > 20,
        "{:?}",
        view.sum()
    );
    assert_eq!(page.session.history().counters(), &host_counters);
    let history = page.session.history();
    let kept = history
        .numbers()
        .filter_map(|number| history.datagram(number));
    for datagram in kept.filter(|datagram| datagram.fate == Some(Fate::Echoed)) {
        let trip = datagram.round_trip();
        assert!(trip.is_some(), "echoed without a round trip: {datagram:?}");
    }
}

#[test]
fn too_much_in_the_browsers_queue_is_not_added_to() {
    let mut page = Page::live();
    page.session.set_buffered(MAX_BUFFERED_BYTES + 1);
    page.on(Event::Send);
    assert_eq!(page.view().sum()[0], 0);
    assert!(page.view().notice().starts_with("Not sent"));
    page.session.set_buffered(0);
    page.on(Event::Send);
    assert_eq!(page.view().sum()[0], 1);
    assert_eq!(page.view().notice(), "");
}

#[test]
fn visitors_appear_in_the_servers_transcript_only() {
    let mut page = Page::live();
    page.on(Event::Control(HostMessage::Visitor(Visitor {
        peer: "127.0.0.1:41000".to_owned(),
        bytes: 5,
        text: "hello".to_owned(),
        sent: Some(5),
        fate: Some(VisitorFate::Echoed),
    })));
    let history = page.session.history();
    let server = lines(&history.server);
    assert!(server.contains(&"received 5 bytes from ('127.0.0.1', 41000)"));
    assert!(server.contains(&"sent 5 bytes back to ('127.0.0.1', 41000)"));
    assert!(lines(&history.client).is_empty());
    assert_eq!(page.view().sum()[0], 0);
}

#[test]
fn the_transcript_says_why_a_visitor_got_no_answer() {
    for (fate, remark) in [
        (Some(VisitorFate::Unanswered), Some(words::UNANSWERED)),
        (Some(VisitorFate::Guarded), Some(words::GUARDED)),
        (Some(VisitorFate::Failed), Some(words::NOT_TAKEN)),
        // A host of before says nothing of it.
        (None, None),
    ] {
        let mut page = Page::live();
        page.on(Event::Control(HostMessage::Visitor(Visitor {
            peer: "127.0.0.1:41000".to_owned(),
            bytes: 0,
            text: String::new(),
            sent: None,
            fate,
        })));
        let server = lines(&page.session.history().server);
        let remarks = [words::UNANSWERED, words::GUARDED, words::NOT_TAKEN];
        let said = remarks.into_iter().find(|remark| server.contains(remark));
        assert_eq!(said, remark, "{server:?}");
    }
}

#[test]
fn announcements_are_single_when_few_and_sums_when_many() {
    let mut page = Page::live();
    page.send("one");
    page.run(1000);
    assert!(
        page.view()
            .announcement()
            .starts_with("Datagram 1, 3 bytes: echoed")
    );
    for _ in 0..30 {
        page.send("more");
        page.run(1000);
    }
    assert!(
        page.view().announcement().starts_with("Datagram 1,"),
        "the pause is not over"
    );
    page.run(2_000_000);
    assert_eq!(page.view().announcement(), "30 datagrams, 30 echoed");
}

#[test]
fn the_keys_go_through_the_datagrams_and_stop_at_the_ends() {
    let mut page = Page::live();
    page.on(Event::Step(Direction::Older));
    assert_eq!(page.view().selected(), None);
    for _ in 0..3 {
        page.on(Event::Send);
    }
    page.run(1000);
    page.on(Event::Step(Direction::Older));
    assert_eq!(page.view().selected(), Some(2));
    page.on(Event::Step(Direction::Older));
    page.on(Event::Step(Direction::Older));
    assert_eq!(page.view().selected(), Some(1));
    for _ in 0..5 {
        page.on(Event::Step(Direction::Newer));
    }
    assert_eq!(page.view().selected(), Some(3));
    page.on(Event::Select(None));
    assert_eq!(page.view().selected(), None);
}

#[test]
fn old_datagrams_are_forgotten_but_stay_counted() {
    let mut page = Page::live();
    let many = history::KEPT_DATAGRAMS as u64 + 100;
    for _ in 0..many {
        page.send("x");
        page.run(200);
    }
    page.run(10_000);
    assert_eq!(
        page.session.history().numbers().count(),
        history::KEPT_DATAGRAMS
    );
    assert!(page.session.history().datagram(100).is_none());
    assert_eq!(page.fate(101), Some(Fate::Echoed));
    assert_eq!(page.view().sum()[1], many);
    assert_eq!(
        page.view().rows().count() as u64,
        crate::settings::DRAWN_ROWS
    );
    assert_eq!(page.view().shown().unwrap().number, many);
}

fn any_what() -> impl Strategy<Value = What> {
    prop_oneof![
        any::<usize>().prop_map(What::RelayIn),
        Just(What::UdpOut),
        any::<usize>().prop_map(What::EchoIn),
        any::<usize>().prop_map(What::Cut),
        any::<usize>().prop_map(What::EchoOut),
        (0..20_u64).prop_map(|message| What::RelayOut(message, Delivery::Echoed)),
        (0..20_u64).prop_map(|message| What::RelayOut(message, Delivery::Late)),
        any::<u32>().prop_map(|bit| What::Corrupted(wire::link::Direction::Up, bit)),
        Just(What::Gone),
        Just(What::Refused(String::new())),
        Just(What::Rejected(String::new())),
        Just(What::Unanswered),
        Just(What::Lost),
    ]
}

proptest! {
    /// A host that lies must not break the page, nor its books.
    #[test]
    fn no_reports_in_any_order_open_the_books(
        steps in prop::collection::vec(
            prop_oneof![
                any_what().prop_map(Some),
                Just(None),
            ],
            0..60,
        ),
        ids in prop::collection::vec(prop_oneof![0..12_u64, Just(u64::MAX)], 60),
        copy in any::<u8>(),
    ) {
        let mut page = Page::live();
        for (step, id) in steps.into_iter().zip(ids) {
            match step {
                Some(what) => {
                    let event = Report(5, id, copy, what);
                    page.on(Event::Control(HostMessage::Events(vec![event])));
                }
                None => {
                    page.on(Event::Send);
                    page.on(Event::Datagram(b"answer".to_vec()));
                }
            }
            page.view();
        }
    }
}

#[test]
fn what_a_chunk_asks_for_holds_for_this_session_and_the_next() {
    let mut page = Page::live();
    page.on(asks("{\"lab\":{\"up\":{\"loss_ppm\":1000000}}}"));
    page.run(0);
    page.send("gone");
    page.run(1000);
    assert_eq!(page.fate(1), Some(Fate::Dropped));
    page.on(Event::Closed(1006, String::new()));
    page.run(11_000_000);
    page.send("gone again");
    page.run(1000);
    assert_eq!(
        page.fate(2),
        Some(Fate::Dropped),
        "the new session has the same link"
    );
    page.on(asks("{\"lab\":{}}"));
    page.on(asks("{\"server\":{\"listening\":false}}"));
    page.send("anybody?");
    page.run(1000);
    assert_eq!(page.fate(3), Some(Fate::Refused));
}

#[test]
fn a_message_may_be_bytes_that_are_no_text_and_is_sent_as_they_are() {
    let mut page = Page::live();
    let revision = page.view().draft_revision();
    for bytes in [&b"\xff\0"[..], b"a\r\nb"] {
        page.on(Event::Fill(bytes.into()));
        assert_eq!(
            page.view().draft(),
            None,
            "a field for text would change it"
        );
        assert!(page.view().length().contains("bytes that are no text"));
        page.on(Event::Send);
    }
    assert_eq!(page.view().draft_revision(), revision + 2);
    page.run(1000);
    let sent = |number| {
        page.session
            .history()
            .datagram(number)
            .unwrap()
            .payload
            .clone()
    };
    assert_eq!(
        (&sent(1)[..], &sent(2)[..]),
        (&b"\xff\0"[..], &b"a\r\nb"[..])
    );
    page.on(Event::Draft("text again".to_owned()));
    assert_eq!(page.view().draft(), Some("text again"));
}
