//! Folders: copied without what was built in them, and served by somebody who knows nothing of us.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use test_support::program::{Attempt, Program, Said};

/// What a program leaves beside the sources, in any folder.
const LEFT_BEHIND: [&str; 2] = ["node_modules", "__pycache__"];

/// The entries of a folder in their order, without what a program has left there.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(reading)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()
        .with_context(reading)?;
    paths.sort();
    paths.retain(|path| !LEFT_BEHIND.iter().any(|name| path.ends_with(name)));
    Ok(paths)
}

/// Copies a folder, but no file or folder that has one of the names in `without`.
pub(crate) fn copy(from: &Path, to: &Path, without: &[&str]) -> Result<()> {
    fs::create_dir_all(to)?;
    for path in entries(from)? {
        if without.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let target = to.join(path.file_name().context("an entry has a name")?);
        if path.is_dir() {
            copy(&path, &target, without)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// Python's file server, which knows nothing of us.
pub(crate) struct FileServer {
    program: Program,
    /// The server as the browser names it.
    pub(crate) origin: String,
}

impl FileServer {
    pub(crate) async fn serve(folder: &Path) -> Result<Self> {
        let attempt = || {
            let mut command = Command::new("python3");
            command.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]);
            command.current_dir(folder);
            let ready = |said: &Said<'_>| said.between(" port ", " ")?.parse::<u16>().ok();
            Attempt::new(command, ready)
        };
        let (program, port) = Program::start(attempt).await?;
        let origin = format!("http://127.0.0.1:{port}");
        Ok(Self { program, origin })
    }

    /// Stops it and returns the paths that it was asked for.
    pub(crate) async fn asked(self) -> Vec<String> {
        let log = self.program.killed().await.stderr;
        let paths = log.lines().filter_map(|line| line.split("\"GET ").nth(1));
        let path = |rest: &str| rest.split(' ').next().unwrap_or_default().to_owned();
        paths.map(path).collect()
    }
}
