//! Who may connect, through real sockets: the page's origin, the name that it calls, and what proxies say.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use test_support::client::Client;
use test_support::host::{TestServer, get};

/// The header lines of a request, `Host` included when it is not the host's own address.
type Headers<'a> = &'a [(&'static str, &'a str)];

/// Each row: further settings, the request's headers, and the setting that a refusal must name; none when it is admitted.
type Row<'a> = (&'a [&'a str], Headers<'a>, Option<&'a str>);

const DOCS: &str = "--allow-origin=https://docs.example";
const NAMED: &str = "--allow-host=udp.example";
const PROXIED: &str = "--trusted-proxy=127.0.0.1";

#[rustfmt::skip]
const MATRIX: &[Row<'_>] = &[
    // A program on this machine; a page of the host's own is in `the_host_s_own_page`.
    (&[], &[], None),
    // Pages on this machine, and what `trunk serve` makes of one: Host without a port, Origin passed on.
    (&[], &[("origin", "http://localhost:8080")], None),
    (&[], &[("origin", "http://[::1]:3000")], None),
    (&[], &[("host", "127.0.0.1"), ("origin", "http://127.0.0.1:8080"), ("x-forwarded-host", "127.0.0.1:8080")], None),
    (&[], &[("host", "localhost"), ("origin", "http://localhost:8080")], None),
    // Pages of other sites.
    (&[], &[("origin", "https://evil.example")], Some("--allow-origin https://evil.example")),
    (&[], &[("origin", "http://localhost.evil.example")], Some("--allow-origin http://localhost.evil.example")),
    (&[DOCS], &[("origin", "https://docs.example")], None),
    (&[DOCS], &[("origin", "http://docs.example")], Some("--allow-origin http://docs.example")),
    (&[DOCS], &[("origin", "https://docs.example:8443")], Some("--allow-origin https://docs.example:8443")),
    (&["--allow-origin=*"], &[("origin", "https://anyone.example")], None),
    // Files and sandboxed frames.
    (&[], &[("origin", "null")], Some("--allow-origin null")),
    (&["--allow-origin=*"], &[("origin", "null")], Some("--allow-origin null")),
    (&["--allow-origin=null"], &[("origin", "null")], None),
    // What is no origin.
    (&["--allow-origin=*"], &[("origin", "evil.example")], Some("--allow-origin SCHEME://HOST[:PORT]")),
    // DNS rebinding: a foreign name that leads here, whose page has "the same" origin.
    (&[], &[("host", "rebind.example"), ("origin", "http://rebind.example")], Some("--allow-host rebind.example")),
    (&["--allow-origin=*"], &[("host", "rebind.example")], Some("--allow-host rebind.example")),
    // Headers of proxies count from trusted proxies alone.
    (&[], &[("x-forwarded-host", "rebind.example")], None),
    (&[PROXIED], &[("x-forwarded-host", "rebind.example")], Some("--allow-host rebind.example")),
    (&[PROXIED, NAMED], &[("x-forwarded-host", "udp.example"), ("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.7"), ("origin", "https://udp.example")], None),
    (&[PROXIED, NAMED], &[("x-forwarded-host", "udp.example"), ("x-forwarded-proto", "http"), ("x-forwarded-for", "192.0.2.7"), ("origin", "https://udp.example")], Some("--allow-origin https://udp.example")),
    (&[NAMED], &[("host", "udp.example"), ("x-forwarded-proto", "https"), ("origin", "https://udp.example")], Some("--allow-origin https://udp.example")),
    // Proxies say the scheme in their own words; a chain begins with the one that the browser used.
    (&["--trusted-proxy=127.0.0.1", "--allow-host=docs.example"], &[("host", "docs.example"), ("origin", "https://docs.example"), ("x-forwarded-proto", "wss"), ("x-forwarded-for", "192.0.2.7")], None),
    (&[PROXIED, NAMED], &[("host", "udp.example"), ("origin", "https://udp.example"), ("x-forwarded-proto", "WSS"), ("x-forwarded-for", "192.0.2.7")], None),
    (&[PROXIED, NAMED], &[("host", "udp.example"), ("origin", "http://udp.example"), ("x-forwarded-proto", "ws"), ("x-forwarded-for", "192.0.2.7")], None),
    (&[PROXIED, NAMED], &[("host", "udp.example"), ("origin", "https://udp.example"), ("x-forwarded-proto", "https,http"), ("x-forwarded-for", "192.0.2.7")], None),
    (&[PROXIED, NAMED], &[("host", "udp.example"), ("origin", "https://udp.example"), ("x-forwarded-proto", "ws"), ("x-forwarded-for", "192.0.2.7")], Some("--allow-origin https://udp.example")),
    // A proxy that writes only what is not read.
    (&[PROXIED, NAMED], &[("host", "udp.example"), ("origin", "https://udp.example"), ("forwarded", "for=192.0.2.7;proto=https")], Some("--allow-origin https://udp.example")),
    // Settings that name many.
    (&["--allow-host=*.example.org"], &[("host", "udp.example.org")], None),
    (&["--allow-origin=https://*.example.org"], &[("origin", "https://docs.example.org")], None),
    (&["--allow-host=udp.example:443, other.example"], &[("host", "other.example")], None),
    (&["--allow-host=bücher.example"], &[("host", "xn--bcher-kva.example")], None),
    // Without an origin only programs of this machine pass, and a proxy does not make strangers local.
    (&[PROXIED], &[("x-forwarded-for", "192.0.2.7")], Some("--allow-origin missing")),
    (&[PROXIED], &[("x-forwarded-for", "127.0.0.1, 192.0.2.7")], Some("--allow-origin missing")),
    (&[PROXIED], &[("x-forwarded-for", "127.0.0.1")], None),
    (&[PROXIED, "--allow-origin=missing"], &[("x-forwarded-for", "192.0.2.7")], None),
];

#[tokio::test]
async fn every_row_is_admitted_or_refused_before_the_upgrade_with_the_setting_named() {
    for (settings, headers, refused) in MATRIX {
        let host = TestServer::start(settings).await;
        for route in ["/relay", "/relay/raw"] {
            let row = format!("{settings:?} {route} {headers:?}");
            let opened = Client::try_connect_with(&host.ws(route), headers).await;
            match (opened, refused) {
                (Ok(mut client), None) => {
                    client.send(b"admitted").await;
                    assert_eq!(client.datagram().await, b"admitted", "{row}");
                }
                (Err(error), Some(setting)) => {
                    let (status, body) = refusal(error);
                    assert_eq!(status, 403, "{row}");
                    assert!(body.contains(setting), "{row}: {body}");
                }
                (Ok(_), Some(_)) => panic!("{row} was admitted"),
                (Err(error), None) => panic!("{row} was refused: {error}"),
            }
        }
        told_in_relay_json(&host, headers, *refused).await;
    }
}

/// A script cannot learn why its WebSocket failed; `/relay.json` tells it, but for names that are not the host's.
async fn told_in_relay_json(host: &TestServer, headers: Headers<'_>, refused: Option<&str>) {
    let titled: Vec<_> = headers
        .iter()
        .map(|(name, value)| (if *name == "host" { "Host" } else { name }, *value))
        .collect();
    let (head, body) = get(host.http(), "/relay.json", &titled).await;
    if refused.is_some_and(|setting| setting.starts_with("--allow-host")) {
        assert!(head.starts_with("HTTP/1.1 403"), "{headers:?}: {head}");
        assert!(body.contains("--allow-host"), "{body}");
        return;
    }
    let about: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(about["allowed"], refused.is_none(), "{headers:?}: {body}");
    assert_eq!(about["setting"], serde_json::json!(refused), "{headers:?}");
    assert!(
        head.to_lowercase()
            .contains("access-control-allow-origin: *"),
        "{head}"
    );
}

fn refusal(error: tokio_tungstenite::tungstenite::Error) -> (u16, String) {
    use tokio_tungstenite::tungstenite::Error;
    let Error::Http(response) = error else {
        panic!("not refused by an answer: {error}");
    };
    let body = response.body().clone().unwrap_or_default();
    (response.status().as_u16(), String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn the_host_s_own_page_may_connect() {
    let host = TestServer::start(&[]).await;
    for name in ["127.0.0.1", "localhost"] {
        let authority = format!("{name}:{}", host.http().port());
        let origin = format!("http://{authority}");
        let headers = [("host", authority.as_str()), ("origin", origin.as_str())];
        let mut page = Client::connect_with(&host.ws("/relay"), &headers).await;
        page.told("hello").await;
    }
}

#[tokio::test]
async fn two_origins_or_two_hosts_are_refused() {
    let host = TestServer::start(&["--allow-origin=*"]).await;
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for twice in [
        [
            ("Origin", "http://localhost"),
            ("Origin", "https://evil.example"),
        ],
        [("Host", "127.0.0.1"), ("Host", "evil.example")],
    ] {
        let headers: Vec<_> = upgrade.iter().chain(&twice).copied().collect();
        let (head, _) = get(host.http(), "/relay", &headers).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{twice:?}: {head}");
    }
}

#[tokio::test]
async fn hello_calls_nobody_local_who_came_through_a_proxy() {
    let host = TestServer::start(&[PROXIED, "--allow-origin=missing"]).await;
    for client in ["127.0.0.1", "192.0.2.7"] {
        let headers = [("x-forwarded-for", client)];
        let mut page = Client::connect_with(&host.ws("/relay"), &headers).await;
        assert_eq!(page.told("hello").await["loopback"], false, "{client}");
    }
}

/// What documents of the host may do; `/embed` may be shown inside pages of others, `/` may not.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self' ws: wss:; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors";

/// The headers that each row has: the policy's end, who may read it, and who may include it.
type Headed<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

#[rustfmt::skip]
const HEADED: &[Headed<'_>] = &[
    ("/", Some("'none'"), Some("*"), Some("cross-origin")),
    ("/embed", Some("*"), Some("*"), Some("cross-origin")),
    ("/udp-echo.js", None, Some("*"), Some("cross-origin")),
    ("/udp-echo.css", None, Some("*"), Some("cross-origin")),
    ("/v/BUNDLE/udp-echo.js", None, Some("*"), Some("cross-origin")),
    // A script learns here why its WebSocket failed.
    ("/relay.json", None, Some("*"), None),
    ("/oembed", None, Some("*"), None),
    // These are nobody's to read from a page.
    ("/relay", None, None, None),
    ("/relay/raw", None, None, None),
    ("/sockets", None, None, None),
    ("/metrics", None, None, None),
    ("/healthz", None, None, None),
    ("/healthz/live", None, None, None),
    ("/none", None, None, None),
    ("/v/none/udp-echo.js", None, None, None),
];

#[tokio::test]
async fn every_route_has_its_security_headers() {
    let host = TestServer::start(&[]).await;
    let Some(bundle) = udp_echo::page::bundle_id() else {
        let (head, body) = get(host.http(), "/", &[]).await;
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
        assert!(body.contains("cargo xtask bundle"), "{body}");
        return;
    };
    for (path, ancestors, readers, includers) in HEADED {
        let path = path.replace("BUNDLE", &bundle);
        let (head, _) = get(host.http(), &path, &[]).await;
        let has = |name| header(&head, name);
        let policy = ancestors.map(|ancestors| format!("{POLICY} {ancestors}"));
        assert_eq!(has("content-security-policy"), policy, "{path}");
        assert_eq!(
            has("access-control-allow-origin").as_deref(),
            *readers,
            "{path}"
        );
        assert_eq!(
            has("cross-origin-resource-policy").as_deref(),
            *includers,
            "{path}"
        );
        assert_headers_of_every_answer(&path, &head);
    }
    let (head, _) = get(host.http(), "/", &[("Host", "rebind.example")]).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert_headers_of_every_answer("a refusal", &head);
}

fn assert_headers_of_every_answer(path: &str, head: &str) {
    let has = |name| header(head, name);
    assert_eq!(
        has("x-content-type-options").as_deref(),
        Some("nosniff"),
        "{path}"
    );
    assert_eq!(
        has("referrer-policy").as_deref(),
        Some("no-referrer"),
        "{path}"
    );
    assert_eq!(
        has("server"),
        None,
        "{path}: nobody needs to know what serves it"
    );
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_whom_the_setting_names() {
    let host = TestServer::start(&[PROXIED, "--metrics-from=10.0.0.0/8"]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.told("hello").await;
    page.send(b"to be counted").await;
    page.datagram().await;
    page.way(1, "relay_out").await;
    // A proxy whose word about its client is not read: the address may be anybody's.
    let (head, _) = get(host.http(), "/metrics", &[("Forwarded", "for=127.0.0.1")]).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    for (client, status) in [("127.0.0.1", 200), ("10.1.2.3", 200), ("192.0.2.7", 403)] {
        let (head, body) = get(host.http(), "/metrics", &[("X-Forwarded-For", client)]).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{client}: {head}"
        );
        match status {
            200 => {
                for line in [
                    "udp_echo_sessions 1",
                    "udp_echo_datagrams_total{kind=\"page\"} 1",
                    "udp_echo_fates_total{kind=\"page\",fate=\"echoed\"} 1",
                    "udp_echo_round_trip_seconds_count 1",
                ] {
                    assert!(body.lines().any(|other| other == line), "{line}: {body}");
                }
            }
            _ => assert!(body.contains("--metrics-from"), "{body}"),
        }
    }
}
