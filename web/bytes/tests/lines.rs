//! The lines that the page offers to copy, run in real shells and real Python: each sends one datagram with exactly
//! these bytes, and prints what comes back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Write};
use std::net::UdpSocket;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use test_support::has;
use udp_echo_bytes::address::Address;
use udp_echo_bytes::lines::{Form, MAX_PIPED_BYTES, line};

/// How often a line is looked at that may have ended.
const LOOK: Duration = Duration::from_millis(20);

/// Payloads that trip over quotes, formats, escapes, ends of text and options.
fn payloads() -> Vec<Vec<u8>> {
    let texts = [
        "This is the message.  It will be repeated.",
        "it's \"quoted\" and `run` $(date) $HOME !! ~",
        "one\ntwo\r\n\n",
        "\0\0end\0",
        "100% %s %d %%",
        "back\\slash \\n \\x41 \\",
        "-n",
        "--help",
        "END\nEND\n",
        "'; exit 1; '",
        "<script>alert(1)</script>",
        "Grüße 🙂",
    ];
    let mut payloads: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).to_vec();
    payloads.push(b"\xff\xfe\x80".to_vec());
    payloads.push((0..=255).collect());
    payloads
}

fn long(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|index| (index * 7 + index / 256) as u8)
        .collect()
}

/// How often a line is pasted before the test fails. `nc`, `socat` and the script give up after a second or two, which is
/// the reader's patience and not that of a busy machine.
const ATTEMPTS: usize = 5;

/// Lines that run at the same time: each waits a second for more, but all at once they would be a load of their own.
const TOGETHER: usize = 24;

/// Runs what a reader would paste, answers its datagram as an echo server does, and returns what it printed.
fn paste(form: Form, shell: &str, payload: &[u8], address: &str) -> Vec<u8> {
    let mut last_words = String::new();
    for _ in 0..ATTEMPTS {
        // A new socket for each, so that a late datagram of one attempt is none of the next.
        let socket = UdpSocket::bind((address, 0)).unwrap();
        let server = Address::read(&socket.local_addr().unwrap().to_string());
        let line = line(form, payload, server.as_ref()).unwrap();
        let output = paste_once(shell, &line, &socket, payload);
        if output.status.success() && !output.stdout.is_empty() {
            return output.stdout;
        }
        last_words = format!("{line}: {output:?}");
    }
    panic!("{shell} did not print an answer in {ATTEMPTS} attempts: {last_words}");
}

fn paste_once(shell: &str, line: &str, socket: &UdpSocket, payload: &[u8]) -> Output {
    let mut child = Command::new(shell)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shell}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line.as_bytes()).unwrap();
    stdin.write_all(b"\n").unwrap();
    drop(stdin);
    // It may give up before it has sent anything: whether it runs is seen before what it sent is looked for.
    socket.set_read_timeout(Some(LOOK)).unwrap();
    let mut buffer = vec![0; 65_536];
    let mut runs = true;
    while runs {
        runs = child.try_wait().unwrap().is_none();
        if let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            assert_eq!(&buffer[..length], payload, "{shell}: {line}");
            // It may have given up since.
            let _ = socket.send_to(&buffer[..length], peer);
            break;
        }
    }
    let output = child.wait_with_output().unwrap();
    socket.set_nonblocking(true).unwrap();
    let more = socket.recv_from(&mut buffer).map_err(|error| error.kind());
    // A datagram to somebody who has gone comes back as "refused".
    let nothing = [ErrorKind::WouldBlock, ErrorKind::ConnectionRefused];
    let more = more.expect_err("one datagram and no second");
    assert!(nothing.contains(&more), "{more}: {line}");
    output
}

/// Sends every payload with every form.
fn paste_all(forms: &[(Form, &[&str])], payloads: &[Vec<u8>], address: &str) {
    let forms = forms
        .iter()
        .filter(|(_, needs)| needs.iter().all(|program| has(program)));
    let pasted: Vec<_> = forms
        .flat_map(|(form, _)| payloads.iter().map(move |payload| (*form, payload)))
        .flat_map(|(form, payload)| ["bash", "sh"].map(|shell| (form, payload, shell)))
        .collect();
    for together in pasted.chunks(TOGETHER) {
        std::thread::scope(|scope| {
            for (form, payload, shell) in together {
                scope.spawn(move || {
                    let printed = paste(*form, shell, payload, address);
                    match form {
                        Form::Python => assert!(printed.starts_with(b"b"), "{printed:?}"),
                        _ => assert_eq!(printed, **payload, "{form:?}"),
                    }
                });
            }
        });
    }
}

const PIPED: [(Form, &[&str]); 3] = [
    (Form::Nc, &["nc"]),
    (Form::Socat, &["socat"]),
    (Form::Xxd, &["xxd", "nc"]),
];

#[test]
fn every_line_sends_the_payload_as_one_datagram() {
    let forms = [PIPED.as_slice(), &[(Form::Python, &["python3"])]].concat();
    paste_all(&forms, &payloads(), "127.0.0.1");
}

#[test]
fn the_longest_payload_for_a_pipe_is_one_datagram_still() {
    paste_all(&PIPED, &[long(MAX_PIPED_BYTES)], "127.0.0.1");
}

#[test]
fn lines_reach_a_server_with_an_ipv6_address() {
    if UdpSocket::bind("[::1]:0").is_err() {
        println!("left out: this machine has no IPv6");
        return;
    }
    let forms = [PIPED.as_slice(), &[(Form::Python, &["python3"])]].concat();
    paste_all(&forms, &payloads()[..1], "::1");
}

#[test]
fn python_sends_the_empty_and_the_longest_datagram_too() {
    paste_all(
        &[(Form::Python, &["python3"])],
        &[Vec::new(), long(65_507)],
        "127.0.0.1",
    );
}

#[test]
fn python_reads_the_literal_as_the_same_bytes_and_writes_it_alike() {
    if !has("python3") {
        return;
    }
    for payload in payloads().into_iter().chain([Vec::new(), long(65_508)]) {
        let literal = line(Form::Literal, &payload, None).unwrap();
        let program = format!(
            "import sys\ndata = {literal}\nsys.stdout.buffer.write(repr(data).encode() + b'\\n' + data)"
        );
        let mut child = Command::new("python3")
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(program.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.stdout,
            [literal.as_bytes(), b"\n", &payload].concat()
        );
    }
}
