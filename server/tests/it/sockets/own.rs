//! Datagrams on a loopback of the reader's own.

use test_support::soon;

use super::*;

#[tokio::test]
async fn a_server_and_a_client_of_one_page_talk_as_the_tutorial_s_do() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    assert_eq!(server, page.own(10_000));
    page.socket(2).await;
    page.send_to(2, server, b"This is the message.  It will be repeated.")
        .await;
    // A socket that sends is bound by the system, and the page is told.
    let client = local(&page.client.told("bound").await);
    let (socket, from, payload) = page.datagram().await;
    assert_eq!((socket, from), (1, client));
    assert_eq!(payload, b"This is the message.  It will be repeated.");
    page.send_to(1, from, &payload).await;
    assert_eq!(page.datagram().await, (2, server, payload));
    page.wait_for(&[("sent", 2), ("delivered", 2), ("received", 2)])
        .await;
}

#[tokio::test]
async fn who_has_the_token_shares_the_loopback_and_nobody_else_reaches_it() {
    let host = TestServer::start(&[]).await;
    let mut server = page(&host).await;
    let address = server.bound(1, 10_000).await;
    let mut tab = server.joined(&host).await;
    assert_eq!(tab.address(), server.address());
    assert_eq!(
        tab.hello["loopback"]["token"],
        server.hello["loopback"]["token"]
    );
    tab.socket(1).await;
    tab.send_to(1, tab.own(10_000), b"from another tab").await;
    let (_, from, payload) = server.datagram().await;
    assert_eq!(payload, b"from another tab");
    server.send_to(1, from, b"to another tab").await;
    assert_eq!(
        tab.datagram().await,
        (1, address, b"to another tab".to_vec())
    );
    tab.wait_for(&[("delivered", 1), ("in_flight", 0)]).await;
    server.wait_for(&[("delivered", 1), ("in_flight", 0)]).await;
    // The port is taken for all who share it.
    tab.socket(2).await;
    let taken = tab
        .fails(json!({"bind": {"socket": 2, "port": 10_000}}))
        .await;
    assert_eq!(taken.0, "EADDRINUSE");

    let mut stranger = page(&host).await;
    assert_ne!(stranger.address(), server.address());
    stranger.socket(1).await;
    stranger.send_to(1, address, b"guessed").await;
    let (errno, text) = words(&stranger.client.told("error").await);
    assert_eq!(errno, "EACCES");
    assert!(text.contains("another reader"), "{text}");
    stranger.socket(2).await;
    let name = server.address();
    let wanted = json!({"bind": {"socket": 2, "host": name, "port": 10_001}});
    assert_eq!(stranger.fails(wanted).await.0, "EADDRNOTAVAIL");
    server.wait_for(&[("received", 1), ("strangers", 0)]).await;
}

#[tokio::test]
async fn two_readers_bind_one_port_and_each_hears_its_own_client() {
    let host = TestServer::start(&[]).await;
    let (mut one, mut other) = (page(&host).await, page(&host).await);
    for (page, words) in [(&mut one, b"one"), (&mut other, b"two")] {
        page.bound(1, 10_000).await;
        page.socket(2).await;
        let localhost = "127.0.0.1:10000".parse().unwrap();
        page.send_to(2, localhost, words).await;
    }
    for (page, words) in [(&mut one, b"one"), (&mut other, b"two")] {
        assert_eq!(page.datagram().await.2, words);
        page.wait_for(&[("delivered", 1), ("received", 1)]).await;
    }
}

/// No system tells an unconnected socket that nobody listens. A connected one hears of it.
#[tokio::test]
async fn to_an_unbound_port_an_unconnected_socket_hears_nothing_and_a_connected_one_is_refused() {
    for tracing in [true, false] {
        let host = TestServer::start(&[]).await;
        let mut page = page(&host).await;
        page.options(tracing).await;
        page.bound(1, 20_000).await;
        let nobody = page.own(10_000);
        page.send_to(1, nobody, b"anybody?").await;
        page.wait_for(&[("sent", 1), ("dropped", 1)]).await;
        assert!(
            page.client
                .texts()
                .iter()
                .all(|text| text.get("error").is_none())
        );
        page.connect(1, nobody).await;
        page.send(1, None, b"anybody?").await;
        let error = page.client.told("error").await;
        assert_eq!(
            (&error["call"], &error["errno"]),
            (&json!("receive"), &json!("ECONNREFUSED"))
        );
        assert!(
            error["text"]
                .as_str()
                .unwrap()
                .contains("no program has bound"),
            "{error}"
        );
        page.wait_for(&[("sent", 2), ("dropped", 1), ("refused", 1)])
            .await;
        // As soon as somebody binds the port, the same socket reaches it.
        page.bound(2, 10_000).await;
        page.send(1, None, b"anybody?").await;
        assert_eq!(
            page.datagram().await,
            (2, page.own(20_000), b"anybody?".to_vec())
        );
    }
}

#[tokio::test]
async fn a_connected_socket_hears_its_peer_alone() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    let client = page.bound(2, 20_000).await;
    page.bound(3, 30_000).await;
    page.connect(2, server).await;
    page.send_to(3, client, b"from somebody else").await;
    page.send_to(1, client, b"from the peer").await;
    assert_eq!(
        page.datagram().await,
        (2, server, b"from the peer".to_vec())
    );
    page.wait_for(&[("strangers", 1), ("received", 1)]).await;
    page.call(json!({"disconnect": {"socket": 2}}), "disconnected")
        .await;
    page.send_to(3, client, b"from somebody else").await;
    assert_eq!(
        page.datagram().await,
        (2, page.own(30_000), b"from somebody else".to_vec())
    );
}

#[tokio::test]
async fn localhost_in_every_spelling_is_the_own_address() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    let client = page.bound(2, 20_000).await;
    for to in ["127.0.0.1:10000", "0.0.0.0:10000", &server.to_string()] {
        page.send_to(2, to.parse().unwrap(), b"x").await;
        assert_eq!(page.datagram().await, (1, client, b"x".to_vec()), "{to}");
    }
    for (name, port) in [("localhost", 10_000), ("", 10_000), ("127.0.0.1", 10_000)] {
        let wanted = json!({"connect": {"socket": 2, "host": name, "port": port}});
        let connected = page.call(wanted, "connected").await;
        assert_eq!(connected["peer"], server.to_string(), "{name:?}");
    }
}

/// A service of the machine that is bound to all addresses would answer on the reader's address, too.
#[tokio::test]
async fn a_foreign_service_on_all_addresses_gets_nothing_and_keeps_its_port() {
    let host = TestServer::start(&[]).await;
    let foreign = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    foreign.set_nonblocking(true).unwrap();
    let port = foreign.local_addr().unwrap().port();
    let mut page = page(&host).await;
    page.socket(1).await;
    page.send_to(1, page.own(port), b"not for you").await;
    page.wait_for(&[("sent", 1), ("dropped", 1)]).await;
    page.connect(1, page.own(port)).await;
    page.send(1, None, b"nor this").await;
    assert_eq!(page.client.told("error").await["errno"], "ECONNREFUSED");
    page.socket(2).await;
    let (errno, text) = page
        .fails(json!({"bind": {"socket": 2, "port": port}}))
        .await;
    assert_eq!(errno, "EADDRINUSE");
    assert!(
        text.contains(&format!(
            "another program on the host's machine has port {port}"
        )),
        "{text}"
    );
    let heard = foreign.recv(&mut [0; 100]).unwrap_err();
    assert_eq!(heard.kind(), std::io::ErrorKind::WouldBlock);
}

/// The host's own echo server may hold the port on all addresses: readers get it all the same, without `SO_REUSEADDR`.
#[tokio::test]
async fn the_port_of_the_host_s_own_server_is_free_on_readers_addresses() {
    for all in ["0.0.0.0:0", "[::]:0"] {
        let host = TestServer::start(&["--udp", all]).await;
        let port = host.udp().port();
        let mut page = page(&host).await;
        let server = page.bound(1, port).await;
        let client = page.bound(2, 20_000).await;
        page.send_to(2, server, b"to the page's own server").await;
        assert_eq!(
            page.datagram().await,
            (1, client, b"to the page's own server".to_vec()),
            "{all}"
        );
        page.send_to(1, client, b"answer").await;
        assert_eq!(
            page.datagram().await,
            (2, server, b"answer".to_vec()),
            "{all}"
        );
        let echo = page.target("echo");
        page.send_to(2, echo, b"to the host's").await;
        assert_eq!(
            page.datagram().await,
            (2, echo, b"to the host's".to_vec()),
            "{all}"
        );
        page.wait_for(&[("delivered", 2), ("left", 1), ("received", 3)])
            .await;
    }
}

#[tokio::test]
async fn over_ipv6_and_where_ports_are_mapped_every_reader_has_port_10000_too() {
    for (family, own, arguments) in [
        ("ipv6", "[::1]:10000", &[][..]),
        ("ipv4", "127.0.0.1:10000", &["--sockets-map-ports"]),
    ] {
        let host = TestServer::start(arguments).await;
        let (mut one, mut other) = (page(&host).await, page(&host).await);
        let own: SocketAddr = own.parse().unwrap();
        for page in [&mut one, &mut other] {
            assert_eq!(page.hello["loopback"]["mapped"], !arguments.is_empty());
            for socket in [1, 2] {
                page.call(
                    json!({"open": {"socket": socket, "family": family}}),
                    "opened",
                )
                .await;
            }
            let bound = page
                .call(json!({"bind": {"socket": 1, "port": 10_000}}), "bound")
                .await;
            assert_eq!(local(&bound), own);
            assert_ne!(
                bound["outside"],
                own.to_string(),
                "others reach it by another port"
            );
            page.send_to(2, own, page.address().as_bytes()).await;
        }
        for page in [&mut one, &mut other] {
            let (socket, from, payload) = page.datagram().await;
            assert_eq!((socket, payload), (1, page.address().into_bytes()));
            page.send_to(1, from, b"answer").await;
            assert_eq!(page.datagram().await, (2, own, b"answer".to_vec()));
            page.wait_for(&[("delivered", 2), ("strangers", 0)]).await;
        }
    }
}

#[tokio::test]
async fn a_closed_socket_frees_its_port_at_once() {
    let host = TestServer::start(&[]).await;
    let mut server = page(&host).await;
    let mut client = server.joined(&host).await;
    client.bound(1, 20_000).await;
    for socket in 1..=3 {
        let address = server.bound(socket, 10_000).await;
        client.send_to(1, address, b"to whoever has it").await;
        assert_eq!(server.datagram().await.0, socket);
        server
            .call(json!({"close": {"socket": socket}}), "closed")
            .await;
        client.send_to(1, address, b"to nobody").await;
        client
            .wait_for(&[("delivered", socket.into()), ("dropped", socket.into())])
            .await;
    }
    // A socket of the system's own gets it, too, when the session has gone.
    let own = server.own(10_000);
    drop(server);
    drop(client);
    soon("the port is free", async {
        while tokio::net::UdpSocket::bind(own).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sizes around every limit that some relay has: Ethernet's MTU, the tutorial's buffer, macOS, 32 KiB, IPv4.
const SIZES: [usize; 18] = [
    0, 1, 41, 42, 511, 512, 1472, 1473, 4095, 4096, 4097, 8192, 9216, 9217, 32_767, 32_768, 65_506,
    65_507,
];

/// Bytes that repeat with no period that a buffer size could hide.
fn payload(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n * 31 + n / 251) as u8).collect()
}

#[tokio::test]
async fn every_size_goes_both_ways_between_sockets_and_to_the_echo() {
    for arguments in [&[][..], &["--no-offload"], &["--sockets-map-ports"]] {
        let host = TestServer::start(&[arguments, &["--echo-empty"]].concat()).await;
        for tracing in [true, false] {
            let mut page = page(&host).await;
            page.options(tracing).await;
            let server = page.bound(1, 10_000).await;
            let client = page.bound(2, 20_000).await;
            let echo = page.target("echo");
            for size in SIZES {
                let payload = payload(size);
                page.send_to(2, server, &payload).await;
                assert!(
                    page.datagram().await == (1, client, payload.clone()),
                    "{size} bytes"
                );
                page.send_to(1, client, &payload).await;
                assert!(
                    page.datagram().await == (2, server, payload.clone()),
                    "{size} bytes back"
                );
                page.send_to(2, echo, &payload).await;
                assert!(
                    page.datagram().await == (2, echo, payload),
                    "{size} bytes echoed"
                );
            }
            let all = SIZES.len() as u64;
            page.wait_for(&[("delivered", 2 * all), ("left", all), ("received", 3 * all)])
                .await;
        }
    }
}

#[tokio::test]
async fn bursts_of_all_sizes_arrive_whole_and_in_order() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    page.options(false).await;
    let server = page.bound(1, 10_000).await;
    let client = page.bound(2, 20_000).await;
    let echo = page.target("echo");
    for to in [server, echo] {
        let sizes = [42, 42, 42, 10, 1, 1, 1400, 1400, 1, 42];
        for (number, size) in sizes.into_iter().cycle().take(60).enumerate() {
            page.client
                .feed(&message(2, Some(to), &vec![number as u8; size]))
                .await;
        }
        page.client.flush().await;
        let (socket, from) = if to == server { (1, client) } else { (2, echo) };
        for (number, size) in sizes.into_iter().cycle().take(60).enumerate() {
            let expected = (socket, from, vec![number as u8; size]);
            assert_eq!(page.datagram().await, expected, "{number}");
        }
    }
    page.wait_for(&[("delivered", 60), ("left", 60), ("received", 120)])
        .await;
}
