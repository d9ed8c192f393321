//! Somebody who has nothing to do with the attack: asks, is answered, and measures how long that takes.

use std::fmt;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::host::HostProgram;

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
    let mut client = Client::connect(&host.ws("/relay/raw")).await;
    let mut seen = Seen::default();
    let mut attack = Box::pin(attack);
    loop {
        let began = Instant::now();
        let question = format!("question {}", seen.asked());
        client.send(question.as_bytes()).await;
        let answered = async { while client.datagram().await != question.as_bytes() {} };
        tokio::select! {
            outcome = &mut attack => return (outcome, seen),
            answered = tokio::time::timeout(ANSWER_WITHIN, answered) => match answered {
                Ok(()) => seen.times.push(began.elapsed()),
                Err(_) => seen.lost += 1,
            },
        }
    }
}
