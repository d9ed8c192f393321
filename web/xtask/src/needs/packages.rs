//! The programs that make our packages for PyPI and Debian, and judge them. Those for npm are npm's own.

use anyhow::Result;

use super::generators::install_from_pypi;
use super::{apt_install, build};
use crate::program;

/// The folder among the tools where those of [`PYPI`] are.
pub(crate) const FOLDER: &str = "packages";

/// Makes the wheel and the sdist, with Zig as the linker for an old glibc; judges both; runs them as their users do.
const PYPI: &[&str] = &[
    "maturin==1.16.0",
    "ziglang==0.17.1",
    "auditwheel==6.8.2",
    "twine==7.0.0",
    "check-wheel-contents==0.6.3",
    "pipx==1.18.4",
    "uv==0.13.9",
];

/// Makes the Debian package. Built from source, once.
const CARGO_DEB: &str = "3.8.0";

/// What Debian has: the judge of its packages, and what starts a pod from our files for Kubernetes.
const DEBIAN: [(&str, &[&str]); 2] = [
    ("lintian", &["lintian"]),
    (
        "podman",
        &[
            "podman",
            "runc",
            "catatonit",
            "containernetworking-plugins",
            "iptables",
        ],
    ),
];

/// Installs those that are missing; what Debian has, where there is an `apt-get`.
///
/// # Errors
/// When one cannot be installed from here.
pub(crate) fn install() -> Result<()> {
    install_for_python()?;
    install_for_debian()?;
    for (program, packages) in DEBIAN {
        if program::find("apt-get").is_some() && program::find(program).is_none() {
            apt_install(packages)?;
        }
    }
    Ok(())
}

/// Installs what makes the wheel.
///
/// # Errors
/// When it cannot be installed from here.
pub(crate) fn install_for_python() -> Result<()> {
    install_from_pypi(FOLDER, PYPI)
}

/// Installs what makes the Debian package.
///
/// # Errors
/// When it cannot be installed from here.
pub(crate) fn install_for_debian() -> Result<()> {
    build("cargo-deb", "cargo-deb", CARGO_DEB, &["--locked"])
}
