//! Events that wait to be told to the page: until they fill a message, or because it reads too slowly.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWrite;
use wire::control::{Event, What};
use wire::sockets::control::SocketEvent;

use super::protocol::Protocol;
use crate::limits::Backlog;

/// How long events wait for others that are sent with them.
const WAIT_FOR_MORE: Duration = Duration::from_millis(4);

/// Events in one message.
const PER_MESSAGE: usize = 256;

/// Bytes of events that a session may always keep.
const OWN_EVENTS: usize = 32 * 1024;

/// Events for which room is kept while none waits.
const KEPT_EVENTS: usize = 64;

/// An event of either route.
pub(super) trait Told {
    /// Bytes of the sentence in it, if there is one.
    fn words(&self) -> usize;
}

impl Told for Event {
    fn words(&self) -> usize {
        match &self.3 {
            What::Refused(words) | What::Rejected(words) => words.capacity(),
            _ => 0,
        }
    }
}

impl Told for SocketEvent {
    fn words(&self) -> usize {
        0
    }
}

/// The events that wait, oldest first, and how many were dropped.
#[derive(Debug)]
pub(super) struct EventQueue<E> {
    events: VecDeque<E>,
    /// Bytes of the sentences in them.
    words: usize,
    missed: u64,
    /// Some were dropped: until all others are sent, events are added only where that takes no memory.
    is_full: bool,
    /// When those that wait are to be sent.
    due: Option<u64>,
}

impl<E: Told> EventQueue<E> {
    /// Takes over what a session has noted, and how many it has missed itself.
    pub(super) fn add(&mut self, (events, missed): (Vec<E>, u64)) {
        self.missed += missed;
        for event in events {
            let words = event.words();
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
    fn is_due(&mut self, now: u64, has_room: bool) -> bool {
        if self.is_empty() || !has_room {
            self.due = None;
            return false;
        }
        let due = self.due.unwrap_or(now + WAIT_FOR_MORE.as_micros() as u64);
        let is_due = now >= due || self.events.len() >= PER_MESSAGE;
        self.due = (!is_due).then_some(due);
        is_due
    }

    /// Sends the events when they fill a message or have waited for long enough, as far as the page reads.
    pub(super) fn send<W: AsyncWrite + Unpin, M: Serialize>(
        &mut self,
        page: &mut Protocol<'_, W>,
        now: u64,
        message: impl Fn(Vec<E>) -> M,
    ) {
        // The flush that makes room comes back here.
        if !self.is_due(now, page.has_room_for_events()) {
            return;
        }
        while !self.is_empty() && page.has_room_for_events() {
            let (events, missed) = self.take_message();
            if !events.is_empty() {
                page.notify(&message(events));
            }
            if missed > 0 {
                let text = format!("{missed} events were left out: the page reads too slowly");
                page.notice("missed_events", text);
            }
        }
    }

    /// Whether they fit into `backlog` beside `held` bytes of the session's; if not, the newest are dropped to make room.
    pub(super) fn fit(&mut self, backlog: &mut Backlog, held: usize) -> bool {
        if backlog.try_reserve(held + self.held_bytes()) {
            return true;
        }
        self.shed();
        backlog.try_reserve(held + self.held_bytes())
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
    fn held_bytes(&self) -> usize {
        self.events.capacity() * size_of::<E>() + self.words
    }

    /// Takes the oldest for one message; with the last of all, how many were missed.
    fn take_message(&mut self) -> (Vec<E>, u64) {
        let count = PER_MESSAGE.min(self.events.len());
        let events: Vec<_> = self.events.drain(..count).collect();
        self.words -= events.iter().map(E::words).sum::<usize>();
        if !self.events.is_empty() {
            return (events, 0);
        }
        self.events.shrink_to(KEPT_EVENTS);
        self.is_full = false;
        (events, std::mem::take(&mut self.missed))
    }

    /// Drops the newest, until the others take no more than is a session's own; they count as missed.
    fn shed(&mut self) {
        if self.held_bytes() <= OWN_EVENTS {
            return;
        }
        while self.events.len() * size_of::<E>() + self.words > OWN_EVENTS
            && let Some(event) = self.events.pop_back()
        {
            self.words -= event.words();
            self.missed += 1;
        }
        self.events.shrink_to_fit();
        self.is_full = true;
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self {
            events: VecDeque::new(),
            words: 0,
            missed: 0,
            is_full: false,
            due: None,
        }
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
    fn drain(queue: &mut EventQueue<Event>) -> (Vec<Event>, u64) {
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
