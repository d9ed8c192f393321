//! Building the ready folders with the programs that `cargo verify` installed in the target folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::embed::files::{copy, entries};
use crate::places::{self, tools};

/// The folders that authors copy.
fn ready(name: &str) -> PathBuf {
    places::embed().join(name)
}

/// An empty folder for what comes of a build.
fn fresh(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("generators")
        .join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

/// A program of ours, or one that is on the path anyway.
fn tool(name: &str) -> Result<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [tools().join("bin")]
        .into_iter()
        .chain(env::split_paths(&path));
    let mut command = Command::new(name);
    command.env("PATH", env::join_paths(folders)?);
    Ok(command)
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("run {command:?} (cargo verify installs it)"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output)
}

/// `pip install` of the extension as an author does it, and the example built with it.
pub(super) fn sphinx() -> Result<PathBuf> {
    let site = fresh("sphinx")?;
    let mut build = sphinx_build(&site)?;
    // A warning is an error.
    build
        .args(["-W", "-b", "html"])
        .arg(ready("sphinx/example"));
    run(build.arg(site.join("html")))?;
    Ok(site.join("html"))
}

/// What Sphinx says of a page, and what its text builder makes of it.
pub(super) fn sphinx_text(page: &str) -> Result<(String, String)> {
    let site = fresh("sphinx-text")?;
    fs::copy(ready("sphinx/example/conf.py"), site.join("conf.py"))?;
    fs::write(site.join("index.rst"), page)?;
    let mut build = sphinx_build(&site)?;
    build.args(["-b", "text"]).arg(&site);
    let output = run(build.arg(site.join("out")))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((said, fs::read_to_string(site.join("out/index.txt"))?))
}

/// `sphinx-build`, to which the extension is installed in `site`.
fn sphinx_build(site: &Path) -> Result<Command> {
    let venv = tools().join("sphinx/bin");
    // pip builds in the very folder, and the sources shall stay clean.
    let extension = site.join("extension");
    copy(&ready("sphinx"), &extension, &[])?;
    let packages = site.join("packages");
    let mut pip = Command::new(venv.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    // With the setuptools of the folder, so that a test needs no network.
    pip.args(["--no-build-isolation", "--target"]);
    run(pip.arg(&packages).arg(&extension))?;
    let mut build = Command::new(venv.join("sphinx-build"));
    build.env("PYTHONPATH", packages).arg("--quiet");
    Ok(build)
}

/// The book, in a folder of its own: mdBook writes beside its sources otherwise.
pub(super) fn mdbook() -> Result<PathBuf> {
    let site = fresh("mdbook")?;
    run(tool("mdbook")?
        .arg("build")
        .arg(ready("mdbook"))
        .arg("--dest-dir")
        .arg(&site))?;
    Ok(site)
}

pub(super) fn hugo() -> Result<PathBuf> {
    let site = fresh("hugo")?;
    // Its lock file would lie beside the sources.
    let source = site.join("source");
    copy(&ready("hugo"), &source, &[])?;
    run(tool("hugo")?
        .arg("--source")
        .arg(&source)
        .arg("--destination")
        .arg(site.join("html")))?;
    Ok(site.join("html"))
}

/// A build takes half a minute: it is done again only when the folder, or what is installed, is another.
pub(super) fn docusaurus() -> Result<PathBuf> {
    let installed = tools().join("docusaurus");
    let mut hash = Sha256::new();
    add_to_hash(&ready("docusaurus"), &mut hash)?;
    let lock = installed.join("node_modules/.package-lock.json");
    hash.update(
        fs::read(&lock)
            .with_context(|| format!("read {} (cargo verify installs it)", lock.display()))?,
    );
    let inputs = format!("{hash:x?}", hash = hash.finalize());

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generators");
    let stamp = folder.join("docusaurus.stamp");
    let site = folder.join("docusaurus");
    if fs::read_to_string(&stamp).is_ok_and(|last| last == inputs) && site.exists() {
        return Ok(site);
    }
    let site = fresh("docusaurus")?;
    fs::remove_dir_all(installed.join("docs")).ok();
    copy(&ready("docusaurus"), &installed, &[])?;
    let mut node = tool("node")?;
    node.current_dir(&installed)
        .arg("node_modules/@docusaurus/core/bin/docusaurus.mjs")
        .args(["build", "--out-dir"]);
    run(node.arg(&site))?;
    fs::write(stamp, inputs)?;
    Ok(site)
}

fn add_to_hash(folder: &Path, hash: &mut Sha256) -> Result<()> {
    for path in entries(folder)? {
        hash.update(path.as_os_str().as_encoded_bytes());
        if path.is_dir() {
            add_to_hash(&path, hash)?;
        } else {
            hash.update(fs::read(&path)?);
        }
    }
    Ok(())
}
