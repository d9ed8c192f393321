//! `udp-echo client` as a tool: counts that add up whatever the network does, figures, JSON, captures.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use serde_json::{Value, json};
use test_support::host::TestServer;
use test_support::program::Program;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A server that answers as a test wants it: `answers` gets each datagram with its number and returns what is sent.
/// It stops with the runtime of its test.
async fn server_that(
    mut answers: impl FnMut(u64, Vec<u8>) -> Vec<Vec<u8>> + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        for number in 1.. {
            let (bytes, peer) = socket.recv_from(&mut buffer).await.unwrap();
            for answer in answers(number, buffer[..bytes].to_vec()) {
                socket.send_to(&answer, peer).await.unwrap();
            }
        }
    });
    (address, serving)
}

/// Runs the client with `--json` and returns its lines, the summary last.
async fn json(arguments: &[&str]) -> Vec<Value> {
    let client = Program::udp_echo(&[&["client", "--json"], arguments].concat())
        .finished()
        .await;
    assert_eq!(client.stderr, "");
    client
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The counters that are not zero.
fn counted(summary: &Value) -> Value {
    let names = [
        "sent",
        "echoed",
        "lost",
        "dropped",
        "refused",
        "rejected",
        "unanswered",
        "in_flight",
        "duplicates",
        "reordered",
        "late",
        "truncated",
        "stray",
    ];
    let summary = &summary["summary"];
    let counts = names.iter().map(|name| (*name, summary[name].clone()));
    Value::Object(
        counts
            .filter(|(_, count)| *count != 0)
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
    )
}

#[tokio::test]
async fn it_ends_with_a_summary_in_the_manner_of_ping() {
    let server = TestServer::start(&[]).await;
    let address = server.udp().to_string();
    let client = Program::udp_echo(&[
        "client",
        &address,
        "--count",
        "3",
        "--interval",
        "1ms",
        "--timeout",
        "30s",
    ])
    .finished()
    .await;
    let lines: Vec<&str> = client.stdout.lines().collect();
    assert!(
        lines[0].starts_with("42 bytes a datagram, from 127.0.0.1:"),
        "{client:?}"
    );
    for (line, number) in lines[1..4].iter().zip(1..) {
        assert!(
            line.starts_with(&format!("datagram {number}: echoed, 42 bytes, ")),
            "{line}"
        );
    }
    assert!(
        lines[5].starts_with(&format!("--- {address}: 3 sent in ")),
        "{client:?}"
    );
    assert_eq!(
        lines[6..8],
        [
            "sent 3 = echoed 3 + lost 0 + dropped 0 + refused 0 + rejected 0 + unanswered 0 + in flight 0",
            "100.0 % echoed; 0 duplicates, 0 reordered, 0 late, 0 cut, 0 stray",
        ]
    );
    let figures = lines[8]
        .strip_prefix("round trip min/avg/p99/max = ")
        .and_then(|rest| rest.strip_suffix(" ms"));
    let figures: Vec<f64> = figures
        .unwrap()
        .split('/')
        .map(|figure| figure.parse().unwrap())
        .collect();
    let [min, avg, p99, max] = figures[..] else {
        panic!("{client:?}");
    };
    assert!(
        0.0 < min && min <= avg && avg <= max && min <= p99 && p99 <= max,
        "{client:?}"
    );
    assert_eq!((client.code, client.stderr.as_str()), (Some(0), ""));
    server.shutdown().await;
}

#[tokio::test]
async fn loss_duplicates_and_reordering_are_told_apart() {
    let mut held = None;
    let (address, _serving) = server_that(move |number, datagram| match number {
        2 => vec![],
        3 => vec![datagram.clone(), datagram],
        4 => {
            held = Some(datagram);
            vec![]
        }
        5 => vec![datagram, held.take().unwrap()],
        6 => vec![datagram[..4].to_vec()],
        7 => vec![b"nobody sent this".to_vec(), datagram],
        _ => vec![datagram],
    })
    .await;
    let lines = json(&[
        &address.to_string(),
        "--size",
        "64",
        "--count",
        "8",
        "--interval",
        "1ms",
        "--timeout",
        "3s",
    ])
    .await;
    let summary = lines.last().unwrap();
    assert_eq!(
        counted(summary),
        json!({"sent": 8, "echoed": 7, "lost": 1, "duplicates": 1, "reordered": 1, "truncated": 1, "stray": 1})
    );
    assert_eq!(summary["summary"]["bytes_sent"], 8 * 64);
    let of = |number: u64| {
        lines
            .iter()
            .filter(move |line| line["datagram"] == number)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(2)[0]["fate"], "lost");
    assert_eq!(
        (&of(3)[0]["delivery"], &of(3)[1]["delivery"]),
        (&json!("echoed"), &json!("duplicate"))
    );
    assert_eq!(
        (&of(4)[0]["reordered"], &of(5)[0]["reordered"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&of(6)[0]["bytes"], &of(6)[0]["cut_from"]),
        (&json!(4), &json!(64))
    );
    let stray = lines
        .iter()
        .find(|line| line["delivery"] == "stray")
        .unwrap();
    assert_eq!(stray["datagram"], Value::Null);
}

#[tokio::test]
async fn a_late_answer_does_not_take_a_fate_back() {
    let mut held = Vec::new();
    let (address, _serving) = server_that(move |number, datagram| {
        held.push(datagram);
        // By the time the last one is sent, the first has been given up: its interval is longer than the timeout.
        if number == 2 {
            std::mem::take(&mut held)
        } else {
            vec![]
        }
    })
    .await;
    let arguments = [
        &address.to_string(),
        "--size",
        "64",
        "--count",
        "2",
        "--interval",
        "4s",
        "--timeout",
        "2s",
    ];
    let lines = json(&arguments).await;
    let counters = counted(lines.last().unwrap());
    assert_eq!(
        counters,
        json!({"sent": 2, "echoed": 1, "lost": 1, "late": 1})
    );
}

#[tokio::test]
async fn a_refused_client_goes_on_and_is_echoed_when_the_server_starts() {
    let address = format!("127.0.0.1:{}", test_support::port::free());
    let mut client = Program::udp_echo(&["client", &address, "--count", "0", "--interval", "20ms"]);
    let header = client.prints("bytes a datagram").await;
    let client_port = header
        .split([' ', ':'])
        .find_map(|word| word.parse::<u16>().ok().filter(|port| *port > 1023));
    client.prints("refused, nobody listens").await;
    client.prints("refused, nobody listens").await;

    let mut server = Program::udp_echo(&["echo", &address]);
    client.prints("echoed, 42 bytes").await;
    let received = server.says("received 42 bytes from ").await;
    let same_port = format!("('127.0.0.1', {})", client_port.expect(&header));
    assert!(received.ends_with(&same_port), "{received} after {header}");

    client.interrupt();
    let client = client.finished().await;
    assert!(client.stdout.contains(" + refused "), "{client:?}");
    assert_eq!(
        client.code,
        Some(0),
        "Ctrl-C ends the tool as it ends ping: {client:?}"
    );
}

#[tokio::test]
async fn all_byte_values_come_back_from_hexadecimal() {
    let server = TestServer::start(&[]).await;
    let digits: String = (0..=255).map(|byte| format!("{byte:02x} ")).collect();
    let lines = json(&[&server.udp().to_string(), &digits, "--hex"]).await;
    assert_eq!(counted(&lines[1]), json!({"sent": 1, "echoed": 1}));
    assert_eq!(lines[0]["bytes"], 256);
    server.shutdown().await;
}

/// The ledger matches an answer to its datagram by a hash of all its bytes, so an echo that is merged, split, cut or
/// changed would be a stray and leave a datagram lost.
#[tokio::test]
async fn ten_thousand_datagrams_come_back_each_as_it_was() {
    let server = TestServer::start(&[]).await;
    let address = server.udp().to_string();
    for size in ["8", "512", "1472"] {
        let arguments = [
            &address,
            "--quiet",
            "--count",
            "10000",
            "--interval",
            "0",
            "--timeout",
            "30s",
            "--size",
            size,
        ];
        let lines = json(&arguments).await;
        let summary = lines.last().unwrap();
        let counters = counted(summary);
        assert_eq!(
            (&counters["sent"], &counters["echoed"]),
            (&json!(10_000), &json!(10_000)),
            "{summary}"
        );
        assert_eq!(counters.as_object().unwrap().len(), 2, "{summary}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_capture_has_every_datagram_and_its_fate() {
    let (address, _serving) = server_that(|number, datagram| match number {
        2 => vec![],
        _ => vec![datagram],
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.pcapng");
    let path = file.to_str().unwrap();
    let address = address.to_string();
    let client = Program::udp_echo(&[
        "client",
        &address,
        "--pcap",
        path,
        "-c",
        "3",
        "-i",
        "1ms",
        "--timeout",
        "3s",
        "--size",
        "100",
        "-q",
    ]);
    assert_eq!(client.finished().await.code, Some(0));
    let capture = std::fs::read(&file).unwrap();
    // Each comment stands in the file as it is; five packets were on the wire.
    let text = String::from_utf8_lossy(&capture);
    for comment in [
        "datagram 1: echoed after ",
        "answer to datagram 1",
        "datagram 2: no answer from ",
        "datagram 3: echoed after ",
        "answer to datagram 3",
    ] {
        assert!(text.contains(comment), "{comment} is not in the capture");
    }
    assert_eq!(
        text.matches("datagram ").count(),
        5 + 1,
        "the loss is told with \"the datagram or its answer\""
    );
    let packet = b"\x45\0\0\x80";
    assert_eq!(
        capture.windows(4).filter(|bytes| bytes == packet).count(),
        5
    );
}

#[tokio::test]
async fn nobody_left_to_read_ends_it_quietly() {
    let server = TestServer::start(&[]).await;
    let script = format!(
        "{} client {} --count 0 --interval 1ms | head -1; exit ${{PIPESTATUS[0]}}",
        test_support::program::udp_echo().display(),
        server.udp()
    );
    let end = Program::other("bash", &["-c", &script]).finished().await;
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    assert_eq!(end.stdout.lines().count(), 1);
    server.shutdown().await;
}
