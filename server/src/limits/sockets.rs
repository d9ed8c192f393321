//! How many sockets all sessions of `/sockets` may have open together.
//!
//! Each session has a limit of its own. All together could take the descriptors that connections need, and the ports that the system
//! gives out: then nobody could come any more, and no session of `/relay` would get a socket.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::sockets::errno::Errno;
use wire::sockets::refusal::Refusal;

use super::descriptors;

/// Descriptors behind a socket of a page: one on its loopback, one towards targets and peers.
const DESCRIPTORS_EACH: u64 = 2;

/// Sockets at most, however many descriptors there are: half of the 28,232 ports that Linux gives out.
const MOST: u64 = 14_000;

/// Sockets that may be open however few descriptors there are: those of some pages.
const LEAST: u64 = 64;

/// Counts the sockets that are open.
#[derive(Debug)]
pub(super) struct SocketLimiter {
    most: u32,
    free: Arc<Semaphore>,
}

/// The permit of a socket. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct SocketPermit {
    _place: OwnedSemaphorePermit,
}

impl SocketLimiter {
    /// Leaves so many sessions the descriptors that they need; 0 sessions are any number.
    pub(super) fn new(max_sessions: u32) -> Self {
        let most = most(descriptors::most(), max_sessions);
        Self {
            most,
            free: Arc::new(Semaphore::new(most as usize)),
        }
    }

    /// Counts one more in.
    ///
    /// # Errors
    /// When there are too many already.
    pub(super) fn admit(&self) -> Result<SocketPermit, Refusal> {
        let place = Arc::clone(&self.free).try_acquire_owned();
        let place = place.map_err(|_| {
            let most = self.most;
            let text = format!("all sessions of the host together have {most} sockets open, its limit; try again later");
            Refusal::new(Errno::Emfile, text)
        })?;
        Ok(SocketPermit { _place: place })
    }
}

/// Most sockets where a process may have so many descriptors, as far as that is known.
fn most(descriptors: Option<u64>, max_sessions: u32) -> u32 {
    let free = descriptors.map(|most| match max_sessions {
        0 => most / 2,
        sessions => most.saturating_sub(descriptors::needed(sessions)),
    });
    let most = free.map_or(MOST, |free| free / DESCRIPTORS_EACH);
    // It is between two numbers that fit.
    most.clamp(LEAST, MOST) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_sessions_and_connections_their_descriptors() {
        for (descriptors, max_sessions, expected) in [
            (Some(1_048_576), 4096, 14_000),
            (Some(20_000), 4096, 5360),
            (Some(20_000), 0, 5000),
            (Some(1024), 4096, 64),
            (Some(1024), 100, 64),
            (None, 4096, 14_000),
        ] {
            let given = most(descriptors, max_sessions);
            assert_eq!(given, expected, "{descriptors:?}, {max_sessions} sessions");
        }
    }

    #[test]
    fn a_socket_too_many_is_refused_until_another_one_is_closed() {
        let limiter = SocketLimiter {
            most: 2,
            free: Arc::new(Semaphore::new(2)),
        };
        let held: Vec<_> = (0..2).map(|_| limiter.admit().unwrap()).collect();
        let refusal = limiter.admit().unwrap_err();
        assert_eq!(refusal.errno, Errno::Emfile);
        assert_eq!(
            refusal.text,
            "all sessions of the host together have 2 sockets open, its limit; try again later"
        );
        drop(held);
        limiter.admit().unwrap();
    }
}
