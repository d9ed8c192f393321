//! What the host saw of those that tried to open a lane. To a script in a browser all failures look alike; the host can say more.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wire::lane::Saw;

/// Attempts that are remembered.
const REMEMBERED: usize = 256;

/// For how long.
const RECENT: Duration = Duration::from_secs(30);

/// The last attempts, oldest first; one for each address.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<VecDeque<Attempt>>);

#[derive(Debug)]
struct Attempt {
    client: IpAddr,
    at: Instant,
    progress: Progress,
}

/// How far an attempt came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing came.
    Nothing,
    /// A first packet.
    Begun,
    /// The handshake ended, in these words.
    Failed(String),
    /// The request was refused, for this reason.
    Refused(String),
    /// The lane was open.
    Joined,
}

impl Progress {
    /// The same as the client is told.
    pub(crate) fn saw(&self) -> Saw {
        match self {
            Self::Nothing => Saw::Nothing,
            Self::Begun | Self::Failed(_) => Saw::Handshake,
            Self::Refused(_) => Saw::Refused,
            Self::Joined => Saw::Joined,
        }
    }
}

impl Handshakes {
    /// Notes how far an attempt came that has not come so far before.
    pub(crate) fn note(&self, client: IpAddr, progress: Progress) {
        let client = client.to_canonical();
        let mut attempts = self.attempts();
        attempts.retain(|attempt| attempt.client != client && attempt.at.elapsed() < RECENT);
        if attempts.len() >= REMEMBERED {
            attempts.pop_front();
        }
        attempts.push_back(Attempt {
            client,
            at: Instant::now(),
            progress,
        });
    }

    /// The last attempt from this address, and a sentence about it for the reader; the lane is at `url`.
    pub(super) fn last(&self, client: IpAddr, url: &str) -> (Progress, String) {
        let client = client.to_canonical();
        let attempts = self.attempts();
        let known = attempts.iter().rfind(|attempt| attempt.client == client);
        let progress = known
            .filter(|attempt| attempt.at.elapsed() < RECENT)
            .map_or(Progress::Nothing, |attempt| attempt.progress.clone());
        let sentence = match &progress {
            Progress::Nothing => format!(
                "no QUIC packet from {client} has reached this host in the last {} seconds: UDP to {url} may be blocked by a firewall \
                 or a network, or a proxy in between passes TCP alone; let UDP through to that port",
                RECENT.as_secs()
            ),
            Progress::Begun => format!(
                "a QUIC handshake from {client} has begun and is not through: answers of this host may get lost, or the browser did not \
                 accept its certificate; check that UDP comes back from {url}"
            ),
            Progress::Failed(why) => format!(
                "a QUIC handshake from {client} began and failed ({why}): the browser may not have accepted the certificate of {url}; load \
                 the page anew to get its present hash"
            ),
            Progress::Refused(why) => {
                format!("a lane from {client} was refused: {why}; ask for a new offer")
            }
            Progress::Joined => format!("a lane from {client} was open"),
        };
        (progress, sentence)
    }

    fn attempts(&self) -> MutexGuard<'_, VecDeque<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_attempt_of_an_address_is_told_with_its_cause() {
        let handshakes = Handshakes::default();
        let url = "https://127.0.0.1:4433/lane";
        let (progress, sentence) = handshakes.last(ip("192.0.2.7"), url);
        assert_eq!(progress.saw(), Saw::Nothing);
        assert!(sentence.contains("192.0.2.7") && sentence.contains(url));
        handshakes.note(ip("192.0.2.7"), Progress::Begun);
        handshakes.note(
            ip("::ffff:192.0.2.7"),
            Progress::Failed("bad certificate".into()),
        );
        handshakes.note(ip("192.0.2.8"), Progress::Joined);
        let (progress, sentence) = handshakes.last(ip("192.0.2.7"), url);
        assert_eq!(progress.saw(), Saw::Handshake);
        assert!(sentence.contains("bad certificate"), "{sentence}");
    }

    #[test]
    fn a_flood_of_addresses_is_not_remembered_without_bound() {
        let handshakes = Handshakes::default();
        for number in 0..10_000 {
            let client = std::net::Ipv4Addr::from_bits(number);
            handshakes.note(client.into(), Progress::Begun);
        }
        assert_eq!(handshakes.attempts().len(), REMEMBERED);
    }
}
