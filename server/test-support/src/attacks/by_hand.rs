//! WebSockets spoken by hand, to send what no library would.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::soon;

/// Every route to a session.
pub const ROUTES: [&str; 3] = ["/relay", "/relay/raw", "/sockets"];

/// Opens a WebSocket.
pub async fn open(address: SocketAddr, path: &str) -> TcpStream {
    upgraded(
        TcpStream::connect(address).await.unwrap(),
        address,
        path,
        "",
    )
    .await
}

/// Opens a WebSocket with these further header lines.
pub async fn open_with(address: SocketAddr, path: &str, headers: &str) -> TcpStream {
    upgraded(
        TcpStream::connect(address).await.unwrap(),
        address,
        path,
        headers,
    )
    .await
}

/// Opens a WebSocket whose end here takes only a few kilobytes that nobody has read.
pub async fn open_narrow(address: SocketAddr, path: &str) -> TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    // To loopback the kernel needs no time for it.
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    upgraded(
        TcpStream::from_std(socket.into()).unwrap(),
        address,
        path,
        "",
    )
    .await
}

async fn upgraded(
    mut stream: TcpStream,
    address: SocketAddr,
    path: &str,
    headers: &str,
) -> TcpStream {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the upgrade", stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// One masked frame (RFC 6455, section 5.2), with any first byte and any claimed length.
pub fn frame(first: u8, claimed: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match claimed {
        0..=125 => frame.push(0x80 | claimed as u8),
        126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(claimed as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&claimed.to_be_bytes());
        }
    }
    // A mask of zeros leaves the payload as it is.
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// One masked frame whose length is true.
pub fn whole(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload.len() as u64, payload)
}

/// The host's next frame: its first byte and its payload; `None` when the stream has ended.
pub async fn next_frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let length = match stream.read_u8().await.ok()? {
        126 => stream.read_u16().await.ok()?.into(),
        127 => stream.read_u64().await.ok()?,
        short => short.into(),
    };
    let mut payload = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut payload).await.ok()?;
    Some((first, payload))
}

/// Reads to the end and returns the code of the Close, if one came.
pub async fn close_code(stream: &mut TcpStream) -> Option<u16> {
    let mut code = None;
    // A reset ends it as well.
    let to_the_end = async {
        while let Some((first, payload)) = next_frame(stream).await {
            assert_eq!(
                code, None,
                "a frame after the Close (RFC 6455, section 5.5.1)"
            );
            if let (0x88, [high, low, ..]) = (first, &payload[..]) {
                code = Some(u16::from_be_bytes([*high, *low]));
            }
        }
    };
    soon("the end", to_the_end).await;
    code
}
