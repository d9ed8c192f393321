//! The datagrams that a panel knows. Their numbers follow each other, so that a list holds them: a tree would weigh five
//! kilobytes in every module, and a queue that is no single piece still one.

use std::ops::{Index, Range};
use std::slice::Iter;

use crate::datagram::Datagram;

/// Datagrams by their numbers, oldest first.
#[derive(Debug, Default)]
pub struct Kept(Vec<Datagram>, u64);

impl Kept {
    /// All of them.
    pub fn values(&self) -> Iter<'_, Datagram> {
        self.0.iter()
    }

    /// The one with this number.
    pub fn get(&self, number: &u64) -> Option<&Datagram> {
        self.0.get(self.place(*number)?)
    }

    /// Their numbers; an empty range when there are none.
    pub fn numbers(&self) -> Range<u64> {
        let first = self.0.first().map_or(0, |first| first.number);
        first..first.saturating_add(self.0.len() as u64)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Grows with every change: who has drawn one revision need not draw it again.
    pub fn revision(&self) -> u64 {
        self.1
    }

    /// Takes one in, over what was known of it before.
    pub(crate) fn insert(&mut self, datagram: Datagram) {
        self.1 += 1;
        let known = self
            .place(datagram.number)
            .and_then(|place| self.0.get_mut(place));
        if let Some(known) = known {
            *known = datagram;
            return;
        }
        if datagram.number != self.numbers().end {
            // So many came that some were never told of; what was known is too old by now, or of another run.
            self.0.clear();
        }
        self.0.push(datagram);
    }

    /// Forgets what has another number than these, and the oldest of more than `most`.
    pub(crate) fn retain(&mut self, numbers: Range<u64>, most: usize) {
        let held = self.0.len();
        while self.0.last().is_some_and(|last| last.number >= numbers.end) {
            self.0.pop();
        }
        let known = self.numbers();
        let forgotten = numbers.start.max(known.end.saturating_sub(most as u64));
        let forgotten = forgotten
            .saturating_sub(known.start)
            .min(self.0.len() as u64);
        // A few, as a rule: what takes out many at once would weigh more than it saves.
        for _ in 0..forgotten {
            self.0.remove(0);
        }
        self.1 += u64::from(self.0.len() < held);
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.numbers().start)?).ok()
    }
}

impl Index<&u64> for Kept {
    type Output = Datagram;

    /// The one with this number, which must be there.
    fn index(&self, number: &u64) -> &Datagram {
        self.get(number)
            .expect("a datagram with this number is kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: u64) -> Datagram {
        Datagram::new(number, Default::default(), 0)
    }

    #[test]
    fn what_is_known_is_replaced_and_what_is_too_old_is_forgotten() {
        let mut kept = Kept::default();
        for number in [5, 6, 7] {
            kept.insert(numbered(number));
        }
        kept.insert(Datagram {
            revision: 9,
            ..numbered(6)
        });
        assert_eq!((kept.numbers(), kept[&6].revision), (5..8, 9));
        assert!(kept.get(&4).is_none() && kept.get(&8).is_none());
        kept.retain(6..8, 9);
        assert_eq!(kept.numbers(), 6..8);
        kept.retain(1..8, 1);
        assert_eq!(kept.numbers(), 7..8);
    }

    #[test]
    fn a_gap_or_another_run_begins_anew() {
        let mut kept = Kept::default();
        kept.insert(numbered(5));
        kept.insert(numbered(90));
        assert_eq!(kept.numbers(), 90..91);
        kept.insert(numbered(1));
        assert_eq!(kept.numbers(), 1..2);
        kept.retain(9..9, 9);
        assert!(kept.is_empty());
    }
}
