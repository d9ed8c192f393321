//! What `--version` tells: the version, the commit that the binary was built from, and the page that it has inside.

use std::sync::OnceLock;

use crate::page;

/// The commit, where whoever built this named it, as `cargo demo` and `cargo xtask dist` do.
const COMMIT: Option<&str> = option_env!("UDP_ECHO_COMMIT");

/// The version in one line, such as `0.1.0 (commit 5dcf7e9f1a2b, page 0.1.0-3f9a1c2b inside)`.
pub(crate) fn line() -> &'static str {
    static LINE: OnceLock<String> = OnceLock::new();
    LINE.get_or_init(|| told(COMMIT, page::bundle_id().as_deref()))
}

fn told(commit: Option<&str>, page: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let commit = match commit {
        Some(commit) => format!("commit {commit}"),
        None => "commit not named when it was built".to_owned(),
    };
    match page {
        Some(page) => format!("{version} ({commit}, page {page} inside)"),
        None => format!("{version} ({commit}, no page inside: build it with `cargo demo`)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_the_commit_and_the_page() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            told(Some("5dcf7e9f1a2b"), Some("0.1.0-3f9a1c2b")),
            format!("{version} (commit 5dcf7e9f1a2b, page 0.1.0-3f9a1c2b inside)")
        );
        assert_eq!(
            told(None, None),
            format!(
                "{version} (commit not named when it was built, no page inside: build it with `cargo demo`)"
            )
        );
    }
}
