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

/// What is done to a module.
const PASSES: [&str; 9] = [
    // Twice, the first time on control flow that is built anew.
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    // The modules begin with memory that nobody has written to, and no pointer of Rust's is near zero.
    "--low-memory-unused",
    "--zero-filled-memory",
    // A function within another one is fewer bytes before gzip, and more after it.
    "--one-caller-inline-max-function-size=20",
    // Notes for tools, which no browser reads.
    "--strip-target-features",
    "--strip-producers",
];

/// The oldest release that leaves the module whole. Debian 12 has release 108, which exports the table of functions
/// under the name of the table of JavaScript values: the page then dies with "WebAssembly.Table.set(): Argument 1 is
/// invalid for table". 110 and later do not.
const OLDEST: u32 = 110;

/// The optimizer of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Optimizer {
    /// There is one that can be used.
    Found { program: PathBuf, release: u32 },
    /// There is one, and it would break the module.
    TooOld { release: u32 },
    /// There is none: the module is served as rustc and wasm-bindgen leave it.
    Missing,
}

impl Optimizer {
    /// Looks for a `wasm-opt` that tells its release.
    pub(crate) fn find() -> Self {
        let Some(program) = program::find("wasm-opt") else {
            return Self::Missing;
        };
        let version = command::read(Command::new(&program).arg("--version"));
        match version.ok().as_deref().and_then(release) {
            Some(release) if release >= OLDEST => Self::Found { program, release },
            Some(release) => Self::TooOld { release },
            None => Self::Missing,
        }
    }

    /// The optimized form of a module, when that is smaller.
    ///
    /// # Errors
    /// When `wasm-opt` refuses the module: then either is broken, and serving it on would hide which.
    pub(super) fn shrink(&self, wasm: Vec<u8>, workshop: &Path) -> Result<Vec<u8>> {
        let Self::Found { program, .. } = self else {
            return Ok(wasm);
        };
        let step = Step::start("optimizing the wasm");
        let [from, to] = ["before.wasm", "after.wasm"].map(|name| workshop.join(name));
        fs::write(&from, &wasm).with_context(|| format!("write {}", from.display()))?;
        let mut optimize = Command::new(program);
        optimize.args(PASSES).args(FEATURES);
        command::read(optimize.arg(&from).arg("-o").arg(&to))?;
        let optimized = fs::read(&to).with_context(|| format!("read {}", to.display()))?;
        let change = format!(
            "{} to {} bytes",
            grouped(wasm.len()),
            grouped(optimized.len())
        );
        if optimized.len() < wasm.len() {
            step.done(&change);
            return Ok(optimized);
        }
        step.done(&format!("{change}: not used"));
        Ok(wasm)
    }
}

/// The number in `wasm-opt version 132 (version_132)`.
fn release(version: &str) -> Option<u32> {
    let mut words = version.split_whitespace();
    words.find(|word| *word == "version")?;
    words.next()?.parse().ok()
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { release, .. } => write!(f, "release {release}"),
            Self::TooOld { release } => {
                write!(
                    f,
                    "not used, release {release} breaks the module; npm's `binaryen` is newer"
                )
            }
            Self::Missing => f.write_str("none found; npm's `binaryen` has it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_which_binaryen_names_its_release_is_read() {
        assert_eq!(release("wasm-opt version 108\n"), Some(108));
        assert_eq!(release("wasm-opt version 132 (version_132)\n"), Some(132));
        assert_eq!(release("wasm-opt: command not found"), None);
    }
}
