//! Where things are in this repository and in cargo's target folder.

use std::path::{Path, PathBuf};

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
