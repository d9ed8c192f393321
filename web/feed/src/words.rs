//! Words and numbers that more than one module shows. Each module has its other words in a file of the same name.

use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason};

pub use wire::digits::digits as number;

use crate::datagram::Datagram;

/// The word for a fate, or for none yet.
pub fn fate(fate: Option<Fate>) -> &'static str {
    match fate {
        None => "in flight",
        Some(Fate::Echoed) => "echoed",
        Some(Fate::Lost) => "lost",
        Some(Fate::Dropped) => "dropped",
        Some(Fate::Refused) => "refused",
        Some(Fate::Rejected) => "rejected",
        Some(Fate::Unanswered) => "unanswered",
    }
}

/// The fate with this word, if it is one.
pub fn fate_named(word: &str) -> Option<Fate> {
    const FATES: &[Fate] = &[
        Fate::Echoed,
        Fate::Lost,
        Fate::Dropped,
        Fate::Refused,
        Fate::Rejected,
        Fate::Unanswered,
    ];
    FATES.iter().copied().find(|of| fate(Some(*of)) == word)
}

/// What else there is to say about how a datagram ended, with the comma before it.
pub fn fate_detail(datagram: &Datagram) -> String {
    let mut detail = String::new();
    for Event(_, _, _, what) in &datagram.events {
        let (words, more) = match what {
            What::Refused(words) | What::Rejected(words) => (words.as_str(), ""),
            What::Cut(_) => ("cut by the server", ""),
            What::Corrupted(direction, _) => ("one bit turned over", way_of(*direction)),
            What::Dropped(direction, reason) => (dropped(*reason), way_of(*direction)),
            What::RelayOut(_, Delivery::Duplicate) => ("answered twice", ""),
            What::RelayOut(_, Delivery::Late) => ("answered too late", ""),
            _ => continue,
        };
        detail.push_str(", ");
        detail.push_str(words);
        detail.push_str(more);
    }
    detail
}

fn way_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => " on the way there",
        Direction::Down => " on the way back",
    }
}

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Loss => "lost by the lab",
        DropReason::Checksum => "its checksum failed",
        DropReason::Queue => "the lab's queue was full",
        DropReason::SlowReader => "this page read too slowly",
    }
}

/// A span of time that a reader can compare: three digits, in the unit that suits it.
pub fn span(micros: u64) -> String {
    let (whole, decimals, unit) = match micros {
        0..1_000 => return fill("□ µs", &[&number(micros)]),
        1_000..10_000 => (micros / 1_000, number(1_000 + micros % 1_000), 3),
        10_000..100_000 => (micros / 1_000, number(1_000 + micros % 1_000), 2),
        _ => return fill("□ ms", &[&number(micros / 1_000)]),
    };
    // The thousand in front keeps the zeros that lead the decimals.
    let decimals = decimals.get(1..unit).unwrap_or_default();
    fill("□.□ ms", &[&number(whole), decimals])
}

/// Puts values where the pattern has a `□`, one after the other. Written out, like [`number`], because the formatting
/// machinery would weigh more than all the words of the page.
pub fn fill(pattern: &str, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut values = values.iter();
    for c in pattern.chars() {
        match (c, values.len()) {
            ('□', 1..) => filled.extend(values.next().copied()),
            _ => filled.push(c),
        }
    }
    filled
}

#[cfg(test)]
mod tests;
