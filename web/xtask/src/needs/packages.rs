//! The programs that make our package for PyPI, and judge it. Those for npm are npm's own.

use anyhow::Result;

use super::generators::install_from_pypi;

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

/// Installs those that are missing.
///
/// # Errors
/// When one cannot be installed from here.
pub(crate) fn install() -> Result<()> {
    install_for_python()
}

/// Installs what makes the wheel.
///
/// # Errors
/// When it cannot be installed from here.
pub(crate) fn install_for_python() -> Result<()> {
    install_from_pypi(FOLDER, PYPI)
}
