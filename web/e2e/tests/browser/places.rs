//! Where things are in this repository and in cargo's target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder that authors copy from.
pub(crate) fn embed() -> PathBuf {
    root().join("www/embed")
}

/// What `cargo xtask bundle` has made.
pub(crate) fn bundle() -> PathBuf {
    root().join("server/bundle")
}

/// Cargo's target folder, in which the xtask puts its own folders.
pub(crate) fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent()
        .expect("tmp lies in the target folder")
        .to_path_buf()
}

/// What `cargo verify` fetches by npm and cargo.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

/// Runs Node in the root of the repository, and fails with what it said when it fails.
pub(crate) fn node(arguments: &[&str]) {
    let mut node = Command::new("node");
    let output = node.args(arguments).current_dir(root()).output();
    let output = output.expect("node is there (cargo verify installs it)");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "node {arguments:?}:\n{said}");
}
