//! `<udp-run>` in the package: its files, Python and its licence among them, so that a bundler finds all of them.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{IMPORT, left_alone, with_neighbours};
use crate::bundle::{self, Files};
use crate::{command, program, workspace};

/// The one file that asks for others by name.
const PARTS: &str = "udp-run-parts.js";
/// How it and its importers ask for them.
const BY_NAME: &str = "near(\"";
/// What the worker of a program runs.
const WORKER: &str = "udp-run-worker.js";
/// The licence of the interpreter.
const LICENSE: &str = "micropython-LICENSE.txt";

/// Whether a file of the bundle is one of the element's.
pub(super) fn is_of_it(name: &str) -> bool {
    name.starts_with("udp-run") || name.starts_with("run/") || name == LICENSE
}

/// Makes the element's files such that a bundler takes them, in place.
///
/// # Errors
/// When a file is missing that is asked for by name, or the worker cannot be made one file.
pub(super) fn for_bundlers(files: &mut Files) -> Result<()> {
    let scripts: Vec<String> = files
        .keys()
        .filter(|name| is_of_it(name) && name.ends_with(".js"))
        .cloned()
        .collect();
    let mut asked = BTreeSet::new();
    for name in &scripts {
        let script = text(files, name)?;
        let imports = script.split(BY_NAME).skip(1);
        asked.extend(imports.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        if script.contains(&format!("{IMPORT}near(")) {
            let script = left_alone(name, &script)?;
            files.insert(name.clone(), script.into_bytes());
        }
    }
    if let Some(missing) = asked.iter().find(|name| !files.contains_key(*name)) {
        bail!("<udp-run> loads {missing}, which the package has not: cargo xtask bundle says why");
    }
    let parts = text(files, PARTS)?;
    let parts = with_neighbours(PARTS, &parts, asked.iter().map(String::as_str), WORKER)?;
    files.insert(PARTS.to_owned(), parts.into_bytes());
    files.insert(WORKER.to_owned(), worker()?.into_bytes());
    Ok(())
}

/// The worker with all that it imports, as one file: a bundler that copies it gives it a name of its own, and would leave its
/// neighbours behind.
fn worker() -> Result<String> {
    let Some(esbuild) = program::find("esbuild") else {
        bail!(
            "esbuild is missing, which makes one file of {WORKER} and its neighbours: npm install --global esbuild"
        );
    };
    let source = bundle::source(&workspace::root().join("www"), WORKER)?;
    let mut esbuild = Command::new(esbuild);
    esbuild
        .args(["--bundle", "--minify", "--format=esm", "--charset=utf8"])
        .arg("--log-level=error")
        .arg(source);
    command::read(&mut esbuild)
}

fn text(files: &Files, name: &str) -> Result<String> {
    let bytes = files.get(name);
    let bytes = bytes.with_context(|| format!("the bundle has no {name}"))?;
    String::from_utf8(bytes.clone()).with_context(|| format!("{name} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_by_name_has_an_address_that_a_bundler_sees_and_the_worker_is_one_file() {
        let parts = "const here = import.meta.url;\nconst near = (name) => new URL(name, here).href;\nf(near(\"udp-run.css\"), near(\"udp-run-worker.js\"))";
        let link = "await import(near(\"udp-echo-machine.js\"))";
        let files = [
            (PARTS, parts),
            ("udp-run-link.js", link),
            ("udp-run.css", "p{}"),
            (WORKER, "import './udp-run-program.js'"),
        ];
        let mut files: Files = files
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into();
        let error = for_bundlers(&mut files.clone()).unwrap_err().to_string();
        assert!(error.contains("loads udp-echo-machine.js"), "{error}");
        files.insert("udp-echo-machine.js".to_owned(), Vec::new());
        if program::find("esbuild").is_none() {
            return eprintln!("skipped: there is no esbuild here");
        }
        for_bundlers(&mut files).unwrap();
        let parts = text(&files, PARTS).unwrap();
        assert!(
            parts.starts_with(
                "const neighbours={\n\
                 \"udp-echo-machine.js\":new URL(\"./udp-echo-machine.js\",import.meta.url).href,\n\
                 \"udp-run-worker.js\":new URL(\"./udp-run-worker.js\",import.meta.url).href,\n\
                 \"udp-run.css\":new URL(\"./udp-run.css\",import.meta.url).href,\n};\n\
                 const here=neighbours[\"udp-run-worker.js\"];\n"
            ),
            "{parts}"
        );
        let link = text(&files, "udp-run-link.js").unwrap();
        assert!(link.contains("import(/* webpackIgnore: true */"), "{link}");
        let worker = text(&files, WORKER).unwrap();
        assert!(!worker.contains("from\""), "{worker}");
        assert!(worker.contains("importScripts"), "{worker}");
    }
}
