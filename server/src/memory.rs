//! Memory that sessions have given back, on its way to the system.
//!
//! A thousand slow readers hold 200 MiB. When they have gone, the allocator of glibc keeps all of it for the next thousand,
//! until it is asked to return it. What is free at the end of a thread's arena, it does not return even then: that goes back
//! only when a `free` finds more there than a threshold, and glibc raises this threshold to twice the largest block that was
//! ever freed. So the host fixes the threshold.

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

/// Bytes that may be free at the end of a thread's arena before the allocator returns them: what a thread has for a moment
/// while it serves some thousand datagrams, so that serving them does not ask the system for memory each time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const FREE_AT_THE_END: libc::c_int = 2 << 20;

/// Blocks of at least so many bytes have pages of their own, which go back as soon as they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const BLOCK_OF_ITS_OWN: libc::c_int = 1 << 20;

/// Fixes how much free memory the allocator keeps. Called once, before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)] // mallopt(3): no safe wrapper exists.
pub fn bound_what_the_allocator_keeps() {
    // A refusal leaves the thresholds as they are: more memory is kept, and nothing else is wrong.
    // SAFETY: it takes no pointer, and no other thread allocates meanwhile.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, FREE_AT_THE_END);
        libc::mallopt(libc::M_MMAP_THRESHOLD, BLOCK_OF_ITS_OWN);
    }
}

/// Other allocators have no such thresholds.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound_what_the_allocator_keeps() {}

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
