//! The HTTP side: routes, who may pass, and the headers that every answer has.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use wire::control::PROTOCOL_VERSION;

use crate::host::Shared;
use crate::page;

/// Everything the host serves.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/relay.json", get(about))
        .route("/healthz", get(health))
        .merge(page::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Refuses requests that call the host by a foreign name, and gives every answer the headers that are always right.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let host = text(request.headers(), header::HOST);
    let mut response = match shared.access.check_host(host) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            tracing::warn!(
                host,
                why = refusal.why,
                setting = refusal.setting,
                "refused a request"
            );
            (StatusCode::FORBIDDEN, format!("{refusal}.\n")).into_response()
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

async fn about(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let origin = text(&headers, header::ORIGIN);
    let refusal = shared
        .access
        .check(text(&headers, header::HOST), origin)
        .err();
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

async fn health() -> &'static str {
    "live\n"
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    // A header that is no text must not count as missing.
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or("unreadable"))
}
