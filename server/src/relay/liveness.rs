//! When a session last showed a sign of life, and when that is too long ago.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::close::CloseReason;
use crate::clock::Clock;
use crate::limits::Timeouts;
use crate::ws::Replies;

/// The signs of life of one session.
#[derive(Debug)]
pub(super) struct Liveness {
    clock: Clock,
    opened: u64,
    /// When anything came from the client, pongs included.
    last_received: AtomicU64,
    /// When a datagram or a control message last passed, either way.
    last_active: AtomicU64,
}

impl Liveness {
    pub(super) fn new(clock: Clock) -> Self {
        let now = clock.now();
        Self {
            clock,
            opened: now,
            last_received: AtomicU64::new(now),
            last_active: AtomicU64::new(now),
        }
    }

    /// How long the session has lasted.
    pub(super) fn age(&self) -> Duration {
        Duration::from_micros(self.clock.now() - self.opened)
    }

    /// Notes that something came from the client, and whether a message was in it: `active`.
    pub(super) fn on_receive(&self, active: bool) {
        let now = self.clock.now();
        self.last_received.store(now, Ordering::Relaxed);
        if active {
            self.last_active.store(now, Ordering::Relaxed);
        }
    }

    /// Notes that datagrams came from the server.
    pub(super) fn on_activity(&self) {
        self.last_active.store(self.clock.now(), Ordering::Relaxed);
    }

    /// Pings a silent client, and waits until a timeout has passed; returns which one.
    pub(super) async fn run_until_timeout(
        &self,
        timeouts: &Timeouts,
        replies: &Replies,
    ) -> CloseReason {
        let mut pinged: Option<u64> = None;
        loop {
            let now = self.clock.now();
            let last_received = self.last_received.load(Ordering::Relaxed);
            let last_active = self.last_active.load(Ordering::Relaxed);
            pinged = pinged.filter(|&at| last_received < at);

            let idle_at = timeouts
                .idle
                .map(|limit| (last_active + micros(limit), CloseReason::Idle(limit)));
            let old_at = timeouts
                .max_lifetime
                .map(|limit| (self.opened + micros(limit), CloseReason::Lifetime(limit)));
            let deaf_at = pinged.map(|at| {
                let limit = timeouts.pong;
                (at + micros(limit), CloseReason::NoPong(limit))
            });
            let ends = [idle_at, old_at, deaf_at].into_iter().flatten();
            let next = ends.min_by_key(|(at, _)| *at);
            if let Some((at, ended)) = &next
                && *at <= now
            {
                return ended.clone();
            }

            let ping_at = last_received + micros(timeouts.ping_interval);
            if pinged.is_none() && ping_at <= now {
                replies.ping();
                pinged = Some(now);
                continue;
            }
            let wake_at = match pinged {
                None => next.map_or(ping_at, |(at, _)| at.min(ping_at)),
                Some(_) => next.map_or(ping_at, |(at, _)| at),
            };
            tokio::time::sleep_until(self.clock.instant(wake_at)).await;
        }
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn liveness() -> (Liveness, Replies) {
        (Liveness::new(Clock::start()), Replies::default())
    }

    const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

    fn timeouts() -> Timeouts {
        Timeouts {
            idle: None,
            max_lifetime: None,
            ping_interval: NEVER,
            pong: NEVER,
            stalled: None,
        }
    }

    async fn end(liveness: &Liveness, timeouts: Timeouts, replies: &Replies) -> CloseReason {
        let end = liveness.run_until_timeout(&timeouts, replies);
        tokio::time::timeout(NEVER / 2, end).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_session_ends_and_an_active_one_does_not() {
        let (liveness, replies) = liveness();
        let idle = Duration::from_secs(600);
        let limits = Timeouts {
            idle: Some(idle),
            ..timeouts()
        };
        let activity = async {
            for _ in 0..20 {
                tokio::time::sleep(idle / 5).await;
                liveness.on_activity();
            }
        };
        tokio::select! {
            ended = liveness.run_until_timeout(&limits, &replies) => panic!("{ended:?} although active"),
            () = activity => {}
        }
        assert_eq!(
            end(&liveness, limits, &replies).await,
            CloseReason::Idle(idle)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_reaches_its_greatest_age_however_active() {
        let (liveness, replies) = liveness();
        let lifetime = Duration::from_secs(3600);
        let limits = Timeouts {
            max_lifetime: Some(lifetime),
            ..timeouts()
        };
        assert_eq!(
            end(&liveness, limits, &replies).await,
            CloseReason::Lifetime(lifetime)
        );
        assert!(liveness.age().abs_diff(lifetime) < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_pinged_once_and_then_given_up() {
        let (liveness, replies) = liveness();
        let limits = Timeouts {
            ping_interval: Duration::from_secs(30),
            pong: Duration::from_secs(20),
            ..timeouts()
        };
        let ended = end(&liveness, limits, &replies).await;
        assert_eq!(ended, CloseReason::NoPong(limits.pong));
        let after = limits.ping_interval + limits.pong;
        assert!(liveness.age().abs_diff(after) < Duration::from_secs(1));
        assert_eq!(replies.take(), [0x89, 0], "one ping, without payload");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_answers_pings_lives() {
        let (liveness, replies) = liveness();
        let limits = Timeouts {
            ping_interval: Duration::from_secs(30),
            pong: Duration::from_secs(20),
            ..timeouts()
        };
        let ponging = async {
            let mut pings = 0;
            while pings < 5 {
                replies.arrived().await;
                pings += replies.take().len() / 2;
                liveness.on_receive(false);
            }
        };
        tokio::select! {
            ended = liveness.run_until_timeout(&limits, &replies) => panic!("{ended:?} although alive"),
            () = ponging => {}
        }
    }
}
