//! A WebSocket client for tests, made with tungstenite and nothing of ours.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::soon;

/// A connected client that keeps what it was not asked for yet.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    datagrams: VecDeque<Vec<u8>>,
    texts: VecDeque<Value>,
    /// Events in order: time, datagram, what as JSON.
    events: Vec<(u64, u64, Value)>,
    close: Option<(u16, String)>,
    ended: bool,
    sent: u64,
}

impl Client {
    /// Opens a WebSocket.
    pub async fn connect(url: &str) -> Self {
        Self::connect_with(url, &[]).await
    }

    /// Opens a WebSocket with these header lines besides the usual ones.
    pub async fn connect_with(url: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::try_connect_with(url, headers)
            .await
            .expect("the host upgrades")
    }

    /// Opens a WebSocket from an address of this machine's.
    pub async fn connect_from(from: IpAddr, address: SocketAddr, path: &str) -> Self {
        let upgraded = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((from, 0).into())?;
            let stream = MaybeTlsStream::Plain(socket.connect(address).await?);
            let url = format!("ws://{address}{path}");
            tokio_tungstenite::client_async(url, stream).await
        };
        let upgraded = soon("the upgrade", upgraded).await;
        Self::over(upgraded.expect("the host upgrades").0)
    }

    /// Opens a WebSocket with these header lines, or returns what the host had against it.
    pub async fn try_connect_with(
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> tungstenite::Result<Self> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let connecting = tokio_tungstenite::connect_async(request);
        let (socket, _) = soon("the upgrade", connecting).await?;
        Ok(Self::over(socket))
    }

    fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            socket,
            datagrams: VecDeque::new(),
            texts: VecDeque::new(),
            events: Vec::new(),
            close: None,
            ended: false,
            sent: 0,
        }
    }

    /// Sends one binary message.
    pub async fn send(&mut self, payload: &[u8]) {
        self.sent += 1;
        // The host may close in the middle of it; what it says then is what the test wants to see.
        let _ = self.socket.send(Message::binary(payload.to_vec())).await;
    }

    /// Sends a ping.
    pub async fn ping(&mut self) {
        // The host may close in the middle of it; what it says then is what the test wants to see.
        let _ = self.socket.send(Message::Ping("anybody?".into())).await;
    }

    /// Queues one binary message without flushing it.
    pub async fn feed(&mut self, payload: &[u8]) {
        self.sent += 1;
        let message = Message::binary(payload.to_vec());
        self.socket.feed(message).await.expect("the host reads");
    }

    /// Sends all that was queued.
    pub async fn flush(&mut self) {
        self.socket.flush().await.expect("the host reads");
    }

    /// Sends these while it takes as many datagrams: neither side waits for the other.
    pub async fn exchange(&mut self, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        let payloads: Vec<_> = payloads.into_iter().collect();
        let expected = payloads.len();
        self.sent += expected as u64;
        let (mut sink, mut stream) = (&mut self.socket).split();
        let sending = async {
            for payload in payloads {
                let message = Message::binary(payload);
                sink.feed(message).await.expect("the host reads");
            }
            sink.flush().await.expect("the host reads");
        };
        let mut arrived = Vec::new();
        let taking = async {
            let mut datagrams = self.datagrams.len();
            while datagrams < expected {
                let message = stream.next().await;
                datagrams += usize::from(matches!(message, Some(Ok(Message::Binary(_)))));
                arrived.push(message);
            }
        };
        soon("the exchange", async { tokio::join!(sending, taking) }).await;
        drop((sink, stream));
        for message in arrived {
            self.sort(message);
        }
        self.datagrams.drain(..expected).collect()
    }

    /// How many binary messages were sent; this is the number of the last one.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends one text message.
    pub async fn send_text(&mut self, text: &str) {
        let message = Message::text(text);
        self.socket.send(message).await.expect("the host reads");
    }

    /// The next binary message.
    pub async fn datagram(&mut self) -> Vec<u8> {
        soon("a datagram", async {
            while self.datagrams.is_empty() {
                self.take_one().await;
            }
        })
        .await;
        self.datagrams.pop_front().expect("just arrived")
    }

    /// The next control message of this name; earlier ones of other names stay.
    pub async fn told(&mut self, name: &str) -> Value {
        let mut text = soon(name, self.first_told(|text| text.get(name).is_some())).await;
        text[name].take()
    }

    /// The next control message that is this one; earlier others stay.
    pub async fn told_first(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        soon("a control message", self.first_told(is_it)).await
    }

    async fn first_told(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(at) = self.texts.iter().position(&is_it) {
                return self.texts.remove(at).expect("just found");
            }
            self.take_one().await;
        }
    }

    /// The last control message of this name that comes before the host answers a further question.
    pub async fn told_last(&mut self, name: &str) -> Value {
        self.send_text(r#"{"stream":[]}"#).await;
        self.told("stream").await;
        let mut last = None;
        while let Some(at) = self.texts.iter().position(|text| text.get(name).is_some()) {
            last = self.texts.remove(at);
        }
        last.expect("at least one was told")[name].take()
    }

    /// The events of a datagram up to the first of this kind: time and, as text, what happened.
    pub async fn way(&mut self, id: u64, last: &str) -> Vec<(u64, String)> {
        soon(last, async {
            loop {
                let mine = self.events.iter().filter(|event| event.1 == id);
                let way: Vec<_> = mine.map(|(at, _, what)| (*at, named(what))).collect();
                if let Some(end) = way.iter().position(|(_, what)| what.starts_with(last)) {
                    return way[..=end].to_vec();
                }
                self.take_one().await;
            }
        })
        .await
    }

    /// Events in the order of happening: time, datagram, what.
    pub fn events(&self) -> &[(u64, u64, Value)] {
        &self.events
    }

    /// Binary messages that nobody asked for yet.
    pub fn datagrams(&self) -> &VecDeque<Vec<u8>> {
        &self.datagrams
    }

    /// Control messages, other than events, that nobody asked for yet.
    pub fn texts(&self) -> &VecDeque<Value> {
        &self.texts
    }

    /// Says goodbye and waits for the host's.
    pub async fn close(mut self) {
        // The host may have gone already, which is an end, too.
        let _ = self.socket.close(None).await;
        while !self.ended {
            soon("the end", self.take_one()).await;
        }
    }

    /// Code and reason of the host's Close.
    pub async fn closed(&mut self) -> (u16, String) {
        soon("the close", async {
            while !self.ended {
                self.take_one().await;
            }
        })
        .await;
        self.close.take().expect("the host said why")
    }

    /// Whether the connection has ended, as far as it was read.
    pub fn is_closed(&self) -> bool {
        self.ended
    }

    /// Whether the host answers with a datagram before it closes.
    pub async fn answered(&mut self) -> bool {
        soon("an answer or a close", async {
            while self.datagrams.is_empty() && !self.ended {
                self.take_one().await;
            }
        })
        .await;
        !self.datagrams.is_empty()
    }

    /// Takes what has arrived, without waiting for more.
    pub async fn read_what_is_there(&mut self) {
        while !self.ended {
            tokio::select! {
                biased;
                () = self.take_one() => {}
                () = tokio::task::yield_now() => return,
            }
        }
    }

    /// Takes one message of the host and puts it where it belongs.
    pub async fn take_one(&mut self) {
        assert!(!self.ended, "the connection has ended: {:?}", self.close);
        let message = self.socket.next().await;
        self.sort(message);
    }

    fn sort(&mut self, message: Option<Result<Message, tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Binary(payload))) => self.datagrams.push_back(payload.into()),
            Some(Ok(Message::Text(text))) => {
                let mut text: Value = serde_json::from_str(&text).expect("control is JSON");
                match text.get_mut("events") {
                    Some(events) => self.note(events.take()),
                    None => self.texts.push_back(text),
                }
            }
            Some(Ok(Message::Close(frame))) => {
                self.close = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.ended = true,
        }
    }

    fn note(&mut self, events: Value) {
        for event in events.as_array().expect("events are a list") {
            let number = |place: usize| event[place].as_u64().expect("stamps and numbers");
            self.events.push((number(0), number(1), event[3].clone()));
        }
    }
}

/// The name of what happened, with its value when it has one: `udp_out`, `rejected "…"`.
fn named(what: &Value) -> String {
    match what {
        Value::String(name) => name.clone(),
        Value::Object(fields) => match fields.iter().next() {
            Some((name, value @ Value::String(_))) => format!("{name} {value}"),
            Some((name, value)) if name == "cut" => format!("{name} {value}"),
            Some((name, _)) => name.clone(),
            None => String::new(),
        },
        _ => what.to_string(),
    }
}
