//! The site generators that build the ready folders of `www/embed/`, each from its own registry. Hugo is Debian's.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{apt_install, build};
use crate::progress::Step;
use crate::{command, program, workspace};

const SPHINX: &[&str] = &["sphinx==8.2.3"];

/// MkDocs with the theme that most of its sites have, and the generator that its authors write now.
const MKDOCS: &[&str] = &[
    "mkdocs==1.6.1",
    "mkdocs-material==9.8.1",
    "zensical==0.0.73",
];

/// mdBook; nobody watches or serves here, which is half of what it compiles.
const MDBOOK: &str = "0.5.4";

/// What Docusaurus depends on is taken as it was on this day: a thousand packages, some of which break it now and then.
const DOCUSAURUS_DAY: &str = "2026-11-15";

/// Installs those that are missing, all in the target folder.
pub(super) fn install() -> Result<()> {
    install_from_pypi("sphinx", SPHINX)?;
    install_from_pypi("mkdocs", MKDOCS)?;
    let lean = ["--locked", "--no-default-features", "--features", "search"];
    build("mdbook", "mdbook", MDBOOK, &lean)?;
    install_docusaurus()
}

/// Installs packages of PyPI into a folder of their own among the tools, unless these are there.
fn install_from_pypi(folder: &str, packages: &[&str]) -> Result<()> {
    let venv = program::tools_dir().join(folder);
    let wanted = packages.join("\n");
    let stamp = venv.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let step = Step::start(format!("pip install {}", packages.join(" ")));
    if make_venv(&venv).is_err() {
        // Debian keeps this part of Python in a package of its own.
        apt_install(&["python3-venv"])?;
        make_venv(&venv)?;
    }
    let mut pip = Command::new(venv.join("bin/pip"));
    command::read(pip.args(["install", "--quiet"]).args(packages))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    step.done("installed in the target folder");
    Ok(())
}

fn make_venv(folder: &Path) -> Result<()> {
    let mut python = Command::new("python3");
    command::read(python.args(["-m", "venv", "--clear"]).arg(folder))?;
    Ok(())
}

fn install_docusaurus() -> Result<()> {
    let folder = program::tools_dir().join("docusaurus");
    let ready = workspace::root().join("www/embed/docusaurus/package.json");
    let package =
        fs::read_to_string(&ready).with_context(|| format!("read {}", ready.display()))?;
    let wanted = format!("{DOCUSAURUS_DAY}\n{package}");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let Some(npm) = program::find("npm") else {
        bail!("npm is missing, which gets Docusaurus: install node and npm");
    };
    let step = Step::start("npm install of Docusaurus");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    fs::write(folder.join("package.json"), package).context("write package.json")?;
    let mut npm = Command::new(npm);
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.args(["--before", DOCUSAURUS_DAY]);
    command::read(npm.current_dir(&folder))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    step.done("installed in the target folder");
    Ok(())
}
