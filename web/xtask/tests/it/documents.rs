//! The documents for people hold what they promise: order and length of the README, links and paths that lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of the README.
const README_LINES: usize = 200;

/// Its sections, in order.
const README_SECTIONS: [&str; 6] = [
    "Embed it",
    "Run it",
    "How it works",
    "Where is …?",
    "Develop",
    "Links",
];

/// Fewest behaviours in the table of the README, and the most files that lead to one of them.
const BEHAVIOURS: usize = 12;
const FILES_OF_A_BEHAVIOUR: usize = 4;

/// Folders of the sources. A code span that begins with one of these is a path.
const ROOMS: [&str; 4] = ["server/", "web/", "www/", ".github/"];

/// Folders in which nobody writes by hand.
const MADE: [&str; 5] = ["target", "node_modules", ".git", "bundle", "embed"];

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("the crate lies two folders deep")
        .to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

/// Every document in Markdown, those of the sites to copy left out: they are for other generators.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("www/embed/README.md")];
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("read a folder of the sources");
        for path in entries.map(|entry| entry.expect("read an entry").path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && !MADE.contains(&name.as_ref()) {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// The text without its fenced blocks.
fn prose(document: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// What stands between `open` and `close`, every time.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open)
        .skip(1)
        .filter_map(move |rest| Some(rest.split_once(close)?.0))
}

/// The code spans of a line.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The anchor that a forge gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn headings(document: &str) -> impl Iterator<Item = &str> {
    let lines = document.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim())
}

#[test]
fn the_readme_is_short_and_tells_things_in_order() {
    let readme = read(&root().join("README.md"));
    let lines = readme.lines().count();
    assert!(lines <= README_LINES, "{lines} lines");
    let text = prose(&readme);
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(sections, README_SECTIONS);
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut links = 0;
    for document in documents() {
        let text = prose(&read(&document));
        let name = document.display();
        let links_of_text = between(&text, "](", ")");
        let pictures = between(&text, "src=\"", "\"").chain(between(&text, "srcset=\"", "\""));
        for target in links_of_text.chain(pictures) {
            if target.contains("://") {
                continue;
            }
            let (path, wanted) = target.split_once('#').unwrap_or((target, ""));
            let folder = document.parent().expect("a document lies in a folder");
            let file = match path {
                "" => document.clone(),
                path => folder.join(path),
            };
            assert!(file.exists(), "{name} links to {target}");
            if !wanted.is_empty() {
                let there = prose(&read(&file));
                let found = headings(&there).any(|heading| anchor(heading) == wanted);
                assert!(found, "{name} links to {target}");
            }
            links += 1;
        }
    }
    assert!(links > 10, "{links} links");
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let mut paths = 0;
    for document in documents() {
        let text = prose(&read(&document));
        for span in text.lines().flat_map(code_spans) {
            let is_path = ROOMS.iter().any(|room| span.starts_with(room));
            if is_path && !span.contains(['*', '…', ' ']) {
                assert!(root().join(span).exists(), "{}: {span}", document.display());
                paths += 1;
            }
        }
    }
    assert!(paths > 10, "{paths} paths");
}

#[test]
fn at_least_twelve_behaviours_are_found_in_at_most_four_files_each() {
    let readme = read(&root().join("README.md"));
    let (_, table) = readme
        .split_once("## Where is …?")
        .expect("the README has that section");
    let (table, _) = table.split_once("\n## ").expect("and others after it");
    // The first row is the table's head.
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut behaviours = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [behaviour, files] = cells[..] else {
            panic!("two cells: {row}");
        };
        let files = code_spans(files).count();
        assert!((1..=FILES_OF_A_BEHAVIOUR).contains(&files), "{row}");
        behaviours.insert(behaviour);
    }
    assert!(
        behaviours.len() >= BEHAVIOURS,
        "{} behaviours",
        behaviours.len()
    );
}
