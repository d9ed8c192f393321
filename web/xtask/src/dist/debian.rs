//! The Debian package: the host, its unit, completions and manual pages, packed by `cargo-deb`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Made, made_by, papers, sources};
use crate::needs::packages;
use crate::{command, program, progress, workspace};

/// Where the unit for hand-made installations looks for the binary and its settings, and where Debian has them.
const PLACES: [(&str, &str); 2] = [
    ("/usr/local/bin/udp-echo", "/usr/bin/udp-echo"),
    ("/etc/udp-echo.env", "/etc/default/udp-echo"),
];

/// Builds the host and packs it.
pub(super) fn make(dist: &Path) -> Result<Made> {
    packages::install_for_debian()?;
    let host = super::build_host()?;
    progress::heading("packing for Debian");
    let laid = dist.join("debian-source");
    sources::lay(&laid)?;
    let debian = laid.join("server/debian");
    papers::write(&host, &debian.join("share"))?;
    for unit in ["udp-echo.service", "udp-echo.socket"] {
        let path = workspace::root().join("server/deploy").join(unit);
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("read {}", path.display()))?;
        sources::write(&debian.join(unit), &of_debian(&text))?;
    }
    sources::write(&debian.join("changelog"), &changelog()?)?;
    sources::write(&debian.join("copyright"), COPYRIGHT)?;

    let folder = dist.join("debian");
    let program =
        program::find("cargo-deb").context("there is no cargo-deb, although it was built")?;
    let mut deb = Command::new(program);
    // The binary is there; a second build would be one without the commit.
    deb.args(["--no-build", "--manifest-path"]);
    deb.arg(laid.join("server/Cargo.toml"))
        .arg("--output")
        .arg(&folder);
    deb.env("CARGO_TARGET_DIR", workspace::target_dir());
    let path = made_by(deb.current_dir(&laid), &folder)?;
    judge(&path)?;
    let note = "apt install FILE";
    Ok(Made { path, note })
}

/// A unit as Debian wants it: with Debian's places, and without the comment on how to put it there by hand.
fn of_debian(unit: &str) -> String {
    let lines = unit
        .lines()
        .skip_while(|line| line.starts_with('#') || line.is_empty());
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    for (by_hand, debian) in PLACES {
        text = text.replace(by_hand, debian);
    }
    text
}

/// Debian's form of a changelog, with the commit and its day.
fn changelog() -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%cd", "--date=rfc2822"]);
    let day = command::read(git.current_dir(workspace::root()))?;
    let commit = super::commit().unwrap_or_default();
    let by = "udp-echo maintainers <maintainers@users.noreply.udp-echo.invalid>";
    Ok(format!(
        "udp-echo ({version}) unstable; urgency=medium\n\n  * Made from commit {commit}.\n\n -- {by}  {}\n",
        day.trim()
    ))
}

/// Lets `lintian` judge it, where there is one.
fn judge(package: &PathBuf) -> Result<()> {
    let Some(lintian) = program::find("lintian") else {
        eprintln!("    left out: lintian is not here, which judges the Debian package");
        return Ok(());
    };
    let mut lintian = Command::new(lintian);
    // It wants to run as anybody but root, and says so on every run.
    lintian.args([
        "--allow-root",
        "--fail-on",
        "error,warning",
        "--tag-display-limit",
        "0",
    ]);
    command::read(lintian.arg(package)).map(drop)
}

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: udp-echo

Files: *
Copyright: 2026 The udp-echo maintainers
License: MIT or Apache-2.0

License: MIT
 Permission is hereby granted, free of charge, to any person obtaining a copy
 of this software and associated documentation files (the \"Software\"), to deal
 in the Software without restriction, including without limitation the rights
 to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.

License: Apache-2.0
 On Debian systems, the full text is in /usr/share/common-licenses/Apache-2.0.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_the_package_has_debian_s_places_and_all_its_settings() {
        let unit = include_str!("../../../../server/deploy/udp-echo.service");
        let debian = of_debian(unit);
        assert!(debian.starts_with("[Unit]\n"), "{debian}");
        assert!(debian.contains("\nExecStart=/usr/bin/udp-echo serve\n"));
        assert!(debian.contains("\nEnvironmentFile=-/etc/default/udp-echo\n"));
        let settings = |text: &str| text.lines().filter(|line| line.contains('=')).count();
        assert!(settings(&debian) > 40 && !debian.contains("/usr/local"));
    }
}
