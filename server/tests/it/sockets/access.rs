//! Who may: the modes, the origins, the tokens, and what a proxy in between changes.

use test_support::host::get;

use super::*;

/// A request for a WebSocket with these lines besides; returns the head and the body of the answer.
async fn request(host: &TestServer, path: &str, lines: &[(&str, &str)]) -> (String, String) {
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let lines: Vec<_> = upgrade.iter().chain(lines).copied().collect();
    get(host.http(), path, &lines).await
}

async fn about(host: &TestServer, origin: &str) -> Value {
    let (_, body) = get(host.http(), "/relay.json", &[("Origin", origin)]).await;
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn without_sockets_the_refusal_names_the_setting() {
    let host = TestServer::start(&["--sockets=off"]).await;
    let (head, body) = request(&host, "/sockets", &[]).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(body.contains("--sockets own"), "{body}");
    assert_eq!(about(&host, "http://localhost").await["sockets"], "off");
    let (_, text) = get(host.http(), "/metrics", &[]).await;
    assert!(
        text.contains("udp_echo_refused_total{reason=\"sockets\"} 1\n"),
        "{text}"
    );
}

#[tokio::test]
async fn origin_and_host_are_checked_as_on_the_relay() {
    let host = TestServer::start(&[]).await;
    for line in [
        ("Origin", "https://evil.example"),
        ("Host", "evil.example"),
        ("Origin", "null"),
    ] {
        let (head, _) = request(&host, "/sockets", &[line]).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{line:?}: {head}");
    }
    let (head, _) = get(host.http(), "/sockets", &[]).await;
    assert!(head.starts_with("HTTP/1.1 426"), "{head}");
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_a_token_ends_with_its_last_session() {
    let host = TestServer::start(&[]).await;
    let page = page(&host).await;
    let token = page.hello["loopback"]["token"].as_str().unwrap().to_owned();
    let close = format!(
        "{}{}",
        &token[..31],
        if token.ends_with('0') { '1' } else { '0' }
    );
    for wrong in [
        "",
        "x",
        &close,
        &token[..31],
        &format!("{token}0"),
        &"0".repeat(32),
    ] {
        let (head, body) = request(&host, &format!("/sockets?loopback={wrong}"), &[]).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{wrong:?}: {head}");
        assert!(body.contains("belongs to no loopback"), "{body}");
        assert!(
            wrong.is_empty() || !body.contains(wrong) || wrong == "x",
            "{body}"
        );
    }
    let (_, text) = get(host.http(), "/metrics", &[]).await;
    assert!(
        text.contains("udp_echo_refused_total{reason=\"loopback\"} 6\n"),
        "{text}"
    );
    assert!(!text.contains(&token));
    assert!(
        !about(&host, "http://localhost")
            .await
            .to_string()
            .contains(&token)
    );
    drop(page);
    test_support::soon("the session ends", async {
        while host.sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (head, _) = request(&host, &format!("/sockets?loopback={token}"), &[]).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
}

#[tokio::test]
async fn peers_are_for_the_host_s_own_pages_and_for_named_origins() {
    let settings = [
        "--sockets=peers",
        "--peer=198.51.100.0/24:9000-9010",
        "--allow-origin=https://docs.example,https://*.school.example,*,null,missing",
    ];
    let host = TestServer::start(&settings).await;
    let own = format!("http://{}", host.http());
    let by_name = format!("http://localhost:{}", host.http().port());
    for (origin, mode) in [
        (Some(own.as_str()), "peers"),
        (Some("https://docs.example"), "peers"),
        (Some("https://class.school.example"), "peers"),
        // Another name of this machine is another origin.
        (Some(by_name.as_str()), "own"),
        (Some("http://localhost:3000"), "own"),
        (Some("http://127.0.0.1:1"), "own"),
        (Some("https://evil.example"), "own"),
        (Some("null"), "own"),
        (None, "own"),
    ] {
        let lines: Vec<_> = origin.iter().map(|origin| ("origin", *origin)).collect();
        let mut page = Page::open(&host.ws("/sockets"), &lines).await;
        let peers = match mode {
            "peers" => json!(["198.51.100.0/24:9000-9010"]),
            _ => json!([]),
        };
        assert_eq!(page.hello["peers"], peers, "{origin:?}");
        if let Some(origin) = origin {
            assert_eq!(about(&host, origin).await["sockets"], mode, "{origin}");
        }
        page.socket(1).await;
        let wanted = json!({"connect": {"socket": 1, "host": "198.51.100.7", "port": 9000}});
        match mode {
            "peers" => {
                page.call(wanted, "connected").await;
                let beside =
                    json!({"connect": {"socket": 1, "host": "198.51.100.7", "port": 9011}});
                let (errno, text) = page.fails(beside).await;
                assert_eq!(errno, "EACCES");
                assert!(text.contains("--peer 198.51.100.7/32:9011"), "{text}");
            }
            _ => {
                let (errno, text) = page.fails(wanted).await;
                assert_eq!(errno, "EACCES", "{origin:?}");
                assert!(text.contains("--allow-origin"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn settings_that_could_have_no_effect_stop_the_start() {
    for (arguments, words) in [
        (&["--peer=192.0.2.0/24"][..], "--sockets peers"),
        (&["--sockets=peers"], "--peer 192.0.2.0/24:9000-9010"),
        (
            &["--sockets=off", "--peer=192.0.2.7"],
            "no effect with --sockets off",
        ),
    ] {
        use clap::Parser as _;
        let line = [
            &["udp-echo", "--http=127.0.0.1:0", "--udp=127.0.0.1:0"],
            arguments,
        ]
        .concat();
        let config = udp_echo::config::Cli::try_parse_from(line).unwrap().config;
        let error = udp_echo::Host::start(config).await.unwrap_err().to_string();
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
}

/// Each row: what the request says, and whether the reader's programs are on this machine as far as the host can know.
#[tokio::test]
async fn reachable_is_who_calls_this_machine_itself_by_a_name_of_its_own() {
    let settings = ["--allow-origin=*,null", "--allow-host=udp.example"];
    let direct = TestServer::start(&settings).await;
    let proxied =
        TestServer::start(&[&settings[..], &["--trusted-proxy=127.0.0.1"]].concat()).await;
    let port = direct.http().port();
    let name = format!("localhost:{port}");
    for (lines, reachable) in [
        (&[][..], true),
        (&[("origin", "http://127.0.0.1:8080")], true),
        (
            &[("host", name.as_str()), ("origin", "http://localhost:3000")],
            true,
        ),
        (&[("origin", "https://udp.example")], false),
        (&[("host", "udp.example")], false),
        (&[("origin", "null")], false),
        (&[("x-forwarded-for", "127.0.0.1")], false),
        (&[("x-forwarded-host", "localhost")], false),
        (&[("x-forwarded-proto", "http")], false),
        (&[("forwarded", "for=127.0.0.1")], false),
        (&[("via", "1.1 proxy")], false),
        (&[("x-real-ip", "127.0.0.1")], false),
    ] {
        let page = Page::open(&direct.ws("/sockets"), lines).await;
        assert_eq!(page.hello["loopback"]["reachable"], reachable, "{lines:?}");
        let mut relay = Client::connect_with(&direct.ws("/relay"), lines).await;
        assert_eq!(
            relay.told("hello").await["loopback"],
            reachable,
            "/relay {lines:?}"
        );
        let page = Page::open(&proxied.ws("/sockets"), lines).await;
        assert_eq!(
            page.hello["loopback"]["reachable"], false,
            "a trusted proxy, {lines:?}"
        );
    }
}
