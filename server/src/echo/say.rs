//! Where the transcript goes: standard error, in whole parts.

use std::io::{self, Write};

use anyhow::Context as _;

/// Writes lines, all in one call, so that two clients' parts do not mix.
///
/// # Errors
/// Standard error was closed.
pub(super) fn say(lines: &[String]) -> anyhow::Result<()> {
    let mut text = lines.join("\n");
    text.push('\n');
    io::stderr()
        .write_all(text.as_bytes())
        .context("write the transcript to standard error")
}
