//! A small table in plain text: words to the left, figures to the right.

use std::fmt;

/// Rows of equally many cells, under one row of headings.
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(headings: [&str; COLUMNS]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned)],
        }
    }

    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        });
        // A column is one of figures when it begins with one.
        let figures: [bool; COLUMNS] = std::array::from_fn(|column| {
            let first = self.rows.get(1).and_then(|row| row[column].chars().next());
            first.is_some_and(|character| character.is_ascii_digit())
        });
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), figures) in row.iter().zip(widths).zip(figures) {
                let gap = if line.is_empty() { "" } else { "  " };
                line += &match figures {
                    true => format!("{gap}{cell:>width$}"),
                    false => format!("{gap}{cell:<width$}"),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A count of bytes with its thousands apart, as `12,345`.
pub(crate) fn grouped(bytes: usize) -> String {
    let digits = bytes.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_line_up_on_the_right_and_names_on_the_left() {
        let mut table = Table::new(["file", "bytes", "word"]);
        table.row(["a".to_owned(), grouped(1_234_567), "ok".to_owned()]);
        table.row(["longer".to_owned(), grouped(12), "FAILED".to_owned()]);
        let lines = [
            "file        bytes  word",
            "a       1,234,567  ok",
            "longer         12  FAILED",
        ];
        assert_eq!(table.to_string().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn thousands_are_grouped_from_the_right() {
        let grouped: Vec<_> = [0, 999, 1_000, 65_507, 1_000_000].map(grouped).into();
        assert_eq!(grouped, ["0", "999", "1,000", "65,507", "1,000,000"]);
    }
}
