//! Programs that know nothing of us: the tutorial's scripts in Python, `nc`, `socat`, `curl`.
//!
//! Where a program is missing, `cargo test` leaves its tests out and says so; `cargo verify` installs them all.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use test_support::has;
use test_support::host::TestServer;
use test_support::program::Program;

const MESSAGE: &str = "This is the message.  It will be repeated.";

#[tokio::test]
async fn the_tutorials_client_talks_to_our_server() {
    if !has("python3") {
        return;
    }
    for (bind, host) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let mut server = Program::udp_echo(&["echo", bind]);
        let started = server.says("starting up on ").await;
        let port = started.rsplit(' ').next().unwrap();
        let theirs = Program::python("echo_client.py", &[host, port])
            .finished()
            .await;
        assert_eq!(
            theirs.stderr,
            format!(
                "sending \"{MESSAGE}\"\nwaiting to receive\nreceived \"{MESSAGE}\"\nclosing socket\n"
            )
        );
        assert_eq!(theirs.code, Some(0));
        server.says("sent 42 bytes back to ").await;
    }
}

/// The answer key of the experiment *Nobody listens*, by Python's own sockets.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_unconnected_python_socket_hears_nothing_of_a_closed_port_and_a_connected_one_is_refused()
 {
    if !has("python3") {
        return;
    }
    let heard = Program::python("nobody_listening.py", &[]).finished().await;
    assert_eq!(
        heard.stdout,
        "sendto and recvfrom, not connected: nothing\n\
         after connect, which sends nothing: nothing\n\
         send and recv, connected: Connection refused\n"
    );
}

#[tokio::test]
async fn our_client_talks_to_the_tutorials_server_and_both_transcripts_agree() {
    if !has("python3") {
        return;
    }
    for (host, bracketed) in [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
        let mut theirs = Program::python("echo_server.py", &[host, "0"]);
        let started = theirs.says("starting up on ").await;
        let port = started.rsplit(' ').next().unwrap().to_owned();
        let ours = Program::udp_echo(&["client", &format!("{bracketed}:{port}")])
            .finished()
            .await;
        assert_eq!(
            ours.stderr,
            format!(
                "sending \"{MESSAGE}\"\nwaiting to receive\nreceived \"{MESSAGE}\"\nclosing socket\n"
            )
        );
        let mut told = Vec::new();
        for words in [
            "waiting to receive message",
            "received 42 bytes",
            MESSAGE,
            "sent 42 bytes back",
        ] {
            told.push(theirs.says(words).await);
        }
        drop(theirs);

        // The same datagram to our server: its transcript is equal to the last character, but for the two ports, which
        // the system picks anew. Asking for the same ones again could meet another test that has got them since.
        let mut ours = Program::udp_echo(&["echo", &format!("{bracketed}:0")]);
        let ours_started = ours.says("starting up on ").await;
        let our_port = ours_started.rsplit(' ').next().unwrap();
        assert_eq!(ours_started, started.replace(&port, our_port));
        let tuple = &told[1]["received 42 bytes from ".len()..];
        let their_peer = tuple.split([',', ')']).nth(1).unwrap().trim();
        let peer = tokio::net::UdpSocket::bind(format!("{bracketed}:0"))
            .await
            .unwrap();
        let our_peer = peer.local_addr().unwrap().port().to_string();
        peer.send_to(MESSAGE.as_bytes(), format!("{bracketed}:{our_port}"))
            .await
            .unwrap();
        assert_eq!(ours.says("").await, "");
        let told = told.iter().map(|line| line.replace(their_peer, &our_peer));
        for line in told {
            assert_eq!(ours.says("").await, line);
        }
    }
}

#[tokio::test]
async fn a_tutorial_server_cuts_at_4096_and_our_client_says_so() {
    if !has("python3") {
        return;
    }
    let mut theirs = Program::python("echo_server.py", &["127.0.0.1", "0"]);
    let started = theirs.says("starting up on ").await;
    let address = format!("127.0.0.1:{}", started.rsplit(' ').next().unwrap());
    let ours = Program::udp_echo(&["client", &address, "--size", "5000", "--count", "1"])
        .finished()
        .await;
    assert!(
        ours.stdout
            .contains("datagram 1: echoed, 4096 of 5000 bytes, cut by the server"),
        "{ours:?}"
    );
    assert!(ours.stdout.contains(" 1 cut,"), "{ours:?}");
}

#[tokio::test]
async fn netcat_types_a_line_and_reads_it_back() {
    if !has("nc") {
        return;
    }
    let server = TestServer::start(&[]).await;
    let (ip, port) = (
        server.udp().ip().to_string(),
        server.udp().port().to_string(),
    );
    let mut nc = Program::other("nc", &["-u", &ip, &port]);
    for line in ["hello\n", "and once more\n"] {
        nc.write(line.as_bytes()).await;
        assert_eq!(nc.prints("").await, line.trim_end());
    }
    server.shutdown().await;
}

#[tokio::test]
async fn socat_gets_every_byte_value_back() {
    if !has("socat") {
        return;
    }
    let server = TestServer::start(&["--udp", "[::]:0"]).await;
    let port = server.udp().port();
    let every_byte: Vec<u8> = (0..=255).collect();
    for address in [
        format!("UDP4:127.0.0.1:{port}"),
        format!("UDP6:[::1]:{port}"),
    ] {
        let mut socat = Program::other("socat", &["-", &address]);
        socat.write(&every_byte).await;
        assert_eq!(socat.prints_bytes(256).await, every_byte, "{address}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn curl_reads_the_routes() {
    if !has("curl") {
        return;
    }
    let server = TestServer::start(&[]).await;
    let url = |path: &str| format!("http://{}{path}", server.http());
    for (path, word) in [("/healthz", "ready\n"), ("/healthz/live", "live\n")] {
        let health = Program::other("curl", &["-sS", "--fail", &url(path)])
            .finished()
            .await;
        assert_eq!(
            (health.code, health.stdout.as_str()),
            (Some(0), word),
            "{health:?}"
        );
    }

    let about = Program::other("curl", &["-sS", "--fail", &url("/relay.json")])
        .finished()
        .await;
    let about: serde_json::Value = serde_json::from_str(&about.stdout).unwrap();
    assert_eq!(about["protocol"], 1);
    assert_eq!(about["udp"], server.udp().to_string());

    // With or without a bundle inside, the root is a page.
    let head = Program::other("curl", &["-sS", "-I", &url("/")])
        .finished()
        .await;
    assert!(head.stdout.contains("content-type: text/html"), "{head:?}");
    server.shutdown().await;
}
