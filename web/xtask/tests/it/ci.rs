//! `.ci/run`, with a cargo that does nothing: which parts it starts in the minutes that it has.
#![cfg(unix)]
// What the helper below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// What `.ci/run` starts and says when it has as many minutes as are set, or nothing is set, and took this many for what every run checks.
fn run(took: u32, minutes: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho cargo \"$@\"\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/run");
    let mut bash = Command::new("bash");
    // Bash counts on from there.
    bash.arg(script).env("SECONDS", (took * 60).to_string());
    bash.env_remove("CI_MINUTES");
    bash.envs(minutes.map(|minutes| ("CI_MINUTES", minutes)));
    bash.env("PATH", format!("{}:{path}", folder.path().display()));
    let output = bash.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

const PARTS: [&str; 5] = ["embeds", "builds", "packages", "generators", "trunk"];

#[test]
fn a_part_is_started_when_its_minutes_are_left_and_named_when_not() {
    let enough = run(25, Some("90"));
    for part in PARTS {
        let line = format!("cargo verify --only --{part}\n");
        assert!(enough.contains(&line), "{part}: {enough}");
    }
    assert!(enough.starts_with("cargo verify\n"), "{enough}");
    assert!(!enough.contains("left out"), "{enough}");

    assert_eq!(
        run(25, None),
        enough,
        "90 is what it takes unless it is told"
    );

    let few = run(0, Some("10"));
    assert!(
        few.starts_with("cargo verify\ntook 0 of 10 minutes\n"),
        "{few}"
    );
    for part in PARTS {
        let named = few
            .lines()
            .find(|line| line.starts_with(&format!("left out: {part} (takes ")));
        let named = named.unwrap_or_else(|| panic!("{part}: {few}"));
        assert!(named.ends_with(" minutes, 0 were left)"), "{named}");
    }
}

#[test]
fn a_machine_that_took_twice_as_long_is_given_twice_the_minutes_for_a_part() {
    let slow = run(50, Some("80"));
    assert!(slow.contains("cargo verify --only --embeds\n"), "{slow}");
    assert!(slow.contains("\ntook 50 of 80 minutes\n"), "{slow}");
    let packages = "left out: packages (takes 32 minutes, 20 were left)\n";
    assert!(slow.contains(packages), "{slow}");
}
