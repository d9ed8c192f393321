//! What an event did to the sessions, as one row of a table.

use std::fmt;
use std::time::Duration;

use super::talker::Talk;

/// What happened in all sessions while one thing was done to the relays.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was done.
    pub what: String,
    /// How often sessions came back to another port, because their relay was gone.
    pub moved: usize,
    /// How often sessions came back to their port.
    pub resumed: usize,
    /// How often a Close said why before.
    pub told: usize,
    /// How often coming back failed at first.
    pub failed: usize,
    /// One of these failures.
    pub failure: Option<String>,
    /// Datagrams that were sent.
    pub sent: usize,
    /// Datagrams of these that had no answer.
    pub lost: usize,
    /// Longest time that a session was without an answer.
    pub longest_gap: Duration,
    /// The same for the half of the sessions that came back soonest.
    pub median_gap: Duration,
}

impl Row {
    /// Adds up what happened in the sessions.
    pub(super) fn new(what: &str, talks: &[Talk]) -> Self {
        let sum = |of: fn(&Talk) -> usize| talks.iter().map(of).sum();
        let came_back = |talk: &&Talk| talk.moved + talk.resumed > 0;
        let mut gaps: Vec<_> = talks
            .iter()
            .filter(came_back)
            .map(|talk| talk.gap)
            .collect();
        gaps.sort_unstable();
        Self {
            what: what.to_owned(),
            moved: sum(|talk| talk.moved),
            resumed: sum(|talk| talk.resumed),
            told: sum(|talk| talk.codes.iter().filter(|&&code| code != 1006).count()),
            failed: sum(|talk| talk.failures.len()),
            failure: talks.iter().find_map(|talk| talk.failures.first().cloned()),
            sent: sum(|talk| talk.sent),
            lost: sum(|talk| talk.lost),
            longest_gap: talks.iter().map(|talk| talk.gap).max().unwrap_or_default(),
            median_gap: gaps.get(gaps.len() / 2).copied().unwrap_or_default(),
        }
    }

    /// The names of the columns.
    pub const HEADINGS: [&str; 8] = [
        "what happens",
        "came back to their port",
        "to another relay",
        "told why",
        "datagrams",
        "lost",
        "longest gap, s",
        "median of those that came back, s",
    ];

    /// The figures, a text for each column.
    pub fn columns(&self) -> [String; 8] {
        let median = match self.moved + self.resumed {
            0 => "–".to_owned(),
            _ => format!("{:.2}", self.median_gap.as_secs_f64()),
        };
        [
            self.what.clone(),
            self.resumed.to_string(),
            self.moved.to_string(),
            self.told.to_string(),
            self.sent.to_string(),
            self.lost.to_string(),
            format!("{:.2}", self.longest_gap.as_secs_f64()),
            median,
        ]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::HEADINGS.iter().zip(self.columns());
        let figures: Vec<_> = named
            .skip(1)
            .map(|(name, figure)| format!("{name}: {figure}"))
            .collect();
        write!(f, "{}: {}", self.what, figures.join(", "))?;
        if let Some(failure) = &self.failure {
            write!(f, "; {} tries failed, such as {failure}", self.failed)?;
        }
        Ok(())
    }
}
