//! Strangers at the relay: `curl`, and a WebSocket client of nothing but Python's standard library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use test_support::has;
use test_support::host::TestServer;
use test_support::program::Program;

#[tokio::test]
async fn curl_is_refused_as_a_foreign_page() {
    if !has("curl") {
        return;
    }
    let server = TestServer::start(&[]).await;
    let url = |path: &str| format!("http://{}{path}", server.http());
    let foreign = [
        "-sS",
        "-o",
        "-",
        "-w",
        "%{http_code}",
        "-H",
        "Origin: https://evil.example",
    ];
    let upgrade = [
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for path in ["/relay", "/relay/raw", "/sockets"] {
        let page = Program::other("curl", &[&foreign[..], &upgrade, &[&url(path)]].concat())
            .finished()
            .await;
        assert!(page.stdout.ends_with("403"), "{path}: {page:?}");
        assert!(
            page.stdout.contains("--allow-origin https://evil.example"),
            "{path}: {page:?}"
        );
    }
    server.shutdown().await;
}

/// A WebSocket client that shares no line with ours, on every size of the edge table.
#[tokio::test]
async fn a_websocket_client_of_pythons_standard_library_uses_the_raw_relay() {
    if !has("python3") {
        return;
    }
    let server = TestServer::start(&[]).await;
    let sizes = "0 1 41 42 125 126 127 1472 1473 4095 4096 4097 8192 9216 9217 32768 65506 65507";
    let url = server.ws("/relay/raw");
    let arguments: Vec<&str> = [url.as_str()].into_iter().chain(sizes.split(' ')).collect();
    let client = Program::python("raw_client.py", &arguments)
        .finished()
        .await;
    assert_eq!(client.code, Some(0), "{client:?}");
    let same = sizes
        .split(' ')
        .map(|size| format!("{size} bytes: the same\n"));
    assert_eq!(
        client.stdout,
        same.collect::<String>() + "closed with 1000\n"
    );
    server.shutdown().await;
}

/// The tutorial's two scripts with the calls that they have in Python, over one WebSocket, and all that PROTOCOL.md says of them.
#[tokio::test]
async fn python_binds_sends_and_receives_over_sockets_as_on_local_ones() {
    if !has("python3") {
        return;
    }
    // Real ports of an address of one's own; mapped ones; and beside an echo server that has all addresses.
    let hosts: [&[&str]; 3] = [&[], &["--sockets-map-ports"], &["--udp", "[::]:0"]];
    for arguments in hosts {
        let server = TestServer::start(arguments).await;
        let client = Program::python("sockets_client.py", &[&server.ws("/sockets")])
            .finished()
            .await;
        let said = format!("{arguments:?}: {}", client.stdout);
        print!("{said}");
        assert_eq!(
            (client.code, client.stderr.as_str()),
            (Some(0), ""),
            "{said}"
        );
        for seen in [
            "received 42 bytes from the server on localhost, port 10000\n",
            "0 to 65507 bytes arrive unchanged; 65508 are EMSGSIZE\n",
            "a program on this machine writes to the socket and gets its answer\n",
            "closed with 4400: ",
        ] {
            assert!(client.stdout.contains(seen), "{seen:?}: {said}");
        }
        server.shutdown().await;
    }
}
