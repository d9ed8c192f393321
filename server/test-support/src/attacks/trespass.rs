//! Attempts to reach by `/sockets` what is not the reader's own: the machine, its network, other readers, a third party.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::client::Client;
use crate::host::HostProgram;
use crate::sockets::{ROUTE, SocketsClient, datagram};
use crate::soon;

/// The address of the target `third`.
const THIRD_PARTY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 77, 0, 9)), 9907);

/// Ports of services that every machine may have, and the first that is nobody's privilege.
const PORTS: [u16; 8] = [1, 22, 53, 80, 123, 443, 1023, 1024];

/// Addresses that no reader may write to: of this machine, of networks, of many, of nobody; and other readers'.
const ADDRESSES: [&str; 14] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "127.0.0.3",
    "127.1.2.3",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
];

/// Services of this machine that must not hear of a reader: bound to all addresses, to 127.0.0.1, and to another one.
struct Services(Vec<UdpSocket>);

impl Services {
    fn listen() -> Self {
        let sockets = ["0.0.0.0:0", "127.0.0.1:0", "127.9.9.9:0"].map(|address| {
            let socket = UdpSocket::bind(address).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        });
        Self(sockets.into())
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.iter().map(|socket| socket.local_addr().unwrap())
    }

    /// Loopback delivers at once: what the host has sent by now is here.
    fn assert_nothing_came(&self) {
        for socket in &self.0 {
            let mut buffer = [0; 64];
            match socket.recv_from(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                came => panic!("{:?} got {came:?}", socket.local_addr()),
            }
        }
    }
}

/// Sends to so many ports of the own address and of 127.0.0.1, to every port of the host's own, and to every address that is
/// nobody's business; binds what is not the reader's. Nothing of it gets anywhere.
pub(super) async fn scan(host: &HostProgram, ports: usize) {
    let services = Services::listen();
    let mut reader = SocketsClient::connect(&host.ws(ROUTE)).await;
    reader.trace(false).await;
    let bound = reader.bound(1, 0).await;
    let own = reader.own();
    let echo = reader.target("echo");
    let hosts_own = [host.http.port(), echo.port()];

    let of_services: Vec<_> = services.addresses().map(|address| address.port()).collect();
    let scanned = (1024..=u16::MAX)
        .cycle()
        .skip(bound.port().into())
        .take(ports.min(60_000))
        .chain(of_services.clone())
        .chain(hosts_own);
    for port in scanned.filter(|&port| port != bound.port()) {
        for ip in [own, Ipv4Addr::LOCALHOST] {
            feed(&mut reader, (ip, port).into()).await;
        }
    }
    let strangers = ADDRESSES.map(|address| address.parse::<Ipv4Addr>().unwrap());
    let strangers = strangers.into_iter().chain([own, Ipv4Addr::LOCALHOST]);
    for ip in strangers {
        for port in PORTS.into_iter().filter(|port| *port < 1024) {
            feed(&mut reader, (ip, port).into()).await;
        }
    }
    for address in ADDRESSES {
        let ip: Ipv4Addr = address.parse().unwrap();
        for port in hosts_own
            .into_iter()
            .chain(of_services.clone())
            .chain([1024, 9907])
        {
            feed(&mut reader, (ip, port).into()).await;
        }
    }
    for address in services.addresses().skip(2) {
        feed(&mut reader, address).await;
    }
    reader.client.flush().await;
    let sent = reader.client.sent();
    let counters = reader.counters().await;
    assert_eq!(counters["sent"], sent, "{counters}");
    assert_eq!(counters["delivered"], 0, "{counters}");
    assert_eq!(counters["left"], 0, "{counters}");
    let [dropped, rejected] = ["dropped", "rejected"].map(|fate| counters[fate].as_u64().unwrap());
    assert_eq!(dropped + rejected, sent, "{counters}");
    services.assert_nothing_came();

    for (host_name, port, errno) in [
        ("127.9.9.9", 0, "EADDRNOTAVAIL"),
        ("192.168.1.1", 0, "EADDRNOTAVAIL"),
        ("localhost", 80, "EACCES"),
        ("", 1023, "EACCES"),
    ] {
        reader.open(2).await.unwrap();
        let refused = reader.bind(2, host_name, port).await;
        assert_eq!(
            errno_of(refused.map(drop)),
            errno,
            "bind {host_name:?}:{port}"
        );
        reader.close(2).await.unwrap();
    }
    // What may be reached is reached all the same.
    reader.send_to(1, echo, b"still there?").await;
    assert_eq!(reader.receive().await.payload, b"still there?");
}

/// A third party counts: one datagram for one message, however often it answers, and whatever the lab doubles. What it sends
/// by itself to a reader's socket gets nowhere, and no answer.
pub(super) async fn reflection(host: &HostProgram, messages: usize) {
    const ANSWERS: usize = 3;
    let third_party = UdpSocket::bind(THIRD_PARTY).unwrap();
    third_party.set_nonblocking(true).unwrap();
    let third_party = tokio::net::UdpSocket::from_std(third_party).unwrap();
    let mut reader = SocketsClient::connect(&host.ws(ROUTE)).await;
    reader.trace(false).await;
    let local = reader.bound(1, 0).await;
    let target = reader.target("third");
    assert_eq!(target, THIRD_PARTY);
    for round in 0..messages {
        if round == messages / 2 {
            let up = json!({ "duplicate_ppm": 1_000_000 });
            let lab = json!({ "lab": { "up": up, "down": {}, "seed": 1 } });
            reader.change(lab, "lab").await;
        }
        let message = format!("message {round}");
        reader.send_to(1, target, message.as_bytes()).await;
        let mut buffer = [0; 64];
        let (bytes, from) = soon("the message", third_party.recv_from(&mut buffer))
            .await
            .unwrap();
        assert_eq!(
            &buffer[..bytes],
            message.as_bytes(),
            "and not an earlier one again"
        );
        assert_ne!(
            from.ip(),
            local.ip(),
            "a reader's address is not told to others"
        );
        for _ in 0..ANSWERS {
            third_party.send_to(&buffer[..bytes], from).await.unwrap();
        }
        for _ in 0..ANSWERS {
            let answer = reader.receive().await;
            assert_eq!(
                (answer.from, &answer.payload[..]),
                (target, message.as_bytes())
            );
        }
        // Unasked, to the address that the reader's programs have: nobody hears it.
        third_party.send_to(b"unasked", local).await.unwrap();
    }
    // A last message comes after everything that the host has sent before.
    let counters = reader.counters().await;
    assert_eq!(counters["sent"], messages, "{counters}");
    assert_eq!(counters["left"], messages, "{counters}");
    assert_eq!(counters["received"], messages * ANSWERS, "{counters}");
    let more = third_party.try_recv_from(&mut [0; 64]);
    assert!(more.is_err(), "one datagram more than messages: {more:?}");
}

/// A reader tries to be, to reach and to imitate another one; so does a program of this machine.
pub(super) async fn another_readers_address(host: &HostProgram, rounds: usize) {
    for _ in 0..rounds {
        let mut victim = SocketsClient::connect(&host.ws(ROUTE)).await;
        let server = victim.bound(1, 0).await;
        let mut other = SocketsClient::connect(&host.ws(ROUTE)).await;
        assert_ne!(victim.own(), other.own());
        let name = server.ip().to_string();

        other.open(1).await.unwrap();
        let bound = other.bind(1, &name, 0).await;
        assert_eq!(errno_of(bound.map(drop)), "EADDRNOTAVAIL");
        let connected = other.connect_to(1, &name, server.port()).await;
        assert_eq!(errno_of(connected.map(drop)), "EACCES");
        other.send_to(1, server, b"hello").await;
        assert_eq!(other.error().await["errno"], "EACCES");
        // Numbers of sockets are each session's own.
        other.send(7, b"hello").await;
        assert_eq!(other.error().await["errno"], "EBADF");

        // Programs of this machine that took the victim's address, or another reader's.
        for ip in [server.ip(), other.own().into()] {
            let impostor = UdpSocket::bind((ip, 0)).unwrap();
            impostor.send_to(b"I am you", server).unwrap();
        }
        let mine = victim.bound(2, 0).await;
        victim.send_to(2, server, b"from me").await;
        let first = victim.receive().await;
        assert_eq!((first.from, &first.payload[..]), (mine, &b"from me"[..]));
        let counters = victim.counters().await;
        assert_eq!(counters["received"], 1, "{counters}");
        assert_eq!(counters["strangers"], 2, "{counters}");
    }
}

/// Presents tokens that are none: guessed ones, and what is almost the right one.
pub(super) async fn guessed_tokens(host: &HostProgram, guesses: usize) {
    let owner = SocketsClient::connect(&host.ws(ROUTE)).await;
    let token = owner.token();
    assert_eq!(token.len(), 32, "128 bits in hexadecimal digits");
    let almost = |at: usize| {
        let digit = if token.as_bytes()[at] == b'0' {
            "1"
        } else {
            "0"
        };
        format!("{}{digit}{}", &token[..at], &token[at + 1..])
    };
    let wrong = [
        almost(0),
        almost(31),
        token[..31].to_owned(),
        format!("{token}0"),
        String::new(),
        "0".repeat(32),
        "x".repeat(32),
        "%00".repeat(20),
    ];
    let guessed = (0..guesses).map(|guess| format!("{:032x}", guess * 0x9E37_79B9));
    for guess in wrong.into_iter().chain(guessed) {
        let url = host.ws(&format!("{ROUTE}?loopback={guess}"));
        match Client::try_connect_with(&url, &[]).await {
            Err(Error::Http(refusal)) => assert_eq!(refusal.status(), 403, "{guess:?}"),
            Err(error) => panic!("{guess:?}: {error}"),
            Ok(_) => panic!("{guess:?} opens the loopback of {token:?}"),
        }
    }
    let joined = host.ws(&format!("{ROUTE}?loopback={token}"));
    let joined = SocketsClient::connect(&joined).await;
    assert_eq!(joined.own(), owner.own());
}

/// A page from another loopback origin gets the sockets of its own loopback, and no peers.
pub(super) async fn foreign_origin(host: &HostProgram, rounds: usize) {
    let own_origin = format!("http://{}", host.http);
    for _ in 0..rounds {
        let url = host.ws(ROUTE);
        let own = SocketsClient::try_connect_with(&url, &[("Origin", &own_origin)]).await;
        let peers = |client: &SocketsClient| client.hello["peers"].as_array().map_or(0, Vec::len);
        assert_eq!(peers(&own.unwrap()), 1);
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1:1",
            "https://[::1]:8443",
        ] {
            let foreign = SocketsClient::try_connect_with(&url, &[("Origin", origin)]).await;
            let mut foreign = foreign.unwrap();
            assert_eq!(peers(&foreign), 0, "{origin}: {}", foreign.hello);
            let mine = foreign.bound(1, 0).await;
            foreign
                .send_to(1, "10.77.0.1:9000".parse().unwrap(), b"out")
                .await;
            assert_eq!(foreign.error().await["errno"], "EACCES", "{origin}");
            foreign.send_to(1, mine, b"to myself").await;
            assert_eq!(foreign.receive().await.payload, b"to myself");
        }
    }
}

/// Queues a datagram without waiting for what the host says of it.
async fn feed(reader: &mut SocketsClient, to: SocketAddr) {
    reader
        .client
        .feed(&datagram(1, Some(to), b"anybody?"))
        .await;
}

fn errno_of(outcome: Result<(), Value>) -> String {
    let error = outcome.expect_err("the call fails");
    let errno = error["errno"].as_str();
    errno
        .unwrap_or_else(|| panic!("no errno in {error}"))
        .to_owned()
}
