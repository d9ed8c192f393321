//! The host's sources with the page inside, as a workspace of their own: what packages are built from that others build again.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, workspace};

/// The members that the host needs; the fuzzers are a workspace of their own.
const MEMBERS: &str = r#"members = ["server", "server/test-support", "server/wire"]"#;

/// Lays the sources into a folder, and nothing else.
///
/// # Errors
/// When there is no git to say which files are sources, or a file cannot be read or written.
pub(super) fn lay(folder: &Path) -> Result<()> {
    let root = workspace::root();
    super::empty(folder)?;
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    git.args(["--", "server", ":!server/fuzz"]);
    let files = command::read(git.current_dir(&root))
        .context("ask git for the sources; packages are made in a checkout")?;
    let licences = ["LICENSE-MIT", "LICENSE-APACHE", "Cargo.lock"];
    let named = files.split('\0').filter(|name| !name.is_empty());
    for name in named.chain(licences) {
        copy(&root.join(name), &folder.join(name))?;
    }
    copy_folder(&root.join("server/bundle"), &folder.join("server/bundle"))?;
    let manifest = root.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&manifest).with_context(|| format!("read {}", manifest.display()))?;
    write(&folder.join("Cargo.toml"), &alone(&manifest))?;
    // There is no git where somebody builds this.
    if let Some(commit) = super::commit() {
        let config = format!("[env]\nUDP_ECHO_COMMIT = \"{commit}\"\n");
        write(&folder.join(".cargo/config.toml"), &config)?;
    }
    Ok(())
}

/// The workspace's manifest, for the host alone.
fn alone(manifest: &str) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        match line.split(" = ").next() {
            Some("members") => text += MEMBERS,
            Some("exclude") => continue,
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

/// Copies a file to a place whose folder may be missing.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    make_room(to)?;
    fs::copy(from, to)
        .with_context(|| format!("copy {} to {}", from.display(), to.display()))
        .map(drop)
}

/// Copies a folder with all that is in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let list = fs::read_dir(from).with_context(|| format!("list {}", from.display()))?;
    for entry in list {
        let entry = entry.with_context(|| format!("list {}", from.display()))?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &to)?;
        } else {
            copy(&path, &to)?;
        }
    }
    Ok(())
}

/// Writes a file at a place whose folder may be missing.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    make_room(path)?;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn make_room(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_alone_is_a_workspace_that_cargo_reads() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = workspace::root().join("Cargo.toml");
        let manifest = alone(&fs::read_to_string(manifest).unwrap());
        assert!(manifest.contains(MEMBERS) && !manifest.contains("exclude"));
        for member in ["server", "server/test-support", "server/wire"] {
            let name = format!("{member}/Cargo.toml");
            copy(&workspace::root().join(&name), &folder.path().join(&name)).unwrap();
            for file in ["src/lib.rs", "benches/relay/main.rs"] {
                write(&folder.path().join(member).join(file), "").unwrap();
            }
        }
        // The wasm client's crates are named as dependencies that nobody uses.
        write(&folder.path().join("Cargo.toml"), &manifest).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
        command::read(cargo.current_dir(folder.path())).unwrap();
    }
}
