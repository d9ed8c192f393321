//! Datagrams to and from everybody else: targets, peers, programs on the reader's machine, and strangers.

use std::net::{IpAddr, Ipv4Addr};

use tokio::net::UdpSocket;
use wire::sockets::errno::Errno;

use super::*;

async fn program(address: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(address).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

async fn heard(program: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 70_000];
    let receiving = test_support::soon("a datagram", program.recv_from(&mut buffer));
    let (bytes, from) = receiving.await.unwrap();
    buffer.truncate(bytes);
    (buffer, from)
}

#[tokio::test]
async fn the_host_s_echo_is_reached_by_its_target_name_and_never_as_localhost() {
    let host = TestServer::start(&[]).await;
    for tracing in [true, false] {
        let mut page = page(&host).await;
        page.options(tracing).await;
        let echo = page.target("echo");
        page.socket(1).await;
        page.send_to(1, echo, b"This is the message.").await;
        page.client.told("bound").await;
        assert_eq!(
            page.datagram().await,
            (1, echo, b"This is the message.".to_vec())
        );
        page.send_to(1, page.own(echo.port()), b"not to the host")
            .await;
        let localhost = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), echo.port());
        page.send_to(1, localhost, b"not to the host").await;
        page.wait_for(&[("left", 1), ("dropped", 2), ("received", 1)])
            .await;

        let connected = page
            .call(
                json!({"connect": {"socket": 1, "host": "echo"}}),
                "connected",
            )
            .await;
        assert_eq!(connected["peer"], echo.to_string());
        page.send(1, None, b"connected").await;
        assert_eq!(page.datagram().await, (1, echo, b"connected".to_vec()));
        let resolved = page
            .call(json!({"resolve": {"host": "echo"}}), "resolved")
            .await;
        assert_eq!(resolved["addresses"], json!([echo.to_string()]));
    }
}

/// An unbound program on the machine, such as `nc`, comes from 127.0.0.1.
#[tokio::test]
async fn a_program_beside_the_reader_writes_to_a_page_s_server_and_gets_its_answer() {
    for arguments in [&[][..], &["--sockets-map-ports"]] {
        let host = TestServer::start(arguments).await;
        let mut page = page(&host).await;
        page.socket(1).await;
        let bound = page
            .call(json!({"bind": {"socket": 1, "port": 10_000}}), "bound")
            .await;
        let outside: SocketAddr = bound["outside"].as_str().unwrap().parse().unwrap();
        let (visitor, address) = program("127.0.0.1:0").await;
        // Before it has written, nobody is there.
        page.send_to(1, address, b"unasked").await;
        page.wait_for(&[("sent", 1), ("dropped", 1)]).await;
        visitor.send_to(b"hello", outside).await.unwrap();
        assert_eq!(page.datagram().await, (1, address, b"hello".to_vec()));
        page.send_to(1, address, b"hello back").await;
        assert_eq!(heard(&visitor).await, (b"hello back".to_vec(), outside));
        page.wait_for(&[
            ("left", 1),
            ("dropped", 1),
            ("received", 1),
            ("strangers", 0),
        ])
        .await;
    }
}

#[tokio::test]
async fn behind_a_proxy_no_program_of_the_host_s_machine_is_a_visitor() {
    let host = TestServer::start(&[]).await;
    let url = host.ws("/sockets");
    let mut page = Page::open(&url, &[("x-forwarded-for", "192.0.2.7")]).await;
    assert_eq!(page.hello["loopback"]["reachable"], false);
    page.socket(1).await;
    let bound = page
        .call(json!({"bind": {"socket": 1, "port": 10_000}}), "bound")
        .await;
    assert_eq!(bound["outside"], json!(null));
    let (visitor, address) = program("127.0.0.1:0").await;
    visitor.send_to(b"hello", local(&bound)).await.unwrap();
    page.wait_for(&[("strangers", 1), ("received", 0)]).await;
    page.send_to(1, address, b"unasked").await;
    page.wait_for(&[("dropped", 1), ("left", 0)]).await;
}

#[tokio::test]
async fn who_comes_from_another_loopback_address_is_a_stranger() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    let own = format!("{}:0", page.address());
    for from in ["127.0.0.5:0", &own] {
        let (program, _) = program(from).await;
        program.send_to(b"let me in", server).await.unwrap();
    }
    page.wait_for(&[("strangers", 2), ("received", 0)]).await;
}

#[tokio::test]
async fn a_target_sees_a_port_of_the_host_and_only_it_may_answer_there() {
    let (target, address) = program("127.0.0.1:0").await;
    let setting = format!("--target=python={address}");
    let host = TestServer::start(&[&setting, "--allow-private-targets"]).await;
    let mut page = page(&host).await;
    let named = page.target("python");
    assert_ne!(named, address, "127.0.0.1 is the reader's own");
    page.bound(1, 20_000).await;
    page.send_to(1, named, b"question").await;
    let (question, from) = heard(&target).await;
    assert_eq!(question, b"question");
    let (stranger, _) = program("127.0.0.1:0").await;
    stranger.send_to(b"unasked", from).await.unwrap();
    target.send_to(b"answer", from).await.unwrap();
    assert_eq!(page.datagram().await, (1, named, b"answer".to_vec()));
    page.wait_for(&[("left", 1), ("received", 1), ("strangers", 1)])
        .await;
    // That port stays free on the readers' own addresses.
    let mut other = super::page(&host).await;
    assert_eq!(other.bound(1, from.port()).await, other.own(from.port()));
    assert_eq!(page.bound(2, from.port()).await, page.own(from.port()));
}

#[tokio::test]
async fn a_connected_socket_hears_that_nobody_listens_at_its_target_and_the_fate_stays() {
    let (gone, address) = program("127.0.0.1:0").await;
    drop(gone);
    let setting = format!("--target=gone={address}");
    let host = TestServer::start(&[&setting, "--allow-private-targets"]).await;
    for tracing in [true, false] {
        let mut page = page(&host).await;
        page.options(tracing).await;
        page.bound(1, 20_000).await;
        let named = page.target("gone");
        page.send_to(1, named, b"unconnected sockets hear nothing")
            .await;
        page.connect(1, named).await;
        page.send(1, None, b"anybody?").await;
        let error = page.client.told("error").await;
        assert_eq!(
            (&error["call"], &error["errno"]),
            (&json!("receive"), &json!("ECONNREFUSED"))
        );
        assert!(
            error["text"].as_str().unwrap().contains(&named.to_string()),
            "{error}"
        );
        page.wait_for(&[("left", 2), ("refused", 0)]).await;
        page.call(json!({"disconnect": {"socket": 1}}), "disconnected")
            .await;
        let echo = page.target("echo");
        page.send_to(1, echo, b"to the next").await;
        assert_eq!(page.datagram().await, (1, echo, b"to the next".to_vec()));
    }
}

/// The port that a target sees stays when the socket is connected and disconnected.
#[tokio::test]
async fn the_port_outside_outlives_connect_and_disconnect() {
    let (target, address) = program("127.0.0.1:0").await;
    let setting = format!("--target=python={address}");
    let host = TestServer::start(&[&setting, "--allow-private-targets"]).await;
    let mut page = page(&host).await;
    let named = page.target("python");
    page.bound(1, 20_000).await;
    page.send_to(1, named, b"1").await;
    let (_, first) = heard(&target).await;
    page.connect(1, named).await;
    page.send(1, None, b"2").await;
    page.call(json!({"disconnect": {"socket": 1}}), "disconnected")
        .await;
    page.send_to(1, named, b"3").await;
    for expected in [b"2", b"3"] {
        assert_eq!(heard(&target).await, (expected.to_vec(), first));
    }
}

/// An address of this machine that is no loopback's; `None` without a network.
fn address_on_the_network() -> Option<IpAddr> {
    let others = udp_echo::place::address_for_others(([0, 0, 0, 0], 9).into());
    if others.is_none() {
        println!("left out: this machine has no network");
    }
    others.map(|address| address.ip())
}

#[tokio::test]
async fn an_admitted_peer_is_reached_and_answers_and_others_are_not() {
    let Some(ip) = address_on_the_network() else {
        return;
    };
    let (peer, address) = program(&format!("{ip}:0")).await;
    let (other, other_address) = program(&format!("{ip}:0")).await;
    let setting = format!("--peer={ip}:{}", address.port());
    let host = TestServer::start(&["--sockets=peers", &setting]).await;
    let own_origin = format!("http://{}", host.http());
    for tracing in [true, false] {
        let mut page = Page::open(&host.ws("/sockets"), &[("origin", &own_origin)]).await;
        page.options(tracing).await;
        assert_eq!(
            page.hello["peers"],
            json!([format!("{ip}/32:{}", address.port())])
        );
        page.bound(1, 20_000).await;
        page.send_to(1, address, b"question").await;
        let (question, from) = heard(&peer).await;
        assert_eq!(question, b"question");
        other.send_to(b"unasked", from).await.unwrap();
        peer.send_to(b"answer", from).await.unwrap();
        assert_eq!(page.datagram().await, (1, address, b"answer".to_vec()));
        page.send_to(1, other_address, b"not admitted").await;
        let (errno, text) = words(&page.client.told("error").await);
        assert_eq!(errno, "EACCES");
        assert!(
            text.contains(&format!("--peer {ip}/32:{}", other_address.port())),
            "{text}"
        );
        page.wait_for(&[("left", 1), ("rejected", 1), ("strangers", 1)])
            .await;
    }
}

#[tokio::test]
async fn an_error_of_the_network_has_the_system_s_name() {
    let host = TestServer::start(&["--sockets=peers", "--peer=0.0.0.0/0", "--peer=::/0"]).await;
    let own_origin = format!("http://{}", host.http());
    let mut page = Page::open(&host.ws("/sockets"), &[("origin", &own_origin)]).await;
    page.call(json!({"open": {"socket": 1, "family": "ipv6"}}), "opened")
        .await;
    // There is no way to the addresses of Teredo's reserve; some machines have no IPv6 at all.
    page.send_to(1, "[2606:4700::1]:9000".parse().unwrap(), b"x")
        .await;
    let counters = page.wait_for(&[("sent", 1), ("in_flight", 0)]).await;
    if counters["left"] == 0 {
        let (errno, _) = words(&page.client.told("error").await);
        let known: Errno = serde_json::from_value(json!(errno)).unwrap();
        assert!(
            matches!(
                known,
                Errno::Enetunreach | Errno::Ehostunreach | Errno::Eacces
            ),
            "{errno}"
        );
    }
}

/// Every destination of the vectors that may not be sent to, over the real route; and every name that is none.
#[tokio::test]
async fn the_table_of_destinations_holds_over_the_real_route() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../wire/vectors/route.json")).unwrap();
    let host = TestServer::start(&["--max-sockets=0", "--control-per-second=0"]).await;
    let mut page = page(&host).await;
    page.call(json!({"open": {"socket": 4}}), "opened").await;
    page.call(json!({"open": {"socket": 6, "family": "ipv6"}}), "opened")
        .await;
    for (socket, port) in [(4, 10_000), (6, 10_000)] {
        page.call(json!({"bind": {"socket": socket, "port": port}}), "bound")
            .await;
    }
    let number = |family: &Value| if family == "ipv6" { 6 } else { 4 };
    let is_error = |gives: &str| gives.starts_with('E');
    let mut tried = 0;
    for row in vectors["destinations"].as_array().unwrap() {
        let route = row["route"].as_str().unwrap();
        // Its own address is another one here, and so are the targets; what is admitted there is not here.
        if !is_error(route) && route != "peer" {
            continue;
        }
        let to: SocketAddr = row["to"].as_str().unwrap().parse().unwrap();
        page.send_to(number(&row["family"]), to, b"x").await;
        let (errno, text) = words(&page.client.told("error").await);
        let expected = if is_error(route) { route } else { "EACCES" };
        assert_eq!(errno, expected, "{row}: {text}");
        tried += 1;
    }
    for row in vectors["connects"].as_array().unwrap() {
        let gives = row["gives"].as_str().unwrap();
        let targets = vectors["surroundings"]["targets"].as_array().unwrap();
        let is_target = targets.iter().any(|target| target["name"] == row["host"]);
        if is_error(gives) && !is_target {
            let socket = number(&row["family"]);
            let wanted = json!({"socket": socket, "host": row["host"], "port": row["port"]});
            let (errno, text) = page.fails(json!({"connect": wanted})).await;
            assert_eq!(errno, gives, "{row}: {text}");
            tried += 1;
        }
    }
    println!("{tried} destinations were refused");
    assert!(tried >= 60, "{tried}");
    page.wait_for(&[("left", 0), ("in_flight", 0)]).await;
}
