//! The TCP connections on which requests arrive, before one of them becomes a session.
//!
//! A connection that asks nothing, asks slowly, or does not read its answer would hold a file descriptor for ever. Each
//! has a deadline for the head of every request, and an age at which it must have ended or become a session. That is
//! also why axum's own accept loop is not used: it sets no deadline.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Most bytes of the head of a request. Browsers send about 700; a head may be longer behind proxies and with cookies.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Most header lines of a request.
const MAX_HEADERS: usize = 64;

/// How long an answer that is on its way may take when its connection is to end.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// How long accepting rests after an error that is the system's own, such as too many open files.
const REST_AFTER_ERROR: Duration = Duration::from_millis(100);

/// The address at the other end of the connection on which a request arrived: the client's or a proxy's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// How long a connection may go on without becoming a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Time for the whole head of a request to arrive, the idle time before it included.
    pub(crate) head: Duration,
    /// Greatest age of a connection that is no session.
    pub(crate) age: Duration,
}

/// Accepts connections until `stop`, then returns when all have ended that became no session.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    deadlines: Deadlines,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let served = connection(stream, peer, service.clone(), deadlines, stop.clone());
                connections.spawn(served);
            }
            Err(error) => rest_after(&error).await,
        }
    }
    // The port is free from here on: another host may take over while this one says goodbye.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: TowerToHyperService<Router>,
    deadlines: Deadlines,
    stop: CancellationToken,
) {
    // Small answers must not wait for company (Nagle's algorithm): latency is what the page shows.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let named = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        service.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), named)
        .with_upgrades();
    let mut served = pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(deadlines.age) => {}
            }
        } => {
            served.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_ANSWER, served).await {
                Ok(result) => result,
                Err(_) => {
                    tracing::debug!(%peer, "a connection was cut: its answer was not read");
                    return;
                }
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    match error.kind() {
        // The client went away while it waited; the next one is another matter.
        ConnectionAborted | ConnectionRefused | ConnectionReset => {}
        _ => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(REST_AFTER_ERROR).await;
        }
    }
}
