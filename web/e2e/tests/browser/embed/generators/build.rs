//! Building the ready folders with the programs that `cargo verify` installed in the target folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::embed::files::{copy, entries};
use crate::places::{self, tools};

/// The folders that authors copy.
pub(super) fn ready(name: &str) -> PathBuf {
    places::embed().join(name)
}

/// Where builds leave what they make.
fn builds() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("generators")
}

/// An empty folder for what comes of a build: each test has its own, for several build the same site at the same time.
pub(super) fn fresh(name: &str) -> Result<PathBuf> {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    emptied(builds().join(test).join(name))
}

fn emptied(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

/// A program of ours, or one that is on the path anyway.
pub(super) fn tool(name: &str) -> Result<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [tools().join("bin")]
        .into_iter()
        .chain(env::split_paths(&path));
    let mut command = Command::new(name);
    command.env("PATH", env::join_paths(folders)?);
    Ok(command)
}

pub(super) fn run(command: &mut Command) -> Result<Output> {
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

/// A program of a folder of Python packages, to which our package is there too.
fn with_our_package(program: &str) -> Command {
    let mut command = Command::new(tools().join(program));
    command.env("PYTHONPATH", places::root().join("www/python"));
    // The sources shall stay clean.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The example, built with the extension. That the extension can be installed is tested with the packages.
pub(super) fn sphinx() -> Result<PathBuf> {
    let site = fresh("sphinx")?;
    let mut build = with_our_package("sphinx/bin/sphinx-build");
    // A warning is an error.
    build
        .args(["--quiet", "-W", "-b", "html"])
        .arg(ready("sphinx/example"));
    run(build.arg(site.join("html")))?;
    Ok(site.join("html"))
}

/// What Sphinx says of a page, and what its text builder makes of it.
pub(super) fn sphinx_text(page: &str) -> Result<(String, String)> {
    let site = fresh("sphinx-text")?;
    fs::copy(ready("sphinx/example/conf.py"), site.join("conf.py"))?;
    fs::write(site.join("index.rst"), page)?;
    let mut build = with_our_package("sphinx/bin/sphinx-build");
    build.args(["--quiet", "-b", "text"]).arg(&site);
    let output = run(build.arg(site.join("out")))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((said, fs::read_to_string(site.join("out/index.txt"))?))
}

/// The site as MkDocs makes it; a warning is an error.
pub(super) fn mkdocs() -> Result<PathBuf> {
    let site = fresh("mkdocs")?;
    let mut build = with_our_package("mkdocs/bin/mkdocs");
    // The theme advertises its successor, which is the other test's.
    build.env("NO_MKDOCS_2_WARNING", "1");
    build.args(["build", "--quiet", "--strict", "--config-file"]);
    build.arg(ready("mkdocs/mkdocs.yml")).arg("--site-dir");
    run(build.arg(&site))?;
    Ok(site)
}

/// The same folder as Zensical makes it, which writes beside the sources.
pub(super) fn zensical() -> Result<PathBuf> {
    let site = fresh("zensical")?;
    copy(&ready("mkdocs"), &site, &[])?;
    let mut build = with_our_package("mkdocs/bin/zensical");
    run(build.args(["build", "--strict"]).current_dir(&site))?;
    Ok(site.join("site"))
}

/// What Python-Markdown makes of a text, with these extensions.
pub(super) fn markdown(text: &str, extensions: &[&str]) -> Result<String> {
    let script =
        "import markdown, sys; print(markdown.markdown(sys.argv[1], extensions=sys.argv[2:]))";
    let mut python = with_our_package("mkdocs/bin/python");
    let output = run(python.args(["-c", script, text]).args(extensions))?;
    Ok(String::from_utf8(output.stdout)?)
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

/// The program of a generator, in the folder among the tools that has what it needs, with the ready folder as it is now.
#[cfg(feature = "generators")]
pub(super) fn node_site(name: &str, mut node: Command, program: &str) -> Result<Command> {
    let installed = tools().join(name);
    copy(&ready(name), &installed, &["package.json"])?;
    node.current_dir(&installed)
        .arg(installed.join("node_modules").join(program));
    Ok(node)
}

/// A build takes half a minute: it is done again only when the folder, or what is installed, is another.
///
/// Two tests want it: the second waits for the first.
pub(super) fn docusaurus() -> Result<PathBuf> {
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = tools().join("docusaurus");
    let mut hash = Sha256::new();
    add_to_hash(&ready("docusaurus"), &mut hash)?;
    let lock = installed.join("node_modules/.package-lock.json");
    hash.update(
        fs::read(&lock)
            .with_context(|| format!("read {} (cargo verify installs it)", lock.display()))?,
    );
    let inputs = format!("{hash:x?}", hash = hash.finalize());

    let stamp = builds().join("docusaurus.stamp");
    let site = builds().join("docusaurus");
    if fs::read_to_string(&stamp).is_ok_and(|last| last == inputs) && site.exists() {
        return Ok(site);
    }
    let site = emptied(site)?;
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
