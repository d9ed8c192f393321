//! Why a session at a relay did not open, or ended: once, in words, and without anybody's HTML.

use std::io;

use anyhow::anyhow;
use axum::http::{HeaderMap, Response, StatusCode, header};
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::cause::plain;

/// Most characters of a body that are worth showing.
const MOST_SHOWN: usize = 300;

/// A sentence for a WebSocket that did not open.
pub(super) fn opening(url: &str, error: WsError) -> anyhow::Error {
    match error {
        WsError::Http(response) => anyhow!("{}", refusal(url, &response)),
        WsError::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => anyhow!(
            "nobody listens at the relay's address {url}: {}; is `udp-echo` running there? Its route is ws://HOST:PORT/relay/raw",
            plain(&error)
        ),
        WsError::Io(error) => anyhow!(
            "cannot open a session at the relay {url}: {}; is `udp-echo` running there? Its route is ws://HOST:PORT/relay/raw",
            plain(&error)
        ),
        // What answers is no HTTP server, or no WebSocket server behind HTTP.
        error => anyhow!(
            "what answers at {url} is no relay: {}; a relay's address is ws://HOST:PORT/relay/raw",
            words(&error)
        ),
    }
}

/// What a session's error says, without the repetition that its sources would be.
pub(super) fn words(error: &WsError) -> String {
    match error {
        WsError::Io(error) => plain(error),
        error => error.to_string(),
    }
}

const NO_ROUTE: &str = "what answers there is no relay's route, which is ws://HOST:PORT/relay/raw";

/// A sentence for an answer that is none of a relay. A host of ours says why in the body.
fn refusal(url: &str, response: &Response<Option<Vec<u8>>>) -> String {
    let status = response.status();
    let begins = format!("the relay at {url} refuses the session with {status}");
    if status.is_redirection() {
        let place = response.headers().get(header::LOCATION);
        let place = place
            .and_then(|place| place.to_str().ok())
            .unwrap_or("nowhere");
        let place = wire::transcript::shown(place.as_bytes());
        return format!(
            "{url} redirects to {place} ({status}): give that address if it begins with http:, for this client speaks no TLS"
        );
    }
    let body = response.body().as_deref().unwrap_or_default();
    // A body that comes with success is about something else.
    if let Some(why) = readable(response.headers(), body).filter(|_| !status.is_success()) {
        return format!("{begins}: {why}");
    }
    let advice = match status {
        status if status.is_success() => NO_ROUTE,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => NO_ROUTE,
        StatusCode::BAD_REQUEST | StatusCode::UPGRADE_REQUIRED => {
            "something on the way does not pass WebSockets; a proxy has to pass on Upgrade and Connection"
        }
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            "a proxy answers, but not the relay behind it; is that running?"
        }
        StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            "something on the way asks for a login, which this client does not have"
        }
        _ => return begins,
    };
    format!("{begins}: {advice}")
}

/// A body that was written to be read as it is: plain text, and not much of it.
fn readable(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.trim().to_ascii_lowercase().starts_with("text/plain") {
        return None;
    }
    let body = body.trim_ascii();
    if body.is_empty() || body.starts_with(b"<") {
        return None;
    }
    let shown = wire::transcript::shown(body);
    Some(match shown.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> WsError {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let body = Some(body.as_bytes().to_vec());
        WsError::Http(Box::new(response.body(body).unwrap()))
    }

    #[test]
    fn html_is_never_shown_and_plain_text_is() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let text = [("content-type", "text/plain; charset=utf-8")];
        /// Status, headers, body, and what of the sentence tells the cases apart.
        type Case<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, &'a str);
        let table: [Case<'_>; 11] = [
            (200, &html, "<!doctype html><title>UDP", "no relay's route"),
            (200, &text, "<!doctype html>", "no relay's route"),
            (200, &text, "ready\n", "no relay's route"),
            (204, &[], "", "no relay's route"),
            (200, &[], "<!doctype html>", "no relay's route"),
            (404, &html, "<h1>not found", "no relay's route"),
            (400, &html, "<p>bad", "does not pass WebSockets"),
            (426, &[], "", "does not pass WebSockets"),
            (
                502,
                &html,
                "<h1>502 Bad Gateway",
                "but not the relay behind it",
            ),
            (
                403,
                &text,
                "origin x may not; --allow-origin x\n",
                ": origin x may not; --allow-origin x",
            ),
            (500, &html, "<h1>oops", "500 Internal Server Error"),
        ];
        for (status, headers, body, words) in table {
            let said = opening("ws://x/", answer(status, headers, body)).to_string();
            assert!(said.contains(words), "{status}: {said}");
            assert!(!said.contains('<'), "{status}: {said}");
            assert!(
                said.contains("ws://x/") && said.contains(&status.to_string()),
                "{said}"
            );
        }
        let place = [("location", "https://udp.example/")];
        let said = opening("ws://x/", answer(301, &place, "<h1>Moved")).to_string();
        assert!(said.contains("redirects to https://udp.example/"), "{said}");
        let long = "x".repeat(5000);
        let said = opening("ws://x/", answer(403, &text, &long)).to_string();
        assert!(said.len() < 500, "{said}");
    }

    #[test]
    fn the_systems_reason_is_said_once() {
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut] {
            let error = io::Error::from(kind);
            let reason = error.to_string();
            let said = format!("{:#}", opening("ws://x/", WsError::Io(error)));
            assert_eq!(said.matches(&reason).count(), 1, "{said}");
        }
    }
}
