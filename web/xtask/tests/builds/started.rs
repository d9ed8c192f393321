//! A host that came in a package, started as its users start it: it shows its page and echoes a datagram.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use test_support::PATIENCE;
use test_support::program::{Attempt, Program, Said};

/// Ports that nobody else has.
pub(crate) const FREE: [&str; 4] = ["--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"];

/// Head and body of what the host answers.
pub(crate) fn get(host: SocketAddr, path: &str) -> (String, String) {
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

/// A host that was started, as itself or by what runs it: all these are one process group, as in a terminal.
pub(crate) struct Started {
    pub(crate) program: Program,
    pub(crate) http: SocketAddr,
    pub(crate) udp: SocketAddr,
    began: Instant,
}

impl Started {
    /// Starts what `command` makes, which is the host or ends in it, and waits until it listens.
    pub(crate) fn start(mut command: impl FnMut() -> Command, patience: Duration) -> Self {
        let ready = |said: &Said<'_>| Some((address(said, "page ")?, address(said, "UDP echo ")?));
        let mut began = Instant::now();
        let attempt = || {
            began = Instant::now();
            let mut command = command();
            command.process_group(0);
            Attempt::new(command, ready).wait(patience)
        };
        let started = Program::start_blocking(attempt);
        let (program, (http, udp)) = started.unwrap_or_else(|failure| panic!("{failure}"));
        Self {
            program,
            http,
            udp,
            began,
        }
    }

    /// What Ctrl-C does in a terminal.
    pub(crate) fn interrupt(&self) {
        let group = format!("-{}", self.program.pid());
        let mut kill = Command::new("kill");
        let sent = kill.args(["-s", "INT", "--", &group]).status();
        assert!(sent.expect("run `kill`").success(), "kill -s INT {group}");
    }

    /// Waits for the end, and sees that nothing of it is left.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = self.program.ended_blocking();
        let left = TcpStream::connect(self.http);
        assert!(left.is_err(), "something still listens");
        status
    }
}

/// Starts what `command` makes, which is the host or ends in it; checks that its page is whole and that it echoes the
/// article's message; ends it as Ctrl-C does, and sees that nothing of it is left. Returns the time to the page.
pub(crate) fn reaches_the_page_and_echoes(
    command: impl FnMut() -> Command,
    patience: Duration,
) -> Duration {
    let mut host = Started::start(command, patience);
    let (head, page) = get(host.http, "/");
    let took = host.began.elapsed();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let loader = page
        .split('"')
        .find(|word| word.ends_with("/udp-echo.js"))
        .expect("the page names its loader");
    let (head, _) = get(host.http, loader.trim_start_matches('.'));
    assert!(head.starts_with("HTTP/1.1 200 "), "{loader}: {head}");
    assert!(head.contains("immutable"), "{loader}: {head}");

    let client = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    client
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    let message = b"This is the message.  It will be repeated.";
    client.send_to(message, host.udp).expect("it is sent");
    let mut answer = [0; 64];
    let (bytes, _) = client.recv_from(&mut answer).expect("an echo");
    assert_eq!(&answer[..bytes], message);

    host.interrupt();
    let status = host.ended();
    // Some that run it tell their starter how it was ended.
    let interrupted = status.signal() == Some(2);
    assert!(status.success() || interrupted, "{status}");
    took
}
