//! The TCP connections on which requests arrive, before one of them becomes a session.
//!
//! A connection that asks nothing, asks slowly, or does not read its answer would hold a file descriptor for ever. Each
//! has a deadline for the head of every request, and an age at which it must have ended or become a session; and their
//! number has a limit. That is also why axum's own accept loop is not used: it sets no deadline.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::HttpState;
use crate::limits::Permit;
use crate::metrics::Refused;

/// Most bytes of the head of a request. Browsers send about 700; a head may be longer behind proxies and with cookies.
const MAX_REQUEST_HEAD_BYTES: usize = 16 * 1024;

/// Most header lines of a request.
const MAX_HEADERS: usize = 64;

/// Greatest age of a connection that is no session: time enough for the page over a bad line.
const MAX_AGE: Duration = Duration::from_secs(120);

/// How long an answer that is on its way may take when its connection is to end.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// How long accepting pauses after an error that is the system's own, such as too many open files.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// The connection on which a request arrived.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// The address at the other end: the client's or a proxy's.
    pub(super) peer: SocketAddr,
    /// Counts the connection for as long as it is kept: a session that goes on using the connection keeps it.
    pub(super) permit: Arc<Permit>,
}

/// Accepts connections until the host stops, then returns when all have ended that became no session.
pub(super) async fn serve(listener: TcpListener, router: Router, state: Arc<HttpState>) {
    let connections = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = state.relay.sessions.stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error, &state).await;
                continue;
            }
        };
        let is_proxy = state.proxies.trusts(peer.ip());
        match state.relay.limits.admit_connection(peer.ip(), is_proxy) {
            Ok(permit) => {
                let permit = Arc::new(permit);
                let connection = Connection { peer, permit };
                let serving = serve_one(stream, connection, service.clone(), Arc::clone(&state));
                connections.spawn(serving);
            }
            // Nothing was read yet, so no answer can explain it; the sooner the descriptor is free the better.
            Err(full) => {
                state.relay.metrics.refused(Refused::Connections);
                tracing::debug!(%peer, ?full, "a connection was cut");
            }
        }
    }
    // The port is free from here on: another host may take over while this one says goodbye.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn serve_one(
    stream: TcpStream,
    connection: Connection,
    service: TowerToHyperService<Router>,
    state: Arc<HttpState>,
) {
    // Small answers must not wait for company (Nagle's algorithm): latency is what the page shows.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let peer = connection.peer;
    let introduced = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        service.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.relay.limits.settings().handshake_timeout)
        .max_buf_size(MAX_REQUEST_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), introduced)
        .with_upgrades();
    let mut served = pin!(served);
    let over = async {
        tokio::select! {
            () = state.relay.sessions.stop.cancelled() => {}
            () = tokio::time::sleep(MAX_AGE) => {}
        }
    };
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = over => {
            served.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_ANSWER, served).await {
                Ok(result) => result,
                Err(_) => return tracing::debug!(%peer, "a connection was cut: its answer was not read"),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

async fn pause_after(error: &io::Error, state: &HttpState) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    match error.kind() {
        // The client went away while it waited; the next one is another matter.
        ConnectionAborted | ConnectionRefused | ConnectionReset => {}
        _ => {
            if state.relay.throttle.admits() {
                tracing::warn!(%error, "a connection could not be accepted");
            }
            tokio::time::sleep(PAUSE_AFTER_ERROR).await;
        }
    }
}
