//! `npx udp-echo-host`: a package that runs the host, and one for this platform that has its binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Made, empty, npm, python, sources};
use crate::{command, workspace};

/// What the package is called that everybody names.
const NAME: &str = "udp-echo-host";

/// Where the wheel is unpacked.
const WHEEL: &str = "wheel-unpacked";

/// The platforms that the release workflow builds for, in node's words: the system, the processor.
const PLATFORMS: [(&str, &str); 5] = [
    ("linux", "x64"),
    ("linux", "arm64"),
    ("darwin", "x64"),
    ("darwin", "arm64"),
    ("win32", "x64"),
];

/// Packs both. The binary is that of the wheel: on Linux it runs on older systems than this one.
pub(super) fn pack(dist: &Path) -> Result<[Made; 2]> {
    let (system, processor) = this_platform()?;
    let platform = format!("{NAME}-{system}-{processor}");
    let folder = dist.join(&platform);
    empty(&folder)?;
    let file = format!("udp-echo{}", std::env::consts::EXE_SUFFIX);
    sources::copy(
        &out_of_the_wheel(dist, &file)?,
        &folder.join("bin").join(file),
    )?;
    write_manifest(&folder, &platform_manifest(&platform, system, processor))?;
    let readme =
        format!("# {platform}\n\nThe binary of `{NAME}` for this platform; install that one.\n");
    sources::write(&folder.join("README.md"), &readme)?;
    add_licences(&folder)?;
    let binary = npm::pack_folder(&platform, &folder, "the host's binary, for this platform")?;

    let folder = dist.join(NAME);
    empty(&folder)?;
    let ready = workspace::root().join("server/deploy/npm");
    sources::copy_folder(&ready, &folder)?;
    let share = dist.join(WHEEL).join(in_wheel("data/share"));
    sources::copy_folder(&share.join("man/man1"), &folder.join("man"))?;
    write_manifest(&folder, &manifest())?;
    add_licences(&folder)?;
    let host = npm::pack_folder(NAME, &folder, "with that one beside it: npx udp-echo-host")?;
    Ok([host, binary])
}

/// This platform in node's words.
fn this_platform() -> Result<(&'static str, &'static str)> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let known = PLATFORMS
        .into_iter()
        .find(|platform| *platform == (system, processor));
    known.with_context(|| {
        format!(
            "{NAME} has no package for {system} on {processor}: add it to PLATFORMS in dist/npx.rs"
        )
    })
}

/// The binary that is in the wheel, which `dist --wheel` made. The whole wheel is unpacked beside it.
fn out_of_the_wheel(dist: &Path, file: &str) -> Result<PathBuf> {
    let list = std::fs::read_dir(dist.join("wheel"));
    let wheel = list.into_iter().flatten().flatten().next();
    let Some(wheel) = wheel else {
        bail!("there is no wheel to take the binary from: run `cargo xtask dist --wheel --npx`");
    };
    let folder = dist.join(WHEEL);
    empty(&folder)?;
    let mut python = python::tool("python")?;
    python.args(["-m", "zipfile", "-e"]).arg(wheel.path());
    command::read(python.arg(&folder))?;
    let binary = folder.join(in_wheel("scripts")).join(file);
    make_executable(&binary)?;
    Ok(binary)
}

/// Where a wheel has what goes beside Python's own files.
fn in_wheel(place: &str) -> String {
    format!("udp_echo-{}.data/{place}", env!("CARGO_PKG_VERSION"))
}

/// A zip file keeps the mode, and Python's own program forgets it.
fn make_executable(binary: &Path) -> Result<()> {
    if cfg!(unix) {
        command::read(Command::new("chmod").arg("755").arg(binary))?;
    }
    Ok(())
}

fn add_licences(folder: &Path) -> Result<()> {
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        sources::copy(&workspace::root().join(name), &folder.join(name))?;
    }
    Ok(())
}

fn write_manifest(folder: &Path, manifest: &Value) -> Result<()> {
    sources::write(&folder.join("package.json"), &format!("{manifest:#}\n"))
}

fn manifest() -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let package = |(system, processor)| (format!("{NAME}-{system}-{processor}"), json!(version));
    json!({
        "name": NAME,
        "version": version,
        "description": "UDP that people can watch: a UDP echo server, a WebSocket-to-UDP relay and the page that shows both",
        "license": "MIT OR Apache-2.0",
        "bin": { NAME: "udp-echo-host.js" },
        "directories": { "man": "man" },
        "engines": { "node": ">=18" },
        // npm installs the one whose `os` and `cpu` are the machine's.
        "optionalDependencies": PLATFORMS.map(package).into_iter().collect::<serde_json::Map<_, _>>(),
        "keywords": ["udp", "echo", "networking", "tutorial", "websocket"],
    })
}

fn platform_manifest(name: &str, system: &str, processor: &str) -> Value {
    let mut manifest = json!({
        "name": name,
        "version": env!("CARGO_PKG_VERSION"),
        "description": format!("The binary of {NAME} for {system} on {processor}"),
        "license": "MIT OR Apache-2.0",
        "os": [system],
        "cpu": [processor],
        "preferUnplugged": true,
    });
    if system == "linux" {
        // Alpine's musl is another platform, and has no package.
        manifest["libc"] = json!(["glibc"]);
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_depends_on_a_package_of_its_version_for_each_platform_and_needs_none() {
        let manifest = manifest();
        let packages = manifest["optionalDependencies"].as_object().unwrap();
        assert_eq!(packages.len(), PLATFORMS.len());
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(packages["udp-echo-host-win32-x64"], version);
        assert!(manifest.get("dependencies").is_none());
        let (system, processor) = this_platform().unwrap();
        let name = format!("{NAME}-{system}-{processor}");
        assert!(packages.contains_key(&name), "{name}");
    }
}
