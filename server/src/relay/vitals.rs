//! What a session has carried, when it last lived, and when that is too long ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wire::link::DropReason;
use wire::session::Session;

use super::close::Ended;
use super::outbound::Replies;
use crate::clock::Clock;
use crate::udp::UdpSocket;

/// How long a session may last and how quiet it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Time without a datagram or control message after which a session ends; `None` waits for ever.
    pub idle: Option<Duration>,
    /// Greatest age of a session; `None` sets none.
    pub lifetime: Option<Duration>,
    /// Time without a sign of life after which the client is pinged.
    pub ping_after: Duration,
    /// Time that a ping may stay without an answer.
    pub pong_within: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            idle: Some(Duration::from_secs(600)),
            lifetime: None,
            ping_after: Duration::from_secs(30),
            pong_within: Duration::from_secs(20),
        }
    }
}

/// Totals of a session, for the log and for the host's own counters.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Whether the session is a page's, which knows the fate of each datagram.
    pub(crate) is_page: bool,
    /// Datagrams that the client handed over.
    pub(crate) from_client: AtomicU64,
    /// Their payload bytes.
    pub(crate) from_client_bytes: AtomicU64,
    /// Of these: answered in time.
    pub(crate) echoed: AtomicU64,
    /// Of these: not answered in time.
    pub(crate) lost: AtomicU64,
    /// Of these: empty, and by the rule not answered.
    pub(crate) unanswered: AtomicU64,
    /// Of these: refused by the operating system, as too large for instance, or over a limit.
    pub(crate) rejected: AtomicU64,
    /// Errors that ICMP sent back.
    pub(crate) refused: AtomicU64,
    /// Datagrams that came from the server.
    pub(crate) from_server: AtomicU64,
    /// Their payload bytes.
    pub(crate) from_server_bytes: AtomicU64,
    /// Datagrams, either way, that were dropped where and why is known.
    pub(crate) dropped: AtomicU64,
    /// Of these: without a fate so far.
    pub(crate) in_flight: AtomicU64,
    /// Of these: without a fate when the session ended.
    pub(crate) unfinished: AtomicU64,
    /// Copies that were dropped, of datagrams and of answers, by reason in the order of [`DropReason::ALL`].
    pub(crate) drops: [AtomicU64; DropReason::ALL.len()],
    /// Datagrams that the kernel dropped because the session took them too slowly out of its socket.
    pub(crate) kernel_drops: AtomicU64,
}

impl Traffic {
    /// Of a session that begins.
    pub(crate) fn new(is_page: bool) -> Self {
        Self {
            is_page,
            ..Self::default()
        }
    }

    /// Takes the totals from the books of a page's session.
    pub(super) fn take_from(&self, session: &Session) {
        let books = session.counters();
        let answers = books.echoed + books.duplicates + books.late + books.stray;
        for (counter, total) in [
            (&self.from_client, books.sent),
            (&self.from_client_bytes, books.bytes_sent),
            (&self.echoed, books.echoed),
            (&self.lost, books.lost),
            (&self.unanswered, books.unanswered),
            (&self.rejected, books.rejected),
            (&self.refused, books.refused),
            (&self.from_server, answers),
            (&self.from_server_bytes, books.bytes_received),
            (&self.dropped, books.dropped),
            (&self.in_flight, books.in_flight),
        ] {
            counter.store(total, Ordering::Relaxed);
        }
        for (counter, total) in self.drops.iter().zip(session.drops()) {
            counter.store(total, Ordering::Relaxed);
        }
    }

    /// Counts an answer that found no room, because the client reads too slowly.
    pub(super) fn drop_for_slow_reader(&self) {
        add(&self.dropped, 1);
        add(&self.drops[DropReason::SlowReader as usize], 1);
    }

    /// Takes over what the kernel has dropped of a session's datagrams; asks nothing of systems that do not tell.
    pub(super) fn read_kernel_drops(&self, udp: &UdpSocket) {
        if let Some(drops) = udp.kernel_drops() {
            self.kernel_drops.store(drops.into(), Ordering::Relaxed);
        }
    }
}

/// The signs of life of one session.
#[derive(Debug)]
pub(super) struct Vitals {
    clock: Clock,
    opened: u64,
    /// When anything came from the client, pongs included.
    heard: AtomicU64,
    /// When a datagram or a control message last passed, either way.
    active: AtomicU64,
    pub(super) traffic: Arc<Traffic>,
}

impl Vitals {
    pub(super) fn new(clock: Clock, is_page: bool) -> Self {
        let now = clock.now();
        Self {
            clock,
            opened: now,
            heard: AtomicU64::new(now),
            active: AtomicU64::new(now),
            traffic: Arc::new(Traffic::new(is_page)),
        }
    }

    /// How long the session has lasted.
    pub(super) fn age(&self) -> Duration {
        Duration::from_micros(self.clock.now() - self.opened)
    }

    /// Notes that something came from the client; `active` when a message was in it.
    pub(super) fn hear(&self, active: bool) {
        let now = self.clock.now();
        self.heard.store(now, Ordering::Relaxed);
        if active {
            self.active.store(now, Ordering::Relaxed);
        }
    }

    /// Notes that datagrams came from the server.
    pub(super) fn stir(&self) {
        self.active.store(self.clock.now(), Ordering::Relaxed);
    }

    /// Waits until the session has outlived the host's patience, and pings the client on the way.
    pub(super) async fn outlive(&self, patience: &Patience, replies: &Replies) -> Ended {
        let mut pinged: Option<u64> = None;
        loop {
            let now = self.clock.now();
            let heard = self.heard.load(Ordering::Relaxed);
            let active = self.active.load(Ordering::Relaxed);
            pinged = pinged.filter(|&at| heard < at);

            let idle_at = patience
                .idle
                .map(|limit| (active + micros(limit), Ended::Idle(limit)));
            let old_at = patience
                .lifetime
                .map(|limit| (self.opened + micros(limit), Ended::Lifetime(limit)));
            let deaf_at = pinged.map(|at| {
                let limit = patience.pong_within;
                (at + micros(limit), Ended::NoPong(limit))
            });
            let ends = [idle_at, old_at, deaf_at].into_iter().flatten();
            let next = ends.min_by_key(|(at, _)| *at);
            if let Some((at, ended)) = &next
                && *at <= now
            {
                return ended.clone();
            }

            let ping_at = heard + micros(patience.ping_after);
            if pinged.is_none() && ping_at <= now {
                replies.ping();
                pinged = Some(now);
                continue;
            }
            let wake_at = match pinged {
                None => next.map_or(ping_at, |(at, _)| at.min(ping_at)),
                Some(_) => next.map_or(ping_at, |(at, _)| at),
            };
            tokio::time::sleep_until(self.clock.instant(wake_at).into()).await;
        }
    }
}

/// Adds to a counter of [`Traffic`].
pub(super) fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals() -> (Vitals, Replies) {
        (Vitals::new(Clock::start(), false), Replies::default())
    }

    const NEVER: Duration = Duration::from_secs(3600);

    fn patience() -> Patience {
        Patience {
            idle: None,
            lifetime: None,
            ping_after: NEVER,
            pong_within: NEVER,
        }
    }

    async fn end(vitals: &Vitals, patience: Patience, replies: &Replies) -> Ended {
        let end = vitals.outlive(&patience, replies);
        tokio::time::timeout(Duration::from_secs(5), end)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_idle_session_ends_and_an_active_one_does_not() {
        let (vitals, replies) = vitals();
        let idle = Duration::from_millis(50);
        let limits = Patience {
            idle: Some(idle),
            ..patience()
        };
        let stirred = async {
            for _ in 0..20 {
                tokio::time::sleep(idle / 5).await;
                vitals.stir();
            }
        };
        tokio::select! {
            ended = vitals.outlive(&limits, &replies) => panic!("{ended:?} although active"),
            () = stirred => {}
        }
        assert_eq!(end(&vitals, limits, &replies).await, Ended::Idle(idle));
    }

    #[tokio::test]
    async fn a_session_reaches_its_greatest_age_however_active() {
        let (vitals, replies) = vitals();
        let lifetime = Duration::from_millis(20);
        let limits = Patience {
            lifetime: Some(lifetime),
            ..patience()
        };
        assert_eq!(
            end(&vitals, limits, &replies).await,
            Ended::Lifetime(lifetime)
        );
    }

    #[tokio::test]
    async fn a_silent_client_is_pinged_once_and_then_given_up() {
        let (vitals, replies) = vitals();
        let limits = Patience {
            ping_after: Duration::from_millis(10),
            pong_within: Duration::from_millis(30),
            ..patience()
        };
        let ended = end(&vitals, limits, &replies).await;
        assert_eq!(ended, Ended::NoPong(limits.pong_within));
        assert_eq!(replies.take(), [0x89, 0], "one ping, without payload");
    }

    #[tokio::test]
    async fn a_client_that_answers_pings_lives() {
        let (vitals, replies) = vitals();
        let limits = Patience {
            ping_after: Duration::from_millis(5),
            pong_within: Duration::from_millis(500),
            ..patience()
        };
        let ponging = async {
            let mut pings = 0;
            while pings < 5 {
                replies.arrived().await;
                pings += replies.take().len() / 2;
                vitals.hear(false);
            }
        };
        tokio::select! {
            ended = vitals.outlive(&limits, &replies) => panic!("{ended:?} although alive"),
            () = ponging => {}
        }
    }
}
