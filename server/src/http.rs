//! The HTTP side: routes, who may pass, and the headers that every answer has.

use std::net::SocketAddr;
use std::sync::{Arc, Once};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;
use wire::control::PROTOCOL_VERSION;

use crate::access::Refusal;
use crate::host::Shared;
use crate::page;
use crate::proxy::{Caller, readable};
use crate::relay::{self, SessionKind, Upgrade};
use crate::target::{OWN_SERVER, Target};

mod connections;

use connections::Peer;
pub(crate) use connections::{Deadlines, serve};

/// Everything the host serves.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/relay", get(page_session))
        .route("/relay/raw", get(raw_session))
        .route("/relay.json", get(about))
        .route("/healthz", get(health))
        .merge(page::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Finds out who is calling, refuses whoever calls the host by a foreign name, and gives every answer the headers that
/// are always right.
async fn guard(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = shared
        .proxies
        .caller(peer, request.uri(), request.headers());
    warn_of_veil(&caller);
    let mut response = match shared.access.check_host(caller.host.as_deref()) {
        Ok(()) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refuse(&caller, &refusal),
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

/// Says once that requests come through a proxy whose word is not taken: its clients then all count as one.
fn warn_of_veil(caller: &Caller) {
    static SAID: Once = Once::new();
    if caller.veiled {
        SAID.call_once(|| {
            let proxy = caller.address;
            tracing::warn!(
                %proxy,
                setting = format!("--trusted-proxy {proxy}"),
                "X-Forwarded-For was ignored: it comes from an address that is no trusted proxy"
            );
        });
    }
}

/// The answer to somebody who may not pass: to the client and to the log it says why, and what would change that.
fn refuse(caller: &Caller, refusal: &Refusal) -> Response {
    tracing::warn!(
        from = %caller.address,
        host = caller.host,
        why = refusal.why,
        setting = refusal.setting,
        "refused a request"
    );
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
    udp: SocketAddr,
    origin: Option<String>,
    allowed: bool,
    why: Option<String>,
    setting: Option<String>,
}

async fn about(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let origin = origin(&headers);
    let refusal = shared.access.check(&caller, origin).err();
    let about = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        limits: shared.limits.clone(),
        targets: shared
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect(),
        udp: shared.own_server,
        origin: origin.map(str::to_owned),
        allowed: refusal.is_none(),
        why: refusal.as_ref().map(|refusal| refusal.why.clone()),
        setting: refusal.map(|refusal| refusal.setting),
    };
    // A script can never learn why a WebSocket failed; this it may read from any origin.
    let readable = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "origin"),
    ];
    (readable, Json(about)).into_response()
}

async fn page_session(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<Upgrade, Response>,
) -> Response {
    open_session(&shared, &caller, &uri, &headers, upgrade, SessionKind::Page)
}

async fn raw_session(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<Upgrade, Response>,
) -> Response {
    open_session(&shared, &caller, &uri, &headers, upgrade, SessionKind::Raw)
}

/// Opens a session, or refuses before the upgrade with the setting to change.
fn open_session(
    shared: &Arc<Shared>,
    caller: &Caller,
    uri: &Uri,
    headers: &HeaderMap,
    upgrade: Result<Upgrade, Response>,
    kind: SessionKind,
) -> Response {
    if let Err(refusal) = shared.access.check(caller, origin(headers)) {
        return refuse(caller, &refusal);
    }
    let target = match named_target(shared, uri.query().unwrap_or_default()) {
        Ok(target) => target,
        Err(why) => return (StatusCode::NOT_FOUND, format!("{why}.\n")).into_response(),
    };
    match upgrade {
        Ok(upgrade) => relay::accept(shared, upgrade, kind, caller.address, target),
        Err(refusal) => refusal,
    }
}

/// The target that `?target=` names; the host's own server when it names none.
fn named_target<'a>(shared: &'a Shared, query: &str) -> Result<&'a Target, String> {
    // Names hold no character that a query would escape.
    let name = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("target="))
        .unwrap_or(OWN_SERVER);
    let named = shared.targets.iter().find(|target| target.name == name);
    named.ok_or_else(|| {
        let names: Vec<_> = shared.targets.iter().map(|t| t.name.as_str()).collect();
        let names = names.join(", ");
        format!("there is no target {name:?} here, but {names}; --target NAME=HOST:PORT adds one")
    })
}

async fn health() -> &'static str {
    "live\n"
}

/// Where the page comes from that sent the request, as its browser says.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(_), Some(_)) => Some("more than one"),
        (first, _) => first.map(readable),
    }
}
