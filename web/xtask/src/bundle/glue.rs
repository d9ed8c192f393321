//! From Rust sources to a wasm module and the JavaScript that loads it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::bundle::site::{self, Files};
use crate::progress::Step;
use crate::{command, target, workspace};

/// The stem that wasm-bindgen gives to what it writes; Trunk names the same files the same way.
const NAME: &str = "udp-echo-web";
/// The wasm module as it is served.
pub(super) const WASM_FILE: &str = "udp-echo-web_bg.wasm";
/// The module's JavaScript half.
pub(super) const GLUE_FILE: &str = "udp-echo-web.js";
/// The cargo profile of the browser's half.
const PROFILE: &str = "wasm";

/// Compiles `web/` and returns the path of the raw module.
pub(super) fn compile() -> Result<PathBuf> {
    command::run(&mut cargo("build"))?;
    let folder = workspace::target_dir().join(target::WASM).join(PROFILE);
    Ok(folder.join("udp_echo_web.wasm"))
}

/// A cargo command on the browser's half, for its target and in its profile.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = workspace::locked_cargo(subcommand);
    cargo.args([
        "--package",
        NAME,
        "--target",
        target::WASM,
        "--profile",
        PROFILE,
    ]);
    // Set here, they also keep the caller's RUSTFLAGS out, which are meant for the caller's processor.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags());
    cargo
}

/// Compiler flags that keep this machine's paths out of the panic messages in the module: the same sources give the
/// same bytes, and so the same version, everywhere.
fn flags() -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let mut flag = OsString::new();
    if let Some(home) = home {
        flag.push("--remap-path-prefix=");
        flag.push(home.join("registry/src"));
        flag.push("=");
    }
    flag
}

/// Runs wasm-bindgen, as a library and therefore in the very version the client is built with.
pub(super) fn generate(module: &Path, workshop: &Path) -> Result<Files> {
    let step = Step::start("writing the JavaScript glue");
    let folder = workshop.join("glue");
    // What an older version wrote must not end up in this bundle.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .out_name(NAME)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .with_context(|| format!("wasm-bindgen on {}", module.display()))?;
    let files = site::read_folder(&folder)?;
    step.done(&format!("{} files", files.len()));
    Ok(files)
}
