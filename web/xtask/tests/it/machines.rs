//! The verbs on machines that lack something: a folder of small scripts stands in for everything on `PATH`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A machine on which only the given programs are installed.
struct Machine {
    folder: TempDir,
}

/// A Python whose virtual environments hold a Python whose pip is content.
const VENV: &str = "PATH=/usr/bin:/bin; mkdir -p $4/bin; printf '#!/bin/sh\n' > $4/bin/python; chmod +x $4/bin/python";

/// A cargo that says what it is asked to do and is content with all but the lints. It knows no packages.
const CARGO_WITHOUT_CLIPPY: &str =
    "[ $1 = metadata ] && { echo '{\"packages\":[]}'; exit; }; echo \"cargo $*\"; [ $1 != clippy ]";

/// How a run of the xtask ended.
struct Ended {
    success: bool,
    said: String,
}

impl Machine {
    /// A bare machine whose cargo says what it is asked to do, and is content.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let machine = Self { folder };
        machine.with("cargo", "echo \"cargo $*\"")
    }

    /// Installs a shell script under this name.
    fn with(self, program: &str, script: &str) -> Self {
        let path = self.path(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("write a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("make it executable");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn xtask(&self, verb: &str) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg(verb)
            .env("PATH", self.folder.path())
            .env("CARGO", self.path("cargo"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .output()
            .expect("run the xtask");
        let said = [output.stdout, output.stderr].concat();
        Ended {
            success: output.status.success(),
            said: String::from_utf8(said).expect("it says text"),
        }
    }
}

#[test]
fn without_the_wasm_target_and_a_way_to_get_it_bundle_names_the_command() {
    let machine = Machine::new()
        .with("rustc", "echo /nowhere/lib")
        .with("rustup", "echo 'error: could not download' >&2; exit 1");
    let ended = machine.xtask("bundle");
    assert!(!ended.success);
    for part in [
        "`rustup target add wasm32-unknown-unknown`",
        "could not download",
    ] {
        assert!(
            ended.said.contains(part),
            "{part} is missing in {}",
            ended.said
        );
    }
    assert!(
        !ended.said.contains("cargo build"),
        "nothing is built: {}",
        ended.said
    );
}

#[test]
fn a_missing_target_is_added_before_anything_is_built() {
    let machine = Machine::new()
        .with("rustc", "echo /nowhere/lib")
        .with("rustup", "exit 0");
    let ended = machine.xtask("bundle");
    let added = ended.said.find("rustup target add wasm32-unknown-unknown");
    let built = ended
        .said
        .find("cargo build --locked --package udp-echo-web");
    assert!(added.is_some() && built.is_some(), "{}", ended.said);
}

#[test]
fn verify_does_not_install_as_a_mere_user_but_says_what_to_run() {
    let machine = Machine::new()
        .with("id", "echo 1000")
        .with("apt-get", "echo \"apt-get $*\"");
    let ended = machine.xtask("verify");
    assert!(!ended.success);
    assert!(
        ended
            .said
            .contains("sudo apt-get install --yes chromium chromium-driver"),
        "{}",
        ended.said
    );
    assert!(
        !ended.said.contains("apt-get --quiet"),
        "apt-get ran: {}",
        ended.said
    );
}

#[test]
fn verify_installs_as_root_and_stops_at_the_first_check_that_fails() {
    let machine = Machine::new()
        .with("id", "echo 0")
        .with("apt-get", "exit 0")
        .with("python3", VENV)
        .with("npm", "exit 0")
        .with("cargo", CARGO_WITHOUT_CLIPPY);
    let ended = machine.xtask("verify");
    assert!(!ended.success);
    assert!(
        ended.said.contains("cargo fmt --all --check"),
        "{}",
        ended.said
    );
    assert!(
        ended.said.contains("verify stopped at \"clippy, native\""),
        "{}",
        ended.said
    );
    assert!(!ended.said.contains("cargo test"), "{}", ended.said);
    let row = |name: &str| {
        ended
            .said
            .lines()
            .find(|line| line.starts_with(name))
            .map(str::to_owned)
    };
    assert!(row("fmt ").unwrap().ends_with("ok"));
    assert!(row("clippy, native").unwrap().ends_with("FAILED"));
    assert!(row("all ").unwrap().ends_with("FAILED"));
    assert_eq!(row("test "), None, "what did not run has no row");
}
