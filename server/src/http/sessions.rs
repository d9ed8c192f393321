//! The two routes of the relay: who may pass becomes a session.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::connections::Connection;
use super::{HttpState, origin, refuse};
use crate::metrics::Refused;
use crate::proxy::Caller;
use crate::relay::{self, SessionKind, SessionRequest};
use crate::target::{OWN_SERVER, Target};
use crate::ws::Upgrade;

/// Opens a session, or refuses before the upgrade with the setting to change.
pub(super) async fn open(
    State(state): State<Arc<HttpState>>,
    Extension(kind): Extension<SessionKind>,
    Extension(caller): Extension<Caller>,
    Extension(connection): Extension<Connection>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<Upgrade, Response>,
) -> Response {
    if let Err(refusal) = state.access.check(&caller, origin(&headers)) {
        state.relay.metrics.refused(Refused::Origin);
        return refuse(&state, &caller, &refusal);
    }
    let query = uri.query().unwrap_or_default();
    let target = match named_target(&state, parameter(query, "target")) {
        Ok(target) => target.clone(),
        Err(why) => {
            state.relay.metrics.refused(Refused::Target);
            return (StatusCode::NOT_FOUND, format!("{why}.\n")).into_response();
        }
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refusal) => {
            state.relay.metrics.refused(Refused::Handshake);
            return refusal;
        }
    };
    let request = SessionRequest {
        kind,
        client: caller.address,
        target,
        resume: parameter(query, "resume").map(str::to_owned),
    };
    relay::accept(&state.relay, upgrade, request, connection.permit)
}

/// The first value that a query gives a parameter. Names of targets and tokens hold no character that it would escape.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The target of this name; the host's own server when none is named.
fn named_target<'a>(state: &'a HttpState, name: Option<&str>) -> Result<&'a Target, String> {
    let name = name.unwrap_or(OWN_SERVER);
    let named = state
        .relay
        .targets
        .iter()
        .find(|target| target.name == name);
    named.ok_or_else(|| {
        let names = state.relay.target_names().join(", ");
        format!("there is no target {name:?} here, but {names}; --target NAME=HOST:PORT adds one")
    })
}
