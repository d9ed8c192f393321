//! A client of the lane that shares no line with ours: aioquic, and a WebSocket of Python's standard library.

use std::path::Path;

use test_support::host::TestServer;
use test_support::soon;
use tokio::process::Command;

/// The page that the client says it is.
const ORIGIN: &str = "http://127.0.0.1:8000";

#[tokio::test]
async fn an_independent_client_opens_a_lane_and_closes_its_books() {
    let host = TestServer::start(&["--webtransport", "127.0.0.1:0"]).await;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let python = target.join("tools/lane/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers/lane_client.py");
    let mut client = Command::new(&python);
    client.arg(script).args([&host.ws("/relay"), ORIGIN]);
    let finished = soon("the end of the client", client.output()).await;
    let output = finished
        .unwrap_or_else(|error| panic!("{}: {error}; cargo verify installs it", python.display()));
    assert!(output.status.success(), "{output:?}");
    let seen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(seen.lines().count(), 7, "{seen}");
}
