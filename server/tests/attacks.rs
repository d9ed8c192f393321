//! Attacks on a real host, with a bystander whose datagrams must all come back. Nothing may panic, grow or leak.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::client::Client;
use common::program::Program;
use common::{get, soon};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest round trip of a bystander in the slowest hundredth, on a machine that builds and tests at the same time.
const BYSTANDER_P99: Duration = Duration::from_millis(500);

/// When a bystander's datagram counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A WebSocket opened by hand, to send what no library would.
async fn open(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the upgrade", stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// One masked frame (RFC 6455, section 5.2), with any first byte and any claimed length.
fn frame(first: u8, claimed: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match claimed {
        0..=125 => frame.push(0x80 | claimed as u8),
        126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(claimed as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&claimed.to_be_bytes());
        }
    }
    // A mask of zeros leaves the payload as it is.
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

fn whole(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload.len() as u64, payload)
}

/// Reads to the end and returns the code of the Close, if one came.
async fn close_code(stream: &mut TcpStream) -> Option<u16> {
    let mut all = Vec::new();
    // A reset ends it as well; what came before is in `all`.
    let _ = soon("the end", stream.read_to_end(&mut all)).await;
    let mut rest = &all[..];
    while let [first, second, ..] = *rest {
        let (head, length) = match second {
            126 => (
                4,
                u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]) as usize,
            ),
            127 => (
                10,
                u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?) as usize,
            ),
            short => (2, short as usize),
        };
        let payload = rest.get(head..head + length)?;
        if first == 0x88 {
            let after = rest.len() - head - length;
            assert_eq!(after, 0, "bytes after the Close (RFC 6455, section 5.5.1)");
            return Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]));
        }
        rest = &rest[head + length..];
    }
    None
}

/// Asks and is answered again and again until `attack` is over; the slowest hundredth must not be slow.
///
/// A datagram may get lost where a flood fills the echo server's own buffer, which all share; few may.
async fn undisturbed<T>(host: &Program, attack: impl Future<Output = T>) -> T {
    let mut bystander = Client::connect(&host.ws("/relay/raw")).await;
    let (mut times, mut lost) = (Vec::new(), 0);
    let mut attack = Box::pin(attack);
    let outcome = loop {
        let began = Instant::now();
        let question = format!("question {}", times.len() + lost);
        bystander.send(question.as_bytes()).await;
        let answered = async { while bystander.datagram().await != question.as_bytes() {} };
        tokio::select! {
            outcome = &mut attack => break outcome,
            answered = tokio::time::timeout(ANSWER_WITHIN, answered) => match answered {
                Ok(()) => times.push(began.elapsed()),
                Err(_) => lost += 1,
            },
        }
    };
    times.sort();
    let asked = times.len() + lost;
    assert!(lost <= 1 + asked / 20, "{lost} of {asked} were lost");
    if let Some(&p99) = times.get(times.len() * 99 / 100) {
        eprintln!("bystander: {asked} asked, {lost} lost, p99 {p99:?}");
        assert!(p99 < BYSTANDER_P99, "{p99:?} of {asked} round trips");
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_end_their_own_session_with_the_code_of_the_rfc() {
    let host = Program::start(&[]).await;
    let rows: &[(&str, Vec<u8>, u16)] = &[
        ("reserved bits", whole(0xC2, b"x"), 1002),
        ("a reserved opcode", whole(0x83, b"x"), 1002),
        ("a long ping", whole(0x89, &[0; 126]), 1002),
        ("a fragmented ping", whole(0x09, b"x"), 1002),
        ("a continuation of nothing", whole(0x80, b"x"), 1002),
        (
            "a message inside another",
            [whole(0x02, b"a"), whole(0x82, b"b")].concat(),
            1002,
        ),
        ("an unmasked frame", vec![0x82, 0x01, b'x'], 1002),
        ("text that is not UTF-8", whole(0x81, &[0xC3, 0x28]), 1007),
        ("a claim of 64 MiB", frame(0x82, 64 << 20, b"x"), 4409),
        (
            "a claim of half the address space",
            frame(0x82, 1 << 62, b"x"),
            4409,
        ),
        (
            "100 KiB in fragments",
            (0..100)
                .flat_map(|n| whole(if n == 0 { 0x02 } else { 0 }, &[0; 1024]))
                .collect(),
            4409,
        ),
    ];
    undisturbed(&host, async {
        for route in ["/relay", "/relay/raw"] {
            for (what, bytes, code) in rows {
                let mut stream = open(host.http, route).await;
                // It may be over before all is written.
                let _ = stream.write_all(bytes).await;
                let said = close_code(&mut stream).await;
                assert_eq!(said, Some(*code), "{what} on {route}");
            }
        }
    })
    .await;
}

/// A browser logs an error for every such frame, though its page did nothing wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_goodbye_among_its_answers_is_sent_nothing_after_the_close() {
    let host = Program::start(&[]).await;
    for route in ["/relay", "/relay/raw"] {
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
async fn fragments_with_pings_between_them_are_one_datagram() {
    let host = Program::start(&[]).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn pings_without_end_from_a_client_that_never_reads_cost_a_bounded_number_of_bytes() {
    let host = Program::start(&["--idle-time=3s", "--ping-time=1s", "--pong-time=1s"]).await;
    let before = host.resident();
    undisturbed(&host, async {
        let pings: Vec<u8> = (0..500).flat_map(|_| whole(0x89, &[7; 125])).collect();
        for route in ["/relay", "/relay/raw"] {
            let mut stream = open(host.http, route).await;
            let began = Instant::now();
            let mut sent = 0;
            while began.elapsed() < Duration::from_millis(1500) && sent < 64 << 20 {
                let write =
                    tokio::time::timeout(Duration::from_millis(200), stream.write_all(&pings));
                match write.await {
                    Ok(Ok(())) => sent += pings.len(),
                    // The host has ended it, or reads no more: both are a bound.
                    _ => break,
                }
            }
        }
    })
    .await;
    let grown = host.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_end_from_a_client_that_never_reads_cost_a_bounded_number_of_bytes() {
    let host = Program::start(&["--control-per-second=0", "--idle-time=3s"]).await;
    let before = host.resident();
    undisturbed(&host, async {
        let questions: Vec<u8> = (0..500)
            .flat_map(|_| whole(0x81, b"\"counters\""))
            .collect();
        let mut stream = open(host.http, "/relay").await;
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(1500) {
            let write =
                tokio::time::timeout(Duration::from_millis(300), stream.write_all(&questions));
            if !matches!(write.await, Ok(Ok(()))) {
                break;
            }
        }
    })
    .await;
    let grown = host.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_end_in_every_way_leave_nothing_behind() {
    let host = Program::start(&["--handshake-time=500ms"]).await;
    // `cargo xtask soak` asks for more.
    let rounds = std::env::var("UDP_ECHO_SOAK_ROUNDS").map_or(40, |rounds| rounds.parse().unwrap());
    // The first ones warm up what stays: threads and buffers.
    every_way(&host, 10).await;
    let before = (settled(&host, usize::MAX).await, host.resident());
    undisturbed(&host, every_way(&host, rounds)).await;
    let after = (settled(&host, before.0).await, host.resident());
    eprintln!("sessions ended in every way: {}", rounds * 10);
    eprintln!("handshakes never finished:   {rounds}");
    eprintln!(
        "file descriptors:            {} before, {} after",
        before.0, after.0
    );
    eprintln!(
        "resident bytes:              {} before, {} after",
        before.1, after.1
    );
    assert!(after.0 <= before.0, "{before:?} before, {after:?} after");
    assert!(
        after.1 < before.1 + (16 << 20),
        "{before:?} before, {after:?} after"
    );
}

/// Ends sessions by clean close, abort, reset in mid-frame, half close, unfinished handshake, and flood then vanish.
async fn every_way(host: &Program, rounds: usize) {
    for _ in 0..rounds {
        for route in ["/relay", "/relay/raw"] {
            let mut clean = open(host.http, route).await;
            clean
                .write_all(&whole(0x88, &1000_u16.to_be_bytes()))
                .await
                .unwrap();
            assert_eq!(close_code(&mut clean).await, Some(1000));

            drop(open(host.http, route).await);

            let mut cut = open(host.http, route).await;
            cut.write_all(&frame(0x82, 60_000, b"only the beginning"))
                .await
                .unwrap();
            cut.set_zero_linger().unwrap();
            drop(cut);

            let mut half = open(host.http, route).await;
            half.shutdown().await.unwrap();
            let _ = soon("the other half", half.read_to_end(&mut Vec::new())).await;

            let mut flood = open(host.http, route).await;
            let burst: Vec<u8> = (0..200).flat_map(|_| whole(0x82, &[1; 1000])).collect();
            flood.write_all(&burst).await.unwrap();
            drop(flood);
        }
        let mut unfinished = TcpStream::connect(host.http).await.unwrap();
        unfinished
            .write_all(b"GET /relay HTTP/1.1\r\n")
            .await
            .unwrap();
    }
}

/// File descriptors of the host once no session is left, and they are no more than `most` or time is over.
async fn settled(host: &Program, most: usize) -> usize {
    let began = Instant::now();
    loop {
        let (_, metrics) = get(host.http, "/metrics", &[]).await;
        let idle = metrics.contains("udp_echo_sessions 0\n");
        let open = host.descriptors();
        if (idle && open <= most) || began.elapsed() > common::PATIENCE {
            return open;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client says after its upgrade, the host lives, and the next session works.
    #[test]
    fn no_bytes_bring_the_host_down(bytes in proptest::collection::vec(any::<u8>(), 0..600), page in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let host = Program::start(&[]).await;
            let mut stream = open(host.http, if page { "/relay" } else { "/relay/raw" }).await;
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
            let host = Program::start(&["--trusted-proxy=127.0.0.1"]).await;
            let mut stream = TcpStream::connect(host.http).await.unwrap();
            let request = format!("GET /relay?{path} HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nX-Forwarded-For: {value}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let _ = soon("an answer", stream.read_to_end(&mut Vec::new())).await;
            let (head, _) = get(host.http, "/healthz/live", &[]).await;
            assert!(head.starts_with("HTTP/1.1 200"));
        });
    }
}
