//! The lab on `/sockets`: `up` acts on what leaves the session's sockets, `down` on what comes to them.

use super::*;

#[tokio::test]
async fn the_same_seed_loses_the_same_datagrams_wherever_they_go() {
    let host = TestServer::start(&[]).await;
    let mut lost = Vec::new();
    for to_echo in [false, true, false] {
        let mut page = page(&host).await;
        let server = page.bound(1, 10_000).await;
        page.bound(2, 20_000).await;
        let to = if to_echo { page.target("echo") } else { server };
        page.call(
            json!({"lab": {"up": {"loss_ppm": 300_000}, "seed": 7}}),
            "lab",
        )
        .await;
        for number in 0..50 {
            page.send_to(2, to, &[number]).await;
        }
        let counters = page.wait_for(&[("sent", 50), ("in_flight", 0)]).await;
        let arrived = 50 - counters["dropped"].as_u64().unwrap();
        let mut through = Vec::new();
        for _ in 0..arrived {
            through.push(page.datagram().await.2[0]);
        }
        lost.push(through);
    }
    assert!((20..50).contains(&lost[0].len()), "{lost:?}");
    assert_eq!(lost[0], lost[1]);
    assert_eq!(lost[0], lost[2]);
}

#[tokio::test]
async fn what_befalls_one_datagram_befalls_the_next_one_out() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    let client = page.bound(2, 20_000).await;
    page.call(json!({"once": "lose"}), "counters").await;
    page.send_to(2, server, b"lost").await;
    page.send_to(2, server, b"not lost").await;
    assert_eq!(page.datagram().await, (1, client, b"not lost".to_vec()));
    page.call(json!({"once": "double"}), "counters").await;
    page.send_to(2, server, b"twice").await;
    for _ in 0..2 {
        assert_eq!(page.datagram().await.2, b"twice");
    }
    page.wait_for(&[
        ("sent", 3),
        ("delivered", 2),
        ("dropped", 1),
        ("received", 3),
    ])
    .await;
}

/// Nobody can make the host send more than it was sent.
#[tokio::test]
async fn a_doubled_datagram_leaves_the_host_once() {
    let target = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let setting = format!("--target=python={}", target.local_addr().unwrap());
    let host = TestServer::start(&[&setting, "--allow-private-targets"]).await;
    let mut page = page(&host).await;
    page.bound(1, 20_000).await;
    page.call(json!({"lab": {"up": {"duplicate_ppm": 1_000_000}}}), "lab")
        .await;
    for payload in [&b"first"[..], b"second"] {
        page.send_to(1, page.target("python"), payload).await;
        let mut buffer = [0; 100];
        let bytes = test_support::soon("a datagram", target.recv(&mut buffer))
            .await
            .unwrap();
        assert_eq!(&buffer[..bytes], payload);
    }
    page.wait_for(&[("sent", 2), ("left", 2)]).await;
    assert!(target.try_recv(&mut [0; 100]).is_err());
}

/// Its sender learns what the receiver's link did.
#[tokio::test]
async fn loss_on_the_way_to_the_receiver_is_told_to_the_sender() {
    let host = TestServer::start(&[]).await;
    let mut server = page(&host).await;
    let address = server.bound(1, 10_000).await;
    server
        .call(json!({"lab": {"down": {"loss_ppm": 1_000_000}}}), "lab")
        .await;
    let mut client = server.joined(&host).await;
    client.bound(1, 20_000).await;
    client.send_to(1, address, b"lost at the other end").await;
    let way = client.client.way(1, "gone").await;
    let way: Vec<_> = way.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(way, ["relay_in", "udp_out", "dropped", "gone"]);
    client.wait_for(&[("sent", 1), ("dropped", 1)]).await;
    server
        .wait_for(&[("receive_dropped", 1), ("received", 0)])
        .await;
}

#[tokio::test]
async fn a_delayed_datagram_is_in_flight_until_it_arrives() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    page.bound(2, 20_000).await;
    for direction in ["up", "down"] {
        page.call(json!({"lab": {direction: {"delay_us": 100_000}}}), "lab")
            .await;
        let before = page.counters().await["sent"].as_u64().unwrap();
        page.send_to(2, server, b"late").await;
        page.wait_for(&[("sent", before + 1), ("in_flight", 1)])
            .await;
        assert_eq!(page.datagram().await.2, b"late");
        page.wait_for(&[("in_flight", 0), ("delivered", before + 1)])
            .await;
    }
    let told = page
        .call(json!({"lab": {"up": {"loss_ppm": 2_000_000}}}), "notice")
        .await;
    assert_eq!(told["code"], "out_of_range");
}
