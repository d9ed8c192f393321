use std::net::{Ipv4Addr, UdpSocket as StdSocket};

use wire::ledger::Fingerprint;

use super::*;

/// A server that runs until it is stopped, or the test ends.
struct Running {
    address: SocketAddr,
    observers: Observers,
    status: EchoStatus,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(address: &str, rule: EchoRule) -> Self {
        let address = address.parse().unwrap();
        let server = EchoServer::bind(address, rule, true, Clock::start()).unwrap();
        let stop = CancellationToken::new();
        Self {
            address: server.local_addr(),
            observers: server.observers(),
            status: server.status(),
            task: tokio::spawn(server.run(stop.clone())),
            stop,
        }
    }

    async fn stop(self) -> SocketAddr {
        self.stop.cancel();
        self.task.await.unwrap();
        self.address
    }
}

/// A plain client, connected, with nothing of ours in it.
async fn client(to: impl Into<SocketAddr>) -> tokio::net::UdpSocket {
    let to = to.into();
    let any = match to {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = tokio::net::UdpSocket::bind(any).await.unwrap();
    socket.connect(to).await.unwrap();
    socket
}

async fn answer(client: &tokio::net::UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 70_000];
    let got = tokio::time::timeout(Duration::from_secs(60), client.recv(&mut buffer));
    let bytes = got.await.expect("an answer in time").unwrap();
    buffer.truncate(bytes);
    buffer
}

/// Sends `silent` and then a word; the word's answer comes first, so nothing answered `silent`.
async fn assert_silence(client: &tokio::net::UdpSocket, silent: &[u8]) {
    client.send(silent).await.unwrap();
    client.send(b"word").await.unwrap();
    assert_eq!(answer(client).await, b"word");
}

#[tokio::test]
async fn every_datagram_comes_back_as_it_was() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    let client = client(server.address).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(65_507).collect();
    for size in [1, 42, 256, 1472, 1473, 4096, 4097, 9217, 65_506, 65_507] {
        client.send(&bytes[..size]).await.unwrap();
        assert_eq!(answer(&client).await, &bytes[..size]);
    }
    let totals = server.status.totals();
    assert_eq!((totals.received, totals.unsent, totals.cut), (10, 0, 0));
}

#[tokio::test]
async fn empty_is_received_and_not_answered_unless_told() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    assert_silence(&client(server.address).await, b"").await;
    assert_eq!(server.status.totals().empty, 1);

    let rule = EchoRule {
        echo_empty: true,
        ..EchoRule::default()
    };
    let server = Running::start("127.0.0.1:0", rule);
    let client = client(server.address).await;
    client.send(b"").await.unwrap();
    assert_eq!(answer(&client).await, b"");
}

#[tokio::test]
async fn a_buffer_of_4096_cuts_and_says_so() {
    let rule = EchoRule {
        buffer: Some(4096),
        ..EchoRule::default()
    };
    let server = Running::start("127.0.0.1:0", rule);
    let client = client(server.address).await;
    let mut observer = server.observers.observe(Filter::Everyone);
    for (size, received) in [(4095, 4095), (4096, 4096), (4097, 4096), (65_507, 4096)] {
        client.send(&vec![b'x'; size]).await.unwrap();
        assert_eq!(answer(&client).await.len(), received);
        let observed = observer.next().await.unwrap();
        assert_eq!((observed.bytes, observed.received), (size, received));
    }
    assert_eq!(server.status.totals().cut, 2);
}

#[tokio::test]
async fn a_run_longer_than_the_buffer_is_cut_datagram_by_datagram() {
    let rule = EchoRule {
        buffer: Some(10),
        ..EchoRule::default()
    };
    let server = Running::start("127.0.0.1:0", rule);
    let client = UdpSocket::connect(server.address, None, true).unwrap();
    let bytes: Vec<u8> = (0..100).collect();
    let buffer = GsoBuffer {
        segment_size: 30,
        ..GsoBuffer::to_peer(&bytes)
    };
    client
        .send(&[buffer], |trouble| panic!("{trouble:?}"))
        .await;
    let mut got = Vec::new();
    while got.len() < 4 {
        client.readable().await.unwrap();
        let mut slab = Slab::take();
        if client.try_receive(&mut slab, 32).is_ok() {
            got.extend(
                slab.buffers()
                    .flat_map(|buffer| buffer.datagrams())
                    .map(<[u8]>::to_vec),
            );
        }
    }
    let heads: Vec<_> = bytes
        .chunks(30)
        .map(|c| c[..10.min(c.len())].to_vec())
        .collect();
    assert_eq!(got, heads);
}

#[tokio::test]
async fn the_answer_comes_from_the_address_that_was_asked() {
    let server = Running::start("0.0.0.0:0", EchoRule::default());
    for host in [1, 2, 77] {
        let asked = (Ipv4Addr::new(127, 0, 0, host), server.address.port());
        // A connected client hears nobody but the address it asked.
        let client = client(asked).await;
        client.send(b"who").await.unwrap();
        assert_eq!(answer(&client).await, b"who");
    }
}

#[tokio::test]
async fn dual_stack_answers_both_families() {
    let server = Running::start("[::]:0", EchoRule::default());
    for ip in ["127.0.0.1", "127.0.0.2", "::1"] {
        let asked: SocketAddr = (
            ip.parse::<std::net::IpAddr>().unwrap(),
            server.address.port(),
        )
            .into();
        let client = client(asked).await;
        client.send(b"both").await.unwrap();
        assert_eq!(answer(&client).await, b"both", "{ip}");
    }
}

#[tokio::test]
async fn another_servers_port_gets_no_answer() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    let port = server.address.port();
    let twin = tokio::net::UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), port))
        .await
        .unwrap();
    let mut observer = server.observers.observe(Filter::Everyone);
    twin.send_to(b"ping", server.address).await.unwrap();
    assert_eq!(observer.next().await.unwrap().outcome, Outcome::Guarded);
    assert_eq!(server.status.totals().guarded, 1);
    let mut buffer = [0; 8];
    assert!(twin.try_recv(&mut buffer).is_err(), "no answer was sent");
}

#[tokio::test]
async fn a_session_sees_its_own_datagrams_and_strangers_are_told_apart() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    let (session, stranger) = (client(server.address).await, client(server.address).await);
    let registration = server.observers.register(SocketAddr::new(
        Ipv4Addr::LOCALHOST.into(),
        session.local_addr().unwrap().port(),
    ));
    let mut strangers = server.observers.observe(Filter::Strangers);
    let (mut own, _) = registration.observe(8);

    session.send(b"mine").await.unwrap();
    answer(&session).await;
    stranger.send(b"other").await.unwrap();
    answer(&stranger).await;

    let report = own.recv().await.unwrap();
    assert_eq!(report.fingerprint, Fingerprint::of(b"mine"));
    let Outcome::Sent { bytes: 4, at } = report.outcome else {
        panic!("{report:?}");
    };
    assert!(at >= report.received_at);
    assert_eq!(strangers.next().await.unwrap().text, "other");

    drop(registration);
    session.send(b"after").await.unwrap();
    answer(&session).await;
    let observed = strangers.next().await.unwrap();
    assert_eq!(observed.text, "after", "no session any more: a stranger");
}

#[tokio::test]
async fn a_slow_observer_misses_and_never_blocks() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    let client = client(server.address).await;
    let port = client.local_addr().unwrap().port();
    let registration = server
        .observers
        .register((Ipv4Addr::LOCALHOST, port).into());
    let (mut own, missed) = registration.observe(2);
    for n in 0..5_u8 {
        client.send(&[n]).await.unwrap();
        assert_eq!(answer(&client).await, [n]);
    }
    registration.stop_observing();
    assert_silence(&client, b"").await;
    let mut seen = 0;
    while own.recv().await.is_some() {
        seen += 1;
    }
    assert_eq!(
        (seen, missed.load(std::sync::atomic::Ordering::Relaxed)),
        (2, 3)
    );
}

#[tokio::test]
async fn the_port_is_free_again_after_a_stop_and_taken_before() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    let bind = |address| EchoServer::bind(address, EchoRule::default(), true, Clock::start());
    assert!(bind(server.address).is_err());
    let status = server.status.clone();
    let address = server.stop().await;
    assert!(bind(address).is_ok());
    assert_eq!(status.totals().kernel_drops, None);
}

#[tokio::test]
async fn a_peer_that_went_away_ends_nothing() {
    let server = Running::start("127.0.0.1:0", EchoRule::default());
    for _ in 0..20 {
        // The answer meets a closed port, and ICMP says so.
        let gone = StdSocket::bind("127.0.0.1:0").unwrap();
        gone.send_to(b"bye", server.address).unwrap();
    }
    let client = client(server.address).await;
    client.send(b"still there").await.unwrap();
    assert_eq!(answer(&client).await, b"still there");
}
