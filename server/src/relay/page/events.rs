//! Events that wait to be told to the page: until they fill a message, or because it reads too slowly.

use std::collections::VecDeque;
use std::time::Duration;

use wire::control::{Event, What};

/// How long events wait for others that are sent with them.
const WAIT_FOR_MORE: Duration = Duration::from_millis(4);

/// Events in one message.
const PER_MESSAGE: usize = 256;

/// Bytes of events that a session may always keep.
const OWN_EVENTS: usize = 32 * 1024;

/// Events for which room is kept while none waits.
const KEPT_EVENTS: usize = 64;

/// The events that wait, oldest first, and how many were dropped.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: VecDeque<Event>,
    /// Bytes of the sentences in them.
    words: usize,
    missed: u64,
    /// Some were dropped: until all others are sent, events are added only where that takes no memory.
    is_full: bool,
    /// When those that wait are to be sent.
    due: Option<u64>,
}

impl EventQueue {
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

    /// Whether events are to be sent at `now`: they fill a message, or have waited for long enough. Without room for them
    /// they wait for it, and no time is set.
    pub(super) fn is_due(&mut self, now: u64, has_room: bool) -> bool {
        if self.is_empty() || !has_room {
            self.due = None;
            return false;
        }
        let due = self.due.unwrap_or(now + WAIT_FOR_MORE.as_micros() as u64);
        let is_due = now >= due || self.events.len() >= PER_MESSAGE;
        self.due = (!is_due).then_some(due);
        is_due
    }

    /// When [`is_due`](Self::is_due) is to be asked again.
    pub(super) fn due(&self) -> Option<u64> {
        self.due
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }

    /// Bytes of memory that they take.
    pub(super) fn held_bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>() + self.words
    }

    /// Takes the oldest for one message; with the last of all, how many were missed.
    pub(super) fn take_message(&mut self) -> (Vec<Event>, u64) {
        let count = PER_MESSAGE.min(self.events.len());
        let events: Vec<_> = self.events.drain(..count).collect();
        self.words -= events.iter().map(words).sum::<usize>();
        if !self.events.is_empty() {
            return (events, 0);
        }
        self.events.shrink_to(KEPT_EVENTS);
        self.is_full = false;
        (events, std::mem::take(&mut self.missed))
    }

    /// Drops the newest, until the others take no more than is a session's own; they count as missed.
    pub(super) fn shed(&mut self) {
        if self.held_bytes() <= OWN_EVENTS {
            return;
        }
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

    /// All that waits, message by message: the events, and how many the last message says were missed.
    fn drain(queue: &mut EventQueue) -> (Vec<Event>, u64) {
        let mut all = Vec::new();
        loop {
            let (events, missed) = queue.take_message();
            assert!(events.len() <= PER_MESSAGE);
            all.extend(events);
            if queue.is_empty() {
                return (all, missed);
            }
            assert_eq!(missed, 0, "the last message says so");
        }
    }

    #[test]
    fn events_are_sent_in_parts_and_the_last_part_says_how_many_were_missed() {
        let mut queue = EventQueue::default();
        queue.add((events(1000, &What::UdpOut), 3));
        queue.add((events(10, &What::UdpOut), 4));
        let (sent, missed) = drain(&mut queue);
        assert_eq!((sent.len(), missed), (1010, 7));
        assert!(queue.held_bytes() <= KEPT_EVENTS * size_of::<Event>());
    }

    #[test]
    fn those_that_are_dropped_are_the_newest_and_count_as_missed() {
        for what in [What::UdpOut, What::Rejected("too many ".repeat(10))] {
            let mut queue = EventQueue::default();
            queue.add((events(10_000, &what), 0));
            queue.shed();
            for _ in 0..9 {
                queue.add((events(10_000, &what), 0));
                assert!(queue.held_bytes() <= OWN_EVENTS);
            }
            let (sent, missed) = drain(&mut queue);
            assert_eq!(sent.len() as u64 + missed, 100_000);
            assert!(sent.len() > 200 && sent[sent.len() - 1].1 == sent.len() as u64);
        }
    }

    #[test]
    fn events_wait_for_company_and_then_for_room() {
        let mut queue = EventQueue::default();
        let wait = WAIT_FOR_MORE.as_micros() as u64;
        assert!(!queue.is_due(0, true) && queue.due().is_none());
        queue.add((events(1, &What::UdpOut), 0));
        assert!(!queue.is_due(5, true));
        assert_eq!(queue.due(), Some(5 + wait));
        assert!(!queue.is_due(5 + wait, false) && queue.due().is_none());
        assert!(!queue.is_due(100, true));
        assert!(queue.is_due(100 + wait, true) && queue.due().is_none());
        queue.add((events(PER_MESSAGE as u64, &What::UdpOut), 0));
        assert!(queue.is_due(200, true), "a full message waits for nobody");
    }
}
