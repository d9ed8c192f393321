//! Where the transcript goes: standard error, in whole parts.

use std::io::{self, Write};

use anyhow::Context as _;
use wire::transcript::{self, Address};

/// An empty datagram was logged.
pub(super) const EMPTY: &str = "(no data, no answer)";

/// A datagram came from a port that gets no answers.
pub(super) const GUARDED: &str = "(no answer: that port may itself answer everything)";

/// The lines about a datagram of `bytes` bytes, of which the server's buffer held the first `received`; `end` says what the server did.
pub(super) fn about(
    peer: &Address,
    bytes: usize,
    received: usize,
    text: String,
    end: String,
) -> Vec<String> {
    let cut =
        (received < bytes).then(|| format!("(the datagram had {bytes} bytes: the buffer cut it)"));
    let lines = [transcript::received_from(received, peer), text];
    lines.into_iter().chain(cut).chain([end]).collect()
}

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

/// Whether nobody can read standard error: it was closed, or leads to `/dev/null`.
#[cfg(unix)]
pub(super) fn is_unheard() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    let stderr = io::stderr();
    // One that was closed when the program began leads there, too: Rust's start sees to that.
    let device = |file: &std::fs::File| {
        let metadata = file.metadata().ok()?;
        let is_device = metadata.file_type().is_char_device();
        is_device.then(|| metadata.rdev())
    };
    let here = stderr.as_fd().try_clone_to_owned().map(std::fs::File::from);
    let here = here.ok().as_ref().and_then(device);
    let null = std::fs::File::open("/dev/null");
    here.is_some() && here == null.ok().as_ref().and_then(device)
}

/// The system does not tell.
#[cfg(not(unix))]
pub(super) fn is_unheard() -> bool {
    false
}
