//! Somebody who has nothing to do with the attack: asks, is answered, and measures how long that takes.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::host::HostProgram;
use crate::sockets::{ROUTE, SocketsClient};

/// When a bystander's datagram counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What a bystander has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    times: Vec<Duration>,
    /// Datagrams that were not answered in time.
    pub lost: usize,
}

impl Seen {
    /// How many questions were asked.
    pub fn asked(&self) -> usize {
        self.times.len() + self.lost
    }

    /// The longest round trip but for the slowest hundredth.
    pub fn p99(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times
            .get(times.len() * 99 / 100)
            .copied()
            .unwrap_or_default()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, lost, p99) = (self.asked(), self.lost, self.p99());
        write!(f, "{asked} asked, {lost} lost, p99 {p99:.1?}")
    }
}

/// Asks and is answered again and again until `attack` is over.
///
/// A datagram may get lost where a flood fills the echo server's own buffer, which all share.
pub async fn watch<T>(host: &HostProgram, attack: impl Future<Output = T>) -> (T, Seen) {
    let mut bystander = Bystander::connect(host).await;
    let mut seen = Seen::default();
    let mut attack = Box::pin(attack);
    loop {
        let began = Instant::now();
        let question = format!("question {}", seen.asked());
        tokio::select! {
            outcome = &mut attack => return (outcome, seen),
            answered = tokio::time::timeout(ANSWER_WITHIN, bystander.ask(seen.asked(), &question)) => match answered {
                Ok(()) => seen.times.push(began.elapsed()),
                Err(_) => seen.lost += 1,
            },
        }
    }
}

/// Two sessions: one asks the echo server, the other a socket of its own.
struct Bystander {
    raw: Client,
    sockets: SocketsClient,
    server: SocketAddr,
}

impl Bystander {
    async fn connect(host: &HostProgram) -> Self {
        let raw = Client::connect(&host.ws("/relay/raw")).await;
        let mut sockets = SocketsClient::connect(&host.ws(ROUTE)).await;
        sockets.trace(false).await;
        let server = sockets.bound(1, 0).await;
        sockets.bound(2, 0).await;
        Self {
            raw,
            sockets,
            server,
        }
    }

    /// Asks one of them in turn and waits for the answer; earlier ones may come late.
    async fn ask(&mut self, number: usize, question: &str) {
        let question = question.as_bytes();
        if number.is_multiple_of(2) {
            self.raw.send(question).await;
            while self.raw.datagram().await != question {}
        } else {
            self.sockets.send_to(2, self.server, question).await;
            while self.sockets.receive().await.payload != question {}
        }
    }
}
