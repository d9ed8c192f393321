//! PROTOCOL.md and the vectors are enough: Python that knows nothing else agrees with them, and with the running host.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use test_support::has;
use test_support::host::TestServer;
use test_support::program::Program;

#[tokio::test]
async fn rules_written_from_the_text_alone_agree_with_every_vector() {
    if !has("python3") {
        return;
    }
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/vectors");
    let python = Program::python("vectors.py", &[vectors.to_str().unwrap()])
        .finished()
        .await;
    assert_eq!((python.code, python.stderr.as_str()), (Some(0), ""));
    for file in ["matching", "ledger", "echo", "link", "sockets", "route"] {
        assert!(
            python.stdout.contains(&format!("{file}.json: ")),
            "{python:?}"
        );
    }
}

#[tokio::test]
async fn a_client_written_from_the_text_alone_keeps_the_hosts_books() {
    if !has("python3") {
        return;
    }
    let server = TestServer::start(&[]).await;
    let python = Program::python("protocol_client.py", &[&server.ws("/relay")])
        .finished()
        .await;
    print!("{}", python.stdout);
    assert_eq!(
        (python.code, python.stderr.as_str()),
        (Some(0), ""),
        "{}",
        python.stdout
    );
    assert!(python.stdout.ends_with("\n") && python.stdout.contains("closed with 4400: "));
    server.shutdown().await;
}
