//! Compilation targets beside the machine's own, and their standard library.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::progress::Step;

/// The target of the browser's half.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that the compiler has a standard library for `target`, adding it with rustup when it does not.
///
/// # Errors
/// When it is missing and rustup cannot add it; the error names the command to try by hand.
pub(crate) fn ensure(target: &str) -> Result<()> {
    if installed(target)? {
        return Ok(());
    }
    let step = Step::start(format!("rustup target add {target}"));
    command::read(Command::new("rustup").args(["target", "add", target])).with_context(|| {
        format!(
            "the Rust target {target} is missing and could not be added; \
             run `rustup target add {target}`, or install it the way your Rust was installed"
        )
    })?;
    step.done("added");
    Ok(())
}

/// Whether the sources of the standard library are here, adding them with rustup when they are not. Without them it is
/// used as it came, which is larger and does the same.
pub(crate) fn has_sources() -> bool {
    let have = || library().is_some_and(|library| library.join("std/Cargo.toml").is_file());
    if have() {
        return true;
    }
    let step = Step::start("rustup component add rust-src");
    let added = command::read(Command::new("rustup").args(["component", "add", "rust-src"]));
    let outcome = match added {
        Ok(_) => "added",
        Err(_) => "not to be had",
    };
    step.done(outcome);
    have()
}

/// Where the sources of the standard library are, if they are.
pub(crate) fn library() -> Option<PathBuf> {
    let sysroot = command::read(Command::new("rustc").args(["--print", "sysroot"]));
    Some(Path::new(sysroot.ok()?.trim()).join("lib/rustlib/src/rust/library"))
}

/// Asks the compiler itself, which knows also where there is no rustup (a distribution's Rust).
fn installed(target: &str) -> Result<bool> {
    let libdir = command::read(Command::new("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        target,
    ]))?;
    Ok(Path::new(libdir.trim()).is_dir())
}
