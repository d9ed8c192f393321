//! Datagrams on a loopback of the reader's own.

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
