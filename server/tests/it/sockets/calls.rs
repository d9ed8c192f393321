//! What a page asks for, and what it is told: every message and every error of the contract.

use super::*;

#[tokio::test]
async fn hello_tells_all_about_the_session_and_its_loopback() {
    let host = TestServer::start(&[
        "--target",
        "python=127.0.0.1:9999",
        "--allow-private-targets",
    ])
    .await;
    let page = page(&host).await;
    let hello = &page.hello;
    assert_eq!(hello["protocol"], 1);
    assert_eq!(hello["sockets"], 16);
    assert_eq!(hello["peers"], json!([]));
    assert_eq!(hello["options"], json!({"tracing": true}));
    assert_eq!(hello["limits"]["datagram_bytes"], 65_507);
    let loopback = &hello["loopback"];
    assert_eq!(loopback["mapped"], false);
    assert_eq!(loopback["reachable"], true);
    assert_eq!(loopback["token"].as_str().unwrap().len(), 32);
    let address: std::net::Ipv4Addr = page.address().parse().unwrap();
    assert!(
        address.is_loopback() && address.octets()[1] != 0,
        "{address}"
    );
    // A target on 127.0.0.1 has another name: that address is the reader's own.
    for name in ["echo", "python"] {
        let [a, b, ..] = match page.target(name) {
            SocketAddr::V4(target) => target.ip().octets(),
            SocketAddr::V6(_) => panic!("{name}"),
        };
        assert_eq!([a, b], [127, 0]);
        assert_ne!(page.target(name).ip(), std::net::Ipv4Addr::LOCALHOST);
    }
    assert_eq!(page.target("echo").port(), host.udp().port());
}

#[tokio::test]
async fn every_call_is_answered_in_the_order_of_the_requests() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    // Nothing is waited for: a client may send all of it at once.
    for request in [
        json!({"open": {"socket": 7}}),
        json!({"bind": {"socket": 7, "port": 10000}}),
        json!({"open": {"socket": 8, "family": "ipv4"}}),
        json!({"connect": {"socket": 8, "port": 10000}}),
        json!({"resolve": {"host": "localhost"}}),
        json!({"disconnect": {"socket": 8}}),
        json!({"close": {"socket": 8}}),
        json!({"options": {"tracing": false}}),
    ] {
        page.ask(request).await;
    }
    page.client.told("options").await;
    page.counters().await;
    let said: Vec<_> = page.client.texts().iter().cloned().collect();
    let own = page.address();
    let port = local(&said[3]["bound"]).port();
    assert_eq!(
        said[..8],
        [
            json!({"opened": {"socket": 7}}),
            json!({"bound": {"socket": 7, "local": format!("{own}:10000"), "outside": format!("{own}:10000")}}),
            json!({"opened": {"socket": 8}}),
            json!({"bound": {"socket": 8, "local": format!("{own}:{port}"), "outside": format!("{own}:{port}")}}),
            json!({"connected": {"socket": 8, "local": format!("{own}:{port}"), "peer": format!("{own}:10000")}}),
            json!({"resolved": {"host": "localhost", "addresses": [own, "::1"]}}),
            json!({"disconnected": {"socket": 8}}),
            json!({"closed": {"socket": 8}}),
        ]
    );
}

#[tokio::test]
async fn every_name_of_the_own_address_binds_it() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    let own = page.address();
    for (socket, name) in ["", "localhost", "0.0.0.0", "127.0.0.1", &own]
        .into_iter()
        .enumerate()
    {
        let socket = socket as u16;
        page.socket(socket).await;
        let port = 10_000 + socket;
        let wanted = json!({"bind": {"socket": socket, "host": name, "port": port}});
        assert_eq!(
            local(&page.call(wanted, "bound").await),
            page.own(port),
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn each_call_that_fails_has_the_system_s_name_and_a_sentence() {
    let host = TestServer::start(&["--max-sockets=4"]).await;
    let mut page = page(&host).await;
    page.bound(1, 10_000).await;
    page.socket(2).await;
    page.call(json!({"open": {"socket": 6, "family": "ipv6"}}), "opened")
        .await;
    #[rustfmt::skip]
    let table = [
        (json!({"open": {"socket": 1}}), "EEXIST", "socket 1 is open already"),
        (json!({"bind": {"socket": 9}}), "EBADF", "socket 9 is open"),
        (json!({"connect": {"socket": 9, "port": 10000}}), "EBADF", "socket 9 is open"),
        (json!({"disconnect": {"socket": 9}}), "EBADF", "socket 9 is open"),
        (json!({"close": {"socket": 9}}), "EBADF", "socket 9 is open"),
        (json!({"bind": {"socket": 1, "port": 10001}}), "EINVAL", "bound to"),
        (json!({"bind": {"socket": 2, "port": 10000}}), "EADDRINUSE", "in use by another socket of this loopback"),
        (json!({"bind": {"socket": 2, "host": "127.0.0.2", "port": 10001}}), "EADDRNOTAVAIL", "127.0.0.2"),
        (json!({"bind": {"socket": 2, "host": "192.0.2.1", "port": 10001}}), "EADDRNOTAVAIL", "192.0.2.1"),
        (json!({"bind": {"socket": 2, "port": 53}}), "EACCES", "port 53 is below 1024"),
        (json!({"bind": {"socket": 2, "host": "::1", "port": 10001}}), "EAFNOSUPPORT", "::1"),
        (json!({"bind": {"socket": 6, "host": "127.0.0.1", "port": 10001}}), "EAFNOSUPPORT", "127.0.0.1"),
        (json!({"bind": {"socket": 2, "host": "example.org"}}), "ENOENT", "example.org"),
        (json!({"connect": {"socket": 2, "port": 0}}), "EINVAL", "port 0"),
        (json!({"connect": {"socket": 2, "port": 80}}), "EACCES", "below 1024"),
        (json!({"connect": {"socket": 2, "host": "198.51.100.7", "port": 9000}}), "EACCES", "--sockets peers --peer 198.51.100.7/32:9000"),
        (json!({"connect": {"socket": 2, "host": "example.org", "port": 9000}}), "ENOENT", "example.org"),
        (json!({"disconnect": {"socket": 2}}), "ENOTCONN", "socket 2 is not connected"),
        (json!({"resolve": {"host": "example.org"}}), "ENOENT", "example.org"),
        (json!({"resolve": {"host": "127.0.0.3"}}), "EACCES", "127.0.0.3"),
        (json!({"resolve": {"host": "::1", "family": "ipv4"}}), "EAFNOSUPPORT", "::1"),
    ];
    for (request, errno, part) in table {
        let (name, text) = page.fails(request.clone()).await;
        assert_eq!(name, errno, "{request}: {text}");
        assert!(text.contains(part), "{request}: {text}");
    }
    page.socket(3).await;
    let (name, text) = page.fails(json!({"open": {"socket": 4}})).await;
    assert_eq!(name, "EMFILE");
    assert!(text.contains("4 sockets are open"), "{text}");
    // Whoever closes one may open another.
    page.call(json!({"close": {"socket": 3}}), "closed").await;
    page.socket(4).await;
}

#[tokio::test]
async fn each_message_that_cannot_be_sent_has_an_error_and_the_session_lives() {
    for tracing in [true, false] {
        let host = TestServer::start(&[]).await;
        let mut page = page(&host).await;
        page.options(tracing).await;
        let server = page.bound(1, 10_000).await;
        let echo = page.target("echo");
        let other: SocketAddr = "127.0.0.1:80".parse().unwrap();
        #[rustfmt::skip]
        let table = [
            (vec![0, 1, 5, 0, 0], json!(null), "EINVAL", "header"),
            (vec![], json!(null), "EINVAL", "0 bytes"),
            (message(9, Some(server), b"x"), json!(9), "EBADF", "socket 9"),
            (message(1, None, b"x"), json!(1), "EDESTADDRREQ", "no destination"),
            (message(1, Some(other), b"x"), json!(1), "EACCES", "below 1024"),
            (message(1, Some("127.0.0.9:10000".parse().unwrap()), b"x"), json!(1), "EACCES", "127.0.0.9"),
            (message(1, Some("[::1]:10000".parse().unwrap()), b"x"), json!(1), "EAFNOSUPPORT", "[::1]:10000"),
            (message(1, Some("127.0.0.1:0".parse().unwrap()), b"x"), json!(1), "EINVAL", "port 0"),
            (message(1, Some(server), &[0; 65_508]), json!(1), "EMSGSIZE", "65507 bytes at most"),
            (message(1, Some(echo), &[0; 65_508]), json!(1), "EMSGSIZE", "65507 bytes at most"),
        ];
        for (number, (message, socket, errno, part)) in table.iter().enumerate() {
            page.client.send(message).await;
            let error = page.client.told("error").await;
            assert_eq!(error["call"], "send", "{error}");
            assert_eq!(error["socket"], *socket, "{error}");
            assert_eq!(
                (&error["datagram"], &error["count"]),
                (&json!(number + 1), &json!(1)),
                "{error}"
            );
            assert_eq!(error["errno"], *errno, "{error}");
            assert!(error["text"].as_str().unwrap().contains(part), "{error}");
        }
        let all = table.len() as u64;
        page.wait_for(&[("sent", all), ("rejected", all)]).await;
    }
}

#[tokio::test]
async fn equal_errors_in_a_row_are_one_message() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    page.socket(1).await;
    let denied = "127.0.0.9:10000".parse().unwrap();
    for payload in [&b"one"[..], b"two", b"three"] {
        page.client.feed(&message(1, Some(denied), payload)).await;
    }
    page.client.flush().await;
    let mut told = (0, 0);
    while told.1 < 3 {
        let error = page.client.told("error").await;
        assert_eq!(error["datagram"], told.1 + 1, "{error}");
        told = (told.0 + 1, told.1 + error["count"].as_u64().unwrap());
    }
    assert!(
        told.0 < 3,
        "{} messages for three errors of one read",
        told.0
    );
}

#[tokio::test]
async fn what_is_no_request_ends_the_session_and_an_error_comes_before_the_next_answer() {
    let host = TestServer::start(&[]).await;
    let mut page = page(&host).await;
    page.socket(1).await;
    page.send(1, None, b"nowhere").await;
    page.ask(json!({"open": {"socket": 2}})).await;
    page.client.told("opened").await;
    assert!(
        page.client
            .texts()
            .iter()
            .any(|text| text.get("error").is_some())
    );
    page.ask(json!({"open": {"socket": 70_000}})).await;
    let (code, reason) = page.client.closed().await;
    assert_eq!(code, 4400, "{reason}");
}
