//! The route of captures: a program on this machine that has a session's token becomes its reader.
//!
//! Each binary message is the next part of a pcapng file. The program sends nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;

use super::connections::Connection;
use super::{HttpState, origin, refuse};
use crate::access::Refusal;
use crate::capture::{NoCapture, Reader};
use crate::metrics::Refused;
use crate::proxy::Caller;
use crate::ws::Upgrade;

/// How long the last part may take, and the goodbye after it.
const LAST_PART: Duration = Duration::from_secs(2);

/// A reader sends nothing but pongs and its Close.
const MOST_BYTES_OF_A_READER: usize = 1024;

/// Opens a capture, or refuses before the upgrade.
pub(super) async fn open(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    upgrade: Result<Upgrade, Response>,
) -> Response {
    let metrics = &state.relay.metrics;
    let origin = origin(&headers);
    let Some(captures) = &state.relay.captures else {
        metrics.refused(Refused::Capture);
        let refusal = Refusal {
            why: "this host lets nobody watch its sessions".to_owned(),
            setting: "--wireshark".to_owned(),
        };
        return refuse(&state, &caller, &refusal);
    };
    // Captures are for programs, and pages alone send an Origin.
    if origin.is_some() || !state.access.is_on_this_machine(&caller, origin) {
        metrics.refused(Refused::Capture);
        let why = "captures are for programs on the host's machine, with no proxy in between, and for no page.\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let (session, reader, place) = match captures.read(token(&headers)) {
        Ok(read) => read,
        Err(NoCapture::TooMany) => {
            metrics.refused(Refused::Capture);
            let why = "as many captures are under way as this host gives at a time; stop one in Wireshark.\n";
            return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
        }
        Err(NoCapture::Unknown) => {
            metrics.refused(Refused::Capture);
            if state.relay.throttle.admits() {
                tracing::warn!(from = %caller.address, "refused the token of a capture that belongs to no session");
            }
            let why = "the token belongs to no session here: its session has ended, or it was copied wrongly. The page shows the \
                       token of its session.\n";
            return (StatusCode::FORBIDDEN, why).into_response();
        }
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refusal) => {
            metrics.refused(Refused::Handshake);
            return refusal;
        }
    };
    let response = upgrade.response();
    let stop = state.relay.sessions.stop.clone();
    let capture = async move {
        let _held = (connection.permit, place);
        match upgrade.stream().await {
            Ok((stream, early)) => {
                tracing::info!(session, "capture opened");
                let reading = WebSocketConfig::default()
                    .max_message_size(Some(MOST_BYTES_OF_A_READER))
                    .max_frame_size(Some(MOST_BYTES_OF_A_READER));
                let (early, role) = (early.to_vec(), Role::Server);
                let socket =
                    WebSocketStream::from_partially_read(stream, early, role, Some(reading)).await;
                give(socket, &reader, &stop).await;
                let (rows, left_out) = reader.rows();
                tracing::info!(session, rows, left_out, "capture closed");
            }
            Err(error) => tracing::debug!("no capture: {error:#}"),
        }
    };
    state.relay.sessions.tasks.spawn(capture);
    response
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1): no log and no history has it, as it would have a query.
fn token(headers: &HeaderMap) -> &str {
    let value = headers.get(AUTHORIZATION).map(HeaderValue::to_str);
    let value = value.and_then(Result::ok).unwrap_or_default();
    value.strip_prefix("Bearer ").unwrap_or_default()
}

/// Gives the reader what the session records, until either has gone or the host stops.
async fn give(mut socket: WebSocketStream<TcpStream>, reader: &Reader, stop: &CancellationToken) {
    let goodbye = loop {
        tokio::select! {
            part = reader.next() => match part {
                Some(part) => {
                    let sending = socket.send(Message::binary(part));
                    let late = async {
                        tokio::select! {
                            () = reader.gone() => {}
                            () = stop.cancelled() => {}
                        }
                        tokio::time::sleep(LAST_PART).await;
                    };
                    tokio::select! {
                        sent = sending => if sent.is_err() { return },
                        // It does not read, and nothing more is recorded for it.
                        () = late => return,
                    }
                }
                None => break (CloseCode::Normal, "the session has ended, or another capture of it has begun"),
            },
            heard = socket.next() => match heard {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
            () = stop.cancelled() => break (CloseCode::Away, "the host is stopping"),
        }
    };
    let (code, reason) = goodbye;
    let close = CloseFrame {
        code,
        reason: reason.into(),
    };
    let goodbye = async {
        socket.close(Some(close)).await.ok();
        while let Some(Ok(_)) = socket.next().await {}
    };
    let _ = timeout(LAST_PART, goodbye).await;
}
