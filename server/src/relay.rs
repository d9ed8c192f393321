//! The relay: one WebSocket joined to one UDP socket, which is connected to its server unless the client asks otherwise; or to as
//! many as the client opens on a loopback of its own.
//!
//! ```text
//!             inbound              gso
//! client ──▶ WebSocket ──▶ messages ──▶ UDP ──▶ server
//! client ◀── WebSocket ◀── frames ◀──── UDP ◀── server
//!             outbound              slab
//! ```
//!
//! Each way is read until it is empty and written in one piece. UDP may drop, so nothing queues without bound; what is
//! dropped is counted. However a session ends, it returns one value saying why.
//!
//! - [`Context`]: what a session may use of the host;
//! - [`SessionRequest`] and `resources`: what a client asks for, and what its session gets;
//! - `raw`, `page` and `sockets`: the three protocols;
//! - `protocol` and `events`: what pages say and are told on either of their routes;
//! - `gso`: from messages to as few sends as the kernel allows;
//! - `liveness`: when a session was last active, and its timeouts; `stalled`: when its client takes nothing of what waits for it;
//! - `close`: why a session ended, as close code, sentence and level of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::limits::{LimitExceeded, Permit, RateLimiter};
use crate::metrics::SessionCounters;
use crate::ws::{Inbound, Outbound, Replies, Upgrade};

mod close;
mod context;
mod events;
mod gso;
mod liveness;
mod page;
mod protocol;
mod raw;
mod resources;
mod sockets;
mod stalled;

use close::CloseReason;
pub use context::{Context, Sessions};
use liveness::Liveness;
use page::PageSession;
use raw::RawSession;
pub use resources::{LaneAsked, Relayed, SessionRequest, Wanted, WantedSockets};
use resources::{SessionResources, SessionSocket};
use sockets::SocketsSession;
use stalled::KernelQueue;

/// How long a close may take: until the client has read the Close and closed its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that the kernel may hold unsent for one client, so that control messages do not queue behind more.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// Buffers of datagrams that a session takes out of its UDP socket at once.
const RECEIVE_BATCH: usize = 16;

/// Batches of arrivals that are taken before a datagram is given up. More than this only comes where others flood the sockets.
const ARRIVALS_BEFORE_GIVING_UP: usize = 64;

/// How long a session pauses after an error from its UDP socket, so that a persistent one cannot make it spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(1);

/// Turns a request into a session, which lives on by itself. Returns the answer to the request.
///
/// The session is one of [`Context::sessions`], and ends when they are stopped. It keeps the permit of its `connection`.
pub(crate) fn accept(
    context: &Arc<Context>,
    upgrade: Upgrade,
    request: SessionRequest,
    connection: Arc<Permit>,
) -> Response {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed) + 1;
    let span = tracing::info_span!("session", id = number, peer = %request.client);
    let response = upgrade.response();
    let context = Arc::clone(context);
    let tasks = context.sessions.tasks.clone();
    let session = async move {
        let _connection = connection;
        match upgrade.stream().await {
            Ok((stream, early)) => {
                prepare(&stream);
                let queue = Some(KernelQueue::of(&stream));
                let (reader, writer) = stream.into_split();
                serve(&context, reader, writer, queue, early, &request, number).await;
            }
            Err(error) => tracing::debug!("no session: {error:#}"),
        }
        context.sessions.freed_memory.note();
    };
    tasks.spawn(session.instrument(span));
    response
}

/// Sets the options of a session's TCP stream.
fn prepare(stream: &TcpStream) {
    // Whatever fails here makes the session slower, not wrong.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

/// One session, from its first byte to its last.
async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    context: &Context,
    reader: R,
    writer: W,
    queue: Option<KernelQueue>,
    early: Bytes,
    request: &SessionRequest,
    number: u64,
) {
    let message_bytes = context.limits.settings().message_bytes;
    let mut inbound = Inbound::new(reader, &early, message_bytes as usize);
    // Its memory is that of a whole request.
    drop(early);
    let mut outbound = Outbound::new(writer, context.limits.backlog().for_answers());
    let replies = Replies::default();
    let session = ActiveSession {
        context,
        request,
        number,
        queue,
        liveness: Liveness::new(context.clock),
        counters: Arc::new(SessionCounters::new(request.kind())),
    };
    let counters = Arc::clone(&session.counters);
    context.metrics.session_opened(number, counters);
    let reason = session.run(&mut inbound, &mut outbound, &replies).await;
    outbound.push_frames(&replies.take());
    // What strangers can cause at will has a bound in the log.
    if reason.is_routine() || context.throttle.admits() {
        session.log_end(&reason);
    }
    context.metrics.session_ended(number, reason.label());
    say_goodbye(&reason, &mut inbound, &mut outbound).await;
}

/// What every session is made of, whatever its protocol.
struct ActiveSession<'a> {
    context: &'a Context,
    request: &'a SessionRequest,
    number: u64,
    /// What the kernel holds for the client, where there is a kernel between.
    queue: Option<KernelQueue>,
    liveness: Liveness,
    counters: Arc<SessionCounters>,
}

impl ActiveSession<'_> {
    /// Opens what the session needs and carries datagrams until it is over; returns why.
    async fn run<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
        &self,
        inbound: &mut Inbound<R>,
        outbound: &mut Outbound<W>,
        replies: &Replies,
    ) -> CloseReason {
        let (context, request, liveness) = (self.context, self.request, &self.liveness);
        let resources = match SessionResources::open(context, request).await {
            Ok(resources) => resources,
            Err(reason) => return reason,
        };
        let SessionResources {
            socket,
            rate,
            port,
            permit: _permit,
        } = resources;
        self.log_opening(&socket, port.resumed);
        let timeouts = context.limits.timeouts();
        let uptake = outbound.uptake();
        let unacknowledged = || self.queue.and_then(KernelQueue::unacknowledged);
        let stalled = stalled::run_until_stalled(timeouts.stalled, &uptake, unacknowledged);
        let end = async {
            tokio::select! {
                reason = liveness.run_until_timeout(&timeouts, replies) => reason,
                reason = stalled => reason,
                () = context.sessions.stop.cancelled() => CloseReason::Shutdown,
                () = port.superseded() => CloseReason::Superseded,
            }
        };
        match socket {
            SessionSocket::Raw(udp) => {
                let raw = RawSession {
                    udp,
                    replies,
                    liveness,
                    counters: &self.counters,
                };
                raw.run(inbound, outbound, rate, end).await
            }
            SessionSocket::Page(target, udp) => {
                let mut page = PageSession::new(self, target, udp, rate, outbound);
                page.say_hello(&port);
                page.run(inbound, replies, end).await
            }
            SessionSocket::Loopback(loopback, wanted) => {
                let mut sockets = SocketsSession::new(self, loopback, wanted, rate, outbound);
                inbound.set_front_aside(SocketsSession::<W>::front_of);
                sockets.say_hello();
                sockets.run(inbound, replies, end).await
            }
        }
    }

    fn log_opening(&self, socket: &SessionSocket<'_>, resumed: bool) {
        let kind = self.request.kind();
        // Not "target": so the log itself calls the module.
        let (server, from) = match socket {
            SessionSocket::Page(target, udp) => (target.address, Some(udp.local_addr())),
            SessionSocket::Raw(udp) => (udp.target().address, udp.local_addr()),
            SessionSocket::Loopback(loopback, wanted) => {
                let (loopback, joined) = (loopback.address(), wanted.joined.is_some());
                return tracing::info!(?kind, %loopback, joined, "opened");
            }
        };
        let from = from.map(tracing::field::display);
        tracing::info!(?kind, %server, from, resumed, "opened");
    }

    fn log_end(&self, reason: &CloseReason) {
        let counters = &self.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        macro_rules! closed {
            ($level:ident) => {
                tracing::$level!(
                    why = %reason,
                    lasted = ?self.liveness.age(),
                    from_client = read(&counters.from_client),
                    from_client_bytes = read(&counters.from_client_bytes),
                    rejected = read(&counters.rejected),
                    refused = read(&counters.refused),
                    from_server = read(&counters.from_server),
                    from_server_bytes = read(&counters.from_server_bytes),
                    dropped = read(&counters.dropped),
                    strangers = read(&counters.strangers),
                    "closed"
                )
            };
        }
        match reason.level() {
            tracing::Level::ERROR => closed!(error),
            tracing::Level::WARN => closed!(warn),
            _ => closed!(info),
        }
    }
}

/// Tells the client why, and lets it read that before the stream goes.
async fn say_goodbye<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reason: &CloseReason,
    inbound: &mut Inbound<R>,
    outbound: &mut Outbound<W>,
) {
    let close = reason.frame();
    let answer_expected = close.is_some();
    if let Some(frame) = close {
        let mut frames = Vec::new();
        inbound.close(frame, &mut frames);
        outbound.push_frames(&frames);
    }
    // A Close is the last thing that a client hears: browsers complain of data behind it.
    outbound.forget_data();
    let goodbye = async {
        outbound.flush().await?;
        outbound.shutdown().await?;
        if answer_expected {
            inbound.drain(reason.leaves_frames()).await;
        }
        std::io::Result::Ok(())
    };
    // A client that does not listen is left alone after a while; nothing more can be done for it.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, goodbye).await;
}

/// Lets other sessions have a turn after a read that brought nothing to send, or more than may be sent.
///
/// A session that sends gives others their turns by sending. Reading alone may go on for 128 times 256 KiB, as much as
/// tokio has a task do in a row: a client that sends without end would keep all others of its thread waiting for a fifth of
/// a second.
///
/// # Errors
/// The end of a session that goes on and on over its limit.
async fn yield_if_unproductive(
    rate: &RateLimiter,
    exceeded: Option<LimitExceeded>,
    is_idle: bool,
) -> Result<(), CloseReason> {
    if let (Some(exceeded), Some(lasted)) = (exceeded, rate.flooding()) {
        return Err(CloseReason::Flood(exceeded, lasted));
    }
    if is_idle || exceeded.is_some() {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// A seed that no other session has. It decides about drops in a lesson, and is shown; it is no secret.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Scripts hold numbers exactly up to 2^53.
    RandomState::new().build_hasher().finish() >> 11
}

/// Waits until it is time; for ever when there is nothing to wait for.
async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(alarm) => tokio::time::sleep_until(alarm).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
