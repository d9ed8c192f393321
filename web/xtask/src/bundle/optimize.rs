//! `wasm-opt`, where there is one.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::progress::Step;
use crate::table::grouped;
use crate::{command, program};

/// What rustc's wasm uses since 1.87; an older `wasm-opt` takes these for errors unless told.
const FEATURES: [&str; 5] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
];

/// The optimizer of this machine.
pub(super) enum Optimizer {
    /// There is one, and this is how it names itself.
    Found { program: PathBuf, version: String },
    /// There is none: the module is served as rustc and wasm-bindgen leave it.
    Missing,
}

impl Optimizer {
    /// Looks for a `wasm-opt` that at least tells its version.
    pub(super) fn find() -> Self {
        let Some(program) = program::find("wasm-opt") else {
            return Self::Missing;
        };
        match command::read(Command::new(&program).arg("--version")) {
            Ok(version) => Self::Found {
                program,
                version: version.trim().to_owned(),
            },
            Err(_) => Self::Missing,
        }
    }

    /// Replaces the module by its optimized form, when that is smaller.
    ///
    /// # Errors
    /// When `wasm-opt` refuses the module: then either is broken, and serving it on would hide which.
    pub(super) fn shrink(&self, wasm: &mut Vec<u8>, workshop: &Path) -> Result<()> {
        let Self::Found { program, .. } = self else {
            return Ok(());
        };
        let step = Step::start("optimizing the wasm");
        let [from, to] = ["before.wasm", "after.wasm"].map(|name| workshop.join(name));
        fs::write(&from, &*wasm).with_context(|| format!("write {}", from.display()))?;
        command::read(
            Command::new(program)
                .arg("-Oz")
                .args(FEATURES)
                .arg(&from)
                .arg("-o")
                .arg(&to),
        )?;
        let optimized = fs::read(&to).with_context(|| format!("read {}", to.display()))?;
        let change = format!(
            "{} to {} bytes",
            grouped(wasm.len()),
            grouped(optimized.len())
        );
        if optimized.len() < wasm.len() {
            *wasm = optimized;
            step.done(&change);
        } else {
            step.done(&format!("{change}: not used"));
        }
        Ok(())
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { version, .. } => f.write_str(version),
            Self::Missing => f.write_str("none found (npm's or Debian's `binaryen` has it)"),
        }
    }
}
