//! `udp-echo client` and `udp-echo echo` as their users see them: the tutorial's words, and sentences when it fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use test_support::host::TestServer;
use test_support::program::Program;
use tokio::net::UdpSocket;

/// An address where nobody listens: it was free a moment ago, and the system gives it to nobody.
fn nobody() -> String {
    format!("127.0.0.1:{}", test_support::port::free())
}

/// A socket that receives and never answers.
async fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

#[tokio::test]
async fn the_client_speaks_the_tutorials_words() {
    let server = TestServer::start(&[]).await;
    let client = Program::udp_echo(&["client", &server.udp().to_string()])
        .finished()
        .await;
    assert_eq!(
        client.stderr,
        "sending \"This is the message.  It will be repeated.\"\n\
         waiting to receive\n\
         received \"This is the message.  It will be repeated.\"\n\
         closing socket\n"
    );
    assert_eq!((client.code, client.stdout.as_str()), (Some(0), ""));
    server.shutdown().await;
}

#[tokio::test]
async fn the_server_speaks_the_tutorials_words() {
    for (host, tuple_end) in [("127.0.0.1", ")"), ("[::1]", ", 0, 0)")] {
        let mut server =
            Program::udp_echo(&["echo", &format!("{host}:{}", test_support::port::free())]);
        let started = server.says("starting up on ").await;
        let ip = host.trim_matches(['[', ']']);
        let port = started
            .strip_prefix(&format!("starting up on {ip} port "))
            .expect(&started)
            .to_owned();
        let address = format!("{host}:{port}");

        // A peer whose address is known, so that every character can be.
        let peer = UdpSocket::bind(format!("{host}:0")).await.unwrap();
        peer.connect(&address).await.unwrap();
        let tuple = format!("('{ip}', {}{tuple_end}", peer.local_addr().unwrap().port());
        let message = b"This is the message.  It will be repeated.";
        peer.send(message).await.unwrap();
        let mut answer = [0; 64];
        let bytes = peer.recv(&mut answer).await.unwrap();
        assert_eq!(&answer[..bytes], message);

        server.says("sent 42 bytes back to ").await;
        server.interrupt();
        let server = server.finished().await;
        assert_eq!(server.stderr, "\nwaiting to receive message\n");
        assert_eq!(
            (server.code, server.stdout.as_str()),
            (Some(0), ""),
            "Ctrl-C is how a server is meant to end"
        );

        let mut again = Program::udp_echo(&["echo", &address]);
        again.says("starting up on ").await;
        peer.send(message).await.unwrap();
        assert_eq!(again.says("").await, "");
        assert_eq!(again.says("").await, "waiting to receive message");
        assert_eq!(
            again.says("").await,
            format!("received 42 bytes from {tuple}")
        );
        assert_eq!(
            again.says("").await,
            "This is the message.  It will be repeated."
        );
        assert_eq!(
            again.says("").await,
            format!("sent 42 bytes back to {tuple}")
        );
        assert_eq!(again.says("").await, "");
        assert_eq!(again.says("").await, "waiting to receive message");
    }
}

#[tokio::test]
async fn a_client_that_starts_first_is_refused_and_told_what_to_do() {
    let address = nobody();
    let client = Program::udp_echo(&["client", &address]).finished().await;
    let [.., closing, error] = client.stderr.lines().collect::<Vec<_>>()[..] else {
        panic!("{client:?}");
    };
    assert_eq!(closing, "closing socket");
    assert!(
        error.starts_with(&format!("error: nobody listens on UDP {address}")),
        "{error}"
    );
    assert!(
        error.contains(&format!("`udp-echo echo {address}`")),
        "{error}"
    );
    assert_eq!(client.code, Some(1));
}

#[tokio::test]
async fn silence_ends_with_a_sentence_after_the_timeout() {
    let (_socket, address) = silent().await;
    let client = Program::udp_echo(&["client", &address, "hello", "--timeout", "50ms"])
        .finished()
        .await;
    assert!(
        client.stderr.starts_with(
            "sending \"hello\"\nwaiting to receive\nclosing socket\nerror: no answer from "
        ),
        "{client:?}"
    );
    assert!(client.stderr.contains("within 50ms"), "{client:?}");
    assert_eq!(client.code, Some(1));
}

#[tokio::test]
async fn an_empty_message_is_received_and_not_answered() {
    let mut server = Program::udp_echo(&["echo", "127.0.0.1:0"]);
    let started = server.says("starting up on ").await;
    let port = started.rsplit(' ').next().unwrap();
    let client = Program::udp_echo(&[
        "client",
        &format!("127.0.0.1:{port}"),
        "",
        "--timeout",
        "300ms",
    ]);
    assert!(
        server
            .says("received ")
            .await
            .starts_with("received 0 bytes from ('127.0.0.1', ")
    );
    let client = client.finished().await;
    assert!(client.stderr.contains("`if data`"), "{client:?}");
    assert_eq!(client.code, Some(1));

    let server = TestServer::start(&["--echo-empty"]).await;
    let client = Program::udp_echo(&["client", &server.udp().to_string(), ""])
        .finished()
        .await;
    assert!(client.stderr.contains("received \"\"\n"), "{client:?}");
    assert_eq!(client.code, Some(0));
    server.shutdown().await;
}

#[tokio::test]
async fn one_byte_too_many_gets_the_systems_own_error_and_the_limit() {
    let (_socket, address) = silent().await;
    let client = Program::udp_echo(&["client", &address, "--size", "65508"])
        .finished()
        .await;
    // What the system says, in its own words: Linux's and macOS's are "Message too long". Its number is for programmers.
    let words = std::io::Error::from_raw_os_error(libc::EMSGSIZE).to_string();
    let (words, _) = words.split_once(" (os error").unwrap();
    assert!(client.stderr.contains(words), "{client:?}");
    assert!(!client.stderr.contains("os error"), "{client:?}");
    assert!(client.stderr.contains("at most 65507 bytes"), "{client:?}");
    assert!(
        !client.stderr.contains("waiting to receive"),
        "nothing was sent, so nothing is waited for: {client:?}"
    );
    assert_eq!(client.code, Some(1));
}

#[tokio::test]
async fn ctrl_c_ends_a_waiting_client_cleanly() {
    let (socket, address) = silent().await;
    let mut client = Program::udp_echo(&["client", &address, "--timeout", "1m"]);
    client.says("waiting to receive").await;
    // Once the datagram is here the client waits for the answer, its handler installed.
    socket.recv(&mut [0; 64]).await.unwrap();
    client.interrupt();
    let client = client.finished().await;
    assert_eq!(client.stderr, "closing socket\n");
    assert_eq!(client.code, Some(130));
}

#[tokio::test]
async fn payloads_cannot_drive_the_terminal() {
    let server = TestServer::start(&[]).await;
    let clear_screen = "\x1b[2J\u{202e}";
    let client = Program::udp_echo(&["client", &server.udp().to_string(), clear_screen])
        .finished()
        .await;
    assert!(
        client.stderr.contains(r#"received "\x1b[2J\u{202e}""#),
        "{client:?}"
    );
    assert!(!client.stderr.contains('\x1b'), "{client:?}");
    server.shutdown().await;
}

#[tokio::test]
async fn bad_input_is_answered_with_a_sentence() {
    let table: [(&[&str], &str); 8] = [
        (&["hello"], "write HOST:PORT"),
        (&["127.0.0.1:0"], "port 0"),
        (&["127.0.0.1:99999"], "write HOST:PORT"),
        (&["nobody.invalid:7"], "cannot find the server"),
        (&["127.0.0.1:7", "0g", "--hex"], "no hexadecimal digit"),
        (&["--via", "wss://127.0.0.1:1/relay/raw"], "speaks no TLS"),
        (
            &["--via", "http://127.0.0.1:1/"],
            "ws://HOST:PORT/relay/raw",
        ),
        (
            &["--pcap", "/nowhere/at/all", "127.0.0.1:7"],
            "/nowhere/at/all",
        ),
    ];
    for (arguments, words) in table {
        let client = Program::udp_echo(&[&["client"], arguments].concat())
            .finished()
            .await;
        assert!(client.stderr.contains(words), "{arguments:?}: {client:?}");
        assert_eq!(client.code, Some(1), "{arguments:?}: {client:?}");
    }
    let client = Program::udp_echo(&["client", "--tiemout", "1"])
        .finished()
        .await;
    assert!(client.stderr.contains("--timeout"), "{client:?}");
    assert_eq!(client.code, Some(2));
}
