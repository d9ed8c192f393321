//! Programs that are not ours: where they are, and how to get them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace;

/// Finds an executable among the tools that `cargo verify` fetched, or on `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    search_path()
        .map(|folder| folder.join(&file))
        .find(|candidate| is_executable(candidate))
}

/// `PATH` for programs that shall find the tools too.
pub(crate) fn path_with_tools() -> Result<OsString> {
    env::join_paths(search_path()).context("put the tools into PATH")
}

/// Where `cargo verify` puts what it fetches by npm and cargo: out of the way of everything else.
pub(crate) fn tools_dir() -> PathBuf {
    workspace::target_dir().join("tools")
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let tools = ["bin", "node_modules/.bin"].map(|folder| tools_dir().join(folder));
    let path = env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = env::split_paths(&path).collect();
    tools.into_iter().chain(path)
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
