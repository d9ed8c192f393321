//! `dist`: what one gives away. A folder for any static host, an npm package, and the host with all of it inside.

mod folder;
mod npm;
mod typings;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::table::{Table, grouped};
use crate::{bundle, command, progress, workspace};

/// The verb: makes all three in `target/dist`.
pub(crate) fn run() -> Result<()> {
    let bundle = bundle::make()?;
    let dist = workspace::target_dir().join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("create {}", dist.display()))?;

    let site = folder::files(&bundle)?;
    bundle::publish(&site, &dist.join("static"))?;
    let package = npm::pack(&bundle, &dist)?;
    let host = dist.join(format!("udp-echo{}", std::env::consts::EXE_SUFFIX));
    // Away with the old one first: it may be running, and cannot be written then.
    fs::remove_file(&host).ok();
    let built = build_host()?;
    fs::copy(&built, &host).with_context(|| format!("copy {}", built.display()))?;

    let mut table = Table::new(["dist", "bytes", ""]);
    let bytes = site.values().map(Vec::len).sum();
    let note = format!("{} files; for any static host, at any path", site.len());
    table.row(["target/dist/static/".to_owned(), grouped(bytes), note]);
    for (path, note) in [
        (package, "npm install FILE"),
        (host, "the host, all inside"),
    ] {
        let bytes = fs::metadata(&path)?.len() as usize;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        table.row([
            format!("target/dist/{name}"),
            grouped(bytes),
            note.to_owned(),
        ]);
    }
    println!("{table}\nversion: {}", bundle.version);
    Ok(())
}

/// Builds the host in release, with the bundle that is there. Returns its path.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn build_host() -> Result<PathBuf> {
    progress::heading("building the host");
    command::run(workspace::locked_cargo("build").args(["--release", "--package", "udp-echo"]))?;
    let name = format!("udp-echo{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target_dir().join("release").join(name))
}
