//! The address of a relay, from what people have at hand: the relay's own, the page's, or a host and a port.

use anyhow::{Context as _, bail, ensure};
use axum::http::Uri;

/// The route that this client speaks.
const ROUTE: &str = "/relay/raw";

/// Reads `--via` and returns the WebSocket's address.
///
/// `http` means `ws`, and no scheme means that, too. A page's address leads to the route below it, so that what stands in
/// a browser's address bar works as well; any other path is taken as it is.
///
/// # Errors
/// What cannot be the address of a relay, or of none that this client can reach; says why and what to write.
pub(crate) fn read(text: &str) -> anyhow::Result<String> {
    let example = "write it like ws://127.0.0.1:8000/relay/raw";
    let text = text.trim();
    ensure!(!text.is_empty(), "--via is empty; {example}");
    let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => {}
        "wss" | "https" => bail!(
            "{text}: this client speaks no TLS; give a ws:// address, for example through an SSH tunnel"
        ),
        _ => bail!("{text}: {scheme:?} is no scheme of a relay; {example}"),
    }
    let uri: Uri = format!("ws://{rest}")
        .parse()
        .with_context(|| format!("{text:?} is no address of a relay; {example}"))?;
    let authority = uri
        .authority()
        .with_context(|| format!("{text:?} names no host; {example}"))?;
    ensure!(
        !authority.as_str().contains('@'),
        "{text}: a relay asks for no name and no password; leave out what stands before the @"
    );
    ensure!(
        !authority.host().is_empty(),
        "{text:?} names no host; {example}"
    );
    let port = &authority.as_str()[authority.host().len()..];
    ensure!(
        port.is_empty() || port[1..].parse::<u16>().is_ok_and(|port| port > 0),
        "{text}: {:?} is no port; write 1 to 65535",
        &port[1..]
    );
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Ok(format!("ws://{authority}{}{query}", route(uri.path())))
}

/// The route that a path means.
fn route(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.ends_with(ROUTE) {
        trimmed.to_owned()
    } else if path.ends_with('/') || path.is_empty() {
        format!("{trimmed}{ROUTE}")
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_clear_meaning_leads_to_the_route() {
        let table = [
            (
                "ws://127.0.0.1:8000/relay/raw",
                "ws://127.0.0.1:8000/relay/raw",
            ),
            (
                "http://127.0.0.1:8000/relay/raw",
                "ws://127.0.0.1:8000/relay/raw",
            ),
            ("HTTP://127.0.0.1:8000", "ws://127.0.0.1:8000/relay/raw"),
            ("http://127.0.0.1:8000/", "ws://127.0.0.1:8000/relay/raw"),
            (
                "http://127.0.0.1:8000/#experiment=loss",
                "ws://127.0.0.1:8000/relay/raw",
            ),
            // The page's own route has a meaning, too: who names it is told about the other.
            ("ws://127.0.0.1:8000/relay", "ws://127.0.0.1:8000/relay"),
            (
                "ws://127.0.0.1:8000/relay/raw/",
                "ws://127.0.0.1:8000/relay/raw",
            ),
            ("127.0.0.1:8000", "ws://127.0.0.1:8000/relay/raw"),
            (
                " localhost:8000/relay/raw ",
                "ws://localhost:8000/relay/raw",
            ),
            ("[::1]:8000", "ws://[::1]:8000/relay/raw"),
            ("udp.example", "ws://udp.example/relay/raw"),
            (
                "http://udp.example/demo/",
                "ws://udp.example/demo/relay/raw",
            ),
            ("ws://udp.example/another", "ws://udp.example/another"),
            (
                "ws://udp.example?target=python",
                "ws://udp.example/relay/raw?target=python",
            ),
            (
                "ws://udp.example/relay/raw?target=python",
                "ws://udp.example/relay/raw?target=python",
            ),
        ];
        for (text, url) in table {
            assert_eq!(read(text).unwrap(), url, "{text}");
        }
    }

    #[test]
    fn what_has_none_is_refused_with_a_sentence() {
        let table = [
            ("wss://udp.example/relay/raw", "speaks no TLS"),
            ("https://udp.example/", "speaks no TLS"),
            ("ftp://udp.example/", "\"ftp\" is no scheme of a relay"),
            ("udp://127.0.0.1:10000", "\"udp\" is no scheme of a relay"),
            ("", "is empty"),
            ("ws://", "write it like ws://127.0.0.1:8000/relay/raw"),
            ("ws://:8000/", "names no host"),
            ("/relay/raw", "write it like ws://127.0.0.1:8000/relay/raw"),
            ("ws://udp.example:99999/", "\"99999\" is no port"),
            ("ws://udp.example:0/", "\"0\" is no port"),
            ("ws://udp.example:/", "\"\" is no port"),
            ("ws://me:secret@udp.example/", "no name and no password"),
            ("ws://udp example/", "write it like"),
        ];
        for (text, words) in table {
            let said = format!("{:#}", read(text).unwrap_err());
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
