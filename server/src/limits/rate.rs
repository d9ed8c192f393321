//! Datagrams and bytes a second: of one session, and of all sessions of its address together.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::Quota;
use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use wire::limits::MAX_MESSAGE_BYTES;

use super::control::ControlRate;

/// Bytes are counted in steps of this size, for a limiter's own step is a whole number of nanoseconds: single bytes
/// would be far off at tens of megabytes a second.
const STEP_BYTES: usize = 16;

/// Rejections that lie less than this apart belong to one flood.
const ONE_FLOOD: Duration = Duration::from_secs(1);

type Bucket = governor::RateLimiter<
    NotKeyed,
    InMemoryState,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as governor::clock::Clock>::Instant>,
>;

/// Limits of a second; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RateLimits {
    pub(crate) datagrams: u32,
    pub(crate) bytes: u32,
}

/// Token buckets for datagrams and for bytes; each holds what one second allows.
#[derive(Debug)]
pub(crate) struct TokenBuckets {
    limits: RateLimits,
    datagrams: Option<Bucket>,
    bytes: Option<Bucket>,
}

/// Admits what a session sends: within its own rates, and within its address's.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    own: TokenBuckets,
    address: Arc<TokenBuckets>,
    flood_time: Duration,
    /// The first and the latest rejection of the flood that goes on.
    flood: Option<(Instant, Instant)>,
    control: ControlRate,
}

/// Which limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    /// Datagrams of the session.
    Datagrams(u32),
    /// Bytes of the session.
    Bytes(u32),
    /// Datagrams of the address.
    AddressDatagrams(u32),
    /// Bytes of the address.
    AddressBytes(u32),
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagrams(limit) => write!(f, "over {limit} datagrams a second"),
            Self::Bytes(limit) => write!(f, "over {limit} bytes a second"),
            Self::AddressDatagrams(limit) => {
                write!(f, "over {limit} datagrams a second from one address")
            }
            Self::AddressBytes(limit) => write!(f, "over {limit} bytes a second from one address"),
        }
    }
}

impl TokenBuckets {
    /// Full buckets.
    pub(crate) fn new(limits: RateLimits) -> Self {
        let bucket = |quota| governor::RateLimiter::direct_with_clock(quota, MonotonicClock);
        let bytes = |limit: NonZeroU32| {
            let steps = steps(limit.get() as usize);
            // The largest message must fit, however low the rate.
            Quota::per_second(steps).allow_burst(steps.max(self::steps(MAX_MESSAGE_BYTES)))
        };
        Self {
            limits,
            datagrams: NonZeroU32::new(limits.datagrams)
                .map(|limit| bucket(Quota::per_second(limit))),
            bytes: NonZeroU32::new(limits.bytes).map(|limit| bucket(bytes(limit))),
        }
    }

    /// How many datagrams of these sizes fit, from the first on; they are taken.
    fn take(
        &self,
        sizes: impl Iterator<Item = usize> + Clone,
        of: Owner,
    ) -> (usize, Option<LimitExceeded>) {
        let count = sizes.clone().count();
        let mut fit = count;
        let mut exceeded = None;
        if let Some(bucket) = &self.datagrams {
            let each = std::iter::repeat_n(NonZeroU32::MIN, count);
            fit = take(bucket, NonZeroU32::new(count as u32), each);
            exceeded = (fit < count).then_some(of.datagrams(self.limits.datagrams));
        }
        if let Some(bucket) = &self.bytes {
            let each = sizes.take(fit).map(steps);
            let all = each
                .clone()
                .map(NonZeroU32::get)
                .fold(0, u32::saturating_add);
            let fit_bytes = take(bucket, NonZeroU32::new(all), each);
            if fit_bytes < fit {
                (fit, exceeded) = (fit_bytes, Some(of.bytes(self.limits.bytes)));
            }
        }
        (fit, exceeded)
    }
}

/// Takes `all` at once or, where that is too much, one by one as far as it goes; returns how many.
fn take(
    bucket: &Bucket,
    all: Option<NonZeroU32>,
    each: impl Iterator<Item = NonZeroU32> + Clone,
) -> usize {
    let Some(all) = all else { return 0 };
    match bucket.check_n(all) {
        Ok(Ok(())) => each.count(),
        // Too much now, or more than ever fits at once.
        Ok(Err(_)) | Err(_) => each
            .take_while(|&one| matches!(bucket.check_n(one), Ok(Ok(()))))
            .count(),
    }
}

/// Steps that these bytes make; an empty datagram makes one too.
fn steps(bytes: usize) -> NonZeroU32 {
    let steps = u32::try_from(bytes.div_ceil(STEP_BYTES)).unwrap_or(u32::MAX);
    NonZeroU32::new(steps).unwrap_or(NonZeroU32::MIN)
}

#[derive(Debug, Clone, Copy)]
enum Owner {
    Session,
    Address,
}

impl Owner {
    fn datagrams(self, limit: u32) -> LimitExceeded {
        match self {
            Self::Session => LimitExceeded::Datagrams(limit),
            Self::Address => LimitExceeded::AddressDatagrams(limit),
        }
    }

    fn bytes(self, limit: u32) -> LimitExceeded {
        match self {
            Self::Session => LimitExceeded::Bytes(limit),
            Self::Address => LimitExceeded::AddressBytes(limit),
        }
    }
}

impl RateLimiter {
    /// The limiter of a new session.
    pub(crate) fn new(
        own: RateLimits,
        address: Arc<TokenBuckets>,
        flood_time: Duration,
        control: ControlRate,
    ) -> Self {
        Self {
            own: TokenBuckets::new(own),
            address,
            flood_time,
            flood: None,
            control,
        }
    }

    /// How many datagrams of these sizes may be sent, from the first on, and which limit the others exceed.
    ///
    /// One call is for all that one read brought.
    pub(crate) fn admit(
        &mut self,
        sizes: impl Iterator<Item = usize> + Clone,
    ) -> (usize, Option<LimitExceeded>) {
        // The session's own limit first, so that it takes nothing from its neighbours when it is over it.
        let (own, exceeded_own) = self.own.take(sizes.clone(), Owner::Session);
        let (admitted, exceeded_address) = self.address.take(sizes.take(own), Owner::Address);
        let exceeded = exceeded_address.or(exceeded_own);
        if exceeded.is_some() {
            self.note_rejection(Instant::now());
        }
        (admitted, exceeded)
    }

    /// Counts control messages, or frames that carry nothing; returns how many there were in this second.
    ///
    /// # Errors
    /// How many there may be, when there are more.
    pub(crate) fn control(&mut self, count: u32) -> Result<u32, u32> {
        self.control.take(Instant::now(), count)
    }

    /// How long the session has been sending more than it may, when that is longer than it should.
    pub(crate) fn flooding(&self) -> Option<Duration> {
        let (first, latest) = self.flood?;
        let lasted = latest - first;
        (!self.flood_time.is_zero() && lasted >= self.flood_time).then_some(lasted)
    }

    fn note_rejection(&mut self, now: Instant) {
        self.flood = match self.flood {
            Some((first, latest)) if now - latest < ONE_FLOOD => Some((first, now)),
            _ => Some((now, now)),
        };
    }
}

#[cfg(test)]
mod tests;
