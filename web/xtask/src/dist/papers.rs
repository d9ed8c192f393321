//! Completions and manual pages, as the host prints them, where a system has them below its `share`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::sources;
use crate::command;

/// The shells for which packages bring completions, and the file in which each looks for them. Debian has another folder for zsh.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/udp-echo"),
    ("zsh", "zsh/site-functions/_udp-echo"),
    ("fish", "fish/vendor_completions.d/udp-echo.fish"),
];

/// Lays them into this folder.
pub(super) fn write(host: &Path, share: &Path) -> Result<()> {
    let man = share.join("man/man1");
    command::read(Command::new(host).arg("man").arg(man))?;
    for (shell, file) in COMPLETIONS {
        let text = command::read(Command::new(host).args(["completions", shell]))?;
        sources::write(&share.join(file), &text)?;
    }
    Ok(())
}
