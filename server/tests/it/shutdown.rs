//! How the host stops, as a program: signals, goodbyes, exit codes; and how its clients come back.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use test_support::client::Client;
use test_support::host::HostProgram;
use test_support::host::{TestServer, get};
use test_support::soon;

#[tokio::test]
async fn sigterm_says_goodbye_to_every_session_and_exits_with_0() {
    let mut program = HostProgram::start(&[]).await;
    let mut page = Client::connect(&program.ws("/relay")).await;
    page.told("hello").await;
    let mut raw = Client::connect(&program.ws("/relay/raw")).await;
    raw.send(b"open").await;
    raw.datagram().await;
    // Somebody who only holds a connection keeps nobody waiting.
    let _silent = tokio::net::TcpStream::connect(program.http).await.unwrap();

    program.signal("-TERM").await;
    for client in [&mut page, &mut raw] {
        let (code, reason) = client.closed().await;
        assert_eq!(code, 1001, "{reason}");
        assert!(!reason.is_empty());
    }
    assert_eq!(program.ended().await.code(), Some(0));
    assert!(tokio::net::TcpStream::connect(program.http).await.is_err());
}

/// As after `udp-echo 2>&1 | head`.
#[tokio::test]
async fn a_host_to_which_nobody_listens_any_more_serves_and_stops_all_the_same() {
    let mut program = HostProgram::start_unheard().await;
    for route in ["/relay", "/relay/raw"] {
        let mut client = Client::connect(&program.ws(route)).await;
        client.send(b"anybody there?").await;
        assert_eq!(client.datagram().await, b"anybody there?");
    }
    let mut page = Client::connect(&program.ws("/relay")).await;
    page.told("hello").await;
    program.signal("-TERM").await;
    assert_eq!(page.closed().await.0, 1001);
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn ctrl_c_is_as_polite() {
    let mut program = HostProgram::start(&[]).await;
    program.signal("-INT").await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut program = HostProgram::start(&["--drain-time=1h"]).await;
    program.signal("-TERM").await;
    program.said("stopping").await;
    program.signal("-TERM").await;
    assert_eq!(program.ended().await.code(), Some(130));
}

/// The kernel and the shell each send a SIGHUP when a terminal is closed.
#[tokio::test]
async fn a_closed_terminal_is_as_polite_however_often_it_is_told() {
    let mut program = HostProgram::start(&["--drain-time=1h"]).await;
    let mut page = Client::connect(&program.ws("/relay")).await;
    page.told("hello").await;
    program.signal("-HUP").await;
    program.said("stopping").await;
    program.signal("-HUP").await;
    page.send(b"still served").await;
    assert_eq!(page.datagram().await, b"still served");
    program.signal("-TERM").await;
    assert_eq!(program.ended().await.code(), Some(130));

    let mut program = HostProgram::start(&[]).await;
    let mut page = Client::connect(&program.ws("/relay")).await;
    page.told("hello").await;
    program.signal("-HUP").await;
    assert_eq!(page.closed().await.0, 1001);
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn while_it_drains_proxies_are_told_and_sessions_live() {
    let mut program = HostProgram::start(&["--drain-time=1h"]).await;
    let mut page = Client::connect(&program.ws("/relay")).await;
    page.told("hello").await;
    let (head, body) = get(program.http, "/healthz", &[]).await;
    assert!(
        head.starts_with("HTTP/1.1 200") && body == "ready\n",
        "{head}"
    );

    program.signal("-TERM").await;
    program.said("stopping").await;
    soon("the word to proxies", async {
        while get(program.http, "/healthz", &[]).await.1 != "draining\n" {}
    })
    .await;
    let (head, _) = get(program.http, "/healthz", &[]).await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    let (head, _) = get(program.http, "/healthz/live", &[]).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (_, about) = get(program.http, "/relay.json", &[]).await;
    assert!(
        about.contains("\"busy\":\"the host is about to stop"),
        "{about}"
    );
    let (_, metrics) = get(program.http, "/metrics", &[]).await;
    assert!(metrics.contains("\nudp_echo_draining 1\n"), "{metrics}");
    page.send(b"still served").await;
    assert_eq!(page.datagram().await, b"still served");
}

#[tokio::test]
async fn a_reader_who_never_reads_does_not_hold_up_the_end() {
    let mut program = HostProgram::start(&[]).await;
    let mut deaf = Client::connect(&program.ws("/relay/raw")).await;
    for _ in 0..200 {
        deaf.send(&[0; 60_000]).await;
    }
    program.signal("-TERM").await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn who_comes_back_in_time_has_the_same_udp_port() {
    let host = TestServer::start(&[]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let before = page.told("hello").await;
    assert_eq!(before["resumed"], false);
    let token = before["resume"].as_str().unwrap().to_owned();
    let resuming = host.ws(&format!("/relay?resume={token}"));

    // On another connection, while the host does not know yet that the first is dead.
    let mut again = Client::connect(&resuming).await;
    let after = again.told("hello").await;
    assert_eq!(
        (&after["client"], &after["resumed"]),
        (&before["client"], &serde_json::json!(true))
    );
    assert_eq!(page.closed().await.0, 4408);

    // The token of a session that has been replaced is worth nothing; its client gets another port, and is told so.
    let mut late = Client::connect(&resuming).await;
    let other = late.told("hello").await;
    assert_eq!(other["resumed"], false);
    assert_ne!(other["client"], before["client"]);
    again.send(b"undisturbed").await;
    again.datagram().await;
}

#[tokio::test]
async fn with_a_secret_ports_are_given_back_after_a_restart() {
    let settings = ["--resume-secret=the same before and after"];
    let host = TestServer::start(&settings).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let before = page.told("hello").await;
    host.shutdown().await;
    assert_eq!(page.closed().await.0, 1001);

    let token = before["resume"].as_str().unwrap();
    let host = TestServer::start(&settings).await;
    let mut page = Client::connect(&host.ws(&format!("/relay?resume={token}"))).await;
    let after = page.told("hello").await;
    assert_eq!(
        (&after["client"], &after["resumed"]),
        (&before["client"], &serde_json::json!(true))
    );
}
