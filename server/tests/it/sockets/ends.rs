//! How sessions end: the same codes as on the other routes, and nothing is left behind.

use super::*;

#[tokio::test]
async fn an_open_socket_does_not_keep_an_idle_session_alive() {
    let host = TestServer::start(&["--idle-timeout=300ms"]).await;
    let mut page = page(&host).await;
    let own = page.bound(1, 10_000).await;
    // Strangers do not keep it alive either.
    let stranger = tokio::net::UdpSocket::bind("127.0.0.5:0").await.unwrap();
    let knocking = async {
        loop {
            stranger.send_to(b"anybody?", own).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        (code, reason) = page.client.closed() => assert_eq!(code, 4402, "{reason}"),
        () = knocking => {}
    }
    let counters = page.client.told("counters").await;
    assert_closed(&counters);
    assert!(counters["strangers"].as_u64().unwrap() > 0, "{counters}");
}

#[tokio::test]
async fn a_host_that_stops_tells_the_counters_and_says_goodbye() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let server = page.bound(1, 10_000).await;
    page.bound(2, 20_000).await;
    page.send_to(2, server, b"x").await;
    page.datagram().await;
    page.wait_for(&[("delivered", 1)]).await;
    tokio::join!(host.shutdown(), async {
        let (code, _) = page.client.closed().await;
        assert_eq!(code, 1001);
    });
    let counters = page.client.told("counters").await;
    assert_eq!(counters["delivered"], 1);
    assert_closed(&counters);
}

#[tokio::test]
async fn too_many_sessions_and_floods_end_with_the_codes_of_the_other_routes() {
    let host = TestServer::start(&[
        "--max-sessions-per-address=1",
        "--datagrams-per-second=10",
        "--flood-time=100ms",
    ])
    .await;
    let mut page = page(&host).await;
    let mut second = Client::connect(&host.ws("/sockets")).await;
    assert_eq!(second.closed().await.0, 4406);
    let server = page.bound(1, 10_000).await;
    page.options(false).await;
    // A loop of page against page ends like any flood, and the close names the rate.
    while !page.client.is_closed() {
        page.send_to(1, server, b"again").await;
        page.client.read_what_is_there().await;
    }
    let (code, reason) = page.client.closed().await;
    assert_eq!(code, 4407);
    assert!(reason.contains("over 10 datagrams a second"), "{reason}");
    let error = page.client.told("error").await;
    assert_eq!(error["errno"], "ENOBUFS");
    assert!(
        error["text"]
            .as_str()
            .unwrap()
            .contains("over 10 datagrams a second"),
        "{error}"
    );
}

#[tokio::test]
async fn a_flood_of_calls_ends_the_session() {
    let host = TestServer::start(&["--control-per-second=20"]).await;
    let mut page = page(&host).await;
    for _ in 0..50 {
        page.ask(json!("counters")).await;
    }
    assert_eq!(page.client.closed().await.0, 4401);
}

/// What ended sessions had bound is free, and their addresses are not given out again at once.
#[tokio::test]
async fn a_session_that_ends_leaves_no_socket_open() {
    let host = TestServer::start(&[]).await;
    let mut addresses = std::collections::HashSet::new();
    for _ in 0..20 {
        let mut page = page(&host).await;
        let own = page.bound(1, 10_000).await;
        page.bound(2, 20_000).await;
        page.send_to(2, page.target("echo"), b"x").await;
        page.datagram().await;
        assert!(addresses.insert(own), "{own} was used a moment ago");
    }
    test_support::soon("every port is free", async {
        for own in addresses {
            while tokio::net::UdpSocket::bind(own).await.is_err() {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
}
