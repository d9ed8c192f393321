//! The HTTP side: routes, who may pass, and the headers that every answer has.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::uri::Authority;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use wire::control::PROTOCOL_VERSION;

use crate::access::Refusal;
use crate::limits;
use crate::metrics::{Gauges, Refused, SessionKind};
use crate::name;
use crate::oembed;
use crate::page;
use crate::proxy::{Caller, readable};

mod capture;
mod connections;
mod sessions;
mod state;

use connections::Connection;
pub(crate) use sessions::parameter;
pub use state::HttpState;

/// Serves everything to whoever connects, until the host stops; returns when all connections have ended that became no
/// session.
pub(crate) async fn serve(listener: TcpListener, state: HttpState) {
    let state = Arc::new(state);
    connections::serve(listener, router(Arc::clone(&state)), state).await;
}

const READINESS: &str = "/healthz";
const LIVENESS: &str = "/healthz/live";

/// Everything the host serves.
fn router(state: Arc<HttpState>) -> Router {
    Router::new()
        .route(
            "/relay",
            get(sessions::open).layer(Extension(SessionKind::Page)),
        )
        .route(
            "/relay/raw",
            get(sessions::open).layer(Extension(SessionKind::Raw)),
        )
        .route(
            "/sockets",
            get(sessions::open).layer(Extension(SessionKind::Sockets)),
        )
        .route("/capture", get(capture::open))
        .route("/relay.json", get(about))
        .route("/oembed", get(oembed::answer))
        .route("/metrics", get(metrics))
        // HAProxy asks by OPTIONS unless it is told otherwise (`option httpchk`).
        .route(READINESS, get(readiness).options(readiness))
        .route(LIVENESS, get(liveness).options(liveness))
        .merge(page::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&state), guard))
        .with_state(state)
}

/// Finds out who is calling, refuses whoever calls the host by a foreign name, and gives every answer the headers that
/// are always right.
async fn guard(
    State(state): State<Arc<HttpState>>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = state
        .proxies
        .caller(connection.peer, request.uri(), request.headers());
    warn_of_hidden_clients(&caller);
    let mut response = match check_host(&state, &request, &caller) {
        Ok(()) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(state.lane_sources.clone());
            next.run(request).await
        }
        Err(refusal) => {
            state.relay.metrics.refused(Refused::Host);
            refuse(&state, &caller, &refusal)
        }
    };
    let fields = response.headers_mut();
    fields.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    fields.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

/// Checks the name by which the host is called. The probes of load balancers call it by none (HTTP/1.0) or by the address of a
/// container, neither of which can be rebound; they learn one word about how the host is.
fn check_host(state: &HttpState, request: &Request, caller: &Caller) -> Result<(), Refusal> {
    let called = caller.host.as_deref().unwrap_or_default();
    match request.uri().path() {
        READINESS | LIVENESS if called.is_empty() || is_address(called) => Ok(()),
        _ => state.access.check_host(caller.host.as_deref()),
    }
}

/// Whether a `Host` holds an address, and no name.
fn is_address(called: &str) -> bool {
    let authority = called.parse::<Authority>();
    let address = authority.map(|called| name::without_brackets(called.host()).parse::<IpAddr>());
    matches!(address, Ok(Ok(_)))
}

/// Says once that requests come through a proxy whose word is not taken: its clients then all count as one.
fn warn_of_hidden_clients(caller: &Caller) {
    static SAID: Once = Once::new();
    if caller.hidden_by_proxy {
        SAID.call_once(|| {
            let proxy = caller.address;
            tracing::warn!(
                %proxy,
                setting = format!("--trusted-proxy {proxy}"),
                "what a proxy says of its clients was ignored: it is no trusted one, or sends Forwarded without X-Forwarded-For"
            );
        });
    }
}

/// The answer to somebody who may not pass: to the client and to the log it says why, and what would change that.
fn refuse(state: &HttpState, caller: &Caller, refusal: &Refusal) -> Response {
    if state.relay.throttle.admits() {
        tracing::warn!(
            from = %caller.address,
            host = caller.host,
            why = refusal.why,
            setting = refusal.setting,
            "refused a request"
        );
    }
    (StatusCode::FORBIDDEN, format!("{refusal}.\n")).into_response()
}

/// What `/relay.json` says: all that a page needs to know before it connects, or after it could not.
#[derive(Serialize)]
struct About {
    name: &'static str,
    version: &'static str,
    protocol: u32,
    limits: wire::control::Limits,
    targets: Vec<String>,
    /// How far sockets of this origin's pages reach: `off`, `own` or `peers`.
    sockets: &'static str,
    /// UDP sockets that a session of `/sockets` may have open; `None` when unlimited.
    max_sockets: Option<u32>,
    udp: SocketAddr,
    /// Whether a session of this caller's may ask for a token with which a program on its machine watches it.
    capture: bool,
    origin: Option<String>,
    allowed: bool,
    why: Option<String>,
    setting: Option<String>,
    /// Why no session can begin now, whoever asks: so that nobody looks for the cause between here and there.
    busy: Option<String>,
}

async fn about(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let origin = origin(&headers);
    let refusal = state.access.check(&caller, origin).err();
    let busy = match state.draining.is_cancelled() {
        true => Some("the host is about to stop; try again later".to_owned()),
        false => state.relay.limits.lack_of_room(caller.address),
    };
    let about = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        limits: state.relay.limits.announced(),
        targets: state.relay.target_names(),
        sockets: sessions::sockets_mode(&state, &caller, origin).word(),
        max_sockets: limits::limited(state.relay.limits.settings().max_sockets),
        udp: state.own_server,
        capture: state.relay.captures.is_some() && state.access.is_on_this_machine(&caller, origin),
        origin: origin.map(str::to_owned),
        allowed: refusal.is_none(),
        why: refusal.as_ref().map(|refusal| refusal.why.clone()),
        setting: refusal.map(|refusal| refusal.setting),
        busy,
    };
    // A script can never learn why a WebSocket failed; this it may read from any origin.
    let readable = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "origin"),
    ];
    (readable, Json(about)).into_response()
}

/// The counters, for this machine's programs and for those of `--metrics-from`.
async fn metrics(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let address = caller.address;
    // Behind a proxy that is not trusted everybody looks local.
    let is_local = address.is_loopback() && !caller.hidden_by_proxy;
    if !is_local
        && !state
            .metrics_from
            .iter()
            .any(|from| from.contains(&address))
    {
        let why = format!("metrics are not for {address}; --metrics-from {address} admits it\n");
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let limits = &state.relay.limits;
    let gauges = Gauges {
        sessions_limit: limits::limited(limits.settings().max_sessions),
        draining: state.draining.is_cancelled(),
        connections: limits.connections(),
        handshakes: limits.handshakes(),
        ended_handshakes: state
            .relay
            .lanes
            .as_ref()
            .map_or([0; 4], |lanes| lanes.ended()),
        own_server: state.own_server_status.totals(),
        log_lines_left_out: state.relay.throttle.left_out(),
    };
    (kind, state.relay.metrics.render(&gauges)).into_response()
}

/// Whether a proxy should send new clients here: the word is for people, the status for the proxy.
async fn readiness(State(state): State<Arc<HttpState>>) -> (StatusCode, &'static str) {
    if state.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if state.relay.limits.is_full() {
        (StatusCode::SERVICE_UNAVAILABLE, "full\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

/// Whether the host runs at all; what restarts it must not ask for more.
async fn liveness() -> &'static str {
    "live\n"
}

/// Where the page comes from that sent the request, as its browser says.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(_), Some(_)) => Some("more than one"),
        (first, _) => first.map(readable),
    }
}
