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

/// The text of the element with this id, as a reader copies it.
fn code(id: &str) -> String {
    let page = include_str!("../../../www/page/index.html");
    let (_, rest) = page
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
