//! What a visitor downloads, against the budget.

use std::fmt;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bundle::glue::{GLUE_FILE, WASM_FILE};
use crate::bundle::site::Files;
use crate::table::{Table, grouped};

/// A kilobyte of the budget is 1,000 bytes, which is the stricter reading.
const KB: usize = 1_000;

/// A part of the bundle, which files it is, and how much of it there may be, gzipped.
type Part = (&'static str, fn(&str) -> bool, usize);

/// What one embed of the widget loads, in this order.
const PARTS: [Part; 4] = [
    ("loader (udp-echo.js)", |name| name == "udp-echo.js", 4 * KB),
    ("glue (udp-echo-web.js)", |name| name == GLUE_FILE, 8 * KB),
    ("wasm", |name| name == WASM_FILE, 40 * KB),
    (
        "css",
        |name| name.ends_with(".css") && !name.contains('/'),
        6 * KB,
    ),
];

/// All parts together.
const TOTAL_BUDGET: usize = 65 * KB;

/// The table of sizes.
pub(super) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    raw: usize,
    gzipped: usize,
    budget: usize,
}

impl Report {
    /// Measures the parts of a bundle.
    pub(super) fn of(files: &Files) -> Self {
        let mut rows: Vec<Row> = PARTS
            .iter()
            .map(|&(name, belongs, budget)| {
                let files = files.iter().filter(|(name, _)| belongs(name));
                let sizes = files.map(|(_, bytes)| (bytes.len(), gzipped_len(bytes)));
                let (raw, gzipped) =
                    sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
                Row {
                    name,
                    raw,
                    gzipped,
                    budget,
                }
            })
            .collect();
        rows.push(Row {
            name: "all",
            raw: rows.iter().map(|row| row.raw).sum(),
            gzipped: rows.iter().map(|row| row.gzipped).sum(),
            budget: TOTAL_BUDGET,
        });
        Self { rows }
    }

    /// Whether any line is over its budget.
    pub(super) fn is_over_budget(&self) -> bool {
        self.rows.iter().any(Row::is_over_budget)
    }
}

impl Row {
    fn is_over_budget(&self) -> bool {
        self.gzipped > self.budget
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["bundle", "bytes", "gzipped", "budget", ""]);
        for row in &self.rows {
            table.row([
                row.name.to_owned(),
                grouped(row.raw),
                grouped(row.gzipped),
                grouped(row.budget),
                if row.is_over_budget() { "over" } else { "ok" }.to_owned(),
            ]);
        }
        write!(f, "{table}")
    }
}

/// How long the bytes are after gzip at its best level.
fn gzipped_len(bytes: &[u8]) -> usize {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)
        .and_then(|()| gzip.finish())
        .expect("writing to memory cannot fail")
        .len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_over_its_budget_is_over_the_budget() {
        let name = || "udp-echo.js".to_owned();
        let small = Files::from([(name(), b"x".repeat(4 * KB))]);
        assert!(
            !Report::of(&small).is_over_budget(),
            "4,000 equal bytes gzip to a few"
        );
        // Bytes of a linear congruence are as good as random to gzip.
        let noise = (0..5 * KB).scan(1_u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        });
        let large = Report::of(&Files::from([(name(), noise.collect())]));
        assert!(large.is_over_budget());
        assert!(large.to_string().contains("over"));
    }
}
