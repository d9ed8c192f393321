//! Smaller scripts and sheets: by npm's `esbuild`, where there is one.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::bundle::site::Files;
use crate::program;

/// `UDPSocket` for other people's pages: one file that needs no other.
pub(crate) const SOCKET_FILE: &str = "udp-socket.js";
/// What pages load by itself, without the loader.
const ALONE: [&str; 2] = [SOCKET_FILE, "udp-socket-simulated.js"];

/// The minifier of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Minifier {
    /// There is one.
    Found(PathBuf),
    /// There is none: files are served without their comments.
    Missing,
}

impl Minifier {
    /// Looks for one.
    pub(crate) fn find() -> Self {
        program::find("esbuild").map_or(Self::Missing, Self::Found)
    }

    /// A script, which is a module, or a sheet (`js` or `css`), with the same meaning.
    ///
    /// # Errors
    /// When the minifier does not understand it.
    pub(super) fn shrink(&self, text: &str, kind: &str) -> Result<String> {
        let Self::Found(program) = self else {
            return Ok(without_comments(text));
        };
        let mut child = Command::new(program)
            .args(["--minify", "--charset=utf8", "--log-level=error"])
            .arg(format!("--loader={kind}"))
            // Names at the top are the module's own.
            .args((kind == "js").then_some("--format=esm"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("run {}", program.display()))?;
        let mut input = child.stdin.take().context("esbuild has an input")?;
        // It reads everything before it writes anything.
        input.write_all(text.as_bytes()).context("feed esbuild")?;
        drop(input);
        let done = child.wait_with_output().context("wait for esbuild")?;
        if !done.status.success() {
            bail!("esbuild: {}", String::from_utf8_lossy(&done.stderr));
        }
        String::from_utf8(done.stdout).context("esbuild writes UTF-8")
    }
}

impl fmt::Display for Minifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found(_) => "esbuild",
            Self::Missing => "none found; npm's `esbuild` is one",
        })
    }
}

/// Makes small what pages load by itself.
///
/// # Errors
/// When a file is missing, or the minifier does not understand it.
pub(super) fn shrink_what_stands_alone(files: &mut Files, minifier: &Minifier) -> Result<()> {
    for name in ALONE {
        let script = files
            .get_mut(name)
            .with_context(|| format!("the bundle has no {name}"))?;
        let source = std::str::from_utf8(script).with_context(|| format!("{name} is not UTF-8"))?;
        *script = minifier.shrink(source, "js")?.into_bytes();
    }
    Ok(())
}

/// Lines that are all comment, and indentation: what goes without anyone having to understand the language.
pub(super) fn without_comments(source: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::new();
    for line in source.lines().map(str::trim) {
        let begins_inside = is_inside || line.starts_with("/*");
        is_inside = begins_inside && !line.ends_with("*/");
        if !(line.is_empty() || begins_inside || line.starts_with("//")) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "// Why.\nconst one = 1;\n/** What. */\n/**\n * Two\n * lines.\n */\nexport function f() {\n  return one + \"// 1\";\n}\n";

    #[test]
    fn comments_go_where_there_is_no_minifier_and_names_too_where_there_is_one() {
        let plain = Minifier::Missing.shrink(SOURCE, "js").unwrap();
        assert_eq!(
            plain,
            "const one = 1;\nexport function f() {\nreturn one + \"// 1\";\n}\n"
        );
        let Minifier::Found(program) = Minifier::find() else {
            return eprintln!("skipped: there is no esbuild here");
        };
        let minifier = Minifier::Found(program);
        let small = minifier.shrink(SOURCE, "js").unwrap();
        assert!(
            small.len() < plain.len() && !small.contains("one"),
            "{small}"
        );
        assert!(minifier.shrink("const = ;", "js").is_err());
        assert_eq!(
            minifier.shrink("p { color: red }", "css").unwrap(),
            "p{color:red}\n"
        );
    }
}
