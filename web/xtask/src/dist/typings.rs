//! Types of the element for frameworks and editors, which tools of others make of `custom-elements.json`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, needs, program, workspace};

/// Adds them to the package's folder.
///
/// # Errors
/// When npm does not have the tools, or they fail.
pub(super) fn add(package: &Path) -> Result<()> {
    needs::install_from_npm()?;
    let node = program::find("node").context("there is no node, which comes with npm")?;
    let mut node = Command::new(node);
    // A file, and no `--eval`: one of the tools starts workers, which would get the same words and wait for ever.
    node.arg(workspace::root().join("web/xtask/src/dist/typings.mjs"));
    // The trailing slash tells node that it is a folder.
    node.arg(program::tools_dir().join("node_modules/"));
    command::read(node.current_dir(package))?;
    Ok(())
}
