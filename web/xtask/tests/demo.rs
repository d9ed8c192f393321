//! `cargo demo`, from the sources in this folder to a running host.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// The process of a demo; it does not outlive the test.
struct Demo(Child);

impl Demo {
    fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait().expect("the process is ours") {
                return status;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("the host did not end within {PATIENCE:?}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After a clean end there is nothing to kill, which is no error here.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

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

#[test]
#[ignore = "builds the host in release: run cargo verify"]
fn demo_ends_in_a_host_with_the_page_inside_and_stops_at_control_c() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_xtask"));
    demo.args(["demo", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"]);
    let mut demo = Demo(demo.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut address = |label: &str| -> SocketAddr {
        let line = lines.find(|line| line.starts_with(label)).expect(label);
        let address = line[label.len()..].trim().trim_start_matches("http://");
        address.trim_end_matches('/').parse().unwrap()
    };
    let http = address("page ");
    let udp = address("UDP echo ");

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
    let stop = Command::new("kill")
        .args(["-INT", &demo.0.id().to_string()])
        .status();
    assert!(stop.unwrap().success());
    assert!(demo.ended().success());
    assert!(TcpStream::connect(http).is_err(), "something still listens");
}
