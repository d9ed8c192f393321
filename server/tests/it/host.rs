//! The host from outside: its HTTP routes, who may pass, how it starts and stops.

use serde_json::Value;
use test_support::host::{TestServer, get, http};
use udp_echo::Host;
use udp_echo::config::Config;

#[tokio::test]
async fn it_says_that_it_is_live_and_ready() {
    let server = TestServer::start(&[]).await;
    for (path, word) in [("/healthz", "ready\n"), ("/healthz/live", "live\n")] {
        let (head, body) = get(server.http(), path, &[]).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(body, word);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn probes_of_load_balancers_need_no_name_and_everything_else_does() {
    let server = TestServer::start(&[]).await;
    for request in [
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz/live HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        "HEAD /healthz HTTP/1.0\r\n\r\n",
        // HAProxy's `option httpchk /healthz`, with nothing more said.
        "OPTIONS /healthz HTTP/1.0\r\n\r\n",
        "OPTIONS /healthz/live HTTP/1.0\r\n\r\n",
        "GET /healthz?from=balancer HTTP/1.0\r\n\r\n",
        // The address of a container.
        "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3:8000\r\nConnection: close\r\n\r\n",
        "HEAD /healthz/live HTTP/1.1\r\nHost: [fd00::7]:8000\r\nConnection: close\r\n\r\n",
    ] {
        let (head, _) = http(server.http(), request).await;
        assert!(head.contains(" 200 "), "{request}: {head}");
    }
    for path in ["/", "/relay.json", "/metrics", "/healthz/other", "/relay"] {
        let (head, body) = http(server.http(), &format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(head.contains(" 403 "), "{path}: {head}");
        assert!(body.contains("--allow-host"), "{body}");
    }
}

#[tokio::test]
async fn relay_json_tells_any_page_whether_it_may_connect() {
    let server = TestServer::start(&["--allow-origin", "https://docs.example"]).await;
    for (origin, allowed) in [
        ("https://docs.example", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let (head, body) = get(server.http(), "/relay.json", &[("Origin", origin)]).await;
        assert!(
            head.to_lowercase()
                .contains("access-control-allow-origin: *"),
            "{head}"
        );
        let about: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(about["allowed"], allowed, "{body}");
        assert_eq!(about["origin"], origin);
        assert_eq!(about["protocol"], 1);
        assert_eq!(about["limits"]["datagram_bytes"], 65_507);
        assert_eq!(about["targets"][0], "echo");
        if !allowed {
            assert_eq!(about["setting"], format!("--allow-origin {origin}"));
        }
    }
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_everywhere() {
    let server = TestServer::start(&[]).await;
    for path in ["/", "/relay", "/relay/raw", "/relay.json", "/healthz"] {
        let (head, body) = get(server.http(), path, &[("Host", "rebind.example:8000")]).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{path}: {head}");
        assert!(
            body.contains("rebind.example") && body.contains("--allow-host rebind.example"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn every_answer_forbids_guessing_its_type() {
    let server = TestServer::start(&[]).await;
    for path in ["/", "/healthz", "/relay.json", "/no/such/file"] {
        let (head, _) = get(server.http(), path, &[]).await;
        let head = head.to_lowercase();
        assert!(
            head.contains("x-content-type-options: nosniff"),
            "{path}: {head}"
        );
        assert!(
            head.contains("referrer-policy: no-referrer"),
            "{path}: {head}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let server = TestServer::start(&[]).await;
    let (head, body) = get(server.http(), "/no/such/file", &[]).await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert!(body.contains("no/such/file"), "{body}");
}

#[tokio::test]
async fn a_taken_port_names_the_address_and_the_flag() {
    let server = TestServer::start(&[]).await;
    let free = "127.0.0.1:0".parse().unwrap();
    let wanted = [
        (
            Config {
                http: server.http(),
                udp: free,
                ..Config::default()
            },
            "--http",
            server.http(),
        ),
        (
            Config {
                http: free,
                udp: server.udp(),
                ..Config::default()
            },
            "--udp",
            server.udp(),
        ),
    ];
    for (config, flag, address) in wanted {
        let error = Host::start(config).await.expect_err("the port is taken");
        let said = format!("{error:#}");
        assert!(
            said.contains(flag) && said.contains(&address.to_string()),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_target_that_is_not_public_stops_the_start_and_says_why() {
    let free = "127.0.0.1:0".parse().unwrap();
    let config = Config {
        http: free,
        udp: free,
        targets: vec!["python=127.0.0.1:10001".parse().unwrap()],
        ..Config::default()
    };
    let error = Host::start(config)
        .await
        .expect_err("the target is private");
    assert!(
        format!("{error:#}").contains("--allow-private-targets"),
        "{error:#}"
    );
}
