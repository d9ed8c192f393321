//! Programs that are not ours: where they are, and how to get them.

use std::env;
use std::path::{Path, PathBuf};

use crate::workspace;

/// Finds an executable on `PATH`, or among the npm packages of the root or of `target/tools`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let npm = [tools_dir(), workspace::root()].map(|folder| folder.join("node_modules/.bin"));
    npm.into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(&file))
        .find(|candidate| is_executable(candidate))
}

/// Where `cargo verify` puts what it fetches from npm: out of the way of everything else.
pub(crate) fn tools_dir() -> PathBuf {
    workspace::target_dir().join("tools")
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
