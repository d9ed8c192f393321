//! What an echo server has done so far.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::udp::{GroBuffer, UdpSocket};

/// A handle on the totals of an echo server. It does not keep the server's port taken.
#[derive(Debug, Clone)]
pub struct EchoStatus {
    counters: Arc<EchoCounters>,
    sockets: Vec<Weak<UdpSocket>>,
}

/// Totals of an echo server since it was bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EchoTotals {
    /// Datagrams received.
    pub received: u64,
    /// Payload bytes received.
    pub received_bytes: u64,
    /// Of the datagrams: empty, and by claim 8 not answered.
    pub empty: u64,
    /// Of the datagrams: not answered because their port may itself answer everything.
    pub guarded: u64,
    /// Of the datagrams: answered with less than they held, because the buffer was smaller.
    pub cut: u64,
    /// Of the datagrams: the answer could not be sent.
    pub unsent: u64,
    /// Receive errors that belonged to no datagram.
    pub receive_errors: u64,
    /// Datagrams that the kernel dropped before the server saw them; `None` where it does not tell.
    pub kernel_drops: Option<u32>,
}

/// The counters behind [`EchoTotals`].
#[derive(Debug, Default)]
pub(super) struct EchoCounters {
    received: AtomicU64,
    received_bytes: AtomicU64,
    empty: AtomicU64,
    guarded: AtomicU64,
    cut: AtomicU64,
    unsent: AtomicU64,
    receive_errors: AtomicU64,
}

impl EchoStatus {
    pub(super) fn new<'a>(
        counters: &Arc<EchoCounters>,
        sockets: impl Iterator<Item = &'a Arc<UdpSocket>>,
    ) -> Self {
        Self {
            counters: Arc::clone(counters),
            sockets: sockets.map(Arc::downgrade).collect(),
        }
    }

    /// The totals as of now.
    pub fn totals(&self) -> EchoTotals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &*self.counters;
        EchoTotals {
            received: read(&counters.received),
            received_bytes: read(&counters.received_bytes),
            empty: read(&counters.empty),
            guarded: read(&counters.guarded),
            cut: read(&counters.cut),
            unsent: read(&counters.unsent),
            receive_errors: read(&counters.receive_errors),
            kernel_drops: self.kernel_drops(),
        }
    }
}

impl EchoStatus {
    fn kernel_drops(&self) -> Option<u32> {
        let drops = |socket: &Weak<UdpSocket>| socket.upgrade()?.kernel_drops();
        self.sockets
            .iter()
            .map(drops)
            .reduce(|a, b| Some(a?.saturating_add(b?)))?
    }
}

impl EchoCounters {
    pub(super) fn received(&self, buffer: &GroBuffer<'_>) {
        add(&self.received, buffer.datagrams().len());
        add(&self.received_bytes, buffer.bytes.len());
    }

    pub(super) fn empty(&self) {
        add(&self.empty, 1);
    }

    pub(super) fn guarded(&self, datagrams: usize) {
        add(&self.guarded, datagrams);
    }

    pub(super) fn cut(&self, cut: bool) {
        if cut {
            add(&self.cut, 1);
        }
    }

    pub(super) fn unsent(&self, datagrams: usize) {
        add(&self.unsent, datagrams);
    }

    pub(super) fn receive_error(&self) {
        add(&self.receive_errors, 1);
    }
}

fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}
