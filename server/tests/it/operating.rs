//! What an operator relies on: the metrics are those of the catalogue, and nobody can flood the log.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory;
use test_support::client::Client;
use test_support::host::HostProgram;
use test_support::host::{TestServer, get};
use udp_echo::config::Cli;
use udp_echo::metrics::CATALOGUE;

/// Names of metrics, each with its labels.
type Names = BTreeMap<String, BTreeSet<String>>;

fn catalogue() -> Names {
    let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
    let named =
        |metric: &udp_echo::metrics::Metric| (metric.name.to_owned(), labels(metric.labels));
    CATALOGUE.iter().map(named).collect()
}

#[tokio::test]
async fn what_is_exported_is_what_the_catalogue_lists() {
    let host = TestServer::start(&[]).await;
    Client::connect(&host.ws("/sockets"))
        .await
        .told("hello")
        .await;
    for route in ["/relay", "/relay/raw"] {
        let mut client = Client::connect(&host.ws(route)).await;
        client.send(b"to be counted").await;
        client.datagram().await;
        client.send(&[0; wire::limits::MAX_MESSAGE_BYTES + 1]).await;
        client.closed().await;
    }
    let (_, text) = get(host.http(), "/metrics", &[]).await;
    let mut exported = Names::new();
    for sample in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = sample.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        // The three series of a histogram are one metric.
        let histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix));
        let labels = labels
            .split(',')
            .filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()));
        let of = exported
            .entry(histogram.unwrap_or(name).to_owned())
            .or_default();
        of.extend(labels);
    }
    assert_eq!(exported, catalogue());
    for metric in CATALOGUE {
        let kind = format!("# TYPE {} {}\n", metric.name, metric.kind);
        assert!(text.contains(&kind), "{kind}");
    }
}

#[tokio::test]
async fn the_metrics_tell_the_limit_of_sessions_and_that_nothing_drains() {
    for (setting, limit) in [("--max-sessions=7", "7"), ("--max-sessions=0", "+Inf")] {
        let host = TestServer::start(&[setting]).await;
        let (_, text) = get(host.http(), "/metrics", &[]).await;
        for line in [
            format!("\nudp_echo_sessions_limit {limit}\n"),
            "\nudp_echo_draining 0\n".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }
}

#[test]
fn the_operators_guide_lists_the_catalogue() {
    let guide = include_str!("../../OPERATING.md");
    let mut listed = Names::new();
    for row in guide
        .lines()
        .filter(|line| line.starts_with("| `udp_echo_"))
    {
        let series = row.split('`').nth(1).unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',');
        let labels = labels.filter(|label| !label.is_empty());
        listed.insert(name.to_owned(), labels.map(str::to_owned).collect());
    }
    assert_eq!(listed, catalogue());
}

/// The rows of the guide's tables that begin with a flag: the flags, and all that stands beside them.
fn documented_flags() -> BTreeMap<String, String> {
    let guide = include_str!("../../OPERATING.md");
    let mut flags = BTreeMap::new();
    for row in guide.lines().filter(|line| line.starts_with("| `--")) {
        let (first, others) = row[2..].split_once(" | ").unwrap();
        for flag in first.split('`').filter_map(|span| span.strip_prefix("--")) {
            let name = flag.split(' ').next().unwrap();
            flags.insert(name.to_owned(), others.to_owned());
        }
    }
    flags
}

#[test]
fn the_operators_guide_lists_every_setting_with_its_default() {
    let mut documented = documented_flags();
    let command = Cli::command();
    for setting in command.get_arguments() {
        let Some(flag) = setting.get_long() else {
            continue;
        };
        if setting.is_hide_set() || ["help", "version"].contains(&flag) {
            continue;
        }
        let row = documented.remove(flag);
        let row = row.unwrap_or_else(|| panic!("OPERATING.md does not list --{flag}"));
        let takes_value = setting.get_action().takes_values();
        for default in setting.get_default_values().iter().filter(|_| takes_value) {
            let default = default.to_string_lossy();
            let defaults = row.split(" | ").next().unwrap().split(", ");
            let is_there = defaults
                .map(|text| text.trim_matches('`'))
                .any(|text| text == default);
            assert!(is_there, "--{flag} is {default:?} by default: {row}");
        }
    }
    let unknown: Vec<&String> = documented.keys().collect();
    assert!(unknown.is_empty(), "no settings any more: {unknown:?}");
}

#[tokio::test]
async fn a_flood_of_refusals_does_not_flood_the_log_and_none_goes_uncounted() {
    const FLOOD: u64 = 300;
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut host = HostProgram::start_logging(&[], log.reopen().unwrap().into()).await;
    for _ in 0..FLOOD / 2 {
        let (head, _) = get(host.http, "/", &[("Host", "rebind.example")]).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{head}");
        let foreign = [("Origin", "https://evil.example")];
        let (head, _) = get(host.http, "/relay", &foreign).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    }
    let (_, metrics) = get(host.http, "/metrics", &[]).await;
    let half = FLOOD / 2;
    for line in [
        format!("udp_echo_refused_total{{reason=\"host\"}} {half}"),
        format!("udp_echo_refused_total{{reason=\"origin\"}} {half}"),
    ] {
        assert!(
            metrics.lines().any(|other| other == line),
            "{line}: {metrics}"
        );
    }
    // A host that stops gives its account before the window is over.
    host.signal("-TERM").await;
    host.ended().await;
    let log = std::fs::read_to_string(log.path()).unwrap();
    let said = log.matches("refused a request").count() as u64;
    let left_out: u64 = log
        .lines()
        .filter_map(|line| line.split("left_out=").nth(1))
        .map(|count| count.trim().parse::<u64>().unwrap())
        .sum();
    assert!((1..=60).contains(&said), "{said} lines: {log}");
    assert_eq!(said + left_out, FLOOD, "{log}");
}

/// What the log says of one session, as programs read it.
#[tokio::test]
async fn the_log_has_one_span_a_session_and_its_life_at_info() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let settings = ["--log-format=json"];
    let mut host = HostProgram::start_logging(&settings, log.reopen().unwrap().into()).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    let hello = page.told("hello").await;
    page.send(b"to be counted").await;
    page.datagram().await;
    host.signal("-TERM").await;
    assert_eq!(page.closed().await.0, 1001);
    host.ended().await;
    let log = std::fs::read_to_string(log.path()).unwrap();
    let lines = log.lines().map(|line| {
        let fields: serde_json::Value = serde_json::from_str(line).unwrap();
        for name in fields.as_object().unwrap().keys() {
            // A reader keeps one of two, and each reader another one.
            let times = line.matches(&format!("\"{name}\":")).count();
            assert_eq!(times, 1, "{name} in {line}");
        }
        fields
    });
    let of_session: Vec<_> = lines
        .filter(|line| line["span"]["name"] == "session")
        .collect();
    let said: Vec<_> = of_session
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["opened", "closed"], "{log}");
    for line in &of_session {
        assert_eq!(line["level"], "INFO");
        assert_eq!(
            line["span"]["id"].to_string(),
            hello["session"].as_str().unwrap()
        );
        assert_eq!(line["span"]["peer"], "127.0.0.1");
    }
    let closed = &of_session[1];
    assert_eq!(
        (&closed["from_client"], &closed["from_server"]),
        (&1.into(), &1.into())
    );
    assert!(closed["why"].as_str().unwrap().contains("1001"), "{closed}");
}
