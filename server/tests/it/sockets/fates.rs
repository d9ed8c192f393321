//! What becomes of datagrams: each ends in one fate, is traced when asked for, and is counted by the host.

use test_support::host::get;

use super::*;

async fn way(page: &mut Page, id: u64, last: &str) -> Vec<String> {
    let way = page.client.way(id, last).await;
    way.into_iter().map(|(_, what)| what).collect()
}

#[tokio::test]
async fn every_fate_is_traced_to_its_end() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    page.bound(2, 20_000).await;
    page.send_to(2, server, b"delivered").await;
    assert_eq!(
        way(&mut page, 1, "delivered").await,
        ["relay_in", "udp_out", "delivered"]
    );
    assert_eq!(
        way(&mut page, 0, "relay_out").await,
        ["udp_in", "relay_out"]
    );
    page.send_to(2, page.target("echo"), b"left").await;
    assert_eq!(
        way(&mut page, 2, "left").await,
        ["relay_in", "udp_out", "left"]
    );
    page.send_to(2, page.own(30_000), b"unbound").await;
    assert_eq!(
        way(&mut page, 3, "gone").await,
        ["relay_in", "dropped", "gone"]
    );
    page.send_to(2, "127.0.0.9:9".parse().unwrap(), b"rejected")
        .await;
    assert_eq!(
        way(&mut page, 4, "rejected").await,
        ["relay_in", "rejected \"EACCES\""]
    );
    page.connect(2, page.own(30_000)).await;
    page.send(2, None, b"refused").await;
    assert_eq!(way(&mut page, 5, "refused").await, ["relay_in", "refused"]);
    let all = [
        ("sent", 5),
        ("delivered", 1),
        ("left", 1),
        ("dropped", 1),
        ("rejected", 1),
        ("refused", 1),
    ];
    page.wait_for(&all).await;
}

#[tokio::test]
async fn the_host_counts_sessions_with_sockets_and_their_fates_add_up() {
    let host = TestServer::start(&[]).await;
    for tracing in [true, false] {
        let mut page = page(&host).await;
        page.options(tracing).await;
        let server = page.bound(1, 10_000).await;
        page.bound(2, 20_000).await;
        for _ in 0..3 {
            page.send_to(2, server, b"delivered").await;
            page.datagram().await;
        }
        page.send_to(2, page.target("echo"), b"left").await;
        page.datagram().await;
        page.send_to(2, page.own(30_000), b"unbound").await;
        page.send(2, None, b"nowhere").await;
        page.wait_for(&[("sent", 6), ("in_flight", 0)]).await;
        let (_, text) = get(host.http(), "/metrics", &[]).await;
        assert!(text.contains("udp_echo_sockets 2\n"), "{text}");
        // A long message ends the session, and the host says so.
        page.client
            .send(&[0; wire::limits::MAX_MESSAGE_BYTES + 1])
            .await;
        assert_eq!(page.client.closed().await.0, 4409);
    }
    let (_, text) = get(host.http(), "/metrics", &[]).await;
    for line in [
        "udp_echo_datagrams_total{kind=\"sockets\"} 12",
        "udp_echo_fates_total{kind=\"sockets\",fate=\"delivered\"} 6",
        "udp_echo_fates_total{kind=\"sockets\",fate=\"left\"} 2",
        "udp_echo_fates_total{kind=\"sockets\",fate=\"dropped\"} 2",
        "udp_echo_fates_total{kind=\"sockets\",fate=\"rejected\"} 2",
        "udp_echo_fates_total{kind=\"sockets\",fate=\"unfinished\"} 0",
        "udp_echo_answers_total{kind=\"sockets\"} 8",
        "udp_echo_drops_total{reason=\"unbound\"} 2",
        "udp_echo_sockets 0",
        "udp_echo_in_flight 0",
    ] {
        assert!(
            text.lines().any(|other| other == line),
            "{line} is not in\n{text}"
        );
    }
}

/// To those who watch the host's server on `/relay`, sockets of pages are sessions of the host and no visitors.
#[tokio::test]
async fn a_page_s_socket_is_no_visitor_at_the_host_s_own_server() {
    let host = TestServer::start(&[]).await;
    let mut watching = Client::connect(&host.ws("/relay")).await;
    watching.told("hello").await;
    let mut page = page(&host).await;
    page.bound(1, 20_000).await;
    let echo = page.target("echo");
    page.send_to(1, echo, b"from a page").await;
    page.datagram().await;
    let program = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    program
        .send_to(b"from a program", host.udp())
        .await
        .unwrap();
    let visitor = watching.told("visitor").await;
    assert_eq!(visitor["text"], "from a program");
}
