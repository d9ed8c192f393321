//! The embedded page: the files that `cargo xtask bundle` made, and what stands in for them when there are none.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode, Uri};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Extension, Router};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::oembed::discovery;
use crate::proxy::Caller;

/// What pages of the host may do: load their own files, compile wasm, open WebSockets; nothing inline, no plug-ins, no
/// frames of others.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self' ws: wss:; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'";

/// Where pages may connect to besides, because the host has lanes there, in the words of the policy; empty where it has none.
#[derive(Debug, Clone, Default)]
pub struct LaneSources(pub(crate) Arc<str>);

/// The place in the policy for them.
const CONNECT: &str = "connect-src 'self' ws: wss:";

/// The policy of a worker of a reader's programs. It may load its own modules and compile wasm, and connect to nobody.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
const WORKER_FILES: [&str; 2] = ["udp-run-worker.js", "exercises-worker.js"];

/// Where the head of a page ends.
const HEAD_END: &str = "</head>";

/// Files under `/v/<id>/` never change: a new bundle has a new id.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "bundle/"]
#[allow_missing = true]
struct Bundle;

/// Routes of the page, of its files, and of the same files under the path that is good for ever.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(index))
        .route("/embed", get(frame))
        .route(
            "/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| {
                asset(&path, &headers, ASK_AGAIN)
            }),
        )
        .route("/v/{id}/{*path}", get(versioned))
}

/// Name of the bundle, as it stands in the path of its files; `None` when there is no bundle.
pub fn bundle_id() -> Option<String> {
    let version = Bundle::get("version")?;
    Some(String::from_utf8_lossy(&version.data).trim().to_owned())
}

/// Who may show a document in a frame.
#[derive(Clone, Copy)]
enum Framing {
    Nobody,
    Anyone,
}

async fn index(
    Extension(caller): Extension<Caller>,
    Extension(lanes): Extension<LaneSources>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let discovery = discovery(&caller, &uri, &headers);
    document("index.html", &headers, Framing::Nobody, &lanes, discovery)
}

async fn frame(
    Extension(caller): Extension<Caller>,
    Extension(lanes): Extension<LaneSources>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let discovery = discovery(&caller, &uri, &headers);
    document("embed.html", &headers, Framing::Anyone, &lanes, discovery)
}

async fn versioned(Path((id, path)): Path<(String, String)>, headers: HeaderMap) -> Response<Body> {
    if bundle_id().as_ref() == Some(&id) {
        return asset(&path, &headers, FOR_EVER);
    }
    let text = format!("This host has no bundle {id:?}: it was updated. Load the page again.\n");
    (StatusCode::NOT_FOUND, text).into_response()
}

/// A page, with this line in its head if there is one. Such a page is not compressed, for it is another one for each address.
fn document(
    name: &str,
    headers: &HeaderMap,
    framing: Framing,
    lanes: &LaneSources,
    line: Option<String>,
) -> Response<Body> {
    let Some(file) = Bundle::get(name) else {
        return no_bundle(name);
    };
    let mut response = match line {
        None => asset(name, headers, ASK_AGAIN),
        Some(line) => {
            let mut response = asset(name, &HeaderMap::new(), ASK_AGAIN);
            let page = String::from_utf8_lossy(&file.data);
            let page = page.replacen(HEAD_END, &[&line, HEAD_END].concat(), 1);
            *response.body_mut() = Body::from(page);
            response.headers_mut().remove(header::ETAG);
            response
        }
    };
    // A browser says more than others, and gets no line.
    response.headers_mut().insert(
        header::VARY,
        HeaderValue::from_static("accept-encoding, sec-fetch-dest"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy(framing, lanes)) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn policy(framing: Framing, lanes: &LaneSources) -> String {
    let ancestors = match framing {
        Framing::Nobody => "'none'",
        Framing::Anyone => "*",
    };
    let connect = [CONNECT, &lanes.0].concat();
    let policy = PAGE_POLICY.replacen(CONNECT, &connect, 1);
    format!("{policy}; frame-ancestors {ancestors}")
}

fn asset(path: &str, headers: &HeaderMap, caching: &'static str) -> Response<Body> {
    let Some((file, encoding)) = smallest(path, headers) else {
        let text = format!("There is no file {path:?} on this host. Its page is at the top.\n");
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let tag = tag(&file, encoding);
    let mut response = if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| *known == tag)
    {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data.into_owned()))
    };
    let fields = response.headers_mut();
    // The type is that of the file itself, not of its compressed twin.
    let kind = content_type(path);
    fields.insert(header::CONTENT_TYPE, kind);
    fields.insert(header::ETAG, tag);
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if WORKER_FILES.contains(&path) {
        fields.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(WORKER_POLICY),
        );
    }
    // The widget lives in other people's pages: its files are for everybody.
    fields.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    fields.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// The file in the best encoding that the client takes: the bundle may hold `.br` and `.gz` twins.
fn smallest(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |name: &str| accepted.split(',').any(|item| item.trim() == name);
    let encodings = [("br", "br"), ("gzip", "gz")];
    let twin = |(encoding, suffix): (&'static str, &str)| {
        let file = takes(encoding).then(|| Bundle::get(&format!("{path}.{suffix}")))??;
        Some((file, Some(encoding)))
    };
    encodings
        .into_iter()
        .find_map(twin)
        .or_else(|| Some((Bundle::get(path)?, None)))
}

fn tag(file: &EmbeddedFile, encoding: Option<&str>) -> HeaderValue {
    let digest = file.metadata.sha256_hash();
    let digest: String = digest
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{digest}{}\"", encoding.unwrap_or_default());
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn content_type(path: &str) -> HeaderValue {
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("py" | "rs" | "txt" | "ts" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    HeaderValue::from_static(kind)
}

fn no_bundle(name: &str) -> Response<Body> {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>udp-echo: no bundle</title>\
         <h1>The host runs, but was built without its page</h1>\
         <p>Its UDP echo server and its relay work. For the page ({name}), run in the project's folder:\
         <pre>cargo demo</pre><p>or, to make the bundle alone: <pre>cargo xtask bundle</pre><p>and build the host again.\n"
    );
    (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_connect_to_lanes_only_where_there_are_some() {
        let without = policy(Framing::Nobody, &LaneSources::default());
        assert_eq!(without, format!("{PAGE_POLICY}; frame-ancestors 'none'"));
        let lanes = LaneSources(" https://127.0.0.1:4433".into());
        let with = policy(Framing::Nobody, &lanes);
        let connect = "connect-src 'self' ws: wss: https://127.0.0.1:4433; img-src";
        assert!(with.contains(connect), "{with}");
    }
}
