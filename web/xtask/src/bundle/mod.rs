//! `bundle`: makes `server/bundle/`, the files that the host embeds, out of `web/` and `www/`.
//!
//! In this order:
//!
//! - [`glue`] compiles the wasm client and writes its JavaScript; [`panics`] takes out what nobody reads, [`imports`] shortens the
//!   names between the two;
//! - [`interpreter`] fetches the Python that runs in the page, and makes it able to wait;
//! - [`optimize`] shrinks the wasm where there is a `wasm-opt`, [`minify`] scripts and sheets where there is an `esbuild`;
//! - [`mod@reference`] writes the reference page out for readers without JavaScript;
//! - [`site`] puts all of it side by side under a version that names its content; [`loader`] and [`integrity`] write down the
//!   hashes, [`compress`] adds the twins that are sent;
//! - [`archive`] adds the source, to which the page links;
//! - [`sizes`] prints what a visitor downloads.
//!
//! Nothing is done twice: without a change in what goes in, only cargo's own check of the sources runs.

mod archive;
mod compress;
mod glue;
mod imports;
mod integrity;
mod interpreter;
mod loader;
mod minify;
mod optimize;
mod panics;
mod reference;
mod site;
mod sizes;

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::bundle::glue::Library;
use crate::bundle::interpreter::Interpreter;
use crate::bundle::minify::Minifier;
use crate::bundle::site::Fingerprint;
use crate::{progress, target, workspace};

pub(crate) use crate::bundle::compress::{add_twins, is_twin};
pub(crate) use crate::bundle::glue::cargo as cargo_for_wasm;
pub(crate) use crate::bundle::loader::{LOADER_FILE, with_hashes};
pub(crate) use crate::bundle::minify::SOCKET_FILE;
pub(crate) use crate::bundle::optimize::Optimizer;
pub(crate) use crate::bundle::site::{Files, publish, source};

/// The verb: makes the bundle and prints the table of sizes.
///
/// # Errors
/// When it cannot be made, or a file is over its budget.
pub(crate) fn run() -> Result<()> {
    let bundle = make()?;
    let report = sizes::Report::of(&bundle.files);
    println!("{report}");
    println!(
        "wasm-opt: {}; minifier: {}; standard library: {}; version: {}",
        bundle.optimizer, bundle.minifier, bundle.library, bundle.version
    );
    println!("Python: {}", bundle.interpreter);
    let over = report.over();
    // Without these the widget is heavier than it is served anywhere.
    let is_as_served = matches!(bundle.optimizer, Optimizer::Found { .. })
        && bundle.minifier != Minifier::Missing
        && bundle.library == Library::ForSize;
    if is_as_served && !over.is_empty() {
        bail!("over their budgets: {}", over.join(", "));
    }
    Ok(())
}

/// The verb, with nothing left out: a check of `verify`.
///
/// # Errors
/// As [`run`], and when the bundle has no interpreter.
pub(crate) fn run_whole() -> Result<()> {
    run()?;
    make()?.interpreter.require()
}

/// A bundle as it lies in `server/bundle/`.
pub(crate) struct Bundle {
    /// Every file by its path, twins too.
    pub(crate) files: Files,
    /// The crate's version, and a hash of the content.
    pub(crate) version: String,
    optimizer: Optimizer,
    minifier: Minifier,
    library: Library,
    interpreter: Interpreter,
}

/// Makes the bundle, or finds it unchanged.
///
/// # Errors
/// When the wasm target cannot be had, the client does not compile, or a file cannot be read or written.
pub(crate) fn make() -> Result<Bundle> {
    let workshop = workspace::target_dir().join("bundle");
    fs::create_dir_all(&workshop).with_context(|| format!("create {}", workshop.display()))?;
    // Two bundles at once would write into the same folders: the second waits, and then finds nothing to do.
    let lock = File::create(workshop.join("lock")).context("create the lock of the bundle")?;
    lock.lock().context("wait for the lock of the bundle")?;

    target::ensure(target::WASM)?;
    progress::heading("building the wasm client");
    let library = Library::find();
    let modules = glue::compile(library)?;
    let mut pages = site::read_pages(&workspace::root().join("www"))?;
    let optimizer = Optimizer::find();
    let minifier = Minifier::find();

    let interpreter = Interpreter::find(&optimizer);
    let tools = format!("{optimizer}, {minifier}, {interpreter}");
    let inputs = site::fingerprint_of_inputs(&modules, &pages, &tools)?;
    let stamp = workshop.join("stamp");
    if let Some(files) = unchanged(&stamp, &inputs) {
        let version = site::version_of(&files)?;
        return Ok(Bundle {
            files,
            version,
            optimizer,
            minifier,
            library,
            interpreter,
        });
    }

    let mut files = glue::generate(&modules, &workshop)?;
    for package in glue::PACKAGES {
        let (wasm, glue) = glue::shrink(&files, package, &minifier)?;
        let wasm = optimizer.shrink(wasm, &workshop)?;
        files.insert(glue::wasm_file(package), wasm);
        files.insert(glue::glue_file(package), glue);
    }
    interpreter.add(&mut files, &workshop)?;
    reference::fill(&mut pages)?;
    let version = site::assemble(&mut files, pages)?;
    loader::finish(&mut files, &minifier)?;
    minify::shrink_what_stands_alone(&mut files, &minifier)?;
    integrity::add(&mut files, &version)?;
    archive::add(&mut files, &workspace::root());
    compress::add_twins(&mut files);
    // Without a stamp the next run starts over, should this one end between here and the stamp's writing.
    if stamp.exists() {
        fs::remove_file(&stamp).context("remove the stamp of the last bundle")?;
    }
    site::publish(&files, &folder())?;
    fs::write(&stamp, inputs.as_str()).with_context(|| format!("write {}", stamp.display()))?;
    Ok(Bundle {
        files,
        version,
        optimizer,
        minifier,
        library,
        interpreter,
    })
}

/// Where the host looks for the bundle.
fn folder() -> PathBuf {
    workspace::root().join("server/bundle")
}

/// The bundle that is there, when it was made from exactly these inputs.
fn unchanged(stamp: &std::path::Path, inputs: &Fingerprint) -> Option<Files> {
    let last = fs::read_to_string(stamp).ok()?;
    (last == inputs.as_str()).then(|| site::read_folder(&folder()).ok())?
}
