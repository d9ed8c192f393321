//! Clients that do not keep the rules: nobody gets a lane without a token, and no number or handshake takes more than its share.

use serde_json::json;
use test_support::soon;
use wtransport::Endpoint;
use wtransport::error::ConnectingError;
use wtransport::quinn;

use super::{ORIGIN, Page, answer, host, metric, send, trusting, url};

fn is_refused<T>(lane: &Result<T, ConnectingError>) -> bool {
    matches!(lane, Err(ConnectingError::SessionRejected))
}

#[tokio::test]
async fn a_token_opens_one_lane() {
    let host = host(&[]).await;
    let (mut page, first) = Page::with_lane(&host).await;
    assert!(is_refused(&page.lane().await));
    page.asks(json!("attempt")).await;
    let attempt = page.told("attempt").await;
    assert_eq!(attempt["saw"], "refused", "{attempt}");
    assert!(
        attempt["text"].as_str().unwrap().contains("used before"),
        "{attempt}"
    );
    // The lane that is open does not mind.
    send(&first, 1, b"still there");
    assert_eq!(answer(&first).await.1, b"still there");
}

#[tokio::test]
async fn a_new_offer_voids_the_last_token_and_opens_a_lane() {
    let host = host(&[]).await;
    let mut page = Page::open(&host).await;
    let last = url(&page.offer);
    page.asks(json!("offer")).await;
    page.offer = page.told("offer").await;
    assert!(is_refused(&page.lane_at(&last, Some(ORIGIN)).await));
    page.lane().await.expect("the new token is good");
    page.told("opened").await;
}

#[tokio::test]
async fn forged_tokens_other_pages_and_other_paths_open_nothing() {
    let host = host(&[]).await;
    let mut page = Page::open(&host).await;
    let good = url(&page.offer);
    let (root, token) = good.split_once("?token=").unwrap();
    let digit = if token.ends_with('0') { '1' } else { '0' };
    let forged = format!("{root}?token={}{digit}", &token[..31]);
    let elsewhere = good.replace("/lane?", "/relay?");
    let unnamed = root.to_owned();
    for wrong in [forged, elsewhere, unnamed, format!("{root}?token=")] {
        assert!(
            is_refused(&page.lane_at(&wrong, Some(ORIGIN)).await),
            "{wrong}"
        );
    }
    let foreign = page.lane_at(&good, Some("https://evil.example")).await;
    assert!(is_refused(&foreign));
    assert!(
        is_refused(&page.lane_at(&good, None).await),
        "the token is used up"
    );
    let refused = "udp_echo_lane_handshakes_total{outcome=\"refused\"}";
    assert_eq!(metric(&host, refused).await, 6);
    page.socket.send(b"the session does not mind").await;
    page.socket.datagram().await;
}

#[tokio::test]
async fn another_hosts_token_opens_nothing() {
    let (one, other) = (host(&[]).await, host(&[]).await);
    let page = Page::open(&one).await;
    let mut there = Page::open(&other).await;
    let token = page.offer["token"].as_str().unwrap();
    let root = there.offer["url"].as_str().unwrap().to_owned();
    let lane = there
        .lane_at(&format!("{root}?token={token}"), Some(ORIGIN))
        .await;
    assert!(is_refused(&lane));
}

#[tokio::test]
async fn what_is_no_datagram_of_the_session_is_passed_over_and_counted() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    for message in [&[][..], &[1], &[0; 7], &[0; 8], &[255; 8]] {
        lane.send_datagram(message).unwrap();
    }
    send(&lane, 1, b"one");
    send(&lane, 1, b"one, once more");
    assert_eq!(answer(&lane).await.1, b"one");
    send(&lane, 2, b"two");
    assert_eq!(answer(&lane).await.1, b"two");
    let counters = page.counters().await;
    assert_eq!(counters["sent"], 2);
    let discarded = "udp_echo_lane_datagrams_total{what=\"discarded\"}";
    assert_eq!(metric(&host, discarded).await, 6);
}

#[tokio::test]
async fn a_number_that_jumps_too_far_ends_the_lane_and_not_the_session() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    send(&lane, 8193, b"as far as may be");
    answer(&lane).await;
    send(&lane, 8195, b"too far");
    let closed = page.told("closed").await;
    assert_eq!(closed["code"], 4400, "{closed}");
    soon("the end of the lane", lane.closed()).await;
    // So many are in flight that no more are taken, until their timeout passes.
    page.way(8192, "gone").await;
    page.asks(json!("numbered")).await;
    page.socket
        .send(&wire::lane::message(8194, b"by the WebSocket"))
        .await;
    assert_eq!(page.socket.datagram().await, b"by the WebSocket");
}

#[tokio::test]
async fn a_wrong_number_on_the_websocket_ends_the_session() {
    let host = host(&[]).await;
    for message in [
        b"short".to_vec(),
        wire::lane::message(0, b"none"),
        wire::lane::message(1, b"repeated"),
        wire::lane::message(9000, b"far ahead"),
    ] {
        let (mut page, _lane) = Page::with_lane(&host).await;
        page.socket.send(b"one").await;
        page.asks(json!("numbered")).await;
        page.socket.send(&message).await;
        let (code, why) = page.socket.closed().await;
        assert_eq!(code, 4400, "{why}");
    }
}

#[tokio::test]
async fn a_report_out_of_range_is_told_and_changes_nothing() {
    let host = host(&[]).await;
    let (mut page, _lane) = Page::with_lane(&host).await;
    for report in [json!({"sent": 9000}), json!({"received": [[1, 2]]})] {
        page.reports(report).await;
        let notice = page.socket.told("notice").await;
        assert_eq!(notice["code"], "out_of_range", "{notice}");
    }
    page.asks(json!("unheard-of")).await;
    assert_eq!(page.socket.closed().await.0, 4400);
}

/// Handshakes that nobody finishes are bounded, in number and in time, and then others come through.
#[tokio::test]
async fn a_flood_of_handshakes_takes_no_more_than_its_share() {
    let host = host(&["--handshake-timeout", "2s"]).await;
    let mut page = Page::open(&host).await;
    let config = trusting(&page.offer);
    let mut flood = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    flood.set_default_client_config(config.quic_config().clone());
    let address: std::net::SocketAddr = {
        let url = page.offer["url"].as_str().unwrap();
        let place = url.trim_start_matches("https://").trim_end_matches("/lane");
        place.parse().unwrap()
    };
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..140 {
        let connecting = flood.connect(address, "127.0.0.1").unwrap();
        match soon("a handshake", connecting).await {
            Ok(connection) => held.push(connection),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0 || held.len() == 140, "{refused}");
    assert!(metric(&host, "udp_echo_lane_handshakes ").await <= 128);
    // None of them asks for anything: their time is over.
    for connection in held {
        soon("the end of a handshake", connection.closed()).await;
    }
    assert_eq!(metric(&host, "udp_echo_lane_handshakes ").await, 0);
    page.asks(json!("offer")).await;
    page.offer = page.told("offer").await;
    page.lane().await.expect("there is room again");
}

/// A client that did not show that its address is its own has no handshake: it is asked to come again (RFC 9000, section 8.1.2).
#[tokio::test]
async fn an_address_is_validated_before_anything_is_kept() {
    let host = host(&[]).await;
    let page = Page::open(&host).await;
    let config = trusting(&page.offer);
    let endpoint = Endpoint::client(config).unwrap();
    let lane = endpoint.connect(
        wtransport::endpoint::ConnectOptions::builder(url(&page.offer))
            .add_header("origin", ORIGIN)
            .build(),
    );
    let lane = soon("a lane", lane).await.unwrap();
    // The first packet was answered with a Retry, which is one more round trip: the client counts it.
    let stats = lane.quic_connection().stats();
    assert!(stats.udp_rx.datagrams >= 2);
    assert_eq!(
        metric(&host, "udp_echo_lane_handshakes_total{outcome=\"joined\"}").await,
        1
    );
}
