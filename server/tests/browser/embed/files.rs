//! Folders: copied without what was built in them, and served by somebody who knows nothing of us.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

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
    process: Child,
    /// The server as the browser names it.
    pub(crate) origin: String,
}

impl FileServer {
    pub(crate) fn serve(folder: &Path) -> Result<Self> {
        let mut process = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("run python3")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line
            .split(" port ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let port = port.with_context(|| format!("a port in {line:?}"))?;
        let origin = format!("http://127.0.0.1:{port}");
        Ok(Self { process, origin })
    }

    /// Stops it and returns the paths that it was asked for.
    pub(crate) fn asked(mut self) -> Result<Vec<String>> {
        self.process.kill()?;
        let mut log = String::new();
        let stderr = self.process.stderr.take();
        stderr
            .context("stderr is a pipe")?
            .read_to_string(&mut log)?;
        let paths = log.lines().filter_map(|line| line.split("\"GET ").nth(1));
        let path = |rest: &str| rest.split(' ').next().unwrap_or_default().to_owned();
        Ok(paths.map(path).collect())
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
