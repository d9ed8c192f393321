//! The relay through real sockets: WebSocket in, UDP, the echo server, UDP, WebSocket out.

use std::time::Duration;

use serde_json::json;
use test_support::client::Client;
use test_support::host::{TestServer, get};
use test_support::soon;

/// A host of the test's own, so that no other test can disturb it.
async fn host() -> TestServer {
    TestServer::start(&[]).await
}

#[tokio::test]
async fn raw_carries_binary_and_text_and_says_nothing_of_its_own() {
    let host = host().await;
    let mut client = Client::connect(&host.ws("/relay/raw")).await;
    client.send(b"binary").await;
    assert_eq!(client.datagram().await, b"binary");
    client.send_text("text, as UTF-8: zwölf").await;
    assert_eq!(client.datagram().await, "text, as UTF-8: zwölf".as_bytes());
    assert!(client.texts().is_empty(), "{:?}", client.texts());
}

#[tokio::test]
async fn a_page_is_greeted_and_told_the_way_of_each_datagram() {
    let host = host().await;
    let mut client = Client::connect(&host.ws("/relay")).await;
    let hello = client.told("hello").await;
    assert_eq!(hello["protocol"], 1);
    assert_eq!(hello["server"], json!(host.udp().to_string()));
    assert_eq!(hello["own_server"], true);
    assert_eq!(hello["limits"]["datagram_bytes"], 65_507);

    client
        .send(b"This is the message.  It will be repeated.")
        .await;
    assert_eq!(client.datagram().await.len(), 42);
    let way = client.way(1, "relay_out").await;
    let kinds: Vec<_> = way.iter().map(|(_, kind)| kind.as_str()).collect();
    for kind in [
        "relay_in",
        "udp_out",
        "echo_in",
        "echo_out",
        "udp_in",
        "relay_out",
    ] {
        assert!(kinds.contains(&kind), "{kind} is missing in {way:?}");
    }
    let at = |kind: &str| way.iter().find(|(_, k)| k == kind).unwrap().0;
    let order = ["relay_in", "echo_in", "udp_in", "relay_out"].map(at);
    assert!(order.is_sorted(), "{way:?}");

    client.send_text(r#""counters""#).await;
    let counters = client.told("counters").await;
    assert_eq!(
        (&counters["sent"], &counters["echoed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(hello["targets"], json!(["echo"]));
}

#[tokio::test]
async fn one_byte_too_many_is_rejected_with_the_limit_and_the_session_lives() {
    let host = host().await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.told("hello").await;
    page.send(&vec![1; 65_508]).await;
    page.send(b"after").await;
    assert_eq!(page.datagram().await, b"after");
    let way = page.way(1, "rejected").await;
    let said = &way.last().unwrap().1;
    assert!(said.contains("65507"), "{said}");
    assert!(!said.contains("os error"), "{said}");

    let mut raw = Client::connect(&host.ws("/relay/raw")).await;
    raw.send(&vec![1; 65_508]).await;
    raw.send(b"after").await;
    assert_eq!(raw.datagram().await, b"after");
}

#[tokio::test]
async fn a_stopped_server_refuses_and_the_same_session_works_again_from_the_same_port() {
    let host = host().await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.told("hello").await;
    page.send_text(r#"{"server":{"listening":false}}"#).await;
    let gone = page.told("server").await["server"].clone();
    let taken = std::net::UdpSocket::bind(gone.as_str().unwrap()).unwrap_err();
    assert_eq!(
        taken.kind(),
        std::io::ErrorKind::AddrInUse,
        "nobody else gets it"
    );
    page.send(b"one").await;
    page.way(1, "refused").await;
    page.send(b"two").await;
    page.way(2, "refused").await;

    page.send_text(r#"{"server":{}}"#).await;
    assert_eq!(page.told("server").await["server"], gone, "the port stays");
    page.send(b"three").await;
    assert_eq!(page.datagram().await, b"three");
    page.way(3, "relay_out").await;
    page.send_text(r#""counters""#).await;
    // Counters came after each change of the server as well; the last ones count.
    let counters = page.told_last("counters").await;
    assert_eq!(
        (&counters["refused"], &counters["echoed"]),
        (&json!(2), &json!(1))
    );
}

/// The tutorial's client does not connect, and hears nothing of a port that nobody has bound. `connect` sends nothing and
/// fixes the peer; from then on the system tells.
#[tokio::test]
async fn an_unconnected_session_hears_nothing_of_a_closed_port_and_a_connected_one_is_refused() {
    let host = host().await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    assert_eq!(page.told("hello").await["options"]["connected"], true);
    page.send_text(r#"{"server":{"listening":false}}"#).await;
    page.told("server").await;
    page.send_text(r#"{"options":{"timeout_ms":200,"connected":false}}"#)
        .await;
    assert_eq!(page.told("options").await["connected"], false);
    page.send(b"is anybody there?").await;
    let way = page.way(1, "lost").await;
    assert!(way.iter().all(|(_, kind)| kind != "refused"), "{way:?}");

    page.send_text(r#"{"options":{"timeout_ms":200}}"#).await;
    assert_eq!(page.told("options").await["connected"], true);
    page.send(b"and now?").await;
    let way = page.way(2, "refused").await;
    assert_eq!(
        way.last().unwrap().1,
        r#"refused "Connection refused""#,
        "in words, without the system's number"
    );

    page.send_text(r#"{"server":{}}"#).await;
    page.told("server").await;
    for (connected, text) in [(true, b"connected  "), (false, b"unconnected")] {
        page.send_text(&format!(r#"{{"options":{{"connected":{connected}}}}}"#))
            .await;
        page.send(text).await;
        assert_eq!(page.datagram().await, text);
    }
    page.send_text(r#""counters""#).await;
    let counters = page.told_last("counters").await;
    for (fate, count) in [("echoed", 2), ("refused", 1), ("lost", 1)] {
        assert_eq!(counters[fate], count, "{fate} in {counters}");
    }
}

/// Anybody can write to an unconnected socket, so what others write is dropped by the relay itself.
#[tokio::test]
async fn an_unconnected_session_takes_datagrams_of_its_server_alone_and_counts_the_others() {
    let host = host().await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let client = page.told("hello").await["client"].clone();
    let client = client.as_str().unwrap().to_owned();
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    page.send_text(r#"{"options":{"connected":false}}"#).await;
    page.told("options").await;
    stranger
        .send_to(b"an answer, or not", &client)
        .await
        .unwrap();
    page.send(b"for the server").await;
    assert_eq!(page.datagram().await, b"for the server");

    // What came while the socket was unconnected is no answer after `connect` either.
    stranger.send_to(b"once more", &client).await.unwrap();
    page.send_text(r#"{"options":{}}"#).await;
    page.told("options").await;
    page.send(b"for the server again").await;
    assert_eq!(page.datagram().await, b"for the server again");
    page.send_text(r#""counters""#).await;
    let counters = page.told_last("counters").await;
    assert_eq!(
        (&counters["echoed"], &counters["stray"]),
        (&json!(2), &json!(0))
    );
    let (_, metrics) = get(host.http(), "/metrics", &[]).await;
    let counted = "udp_echo_drops_total{reason=\"stranger\"} 2\n";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn what_is_no_control_message_ends_a_page_with_a_code_and_a_sentence() {
    let host = host().await;
    for text in ["hello?", "{}", r#"{"server":7}"#, "[]"] {
        let mut page = Client::connect(&host.ws("/relay")).await;
        page.send_text(text).await;
        let (code, reason) = page.closed().await;
        assert_eq!(code, 4400, "{text}: {reason}");
        assert!(reason.starts_with("no control message"), "{reason}");
    }
}

#[tokio::test]
async fn a_message_longer_than_any_datagram_ends_the_session_with_a_code_of_its_own() {
    let host = host().await;
    for path in ["/relay", "/relay/raw"] {
        let mut client = Client::connect(&host.ws(path)).await;
        client.send(&vec![0; 1 << 20]).await;
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4409, "{path}: {reason}");
    }
}

#[tokio::test]
async fn shutdown_closes_every_session_with_1001() {
    let host = host().await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let mut raw = Client::connect(&host.ws("/relay/raw")).await;
    page.told("hello").await;
    raw.send(b"up").await;
    raw.datagram().await;
    let stopping = tokio::spawn(host.shutdown());
    assert_eq!(page.closed().await.0, 1001);
    assert_eq!(raw.closed().await.0, 1001);
    soon("the shutdown", stopping).await.unwrap();
}

/// Chromium said "Data frame received after close" whenever a page let go of its host.
#[tokio::test]
async fn nothing_follows_the_close_that_answers_a_client() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::{Error, Message};
    let host = host().await;
    for path in ["/relay", "/relay/raw"] {
        let (mut socket, _) = tokio_tungstenite::connect_async(host.ws(path))
            .await
            .unwrap();
        for _ in 0..100 {
            socket.feed(Message::binary(vec![7; 1000])).await.unwrap();
        }
        socket.close(None).await.unwrap();
        let end = soon("the end", async {
            loop {
                match socket.next().await {
                    Some(Ok(_)) => {}
                    end => return end,
                }
            }
        });
        let end = end.await;
        assert!(
            matches!(end, None | Some(Err(Error::ConnectionClosed))),
            "{path}: {end:?}"
        );
    }
}

/// Answers of 60,000 bytes each go to clients that read none of them, and still every datagram goes out.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_stalls_nothing_that_it_sends() {
    // More answers than the relay holds back and TCP takes.
    const DATAGRAMS: usize = 400;
    for path in ["/relay", "/relay/raw"] {
        let server = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let target = format!("--target=large={}", server.local_addr().unwrap());
        let host = TestServer::start(&["--allow-private-targets", &target]).await;
        let mut client = Client::connect(&host.ws(&format!("{path}?target=large"))).await;
        let (answer, mut buffer) = (vec![7; 60_000], [0; 100]);
        for _ in 0..DATAGRAMS {
            soon("a datagram at the server, and its answer", async {
                client.send(b"more").await;
                let (_, peer) = server.recv_from(&mut buffer).await.unwrap();
                server.send_to(&answer, peer).await.unwrap();
            })
            .await;
        }
    }
}

/// The answer was there before the time was over; the host came to look after that.
#[tokio::test]
async fn what_a_busy_host_is_late_to_look_at_is_not_lost() {
    const TIMEOUT: Duration = Duration::from_millis(100);
    let server = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = format!("--target=late={}", server.local_addr().unwrap());
    let host = TestServer::start(&["--allow-private-targets", &target]).await;
    let mut page = Client::connect(&host.ws("/relay?target=late")).await;
    let options = json!({ "options": { "timeout_ms": TIMEOUT.as_millis() } });
    page.send_text(&options.to_string()).await;
    page.told("options").await;
    let mut buffer = [0; 100];
    for number in 1..=8 {
        page.send(b"in time").await;
        let (_, peer) = soon("the datagram", server.recv_from(&mut buffer))
            .await
            .unwrap();
        server.send_to(b"in time", peer).await.unwrap();
        // Host and test are on one thread, which does nothing else meanwhile.
        std::thread::sleep(3 * TIMEOUT);
        let way = page.way(number, "relay_out").await;
        assert!(way.iter().all(|(_, kind)| kind != "lost"), "{way:?}");
    }
    page.send_text(r#""counters""#).await;
    let counters = page.told_last("counters").await;
    assert_eq!(
        (&counters["echoed"], &counters["lost"]),
        (&json!(8), &json!(0))
    );
}

/// Who watches the host's server sees those who write to it by themselves, and nobody's session.
#[tokio::test]
async fn a_raw_session_is_no_visitor() {
    let host = TestServer::start(&[]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.told("hello").await;
    let mut raw = Client::connect(&host.ws("/relay/raw")).await;
    raw.send(b"of a session").await;
    assert_eq!(raw.datagram().await, b"of a session");
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(b"hello", host.udp()).await.unwrap();
    let visitor = page.told("visitor").await;
    assert_eq!(visitor["peer"], stranger.local_addr().unwrap().to_string());
    assert_eq!(
        (&visitor["sent"], &visitor["fate"]),
        (&5.into(), &"echoed".into())
    );
    stranger.send_to(b"", host.udp()).await.unwrap();
    let visitor = page.told("visitor").await;
    assert_eq!(
        (visitor["sent"].as_u64(), &visitor["fate"]),
        (None, &"unanswered".into())
    );
}
