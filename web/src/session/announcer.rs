//! What a screen reader is told: every fate when they are few, sums when they are many.

use udp_echo_feed::datagram::Datagram;
use wire::ledger::Fate;

use super::Micros;
use crate::words;

/// The shortest time between two announcements.
const PAUSE: Micros = 1_500_000;

/// Collects fates and speaks about them now and then.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    text: String,
    spoken_at: Option<Micros>,
    /// Fates since then, in the order in which they first appeared.
    pending: Vec<(Fate, u64)>,
    /// What to say when it was only one.
    single: String,
}

impl Announcer {
    /// What is to be read out now.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Says this at the next opportunity, and at once.
    pub(super) fn say(&mut self, text: String) {
        self.text = text;
    }

    /// A datagram was settled.
    pub(super) fn settled(&mut self, fate: Fate, datagram: Option<&Datagram>, now: Micros) {
        match self.pending.iter_mut().find(|(of, _)| *of == fate) {
            Some((_, count)) => *count += 1,
            None => self.pending.push((fate, 1)),
        }
        if let Some(datagram) = datagram {
            self.single = words::announce_one(datagram, fate);
        }
        self.speak_if_due(now);
    }

    /// Speaks when there is something to say and the pause is over.
    pub(super) fn speak_if_due(&mut self, now: Micros) {
        if self.wakes_at().is_some_and(|at| at <= now) {
            let total: u64 = self.pending.iter().map(|(_, count)| count).sum();
            self.text = match total {
                1 => std::mem::take(&mut self.single),
                _ => words::announce_many(total, &self.pending),
            };
            self.pending.clear();
            self.spoken_at = Some(now);
        }
    }

    /// When it next has something to say.
    pub(super) fn wakes_at(&self) -> Option<Micros> {
        let is_waiting = !self.pending.is_empty();
        is_waiting.then(|| self.spoken_at.map_or(0, |at| at + PAUSE))
    }
}
