//! What one session counts: for the log, and for the host's metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use wire::link::DropReason;
use wire::session::Session;
use wire::sockets::session::SocketsSession;

use super::Sums;

const FATES: &str = "udp_echo_fates_total";
const DROPS: &str = "udp_echo_drops_total";
pub(super) const KERNEL_DROPS: &str = "udp_echo_kernel_drops_total";

/// Labels of [`DropReason::ALL`], in that order.
const DROP_LABELS: [&str; DropReason::ALL.len()] = [
    "{reason=\"loss\"}",
    "{reason=\"checksum\"}",
    "{reason=\"queue\"}",
    "{reason=\"slow_reader\"}",
    "{reason=\"hop\"}",
    "{reason=\"browser\"}",
];

/// The three protocols of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// `/relay`: datagrams in binary messages, control in text messages.
    #[default]
    Page,
    /// `/relay/raw`: every message is a datagram, and the host says nothing of its own.
    Raw,
    /// `/sockets`: any number of UDP sockets, each datagram behind a header.
    Sockets,
}

/// Totals of a session, for the log and for the host's own counters.
#[derive(Debug, Default)]
pub(crate) struct SessionCounters {
    /// Which protocol the session speaks; it says which fates there are.
    kind: SessionKind,
    /// Datagrams that the client handed over.
    pub(crate) from_client: AtomicU64,
    /// Their payload bytes.
    pub(crate) from_client_bytes: AtomicU64,
    /// Of these: answered in time.
    pub(crate) echoed: AtomicU64,
    /// Of these: not answered in time.
    pub(crate) lost: AtomicU64,
    /// Of these: received by a socket of the session's loopback.
    pub(crate) delivered: AtomicU64,
    /// Of these: taken by the system for a target, a peer or a visitor.
    pub(crate) left: AtomicU64,
    /// Of these: empty, and by the rule not answered.
    pub(crate) unanswered: AtomicU64,
    /// Of these: refused by the operating system, as too large for instance, or over a limit.
    pub(crate) rejected: AtomicU64,
    /// Errors that ICMP sent back.
    pub(crate) refused: AtomicU64,
    /// Datagrams that came from the server.
    pub(crate) from_server: AtomicU64,
    /// Their payload bytes.
    pub(crate) from_server_bytes: AtomicU64,
    /// Datagrams, either way, that were dropped where and why is known.
    pub(crate) dropped: AtomicU64,
    /// Of these: without a fate so far.
    pub(crate) in_flight: AtomicU64,
    /// Of these: without a fate when the session ended.
    pub(crate) unfinished: AtomicU64,
    /// Copies that were dropped, of datagrams and of answers, by reason in the order of [`DropReason::ALL`].
    pub(crate) drops: [AtomicU64; DropReason::ALL.len()],
    /// Datagrams to a port of the session's loopback that nobody has bound.
    pub(crate) unbound: AtomicU64,
    /// Datagrams that a socket of the session's loopback never gave out.
    pub(crate) unreceived: AtomicU64,
    /// UDP sockets that the session has open, of those that it opens itself.
    pub(crate) sockets: AtomicU64,
    /// Datagrams that came to an unconnected socket from somebody else than the server, and were dropped.
    pub(crate) strangers: AtomicU64,
    /// Lanes that the session had.
    pub(crate) lanes_opened: AtomicU64,
    /// Messages that came on them.
    pub(crate) lane_in: AtomicU64,
    /// Answers that went out on them.
    pub(crate) lane_out: AtomicU64,
    /// Of the messages: no datagrams of the session, for want of a number that could come.
    pub(crate) lane_discarded: AtomicU64,
    /// Datagrams that the kernel dropped because the session took them too slowly out of its socket.
    pub(crate) kernel_drops: AtomicU64,
}

impl SessionCounters {
    /// Of a session that begins.
    pub(crate) fn new(kind: SessionKind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// Takes the totals from the ledger of a page's session.
    pub(crate) fn take_from(&self, session: &Session) {
        let ledger = session.counters();
        let answers = ledger.echoed + ledger.duplicates + ledger.late + ledger.stray;
        for (counter, total) in [
            (&self.from_client, ledger.sent),
            (&self.from_client_bytes, ledger.bytes_sent),
            (&self.echoed, ledger.echoed),
            (&self.lost, ledger.lost),
            (&self.unanswered, ledger.unanswered),
            (&self.rejected, ledger.rejected),
            (&self.refused, ledger.refused),
            (&self.from_server, answers),
            (&self.from_server_bytes, ledger.bytes_received),
            (&self.dropped, ledger.dropped),
            (&self.in_flight, ledger.in_flight),
        ] {
            counter.store(total, Ordering::Relaxed);
        }
        for (counter, total) in self.drops.iter().zip(session.drops()) {
            counter.store(total, Ordering::Relaxed);
        }
    }

    /// Takes the totals from the ledger of a session of `/sockets`, which has so many sockets open.
    pub(crate) fn take_from_sockets(&self, session: &SocketsSession, sockets: usize) {
        let ledger = session.counters();
        for (counter, total) in [
            (&self.from_client, ledger.sent),
            (&self.from_client_bytes, ledger.bytes_sent),
            (&self.delivered, ledger.delivered),
            (&self.left, ledger.left),
            (&self.rejected, ledger.rejected),
            (&self.refused, ledger.refused),
            (&self.from_server, ledger.received),
            (&self.from_server_bytes, ledger.bytes_received),
            (&self.dropped, ledger.dropped),
            (&self.in_flight, ledger.in_flight),
            (&self.strangers, ledger.strangers),
            (&self.sockets, sockets as u64),
        ] {
            counter.store(total, Ordering::Relaxed);
        }
        let [loss, checksum, queue, slow_reader, unbound, unreceived] = session.drops();
        for (counter, total) in self.drops.iter().zip([loss, checksum, queue, slow_reader]) {
            counter.store(total, Ordering::Relaxed);
        }
        self.unbound.store(unbound, Ordering::Relaxed);
        self.unreceived.store(unreceived, Ordering::Relaxed);
    }

    /// Counts an answer that found no room, because the client reads too slowly.
    pub(crate) fn drop_for_slow_reader(&self) {
        add(&self.dropped, 1);
        add(&self.drops[DropReason::SlowReader as usize], 1);
    }

    /// Takes over what the kernel has dropped of a session's datagrams; `None` where it does not tell.
    pub(crate) fn set_kernel_drops(&self, drops: Option<u32>) {
        if let Some(drops) = drops {
            self.kernel_drops.store(drops.into(), Ordering::Relaxed);
        }
    }

    /// What is in flight when a session ends stays without a fate.
    pub(super) fn finish(&self) {
        let unfinished = self.in_flight.swap(0, Ordering::Relaxed);
        self.unfinished.fetch_add(unfinished, Ordering::Relaxed);
        self.sockets.store(0, Ordering::Relaxed);
    }

    /// Adds what the session has counted so far.
    pub(super) fn add_to(&self, sums: &mut Sums) {
        let kind = self.kind.label();
        let fates: &[_] = match self.kind {
            SessionKind::Page => &[
                ("{kind=\"page\",fate=\"echoed\"}", &self.echoed),
                ("{kind=\"page\",fate=\"lost\"}", &self.lost),
                ("{kind=\"page\",fate=\"dropped\"}", &self.dropped),
                ("{kind=\"page\",fate=\"refused\"}", &self.refused),
                ("{kind=\"page\",fate=\"rejected\"}", &self.rejected),
                ("{kind=\"page\",fate=\"unanswered\"}", &self.unanswered),
                ("{kind=\"page\",fate=\"unfinished\"}", &self.unfinished),
            ],
            SessionKind::Raw => &[
                ("{kind=\"raw\",fate=\"dropped\"}", &self.dropped),
                ("{kind=\"raw\",fate=\"refused\"}", &self.refused),
                ("{kind=\"raw\",fate=\"rejected\"}", &self.rejected),
            ],
            SessionKind::Sockets => &[
                ("{kind=\"sockets\",fate=\"delivered\"}", &self.delivered),
                ("{kind=\"sockets\",fate=\"left\"}", &self.left),
                ("{kind=\"sockets\",fate=\"dropped\"}", &self.dropped),
                ("{kind=\"sockets\",fate=\"refused\"}", &self.refused),
                ("{kind=\"sockets\",fate=\"rejected\"}", &self.rejected),
                ("{kind=\"sockets\",fate=\"unfinished\"}", &self.unfinished),
            ],
        };
        let mut add = |name, labels, counter: &AtomicU64| {
            *sums.entry((name, labels)).or_default() += counter.load(Ordering::Relaxed);
        };
        for (labels, counter) in fates {
            add(FATES, labels, counter);
        }
        for (labels, counter) in DROP_LABELS.iter().zip(&self.drops) {
            add(DROPS, labels, counter);
        }
        add(DROPS, "{reason=\"unbound\"}", &self.unbound);
        add(DROPS, "{reason=\"unreceived\"}", &self.unreceived);
        add(DROPS, "{reason=\"stranger\"}", &self.strangers);
        let bytes = "udp_echo_bytes_total";
        add(bytes, "{direction=\"in\"}", &self.from_client_bytes);
        add(bytes, "{direction=\"out\"}", &self.from_server_bytes);
        add("udp_echo_datagrams_total", kind, &self.from_client);
        add("udp_echo_answers_total", kind, &self.from_server);
        add("udp_echo_in_flight", "", &self.in_flight);
        add("udp_echo_lanes_opened_total", "", &self.lanes_opened);
        let lane = "udp_echo_lane_datagrams_total";
        add(lane, "{what=\"in\"}", &self.lane_in);
        add(lane, "{what=\"out\"}", &self.lane_out);
        add(lane, "{what=\"discarded\"}", &self.lane_discarded);
        add("udp_echo_sockets", "", &self.sockets);
        add(KERNEL_DROPS, "{socket=\"session\"}", &self.kernel_drops);
    }
}

impl SessionKind {
    /// Every kind.
    pub(super) const ALL: [Self; 3] = [Self::Page, Self::Raw, Self::Sockets];

    /// Its label in the metrics.
    fn label(self) -> &'static str {
        match self {
            Self::Page => "{kind=\"page\"}",
            Self::Raw => "{kind=\"raw\"}",
            Self::Sockets => "{kind=\"sockets\"}",
        }
    }
}

/// Adds to a counter of [`SessionCounters`].
pub(crate) fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}
