//! PROTOCOL.md and the vectors are enough: Python that knows nothing else agrees with them, and with the running host.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::path::Path;

use program::{Program, has};

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
    for file in ["matching", "ledger", "echo", "link"] {
        assert!(
            python.stdout.contains(&format!("{file}.json: ")),
            "{python:?}"
        );
    }
}
