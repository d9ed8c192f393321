//! The relay that everybody would write with axum: one task for each direction, one `send` for each message.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// Serves on a free port until the process is ended.
#[tokio::main]
pub(crate) async fn run(target: SocketAddr) {
    let router = Router::new()
        .route(
            "/",
            get(
                |State(target): State<SocketAddr>, upgrade: WebSocketUpgrade| async move {
                    upgrade.on_upgrade(move |socket| relay(socket, target))
                },
            ),
        )
        .with_state(target);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening {}", listener.local_addr().unwrap());
    // At its best: without this, its answers wait for the client's acknowledgements (Nagle's algorithm).
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

async fn relay(socket: WebSocket, target: SocketAddr) {
    let udp = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    udp.connect(target).await.unwrap();
    let (mut to_client, mut from_client) = socket.split();
    let socket = Arc::clone(&udp);
    let answers = tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(bytes) = socket.recv(&mut buffer).await {
            let message = Message::Binary(Bytes::copy_from_slice(&buffer[..bytes]));
            if to_client.send(message).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = from_client.next().await {
        if let Message::Binary(payload) = message {
            let _ = udp.send(&payload).await;
        }
    }
    answers.abort();
}
