//! `dist`: what one gives away, all in `target/dist`.
//!
//! - [`folder`] for any static host, [`npm`] with the element, and the host with all of it inside;
//! - [`python`]: the wheel and the sdist for PyPI, with [`notebook`] inside; [`npx`]: the host for npm; [`debian`]: the host for Debian;
//! - [`sources`]: what the last three build from; [`papers`]: completions and manual pages.

mod debian;
mod folder;
mod notebook;
mod npm;
mod npx;
mod papers;
mod python;
mod sources;
mod typings;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bundle::Bundle;
use crate::table::{Table, grouped};
use crate::{bundle, command, progress, workspace};

/// What `dist` can be told: which parts to make. All of them, when nothing is said.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Make the folder for static hosts
    #[arg(long = "static")]
    folder: bool,
    /// Make the element's package for npm
    #[arg(long)]
    npm: bool,
    /// Make the host, with the page inside
    #[arg(long)]
    host: bool,
    /// Make the wheel and the sdist for PyPI
    #[arg(long)]
    wheel: bool,
    /// Make the host's packages for npm, out of the wheel
    #[arg(long)]
    npx: bool,
    /// Make the Debian package
    #[arg(long)]
    deb: bool,
}

impl Args {
    fn all() -> Self {
        Self {
            host: true,
            wheel: true,
            npx: true,
            deb: cfg!(target_os = "linux"),
            ..Self::for_browsers()
        }
    }

    /// What tests in browsers open.
    fn for_browsers() -> Self {
        Self {
            folder: true,
            npm: true,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        !(self.folder || self.npm || self.host || self.wheel || self.npx || self.deb)
    }
}

/// A thing that was made: where it is, and what one does with it.
struct Made {
    path: PathBuf,
    note: &'static str,
}

/// The verb: makes what was asked for.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.is_empty() {
        return make(&Args::all());
    }
    make(args)
}

/// Makes what tests in browsers open.
pub(crate) fn run_for_browsers() -> Result<()> {
    make(&Args::for_browsers())
}

fn make(args: &Args) -> Result<()> {
    let bundle = bundle::make()?;
    let dist = workspace::target_dir().join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("create {}", dist.display()))?;
    let mut table = Table::new(["dist", "bytes", ""]);
    if args.folder {
        table.row(static_folder(&bundle, &dist)?);
    }
    let mut made = Vec::new();
    if args.npm {
        made.push(npm::pack(&bundle, &dist)?);
        bundle::publish(&notebook::files(&bundle)?, &dist.join("notebook"))?;
    }
    if args.host {
        made.push(host(&dist)?);
    }
    if args.wheel {
        made.extend(python::make(&bundle, &dist)?);
    }
    if args.npx {
        made.extend(npx::pack(&dist)?);
    }
    if args.deb {
        made.push(debian::make(&dist)?);
    }
    for Made { path, note } in made {
        let bytes = fs::metadata(&path).with_context(|| format!("look at {}", path.display()))?;
        let name = path.strip_prefix(&dist).unwrap_or(&path).display();
        let bytes = grouped(bytes.len() as usize);
        table.row([format!("target/dist/{name}"), bytes, note.to_owned()]);
    }
    println!("{table}\nversion: {}", bundle.version);
    Ok(())
}

fn static_folder(bundle: &Bundle, dist: &Path) -> Result<[String; 3]> {
    let site = folder::files(bundle)?;
    bundle::publish(&site, &dist.join("static"))?;
    let bytes = site.values().map(Vec::len).sum();
    let note = format!("{} files; for any static host, at any path", site.len());
    Ok(["target/dist/static/".to_owned(), grouped(bytes), note])
}

fn host(dist: &Path) -> Result<Made> {
    let path = dist.join(format!("udp-echo{}", std::env::consts::EXE_SUFFIX));
    // Away with the old one first: it may be running, and cannot be written then.
    fs::remove_file(&path).ok();
    let built = build_host()?;
    fs::copy(&built, &path).with_context(|| format!("copy {}", built.display()))?;
    let note = "the host, all inside";
    Ok(Made { path, note })
}

/// Runs what leaves one file in this folder, from which it takes older ones before. Returns the path of that file.
fn made_by(packer: &mut Command, folder: &Path) -> Result<PathBuf> {
    empty(folder)?;
    command::run(packer)?;
    let list = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let files: Vec<_> = list.flatten().map(|entry| entry.path()).collect();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => bail!(
            "`{}` made {} files instead of one",
            command::line(packer),
            files.len()
        ),
    }
}

/// Makes a folder that has nothing in it.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))
}

/// Builds the host in release, with the bundle that is there. Returns its path.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn build_host() -> Result<PathBuf> {
    progress::heading("building the host");
    let mut cargo = workspace::locked_cargo("build");
    cargo.args(["--release", "--package", "udp-echo"]);
    command::run(cargo.envs(commit().map(|commit| ("UDP_ECHO_COMMIT", commit))))?;
    let name = format!("udp-echo{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target_dir().join("release").join(name))
}

/// The commit that is built, with `-dirty` where files differ from it. None without git, or outside of a checkout.
fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args([
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]);
    let commit = command::read(git.current_dir(workspace::root())).ok()?;
    Some(commit.trim().to_owned())
}
