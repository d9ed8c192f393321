//! Attempts to use up by `/sockets` what all share: ports, descriptors, memory, processor time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::by_hand::{close_code, next_frame, open, whole};
use crate::host::HostProgram;
use crate::sockets::{ROUTE, SocketsClient, datagram};
use crate::soon;

/// Sockets that a session may have open unless the host is told otherwise.
const SOCKETS: u16 = 16;

/// Sessions that share a loopback bind as many ports as they may, and some more; half of them vanish, half say goodbye.
pub(super) async fn ports(host: &HostProgram, sessions: usize) {
    let mut held = vec![SocketsClient::connect(&host.ws(ROUTE)).await];
    let shared = host.ws(&format!("{ROUTE}?loopback={}", held[0].token()));
    while held.len() < sessions {
        held.push(SocketsClient::connect(&shared).await);
    }
    let mut bound = BTreeSet::new();
    for reader in &mut held {
        let mut own = Vec::new();
        for socket in 0..SOCKETS {
            let address = reader.bound(socket, 0).await;
            assert!(bound.insert(address), "{address} was bound twice");
            own.push(address);
        }
        let more = reader
            .open(SOCKETS)
            .await
            .expect_err("one more than may be");
        assert_eq!(more["errno"], "EMFILE", "{more}");
        // A socket that is closed leaves its place and its port, and no other's.
        let (first, last) = (own[0], own[own.len() - 1]);
        let refused = reader.rebound(0, last.port()).await;
        assert_eq!(refused.expect_err("it is taken")["errno"], "EADDRINUSE");
        bound.remove(&first);
        let free = reader.rebound(SOCKETS - 1, last.port()).await;
        assert_eq!(free.ok(), Some(last));
    }
    for (number, reader) in held.into_iter().enumerate() {
        if number % 2 == 0 {
            reader.client.close().await;
        }
    }
}

/// One session with a thousand sockets, all bound and each written to; it vanishes with all of them open.
pub(super) async fn thousand_sockets(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        let mut reader = SocketsClient::connect(&host.ws(ROUTE)).await;
        reader.trace(false).await;
        let mut addresses = Vec::new();
        for socket in 0..1000 {
            addresses.push(reader.bound(socket, 0).await);
        }
        for (socket, address) in addresses.iter().enumerate() {
            let text = format!("to {socket}");
            reader.send_to(999, *address, text.as_bytes()).await;
            let received = reader.receive().await;
            assert_eq!(usize::from(received.socket), socket);
            assert_eq!(received.from, addresses[999]);
            assert_eq!(received.payload, text.as_bytes());
        }
    }
}

/// Two pages that answer each other's answers twice, and a page that does so to the echo server. The rate ends every loop, and all
/// are told which limit that was.
pub(super) async fn loops(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        let mut page = SocketsClient::connect(&host.ws(ROUTE)).await;
        let shared = host.ws(&format!("{ROUTE}?loopback={}", page.token()));
        let mut other = SocketsClient::connect(&shared).await;
        let mut alone = SocketsClient::connect(&host.ws(ROUTE)).await;
        let mut addresses = Vec::new();
        for session in [&mut page, &mut other, &mut alone] {
            session.trace(false).await;
            addresses.push(session.bound(1, 0).await);
        }
        let echo = alone.target("echo");
        page.send_to(1, addresses[1], b"and again").await;
        alone.send_to(1, echo, b"and again").await;
        let (one, another, alone) = tokio::join!(
            answer_everything_twice(page),
            answer_everything_twice(other),
            answer_everything_twice(alone)
        );
        let limit = "over 1000 datagrams a second";
        assert!(alone.contains(limit), "{alone:?}");
        assert!(
            one.contains(limit) || another.contains(limit),
            "{one:?}, {another:?}"
        );
    }
}

/// Answers until nothing comes any more or the host ends the session; returns what it was told of its sends.
async fn answer_everything_twice(mut page: SocketsClient) -> String {
    const SILENCE: Duration = Duration::from_secs(2);
    while let Ok(true) = tokio::time::timeout(SILENCE, page.client.answered()).await {
        let received = page.receive().await;
        for _ in 0..2 {
            page.send_to(received.socket, received.from, &received.payload)
                .await;
        }
    }
    let texts = page.client.texts().iter();
    let errors = texts.filter_map(|text| text["error"]["text"].as_str());
    errors.collect::<Vec<_>>().join("; ")
}

/// Messages whose headers are too short, name no family, no socket, no port: each is refused, and the session lives.
pub(super) async fn garbage(host: &HostProgram, messages: usize) {
    let mut reader = SocketsClient::connect(&host.ws(ROUTE)).await;
    reader.trace(false).await;
    let mine = reader.bound(1, 0).await;
    let to_port_0 = datagram(1, Some((mine.ip(), 0).into()), b"x");
    let to_ipv6 = datagram(1, Some("[::1]:10000".parse().unwrap()), b"x");
    let unconnected = datagram(1, None, b"x");
    let fixed = [vec![], to_port_0, to_ipv6, unconnected];
    // A generator of Lehmer's: numbers without order, and the same in every run.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    let garbage = (0..messages).map(|_| {
        let mut message: Vec<u8> = (0..random() % 40).map(|_| random() as u8).collect();
        // The one socket that there is must not be meant by chance.
        if let Some(first) = message.first_mut() {
            *first |= 0x80;
        }
        message
    });
    for message in fixed.into_iter().chain(garbage) {
        reader.client.feed(&message).await;
    }
    reader.client.flush().await;
    let counters = reader.counters().await;
    assert_eq!(counters["rejected"], reader.client.sent(), "{counters}");
    reader.send_to(1, mine, b"still here").await;
    assert_eq!(reader.receive().await.payload, b"still here");
}

/// Sends to its own socket as fast as it can until the host ends it.
pub(super) async fn floods(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        let mut stream = connected_to_itself(open(host.http, ROUTE).await).await;
        let burst = whole(0x82, &datagram(2, None, &[5; 100])).repeat(100);
        let (mut reader, mut writer) = stream.split();
        let sending = async { while writer.write_all(&burst).await.is_ok() {} };
        let reading = async { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await };
        tokio::select! {
            () = soon("the end of the flood", sending) => {}
            _ = reading => {}
        }
    }
}

/// A thousand calls in much less than a second; the limit is 100.
pub(super) async fn calls(host: &HostProgram, rounds: usize) {
    let request = |request: Value| whole(0x81, request.to_string().as_bytes());
    let one = json!({ "socket": 1 });
    let opened = [
        request(json!({ "open": one })),
        request(json!({ "bind": { "socket": 1, "host": "localhost", "port": 0 } })),
        request(json!({ "close": one })),
    ];
    let resolved = request(json!({ "resolve": { "host": "localhost" } }));
    for _ in 0..rounds {
        for flood in [opened.concat().repeat(400), resolved.repeat(1000)] {
            let mut stream = open(host.http, ROUTE).await;
            let _ = stream.write_all(&flood).await;
            assert_eq!(close_code(&mut stream).await, Some(4401));
        }
    }
}

/// Gives a fresh session two sockets of which number 2 is connected to number 1. It is spoken by hand, so that the session can be
/// one that does not read.
pub(super) async fn connected_to_itself(mut stream: TcpStream) -> TcpStream {
    let port = bound_port(&mut stream, 1).await;
    let setup = [
        json!({ "open": { "socket": 2 } }),
        json!({ "connect": { "socket": 2, "host": "localhost", "port": port } }),
    ];
    ask(&mut stream, &setup, "connected").await;
    stream
}

/// Opens a socket and binds it to any port; returns the port.
pub(super) async fn bound_port(stream: &mut TcpStream, socket: u16) -> u16 {
    let setup = [
        json!({ "open": { "socket": socket } }),
        json!({ "bind": { "socket": socket, "host": "localhost", "port": 0 } }),
    ];
    let bound = ask(stream, &setup, "bound").await;
    let local = bound["local"].as_str().unwrap();
    local.parse::<SocketAddr>().unwrap().port()
}

/// Sends requests and reads until the answer of this name.
async fn ask(stream: &mut TcpStream, requests: &[Value], answer: &str) -> Value {
    for request in requests {
        let text = request.to_string();
        stream
            .write_all(&whole(0x81, text.as_bytes()))
            .await
            .unwrap();
    }
    loop {
        let frame = soon(answer, next_frame(stream)).await;
        let (first, payload) = frame.expect("the host answers");
        assert_eq!(first, 0x81, "a text message");
        let mut text: Value = serde_json::from_slice(&payload).unwrap();
        assert!(text.get("error").is_none(), "{text}");
        if let Some(content) = text.get_mut(answer) {
            return content.take();
        }
    }
}
