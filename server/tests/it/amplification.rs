//! Nobody can make the host send more than it was sent: one answer for one datagram, two where the lab duplicates.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use test_support::client::Client;
use test_support::host::TestServer;
use test_support::soon;
use tokio::net::UdpSocket;

/// Datagrams that each client sends.
const SENT: usize = 50;

/// A server that counts what reaches it and answers each datagram so many times; it ends at one that says so.
async fn counting(answers: usize) -> (SocketAddr, tokio::task::JoinHandle<(usize, usize)>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let counting = tokio::spawn(async move {
        let (mut datagrams, mut bytes) = (0, 0);
        let mut buffer = vec![0; 2048];
        loop {
            let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
            if &buffer[..length] == b"the last" {
                return (datagrams, bytes);
            }
            datagrams += 1;
            bytes += length;
            for _ in 0..answers {
                socket.send_to(&buffer[..length], peer).await.unwrap();
            }
        }
    });
    (address, counting)
}

/// What reaches a server when a client of the relay sends [`SENT`] datagrams of 100 bytes, after these control messages.
async fn reached(route: &str, control: &[&str], answers: usize) -> (usize, usize) {
    let (server, counted) = counting(answers).await;
    let target = format!("--target=counting={server}");
    let host = TestServer::start(&[&target, "--allow-private-targets"]).await;
    let mut client = Client::connect(&host.ws(&format!("{route}?target=counting"))).await;
    for message in control {
        client.send_text(message).await;
    }
    for number in 0..SENT {
        client.send(&[number as u8; 100]).await;
    }
    for _ in 0..SENT * answers.min(1) {
        client.datagram().await;
    }
    // Everything that the relay has sent on is at the server before this is.
    let lab_off = r#"{"lab":{"up":{},"down":{},"seed":1}}"#;
    if !control.is_empty() {
        client.send_text(lab_off).await;
    }
    client.send(b"the last").await;
    soon("the last datagram", counted).await.unwrap()
}

#[tokio::test]
async fn the_relay_sends_one_datagram_for_one_message_however_often_it_is_answered() {
    for route in ["/relay", "/relay/raw"] {
        for answers in [0, 1, 10] {
            let (datagrams, bytes) = reached(route, &[], answers).await;
            assert_eq!(
                (datagrams, bytes),
                (SENT, SENT * 100),
                "{route}, {answers} answers"
            );
        }
    }
}

#[tokio::test]
async fn with_the_lab_s_duplicate_it_sends_two_and_never_more() {
    let both =
        r#"{"lab":{"up":{"duplicate_ppm":1000000},"down":{"duplicate_ppm":1000000},"seed":1}}"#;
    let (datagrams, bytes) = reached("/relay", &[both], 1).await;
    assert_eq!((datagrams, bytes), (2 * SENT, 2 * SENT * 100));
}

#[tokio::test]
async fn what_is_to_be_doubled_once_is_one_datagram_more_however_often_that_was_said() {
    let double = r#"{"once":"double"}"#;
    let (datagrams, bytes) = reached("/relay", &[double; 5], 1).await;
    assert_eq!((datagrams, bytes), (SENT + 1, (SENT + 1) * 100));
}

#[tokio::test]
async fn the_echo_server_answers_once_and_with_no_more_bytes_than_it_got() {
    let host = TestServer::start(&[]).await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(host.udp()).await.unwrap();
    let sizes = [1, 42, 1472, 9000, 0, 0, 65_507];
    let mut buffer = vec![0; 66_000];
    for size in sizes {
        client.send(&vec![7; size]).await.unwrap();
        if size > 0 {
            let length = soon("the answer", client.recv(&mut buffer)).await.unwrap();
            assert_eq!(length, size);
        }
    }
    // Its answer is the next thing to come: nothing was sent for the empty ones, and nothing twice.
    client.send(b"the last").await.unwrap();
    let length = soon("the last answer", client.recv(&mut buffer))
        .await
        .unwrap();
    assert_eq!(&buffer[..length], b"the last");
}
