//! The Deployment of `server/deploy/kubernetes` as a pod that podman starts. Its image is what our Containerfile says, around the host of
//! the Debian package: the images that the Containerfile begins with are in a registry.
//!
//! Podman has folders of its own here, and a network of its own in the kernel, so that the pod's port can be fixed and nothing of this
//! machine is changed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::yield_now;
use std::time::Instant;

use test_support::program::{Attempt, Program, Said, strangers};
use test_support::{PATIENCE, has};

use super::{file, run};

/// The runtime that podman calls. Podman asks for a million descriptors, which is more than root may have on some machines; Kubernetes asks
/// for none.
const RUNTIME: &str = r#"#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
if "--bundle" in arguments:
    path = os.path.join(arguments[arguments.index("--bundle") + 1], "config.json")
    with open(path) as file:
        config = json.load(file)
    config["process"]["rlimits"] = []
    with open(path, "w") as file:
        json.dump(config, file)
os.execvp("runc", ["runc", *arguments])
"#;

/// A network with nothing but `lo`, and no network of podman's that the machine has.
const SET_UP: &str = "set -e
ip link set lo up
mkdir -p /var/lib/cni
mount -t tmpfs none /var/lib/cni
echo it is set up
exec cat";

/// The pod and the container that podman makes of the Deployment.
const RELAY: &str = "udp-echo-pod-0-relay";

/// What a page of the pod's own origin does, by one of the strangers' scripts.
const PAGE: &str = "
from websocket import WebSocket
relay = WebSocket('ws://127.0.0.1:8000/relay/raw', origin='http://127.0.0.1:8000')
relay.send(b'from a pod')
print(relay.receive().decode())
relay.close()";

/// Podman on a network of its own, with what it started until this is dropped.
struct Podman {
    machine: Program,
    folder: tempfile::TempDir,
}

impl Podman {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = folder.path().join("runtime");
        fs::write(&runtime, RUNTIME).unwrap();
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o755)).unwrap();
        let attempt = || {
            let mut unshare = Command::new("unshare");
            unshare.args(["--net", "--mount", "sh", "-c", SET_UP]);
            let ready = |said: &Said<'_>| said.stdout().contains("it is set up").then_some(());
            Attempt::new(unshare, ready)
        };
        let machine = Program::start_blocking(attempt);
        let (machine, ()) = machine.unwrap_or_else(|failure| panic!("{failure}"));
        Self { machine, folder }
    }

    /// A file of this test.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program on podman's network.
    fn on_its_network(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--target", &self.machine.pid().to_string()]);
        nsenter.args(["--net", "--mount"]).arg(program);
        nsenter
    }

    fn podman(&self, arguments: &[&str]) -> Command {
        let mut podman = self.on_its_network("podman");
        for (flag, name) in [
            ("--root", "root"),
            ("--runroot", "run"),
            ("--tmpdir", "tmp"),
            ("--network-config-dir", "networks"),
            ("--runtime", "runtime"),
        ] {
            podman.arg(flag).arg(self.path(name));
        }
        podman.args(["--storage-driver", "vfs", "--events-backend", "none"]);
        podman
            .args(["--cgroup-manager", "cgroupfs"])
            .args(arguments);
        podman
    }

    /// What the pod answers on the port that the Deployment opens; nothing while nobody listens.
    fn get(&self, path: &str) -> String {
        let mut curl = self.on_its_network("curl");
        let url = format!("http://127.0.0.1:8000{path}");
        let answer = curl.args(["--silent", "--max-time", "5", &url]).output();
        String::from_utf8_lossy(&answer.unwrap().stdout).into_owned()
    }

    /// Waits until the pod says this of its health.
    fn is(&self, health: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let said = self.get("/healthz");
            if said.trim() == health {
                return;
            }
            if Instant::now() > until {
                let log = self.podman(&["logs", RELAY]).output().unwrap();
                panic!("not {health}: {said:?}; {log:?}");
            }
            yield_now();
        }
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // There may be no pod yet.
        let mut down = self.podman(&["pod", "rm", "--all", "--force", "--time", "0"]);
        let _ = down.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The image's files: the host of the Debian package where the Containerfile has it, and the libraries that it asks for.
fn files_of_the_image(folder: &Path) {
    let unpacked = tempfile::tempdir().unwrap();
    let package = file("debian");
    run(Command::new("dpkg-deb")
        .arg("-x")
        .arg(package)
        .arg(unpacked.path()));
    let host = unpacked.path().join("usr/bin/udp-echo");
    let libraries = run(Command::new("ldd").arg(&host));
    let libraries = libraries
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    let placed = folder.join("usr/local/bin/udp-echo");
    fs::create_dir_all(placed.parent().unwrap()).unwrap();
    fs::copy(&host, placed).unwrap();
    for library in libraries {
        let placed = folder.join(library.trim_start_matches('/'));
        fs::create_dir_all(placed.parent().unwrap()).unwrap();
        fs::copy(library, placed).unwrap();
    }
}

/// What these lines of `deploy` say, with one of them changed.
fn changed(text: &str, before: &str, after: &str) -> String {
    assert_eq!(text.matches(before).count(), 1, "{before:?} in {text}");
    text.replace(before, after)
}

/// What the kernel says of a process.
fn status<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.and_then(|line| line.strip_prefix(':'));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.split_whitespace().collect()
}

#[test]
fn podman_plays_the_deployment_and_its_relay_is_nobody_echoes_and_drains() {
    let missing = ["podman", "runc", "unshare", "nsenter", "ip", "curl"];
    let missing: Vec<_> = missing.into_iter().filter(|name| !has(name)).collect();
    let is_root = run(Command::new("id").arg("-u")).trim() == "0";
    if !is_root || !missing.is_empty() {
        println!("left out: podman needs root here, and these programs: {missing:?}");
        return;
    }
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/deploy");
    let podman = Podman::start();

    let context = podman.path("context");
    files_of_the_image(&context);
    let containerfile = fs::read_to_string(deploy.join("Containerfile")).unwrap();
    let (_, last) = containerfile.rsplit_once("\nFROM ").unwrap();
    let (_, last) = last.split_once('\n').unwrap();
    let copied = "COPY --from=build /source/target/release/udp-echo /usr/local/bin/udp-echo";
    let last = format!("FROM scratch\n{}", changed(last, copied, "COPY . /"));
    fs::write(podman.path("Containerfile"), last).unwrap();
    let mut build = podman.podman(&["build", "--quiet", "--tag", "localhost/udp-echo", "--file"]);
    run(build.arg(podman.path("Containerfile")).arg(&context));

    let deployment = fs::read_to_string(deploy.join("kubernetes/deployment.yaml")).unwrap();
    let image = "image: localhost/udp-echo:latest\n          imagePullPolicy: Never\n";
    let deployment = changed(&deployment, "image: udp-echo\n", image);
    let played = podman.path("deployment.yaml");
    fs::write(&played, deployment).unwrap();
    let secret = podman.path("secret");
    fs::write(&secret, r#"{"resume-secret":"c2VjcmV0IG9mIGEgdGVzdA=="}"#).unwrap();
    let mut create = podman.podman(&["secret", "create", "udp-echo"]);
    run(create.arg(&secret));
    run(podman.podman(&["kube", "play"]).arg(&played));

    podman.is("ready");
    let pid = run(&mut podman.podman(&["inspect", "--format", "{{.State.Pid}}", RELAY]));
    let process = Path::new("/proc").join(pid.trim());
    let kernel = fs::read_to_string(process.join("status")).unwrap();
    assert_eq!(status(&kernel, "Uid"), ["65534"; 4]);
    assert_eq!(status(&kernel, "Gid"), ["65534"; 4]);
    for capabilities in ["CapEff", "CapPrm", "CapBnd"] {
        assert_eq!(status(&kernel, capabilities), ["0000000000000000"]);
    }
    assert_eq!(status(&kernel, "NoNewPrivs"), ["1"]);
    let mounts = fs::read_to_string(process.join("mountinfo")).unwrap();
    let root = mounts
        .lines()
        .find(|line| line.split(' ').nth(4) == Some("/"));
    let options = root.and_then(|root| root.split(' ').nth(5)).unwrap();
    assert!(options.split(',').any(|option| option == "ro"), "{root:?}");
    let environment = fs::read(process.join("environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    let expected = "UDP_ECHO_RESUME_SECRET=secret of a test";
    assert!(
        environment.split('\0').any(|one| one == expected),
        "{environment}"
    );

    let mut page = podman.on_its_network("python3");
    page.args(["-B", "-c", PAGE]);
    let echoed = run(page.env("PYTHONPATH", strangers()));
    assert_eq!(echoed, "from a pod\n");
    // Who scrapes is in the cluster's network, which is not podman's.
    let refused = podman.get("/metrics");
    assert!(refused.starts_with("metrics are not for 10."), "{refused}");

    run(&mut podman.podman(&["kill", "--signal", "TERM", RELAY]));
    podman.is("draining");
}
