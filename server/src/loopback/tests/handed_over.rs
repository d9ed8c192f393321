//! A host whose echo server is bound to all addresses: its port is the readers' on their own.

use tokio_util::sync::{CancellationToken, DropGuard};
use wire::echo::EchoRule;

use super::*;
use crate::clock::Clock;
use crate::echo::{EchoServer, EchoStatus, Filter, Observers};

struct EchoEverywhere {
    port: u16,
    status: EchoStatus,
    observers: Observers,
    loopbacks: Loopbacks,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    _stop: DropGuard,
}

impl EchoEverywhere {
    fn start(address: &str) -> Self {
        let address = address.parse().unwrap();
        let server = EchoServer::bind(address, EchoRule::default(), true, Clock::start()).unwrap();
        let stop = CancellationToken::new();
        Self {
            port: server.local_addr().port(),
            status: server.status(),
            observers: server.observers(),
            loopbacks: Loopbacks::new(LoopbackSettings {
                offload: true,
                handover: server.handover(),
                ..LoopbackSettings::default()
            }),
            running: tokio::spawn(server.run(stop.clone())),
            _stop: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Waits for the server's own answer on 127.0.0.1: what was sent to this socket before has been seen by then.
    async fn answers(&self) {
        let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(("127.0.0.1", self.port)).await.unwrap();
        client.send(b"are you there?").await.unwrap();
        assert_eq!(soon(client.recv(&mut [0; 32])).await.unwrap(), 14);
    }
}

/// Servers on all addresses, two of each kind: of IPv4, and of both families.
fn everywhere() -> Vec<EchoEverywhere> {
    let mut addresses = vec!["0.0.0.0:0", "0.0.0.0:0"];
    if has_ipv6() {
        addresses.extend(["[::]:0", "[::]:0"]);
    }
    addresses.into_iter().map(EchoEverywhere::start).collect()
}

#[tokio::test]
async fn readers_have_the_port_of_an_echo_server_that_is_bound_to_all_addresses() {
    for echo in everywhere() {
        let (ada, bob) = (reader(&echo.loopbacks), reader(&echo.loopbacks));
        let (at_ada, at_bob) = (ada.bind(echo.port), bob.bind(echo.port));
        let (from_ada, from_bob) = (ada.bind(0), bob.bind(0));
        assert!(send(&from_ada, at_ada.name(), b"for ada").await);
        assert!(send(&from_bob, at_bob.name(), b"for bob").await);
        for (at, from, text) in [
            (&at_ada, &from_ada, b"for ada"),
            (&at_bob, &from_bob, b"for bob"),
        ] {
            assert_eq!(receive_one(at).await, (from.name(), text.to_vec()));
            // The answer comes from the reader's address, not from the server's.
            assert!(send(at, from.name(), b"an answer").await);
            assert_eq!(receive_one(from).await, (at.name(), b"an answer".to_vec()));
        }
        let refusal = ada.try_bind(Family::Ipv4, echo.port).unwrap_err();
        assert_eq!(refusal.errno, Errno::Eaddrinuse);
        echo.answers().await;
        assert_eq!(
            echo.status.totals().received,
            1,
            "what is for readers is not the server's"
        );
    }
}

#[tokio::test]
async fn a_handed_over_socket_writes_to_another_one_and_to_itself() {
    for echo in everywhere() {
        let ada = reader(&echo.loopbacks);
        let socket = ada.bind(echo.port);
        for size in [0, 42, 65_507] {
            let bytes = vec![b'x'; size];
            assert!(send(&socket, socket.name(), &bytes).await);
            assert_eq!(receive_one(&socket).await, (socket.name(), bytes));
        }
    }
}

#[tokio::test]
async fn a_visitor_of_a_handed_over_socket_gets_its_answer_from_the_readers_address() {
    for echo in everywhere() {
        let ada = reader(&echo.loopbacks);
        let socket = ada.bind(echo.port);
        let nc = netcat(socket.outside());
        nc.send(b"knock").unwrap();
        let (from, _) = receive_one(&socket).await;
        assert_eq!(
            from,
            (Ipv4Addr::LOCALHOST, nc.local_addr().unwrap().port()).into()
        );
        socket
            .send_to_visitors(&[to(from, b"come in")], |trouble| panic!("{trouble:?}"))
            .await;
        let mut buffer = [0; 16];
        let bytes = nc.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..bytes], b"come in");
    }
}

#[tokio::test]
async fn the_echo_server_neither_answers_nor_shows_what_is_for_a_readers_address() {
    for (echo, is_observed) in everywhere().into_iter().zip([false, true].repeat(2)) {
        let ada = reader(&echo.loopbacks);
        let own = SocketAddr::from((ada.loopback.address(), echo.port));
        let nc = tokio::net::UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let mut observer = is_observed.then(|| echo.observers.observe(Filter::Everyone));
        nc.send_to(b"nobody has bound this", own).await.unwrap();
        echo.answers().await;
        assert!(nc.try_recv(&mut [0; 32]).is_err(), "no answer");
        if let Some(observer) = &mut observer {
            let seen = soon(observer.next()).await.unwrap();
            assert_eq!(seen.text, "are you there?");
        }
        // It does where no reader has the address any more.
        let socket = ada.bind(echo.port);
        drop((ada, socket));
        nc.send_to(b"nobody's address", own).await.unwrap();
        let mut buffer = [0; 32];
        let bytes = soon(nc.recv(&mut buffer)).await.unwrap();
        assert_eq!(&buffer[..bytes], b"nobody's address");
    }
}

#[tokio::test]
async fn a_closed_handed_over_port_is_unbound_and_can_be_bound_again() {
    for echo in everywhere() {
        let ada = reader(&echo.loopbacks);
        let (client, socket) = (ada.bind(0), ada.bind(echo.port));
        let name = socket.name();
        drop(socket);
        assert!(!send(&client, name, b"too late").await);
        let socket = ada.bind(echo.port);
        assert!(send(&client, name, b"in time").await);
        assert_eq!(
            receive_one(&socket).await,
            (client.name(), b"in time".to_vec())
        );
    }
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    for echo in everywhere() {
        let ada = reader(&echo.loopbacks);
        let (client, socket) = (ada.bind(0), ada.bind(echo.port));
        let bytes: Vec<u8> = (0..=255).cycle().take(42 * 64 + 7).collect();
        let burst = GsoBuffer {
            segment_size: 42,
            ..to(socket.name(), &bytes)
        };
        client.send(&[burst], |trouble| panic!("{trouble:?}")).await;
        let mut got = Vec::new();
        while got.len() < 65 {
            got.extend(receive(&socket).await);
        }
        let sent = bytes
            .chunks(42)
            .map(|chunk| (client.name(), chunk.to_vec()));
        assert_eq!(got, sent.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_a_reader_does_not_take_is_dropped_and_counted() {
    let echo = EchoEverywhere::start("0.0.0.0:0");
    let ada = reader(&echo.loopbacks);
    let (client, socket) = (ada.bind(0), ada.bind(echo.port));
    let bytes = vec![0; 60_000];
    let sent = 40;
    for _ in 0..sent {
        assert!(send(&client, socket.name(), &bytes).await);
        // Else the system's own buffer would overflow.
        echo.answers().await;
    }
    let mut got = 0;
    let mut slab = Slab::take();
    while socket.try_receive(&mut slab, 32).is_ok() {
        got += slab.buffers().count();
    }
    assert_eq!(got, (1 << 20) / (60_000 + 256));
    assert_eq!(socket.kernel_drops(), Some(sent - got as u32));
}

#[tokio::test]
async fn with_mapped_ports_nothing_is_handed_over() {
    let server = EchoServer::bind(
        "0.0.0.0:0".parse().unwrap(),
        EchoRule::default(),
        true,
        Clock::start(),
    );
    let server = server.unwrap();
    let loopbacks = Loopbacks::new(LoopbackSettings {
        map_ports: true,
        handover: server.handover(),
        ..LoopbackSettings::default()
    });
    let socket = reader(&loopbacks).bind(server.local_addr().port());
    assert_ne!(socket.name(), socket.outside());
}

#[tokio::test]
async fn after_the_echo_server_has_stopped_a_handed_over_socket_says_so() {
    let echo = EchoEverywhere::start("0.0.0.0:0");
    let ada = reader(&echo.loopbacks);
    let socket = ada.bind(echo.port);
    echo.stop.cancel();
    echo.running.await.unwrap();
    let mut words = Vec::new();
    socket
        .send(&[to(socket.name(), b"x")], |trouble| match trouble {
            SendTrouble::Failed(_, error) => words.push(error.to_string()),
            other => panic!("{other:?}"),
        })
        .await;
    assert_eq!(words, ["the host's echo server has stopped"]);
}
