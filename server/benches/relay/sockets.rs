//! Sessions of `/sockets`: what is asked of the host before datagrams flow.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};
use test_support::attacks::by_hand::whole;
use test_support::sockets::{ROUTE, datagram};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::flow::server_frame;
use crate::load::upgrade;

/// The port that every idle session binds.
const PORT: u16 = 10_000;

/// A session whose socket 1 may write to a target, without tracing; and the header of such a datagram.
pub(crate) async fn before_target(
    http: SocketAddr,
    name: &str,
) -> io::Result<(TcpStream, Vec<u8>)> {
    let mut session = Session::open(http, None).await?;
    let targets = session.told("hello").await?["targets"].take();
    let mut named = targets.as_array().into_iter().flatten();
    let target = named.find(|target| target["name"] == name);
    let address = target.and_then(|target| target["address"].as_str());
    let address = address.and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| unexpected(&targets))?;
    session
        .ask(&json!({ "options": { "tracing": false } }))
        .await?;
    session.ask(&json!({ "open": { "socket": 1 } })).await?;
    session.told("opened").await?;
    Ok((session.stream, datagram(1, Some(address), b"")))
}

/// A session with a socket bound to the tutorial's port, and nothing else.
pub(crate) async fn with_bound_socket(
    http: SocketAddr,
    from: Option<SocketAddr>,
) -> io::Result<TcpStream> {
    let mut session = Session::open(http, from).await?;
    let bind = json!({ "socket": 1, "host": "localhost", "port": PORT });
    session.ask(&json!({ "open": { "socket": 1 } })).await?;
    session.ask(&json!({ "bind": bind })).await?;
    session.told("bound").await?;
    Ok(session.stream)
}

struct Session {
    stream: TcpStream,
    /// Bytes that have arrived and are not parsed yet.
    input: Vec<u8>,
}

impl Session {
    async fn open(http: SocketAddr, from: Option<SocketAddr>) -> io::Result<Self> {
        let (stream, input) = upgrade(http, ROUTE, from).await?;
        Ok(Self { stream, input })
    }

    async fn ask(&mut self, request: &Value) -> io::Result<()> {
        let frame = whole(0x81, request.to_string().as_bytes());
        self.stream.write_all(&frame).await
    }

    /// Content of the first message of this name; others are passed over.
    async fn told(&mut self, name: &str) -> io::Result<Value> {
        loop {
            while let Some((head, bytes)) = server_frame(&self.input) {
                let frame: Vec<u8> = self.input.drain(..head + bytes).collect();
                let mut text: Value = serde_json::from_slice(&frame[head..])?;
                if text.get("error").is_some() {
                    return Err(unexpected(&text));
                }
                if let Some(content) = text.get_mut(name) {
                    return Ok(content.take());
                }
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

fn unexpected(text: &Value) -> io::Error {
    io::Error::other(format!("the host says {text}"))
}
