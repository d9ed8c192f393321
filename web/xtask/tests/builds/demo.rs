//! `cargo demo`, from the sources in this folder to a running host.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use test_support::PATIENCE;
use test_support::program::{Attempt, Program, Said};

/// How long the demo may build everything from nothing, beside other work.
const BUILD: Duration = Duration::from_secs(3600);

/// Head and body of what the host answers.
fn get(host: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(host).expect("the host listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("the host reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the host answers");
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head.to_owned(), body.to_owned())
}

/// The address in the line of output that begins with this label.
fn address(said: &Said<'_>, label: &str) -> Option<SocketAddr> {
    let lines = said.stdout();
    let address = lines.lines().find_map(|line| line.strip_prefix(label))?;
    let address = address.trim().trim_start_matches("http://");
    address.trim_end_matches('/').parse().ok()
}

#[test]
fn demo_ends_in_a_host_with_the_page_inside_and_stops_at_control_c() {
    let attempt = || {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_xtask"));
        demo.args(["demo", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"]);
        let ready = |said: &Said<'_>| Some((address(said, "page ")?, address(said, "UDP echo ")?));
        Attempt::new(demo, ready).wait(BUILD)
    };
    let started = Program::start_blocking(attempt);
    let (mut demo, (http, udp)) = started.unwrap_or_else(|failure| panic!("{failure}"));

    let (head, page) = get(http, "/");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let loader = page
        .split('"')
        .find(|word| word.ends_with("/udp-echo.js"))
        .unwrap();
    let (head, _) = get(http, loader.trim_start_matches('.'));
    assert!(head.starts_with("HTTP/1.1 200 "), "{loader}: {head}");
    assert!(head.contains("immutable"), "{loader}: {head}");

    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let message = b"This is the message.  It will be repeated.";
    client.send_to(message, udp).unwrap();
    let mut answer = [0; 64];
    let (bytes, _) = client.recv_from(&mut answer).unwrap();
    assert_eq!(&answer[..bytes], message);

    // The demo has become the host, so that whoever stops the one has stopped the other.
    demo.interrupt();
    assert!(demo.ended_blocking().success());
    assert!(TcpStream::connect(http).is_err(), "something still listens");
}
