//! How lanes end, and what that leaves of their sessions.

use serde_json::json;
use test_support::soon;
use wtransport::VarInt;
use wtransport::error::ConnectionError;

use super::{Page, answer, host, send};

/// Code and reason with which the host closed a lane.
async fn closed(lane: &wtransport::Connection) -> (u64, String) {
    match soon("the end of the lane", lane.closed()).await {
        ConnectionError::ApplicationClosed(close) => {
            let reason = String::from_utf8_lossy(close.reason()).into_owned();
            (close.code().into_inner(), reason)
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_lane_does_not_outlive_its_websocket() {
    let host = host(&[]).await;
    let (page, lane) = Page::with_lane(&host).await;
    page.socket.close().await;
    let (code, why) = closed(&lane).await;
    assert_eq!(code, 1000, "{why}");
    assert!(why.contains("WebSocket"), "{why}");
}

#[tokio::test]
async fn a_session_outlives_its_lane_and_may_have_another() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    send(&lane, 1, b"one");
    answer(&lane).await;
    lane.close(VarInt::from_u32(0), b"enough");
    let closed = page.told("closed").await;
    assert_eq!(closed["code"], 0, "{closed}");
    page.asks(json!("numbered")).await;
    page.socket.send(&wire::lane::message(2, b"two")).await;
    assert_eq!(page.socket.datagram().await, b"two");
    page.asks(json!("offer")).await;
    page.offer = page.told("offer").await;
    let lane = page.lane().await.unwrap();
    page.told("opened").await;
    send(&lane, 3, b"three");
    let (number, payload) = answer(&lane).await;
    assert_eq!(payload, b"three");
    assert_eq!(number, wire::lane::FIRST_ANSWER + 1, "its numbers go on");
}

#[tokio::test]
async fn a_second_lane_takes_the_place_of_the_first() {
    let host = host(&[]).await;
    let (mut page, first) = Page::with_lane(&host).await;
    let endpoint = page.endpoint.take();
    page.asks(json!("offer")).await;
    page.offer = page.told("offer").await;
    let second = page.lane().await.unwrap();
    assert_eq!(closed(&first).await.0, 4408);
    send(&second, 1, b"by the second");
    assert_eq!(answer(&second).await.1, b"by the second");
    drop(endpoint);
}

#[tokio::test]
async fn a_host_that_stops_closes_lanes_with_the_sessions() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    let stopping = tokio::spawn(host.shutdown());
    assert_eq!(page.socket.closed().await.0, 1001);
    assert_eq!(closed(&lane).await, (1001, "the host stops".to_owned()));
    soon("the end of the host", stopping).await.unwrap();
}

#[tokio::test]
async fn an_idle_session_takes_its_lane_along_and_a_lane_keeps_it_from_being_idle() {
    let host = host(&["--idle-timeout", "3s"]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    // Longer than the session may be idle, and far more often than it must not be.
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(250));
    for number in 1..=16 {
        pace.tick().await;
        send(&lane, number, b"still here");
        answer(&lane).await;
    }
    assert_eq!(page.counters().await["sent"], 16);
    assert_eq!(page.socket.closed().await.0, 4402);
    assert_eq!(closed(&lane).await.0, 4402);
}

#[tokio::test]
async fn what_the_host_saw_of_an_attempt_is_told() {
    let host = host(&[]).await;
    let mut page = Page::open(&host).await;
    page.asks(json!("attempt")).await;
    let attempt = page.told("attempt").await;
    assert_eq!(attempt["saw"], "nothing");
    let text = attempt["text"].as_str().unwrap();
    assert!(
        text.contains("UDP") && text.contains("https://127.0.0.1:"),
        "{text}"
    );
    // A client that does not take the certificate.
    let mut wrong = page.offer.clone();
    wrong["hashes"] = json!(["00".repeat(32)]);
    std::mem::swap(&mut page.offer, &mut wrong);
    page.lane().await.unwrap_err();
    let attempt = loop {
        page.asks(json!("attempt")).await;
        let attempt = page.told("attempt").await;
        if attempt["text"].as_str().unwrap().contains("failed") {
            break attempt;
        }
    };
    assert_eq!(attempt["saw"], "handshake", "{attempt}");
    let (mut page, _lane) = Page::with_lane(&host).await;
    page.asks(json!("attempt")).await;
    assert_eq!(page.told("attempt").await["saw"], "joined");
}
