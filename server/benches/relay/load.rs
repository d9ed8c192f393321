//! The load generator: sessions in a closed loop, on one thread, with as few system calls as it can.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;
use udp_echo::udp::{GsoBuffer, Slab, UdpSocket};

use crate::flow::{Flow, Tally, is_binary, server_frame};
use crate::process::{Program, kernel_drops};
use crate::shapes::Load;
use crate::sockets::before_target;

/// How long a session waits for an echo before it gives up what is under way.
const LOST_AFTER: Duration = Duration::from_millis(250);

/// How long the sessions run before they are measured.
const WARM_UP: Duration = Duration::from_millis(150);

/// How long opening all sessions of a load may take.
const OPEN_WITHIN: Duration = Duration::from_secs(20);

/// Bytes that one read takes at the most.
const READ_BYTES: usize = 256 * 1024;

/// Where the load goes.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A WebSocket at this address and path.
    WebSocket(SocketAddr, String),
    /// A socket of `/sockets` at this address, which writes to a target of this name.
    Sockets(SocketAddr, &'static str),
    /// A UDP echo server.
    Udp(SocketAddr),
}

/// What one round of one program gave.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Measured {
    /// Messages that came back, a second.
    pub(crate) per_second: f64,
    /// Microseconds of the program's processor time for each.
    pub(crate) cpu_us: f64,
    /// Half of the round trips were no longer, in microseconds; only where one message is under way.
    pub(crate) p50_us: f64,
    /// 99 of 100 were no longer.
    pub(crate) p99_us: f64,
    /// Messages that did not come back.
    pub(crate) lost: u64,
    /// Datagrams that the kernel dropped meanwhile, because a receive buffer was full.
    pub(crate) kernel_drops: u64,
    /// Messages that came back wrong.
    pub(crate) wrong: u64,
}

/// Puts `load` on an address and measures the program behind it.
pub(crate) fn measure(
    program: &Program,
    address: &Address,
    load: Load,
    time: Duration,
) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let opened = tokio::time::timeout(OPEN_WITHIN, open(address, load)).await;
        let sessions = opened.expect("the sessions open in time");
        tokio::time::sleep(WARM_UP).await;
        let (before, cpu, drops) = (total(&sessions), program.cpu(), kernel_drops());
        let started = Instant::now();
        tokio::time::sleep(time).await;
        let mut tally = total(&sessions).since(&before);
        let seconds = started.elapsed().as_secs_f64();
        let cpu = program.cpu() - cpu;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        Measured {
            per_second: tally.echoed as f64 / seconds,
            cpu_us: micros(cpu) / tally.echoed.max(1) as f64,
            p50_us: micros(tally.round_trip(0.5)),
            p99_us: micros(tally.round_trip(0.99)),
            lost: tally.lost,
            kernel_drops: kernel_drops() - drops,
            wrong: tally.wrong,
        }
    })
}

/// The sessions of a load, which run for as long as the set of tasks around them.
async fn open(address: &Address, load: Load) -> Vec<Rc<RefCell<Flow>>> {
    let mut sessions = Vec::new();
    for session in 0..load.sessions {
        let (window, size) = (load.window, load.size);
        let flow = match address {
            Address::WebSocket(address, path) => {
                let stream = connect(*address, path, None).await.unwrap();
                let flow = Rc::new(RefCell::new(Flow::websocket(session, window, size)));
                let talk = Rc::clone(&flow);
                tokio::task::spawn_local(async move { talk_websocket(stream, &talk).await });
                flow
            }
            Address::Sockets(http, target) => {
                let (stream, header) = before_target(*http, target).await.unwrap();
                let flow = Flow::behind(&header, session, window, size);
                let flow = Rc::new(RefCell::new(flow));
                let talk = Rc::clone(&flow);
                tokio::task::spawn_local(async move { talk_websocket(stream, &talk).await });
                flow
            }
            Address::Udp(address) => {
                let socket = UdpSocket::connect(*address, None, true).unwrap();
                let flow = Rc::new(RefCell::new(Flow::udp(session, window, size)));
                let talk = Rc::clone(&flow);
                tokio::task::spawn_local(async move { talk_udp(&socket, &talk).await });
                flow
            }
        };
        sessions.push(flow);
    }
    sessions
}

fn total(sessions: &[Rc<RefCell<Flow>>]) -> Tally {
    let mut total = Tally::default();
    for flow in sessions {
        total.add(flow.borrow().tally.clone());
    }
    total
}

/// Opens a WebSocket on which the host speaks only when it is spoken to, from an address of this machine's if one is named.
pub(crate) async fn connect(
    address: SocketAddr,
    path: &str,
    from: Option<SocketAddr>,
) -> io::Result<TcpStream> {
    let (stream, _) = upgrade(address, path, from).await?;
    Ok(stream)
}

/// Opens a WebSocket; returns what the host has said already, too.
pub(crate) async fn upgrade(
    address: SocketAddr,
    path: &str,
    from: Option<SocketAddr>,
) -> io::Result<(TcpStream, Vec<u8>)> {
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        socket.bind(from)?;
    }
    let mut stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    match head.starts_with(b"HTTP/1.1 101") {
        true => Ok((stream, head.split_off(end))),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&head).into_owned(),
        )),
    }
}

/// Keeps a session's messages under way; ends when the connection does.
async fn talk_websocket(stream: TcpStream, flow: &RefCell<Flow>) {
    let mut socket = Framed::new(stream, flow.borrow().size());
    let mut timeout = AnswerTimeout::new();
    loop {
        flow.borrow_mut().refill(&mut socket.output);
        tokio::select! {
            biased;
            step = poll_fn(|cx| socket.poll_step(cx, |message| flow.borrow_mut().take(message))) => {
                if step.is_err() {
                    return;
                }
            }
            () = timeout.over(flow) => {}
        }
    }
}

async fn talk_udp(socket: &UdpSocket, flow: &RefCell<Flow>) {
    let mut output = Vec::new();
    let mut timeout = AnswerTimeout::new();
    loop {
        flow.borrow_mut().refill(&mut output);
        if !output.is_empty() {
            let segment_size = flow.borrow().size();
            let buffer = GsoBuffer {
                segment_size,
                ..GsoBuffer::to_peer(&output)
            };
            socket.send(&[buffer], |_| {}).await;
            output.clear();
        }
        tokio::select! {
            biased;
            _ = socket.readable() => {
                let mut slab = Slab::take();
                if socket.try_receive(&mut slab, 16).is_ok() {
                    let mut flow = flow.borrow_mut();
                    slab.buffers().flat_map(|buffer| buffer.datagrams()).for_each(|echo| flow.take(echo));
                }
            }
            () = timeout.over(flow) => {}
        }
    }
}

/// The timeout of a session, looked at now and then instead of set for every message.
struct AnswerTimeout {
    alarm: Pin<Box<tokio::time::Sleep>>,
    seen: u64,
}

impl AnswerTimeout {
    fn new() -> Self {
        Self {
            alarm: Box::pin(tokio::time::sleep(LOST_AFTER)),
            seen: 0,
        }
    }

    /// Gives up what is under way when nothing has come for long; returns when it did.
    async fn over(&mut self, flow: &RefCell<Flow>) {
        loop {
            self.alarm.as_mut().await;
            self.alarm
                .as_mut()
                .reset(tokio::time::Instant::now() + LOST_AFTER);
            let echoed = flow.borrow().tally.echoed;
            if std::mem::replace(&mut self.seen, echoed) == echoed {
                return flow.borrow_mut().give_up();
            }
        }
    }
}

/// A WebSocket client's stream: what waits to be written, and what has been read in part.
pub(crate) struct Framed {
    stream: TcpStream,
    pub(crate) output: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    filled: usize,
}

impl Framed {
    /// For messages of up to `size` bytes.
    pub(crate) fn new(stream: TcpStream, size: usize) -> Self {
        Self {
            stream,
            output: Vec::new(),
            written: 0,
            input: vec![0; READ_BYTES.max(2 * size)],
            filled: 0,
        }
    }

    /// Writes and reads what can be; `take` gets every binary message. Ready when something was read, or the last byte written.
    pub(crate) fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Poll<io::Result<()>> {
        let mut moved = false;
        while self.written < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.output[self.written..])? {
                Poll::Ready(bytes) => self.written += bytes,
                Poll::Pending => break,
            }
        }
        if self.written == self.output.len() {
            moved = self.written > 0;
            self.output.clear();
            self.written = 0;
        }
        let mut room = ReadBuf::new(&mut self.input[self.filled..]);
        if Pin::new(&mut self.stream)
            .poll_read(cx, &mut room)?
            .is_ready()
        {
            let bytes = room.filled().len();
            if bytes == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.filled += bytes;
            let mut used = 0;
            while let Some((head, bytes)) = server_frame(&self.input[used..self.filled]) {
                // The host speaks in texts, besides.
                if is_binary(&self.input[used..]) {
                    take(&self.input[used + head..used + head + bytes]);
                }
                used += head + bytes;
            }
            self.input.copy_within(used..self.filled, 0);
            self.filled -= used;
            moved = true;
        }
        match moved {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}
