//! The programs that stand in the article, taken out of the page and run: each server with each client, ours among them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use test_support::has;
use test_support::program::Program;

const MESSAGE: &str = "This is the message.  It will be repeated.";

/// The port in the article, which may be taken on the machine that runs this.
const PORT: &str = "10000";

/// The article.
const PAGE: &str = include_str!("../../../www/page/index.html");
/// The words of the experiments.
const EXPERIMENTS: &str = include_str!("../../../www/experiments/experiments.js");
/// The guide to both, with the source of each claim.
const GUIDE: &str = include_str!("../../../www/README.md");

/// The text of the element with this id, as a reader copies it.
fn code(id: &str) -> String {
    let (_, rest) = PAGE
        .split_once(&format!("<code id=\"{id}\">"))
        .unwrap_or_else(|| panic!("no code {id:?} in the article"));
    let (text, _) = rest.split_once("</code>").unwrap();
    let text = ["&lt;", "&gt;", "&amp;"]
        .into_iter()
        .zip(["<", ">", "&"])
        .fold(text.to_owned(), |text, (name, sign)| {
            text.replace(name, sign)
        });
    assert!(
        !text.contains("&#"),
        "{id} has a reference that this does not know"
    );
    text
}

/// A program of the article with another port in place of its own. Rust is compiled, with nothing but its library.
fn program(folder: &TempDir, id: &str, port: &str) -> Program {
    let text = code(id);
    assert_eq!(text.matches(PORT).count(), 1, "{id} names its port once");
    let source: PathBuf = folder.path().join(id.replace('-', "."));
    fs::write(&source, text.replace(PORT, port)).unwrap();
    if source.extension().is_some_and(|kind| kind == "py") {
        return Program::other("python3", &[source.to_str().unwrap()]);
    }
    let compiled: &Path = &source.with_extension("run");
    let rustc = std::process::Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        .args(["--edition", "2024", "-D", "warnings", "-o"])
        .args([compiled, &source])
        .output()
        .unwrap();
    assert!(
        rustc.status.success(),
        "{}",
        String::from_utf8_lossy(&rustc.stderr)
    );
    Program::other(compiled.to_str().unwrap(), &[])
}

async fn every_client_is_answered(mut server: Program, started: String, is_ours: bool) {
    let digits = |c: char| !c.is_ascii_digit();
    let port = started.rsplit(digits).next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for client in ["client-py", "client-rs", "ours"] {
        if client.ends_with("py") && !has("python3") {
            continue;
        }
        let said = match client {
            "ours" => {
                Program::udp_echo(&["client", &format!("127.0.0.1:{port}")])
                    .finished()
                    .await
                    .stderr
            }
            _ => program(&folder, client, port).finished().await.stdout,
        };
        let expected = format!(
            "sending \"{MESSAGE}\"\nwaiting to receive\nreceived \"{MESSAGE}\"\nclosing socket\n"
        );
        assert_eq!(said, expected, "{client}");
        for words in [
            "waiting to receive message",
            "received 42 bytes from ",
            MESSAGE,
            "sent 42 bytes back to ",
        ] {
            match is_ours {
                true => server.says(words).await,
                false => server.prints(words).await,
            };
        }
    }
}

#[tokio::test]
async fn the_python_server_answers_every_client() {
    if has("python3") {
        let folder = tempfile::tempdir().unwrap();
        let mut server = program(&folder, "server-py", "0");
        let started = server.prints("starting up on 127.0.0.1 port ").await;
        every_client_is_answered(server, started, false).await;
    }
}

#[tokio::test]
async fn the_rust_server_answers_every_client() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = program(&folder, "server-rs", "0");
    let started = server.prints("starting up on 127.0.0.1:").await;
    every_client_is_answered(server, started, false).await;
}

#[tokio::test]
async fn our_server_answers_every_client() {
    let mut server = Program::udp_echo(&["echo", "127.0.0.1:0"]);
    let started = server.says("starting up on ").await;
    every_client_is_answered(server, started, true).await;
}

/// Claim 8 is about a line of these programs.
#[tokio::test]
async fn the_servers_of_the_article_do_not_answer_an_empty_datagram() {
    let folder = tempfile::tempdir().unwrap();
    for id in ["server-py", "server-rs"] {
        if id.ends_with("py") && !has("python3") {
            continue;
        }
        let mut server = program(&folder, id, "0");
        let started = server.prints("starting up on ").await;
        let port: u16 = started.rsplit([' ', ':']).next().unwrap().parse().unwrap();
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(b"", ("127.0.0.1", port)).await.unwrap();
        socket.send_to(b"after", ("127.0.0.1", port)).await.unwrap();
        server.prints("received 0 bytes").await;
        let mut buffer = [0; 16];
        let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"after", "{id} answers the second only");
    }
}

/// Whether a text says this, wherever its lines break.
fn says(text: &str, words: &str) -> bool {
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ").contains(words)
}

/// What stands between `open` and `close`, every time.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    let rests = text.split(open).skip(1);
    rests.filter_map(move |rest| Some(rest.split_once(close)?.0))
}

#[test]
fn every_section_of_the_article_and_every_experiment_has_its_sources_in_the_guide() {
    let (_, table) = GUIDE.split_once("## Where the claims come from").unwrap();
    let rows: Vec<[&str; 3]> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            <[&str; 3]>::try_from(cells).unwrap_or_else(|_| panic!("three cells: {row}"))
        })
        .collect();
    let has_row = |name: &str| {
        rows.iter().any(|[place, claim, source]| {
            *place == format!("`{name}`") && !claim.is_empty() && !source.is_empty()
        })
    };
    let sections: Vec<&str> = between(PAGE, "<section", ">")
        .filter_map(|tag| between(tag, " id=\"", "\"").next())
        .collect();
    assert!(sections.len() >= 11, "{sections:?}");
    for id in sections {
        assert!(
            has_row(&format!("#{id}")),
            "www/README.md has no source for #{id}"
        );
    }
    let (_, list) = EXPERIMENTS
        .split_once("export const EXPERIMENTS = {")
        .unwrap();
    let (list, _) = list.split_once("\n};").unwrap();
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(": {"))
        .filter(|name| !name.starts_with(' '))
        .map(|name| name.trim_matches('"'))
        .filter(|name| *name != "server")
        .collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        assert!(has_row(name), "www/README.md has no source for {name}");
    }
}

/// What the article has said, and what is true instead. See the table of sources in www/README.md.
#[test]
fn the_article_and_the_cards_say_what_the_standards_say() {
    let both = [PAGE, EXPERIMENTS].concat();
    for untrue in [
        "one message in one packet",
        "fits into one packet",
        "is one packet or no packet",
        "Each send is one packet",
        "The packet is the frame",
        "as DNS, QUIC and RTP do",
        "A router that is unsure",
        "and nobody says so",
        "The header is a packet of its own",
        "how most loss on the Internet comes about",
        "fragments at 1,500",
        "On one machine nothing gets lost",
        "You see all four",
    ] {
        assert!(!says(&both, untrue), "{untrue}");
    }
    for sentence in [
        "hands it to IP, which carries it in one packet, or in several when it is long",
        "IP, however, may split one datagram into several packets.",
        "UDP does not make two datagrams of one message.",
        "A link that repeats what was not acknowledged, as radio links do, may deliver the same packet twice.",
        "On Windows the call fails (<code translate=\"no\">WSAEMSGSIZE</code>), and the rest is gone all the same.",
        "if 1 packet in 100 gets lost, by chance, all 45 fragments arrive 64 times in 100",
    ] {
        assert!(says(PAGE, sentence), "{sentence}");
    }
    for sentence in [
        "RTP numbers its packets, and QUIC the bytes of its streams.",
        "The ID in a DNS message is something else: it tells which question an answer belongs to, and puts nothing in order.",
        "On Windows, the call fails with WSAEMSGSIZE, and the rest is gone all the same.",
    ] {
        assert!(says(EXPERIMENTS, sentence), "{sentence}");
    }
    assert_eq!((0.99_f64.powi(45) * 100.0).round(), 64.0);
    // The data that a fragment carries on Ethernet, which is the packet's without its header.
    let packets = |bytes: usize| (bytes + 8).div_ceil(1480);
    for bytes in [0, 512, 1232, 1472, 4096, 9216, 65_507] {
        let written = match bytes {
            1000.. => format!("{},{:03}", bytes / 1000, bytes % 1000),
            _ => bytes.to_string(),
        };
        let row = between(
            PAGE,
            &format!("<tr><th scope=\"row\">{written}</th>"),
            "</tr>",
        )
        .next()
        .unwrap_or_else(|| panic!("no row for {written}"))
        .to_owned();
        assert!(
            row.ends_with(&format!("<td>{}</td>", packets(bytes))),
            "{row}"
        );
    }
}
