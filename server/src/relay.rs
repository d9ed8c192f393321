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

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::echo::Witnesses;
use crate::target::Target;
use crate::udp::UdpSocket;

mod close;
mod gather;
mod inbound;
mod outbound;
mod raw;
mod upgrade;
mod vitals;

use close::Ended;
use inbound::Inbound;
use outbound::{Outbound, Replies};
pub use upgrade::Upgrade;
pub use vitals::Patience;
use vitals::Vitals;

/// How long a goodbye may take: until the client has read the Close and closed its side.
const GOODBYE: Duration = Duration::from_secs(2);

/// Bytes that the kernel may hold unsent for one client, so that control messages do not queue behind more.
const UNSENT_BYTES: u32 = 256 * 1024;

/// What all sessions of a host have in common.
#[derive(Debug)]
pub struct RelaySetup {
    /// The clock of all stamps.
    pub clock: Clock,
    /// Whether the kernel may coalesce and cut runs of datagrams.
    pub offload: bool,
    /// How long a session may last and how quiet it may be.
    pub patience: Patience,
    /// Where to watch the host's own echo server.
    pub own_server: Witnesses,
}

/// What one session is to be.
#[derive(Debug, Clone)]
pub struct SessionPlan {
    /// Which of the two protocols it speaks.
    pub kind: SessionKind,
    /// The client's TCP address, for the log.
    pub client: SocketAddr,
    /// The server it talks to.
    pub target: Target,
}

/// The two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// `/relay`: datagrams in binary messages, control in text messages.
    Page,
    /// `/relay/raw`: every message is a datagram, and the host says nothing of its own.
    Raw,
}

/// The relay with its sessions.
#[derive(Debug)]
pub struct Relay {
    setup: RelaySetup,
    stop: CancellationToken,
    sessions: TaskTracker,
    opened: AtomicU64,
}

impl Relay {
    /// A relay without sessions.
    pub fn new(setup: RelaySetup) -> Self {
        Self {
            setup,
            stop: CancellationToken::new(),
            sessions: TaskTracker::new(),
            opened: AtomicU64::new(0),
        }
    }

    /// Turns a request into a session, which lives on by itself. Returns the answer to the request.
    pub fn accept(self: &Arc<Self>, upgrade: Upgrade, plan: SessionPlan) -> Response {
        let response = upgrade.response();
        let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        let span = tracing::info_span!("session", id = number, peer = %plan.client);
        let relay = Arc::clone(self);
        let session = async move {
            match upgrade.stream().await {
                Ok((stream, early)) => {
                    relay.serve(stream, early, &plan).await;
                }
                Err(error) => tracing::debug!("no session: {error:#}"),
            }
        };
        self.sessions.spawn(session.instrument(span));
        response
    }

    /// How many sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Tells every session to end and waits for them, but not for longer than `patience`.
    ///
    /// Returns how many had not ended by then.
    pub async fn shut_down(&self, patience: Duration) -> usize {
        self.stop.cancel();
        self.sessions.close();
        let _ = tokio::time::timeout(patience, self.sessions.wait()).await;
        self.sessions.len()
    }

    async fn serve(&self, stream: TcpStream, early: bytes::Bytes, plan: &SessionPlan) {
        prepare(&stream);
        let (reader, writer) = stream.into_split();
        let mut inbound = Inbound::new(reader, early);
        let mut outbound = Outbound::new(writer);
        let vitals = Vitals::new(self.setup.clock);
        let udp = UdpSocket::connect(plan.target.address, None, self.setup.offload);
        let ended = match udp {
            Ok(udp) => {
                tracing::info!(kind = ?plan.kind, target = %plan.target.address, udp = ?udp.local_addr().ok(), "opened");
                self.relay(&mut inbound, &mut outbound, &udp, &vitals, plan.kind)
                    .await
            }
            Err(error) => Ended::NoSocket(format!("{error:#}")),
        };
        log_end(&ended, &vitals);
        say_goodbye(&ended, &mut inbound, &mut outbound).await;
    }

    async fn relay(
        &self,
        inbound: &mut Inbound<OwnedReadHalf>,
        outbound: &mut Outbound<OwnedWriteHalf>,
        udp: &UdpSocket,
        vitals: &Vitals,
        kind: SessionKind,
    ) -> Ended {
        let _ = kind;
        let replies = Replies::default();
        let ended = tokio::select! {
            ended = raw::client_to_udp(inbound, udp, &replies, vitals) => ended,
            ended = raw::udp_to_client(udp, outbound, &replies, vitals) => ended,
            ended = vitals.outlive(&self.setup.patience, &replies) => ended,
            () = self.stop.cancelled() => Ended::Shutdown,
        };
        outbound.push_frames(&replies.take());
        ended
    }
}

/// Sets the options of a session's TCP stream.
fn prepare(stream: &TcpStream) {
    // Whatever fails here makes the session slower, not wrong.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

/// Tells the client why, and lets it read that before the stream goes.
async fn say_goodbye(
    ended: &Ended,
    inbound: &mut Inbound<OwnedReadHalf>,
    outbound: &mut Outbound<OwnedWriteHalf>,
) {
    if let Some(frame) = ended.frame() {
        let mut frames = Vec::new();
        inbound.close(frame, &mut frames);
        outbound.push_frames(&frames);
    }
    let goodbye = async {
        outbound.flush().await?;
        outbound.shutdown().await?;
        inbound.drain().await;
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
