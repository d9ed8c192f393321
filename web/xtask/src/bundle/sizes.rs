//! What a visitor downloads, against the budget.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::Sum;

use crate::bundle::compress::gzip;
use crate::bundle::interpreter;
use crate::bundle::loader::LANE_FILE;
use crate::bundle::minify::SOCKET_FILE;
use crate::bundle::site::Files;
use crate::table::{Table, grouped};

/// A kilobyte of the budget is 1,000 bytes, which is the stricter reading.
const KB: usize = 1_000;

/// What one embed of the widget loads, in this order. What a visitor feels is the whole; only the loader, which every page
/// has before anybody has seen a widget, has a budget of its own.
const WIDGET: [(&str, &str, Option<usize>); 4] = [
    ("loader", "udp-echo.js", Some(6 * KB)),
    ("glue", "udp-echo-web.js", None),
    ("wasm", "udp-echo-web_bg.wasm", None),
    ("css", "udp-echo.css", None),
];

/// All of the widget together, gzipped.
const WIDGET_BUDGET: usize = 65 * KB;

/// The module of a chunk, gzipped.
const CHUNK_BUDGET: usize = 40 * KB;

/// What the first press of Run loads, gzipped.
const FIRST_RUN_BUDGET: usize = 300 * KB;

/// What the first press of Run asks for by name. The worker imports more.
const FIRST_RUN: [&str; 3] = [interpreter::FILE, "udp-run-worker.js", "udp-run-shim.py"];

/// What a view loads beside it when it needs the chunk, and how much the module of one may be.
const CHUNKS: [(&str, &str, Option<usize>); 26] = [
    (
        "simulator",
        "udp-echo-simulator_bg.wasm",
        Some(CHUNK_BUDGET),
    ),
    ("simulator's glue", "udp-echo-simulator.js", None),
    ("machine", "udp-echo-machine_bg.wasm", Some(CHUNK_BUDGET)),
    ("machine's glue", "udp-echo-machine.js", None),
    ("runs", "udp-echo-runs_bg.wasm", Some(CHUNK_BUDGET)),
    ("runs' glue", "udp-echo-runs.js", None),
    ("picture", "udp-echo-picture_bg.wasm", Some(CHUNK_BUDGET)),
    ("picture's glue", "udp-echo-picture.js", None),
    ("picture's css", "udp-echo-picture.css", None),
    ("lab", "udp-echo-lab_bg.wasm", Some(CHUNK_BUDGET)),
    ("lab's glue", "udp-echo-lab.js", None),
    ("lab's css", "udp-echo-lab.css", None),
    ("bytes", "udp-echo-bytes_bg.wasm", Some(CHUNK_BUDGET)),
    ("bytes' glue", "udp-echo-bytes.js", None),
    ("bytes' css", "udp-echo-bytes.css", None),
    ("motion", "udp-echo-motion_bg.wasm", Some(CHUNK_BUDGET)),
    ("motion's glue", "udp-echo-motion.js", None),
    ("motion's css", "udp-echo-motion.css", None),
    ("sockets", "udp-echo-sockets_bg.wasm", Some(CHUNK_BUDGET)),
    ("sockets' glue", "udp-echo-sockets.js", None),
    ("ends", "udp-echo-ends_bg.wasm", Some(CHUNK_BUDGET)),
    ("ends' glue", "udp-echo-ends.js", None),
    ("ends' css", "udp-echo-ends.css", None),
    ("race", "udp-echo-race_bg.wasm", Some(CHUNK_BUDGET)),
    ("race's glue", "udp-echo-race.js", None),
    ("lane", LANE_FILE, Some(3 * KB)),
];

/// What pages load for sockets of their own, without the widget.
const ALONE: [(&str, &str, Option<usize>); 1] = [("UDPSocket", SOCKET_FILE, Some(4 * KB))];

/// What the project's own page adds, for which there is no budget.
const PAGE: [(&str, &str); 2] = [("page", "index.html"), ("page's css", "style.css")];

/// The table of sizes.
pub(super) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    file: &'static str,
    size: Size,
    budget: Option<usize>,
}

/// Bytes of a file, or of several: as they are, and as they are sent.
#[derive(Clone, Copy, Default)]
struct Size {
    raw: usize,
    gzipped: usize,
    brotli: usize,
}

impl Size {
    fn of(files: &Files, file: &str) -> Self {
        let Some(bytes) = files.get(file) else {
            return Self::default();
        };
        Self {
            raw: bytes.len(),
            gzipped: gzip(bytes).len(),
            // A file without this twin is sent as it is.
            brotli: files
                .get(&format!("{file}.br"))
                .map_or(bytes.len(), Vec::len),
        }
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |all, one| Self {
            raw: all.raw + one.raw,
            gzipped: all.gzipped + one.gzipped,
            brotli: all.brotli + one.brotli,
        })
    }
}

impl Report {
    /// Measures the parts of a bundle.
    pub(super) fn of(files: &Files) -> Self {
        let measured = |name, file, budget| Row {
            name,
            file,
            size: Size::of(files, file),
            budget,
        };
        let widget = WIDGET.map(|(name, file, budget)| measured(name, file, budget));
        let all = Row {
            name: "widget",
            file: "all of these",
            size: widget.iter().map(|row| row.size).sum(),
            budget: Some(WIDGET_BUDGET),
        };
        let first_run = Row {
            name: "first Run",
            file: "Python, worker and shim",
            size: of_the_first_run(files)
                .into_iter()
                .map(|file| Size::of(files, file))
                .sum(),
            budget: Some(FIRST_RUN_BUDGET),
        };
        let python = measured("Python", interpreter::FILE, None);
        let page = PAGE.map(|(name, file)| measured(name, file, None));
        Self {
            rows: widget
                .into_iter()
                .chain([all])
                .chain(CHUNKS.map(|(name, file, budget)| measured(name, file, budget)))
                .chain([python, first_run])
                .chain(ALONE.map(|(name, file, budget)| measured(name, file, budget)))
                .chain(page)
                .collect(),
        }
    }

    /// The files that are over their budget.
    pub(super) fn over(&self) -> Vec<&'static str> {
        let over = self.rows.iter().filter(|row| row.is_over_budget());
        over.map(|row| row.file).collect()
    }
}

/// The files of the first Run: those that it asks for, and what those import.
fn of_the_first_run(files: &Files) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut ahead: Vec<&str> = FIRST_RUN.to_vec();
    while let Some(name) = ahead.pop() {
        if !found.insert(name) || !name.ends_with(".js") {
            continue;
        }
        let script = files.get(name).and_then(|it| std::str::from_utf8(it).ok());
        let imports = script.unwrap_or_default().split("\"./").skip(1);
        ahead.extend(imports.filter_map(|rest| {
            let (name, _) = rest.split_once('"')?;
            files.contains_key(name).then_some(name)
        }));
    }
    found
}

impl Row {
    fn is_over_budget(&self) -> bool {
        self.budget.is_some_and(|budget| self.size.gzipped > budget)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["bundle", "file", "bytes", "gzipped", "brotli", "budget", ""]);
        for row in &self.rows {
            let verdict = match row.budget {
                None => "",
                Some(_) if row.is_over_budget() => "over",
                Some(_) => "ok",
            };
            table.row([
                row.name.to_owned(),
                row.file.to_owned(),
                grouped(row.size.raw),
                grouped(row.size.gzipped),
                grouped(row.size.brotli),
                row.budget.map(grouped).unwrap_or_default(),
                verdict.to_owned(),
            ]);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::glue::{PACKAGES, wasm_file};

    /// Bytes of a linear congruence, which are as good as random to gzip.
    fn noise(bytes: usize) -> Vec<u8> {
        let next = |state: &mut u32, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        };
        (0..bytes).scan(1, next).collect()
    }

    fn report(files: &[(&str, Vec<u8>)]) -> Report {
        let files = files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.clone()));
        Report::of(&files.collect())
    }

    #[test]
    fn the_budget_is_about_what_is_sent_not_about_what_is_written() {
        let verbose = report(&[("udp-echo.js", b"x".repeat(7 * KB))]);
        assert!(verbose.over().is_empty());
        let dense = report(&[("udp-echo.js", noise(7 * KB))]);
        assert_eq!(dense.over(), ["udp-echo.js"]);
        assert!(dense.to_string().contains("over"));
    }

    #[test]
    fn every_module_of_a_chunk_has_a_budget() {
        for file in PACKAGES.into_iter().skip(1).map(wasm_file) {
            let file = file.as_str();
            assert_eq!(report(&[(file, noise(46 * KB))]).over(), [file], "{file}");
        }
    }

    #[test]
    fn the_sockets_of_other_pages_have_a_budget_of_their_own() {
        let sockets = |bytes: usize| report(&[(SOCKET_FILE, noise(bytes))]);
        assert!(sockets(3_900).over().is_empty());
        assert_eq!(sockets(4_100).over(), ["udp-socket.js"]);
    }

    #[test]
    fn the_first_run_has_a_budget_of_its_own_for_the_interpreter_and_all_that_its_worker_imports() {
        let run = |bytes: usize| {
            report(&[
                (interpreter::FILE, noise(200 * KB)),
                (
                    "udp-run-worker.js",
                    b"import { a } from \"./b.js\";".to_vec(),
                ),
                (
                    "b.js",
                    b"import { c } from \"./c.js\"; import \"./b.js\";".to_vec(),
                ),
                ("c.js", noise(bytes)),
                ("d.js", noise(100 * KB)),
            ])
        };
        assert!(run(99 * KB).over().is_empty());
        assert_eq!(run(101 * KB).over(), ["Python, worker and shim"]);
    }

    #[test]
    fn what_counts_is_the_whole_of_the_widget_and_the_page_counts_for_none() {
        let widget = |wasm: usize| {
            report(&[
                ("udp-echo.js", noise(5_900)),
                ("udp-echo-web.js", noise(5_900)),
                ("udp-echo-web_bg.wasm", noise(wasm)),
                ("udp-echo.css", noise(2_900)),
                ("index.html", noise(100 * KB)),
            ])
        };
        let full = widget(50 * KB);
        assert!(full.over().is_empty(), "{full}");
        assert_eq!(widget(51 * KB).over(), ["all of these"]);
    }
}
