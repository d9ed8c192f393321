//! Events that the client has not been told yet, because it reads too slowly or they still gather.

use std::collections::VecDeque;

use wire::control::{Event, What};

/// Bytes of events that a session may always keep.
pub(super) const OWN_EVENTS: usize = 32 * 1024;

/// Events for which room is kept while none waits.
const KEPT_EVENTS: usize = 64;

/// The events that wait, oldest first, and how many were let go.
#[derive(Debug, Default)]
pub(super) struct Untold {
    events: VecDeque<Event>,
    /// Bytes of the sentences in them.
    words: usize,
    missed: u64,
    /// Some were let go: no more are added than take no memory, until all are told.
    is_full: bool,
}

impl Untold {
    /// Takes over what a session has noted, and how many it has missed itself.
    pub(super) fn add(&mut self, (events, missed): (Vec<Event>, u64)) {
        self.missed += missed;
        for event in events {
            let words = words(&event);
            if self.is_full && (words > 0 || self.events.len() == self.events.capacity()) {
                self.missed += 1;
            } else {
                self.words += words;
                self.events.push_back(event);
            }
        }
    }

    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }

    /// Bytes of memory that they take.
    pub(super) fn held_bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>() + self.words
    }

    /// Takes the oldest, at most so many; with the last of them how many were missed.
    pub(super) fn take(&mut self, most: usize) -> (Vec<Event>, u64) {
        let most = most.min(self.events.len());
        let events: Vec<_> = self.events.drain(..most).collect();
        self.words -= events.iter().map(words).sum::<usize>();
        if !self.events.is_empty() {
            return (events, 0);
        }
        self.events.shrink_to(KEPT_EVENTS);
        self.is_full = false;
        (events, std::mem::take(&mut self.missed))
    }

    /// Lets go of the newest, until the others take no more than is a session's own; they count as missed.
    pub(super) fn let_go(&mut self) {
        while self.events.len() * size_of::<Event>() + self.words > OWN_EVENTS
            && let Some(event) = self.events.pop_back()
        {
            self.words -= words(&event);
            self.missed += 1;
        }
        self.events.shrink_to_fit();
        self.is_full = true;
    }
}

/// Bytes of the sentence in an event, if there is one.
fn words(event: &Event) -> usize {
    match &event.3 {
        What::Refused(words) | What::Rejected(words) => words.capacity(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: u64, what: &What) -> Vec<Event> {
        (1..=count)
            .map(|id| Event(id, id, 0, what.clone()))
            .collect()
    }

    #[test]
    fn events_are_told_in_parts_and_the_last_part_says_how_many_were_missed() {
        let mut untold = Untold::default();
        untold.add((events(1000, &What::UdpOut), 3));
        untold.add((events(10, &What::UdpOut), 4));
        let mut told = 0;
        while untold.len() > 256 {
            let (events, missed) = untold.take(256);
            told += events.len();
            assert_eq!(missed, 0);
        }
        let (events, missed) = untold.take(256);
        assert_eq!((told + events.len(), missed), (1010, 7));
        assert!(untold.is_empty());
        assert!(untold.held_bytes() <= KEPT_EVENTS * size_of::<Event>());
    }

    #[test]
    fn those_that_are_let_go_are_the_newest_and_count_as_missed() {
        for what in [What::UdpOut, What::Rejected("too many ".repeat(10))] {
            let mut untold = Untold::default();
            untold.add((events(10_000, &what), 0));
            untold.let_go();
            for _ in 0..9 {
                untold.add((events(10_000, &what), 0));
                assert!(untold.held_bytes() <= OWN_EVENTS);
            }
            let kept = untold.len();
            let (events, missed) = untold.take(usize::MAX);
            assert_eq!(events.len() as u64 + missed, 100_000);
            assert!(kept > 200 && events[kept - 1].1 == kept as u64);
        }
    }
}
