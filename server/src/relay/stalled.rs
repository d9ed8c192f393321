//! When a client takes nothing of what waits for it, and for how long it may.
//!
//! What waits was borrowed from the memory that all sessions share, so a client that never reads must not keep it for ever. A
//! client that reads slowly may. Whether it reads is seen in two places:
//!
//! - in our own writes: what the connection takes, the client makes room for;
//! - in the kernel's queue, which only acknowledged bytes leave. The kernel asks for more only when half of [`UNSENT_BYTES`] has
//!   left, and at 300 bytes a second that takes two minutes, in which we write nothing.
//!
//! [`UNSENT_BYTES`]: super::UNSENT_BYTES

use std::time::Duration;

use tokio::time::Instant;

use super::close::CloseReason;
use crate::ws::Uptake;

/// How often a client is looked at within the limit.
const LOOKS: u32 = 4;

/// Waits until a client has taken nothing for `limit`, or up to a quarter longer, while something waited for it; for ever
/// without a limit. `unacknowledged` tells how many bytes the kernel holds that the client has not acknowledged.
pub(super) async fn run_until_stalled(
    limit: Option<Duration>,
    uptake: &Uptake,
    unacknowledged: impl Fn() -> Option<u32>,
) -> CloseReason {
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    loop {
        uptake.begins_to_wait().await;
        uptake.has_taken();
        let mut held = unacknowledged();
        let mut since = Instant::now();
        while uptake.waits() {
            tokio::time::sleep(limit / LOOKS).await;
            // Our writes only add to it, so that it can only fall by what was acknowledged.
            let holds = unacknowledged();
            let has_acknowledged = holds < held;
            held = holds;
            if uptake.has_taken() || has_acknowledged {
                since = Instant::now();
            } else if uptake.waits() && since.elapsed() >= limit {
                return CloseReason::Stalled(limit);
            }
        }
    }
}

/// The kernel's queue of a TCP stream, for as long as that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct KernelQueue {
    #[cfg(target_os = "linux")]
    stream: std::os::fd::RawFd,
}

impl KernelQueue {
    /// That of a stream which its session keeps open to the end.
    #[cfg(target_os = "linux")]
    pub(super) fn of(stream: &tokio::net::TcpStream) -> Self {
        use std::os::fd::AsRawFd as _;
        let stream = stream.as_raw_fd();
        Self { stream }
    }

    /// Elsewhere only our own writes tell.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: &tokio::net::TcpStream) -> Self {
        Self {}
    }

    /// Bytes that the client has not acknowledged; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    #[allow(unsafe_code)] // ioctl(2), SIOCOUTQ of tcp(7), which has the same number as TIOCOUTQ: no safe wrapper exists.
    pub(super) fn unacknowledged(self) -> Option<u32> {
        let mut bytes: libc::c_int = 0;
        // SAFETY: the kernel writes one `int` to `bytes`, which outlives the call. Were the stream closed by now, the call would
        // fail, or tell a number of another stream.
        let done = unsafe { libc::ioctl(self.stream, libc::TIOCOUTQ, &raw mut bytes) };
        (done == 0).then(|| u32::try_from(bytes).ok()).flatten()
    }

    /// Elsewhere only our own writes tell.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn unacknowledged(self) -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::limits::BacklogPool;
    use crate::ws::Outbound;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Bytes that the stream of a test takes.
    const ROOM: usize = 1000;

    /// A client for whom more waits than its stream takes, and its end of the stream.
    async fn behind() -> (Outbound<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (io, client) = tokio::io::duplex(ROOM);
        let mut outbound = Outbound::new(io, BacklogPool::default().for_answers());
        outbound.push_datagram(&[7; 60_000]);
        tokio::select! {
            biased;
            _ = outbound.flush() => panic!("nobody reads"),
            () = tokio::task::yield_now() => {}
        }
        (outbound, client)
    }

    /// Writes on while `client` does something, and returns whether the session ended meanwhile, and after how long.
    async fn ends(
        outbound: &mut Outbound<tokio::io::DuplexStream>,
        unacknowledged: impl Fn() -> Option<u32>,
        client: impl Future<Output = ()>,
    ) -> Option<Duration> {
        let (began, uptake) = (Instant::now(), outbound.uptake());
        let write = async {
            let _ = outbound.flush().await;
            std::future::pending().await
        };
        tokio::select! {
            reason = run_until_stalled(Some(LIMIT), &uptake, unacknowledged) => {
                assert_eq!(reason, CloseReason::Stalled(LIMIT));
                Some(began.elapsed())
            }
            () = client => None,
            () = write => unreachable!("it waits for ever"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up_after_the_limit() {
        let (mut outbound, _client) = behind().await;
        let ended = ends(&mut outbound, || None, std::future::pending()).await;
        let ended = ended.unwrap();
        assert!(ended >= LIMIT && ended <= LIMIT * 5 / 4, "{ended:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_for_whom_nothing_waits_any_more_is_left_alone() {
        use tokio::io::AsyncReadExt as _;
        let (mut outbound, mut client) = behind().await;
        let reads_all_and_then_nothing = async {
            let mut all = vec![0; 60_000];
            client.read_exact(&mut all).await.unwrap();
            tokio::time::sleep(10 * LIMIT).await;
        };
        let ended = ends(&mut outbound, || None, reads_all_and_then_nothing).await;
        assert_eq!(ended, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_slowly_but_steadily_is_left_alone() {
        use tokio::io::AsyncReadExt as _;
        let (mut outbound, mut client) = behind().await;
        let reads_slowly = async {
            for _ in 0..30 {
                tokio::time::sleep(LIMIT * 3 / 4).await;
                client.read_u8().await.unwrap();
            }
        };
        assert_eq!(ends(&mut outbound, || None, reads_slowly).await, None);
    }

    /// The kernel has room for more only when half of what it may hold has left, so our own writes do not tell of each byte.
    #[tokio::test(start_paused = true)]
    async fn a_byte_that_the_kernel_saw_acknowledged_counts() {
        let (mut outbound, _client) = behind().await;
        let held = AtomicU32::new(65_536);
        let acknowledges = async {
            for _ in 0..30 {
                tokio::time::sleep(LIMIT * 3 / 4).await;
                held.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let queue = || Some(held.load(Ordering::Relaxed));
        assert_eq!(ends(&mut outbound, queue, acknowledges).await, None);
        let ended = ends(&mut outbound, queue, std::future::pending()).await;
        assert!(ended.is_some(), "it has acknowledged nothing more");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_is_given_up() {
        let (outbound, _client) = behind().await;
        let uptake = outbound.uptake();
        tokio::select! {
            reason = run_until_stalled(None, &uptake, || None) => panic!("{reason}"),
            () = tokio::time::sleep(100 * LIMIT) => {}
        }
    }
}
