//! `verify`: what the tests need, then every check there is, then one table.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::needs::{self, Parts};
use crate::table::Table;
use crate::{bundle, circles, dist};
use crate::{command, program, progress, target, workspace};

/// What `verify` can be told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The parts that it leaves out otherwise.
    #[command(flatten)]
    parts: Parts,
    /// Test nothing but these parts: for whoever has run the rest before
    #[arg(long)]
    only: bool,
}

/// A part that `verify` leaves out unless it is asked for: the flag, what it tests, the feature under which its tests stand, and where
/// they are: the program, and the modules of it, or all of it.
struct Part {
    flag: &'static str,
    tests: &'static str,
    feature: &'static str,
    program: &'static str,
    modules: &'static [&'static str],
    wanted: fn(&Parts) -> bool,
}

const PARTS: [Part; 5] = [
    Part {
        flag: "--embeds",
        tests: "the widget in other people's pages",
        feature: "e2e/browser",
        program: BROWSER,
        modules: &["embed::", "surroundings::"],
        wanted: Parts::embeds,
    },
    Part {
        flag: "--builds",
        tests: "what `demo`, `dist` and `cargo install` make in release",
        feature: "xtask/builds",
        program: "builds",
        modules: &[],
        wanted: Parts::builds,
    },
    Part {
        flag: "--packages",
        tests: "the packages for PyPI, npm and Debian",
        feature: "xtask/packages",
        program: "builds",
        modules: &["packages::"],
        wanted: Parts::packages,
    },
    Part {
        flag: "--generators",
        tests: "notebooks, and the site generators that take long to install",
        feature: "e2e/generators",
        program: BROWSER,
        modules: &["embed::generators::rarer::"],
        wanted: Parts::generators,
    },
    Part {
        flag: "--trunk",
        tests: "`trunk serve`",
        feature: "e2e/trunk",
        program: BROWSER,
        modules: &["trunk::"],
        wanted: Parts::trunk,
    },
];

/// The program of tests in browsers.
const BROWSER: &str = "browser";

/// A check by its name.
type Check = (&'static str, fn(&Parts) -> Result<()>);

/// The cheap checks first, so that a slip shows early. Each builds on what the one before has compiled.
const CHECKS: [Check; 14] = [
    ("needs", needs::install),
    ("fmt", |_| fmt()),
    ("import circles", |_| circles::check()),
    ("clippy, native", |_| clippy_native()),
    ("clippy, wasm", |_| clippy_wasm()),
    ("doc", |_| doc()),
    ("dependencies", |_| dependencies()),
    ("bundle", |_| bundle::run_whole()),
    ("dist", |_| dist::run_for_browsers()),
    ("test", |_| test()),
    ("test, in browsers", |_| test_in_browsers()),
    ("test, parts", test_parts),
    ("clippy, windows", |_| {
        check_elsewhere("x86_64-pc-windows-gnu")
    }),
    ("clippy, macos", |_| check_elsewhere("aarch64-apple-darwin")),
];

/// What `--only` leaves of them: what the parts need, and their tests.
const ONLY: [Check; 5] = [
    ("needs", needs::install),
    ("bundle", |_| bundle::run_whole()),
    ("dist", |_| dist::run_for_browsers()),
    ("host", |_| debug_host()),
    ("test, parts", test_parts),
];

/// The verb: runs the checks up to the first that fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let parts = &args.parts;
    if args.only && !PARTS.iter().any(|part| (part.wanted)(parts)) {
        let flags = PARTS.map(|part| part.flag).join(", ");
        bail!("--only tests what other flags name: {flags}, or --everything");
    }
    let checks: &[Check] = if args.only { &ONLY } else { &CHECKS };
    let mut table = Table::new(["step", "seconds", "result"]);
    let mut total = Duration::ZERO;
    let mut outcome = Ok(());
    for (place, (name, check)) in checks.iter().enumerate() {
        progress::heading(&format!("verify {}/{}: {name}", place + 1, checks.len()));
        let started = Instant::now();
        let result = check(parts);
        let took = started.elapsed();
        total += took;
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        table.row([(*name).to_owned(), seconds(took), word.to_owned()]);
        if result.is_err() {
            outcome = result.with_context(|| format!("verify stopped at \"{name}\""));
            break;
        }
    }
    let word = if outcome.is_ok() { "ok" } else { "FAILED" };
    table.row(["all".to_owned(), seconds(total), word.to_owned()]);
    println!("\n{table}");
    outcome
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

fn fmt() -> Result<()> {
    command::run(workspace::cargo("fmt").args(["--all", "--check"]))
}

fn clippy_native() -> Result<()> {
    command::run(workspace::locked_cargo("clippy").args([
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

fn clippy_wasm() -> Result<()> {
    target::ensure(target::WASM)?;
    command::run(bundle::cargo_for_wasm("clippy").args(["--", "-D", "warnings"]))
}

/// The documentation: for those who use the crates, and with the private modules for those who read the sources.
fn doc() -> Result<()> {
    for private in [None, Some("--document-private-items")] {
        let mut doc = workspace::locked_cargo("doc");
        doc.args(["--workspace", "--no-deps"]).args(private);
        command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    Ok(())
}

/// Licenses, sources and duplicates of all dependencies, by `deny.toml`. Advisories have to be fetched: the forge's workflow
/// asks for them.
fn dependencies() -> Result<()> {
    let deny =
        program::find("cargo-deny").context("there is no cargo-deny, although it was built")?;
    let mut deny = Command::new(deny);
    deny.args(["--locked", "check", "bans", "licenses", "sources"]);
    command::run(deny.current_dir(workspace::root()))
}

/// Tests with what else they need than Rust; all of that is there now. Those of all packages, so that each is compiled once.
fn tests(feature: Option<&str>) -> Result<Command> {
    let mut test = workspace::locked_cargo("test");
    let features: Vec<_> = ["udp-echo/programs", "wire/programs"]
        .into_iter()
        .chain(feature)
        .collect();
    test.args(["--workspace", "--features", &features.join(",")]);
    test.env("PATH", program::path_with_tools()?);
    Ok(test)
}

/// Every test that needs no browser and belongs to no part.
fn test() -> Result<()> {
    // All that fails in one run, not only the first program with a failure.
    command::run(tests(None)?.arg("--no-fail-fast"))
}

/// The tests in browsers, but for those of a part, and for the pictures, which are for somebody to look at: `cargo xtask shots`.
fn test_in_browsers() -> Result<()> {
    let mut test = tests(Some("e2e/browser"))?;
    test.args(["--test", BROWSER, "--"]);
    let of_browsers = PARTS.iter().filter(|part| part.program == BROWSER);
    for module in of_browsers.flat_map(|part| part.modules) {
        test.args(["--skip", module]);
    }
    command::run(&mut test)
}

/// The tests of the parts that were asked for; names the others.
fn test_parts(parts: &Parts) -> Result<()> {
    let (wanted, others): (Vec<&Part>, Vec<&Part>) =
        PARTS.iter().partition(|part| (part.wanted)(parts));
    for Part { flag, tests, .. } in others {
        eprintln!("    left out: {tests}; `cargo verify {flag}` tests that too");
    }
    for part in wanted {
        let mut test = tests(Some(part.feature))?;
        test.args(["--test", part.program, "--"]).args(part.modules);
        command::run(test.arg("--nocapture"))?;
    }
    Ok(())
}

/// Tests of one package do not build the program of another, which those in browsers start.
fn debug_host() -> Result<()> {
    command::run(workspace::locked_cargo("build").args(["--package", "udp-echo"]))
}

/// The host must stay portable; clippy checks it, which needs no linker and no system library of the other platform. It does
/// without lanes, whose cryptography needs a C compiler for the other platform.
fn check_elsewhere(target: &str) -> Result<()> {
    target::ensure(target)?;
    let mut clippy = workspace::locked_cargo("clippy");
    clippy.args(["--package", "udp-echo", "--target", target]);
    clippy.arg("--no-default-features");
    command::run(clippy.args(["--", "-D", "warnings"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A filter that fits no test would pass.
    #[test]
    fn each_part_s_tests_are_where_only_looks_for_them() {
        for part in &PARTS {
            let (package, _) = part.feature.split_once('/').unwrap();
            let modules = match part.modules {
                [] => &["main"],
                modules => modules,
            };
            for module in modules {
                let module = module.trim_end_matches("::").replace("::", "/");
                let file = format!("web/{package}/tests/{}/{module}.rs", part.program);
                assert!(workspace::root().join(&file).is_file(), "{file}");
            }
        }
    }
}
