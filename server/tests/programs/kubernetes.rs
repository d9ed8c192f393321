//! The files of `server/deploy/kubernetes`, by the schemas of Kubernetes, by the host's own command line, and by each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use clap::Parser as _;
use serde_json::Value;
use udp_echo::config::{Cli, Command as Subcommand};

use crate::proxies::shipped;

/// The Python that `cargo verify` gave the schemas of Kubernetes to.
fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("tools/kubernetes/bin/python")
}

fn check(folder: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/kubernetes.py");
    let python = python();
    let checked = Command::new(&python).arg(script).arg(folder).output();
    checked
        .unwrap_or_else(|error| panic!("{}: {error}; cargo verify installs it", python.display()))
}

/// What the files hold, by their names.
fn resources() -> Value {
    let checked = check(&shipped("kubernetes"));
    assert!(checked.status.success(), "{checked:?}");
    serde_json::from_slice(&checked.stdout).unwrap()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

#[test]
fn each_file_fits_its_schema_and_the_kustomization_lists_it() {
    let held = resources();
    let listed = held["kustomization.yaml"]["resources"].as_array().unwrap();
    let mut listed: BTreeSet<&str> = listed.iter().map(|name| name.as_str().unwrap()).collect();
    listed.insert("kustomization.yaml");
    let there: BTreeSet<&str> = held
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn a_field_that_kubernetes_does_not_know_is_found() {
    for (name, before, after) in [
        ("deployment.yaml", "readinessProbe:", "readynessProbe:"),
        ("servicemonitor.yaml", "interval:", "intervall:"),
        ("servicemonitor.yaml", "matchLabels:", "matchLabel:"),
        ("servicemonitor.yaml", "15s", "15 seconds"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(shipped("kubernetes").join(name)).unwrap();
        assert!(text.contains(before), "{name} has no {before:?}");
        std::fs::write(folder.path().join(name), text.replace(before, after)).unwrap();
        let checked = check(folder.path());
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(!checked.status.success(), "{name}: {checked:?}");
        assert!(said.contains(after.trim_end_matches(':')), "{said}");
    }
}

#[test]
fn a_pod_has_time_to_drain_and_is_not_ready_meanwhile() {
    let held = resources();
    let pod = &held["deployment.yaml"]["spec"]["template"]["spec"];
    let relay = &pod["containers"][0];
    let words = relay["args"].as_array().unwrap();
    let words = words.iter().map(|word| word.as_str().unwrap());
    let cli = Cli::try_parse_from(std::iter::once("udp-echo").chain(words))
        .unwrap_or_else(|error| panic!("{error}"));
    let Some(Subcommand::Serve(config)) = cli.command else {
        panic!("not the host");
    };
    let port = relay["ports"][0]["containerPort"].as_u64().unwrap();
    assert_eq!(u64::from(config.http.port()), port);
    assert!(!config.metrics_from.is_empty() && !config.trusted_proxies.is_empty());

    let before = seconds(&relay["lifecycle"]["preStop"]["sleep"]["seconds"]);
    let goodbye = Duration::from_secs(5);
    let grace = seconds(&pod["terminationGracePeriodSeconds"]);
    let needed = before + config.drain_time + goodbye;
    assert!(grace > needed, "{grace:?} for {needed:?}");
    let ready = &relay["readinessProbe"];
    let noticed = seconds(&ready["periodSeconds"]) * 2;
    assert_eq!(ready["failureThreshold"], 2);
    assert!(noticed < config.drain_time, "{noticed:?} to notice");
    assert_eq!(ready["httpGet"]["path"], "/healthz");
    assert_eq!(relay["livenessProbe"]["httpGet"]["path"], "/healthz/live");

    assert_eq!(relay["env"][0]["name"], "UDP_ECHO_RESUME_SECRET");
    // Kubernetes would name the Service's addresses as the host names its settings.
    assert_eq!(pod["enableServiceLinks"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let security = &relay["securityContext"];
    assert_eq!(security["readOnlyRootFilesystem"], true);
    assert_eq!(security["allowPrivilegeEscalation"], false);
    assert_eq!(security["capabilities"]["drop"][0], "ALL");
}

#[test]
fn every_resource_selects_the_pods_of_the_deployment() {
    let held = resources();
    let spec = &held["deployment.yaml"]["spec"];
    let labels = &spec["template"]["metadata"]["labels"];
    let service = &held["service.yaml"];
    for chosen in [
        &spec["selector"]["matchLabels"],
        &service["spec"]["selector"],
        &service["metadata"]["labels"],
        &held["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"],
        &held["disruptionbudget.yaml"]["spec"]["selector"]["matchLabels"],
        &held["servicemonitor.yaml"]["spec"]["selector"]["matchLabels"],
    ] {
        assert_eq!(chosen, labels);
    }
    let scaled = &held["autoscaler.yaml"]["spec"];
    assert_eq!(
        scaled["scaleTargetRef"]["name"],
        held["deployment.yaml"]["metadata"]["name"]
    );
    let metric = scaled["metrics"][0]["pods"]["metric"]["name"].as_str();
    let known = |metric: &udp_echo::metrics::Metric| Some(metric.name);
    assert!(
        udp_echo::metrics::CATALOGUE
            .iter()
            .any(|one| known(one) == metric)
    );
    let port = &service["spec"]["ports"][0]["name"];
    assert_eq!(
        &held["servicemonitor.yaml"]["spec"]["endpoints"][0]["port"],
        port
    );
    let path = &held["ingress.yaml"]["spec"]["rules"][0]["http"]["paths"][0];
    assert_eq!(&path["backend"]["service"]["port"]["name"], port);
    assert_eq!(
        path["backend"]["service"]["name"],
        service["metadata"]["name"]
    );
}
