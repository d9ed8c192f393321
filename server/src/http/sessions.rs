//! The routes of the relay: who may pass becomes a session.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::connections::Connection;
use super::{HttpState, origin, refuse};
use crate::access::Refusal;
use crate::metrics::{Refused, SessionKind};
use crate::proxy::Caller;
use crate::relay::{self, LaneAsked, Relayed, SessionRequest, Wanted, WantedSockets};
use crate::sockets::SocketsMode;
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
    let origin = origin(&headers);
    if let Err(refusal) = state.access.check(&caller, origin) {
        state.relay.metrics.refused(Refused::Origin);
        return refuse(&state, &caller, &refusal);
    }
    let query = uri.query().unwrap_or_default();
    let wanted = match kind {
        SessionKind::Page => relayed(&state, query).map(Wanted::Page),
        SessionKind::Raw => relayed(&state, query).map(Wanted::Raw),
        SessionKind::Sockets => sockets(&state, &caller, origin, query).map(Wanted::Sockets),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(unfit) => return unfit.answer(&state, &caller),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refusal) => {
            state.relay.metrics.refused(Refused::Handshake);
            return refusal;
        }
    };
    let request = SessionRequest {
        client: caller.address,
        is_local: state.access.is_on_this_machine(&caller, origin),
        wanted,
        lane: state.relay.lanes.is_some().then(|| LaneAsked {
            origin: origin.map(str::to_owned),
            called: caller.host.clone(),
        }),
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

/// Why nobody gets what a request asks for.
enum Unfit {
    /// There is no target of that name; the sentence names those there are.
    NoTarget(String),
    /// The host opens no sockets for pages.
    SocketsAreOff,
    /// The token is that of no loopback.
    NoLoopback,
}

impl Unfit {
    /// Counts the refusal, and says what would change it.
    fn answer(self, state: &HttpState, caller: &Caller) -> Response {
        let metrics = &state.relay.metrics;
        match self {
            Self::NoTarget(why) => {
                metrics.refused(Refused::Target);
                (StatusCode::NOT_FOUND, format!("{why}.\n")).into_response()
            }
            Self::SocketsAreOff => {
                metrics.refused(Refused::Sockets);
                let refusal = Refusal {
                    why: "this host opens no UDP sockets for pages".to_owned(),
                    setting: "--sockets own".to_owned(),
                };
                refuse(state, caller, &refusal)
            }
            Self::NoLoopback => {
                metrics.refused(Refused::Loopback);
                // No setting would admit it, and nothing repeats it.
                if state.relay.throttle.admits() {
                    tracing::warn!(from = %caller.address, "refused a token that belongs to no loopback");
                }
                let why = "the token in ?loopback= belongs to no loopback here: its last session has ended, or it was copied wrongly. \
                           Without a token a session gets a loopback of its own.\n";
                (StatusCode::FORBIDDEN, why).into_response()
            }
        }
    }
}

/// Reads the query of a session between one WebSocket and one target.
fn relayed(state: &HttpState, query: &str) -> Result<Relayed, Unfit> {
    let target = named_target(state, parameter(query, "target")).map_err(Unfit::NoTarget)?;
    Ok(Relayed {
        target: target.clone(),
        resume: parameter(query, "resume").map(str::to_owned),
    })
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

/// Reads the query of a session with sockets of its own.
fn sockets(
    state: &HttpState,
    caller: &Caller,
    origin: Option<&str>,
    query: &str,
) -> Result<WantedSockets, Unfit> {
    let mode = sockets_mode(state, caller, origin);
    if mode == SocketsMode::Off {
        return Err(Unfit::SocketsAreOff);
    }
    let join = |token| {
        let joined = state.relay.loopbacks.join(token);
        joined.ok_or(Unfit::NoLoopback)
    };
    Ok(WantedSockets {
        joined: parameter(query, "loopback").map(join).transpose()?,
        may_reach_peers: mode == SocketsMode::Peers,
    })
}

/// How far the sockets of this caller's page reach.
pub(super) fn sockets_mode(
    state: &HttpState,
    caller: &Caller,
    origin: Option<&str>,
) -> SocketsMode {
    match state.relay.sockets.mode {
        SocketsMode::Peers if !state.access.is_named(caller, origin) => SocketsMode::Own,
        mode => mode,
    }
}
