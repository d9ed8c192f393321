//! oEmbed: a link to this host that is pasted into another site becomes the widget there (<https://oembed.com>).
//!
//! A site that finds such a link asks `/oembed` what to show in its place. It learns of `/oembed` from a line in the page itself, which
//! tells the page's whole address (below a path, `X-Forwarded-Prefix` says which), so each request gets its own. Browsers need no such line: they get the page as it was compressed.

use axum::Extension;
use axum::Json;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use url::{Url, form_urlencoded};

use crate::proxy::Caller;

/// The page of a frame, which has nothing but the widget, below the folder of the host.
const FRAME: &str = "embed";

/// Title of the page, and of the frame.
const TITLE: &str = "UDP you can watch";

/// Width of the frame in pixels, unless the other site has less room.
const WIDTH: u32 = 800;

/// Height in pixels that a view has after a datagram, in a frame of less than 480 pixels, of less than 720, and of more. A browser
/// test measures it.
const HEIGHTS: [(&str, [u32; 3]); 5] = [
    ("mini", [480, 400, 340]),
    ("transcript", [900, 780, 540]),
    ("timeline", [2200, 1850, 1620]),
    ("lab", [3140, 2770, 2270]),
    ("full", [5640, 4760, 3740]),
];
/// The same of an element without a view.
const HEIGHT: [u32; 3] = [1450, 1360, 1010];

/// The header in which browsers, and nobody else, tell the kind of a request.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The answer, in the words of the specification.
#[derive(Serialize)]
struct Rich {
    version: &'static str,
    r#type: &'static str,
    title: &'static str,
    provider_name: &'static str,
    provider_url: String,
    width: u32,
    height: u32,
    html: String,
}

/// Tells what to show in place of an address of this host. Any other address is none of ours.
pub(crate) async fn answer(Extension(caller): Extension<Caller>, uri: Uri) -> Response {
    let asked = |name: &str| {
        let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    if asked("format").is_some_and(|format| format != "json") {
        let text = "This host answers in JSON only: format=json.\n";
        return (StatusCode::NOT_IMPLEMENTED, text).into_response();
    }
    let at_most = |name: &str| asked(name)?.parse::<u32>().ok();
    let url = asked("url").unwrap_or_default();
    let rich = base(&caller).and_then(|base| {
        let frame = frame(&base, &url)?;
        Some(rich(
            base,
            &frame,
            at_most("maxwidth"),
            at_most("maxheight"),
        ))
    });
    let readable = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    match rich {
        Some(rich) => (readable, Json(rich)).into_response(),
        None => {
            let text = format!(
                "{url:?} is no page of this host that can be embedded: ask with url=, for its / or its /{FRAME}.\n"
            );
            (StatusCode::NOT_FOUND, readable, text).into_response()
        }
    }
}

/// The folder in which the caller finds this host, which a proxy may have below a path of its server.
fn base(caller: &Caller) -> Option<Url> {
    let mut base = Url::parse(&format!("{}://{}/", caller.scheme, caller.host.as_deref()?)).ok()?;
    base.set_path(&caller.folder);
    Some(base)
}

/// The address of the frame that shows what stands at `url`, if that is a page of this host.
fn frame(base: &Url, url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_ours =
        url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
    let mut frame = base.join(FRAME).ok()?;
    match url.path().strip_prefix(base.path())? {
        "" => {}
        FRAME => frame.set_query(url.query()),
        _ => return None,
    }
    is_ours.then_some(frame)
}

fn rich(base: Url, frame: &Url, most_wide: Option<u32>, most_high: Option<u32>) -> Rich {
    let view = frame.query_pairs().find(|(name, _)| name == "view");
    let of_view = view.and_then(|(_, view)| HEIGHTS.iter().find(|(name, _)| *name == view));
    let [phone, column, page] = of_view.map_or(HEIGHT, |(_, heights)| *heights);
    let width = most_wide.unwrap_or(WIDTH).min(WIDTH);
    let height = match width {
        0..480 => phone,
        480..720 => column,
        _ => page,
    };
    let height = most_high.unwrap_or(height).min(height);
    // Not sandboxed: then the frame would have no origin, and this host would have to admit those without.
    let html = format!(
        "<iframe src=\"{}\" title=\"{TITLE}\" width=\"{width}\" height=\"{height}\" allow=\"loopback-network\" loading=\"lazy\" style=\"border: 0; max-width: 100%\"></iframe>",
        escaped(frame.as_str()),
    );
    Rich {
        version: "1.0",
        r#type: "rich",
        title: TITLE,
        provider_name: env!("CARGO_PKG_NAME"),
        provider_url: base.into(),
        width,
        height,
        html,
    }
}

/// The line by which a page leads to its own answer; `None` for a browser, which needs none.
pub(crate) fn discovery(caller: &Caller, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(SEC_FETCH_DEST) {
        return None;
    }
    let base = base(caller)?;
    let mut page = base.join(uri.path().trim_start_matches('/')).ok()?;
    page.set_query(uri.query());
    let mut oembed = base.join("oembed").ok()?;
    oembed.query_pairs_mut().append_pair("url", page.as_str());
    let href = escaped(oembed.as_str());
    Some(format!(
        "<link rel=\"alternate\" type=\"application/json+oembed\" title=\"{TITLE}\" href=\"{href}\">\n"
    ))
}

/// Text for an attribute in quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => escaped.push(sign),
        }
    }
    escaped
}
