//! `bundle`: makes `server/bundle/`, the files that the host embeds, out of `web/` and `www/`.
//!
//! The way: [`glue`] compiles the wasm client and writes its JavaScript, [`panics`] and [`unused`] take out
//! what nobody reads and nobody calls, [`imports`] shortens the names between the two, [`halves`] cuts the core in two, [`optimize`] shrinks it where there is a `wasm-opt`, with [`order`], [`site`] puts both beside the files of `www/` under a version that names their content, [`compress`]
//! adds a gzipped twin to each, [`tight`] makes the loader shorter, [`mod@reference`] writes the reference page out for readers without JavaScript, and [`sizes`] prints what a visitor downloads. Nothing is done twice: without a change in what goes in, only cargo's own check
//! of the sources runs.

mod calls;
mod compress;
mod glue;
mod halves;
mod imports;
mod integrity;
mod loader;
mod optimize;
mod order;
mod panics;
mod reference;
mod site;
mod sizes;
mod tight;
mod unused;

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::bundle::glue::Library;
use crate::bundle::site::Fingerprint;
use crate::{progress, target, workspace};

pub(crate) use crate::bundle::compress::{add_twins, is_twin};
pub(crate) use crate::bundle::glue::cargo as cargo_for_wasm;
pub(crate) use crate::bundle::loader::LOADER_FILE;
pub(crate) use crate::bundle::optimize::Optimizer;
pub(crate) use crate::bundle::site::{Files, publish};

/// The verb: makes the bundle and prints the table of sizes.
///
/// # Errors
/// When it cannot be made, or a file is over its budget.
pub(crate) fn run() -> Result<()> {
    let bundle = make()?;
    let report = sizes::Report::of(&bundle.files);
    println!("{report}");
    println!(
        "wasm-opt: {}; standard library: {}; version: {}",
        bundle.optimizer, bundle.library, bundle.version
    );
    let over = report.over();
    // Without both every module is heavier than it is served anywhere.
    let is_as_served =
        matches!(bundle.optimizer, Optimizer::Found { .. }) && bundle.library == Library::ForSize;
    if is_as_served && !over.is_empty() {
        bail!("over their budgets: {}", over.join(", "));
    }
    Ok(())
}

/// A bundle as it lies in `server/bundle/`.
pub(crate) struct Bundle {
    /// Every file by its path, twins too.
    pub(crate) files: Files,
    /// The crate's version, and a hash of the content.
    pub(crate) version: String,
    optimizer: Optimizer,
    library: Library,
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

    let inputs = site::fingerprint_of_inputs(&modules, &pages, &optimizer)?;
    let stamp = workshop.join("stamp");
    if let Some(files) = unchanged(&stamp, &inputs) {
        let version = site::version_of(&files)?;
        return Ok(Bundle {
            files,
            version,
            optimizer,
            library,
        });
    }

    let mut files = glue::generate(&modules, &workshop)?;
    for package in glue::PACKAGES {
        // What came with the compiler may have one function for two that are alike, and no name tells whose it is.
        let is_cut = package == glue::CORE && library == Library::ForSize;
        let (wasm, glue) = glue::shrink(&files, package, is_cut)?;
        let mut parts = vec![(glue::wasm_file(package), wasm)];
        if is_cut {
            let (core, rest) = halves::cut(&parts[0].1)?;
            parts[0].1 = core;
            parts.push((glue::wasm_file(glue::REST), rest));
        }
        for (name, wasm) in parts {
            let wasm = optimizer.shrink(wasm, &workshop)?;
            files.insert(name, wasm);
        }
        files.insert(glue::glue_file(package), glue);
    }
    reference::fill(&mut pages)?;
    let version = site::assemble(&mut files, pages)?;
    loader::finish(&mut files)?;
    integrity::add(&mut files, &version)?;
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
        library,
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
