//! Where things are in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository, from the place where this crate was compiled.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask
        .ancestors()
        .nth(2)
        .expect("this crate is two folders below the root")
        .to_path_buf()
}

/// Cargo's target folder: `CARGO_TARGET_DIR` when that is set, as for cargo itself, else `target` in the root.
pub(crate) fn target_dir() -> PathBuf {
    let root = root();
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

/// A cargo command that runs in the root, with the very cargo that runs this program.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(subcommand).current_dir(root());
    cargo
}

/// As [`cargo`], for the subcommands that resolve dependencies: none of them may change the lock file.
pub(crate) fn locked_cargo(subcommand: &str) -> Command {
    let mut cargo = cargo(subcommand);
    cargo.arg("--locked");
    cargo
}

/// Builds one of the host's tests in release, and runs it; its options follow.
pub(crate) fn release_test(name: &str) -> Command {
    let mut test = locked_cargo("test");
    test.args(["--release", "--package", "udp-echo", "--test", name, "--"]);
    test
}
