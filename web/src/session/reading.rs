//! What a view reads of a session.

use udp_echo_feed::datagram::Payload;
use wire::control::{Hello, Options};
use wire::limits::MAX_DATAGRAM_BYTES_IPV4;

use super::desired_config::DesiredConfig;
use super::{CARRIER, History, Micros, Phase, Session};

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
    pub fn draft(&self) -> &Payload {
        &self.draft
    }

    /// Changes when the message was set otherwise than by typing it.
    pub fn draft_revision(&self) -> u32 {
        self.draft_revision
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

    /// The lane that datagrams take, by its name, and what else is to be said of it; empty where there is only the WebSocket.
    pub fn lane(&self) -> (&str, &str) {
        let carrier = self.carrier.as_ref();
        carrier.map_or(("", ""), |notice| {
            let name = notice.code.strip_prefix(CARRIER);
            (name.unwrap_or_default(), &notice.text)
        })
    }

    /// What a screen reader is told.
    pub fn announcement(&self) -> &str {
        self.announcer.text()
    }

    /// What was asked of the host beside datagrams.
    pub fn desired_config(&self) -> &DesiredConfig {
        &self.desired_config
    }

    /// Most payload bytes of a datagram.
    pub fn limit(&self) -> usize {
        let hello = self.hello.as_ref();
        hello.map_or(MAX_DATAGRAM_BYTES_IPV4, |hello| hello.limits.datagram_bytes)
    }

    /// Seed of the session's link.
    pub fn link_seed(&self) -> u64 {
        let of_host = self.hello.as_ref().map(|hello| hello.seed);
        self.settings.seed.or(of_host).unwrap_or(self.seed)
    }

    /// How long an answer may take.
    pub fn timeout(&self) -> Micros {
        let of_host = self.hello.as_ref().map(|hello| hello.options.timeout_ms);
        let timeout_ms = self.settings.timeout_ms.or(of_host);
        Micros::from(timeout_ms.unwrap_or(Options::default().timeout_ms)) * 1000
    }
}
