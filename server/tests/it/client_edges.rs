//! Every size at which some program or system cuts, drops or refuses, sent by the command-line client.
//!
//! `cargo test -p udp-echo --test it client_edges:: -- --nocapture` prints the table.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use test_support::host::TestServer;
use test_support::program::Program;

/// The tutorial's message and buffer, Ethernet's and macOS's limits, powers of two, and the last byte of both families.
const SIZES: [usize; 18] = [
    0, 1, 41, 42, 1472, 1473, 4095, 4096, 4097, 8192, 9216, 9217, 32_768, 65_506, 65_507, 65_508,
    65_527, 65_528,
];

/// The fate of one datagram of this size.
async fn fate(way: &[&str], size: usize, expected: &str) -> String {
    // Who is to be echoed may take as long as a busy machine needs; who is not should not keep the test.
    let timeout = if expected == "echoed" { "30" } else { "300ms" };
    let size = size.to_string();
    let common = ["client", "--json", "--size", &size, "--timeout", timeout];
    let client = Program::udp_echo(&[&common, way].concat()).finished().await;
    let lines: Vec<Value> = client
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, summary] = &lines[..] else {
        panic!("{client:?}");
    };
    assert_eq!(summary["summary"]["sent"], 1, "{client:?}");
    if first["delivery"] == "echoed" {
        assert_eq!(
            (&json!(size), &first["cut_from"]),
            (&json!(first["bytes"].to_string()), &Value::Null)
        );
        return "echoed".to_owned();
    }
    first["fate"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_size_has_the_fate_that_the_protocol_gives_it() {
    let ipv4 = TestServer::start(&[]).await;
    let ipv6 = TestServer::start(&["--udp", "[::1]:0"]).await;
    let (over_ipv4, over_ipv6) = (ipv4.udp().to_string(), ipv6.udp().to_string());
    let (relay_ipv4, relay_ipv6) = (ipv4.ws("/relay/raw"), ipv6.ws("/relay/raw"));
    // A raw relay says nothing, so what it rejects is lost to its client.
    let columns: [(&str, &[&str], usize, &str); 4] = [
        ("IPv4", &[&over_ipv4], 65_507, "rejected"),
        ("IPv6", &[&over_ipv6], 65_527, "rejected"),
        ("relay, IPv4", &["--via", &relay_ipv4], 65_507, "lost"),
        ("relay, IPv6", &["--via", &relay_ipv6], 65_527, "lost"),
    ];
    println!(
        "{:>7}  {}",
        "bytes",
        columns.map(|(name, ..)| format!("{name:<12}")).concat()
    );
    for size in SIZES {
        let mut row = String::new();
        for (name, way, limit, too_long) in columns {
            let expected = match size {
                0 => "unanswered",
                size if size > limit => too_long,
                _ => "echoed",
            };
            let fate = fate(way, size, expected).await;
            assert_eq!(fate, expected, "{size} bytes, {name}");
            row += &format!("{fate:<12}");
        }
        println!("{size:>7}  {row}");
    }
    ipv4.shutdown().await;
    ipv6.shutdown().await;
}
