//! The relay: one WebSocket joined to one connected UDP socket.
//!
//! ```text
//!             inbound              gather
//! client ──▶ WebSocket ──▶ messages ──▶ UDP ──▶ server
//! client ◀── WebSocket ◀── frames ◀──── UDP ◀── server
//!             outbound              slab
//! ```
//!
//! Each way is read until it is empty and written in one piece. UDP may drop, so nothing queues without bound; what is
//! dropped is counted. However a session ends, it returns one value saying why, and [`close`] knows what that means.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tracing::Instrument as _;

use crate::host::Shared;
use crate::limits::Entry;

mod backlog;
mod blocks;
mod close;
mod frames;
mod gather;
mod inbound;
mod opening;
mod outbound;
mod page;
mod raw;
mod upgrade;
mod vitals;

pub use backlog::BacklogPool;
use close::Ended;
#[doc(hidden)]
pub use frames::frames;
use inbound::Inbound;
pub use opening::Visit;
use opening::{Opened, Udp};
use outbound::{Outbound, Replies};
use page::PageSession;
pub use upgrade::Upgrade;
pub(crate) use upgrade::has_token;
pub use vitals::Patience;
pub(crate) use vitals::Traffic;
use vitals::Vitals;

/// How long a goodbye may take: until the client has read the Close and closed its side.
const GOODBYE: Duration = Duration::from_secs(2);

/// Bytes that the kernel may hold unsent for one client, so that control messages do not queue behind more.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// The two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// `/relay`: datagrams in binary messages, control in text messages.
    Page,
    /// `/relay/raw`: every message is a datagram, and the host says nothing of its own.
    Raw,
}

/// Turns a request into a session, which lives on by itself. Returns the answer to the request.
///
/// The session is counted in [`Shared::sessions`], and ends when [`Shared::stop`] is cancelled. It keeps the
/// `connection`'s place among all.
pub(crate) fn accept(
    shared: &Arc<Shared>,
    upgrade: Upgrade,
    visit: Visit,
    connection: Arc<Entry>,
) -> Response {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed) + 1;
    let span = tracing::info_span!("session", id = number, peer = %visit.client);
    let response = upgrade.response();
    let shared = Arc::clone(shared);
    let sessions = shared.sessions.clone();
    let session = async move {
        let _connection = connection;
        match upgrade.stream().await {
            Ok((stream, early)) => serve(&shared, stream, early, &visit, number).await,
            Err(error) => tracing::debug!("no session: {error:#}"),
        }
        shared.returned.note();
    };
    sessions.spawn(session.instrument(span));
    response
}

async fn serve(shared: &Arc<Shared>, stream: TcpStream, early: Bytes, visit: &Visit, number: u64) {
    prepare(&stream);
    let (reader, writer) = stream.into_split();
    carry(shared, reader, writer, early, visit, number).await;
}

/// One session, from its first byte to its last.
async fn carry<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    shared: &Arc<Shared>,
    reader: R,
    writer: W,
    early: Bytes,
    visit: &Visit,
    number: u64,
) {
    let message_bytes = shared.limiter.settings().message_bytes;
    let mut inbound = Inbound::new(reader, &early, message_bytes as usize);
    // Its memory is that of a whole request.
    drop(early);
    let mut outbound = Outbound::new(writer, shared.backlog.clone());
    let vitals = Vitals::new(shared.clock, visit.kind == SessionKind::Page);
    let replies = Replies::default();
    shared
        .metrics
        .session_opened(number, Arc::clone(&vitals.traffic));
    let ended = match Opened::open(shared, visit).await {
        Err(ended) => ended,
        Ok(opened) => {
            let Opened {
                udp,
                mut allowance,
                port,
                place: _place,
            } = opened;
            let (kind, server, resumed) = (visit.kind, visit.target.address, port.resumed);
            let from = udp.local_addr().map(tracing::field::display);
            // Not "target": so the log itself calls the module.
            tracing::info!(?kind, %server, from, resumed, "opened");
            let end = async {
                tokio::select! {
                    ended = vitals.outlive(&shared.patience, &replies) => ended,
                    () = shared.stop.cancelled() => Ended::Shutdown,
                    () = port.superseded() => Ended::Superseded,
                }
            };
            match udp {
                Udp::Raw(udp) => {
                    let ended = tokio::select! {
                        biased;
                        ended = raw::client_to_udp(&mut inbound, &udp, &mut allowance, &replies, &vitals) => ended,
                        ended = raw::udp_to_client(&udp, &mut outbound, &replies, &vitals) => ended,
                        ended = end => ended,
                    };
                    if let Some(udp) = udp.get() {
                        vitals.traffic.read_kernel_drops(udp);
                    }
                    ended
                }
                Udp::Page(udp) => {
                    let mut page =
                        PageSession::new(shared, &vitals, visit, udp, allowance, &mut outbound);
                    page.greet(number, &port);
                    page.run(&mut inbound, &replies, end).await
                }
            }
        }
    };
    outbound.push_frames(&replies.take());
    // What strangers can cause at will has a bound in the log.
    if ended.is_routine() || shared.throttle.admits() {
        log_end(&ended, &vitals);
    }
    shared.metrics.session_ended(number, ended.label());
    say_goodbye(&ended, &mut inbound, &mut outbound).await;
}

/// Sets the options of a session's TCP stream.
fn prepare(stream: &TcpStream) {
    // Whatever fails here makes the session slower, not wrong.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

/// Tells the client why, and lets it read that before the stream goes.
async fn say_goodbye<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    ended: &Ended,
    inbound: &mut Inbound<R>,
    outbound: &mut Outbound<W>,
) {
    let farewell = ended.frame();
    let answer_expected = farewell.is_some();
    if let Some(frame) = farewell {
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
            inbound.drain(ended.is_understood()).await;
        }
        std::io::Result::Ok(())
    };
    // A client that does not listen is left alone after a while; nothing more can be done for it.
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
}

fn log_end(ended: &Ended, vitals: &Vitals) {
    let traffic = &vitals.traffic;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    macro_rules! closed {
        ($level:ident) => {
            tracing::$level!(
                why = %ended,
                lasted = ?vitals.age(),
                from_client = read(&traffic.from_client),
                from_client_bytes = read(&traffic.from_client_bytes),
                rejected = read(&traffic.rejected),
                refused = read(&traffic.refused),
                from_server = read(&traffic.from_server),
                from_server_bytes = read(&traffic.from_server_bytes),
                dropped = read(&traffic.dropped),
                "closed"
            )
        };
    }
    match ended.level() {
        tracing::Level::ERROR => closed!(error),
        tracing::Level::WARN => closed!(warn),
        _ => closed!(info),
    }
}

#[cfg(test)]
mod tests;
