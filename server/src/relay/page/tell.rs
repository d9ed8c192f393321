//! What a page is told, and what is kept until it can be: within bounds, for nothing here waits for the client.

use std::time::Duration;

use tokio::io::AsyncWrite;
use wire::control::{HostMessage, Notice};

use super::PageSession;
use super::untold::OWN_EVENTS;
use crate::relay::backlog::OWN_CONTROL;

/// How long events gather before they are sent together.
const EVENTS_GATHER: Duration = Duration::from_millis(4);

/// Events in one message.
const EVENTS_PER_MESSAGE: usize = 256;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Sees that what the session holds has a bound: first events are let go, then nothing more is taken.
    pub(super) fn make_room(&mut self) {
        let untold = self.untold.held_bytes();
        if !self.books.affords(self.session.held_bytes() + untold) {
            if untold > OWN_EVENTS {
                self.untold.let_go();
            }
            let held = self.session.held_bytes() + self.untold.held_bytes();
            return self.session.narrow(!self.books.affords(held));
        }
        self.session.narrow(false);
    }

    /// Sends the events when they fill a message or have gathered for long enough, as far as the client reads.
    pub(super) fn tell_events(&mut self) {
        self.untold.add(self.session.take_events());
        if self.untold.is_empty() || self.outbound.waiting_control() > OWN_CONTROL {
            // The flush that makes room comes back here.
            self.events_due = None;
            return;
        }
        let now = self.shared.clock.now();
        let due = *self
            .events_due
            .get_or_insert(now + EVENTS_GATHER.as_micros() as u64);
        if now < due && self.untold.len() < EVENTS_PER_MESSAGE {
            return;
        }
        self.events_due = None;
        while !self.untold.is_empty() && self.outbound.waiting_control() <= OWN_CONTROL {
            let (events, missed) = self.untold.take(EVENTS_PER_MESSAGE);
            if !events.is_empty() {
                self.tell(&HostMessage::Events(events));
            }
            if missed > 0 {
                let text = format!("{missed} events were left out: the page reads too slowly");
                self.tell_notice("missed_events", text);
            }
        }
    }

    /// Tells a client that reads again what it has missed.
    pub(super) fn reader_caught_up(&mut self) {
        if std::mem::take(&mut self.reader_was_slow) {
            self.tell_notice(
                "slow_reader",
                "answers were dropped because this client read too slowly; the counters have them",
            );
            self.tell(&HostMessage::Counters(self.session.counters()));
        }
    }

    pub(super) fn tell(&mut self, message: &HostMessage) {
        let text = serde_json::to_string(message).expect("control messages are plain data");
        self.outbound.push_text(&text);
    }

    pub(super) fn tell_notice(&mut self, code: &str, text: impl Into<String>) {
        self.tell(&HostMessage::Notice(Notice {
            code: code.to_owned(),
            text: text.into(),
        }));
    }
}
