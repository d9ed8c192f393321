//! What a view reads of a session.

use wire::control::Hello;

use super::lab::Bench;
use super::{History, Phase, Session};

impl Session {
    /// Where the session stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What the host last said of itself.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// What became of every datagram.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The relay's address.
    pub fn relay(&self) -> &str {
        &self.relay
    }

    /// The message that would be sent.
    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// The datagram that the reader picked; the newest one stands for `None`.
    pub fn selected(&self) -> Option<u64> {
        self.selected
    }

    /// Whether the reader went there by the keys of the list, so that the focus goes with them.
    pub fn is_stepping(&self) -> bool {
        self.stepping
    }

    /// A sentence about what went otherwise than asked; empty when there is none.
    pub fn notice(&self) -> &str {
        self.notice.as_deref().unwrap_or_default()
    }

    /// What a screen reader is told.
    pub fn announcement(&self) -> &str {
        self.announcer.text()
    }

    /// What the reader has set in the lab.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }
}
