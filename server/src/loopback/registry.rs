//! Which ports of a loopback are bound, and by whom.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Receipt;

/// How long the system's address of a closed socket has its name: a datagram that it sent before may not have been read yet.
const LINGER: Duration = Duration::from_secs(2);

/// Closed sockets that are remembered: scripts send and close at once, and their sessions wait for the receipts.
const REMEMBERED: usize = 64;

/// The bound ports of a loopback.
#[derive(Debug, Default)]
pub(super) struct Registry {
    by_name: HashMap<SocketAddr, Entry>,
    /// The names by the addresses that the system knows: the same ones, unless ports are mapped.
    by_kernel: HashMap<SocketAddr, SocketAddr>,
    closed: VecDeque<Closed>,
}

#[derive(Debug)]
struct Entry {
    kernel: SocketAddr,
    receipts: mpsc::Sender<Receipt>,
}

#[derive(Debug)]
struct Closed {
    at: Instant,
    name: SocketAddr,
    entry: Entry,
}

impl Registry {
    /// Enters a socket that is bound.
    pub(super) fn enter(
        &mut self,
        name: SocketAddr,
        kernel: SocketAddr,
        receipts: mpsc::Sender<Receipt>,
    ) {
        self.by_name.insert(name, Entry { kernel, receipts });
        self.by_kernel.insert(kernel, name);
    }

    /// Takes a socket out that is about to be closed.
    pub(super) fn leave(&mut self, name: SocketAddr) {
        let Some(entry) = self.by_name.remove(&name) else {
            return;
        };
        self.by_kernel.remove(&entry.kernel);
        if self.closed.len() == REMEMBERED {
            self.closed.pop_front();
        }
        let at = Instant::now();
        self.closed.push_back(Closed { at, name, entry });
    }

    /// Whether a socket has this name.
    pub(super) fn has(&self, name: SocketAddr) -> bool {
        self.by_name.contains_key(&name)
    }

    /// Whether a socket is bound to this address of the system's.
    pub(super) fn has_kernel(&self, kernel: SocketAddr) -> bool {
        self.by_kernel.contains_key(&kernel)
    }

    /// The system's address of the socket with this name.
    pub(super) fn kernel(&self, name: SocketAddr) -> Option<SocketAddr> {
        self.by_name.get(&name).map(|entry| entry.kernel)
    }

    /// The name of the socket that sent from this address of the system's; it may be closed by now.
    pub(super) fn name(&self, kernel: SocketAddr) -> Option<SocketAddr> {
        if let Some(name) = self.by_kernel.get(&kernel) {
            return Some(*name);
        }
        let closed = self.closed(|closed| closed.entry.kernel == kernel)?;
        (closed.at.elapsed() < LINGER).then_some(closed.name)
    }

    /// Where the session of the socket with this name hears of what others received from it; it may be closed by now.
    pub(super) fn receipts(&self, name: SocketAddr) -> Option<&mpsc::Sender<Receipt>> {
        if let Some(entry) = self.by_name.get(&name) {
            return Some(&entry.receipts);
        }
        let closed = self.closed(|closed| closed.name == name)?;
        Some(&closed.entry.receipts)
    }

    /// The last one that was closed of those that fit.
    fn closed(&self, fits: impl Fn(&Closed) -> bool) -> Option<&Closed> {
        self.closed.iter().rev().find(|closed| fits(closed))
    }
}
