//! Memory that sessions have given back, on its way to the system.
//!
//! A thousand slow readers hold 200 MiB. When they have gone, the allocator of glibc keeps all of it for the next thousand,
//! until it is asked to return it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// How long the host waits for further sessions to end before it asks; also the least time between two questions.
const TOGETHER: Duration = Duration::from_secs(2);

/// Where sessions note that they have freed memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct FreedMemory(Arc<Notify>);

impl FreedMemory {
    /// Notes that a session has ended and given back what it had.
    pub(crate) fn note(&self) {
        self.0.notify_one();
    }

    /// Gives memory back to the system after sessions have ended, for as long as this is polled.
    pub(crate) async fn return_to_system(&self) {
        loop {
            self.0.notified().await;
            tokio::time::sleep(TOGETHER).await;
            // It walks through all that is free, which may take some milliseconds. A runtime that shuts down does not run it.
            let _ = tokio::task::spawn_blocking(trim).await;
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)] // malloc_trim(3): no safe wrapper exists.
fn trim() {
    // SAFETY: it takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators do it by themselves, or not at all.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
