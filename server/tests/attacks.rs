//! Attacks on a real host, with a bystander whose datagrams must all come back. Nothing may panic, grow or leak.
//!
//! `cargo xtask soak` makes the same attacks larger, and prints the figures.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use test_support::client::Client;
use test_support::host::HostProgram;
use test_support::host::get;
use test_support::soon;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use test_support::attacks::assaults::ATTACKS;
use test_support::attacks::belongings::{Descriptors, resident};
use test_support::attacks::by_hand::{ROUTES, close_code, next_frame, open, open_narrow, whole};
use test_support::attacks::figures;
use test_support::attacks::readers;
use test_support::attacks::scrape::Scrape;

/// A test for each attack, by its place in [`ATTACKS`].
macro_rules! attacks {
    ($($test:ident = $place:literal,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let attack = &ATTACKS[$place];
                let figures = figures::suffer(attack, attack.scale(true)).await;
                eprintln!("{}\n{}", attack.name, figures);
                figures.assert_harmless(attack.name, (attack.bound)(1));
            }
        )*
        /// No attack goes untested.
        const _: [(); [$($place),*].len()] = [(); ATTACKS.len()];
    };
}

attacks! {
    sessions_that_end_in_every_way_leave_nothing_behind = 0,
    broken_frames_end_their_own_session_with_the_code_for_it = 1,
    a_message_in_fragments_with_pings_between_costs_nobody_else = 2,
    messages_of_64_mib_are_cut_at_their_beginning = 3,
    pings_without_end_cost_a_bounded_number_of_bytes = 4,
    questions_without_end_cost_a_bounded_number_of_bytes = 5,
    a_thousand_messages_that_are_no_datagrams_end_their_session = 6,
    handshakes_that_drip_are_cut = 7,
    forged_headers_open_no_door = 8,
    floods_end_their_own_session = 9,
    a_storm_of_icmp_disturbs_nobody_and_does_not_spin = 10,
    readers_that_never_read_cost_a_bounded_number_of_bytes = 11,
    a_scan_reaches_neither_the_machine_nor_its_network_nor_the_host_s_own_ports = 12,
    a_third_party_gets_one_datagram_for_one_message_and_reaches_nobody_unasked = 13,
    nobody_is_reaches_or_imitates_another_reader = 14,
    a_guessed_token_opens_no_loopback = 15,
    a_foreign_loopback_origin_gets_sockets_and_no_peers = 16,
    a_session_has_as_many_sockets_as_it_may_and_leaves_every_port = 17,
    a_thousand_sockets_of_one_session_go_with_it = 18,
    a_loop_of_pages_ends_at_the_rate_and_is_named = 19,
    headers_of_garbage_are_refused_one_by_one = 20,
    floods_to_a_socket_of_the_reader_s_own_end_their_own_session = 21,
    calls_without_end_end_their_own_session = 22,
    readers_that_never_read_what_comes_to_their_sockets_cost_a_bounded_number_of_bytes = 23,
}

/// What the tutorial says, done by a thousand readers at once: each binds port 10000 and writes to `localhost:10000`.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_readers_bind_the_same_port_and_each_gets_its_own_echoes() {
    let host = HostProgram::start(&readers::SETTINGS).await;
    let before = Descriptors::settled(host.pid()).await;
    let echoed = readers::echo_at_once(&host, 1000).await;
    println!("{echoed}");
    let after = Descriptors::settled(host.pid()).await;
    assert!(before == after, "before\n{before}and after\n{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_that_reads_again_is_told_what_it_has_missed() {
    let host = HostProgram::start(&["--datagrams-per-second=0", "--bytes-per-second=0"]).await;
    let mut reader = open_narrow(host.http, "/relay").await;
    let datagram = whole(0x82, &[9; 8192]);
    // It sends and does not read, until answers have been dropped for it.
    let drops = async || {
        let scrape = Scrape::of(&host).await;
        scrape.sum("udp_echo_drops_total{reason=\"slow_reader\"}")
    };
    while drops().await == 0 {
        for _ in 0..16 {
            soon("the host's reading", reader.write_all(&datagram))
                .await
                .unwrap();
        }
    }
    let (mut events, mut told, mut counters) = (0, false, serde_json::Value::Null);
    // The totals come at once, each datagram's way when it has gathered.
    while counters.is_null() || events == 0 {
        let (first, payload) = soon("the host", next_frame(&mut reader)).await.unwrap();
        if first != 0x81 {
            continue;
        }
        let mut text: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let listed = text["events"].as_array().into_iter().flatten();
        events += listed
            .filter(|event| event[3]["dropped"][1] == "slow_reader")
            .count();
        told |= text["notice"]["code"] == "slow_reader";
        if told && text.get("counters").is_some() {
            counters = text["counters"].take();
        }
    }
    // What came in late may have been dropped after it was told.
    let dropped = counters["dropped"].as_u64().unwrap();
    assert!((1..=drops().await).contains(&dropped), "{counters}");
}

/// A page is shown what others send to the echo server. What waits to be shown to it must not be their datagrams.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_fill_memory_through_a_page_that_watches_and_does_not_read() {
    const DATAGRAM: usize = 60_000;
    const DATAGRAMS: usize = 1500;
    let host = HostProgram::start(&[]).await;
    let before = resident(host.pid());
    let mut page = open_narrow(host.http, "/relay").await;
    let (_, hello) = soon("the hello", next_frame(&mut page)).await.unwrap();
    let hello: serde_json::Value = serde_json::from_slice(&hello).unwrap();
    assert_eq!(hello["hello"]["loopback"], true, "only such a page watches");
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = hello["hello"]["server"].as_str().unwrap();
    stranger.connect(server).await.unwrap();
    let mut answer = vec![0; 66_000];
    for _ in 0..DATAGRAMS {
        stranger.send(&[b'x'; DATAGRAM]).await.unwrap();
        let received = soon("the answer", stranger.recv(&mut answer)).await;
        assert_eq!(received.unwrap(), DATAGRAM);
    }
    // Each thread has 5 MiB to read into.
    let grown = resident(host.pid()).saturating_sub(before);
    assert!(grown < DATAGRAMS * DATAGRAM / 4, "{grown} bytes more");
    // It was watching: what it has not read yet is there, in the server's words.
    let shown = async {
        while let Some((_, payload)) = next_frame(&mut page).await {
            let text: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            if text["visitor"]["bytes"] == DATAGRAM {
                return text["visitor"]["text"].as_str().unwrap().to_owned();
            }
        }
        panic!("the page was told of nobody");
    };
    let text = soon("a visitor", shown).await;
    assert_eq!(text, format!("{}… (59744 more bytes)", "x".repeat(256)));
}

/// A browser logs an error for every such frame, though its page did nothing wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_goodbye_among_its_answers_is_sent_nothing_after_the_close() {
    let host = HostProgram::start(&[]).await;
    for route in ROUTES {
        let mut stream = open(host.http, route).await;
        let datagrams = whole(0x82, &[b'x'; 100]).repeat(50);
        let goodbye = whole(0x88, &1000_u16.to_be_bytes());
        stream.write_all(&datagrams).await.unwrap();
        // Once the first of the answers is here, others wait.
        soon("an answer", stream.readable()).await.unwrap();
        stream
            .write_all(&[datagrams, goodbye].concat())
            .await
            .unwrap();
        assert_eq!(close_code(&mut stream).await, Some(1000), "{route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_asks_in_one_breath_with_its_goodbye_is_answered_before_the_close() {
    let host = HostProgram::start(&[]).await;
    for route in ["/relay", "/sockets"] {
        let mut stream = open(host.http, route).await;
        let question = whole(0x81, b"\"counters\"");
        let goodbye = whole(0x88, &1000_u16.to_be_bytes());
        stream
            .write_all(&[question, goodbye].concat())
            .await
            .unwrap();
        assert_eq!(close_code(&mut stream).await, Some(1000), "{route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_with_pings_between_them_are_one_datagram() {
    let host = HostProgram::start(&[]).await;
    let mut stream = open(host.http, "/relay/raw").await;
    let bytes = [
        whole(0x02, b"one "),
        whole(0x89, b"ping"),
        whole(0x00, b""),
        whole(0x00, b"data"),
        whole(0x80, b"gram"),
    ];
    for byte in bytes.concat() {
        stream.write_all(&[byte]).await.unwrap();
    }
    let mut expected = vec![0x8A, 4];
    expected.extend_from_slice(b"ping");
    expected.extend_from_slice(&[0x82, 12]);
    expected.extend_from_slice(b"one datagram");
    let mut answer = vec![0; expected.len()];
    soon("pong and echo", stream.read_exact(&mut answer))
        .await
        .unwrap();
    assert_eq!(answer, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client says after its upgrade, the host lives, and the next session works.
    #[test]
    fn no_bytes_bring_the_host_down(bytes in proptest::collection::vec(any::<u8>(), 0..600), route in 0..ROUTES.len()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let host = HostProgram::start(&[]).await;
            let mut stream = open(host.http, ROUTES[route]).await;
            let _ = stream.write_all(&bytes).await;
            let mut next = Client::connect(&host.ws("/relay/raw")).await;
            next.send(b"still there?").await;
            assert_eq!(next.datagram().await, b"still there?");
        });
    }

    /// Whatever a client asks for, it is answered or cut.
    #[test]
    fn no_request_brings_the_host_down(path in "[ -~]{0,60}", name in "[A-Za-z-]{1,20}", value in "[ -~]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let host = HostProgram::start(&["--trusted-proxy=127.0.0.1"]).await;
            let mut stream = TcpStream::connect(host.http).await.unwrap();
            let request = format!("GET /relay?{path} HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nX-Forwarded-For: {value}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let _ = soon("an answer", stream.read_to_end(&mut Vec::new())).await;
            let (head, _) = get(host.http, "/healthz/live", &[]).await;
            assert!(head.starts_with("HTTP/1.1 200"));
        });
    }
}
