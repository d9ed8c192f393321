//! From Rust sources to wasm modules and the JavaScript that loads them: the core of the widget, and its chunks.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use walrus::ModuleConfig;
use wasm_bindgen_cli_support::Bindgen;

use crate::bundle::minify::Minifier;
use crate::bundle::site::{self, Files};
use crate::bundle::{imports, panics};
use crate::progress::Step;
use crate::{command, target, workspace};

/// The packages of the browser's half: the core, then its chunks, the page's own module among them. They are the stems of what wasm-bindgen writes as
/// well; Trunk names the same files the same way.
pub(super) const PACKAGES: [&str; 11] = [
    "udp-echo-web",
    "udp-echo-simulator",
    "udp-echo-runs",
    "udp-echo-picture",
    "udp-echo-lab",
    "udp-echo-bytes",
    "udp-echo-motion",
    "udp-echo-ends",
    "udp-echo-race",
    "udp-echo-machine",
    "udp-echo-sockets",
];
/// The core.
pub(super) const CORE: &str = PACKAGES[0];
/// The chunks that draw nothing, and so have no style sheet.
pub(super) const HEADLESS: [&str; 4] = [PACKAGES[1], PACKAGES[2], PACKAGES[9], PACKAGES[10]];
/// The chunks that draw.
pub(super) const PANELS: [&str; 5] = [
    PACKAGES[3],
    PACKAGES[4],
    PACKAGES[5],
    PACKAGES[6],
    PACKAGES[7],
];
/// The cargo profile of the browser's half.
const PROFILE: &str = "wasm";

/// A wasm module as it is served.
pub(super) fn wasm_file(package: &str) -> String {
    format!("{package}_bg.wasm")
}

/// The JavaScript half of a module.
pub(super) fn glue_file(package: &str) -> String {
    format!("{package}.js")
}

/// How the modules' standard library is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// From its sources with the modules, for size: a panic is a trap and has no words, which nobody could read.
    ForSize,
    /// As it came with the compiler, since its sources could not be had.
    AsItCame,
}

impl Library {
    /// What this machine can have.
    pub(super) fn find() -> Self {
        match target::has_sources() {
            true => Self::ForSize,
            false => Self::AsItCame,
        }
    }

    /// Makes a build use it.
    fn apply(self, cargo: &mut Command) {
        let mut flags = flags();
        if self == Self::ForSize {
            cargo.args([
                "-Zbuild-std=std,panic_abort",
                "-Zbuild-std-features=optimize_for_size",
            ]);
            for flag in ["-Zunstable-options", "-Cpanic=immediate-abort"] {
                flags.push("\x1f");
                flags.push(flag);
            }
            // Cargo and rustc keep this for their nightly releases. The stable ones can do it as well, and every
            // release of the compiler is tried by `cargo verify` before it makes a bundle for anybody.
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    }
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForSize => "built for size",
            Self::AsItCame => "as it came with the compiler; rustup's `rust-src` has its sources",
        })
    }
}

/// Compiles `web/` and returns the paths of the raw modules.
pub(super) fn compile(library: Library) -> Result<[PathBuf; PACKAGES.len()]> {
    let mut build = cargo("build");
    library.apply(&mut build);
    command::run(&mut build)?;
    let folder = workspace::target_dir().join(target::WASM).join(PROFILE);
    Ok(PACKAGES.map(|package| folder.join(format!("{}.wasm", package.replace('-', "_")))))
}

/// A cargo command on the browser's half, for its target and in its profile.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = workspace::locked_cargo(subcommand);
    cargo.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    cargo.args(["--target", target::WASM, "--profile", PROFILE]);
    // Set here, they also keep the caller's RUSTFLAGS out, which are meant for the caller's processor.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags());
    cargo
}

/// Compiler flags for small modules without this machine's paths in their panic messages: the same sources give the same
/// bytes, and so the same version, everywhere.
fn flags() -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    // Small functions inside others cost a page more than the calls.
    let mut flags = OsString::from("-Cllvm-args=--inline-threshold=10");
    let registry = home.map(|home| home.join("registry/src"));
    for (path, name) in [(registry, ""), (target::library(), "/rustc")] {
        if let Some(path) = path {
            flags.push("\x1f--remap-path-prefix=");
            flags.push(path);
            flags.push("=");
            flags.push(name);
        }
    }
    flags
}

/// Runs wasm-bindgen, as a library and therefore in the very version the client is built with.
pub(super) fn generate(modules: &[PathBuf; PACKAGES.len()], workshop: &Path) -> Result<Files> {
    let step = Step::start("writing the JavaScript glue");
    let folder = workshop.join("glue");
    // What an older version wrote must not end up in this bundle.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    for (package, module) in PACKAGES.into_iter().zip(modules) {
        Bindgen::new()
            .input_path(module)
            .web(true)?
            .out_name(package)
            .typescript(false)
            .remove_producers_section(true)
            .generate(&folder)
            .with_context(|| format!("wasm-bindgen on {}", module.display()))?;
    }
    let files = site::read_folder(&folder)?;
    step.done(&format!("{} files", files.len()));
    Ok(files)
}

/// A module and its JavaScript half without what nobody needs: the words of panics, the long names between the two, the
/// names of functions, comments.
pub(super) fn shrink(
    files: &Files,
    package: &str,
    minifier: &Minifier,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let file = |name: &str| {
        let bytes = files.get(name);
        bytes.with_context(|| format!("wasm-bindgen wrote no {name}"))
    };
    let name = wasm_file(package);
    let mut config = ModuleConfig::new();
    config.generate_name_section(false);
    let module = config.parse(file(&name)?);
    let mut module = module.with_context(|| format!("read {name}"))?;
    panics::snip(&mut module).with_context(|| format!("shrink {name}"))?;
    let mut glue = file(&glue_file(package))?.clone();
    imports::shorten(&mut module, &mut glue).with_context(|| format!("shrink {name}"))?;
    let glue = minifier.shrink(&String::from_utf8_lossy(&glue), "js")?;
    Ok((module.emit_wasm(), glue.into_bytes()))
}
