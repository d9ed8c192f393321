//! How long a session may last and how quiet it may be.

use std::time::Duration;

use super::LimitSettings;

/// The timeouts of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// Time without a datagram or control message after which a session ends; `None` waits for ever.
    pub(crate) idle: Option<Duration>,
    /// Greatest age of a session; `None` sets none.
    pub(crate) max_lifetime: Option<Duration>,
    /// Time without a sign of life after which the client is pinged.
    pub(crate) ping_interval: Duration,
    /// Time that a ping may stay without an answer.
    pub(crate) pong: Duration,
    /// Time for which a client may take nothing of what waits for it; `None` waits for ever.
    pub(crate) stalled: Option<Duration>,
}

impl Timeouts {
    /// The timeouts that these settings ask for; 0 sets none.
    pub(super) fn new(settings: &LimitSettings) -> Self {
        let limit = |time: Duration| (!time.is_zero()).then_some(time);
        Self {
            idle: limit(settings.idle_timeout),
            max_lifetime: limit(settings.max_lifetime),
            ping_interval: limit(settings.ping_interval).unwrap_or(Duration::MAX),
            pong: settings.pong_timeout,
            stalled: limit(settings.stalled_timeout),
        }
    }
}
