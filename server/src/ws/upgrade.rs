//! The upgrade from HTTP to WebSocket (RFC 6455, section 4.2), down to the bare TCP stream.
//!
//! axum's own upgrade ends in a stream of single messages. The relay wants all that has arrived since it last looked in
//! one piece, and buffers only while there is something in them; so it takes the stream itself.

use anyhow::{Context as _, anyhow};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A request that asks to become a WebSocket, checked.
#[derive(Debug)]
pub(crate) struct Upgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl Upgrade {
    /// The answer that turns the connection into a WebSocket. No subprotocol and no extension is ever agreed on.
    pub(crate) fn response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        response
    }

    /// Waits until the answer is sent; returns the TCP stream and what was read of it already.
    ///
    /// # Errors
    ///
    /// When the client went away before, or the connection is no plain TCP stream.
    pub(crate) async fn stream(self) -> anyhow::Result<(TcpStream, Bytes)> {
        let upgraded = self.on_upgrade.await.context("the handshake broke off")?;
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map_err(|_| anyhow!("the connection is no plain TCP stream"))?;
        Ok((parts.io.into_inner(), parts.read_buf))
    }
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let headers = &parts.headers;
        if parts.method != Method::GET
            || !has_token(headers, CONNECTION, "upgrade")
            || !has_token(headers, UPGRADE, "websocket")
        {
            return Err(refuse(
                StatusCode::UPGRADE_REQUIRED,
                "this address speaks WebSocket; open it with a WebSocket client",
            ));
        }
        if !has_token(headers, SEC_WEBSOCKET_VERSION, "13") {
            return Err(refuse(
                StatusCode::UPGRADE_REQUIRED,
                "this address speaks version 13 of WebSocket (RFC 6455)",
            ));
        }
        let accept = headers
            .get(SEC_WEBSOCKET_KEY)
            .map(|key| derive_accept_key(key.as_bytes()))
            .and_then(|accept| HeaderValue::try_from(accept).ok());
        let Some(accept) = accept else {
            return Err(refuse(
                StatusCode::BAD_REQUEST,
                "the header Sec-WebSocket-Key is missing (RFC 6455, section 4.1)",
            ));
        };
        let Some(on_upgrade) = parts.extensions.remove::<OnUpgrade>() else {
            return Err(refuse(
                StatusCode::BAD_REQUEST,
                "this connection cannot become a WebSocket; use HTTP/1.1",
            ));
        };
        Ok(Self { on_upgrade, accept })
    }
}

/// Whether a header that lists tokens has this one, in any case.
pub(crate) fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|each| each.trim().eq_ignore_ascii_case(token))
}

fn refuse(status: StatusCode, why: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{why}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}
