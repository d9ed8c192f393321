//! The Python of the page: MicroPython from npm, made able to wait by `wasm-opt --asyncify`.
//!
//! As npm has it, it never collects garbage while a program runs, for no code of wasm sees the locals of its callers; its collector only
//! notes that it was asked. Here an import takes the collector's place: the program waits in it, all locals lie in memory then, and the
//! page's glue has it collect.
//!
//! Both are fetched by version and hash, once, into the target folder. Without them the bundle is whole but for one file, and the
//! button Run says which.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::bundle::optimize::Optimizer;
use crate::bundle::site::Files;
use crate::progress::Step;
use walrus::ir::{Const, Instr, StoreKind, Value};
use walrus::{FunctionId, FunctionKind, LocalFunction, Module};

use crate::{command, program, workspace};

/// Where the page finds it.
pub(super) const FILE: &str = "run/micropython.wasm";

/// The interpreter, and what the page's glue knows about its inside (`www/run/udp-run-interpreter.js`): names of imports, and two
/// addresses. They belong to this version.
const PACKAGE: &str = "@micropython/micropython-webassembly-pyscript@1.27.0";
const MODULE: &str = "@micropython/micropython-webassembly-pyscript/micropython.wasm";
const MODULE_HASH: &str = "06338c955b03c5700aa0069015d3e392d76836ef8e2ce25bedbe59b88ccd373c";

/// What makes it able to wait, where no `wasm-opt` is at hand that can.
const TOOL_PACKAGE: &str = "binaryen@132.0.0";
const TOOL: &str = "binaryen/bin/wasm-opt";
const TOOL_HASH: &str = "608c021fa3f2c68cdc26f06a1454341089a0e689abb71cbe5a23ef7300e7f3e3";

/// The imports in whose middle it may leave off: the call that leads out, the collector, and the frames of `setjmp`.
const WAITS: &str = "env.call2,env.collect,env.invoke_*";

/// Where the collector notes that it was asked; `PENDING` in the page's glue.
const PENDING: u64 = 186_124;

/// Changes when the module is made in another way, so that no older one is taken.
const RECIPE: u32 = 2;

/// What the module uses of wasm, which `wasm-opt` wants to be told.
const FEATURES: [&str; 4] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

/// The interpreter of this bundle.
pub(super) enum Interpreter {
    /// It can be made.
    Found {
        /// As npm has it.
        module: PathBuf,
        /// The `wasm-opt` that makes it able to wait.
        tool: PathBuf,
    },
    /// It cannot be had, for this reason.
    Missing(String),
}

impl Interpreter {
    /// Looks for it, and fetches what is missing.
    pub(super) fn find(optimizer: &Optimizer) -> Self {
        let found = || -> Result<Self> {
            let module = fetched(PACKAGE, MODULE, MODULE_HASH)?;
            let tool = match optimizer {
                Optimizer::Found { program, .. } => program.clone(),
                _ => fetched(TOOL_PACKAGE, TOOL, TOOL_HASH)?,
            };
            Ok(Self::Found { module, tool })
        };
        found().unwrap_or_else(|error| Self::Missing(format!("{error:#}")))
    }

    /// Adds it to a bundle.
    ///
    /// # Errors
    /// When `wasm-opt` refuses it: then the version is another one than this was written for.
    pub(super) fn add(&self, files: &mut Files, workshop: &Path) -> Result<()> {
        let Self::Found { module, tool } = self else {
            return Ok(());
        };
        let made = workshop.join(format!("micropython-{}-{RECIPE}.wasm", &MODULE_HASH[..10]));
        if !made.exists() {
            let step = Step::start("making Python able to wait");
            let collecting = made.with_extension("collecting");
            let bytes = fs::read(module).with_context(|| format!("read {}", module.display()))?;
            fs::write(&collecting, with_collector(&bytes)?)
                .with_context(|| format!("write {}", collecting.display()))?;
            let fresh = made.with_extension("new");
            let mut asyncify = Command::new(tool);
            asyncify
                .args(["-Os", "--asyncify"])
                .args(FEATURES)
                .arg(format!("--pass-arg=asyncify-imports@{WAITS}"));
            command::read(asyncify.arg(&collecting).arg("-o").arg(&fresh))?;
            fs::rename(&fresh, &made).with_context(|| format!("write {}", made.display()))?;
            step.done("made once, and kept");
        }
        let bytes = fs::read(&made).with_context(|| format!("read {}", made.display()))?;
        files.insert(FILE.to_owned(), bytes);
        Ok(())
    }

    /// An error when there is none.
    ///
    /// # Errors
    /// The reason for which it is missing.
    pub(super) fn require(&self) -> Result<()> {
        match self {
            Self::Found { .. } => Ok(()),
            Self::Missing(reason) => bail!("the bundle has no {FILE}: {reason}"),
        }
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { .. } => f.write_str("MicroPython 1.27.0"),
            Self::Missing(reason) => write!(
                f,
                "none, so Run names what is missing; {}",
                reason.lines().next().unwrap_or_default()
            ),
        }
    }
}

/// The module with an import, `env.collect`, for its collector.
fn with_collector(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(bytes)?;
    let found: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .filter(|(_, function)| only_notes(function))
        .map(|(id, _)| id)
        .collect();
    let [collector] = found[..] else {
        bail!(
            "{} functions of {PACKAGE} look like its collector, which is one: this is another version",
            found.len()
        );
    };
    let nothing = module.types.add(&[], &[]);
    let (import, _) = module.add_import_func("env", "collect", nothing);
    if let FunctionKind::Local(function) = &mut module.funcs.get_mut(collector).kind {
        let mut body = function.builder_mut().func_body();
        body.instrs_mut().clear();
        body.call(import);
    }
    Ok(module.emit_wasm())
}

/// Whether a function does nothing but note that garbage is to be collected.
fn only_notes(function: &LocalFunction) -> bool {
    let body = function.block(function.entry_block());
    let instructions: Vec<&Instr> = body
        .instrs
        .iter()
        .map(|(instruction, _)| instruction)
        .collect();
    let is_number = |instruction: &Instr, number| matches!(instruction, Instr::Const(Const { value: Value::I32(value) }) if *value == number);
    matches!(
        instructions[..],
        [at, value, Instr::Store(store)]
            if is_number(at, 0)
                && is_number(value, 1)
                && matches!(store.kind, StoreKind::I32_8 { .. })
                && store.arg.offset == PENDING
    )
}

/// A file of an npm package in the target folder, fetched when it is not there, and of no use unless it has this hash.
fn fetched(package: &str, file: &str, hash: &str) -> Result<PathBuf> {
    // A folder for each: npm takes away what a second run does not name.
    let name = package.trim_start_matches('@').replace(['/', '@'], "-");
    let folder = workspace::target_dir().join("interpreter").join(name);
    let path = folder.join("node_modules").join(file);
    if !path.exists() {
        let npm = program::find("npm").with_context(|| {
            format!("npm is missing, which fetches {package}: install node and npm")
        })?;
        let step = Step::start(format!("npm install {package}"));
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let mut npm = Command::new(npm);
        npm.args(["install", "--no-save", "--no-audit", "--no-fund"])
            .args(["--ignore-scripts", "--prefix"])
            .arg(&folder)
            .arg(package);
        command::read(&mut npm)?;
        step.done("installed in the target folder");
    }
    check(&path, package, hash)?;
    Ok(path)
}

/// Fails unless the file has this hash.
fn check(path: &Path, package: &str, hash: &str) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let digest = Sha256::digest(&bytes);
    let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if found != hash {
        bail!(
            "{} has the hash {found}, and {package} should have {hash}: remove it and try again",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The glue of the page, which was written for one version.
    const GLUE: &str = include_str!("../../../../www/run/udp-run-interpreter.js");

    #[test]
    fn a_file_of_another_hash_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module.wasm");
        fs::write(&path, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        check(&path, PACKAGE, abc).unwrap();
        let error = check(&path, PACKAGE, MODULE_HASH).unwrap_err().to_string();
        let parts = [abc, PACKAGE, MODULE_HASH, "module.wasm", "remove it"];
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }

    #[test]
    fn what_cannot_be_fetched_stops_verify_and_no_demo() {
        let missing = Interpreter::Missing("npm is missing\nand more".to_owned());
        let mut files = Files::new();
        missing.add(&mut files, Path::new("/nowhere")).unwrap();
        assert!(files.is_empty());
        let error = missing.require().unwrap_err().to_string();
        assert!(
            error.starts_with("the bundle has no run/micropython.wasm: npm"),
            "{error}"
        );
        assert_eq!(
            missing.to_string(),
            "none, so Run names what is missing; npm is missing"
        );
    }

    #[test]
    fn the_glue_wraps_the_call_that_may_wait_and_loads_the_file_that_the_bundle_has() {
        for import in WAITS.split(',') {
            let name = import.trim_start_matches("env.").trim_end_matches('*');
            assert!(GLUE.contains(name), "{name}");
        }
        assert!(GLUE.contains("const PENDING = 186_124;"));
    }
}
