//! The host's one clock: microseconds since it started, never set back.

use std::time::Duration;

use tokio::time::Instant;

/// A monotonic clock, which is the runtime's: a test that pauses that one pauses this one too. Copies of it share their epoch, so
/// that their stamps can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Instant,
}

impl Clock {
    /// A clock whose epoch is now.
    pub fn start() -> Self {
        Self {
            epoch: Instant::now(),
        }
    }

    /// Microseconds since the epoch.
    pub fn now(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }

    /// The moment that lies this many microseconds after the epoch.
    pub fn instant(&self, micros: u64) -> Instant {
        self.epoch + Duration::from_micros(micros)
    }
}
