//! Medians, goals, and the tables that show both.

use std::fmt;

use serde::Serialize;

use crate::load::Measured;

/// The median of every figure by itself; of what must not happen, the sum.
pub(crate) fn median(rounds: &[Measured]) -> Measured {
    let of = |figure: fn(&Measured) -> f64| middle(rounds.iter().map(figure).collect());
    Measured {
        per_second: of(|round| round.per_second),
        cpu_us: of(|round| round.cpu_us),
        p50_us: of(|round| round.p50_us),
        p99_us: of(|round| round.p99_us),
        lost: rounds.iter().map(|round| round.lost).sum(),
        kernel_drops: rounds.iter().map(|round| round.kernel_drops).sum(),
        wrong: rounds.iter().map(|round| round.wrong).sum(),
    }
}

/// The median of some figures.
pub(crate) fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A figure with what it is to be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Checked {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) goal: f64,
    pub(crate) met: bool,
}

impl Checked {
    /// A figure that is to be no less.
    pub(crate) fn at_least(what: &str, value: f64, goal: f64) -> Self {
        Self {
            what: what.to_owned(),
            value,
            goal,
            met: value >= goal,
        }
    }

    /// A figure that is to be no more.
    pub(crate) fn at_most(what: &str, value: f64, goal: f64) -> Self {
        Self {
            what: what.to_owned(),
            value,
            goal,
            met: value <= goal,
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, goal) = (self.value, self.goal);
        match self.met {
            true => write!(f, "{} {value:.2} ({goal:.2})", self.what),
            false => write!(f, "{} {value:.2} MISSES {goal:.2}", self.what),
        }
    }
}

/// Checks in one cell: those with a figure worth reading, and all that are missed.
pub(crate) fn verdict(checks: &[Checked]) -> String {
    let told = checks.iter().filter(|check| !check.met || check.goal > 0.0);
    told.map(Checked::to_string).collect::<Vec<_>>().join(", ")
}

/// A table in Markdown, so that it can be read on a terminal and put into a README.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
        Self {
            rows: vec![headings],
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let widths = self.rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                writeln!(f, "|{}", "---|".repeat(columns))?;
            }
        }
        Ok(())
    }
}

/// A number of messages with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
