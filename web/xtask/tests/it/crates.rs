//! What holds of every crate of the workspace: the house's lints, the oldest Rust, and a first page with a whole map.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2);
    root.expect("the crate lies two folders deep").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

/// The folders of the workspace's packages.
fn packages() -> Vec<PathBuf> {
    let manifest = read(&root().join("Cargo.toml"));
    let (_, list) = manifest
        .split_once("members = [")
        .expect("the workspace lists its members");
    let (list, _) = list.split_once(']').expect("the list ends");
    let names = list.split('"').skip(1).step_by(2);
    names.map(|name| root().join(name)).collect()
}

/// The crate roots of a package that have modules.
fn crate_roots(package: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let roots = ["src/lib.rs", "src/main.rs"].map(|name| package.join(name));
    let roots = roots.into_iter().filter(|path| path.exists());
    roots.map(|path| (path.clone(), read(&path)))
}

/// The modules that a crate root declares, those of its tests left out.
fn modules(source: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    let mut before = "";
    for line in source.lines().filter(|line| !line.trim().is_empty()) {
        let declared = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ")
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        if let Some(module) = declared
            && before != "#[cfg(test)]"
        {
            modules.push(module);
        }
        before = line;
    }
    modules
}

/// The text of a crate's first page.
fn first_page(source: &str) -> String {
    let lines = source.lines().take_while(|line| line.starts_with("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_map_of_every_crate_has_every_module() {
    let mut count = 0;
    let mut missing = Vec::new();
    for package in packages() {
        for (path, source) in crate_roots(&package) {
            let page = first_page(&source);
            for module in modules(&source) {
                let names = ["", "mod@"].map(|kind| format!("`{kind}{module}`"));
                let is_there = names.iter().any(|name| page.contains(name))
                    || page.contains(&format!("`{module}()`"));
                if !is_there {
                    missing.push(format!("{module} in {}", path.display()));
                }
                count += 1;
            }
        }
    }
    assert!(missing.is_empty(), "no map has {missing:#?}");
    assert!(count > 50, "{count} modules");
}

#[test]
fn every_package_takes_the_lints_and_the_oldest_rust_of_the_workspace() {
    for package in packages() {
        let manifest = read(&package.join("Cargo.toml"));
        for line in ["[lints]\nworkspace = true", "rust-version.workspace = true"] {
            assert!(manifest.contains(line), "{}: {line}", package.display());
        }
    }
}

#[test]
fn the_oldest_rust_is_the_one_that_the_container_builds_with() {
    let manifest = read(&root().join("Cargo.toml"));
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .expect("the workspace names its oldest Rust")
        .trim_matches('"');
    let container = read(&root().join("server/deploy/Containerfile"));
    assert!(
        container.contains(&format!("/rust:{version}-")),
        "{version}"
    );
}

/// The workflow of the forge.
fn workflow() -> String {
    read(&root().join(".github/workflows/verify.yml"))
}

#[test]
fn the_workflow_runs_verify_with_the_oldest_rust_and_the_cargo_deny_of_verify() {
    let workflow = workflow();
    assert!(workflow.contains("run: cargo verify --embeds --builds\n"));
    let manifest = read(&root().join("Cargo.toml"));
    let (_, oldest) = manifest
        .split_once("\nrust-version = \"")
        .expect("the workspace names its oldest Rust");
    let (oldest, _) = oldest.split_once('"').expect("a version ends");
    assert!(workflow.contains(&format!("RUSTUP_TOOLCHAIN: \"{oldest}\"")));
    for image in workflow.lines().filter(|line| line.contains("container:")) {
        assert!(image.contains(&format!("rust:{oldest}-")), "{image}");
    }
    let needs = read(&root().join("web/xtask/src/needs.rs"));
    let (_, version) = needs
        .split_once("const CARGO_DENY: &str = \"")
        .expect("verify names its cargo-deny");
    let (version, _) = version.split_once('"').expect("a version ends");
    assert!(workflow.contains(&format!("cargo-deny --version {version} --locked")));
}

#[test]
fn the_workflow_pins_its_actions_and_may_do_nothing_but_read() {
    let workflow = workflow();
    let mut actions = 0;
    for line in workflow.lines().map(str::trim) {
        if let Some(action) = line.strip_prefix("- uses: ") {
            let (_, pin) = action.split_once('@').expect("an action has a version");
            let pin = pin.split(' ').next().unwrap_or_default();
            let is_commit = pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{action}");
            actions += 1;
        }
        assert!(!line.contains(": write"), "{line}");
    }
    assert!(actions > 0);
    assert!(workflow.contains("\npermissions: {}\n"));
}
