//! What a link did, counted for each direction, and how it is told.
//!
//! The sum always closes: what came and what was doubled went on, was dropped, was refused by the system, or still waits.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use serde::Serialize;
use wire::digits::digits;
use wire::link::{Direction, DropReason, Verdict};

/// Counters of all clients. Each is changed by itself, so that one that is read between two changes may be ahead of another.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// From clients to the program.
    pub(super) there: DirectionTotals,
    /// From the program to clients.
    pub(super) back: DirectionTotals,
    pub(super) clients: AtomicU64,
    /// Datagrams of clients for which there was no room.
    pub(super) turned_away: AtomicU64,
    /// Datagrams that met a port that nobody had bound, as ICMP reported it.
    pub(super) refused: AtomicU64,
}

/// Counters of one direction.
#[derive(Debug, Default)]
pub(super) struct DirectionTotals {
    came: AtomicU64,
    went: AtomicU64,
    doubled: AtomicU64,
    lost: AtomicU64,
    corrupted: AtomicU64,
    queue_full: AtomicU64,
    unsent: AtomicU64,
    waiting: AtomicU64,
}

/// Between what a link was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// Where clients sent to.
    pub(crate) listen: SocketAddr,
    /// The program behind, unless it is the echo server of the same process.
    pub(crate) to: Option<SocketAddr>,
    /// The seed of every client's link.
    pub(crate) seed: u64,
}

#[derive(Serialize)]
struct Told {
    listen: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<SocketAddr>,
    seed: u64,
    clients: u64,
    turned_away: u64,
    refused: u64,
    there: ToldDirection,
    back: ToldDirection,
}

#[derive(Serialize)]
struct ToldDirection {
    came: u64,
    duplicated: u64,
    went: u64,
    lost: u64,
    corrupted: u64,
    queue_full: u64,
    unsent: u64,
    waiting: u64,
}

impl DirectionTotals {
    /// A datagram came, and the link decided about it.
    pub(super) fn judged(&self, verdict: Verdict) {
        add(&self.came, 1);
        match verdict {
            Verdict::Carried(copies) => {
                add(&self.doubled, u64::from(copies) - 1);
                add(&self.waiting, copies.into());
            }
            Verdict::Dropped(DropReason::Loss) => add(&self.lost, 1),
            Verdict::Dropped(DropReason::Checksum) => add(&self.corrupted, 1),
            Verdict::Dropped(_) => {
                add(&self.queue_full, 1);
            }
        }
    }

    /// A datagram came faster than its link could be asked.
    pub(super) fn overrun(&self) {
        add(&self.came, 1);
        add(&self.queue_full, 1);
    }

    /// A copy reached the end of the link with a checksum that is wrong.
    pub(super) fn corrupted(&self) {
        self.left(&self.corrupted);
    }

    /// A copy was handed over.
    pub(super) fn went(&self) {
        self.left(&self.went);
    }

    /// The system did not take a copy.
    pub(super) fn unsent(&self) {
        self.left(&self.unsent);
    }

    fn left(&self, counter: &AtomicU64) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        add(counter, 1);
    }

    fn told(&self) -> ToldDirection {
        ToldDirection {
            came: of(&self.came),
            duplicated: of(&self.doubled),
            went: of(&self.went),
            lost: of(&self.lost),
            corrupted: of(&self.corrupted),
            queue_full: of(&self.queue_full),
            unsent: of(&self.unsent),
            waiting: of(&self.waiting),
        }
    }

    /// `20 datagrams came, 1 duplicated, 14 went on; 6 lost on the link`: zeros are left out.
    fn sentence(&self) -> String {
        let told = self.told();
        let mut sentence = format!(
            "{} came{}, {} went on",
            datagrams(told.came),
            match told.duplicated {
                0 => String::new(),
                some => format!(", {} duplicated", digits(some)),
            },
            digits(told.went)
        );
        let rest = [
            (told.lost, "lost on the link"),
            (
                told.corrupted,
                "with a bit turned over, which the checksum caught",
            ),
            (told.queue_full, "dropped by a full queue"),
            (told.unsent, "not taken by the system"),
            (told.waiting, "still on the way"),
        ];
        for (index, (count, words)) in rest.iter().filter(|(count, _)| *count > 0).enumerate() {
            let between = if index == 0 { "; " } else { ", " };
            sentence.push_str(&format!("{between}{} {words}", digits(*count)));
        }
        sentence
    }
}

impl Totals {
    /// The counters of one direction.
    pub(super) fn of(&self, direction: Direction) -> &DirectionTotals {
        match direction {
            Direction::Up => &self.there,
            Direction::Down => &self.back,
        }
    }

    #[cfg(test)]
    pub(super) fn clients_refused_and_turned_away(&self) -> [u64; 3] {
        [&self.clients, &self.refused, &self.turned_away].map(of)
    }

    /// The summary for people.
    pub(crate) fn as_text(&self) -> String {
        let mut lines = vec![
            format!("there       {}", self.there.sentence()),
            format!("back        {}", self.back.sentence()),
            format!("clients     {}", digits(of(&self.clients))),
        ];
        let more = [
            (
                &self.refused,
                "refused     ",
                "met a port that nobody has bound",
            ),
            (
                &self.turned_away,
                "turned away ",
                "came from clients for which there was no room",
            ),
        ];
        for (counter, name, words) in more {
            if of(counter) > 0 {
                lines.push(format!("{name}{} {words}", datagrams(of(counter))));
            }
        }
        lines.join("\n")
    }

    /// The summary for programs: one object, in one line.
    ///
    /// # Errors
    /// None that can happen with these fields.
    pub(crate) fn as_json(&self, ends: &Ends) -> anyhow::Result<String> {
        let told = Told {
            listen: ends.listen,
            to: ends.to,
            seed: ends.seed,
            clients: of(&self.clients),
            turned_away: of(&self.turned_away),
            refused: of(&self.refused),
            there: self.there.told(),
            back: self.back.told(),
        };
        serde_json::to_string(&told).context("write the summary as JSON")
    }
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn of(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn datagrams(count: u64) -> String {
    match count {
        1 => "1 datagram".to_owned(),
        _ => format!("{} datagrams", digits(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_told_without_its_zeros_and_its_sum_closes() {
        let direction = DirectionTotals::default();
        for verdict in [
            Verdict::Carried(1),
            Verdict::Carried(2),
            Verdict::Dropped(DropReason::Loss),
            Verdict::Dropped(DropReason::Queue),
        ] {
            direction.judged(verdict);
        }
        direction.overrun();
        direction.went();
        direction.corrupted();
        assert_eq!(
            direction.sentence(),
            "5 datagrams came, 1 duplicated, 1 went on; 1 lost on the link, 1 with a bit turned over, which the checksum caught, \
             2 dropped by a full queue, 1 still on the way"
        );
        let told = direction.told();
        assert_eq!(
            told.came + told.duplicated,
            told.went + told.lost + told.corrupted + told.queue_full + told.unsent + told.waiting
        );
        assert_eq!(
            DirectionTotals::default().sentence(),
            "0 datagrams came, 0 went on"
        );
    }
}
