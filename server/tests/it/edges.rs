//! Every edge of a datagram's size and content, through the whole path: WebSocket in, UDP, echo, UDP, WebSocket out.
//!
//! `cargo test -p udp-echo --test it edges:: -- --nocapture` prints the table of sizes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use test_support::client::Client;
use test_support::host::TestServer;
use test_support::soon;

/// Sizes around every limit that some relay has: Ethernet's MTU, the tutorial's buffer, macOS, 32 KiB, IPv4.
const SIZES_IPV4: [usize; 15] = [
    1, 41, 42, 1472, 1473, 4095, 4096, 4097, 8192, 9216, 9217, 32_767, 32_768, 65_506, 65_507,
];

/// The two ways in, each with offload and without.
const WAYS: [(&str, &[&str]); 4] = [
    ("/relay", &[]),
    ("/relay", &["--no-offload"]),
    ("/relay/raw", &[]),
    ("/relay/raw", &["--no-offload"]),
];

/// Bytes that repeat with no period that a buffer size could hide.
fn payload(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n * 31 + n / 251) as u8).collect()
}

async fn host(arguments: &[&str], address: &str) -> TestServer {
    let arguments = [arguments, &["--udp", address, "--http", address]].concat();
    TestServer::start(&arguments).await
}

async fn assert_comes_back(client: &mut Client, payload: &[u8]) {
    client.send(payload).await;
    let answer = client.datagram().await;
    assert!(
        answer == payload,
        "{} bytes came back as {}",
        payload.len(),
        answer.len()
    );
}

#[tokio::test]
async fn every_size_comes_back_whole_over_ipv4() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "127.0.0.1:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        for size in SIZES_IPV4 {
            assert_comes_back(&mut client, &payload(size)).await;
            println!("{path:<10} {:<12} {size:>6} B  echoed", arguments.join(" "));
        }
        assert_rejected(&mut client, path, 65_508).await;
        println!(
            "{path:<10} {:<12} {:>6} B  rejected",
            arguments.join(" "),
            65_508
        );
    }
}

#[tokio::test]
async fn ipv6_carries_twenty_bytes_more() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "[::1]:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        for size in [1, 42, 1453, 65_507, 65_508, 65_526, 65_527] {
            assert_comes_back(&mut client, &payload(size)).await;
            println!(
                "{path:<10} {:<12} {size:>6} B  echoed over IPv6",
                arguments.join(" ")
            );
        }
        assert_rejected(&mut client, path, 65_528).await;
        println!(
            "{path:<10} {:<12} {:>6} B  rejected over IPv6",
            arguments.join(" "),
            65_528
        );
    }
}

/// The operating system refuses this size, a page is told so with the limit, and the session lives.
async fn assert_rejected(client: &mut Client, path: &str, size: usize) {
    let before = client.sent();
    client.send(&payload(size)).await;
    assert_comes_back(client, b"still here").await;
    if path == "/relay" {
        let way = client.way(before + 1, "rejected").await;
        let limit = (size - 1).to_string();
        assert!(way.iter().any(|(_, what)| what.contains(&limit)), "{way:?}");
    }
}

#[tokio::test]
async fn an_empty_datagram_is_received_and_not_answered_unless_told() {
    for path in ["/relay", "/relay/raw"] {
        let tutorial = host(&[], "127.0.0.1:0").await;
        let mut client = Client::connect(&tutorial.ws(path)).await;
        client.send(b"").await;
        assert_comes_back(&mut client, b"the first answer").await;
        if path == "/relay" {
            let way = client.way(1, "unanswered").await;
            assert!(
                way.iter().any(|(_, what)| what == "echo_in"),
                "the server received it: {way:?}"
            );
        }

        let rfc862 = host(&["--echo-empty"], "127.0.0.1:0").await;
        let mut client = Client::connect(&rfc862.ws(path)).await;
        assert_comes_back(&mut client, b"").await;
        client.send(b"").await;
        client.send(b"x").await;
        client.send(b"").await;
        for expected in [&b""[..], b"x", b""] {
            assert_eq!(client.datagram().await, expected);
        }
    }
}

#[tokio::test]
async fn every_byte_value_comes_back_at_every_place() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "127.0.0.1:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        let all: Vec<u8> = (0..=255).collect();
        for shift in 0..256 {
            let mut rotated = all.clone();
            rotated.rotate_left(shift);
            client.feed(&rotated).await;
        }
        client.flush().await;
        for shift in 0..256 {
            let mut rotated = all.clone();
            rotated.rotate_left(shift);
            assert_eq!(client.datagram().await, rotated);
        }
    }
}

#[tokio::test]
async fn the_tutorials_buffer_cuts_and_the_cut_is_told() {
    let host = host(&["--buffer", "4096"], "127.0.0.1:0").await;
    let mut client = Client::connect(&host.ws("/relay")).await;
    let long = payload(5000);
    client.send(&long).await;
    assert_eq!(client.datagram().await, long[..4096]);
    let way = client.way(1, "relay_out").await;
    assert!(way.iter().any(|(_, what)| what == "cut 5000"), "{way:?}");
}

/// Ten thousand datagrams of every shape: none merged, split, cut, changed, doubled or lost.
#[tokio::test]
async fn ten_thousand_datagrams_arrive_as_they_were_sent() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "127.0.0.1:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        let mut waiting: HashMap<u64, usize> = HashMap::new();
        let (mut sent, mut received) = (0_u32, 0);
        while received < 10_000 {
            // Few enough in flight that no buffer overflows, in bursts that batch.
            if sent < 10_000 && waiting.len() < 32 {
                for _ in 0..32_u32.min(10_000 - sent) {
                    let payload = numbered(sent);
                    *waiting.entry(hash(&payload)).or_default() += 1;
                    client.feed(&payload).await;
                    sent += 1;
                }
                client.flush().await;
            }
            let answer = client.datagram().await;
            let known = waiting.remove(&hash(&answer));
            assert_eq!(
                known,
                Some(1),
                "{path}: {} bytes that were not sent",
                answer.len()
            );
            received += 1;
        }
        assert!(waiting.is_empty());
    }
}

/// A datagram with a number of its own; most are short and of few sizes, so that runs form.
fn numbered(number: u32) -> Vec<u8> {
    let sizes = [42, 42, 42, 42, 43, 1400, 1400, 9000, 4, 42];
    let size = sizes[number as usize / 7 % sizes.len()];
    let mut payload = payload(size);
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}

fn hash(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    hasher.finish()
}

#[tokio::test]
async fn order_is_kept_within_a_session() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "127.0.0.1:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        for burst in 0..20_u32 {
            let numbers = burst * 50..(burst + 1) * 50;
            for number in numbers.clone() {
                client.feed(&numbered(number)).await;
            }
            client.flush().await;
            for number in numbers {
                assert_eq!(
                    client.datagram().await,
                    numbered(number),
                    "{path} {arguments:?}"
                );
            }
        }
    }
}

/// 64 datagrams of 60,000 bytes at once lose none on loopback; where the system grants too small a buffer, the kernel
/// counts what it drops.
#[tokio::test]
async fn sixty_four_large_datagrams_in_flight_lose_none() {
    for (path, arguments) in WAYS {
        let host = host(arguments, "127.0.0.1:0").await;
        let mut client = Client::connect(&host.ws(path)).await;
        let same = payload(60_000);
        let large = (0..64_u32).map(|number| {
            let mut payload = same.clone();
            payload[..4].copy_from_slice(&number.to_be_bytes());
            payload
        });
        let answers = client.exchange(large).await;
        let numbers: Vec<_> = answers.iter().map(|answer| answer[3]).collect();
        assert_eq!(
            numbers,
            (0..64).collect::<Vec<u8>>(),
            "{path} {arguments:?}"
        );
        assert!(answers.iter().all(|answer| answer[4..] == same[4..]));
    }
}

/// Three sessions at once keep their datagrams apart, although one echo server answers them all.
#[tokio::test]
async fn sessions_do_not_mix() {
    let host = host(&[], "127.0.0.1:0").await;
    let mut clients = Vec::new();
    for path in ["/relay", "/relay/raw", "/relay/raw"] {
        clients.push(Client::connect(&host.ws(path)).await);
    }
    for round in 0..200_u32 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.feed(format!("{number} {round}").as_bytes()).await;
            client.flush().await;
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(
                client.datagram().await,
                format!("{number} {round}").as_bytes()
            );
        }
    }
    soon("the shutdown", host.shutdown()).await;
}
