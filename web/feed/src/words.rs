//! Words and numbers that more than one module shows. Each module has its other words in a file of the same name.

use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason};

pub use wire::digits::digits as number;

use crate::datagram::Datagram;

/// The name of a fate, or of none yet: in events, traces and styles. A reader sees [`fate_word`].
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

/// The fate as a reader sees it.
pub fn fate_word(of: Option<Fate>) -> &'static str {
    match of {
        Some(Fate::Lost) => "no answer in time",
        Some(Fate::Dropped) => "lost on the link",
        of => fate(of),
    }
}

/// The fate with this name, if it is one.
pub fn fate_named(name: &str) -> Option<Fate> {
    const FATES: &[Fate] = &[
        Fate::Echoed,
        Fate::Lost,
        Fate::Dropped,
        Fate::Refused,
        Fate::Rejected,
        Fate::Unanswered,
    ];
    FATES.iter().copied().find(|of| fate(Some(*of)) == name)
}

/// What else there is to say about how a datagram ended, with the comma before it.
pub fn fate_detail(datagram: &Datagram) -> String {
    let mut detail = String::new();
    for Event(_, _, _, what) in &datagram.events {
        let (words, more) = match what {
            What::Refused(words) | What::Rejected(words) => (words.as_str(), ""),
            What::Cut(_) => ("cut by the server", ""),
            What::RelayOut(_, Delivery::Duplicate) => ("answered twice", ""),
            What::RelayOut(_, Delivery::Late) => ("answered too late", ""),
            _ => match link_did(what) {
                Some(did) => did,
                None => continue,
            },
        };
        // Where the whole datagram is lost, its fate has said so.
        let is_lost = datagram.fate == Some(Fate::Dropped);
        let (before, words) = match words.strip_prefix(LOST) {
            Some("") if is_lost => (",", ""),
            Some(why) if is_lost => ("", why),
            Some(_) => (", a copy ", words),
            None => (", ", words),
        };
        detail.push_str(before);
        detail.push_str(words);
        detail.push_str(more);
    }
    detail
}

/// What the link did to one copy of a datagram, and on which way; `None` for what is not the link's doing.
pub fn link_did(what: &What) -> Option<(&'static str, &'static str)> {
    Some(match what {
        What::Corrupted(direction, _) => ("one bit turned over", way_of(*direction)),
        What::Dropped(direction, reason) => (dropped(*reason), way_of(*direction)),
        _ => return None,
    })
}

fn way_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => " on the way there",
        Direction::Down => " on the way back",
    }
}

/// How the words for everything begin that the link loses.
const LOST: &str = "lost";

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Loss => LOST,
        DropReason::Checksum => "lost, its checksum failed",
        DropReason::Queue => "lost, the queue was full",
        DropReason::SlowReader => "lost, this page read too slowly",
        DropReason::Hop => "lost between this page and the host",
        DropReason::Browser => "lost, this browser threw it away",
    }
}

/// A span of time that a reader can compare: three digits, in the unit that suits it.
pub fn span(micros: u64) -> String {
    let (thousandths, unit) = match micros {
        0..1_000 => return fill("□ µs", &[&number(micros)]),
        1_000..1_000_000 => (micros, "ms"),
        _ => (micros / 1_000, "s"),
    };
    let whole = number(thousandths / 1_000);
    // The thousand in front keeps the zeros that lead the decimals.
    let decimals = number(1_000 + thousandths % 1_000);
    match decimals.get(1..4usize.saturating_sub(whole.len())) {
        None | Some("") => fill("□ □", &[&whole, unit]),
        Some(decimals) => fill("□.□ □", &[&whole, decimals, unit]),
    }
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
