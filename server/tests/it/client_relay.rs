//! `udp-echo client --via`: the same client, its datagrams carried by a relay.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use test_support::host::TestServer;
use test_support::program::Program;

#[tokio::test]
async fn through_a_relay_the_transcript_is_the_same() {
    let server = TestServer::start(&[]).await;
    let client = Program::udp_echo(&["client", "--via", &server.ws("/relay/raw"), "hello"])
        .finished()
        .await;
    assert_eq!(
        client.stderr,
        "sending \"hello\"\nwaiting to receive\nreceived \"hello\"\nclosing socket\n"
    );
    assert_eq!((client.code, client.stdout.as_str()), (Some(0), ""));
    server.shutdown().await;
}

#[tokio::test]
async fn ten_thousand_datagrams_go_through_a_relay_each_as_it_was() {
    let server = TestServer::start(&[]).await;
    let url = server.ws("/relay/raw");
    for size in ["8", "1472"] {
        let client = Program::udp_echo(&[
            "client",
            "--via",
            &url,
            "--json",
            "-q",
            "-c",
            "10000",
            "-i",
            "0",
            "--size",
            size,
            "--timeout",
            "30s",
        ]);
        let client = client.finished().await;
        let summary: Value = serde_json::from_str(&client.stdout).unwrap();
        let summary = &summary["summary"];
        assert_eq!(
            (&summary["sent"], &summary["echoed"]),
            (&json!(10_000), &json!(10_000)),
            "{client:?}"
        );
        assert_eq!(
            (&summary["stray"], &summary["duplicates"]),
            (&json!(0), &json!(0)),
            "{client:?}"
        );
        assert_eq!(
            summary["bytes_received"], summary["bytes_sent"],
            "{client:?}"
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_relay_that_stops_is_quoted_and_the_summary_still_comes() {
    let server = TestServer::start(&[]).await;
    let mut client = Program::udp_echo(&[
        "client",
        "--via",
        &server.ws("/relay/raw"),
        "--count",
        "0",
        "--interval",
        "20ms",
    ]);
    client.prints("datagram 1: echoed").await;
    server.shutdown().await;
    let client = client.finished().await;
    assert!(client.stdout.contains("\nsent "), "{client:?}");
    assert!(
        client
            .stderr
            .contains("closed the session with code 1001: the host stops"),
        "{client:?}"
    );
    assert_eq!(client.code, Some(1));
}

#[tokio::test]
async fn one_byte_too_many_is_lost_behind_a_relay_and_the_session_lives() {
    let server = TestServer::start(&[]).await;
    let url = server.ws("/relay/raw");
    let client = Program::udp_echo(&[
        "client",
        "--via",
        &url,
        "--size",
        "65508",
        "--timeout",
        "200ms",
    ]);
    let client = client.finished().await;
    assert!(
        client.stderr.contains("carries at most 65507"),
        "{client:?}"
    );
    assert!(!client.stderr.contains("closed the session"), "{client:?}");
    assert_eq!(client.code, Some(1));
    server.shutdown().await;
}

#[tokio::test]
async fn a_relay_that_refuses_says_why() {
    let server = TestServer::start(&[]).await;
    let http = server.http();
    let table = [
        (
            server.ws("/relay/raw?target=nobody"),
            "404 Not Found: there is no target",
        ),
        (server.ws("/relay"), "use the headerless route, /relay/raw"),
        (server.ws("/nothing/here"), "404"),
        (
            format!("ws://localhost.invalid:{}/relay/raw", http.port()),
            "is `udp-echo` running there?",
        ),
        (
            "ws://127.0.0.1:1/relay/raw".to_owned(),
            "is `udp-echo` running there?",
        ),
    ];
    for (url, words) in table {
        let client = Program::udp_echo(&["client", "--via", &url])
            .finished()
            .await;
        assert!(client.stderr.contains(words), "{url}: {client:?}");
        assert_eq!(client.code, Some(1), "{url}: {client:?}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_capture_through_a_relay_says_where_its_datagrams_were_seen() {
    let server = TestServer::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.pcapng");
    let url = server.ws("/relay/raw");
    let client = Program::udp_echo(&["client", "--via", &url, "--pcap", file.to_str().unwrap()]);
    assert_eq!(client.finished().await.code, Some(0));
    let capture = std::fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&capture);
    assert_eq!(text.matches(&format!("(as a message of {url})")).count(), 2);
    server.shutdown().await;
}
