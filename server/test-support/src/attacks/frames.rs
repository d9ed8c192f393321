//! Attacks on the WebSocket itself, on every route: how sessions end, frames that break the protocol or never end, handshakes,
//! forged headers, floods.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::by_hand::{ROUTES, close_code, frame, next_frame, open, open_with, whole};
use crate::host::HostProgram;
use crate::host::get;
use crate::sockets::datagram;
use crate::soon;

/// Ends sessions by clean close, abort, reset in mid-frame, half close, unfinished handshake, and flood then vanish.
pub(super) async fn every_way(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        for route in ROUTES {
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
            let burst = whole(0x82, &[1; 1000]).repeat(200);
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

/// Frames that no client may send, each with the close code that answers it.
pub fn breaches() -> Vec<(&'static str, Vec<u8>, u16)> {
    let fragments = |n| whole(if n == 0 { 0x02 } else { 0 }, &[0; 1024]);
    vec![
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
            (0..100).flat_map(fragments).collect(),
            4409,
        ),
    ]
}

pub(super) async fn broken_frames(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        for route in ROUTES {
            for (what, bytes, code) in breaches() {
                let mut stream = open(host.http, route).await;
                // It may be over before all is written.
                let _ = stream.write_all(&bytes).await;
                assert_eq!(
                    close_code(&mut stream).await,
                    Some(code),
                    "{what} on {route}"
                );
            }
        }
    }
}

/// A datagram in fragments of one byte, and before each of them a ping and a fragment of nothing.
pub(super) async fn fragments(host: &HostProgram, rounds: usize) {
    let mut message = whole(0x02, b"");
    for _ in 0..1000 {
        message.extend(whole(0x89, b""));
        message.extend(whole(0x00, b""));
        message.extend(whole(0x00, b"x"));
    }
    message.extend(whole(0x80, b""));
    for route in ROUTES {
        let stream = open(host.http, route).await;
        let (mut reader, mut writer) = stream.into_split();
        let reading =
            tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
        for _ in 0..rounds {
            writer.write_all(&message).await.unwrap();
        }
        drop(writer);
        let _ = soon("the end", reading).await;
    }
}

/// Claims 64 MiB and sends as much of it as the host takes.
pub(super) async fn long_messages(host: &HostProgram, rounds: usize) {
    let piece = vec![0; 1 << 20];
    for _ in 0..rounds {
        for route in ROUTES {
            let mut stream = open(host.http, route).await;
            stream.write_all(&frame(0x82, 64 << 20, b"")).await.unwrap();
            let (mut reader, mut writer) = stream.split();
            let sending = async {
                for _ in 0..64 {
                    if writer.write_all(&piece).await.is_err() {
                        return;
                    }
                }
            };
            let mut said = Vec::new();
            let (_, _) = tokio::join!(
                soon("the end of it", sending),
                reader.read_to_end(&mut said)
            );
            // A reset may have overtaken the Close; nothing else may come.
            assert!(said.is_empty() || said.contains(&0x88), "{said:?}");
        }
    }
}

/// Sends the same frame on and on and reads nothing.
pub(super) async fn never_read(
    host: &HostProgram,
    routes: &[&str],
    frame: Vec<u8>,
    seconds: usize,
) {
    let frames = frame.repeat(500);
    let for_a_while = Duration::from_secs(seconds as u64);
    let sessions = routes.iter().map(|route| {
        let frames = &frames;
        async move {
            let began = Instant::now();
            let mut sent = 0;
            while began.elapsed() < for_a_while && sent < 64 << 20 {
                let mut stream = open(host.http, route).await;
                let write = async {
                    while stream.write_all(frames).await.is_ok() {
                        sent += frames.len();
                    }
                };
                // The host has ended it, or reads no more: both are a bound.
                let _ = tokio::time::timeout(for_a_while - for_a_while / 4, write).await;
            }
        }
    });
    join_all(sessions).await;
}

/// A thousand questions, or frames that cost as much, in much less than a second; the limit is 100.
pub(super) async fn control_flood(host: &HostProgram, rounds: usize) {
    let questions = whole(0x81, b"\"counters\"").repeat(1000);
    let pings = whole(0x89, b"and again").repeat(1000);
    let fragments = [whole(0x02, b""), whole(0x00, b"").repeat(1000)].concat();
    for _ in 0..rounds {
        for (route, flood) in [
            ("/relay", &questions),
            ("/relay", &pings),
            ("/relay", &fragments),
            ("/relay/raw", &pings),
            ("/relay/raw", &fragments),
            ("/sockets", &questions),
            ("/sockets", &pings),
            ("/sockets", &fragments),
        ] {
            let mut stream = open(host.http, route).await;
            let _ = stream.write_all(flood).await;
            assert_eq!(close_code(&mut stream).await, Some(4401));
        }
    }
}

/// Time between two bytes of a handshake that drips: much less than it may take.
const BETWEEN_DRIPS: Duration = Duration::from_millis(50);

/// Connections that send a byte of their request now and then, and would do so for hours.
pub(super) async fn slowloris(host: &HostProgram, connections: usize) {
    let connection = |n: usize| async move {
        let mut stream = TcpStream::connect(host.http).await.unwrap();
        let request = format!("GET /relay HTTP/1.1\r\nHost: {}\r\nX-{n}: ", host.http);
        stream.write_all(request.as_bytes()).await.unwrap();
        // Until the host has had enough of it.
        let drip = async {
            let cut = async |stream: &mut TcpStream| stream.read(&mut [0; 512]).await;
            while tokio::time::timeout(BETWEEN_DRIPS, cut(&mut stream))
                .await
                .is_err()
            {
                let _ = stream.write_all(b"x").await;
            }
        };
        soon("the cut", drip).await;
    };
    join_all((0..connections).map(connection)).await;
}

/// Every request names another address; the host believes none of them. Foreign pages and rebound names are refused.
pub(super) async fn forgeries(host: &HostProgram, rounds: usize) {
    let mut held = join_all((0..5).map(|_| open(host.http, "/relay"))).await;
    for session in &mut held {
        // A place is taken with the hello, not with the upgrade.
        soon("the hello", next_frame(session)).await;
    }
    for round in 0..rounds {
        let forged = format!("X-Forwarded-For: 198.51.100.{}\r\n", round % 250);
        // All five places are taken: by these, or by four of them and the bystander.
        let mut more = open_with(host.http, "/relay/raw", &forged).await;
        assert_eq!(close_code(&mut more).await, Some(4406));
        for header in [
            ("Origin", "https://evil.example"),
            ("Host", "rebind.example"),
        ] {
            let (head, _) = get(host.http, "/relay", &[header]).await;
            assert!(head.starts_with("HTTP/1.1 403"), "{head}");
        }
    }
    drop(held);
}

/// Sends as fast as it can until the host ends it.
pub(super) async fn floods(host: &HostProgram, rounds: usize) {
    let burst = whole(0x82, &[5; 100]).repeat(100);
    for _ in 0..rounds {
        let sessions = ROUTES.map(|route| async {
            let mut stream = open(host.http, route).await;
            let (mut reader, mut writer) = stream.split();
            let sending = async { while writer.write_all(&burst).await.is_ok() {} };
            let reading = async { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await };
            // A host that has said goodbye reads on for a while; a client that heard it stops.
            tokio::select! {
                () = soon("the end of the flood", sending) => {}
                _ = reading => {}
            }
        });
        join_all(sessions).await;
    }
}

/// Sends to a port where nobody listens, as fast as it can: the kernel answers each datagram with ICMP.
pub(super) async fn icmp_storm(host: &HostProgram, time: Duration) {
    let burst = &whole(0x82, &[5; 100]).repeat(64);
    let to_peer = &whole(0x82, &datagram(1, None, &[5; 100])).repeat(64);
    let setup = [
        whole(0x81, br#"{"open":{"socket":1}}"#),
        whole(0x81, br#"{"connect":{"socket":1,"host":"nobody"}}"#),
    ];
    let sessions = [
        ("/relay?target=nobody", vec![], burst),
        ("/relay/raw?target=nobody", vec![], burst),
        ("/sockets", setup.concat(), to_peer),
    ];
    let sessions = sessions.map(async |(route, setup, burst)| {
        let mut stream = open(host.http, route).await;
        stream.write_all(&setup).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let sending = async { while writer.write_all(burst).await.is_ok() {} };
        let reading = async { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await };
        tokio::select! {
            () = sending => panic!("a refusal ended the session"),
            _ = reading => panic!("a refusal ended the session"),
            () = tokio::time::sleep(time) => {}
        }
    });
    join_all(sessions).await;
}
