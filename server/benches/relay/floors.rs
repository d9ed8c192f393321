//! What does the least that can be done: a WebSocket echo without UDP, and UDP echo servers without anything else.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::{mem, ptr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Datagrams of one call of the bare loop, as many as the host takes.
const BATCH: usize = 32;

/// Room for one datagram.
const ROOM: usize = 1025 * 64;

/// Echoes WebSocket messages straight from the read buffer: one read, one write for all that has come.
#[tokio::main]
pub(crate) async fn websocket_echo() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening {}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            // It ends when its client goes.
            let _ = echo_frames(stream).await;
        });
    }
}

async fn echo_frames(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::with_capacity(256 * 1024);
    let head = loop {
        stream.read_buf(&mut input).await?;
        if let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") {
            let head: Vec<u8> = input.drain(..end + 4).collect();
            break String::from_utf8_lossy(&head).into_owned();
        }
    };
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .ok_or(io::ErrorKind::InvalidData)?;
    let accept = derive_accept_key(key.trim().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    let mut output = Vec::new();
    loop {
        let mut used = 0;
        while let Some(frame) = echo_frame(&mut input[used..], &mut output) {
            used += frame;
        }
        input.drain(..used);
        stream.write_all(&output).await?;
        output.clear();
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

/// Echoes the first frame, if it is whole; returns its length.
fn echo_frame(input: &mut [u8], output: &mut Vec<u8>) -> Option<usize> {
    let (head, bytes) = match *input.get(1)? & 0x7f {
        126 => (
            4,
            u16::from_be_bytes([*input.get(2)?, *input.get(3)?]).into(),
        ),
        127 => (
            10,
            u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize,
        ),
        bytes => (2, usize::from(bytes)),
    };
    let frame = head + 4 + bytes;
    if input.len() < frame {
        return None;
    }
    let mask: [u8; 4] = input[head..head + 4].try_into().ok()?;
    output.push(input[0]);
    output.push(input[1] & 0x7f);
    output.extend_from_slice(&input[2..head]);
    let payload = &mut input[head + 4..frame];
    for four in payload.chunks_mut(4) {
        for (byte, mask) in four.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
    output.extend_from_slice(payload);
    Some(frame)
}

/// The UDP echo server that everybody would write with tokio: one `recv_from`, one `send_to`.
#[tokio::main]
pub(crate) async fn plain_udp_echo() {
    let socket = UdpSocket::from_std(bound()).unwrap();
    let mut buffer = vec![0; ROOM];
    loop {
        if let Ok((bytes, peer)) = socket.recv_from(&mut buffer).await {
            let _ = socket.send_to(&buffer[..bytes], peer).await;
        }
    }
}

/// A blocking loop of `recvmmsg` and `sendmmsg` and nothing else.
#[allow(unsafe_code)] // The point of it is to have no layer between it and the kernel.
pub(crate) fn bare_udp_echo() {
    let socket = bound();
    socket.set_nonblocking(false).unwrap();
    let fd = socket.as_raw_fd();
    let mut bytes = vec![0_u8; BATCH * ROOM];
    // SAFETY: plain C structs of integers and pointers, for which all zeroes is a valid value.
    let mut names: [libc::sockaddr_in; BATCH] = unsafe { mem::zeroed() };
    loop {
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        let mut rooms: Vec<IoSliceMut<'_>> =
            bytes.chunks_exact_mut(ROOM).map(IoSliceMut::new).collect();
        for ((header, room), name) in headers.iter_mut().zip(&mut rooms).zip(&mut names) {
            let header = &mut header.msg_hdr;
            header.msg_iov = ptr::from_mut(room).cast();
            header.msg_iovlen = 1;
            header.msg_name = ptr::from_mut(name).cast();
            header.msg_namelen = size_of_val(name) as _;
        }
        let flags = libc::MSG_WAITFORONE;
        // SAFETY: the headers point to rooms and names that outlive the call and are as long as they say.
        let received =
            unsafe { libc::recvmmsg(fd, headers.as_mut_ptr(), BATCH as _, flags, ptr::null_mut()) };
        let Ok(received) = usize::try_from(received) else {
            continue;
        };
        let lengths: [u32; BATCH] = std::array::from_fn(|at| headers[at].msg_len);
        drop(rooms);
        let answers: Vec<IoSlice<'_>> = bytes
            .chunks_exact(ROOM)
            .zip(lengths)
            .map(|(room, length)| IoSlice::new(&room[..length as usize]))
            .collect();
        for (header, answer) in headers.iter_mut().zip(&answers) {
            header.msg_hdr.msg_iov = ptr::from_ref(answer).cast_mut().cast();
        }
        // SAFETY: as above; the kernel only reads.
        unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), received as _, 0) };
    }
}

/// A UDP socket on a free port with the receive buffer that the host asks for, its address announced.
fn bound() -> std::net::UdpSocket {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = socket.local_addr().unwrap();
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    socket.set_nonblocking(true).unwrap();
    println!("listening {address}");
    socket
}
