//! The source of all this as an archive, to which the page links: what the newest commit holds.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::bundle::site::Files;

/// The archive, at the top of the host. Its name is not that of a twin.
const ARCHIVE: &str = "source.tgz";
/// The page that links to it, and what hides the link where nobody makes the archive: under Trunk.
const PAGE: &str = "index.html";
const HIDDEN: &str = "<span data-source hidden>";
const SHOWN: &str = "<span>";

/// Adds the archive and shows the link; without git, or outside of a checkout, the page has neither.
pub(super) fn add(files: &mut Files, root: &Path) {
    let Some(page) = files.get(PAGE) else {
        return;
    };
    let text = String::from_utf8_lossy(page).into_owned();
    let text = match of(root) {
        Some(archive) => {
            let text = text.replace(HIDDEN, SHOWN);
            files.insert(ARCHIVE.to_owned(), archive);
            text
        }
        None => text
            .split_inclusive('\n')
            .filter(|line| !line.contains(HIDDEN))
            .collect(),
    };
    files.insert(PAGE.to_owned(), text.into_bytes());
}

/// The newest commit as a compressed tar file.
fn of(root: &Path) -> Option<Vec<u8>> {
    let mut git = Command::new("git");
    git.args(["archive", "--format=tar.gz", "--prefix=udp-echo/", "HEAD"]);
    git.current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = git.output().ok()?;
    output.status.success().then_some(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Files {
        let page = format!("<p>\n{HIDDEN}<a href=\"./{ARCHIVE}\">Source</a></span>\n</p>");
        [(PAGE.to_owned(), page.into_bytes())].into()
    }

    #[test]
    fn outside_of_a_checkout_there_is_neither_an_archive_nor_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = page();
        add(&mut files, folder.path());
        assert!(!files.contains_key(ARCHIVE));
        assert_eq!(files[PAGE], b"<p>\n</p>");
    }

    #[test]
    fn the_page_links_to_an_archive_of_the_newest_commit() {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=n", "-c", "user.email=e"])
                .args(arguments)
                .current_dir(folder.path());
            let output = git.output().expect("git runs");
            assert!(output.status.success(), "{arguments:?}: {output:?}");
        };
        git(&["init", "-q"]);
        std::fs::write(folder.path().join("a.txt"), "text").unwrap();
        git(&["add", "a.txt"]);
        git(&["commit", "-qm", "first"]);
        let mut files = page();
        add(&mut files, folder.path());
        assert!(files[ARCHIVE].starts_with(&[0x1f, 0x8b]), "gzip");
        let shown = String::from_utf8(files[PAGE].clone()).unwrap();
        assert_eq!(
            shown,
            "<p>\n<span><a href=\"./source.tgz\">Source</a></span>\n</p>"
        );
        let page = include_str!("../../../../www/page/index.html");
        assert!(page.contains(&format!("{HIDDEN}<a href=\"./{ARCHIVE}\">")));
    }
}
