//! A session that a program on this machine watches: who may, by the extcap protocol of Wireshark by hand.

#![cfg(unix)]

use std::process::Command;

use serde_json::Value;
use test_support::client::Client;
use test_support::extcap::{Fifo, read_until};
use test_support::host::{HostProgram, TestServer, get};
use test_support::program::{Program, udp_echo};
use tokio_tungstenite::tungstenite;

/// The token that a page's session is given.
async fn token(page: &mut Client) -> String {
    page.send_text("\"capture\"").await;
    let offer = page.told("capture").await;
    offer["token"].as_str().unwrap().to_owned()
}

/// What `udp-echo` answers Wireshark.
fn asked(words: &[&str]) -> String {
    let output = Command::new(udp_echo()).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a host answers whoever presents this token.
async fn refused(host: &TestServer, token: &str, headers: &[(&'static str, &str)]) -> String {
    let bearer = format!("Bearer {token}");
    let mut all = vec![("Authorization", bearer.as_str())];
    all.extend(headers);
    match Client::try_connect_with(&host.ws("/capture"), &all).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            format!("{} {}", response.status(), String::from_utf8_lossy(&body))
        }
        Err(error) => panic!("{error}"),
        Ok(_) => "it was read".to_owned(),
    }
}

#[test]
fn wireshark_is_told_of_one_interface_its_packets_and_its_settings() {
    let interfaces = asked(&["--extcap-interfaces", "--extcap-version=4.0"]);
    let version = concat!("extcap {version=", env!("CARGO_PKG_VERSION"), "}");
    let interface = "interface {value=udp-echo}{display=A session of udp-echo}";
    assert_eq!(interfaces.lines().collect::<Vec<_>>(), [version, interface]);
    assert_eq!(asked(&["--extcap-version"]).trim_end(), version);
    let of_it = ["--extcap-interface", "udp-echo"];
    let dlts = asked(&[&of_it[..], &["--extcap-dlts"]].concat());
    assert_eq!(
        dlts,
        "dlt {number=101}{name=udp-echo}{display=IP packets}\n"
    );
    let settings = asked(&[&of_it[..], &["--extcap-config"]].concat());
    assert_eq!(settings.lines().count(), 2);
    for words in [
        "{call=--token}",
        "{required=true}",
        "{call=--host}",
        "{default=127.0.0.1:8000}",
    ] {
        assert!(settings.contains(words), "{words} is not in {settings}");
    }
    let filter = asked(&[&of_it[..], &["--extcap-capture-filter=udp"]].concat());
    assert!(filter.contains("use a display filter"), "{filter}");
}

#[tokio::test]
async fn a_capture_has_each_datagram_when_its_fate_is_known_and_ends_with_its_session() {
    let host = TestServer::start(&["--wireshark"]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let token = token(&mut page).await;
    // Wireshark stops a capture, and begins another one.
    let fifo = Fifo::make();
    let mut capture = fifo.capture(host.http(), &token);
    drop(fifo.open(&capture).await);
    capture.signal("TERM");
    capture.ended().await;

    let fifo = Fifo::make();
    let mut capture = fifo.capture(host.http(), &token);
    let pipe = fifo.open(&capture).await;
    page.send(b"to be seen in Wireshark").await;
    let echoed = read_until(pipe, "datagram 1: echoed after ").await;
    let (pipe, _) = echoed.unwrap();
    page.send_text(r#"{"lab":{"up":{"loss_ppm":1000000}}}"#)
        .await;
    page.send(b"lost on the link").await;
    let dropped = "datagram 2: dropped on the way to the server (loss)";
    let (_pipe, _) = read_until(pipe, dropped).await.unwrap();
    page.close().await;
    capture.says("the session has ended").await;
    assert!(capture.ended().await.success());
    host.shutdown().await;
}

#[tokio::test]
async fn forged_and_expired_tokens_and_those_of_other_sessions_are_refused() {
    let host = TestServer::start(&["--wireshark"]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let mut other = Client::connect(&host.ws("/relay")).await;
    let (mine, theirs) = (token(&mut page).await, token(&mut other).await);
    assert_ne!(mine, theirs);
    assert_eq!(token(&mut page).await, mine, "it is asked twice");
    let (number, _) = mine.split_once('-').unwrap();
    let (_, secret) = theirs.split_once('-').unwrap();
    let forged = format!("{number}-{}", "0".repeat(32));
    for wrong in [&format!("{number}-{secret}"), &forged, "", "7"] {
        let answer = refused(&host, wrong, &[]).await;
        assert!(
            answer.starts_with("403") && answer.contains("belongs to no session here"),
            "{wrong}: {answer}"
        );
    }
    // A page has no business here, whatever it knows.
    let origin = format!("http://{}", host.http());
    for headers in [
        [("Origin", origin.as_str())],
        [("X-Forwarded-For", "192.0.2.7")],
    ] {
        let answer = refused(&host, &mine, &headers).await;
        assert!(answer.contains("for no page"), "{headers:?}: {answer}");
    }
    assert_eq!(refused(&host, &mine, &[]).await, "it was read");
    page.close().await;
    let answer = refused(&host, &mine, &[]).await;
    assert!(answer.contains("belongs to no session here"), "{answer}");
    let (_, metrics) = get(host.http(), "/metrics", &[]).await;
    assert!(
        metrics.contains("udp_echo_refused_total{reason=\"capture\"} 7\n"),
        "{metrics}"
    );

    let fifo = Fifo::make();
    let capture = fifo.capture(host.http(), &forged);
    let path = fifo.path();
    let nothing = tokio::task::spawn_blocking(move || std::fs::read(path).unwrap());
    let end = capture.finished().await;
    assert!(nothing.await.unwrap().is_empty(), "the pipe is closed");
    assert_eq!(end.code, Some(1));
    assert!(
        end.stderr
            .contains("refuses the capture with 403 Forbidden"),
        "{end:?}"
    );
}

#[tokio::test]
async fn nobody_watches_unless_the_host_was_started_for_it_and_is_reached_from_this_machine_alone()
{
    let host = TestServer::start(&[]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.send_text("\"capture\"").await;
    let notice = page.told("notice").await;
    assert_eq!(notice["code"], "capture");
    let text = notice["text"].as_str().unwrap();
    assert!(text.contains("--wireshark"), "{text}");
    let answer = refused(&host, "1-00112233445566778899aabbccddeeff", &[]).await;
    assert!(answer.contains("--wireshark"), "{answer}");

    let open = Program::udp_echo(&["--wireshark", "--http", "0.0.0.0:0", "--udp", "127.0.0.1:0"]);
    let end = open.finished().await;
    assert_eq!(end.code, Some(1));
    assert!(
        end.stderr
            .contains("--wireshark is for a host that this machine alone reaches"),
        "{end:?}"
    );

    // A session that came through a proxy is not of this machine.
    let host = TestServer::start(&["--wireshark", "--trusted-proxy", "127.0.0.1"]).await;
    let origin = format!("http://{}", host.http());
    let forwarded = [
        ("X-Forwarded-For", "192.0.2.7"),
        ("Origin", origin.as_str()),
    ];
    let mut page = Client::connect_with(&host.ws("/relay"), &forwarded).await;
    page.send_text("\"capture\"").await;
    let notice = page.told("notice").await;
    let text = notice["text"].as_str().unwrap();
    assert!(text.contains("on one machine"), "{text}");
}

#[tokio::test]
async fn a_token_is_told_to_its_session_and_nobody_else() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let into = file.reopen().unwrap().into();
    let mut host = HostProgram::start_logging(&["--wireshark"], into).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let hello = page.told("hello").await.to_string();
    let token = token(&mut page).await;
    let (_, secret) = token.split_once('-').unwrap();
    let fifo = Fifo::make();
    let mut capture = fifo.capture(host.http, &token);
    let pipe = fifo.open(&capture).await;
    let (_, about) = get(host.http, "/relay.json", &[]).await;
    let (_, metrics) = get(host.http, "/metrics", &[]).await;
    let offered: Value = serde_json::from_str(&about).unwrap();
    assert_eq!(offered["capture"], true);
    drop(pipe);
    capture.signal("TERM");
    capture.ended().await;
    page.close().await;
    host.signal("TERM").await;
    host.ended().await;
    let log = std::fs::read_to_string(file.path()).unwrap();
    assert!(log.contains("capture opened"), "{log}");
    for (place, text) in [
        ("hello", &hello),
        ("/relay.json", &about),
        ("/metrics", &metrics),
        ("the log", &log),
    ] {
        assert!(!text.contains(secret), "{place}: {text}");
    }
}

#[tokio::test]
async fn a_reader_that_reads_nothing_slows_no_session() {
    let host = TestServer::start(&["--wireshark", "--datagrams-per-second=0"]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let token = token(&mut page).await;
    let bearer = format!("Bearer {token}");
    let mut reader =
        Client::connect_with(&host.ws("/capture"), &[("Authorization", &bearer)]).await;
    reader.datagram().await;
    // Far more than the connection and the tape hold, and not one answer is missing.
    for _ in 0..20 {
        let answers = page.exchange((0..16).map(|_| vec![7; 60_000])).await;
        assert_eq!(answers.len(), 16);
    }
    // It reads again, and learns what it has missed.
    let mut seen = Seen::default();
    while !seen.is_up_to(page.sent()) {
        page.send(b"a row behind the gap").await;
        page.datagram().await;
        reader.read_what_is_there().await;
        while !reader.datagrams().is_empty() {
            seen.take_in(&reader.datagram().await);
        }
    }
    assert!(seen.missing > 100, "{seen:?}");
    // Each datagram and its answer are a row each, one after the other; the last that was seen is `number`.
    assert_eq!(seen.rows + seen.missing, 2 * seen.number - 1, "{seen:?}");
}

/// What a reader has seen up to the last row of a datagram.
#[derive(Debug, Default)]
struct Seen {
    rows: u64,
    missing: u64,
    number: u64,
    /// The same with the rows behind it.
    all: (u64, u64),
}

impl Seen {
    fn is_up_to(&self, sent: u64) -> bool {
        self.missing > 0 && self.number + 1 >= sent
    }

    fn take_in(&mut self, mut part: &[u8]) {
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
        while !part.is_empty() {
            let length = word(&part[4..8]);
            let block = String::from_utf8_lossy(&part[..length]);
            if word(&part[..4]) == 6 {
                self.all.0 += 1;
                let told = block
                    .split_once(" before this one")
                    .map(|(before, _)| before);
                let count = told.and_then(|before| before.rsplit_once("; ")?.1.split(' ').next());
                self.all.1 += count.map_or(0, |count| count.parse().unwrap());
                let echoed = block.split_once(": echoed after ");
                if let Some((_, number)) = echoed.and_then(|(name, _)| name.rsplit_once(' ')) {
                    (self.rows, self.missing) = self.all;
                    self.number = number.parse().unwrap();
                }
            }
            part = &part[length..];
        }
    }
}
