//! The package for PyPI: an sdist with the page inside, and the wheel that is built from it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Made, empty, made_by, notebook, papers, sources};
use crate::bundle::{self, Bundle};
use crate::needs::packages;
use crate::{command, program, progress, workspace};

/// The oldest glibc whose systems the wheel is for: that of RHEL 8, Debian 10 and Ubuntu 18.10.
const POLICY: &str = "manylinux_2_28";

/// Makes the sdist and, from what it holds, the wheel; has both judged.
pub(super) fn make(bundle: &Bundle, dist: &Path) -> Result<[Made; 2]> {
    packages::install_for_python()?;
    let host = super::build_host()?;
    progress::heading("building the package for PyPI");
    let laid = dist.join("python-source");
    lay(bundle, &laid)?;
    papers::write(&host, &laid.join("udp_echo.data/data/share"))?;
    let folder = dist.join("sdist");
    let mut pack = maturin("sdist")?;
    let sdist = made_by(pack.arg("--out").arg(&folder).current_dir(&laid), &folder)?;

    let unpacked = dist.join("python-build");
    unpack(&sdist, &unpacked)?;
    let mut build = maturin("build")?;
    build.args(["--release", "--compatibility"]);
    // Zig links for a glibc of one's choice; elsewhere there is no such thing to choose.
    match cfg!(target_os = "linux") {
        true => build.args([POLICY, "--zig"]),
        false => build.arg("pypi"),
    };
    build.env("CARGO_TARGET_DIR", workspace::target_dir());
    let folder = dist.join("wheel");
    build.arg("--out").arg(&folder);
    let wheel = made_by(build.current_dir(unpacked), &folder)?;
    judge(&sdist, &wheel)?;
    Ok([
        Made {
            path: wheel,
            note: "pipx run --spec FILE udp-echo",
        },
        Made {
            path: sdist,
            note: "the sources, with the page inside; pip builds it where Rust is",
        },
    ])
}

/// The sources with our Python beside them.
fn lay(bundle: &Bundle, folder: &Path) -> Result<()> {
    sources::lay(folder)?;
    let python = workspace::root().join("www/python");
    for name in ["pyproject.toml", "README.md"] {
        sources::copy(&python.join(name), &folder.join(name))?;
    }
    let package = folder.join("python/udp_echo");
    sources::copy_folder(&python.join("udp_echo"), &package)?;
    // What some Python left behind that ran there.
    fs::remove_dir_all(package.join("__pycache__")).ok();
    bundle::publish(&notebook::files(bundle)?, &package.join("static"))
}

/// Unpacks with the time of now: the archive's own is always the same, and cargo would take new sources for old ones.
fn unpack(sdist: &Path, folder: &Path) -> Result<()> {
    empty(folder)?;
    let archive = File::open(sdist).with_context(|| format!("open {}", sdist.display()))?;
    let mut tar = Command::new("tar");
    // Some take the colon of `C:` for the end of another machine's name.
    tar.args(["-xmzf", "-", "--strip-components=1"]);
    command::run(tar.current_dir(folder).stdin(archive))
}

/// A program of those that `needs` installed from PyPI.
pub(super) fn tool(name: &str) -> Result<Command> {
    let (programs, path) = (programs(), std::env::var_os("PATH").unwrap_or_default());
    let mut tool = Command::new(programs.join(name));
    // maturin looks for Zig, and auditwheel for patchelf, on the path.
    let places = std::iter::once(programs).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(places).context("put the programs from PyPI into PATH")?;
    tool.env("PATH", path);
    Ok(tool)
}

/// Where these programs are.
fn programs() -> PathBuf {
    program::programs_of_venv(&program::tools_dir().join(packages::FOLDER))
}

fn maturin(verb: &str) -> Result<Command> {
    let mut maturin = tool("maturin")?;
    maturin.arg(verb);
    Ok(maturin)
}

/// What PyPI would say, and what users of an old system would.
fn judge(sdist: &Path, wheel: &Path) -> Result<()> {
    command::read(
        tool("twine")?
            .args(["check", "--strict"])
            .args([sdist, wheel]),
    )?;
    command::read(tool("check-wheel-contents")?.arg(wheel))?;
    if cfg!(target_os = "linux") {
        let said = command::read(tool("auditwheel")?.arg("show").arg(wheel))?;
        if !said.contains(&format!("\"{POLICY}_")) {
            bail!(
                "auditwheel does not call {} {POLICY}:\n{said}",
                wheel.display()
            );
        }
    }
    Ok(())
}
