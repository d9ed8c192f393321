//! Programs that are not ours: where they are, and how to get them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace;

/// How the names of executables end. On Windows npm and all that it installs are scripts.
const SUFFIXES: &[&str] = if cfg!(windows) {
    &[".exe", ".cmd"]
} else {
    &[""]
};

/// Finds an executable among the tools that `cargo verify` fetched, or on `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    search_path()
        .flat_map(|folder| {
            SUFFIXES
                .iter()
                .map(move |suffix| folder.join(format!("{name}{suffix}")))
        })
        .find(|candidate| is_executable(candidate))
}

/// The folder inside of a Python's own folder (a venv) where its programs are.
pub(crate) fn programs_of_venv(venv: &Path) -> PathBuf {
    venv.join(if cfg!(windows) { "Scripts" } else { "bin" })
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
