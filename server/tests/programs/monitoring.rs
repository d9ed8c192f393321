//! The rules and the dashboard of `server/deploy`, by Prometheus's own tools and by a Prometheus that scrapes a host.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::client::Client;
use test_support::host::{TestServer, get};
use test_support::program::{Attempt, Program, Said};

use crate::proxies::shipped;

/// Longest time until every query has a result, on a loaded machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

fn promtool(arguments: &[&str], folder: &Path) -> Output {
    let mut promtool = Command::new("promtool");
    promtool.args(arguments).current_dir(folder);
    promtool.output().unwrap()
}

#[tokio::test]
async fn promtool_finds_no_fault_in_the_metrics() {
    let host = TestServer::start(&[]).await;
    let mut client = Client::connect(&host.ws("/relay/raw")).await;
    client.send(b"to be counted").await;
    client.datagram().await;
    let (_, metrics) = get(host.http(), "/metrics", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    std::fs::write(&file, &metrics).unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    promtool.stdin(Stdio::from(std::fs::File::open(file).unwrap()));
    let checked = promtool.output().unwrap();
    assert!(checked.status.success(), "{checked:?}\n{metrics}");
}

#[test]
fn the_rules_are_sound_and_fire_when_they_should() {
    let folder = shipped("prometheus");
    for arguments in [
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules.test.yml"],
    ] {
        let done = promtool(&arguments, &folder);
        assert!(done.status.success(), "{done:?}");
    }
}

/// Every alert has a test that fails when the alert's own expression can no longer be true.
#[test]
fn an_alert_that_never_fires_fails_its_test() {
    let rules = std::fs::read_to_string(shipped("prometheus/rules.yml")).unwrap();
    let alerts = rules.split("- alert: ").skip(1);
    let mut broken = 0;
    for alert in alerts {
        let expression = alert.lines().nth(1).unwrap();
        assert!(expression.contains("expr: "), "{alert}");
        let folder = tempfile::tempdir().unwrap();
        let never = rules.replace(expression, "        expr: vector(0) > 1");
        std::fs::write(folder.path().join("rules.yml"), never).unwrap();
        let tests = folder.path().join("rules.test.yml");
        std::fs::copy(shipped("prometheus/rules.test.yml"), tests).unwrap();
        let tested = promtool(&["test", "rules", "rules.test.yml"], folder.path());
        assert!(!tested.status.success(), "{expression}: {tested:?}");
        broken += 1;
    }
    assert_eq!(broken, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_answers_every_query_of_the_dashboard() {
    let dashboard = std::fs::read_to_string(shipped("grafana/udp-echo.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut open: Vec<String> = targets
        .map(|target| target["expr"].as_str().unwrap())
        .map(|query| {
            query
                .replace("$instance", ".*")
                .replace("$__rate_interval", "1m")
        })
        .collect();
    assert!(open.len() >= 12, "{open:?}");
    assert!(open.iter().all(|query| !query.contains('$')), "{open:?}");

    let host = TestServer::start(&[]).await;
    // One session that ended, for the close codes.
    let mut ended = Client::connect(&host.ws("/relay/raw")).await;
    ended.send(&[0; wire::limits::MAX_MESSAGE_BYTES + 1]).await;
    ended.closed().await;
    let mut client = Client::connect(&host.ws("/relay")).await;
    let (_prometheus, address, _folder) = prometheus(host.http()).await;
    let url = format!("http://{address}");
    let began = Instant::now();
    while !open.is_empty() {
        client.send(b"seen at work").await;
        client.datagram().await;
        let mut said = String::new();
        open.retain(|query| {
            let asked = promtool(&["query", "instant", &url, query], Path::new("."));
            let answer = String::from_utf8_lossy(&asked.stdout);
            let _ = writeln!(
                said,
                "{query}: {answer}{}",
                String::from_utf8_lossy(&asked.stderr)
            );
            !asked.status.success() || answer.trim().is_empty() || answer.contains("NaN")
        });
        assert!(
            began.elapsed() < ANSWERED_WITHIN,
            "no result: {open:?}\n{said}"
        );
    }
}

/// A Prometheus with our rules that scrapes this host every second, and where it listens.
async fn prometheus(host: SocketAddr) -> (Program, SocketAddr, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let rules = shipped("prometheus/rules.yml");
    let settings = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\n\
         scrape_configs: [{{job_name: udp-echo, static_configs: [{{targets: ['{host}']}}]}}]\n",
        rules.display()
    );
    let file = folder.path().join("prometheus.yml");
    std::fs::write(&file, settings).unwrap();
    let attempt = || {
        let port = test_support::port::free();
        let mut prometheus = Command::new("prometheus");
        prometheus.arg(format!("--config.file={}", file.display()));
        prometheus.arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ));
        prometheus.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let ready = move |said: &Said<'_>| said.listens_at(port).then_some(port);
        Attempt::new(prometheus, ready)
    };
    let started = Program::start(attempt).await;
    let (program, port) = started.unwrap_or_else(|failure| panic!("{failure}"));
    (program, SocketAddr::from(([127, 0, 0, 1], port)), folder)
}
