//! Who observes an echo server, and what they get to see.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{OwnedMutexGuard, broadcast, mpsc};
use wire::ledger::Fingerprint;
use wire::transcript::shown;

/// Datagrams that an observer of many peers may be behind before it misses some.
const BROADCAST_CAPACITY: usize = 1024;

/// What an echo server did with a datagram of a session, for the session itself.
///
/// Thousands may wait, so it holds nothing of the payload but what recognizes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoReport {
    /// When it was received, in microseconds of the server's clock.
    pub received_at: u64,
    /// Which datagram it was.
    pub fingerprint: Fingerprint,
    /// How many of its bytes fitted the server's buffer.
    pub received: usize,
    /// What the server did.
    pub outcome: Outcome,
}

/// What an echo server did with a datagram of anybody, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDatagram {
    /// Who sent it, as the server saw the address; an IPv4 address stays one on a dual-stack socket.
    pub peer: SocketAddr,
    /// Bytes of the datagram as it arrived.
    pub bytes: usize,
    /// How many of them fitted the server's buffer.
    pub received: usize,
    /// The beginning of these, as the transcript shows it.
    pub text: String,
    /// What the server did.
    pub outcome: Outcome,
}

/// What an echo server did with a datagram after receiving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It sent back `bytes` bytes `at` this microsecond.
    Sent {
        /// Payload bytes of the answer.
        bytes: usize,
        /// When the answer was handed to the system, in microseconds of the server's clock.
        at: u64,
    },
    /// It was empty and got no answer (claim 8).
    Empty,
    /// Its port may itself answer everything: no answer, so that no loop can start.
    Guarded,
    /// The answer could not be sent; the operating system's words.
    Failed(String),
}

/// Whose datagrams an [`Observer`] sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Every peer.
    Everyone,
    /// Every peer that no session of this host has registered.
    Strangers,
}

/// The observers of an echo server. Clones share one registry.
#[derive(Debug, Clone, Default)]
pub struct Observers {
    registry: Arc<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    /// Observers of every kind. Zero lets the server skip all of this.
    observer_count: AtomicUsize,
    peers: Mutex<HashMap<SocketAddr, Option<Peer>>>,
    everyone: Broadcast,
    strangers: Broadcast,
}

#[derive(Debug, Clone)]
struct Peer {
    reports: mpsc::Sender<EchoReport>,
    missed: Arc<AtomicU64>,
    at_work: AtWork,
}

/// Held by the server from before it answers a session until the session is told.
type AtWork = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug, Default)]
struct Broadcast {
    observer_count: AtomicUsize,
    /// Made for the first observer: its ring is large, and most servers have none.
    observed: OnceLock<broadcast::Sender<ObservedDatagram>>,
}

impl Observers {
    /// Registers a session's own UDP address, so that it is no stranger. The guard takes it off again.
    pub fn register(&self, address: SocketAddr) -> Registration {
        let address = canonical(address);
        self.registry.peers().insert(address, None);
        Registration {
            registry: Arc::clone(&self.registry),
            address,
            at_work: AtWork::default(),
        }
    }

    /// Observes many peers at once.
    pub fn observe(&self, filter: Filter) -> Observer {
        let registry = Arc::clone(&self.registry);
        let broadcast = registry.broadcast(filter);
        let observed = broadcast.sender().subscribe();
        broadcast.observer_count.fetch_add(1, Ordering::Relaxed);
        registry.observer_count.fetch_add(1, Ordering::Relaxed);
        Observer {
            observed,
            registry,
            filter,
        }
    }

    /// Who is observing at this moment; `None` when nobody is.
    pub(super) fn active(&self) -> Option<ActiveObservers> {
        let nobody = self.registry.observer_count.load(Ordering::Relaxed) == 0;
        (!nobody).then(|| ActiveObservers {
            registry: Arc::clone(&self.registry),
        })
    }
}

/// A session's entry in the registry; dropping it removes the entry.
#[derive(Debug)]
pub struct Registration {
    registry: Arc<Registry>,
    address: SocketAddr,
    at_work: AtWork,
}

impl Registration {
    /// Observes this session's own datagrams. At most `capacity` reports wait; further ones are missed and counted.
    ///
    /// It ends when the receiver is dropped and [`stop_observing`](Self::stop_observing) is called, or with this entry.
    pub fn observe(&self, capacity: usize) -> (mpsc::Receiver<EchoReport>, Arc<AtomicU64>) {
        let (reports, receiver) = mpsc::channel(capacity);
        let missed = Arc::new(AtomicU64::new(0));
        let peer = Peer {
            reports,
            missed: Arc::clone(&missed),
            at_work: Arc::clone(&self.at_work),
        };
        self.registry.replace(self.address, Some(peer));
        (receiver, missed)
    }

    /// Waits until there is a report of every answer that has arrived: on another processor, an answer may be here before the
    /// server has told that it sent it.
    pub async fn reported(&self) {
        drop(self.at_work.lock().await);
    }

    /// Stops observing; the address stays registered.
    pub fn stop_observing(&self) {
        self.registry.replace(self.address, None);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.stop_observing();
        self.registry.peers().remove(&self.address);
    }
}

/// Sees the datagrams of many peers until it is dropped.
#[derive(Debug)]
pub struct Observer {
    observed: broadcast::Receiver<ObservedDatagram>,
    registry: Arc<Registry>,
    filter: Filter,
}

impl Observer {
    /// Waits for the next datagram. `Err` says how many were missed because the observer was too slow.
    ///
    /// # Errors
    ///
    /// The number of datagrams missed; the next call goes on with the oldest one kept.
    pub async fn next(&mut self) -> Result<ObservedDatagram, u64> {
        match self.observed.recv().await {
            Ok(observed) => Ok(observed),
            Err(broadcast::error::RecvError::Lagged(missed)) => Err(missed),
            // The registry, which this observer keeps alive, owns the sender.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let broadcast = self.registry.broadcast(self.filter);
        broadcast.observer_count.fetch_sub(1, Ordering::Relaxed);
        self.registry.observer_count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The observers of one batch of datagrams.
pub(super) struct ActiveObservers {
    registry: Arc<Registry>,
}

impl ActiveObservers {
    /// Whether anybody wants to see this peer's datagrams.
    pub(super) fn want(&self, peer: SocketAddr) -> bool {
        let registry = &*self.registry;
        if registry.everyone.is_observed() {
            return true;
        }
        match registry.peers().get(&canonical(peer)) {
            Some(session) => session.is_some(),
            None => registry.strangers.is_observed(),
        }
    }

    /// Keeps the session of this peer from taking an answer for one without a report, until the guard is dropped.
    pub(super) async fn work_for(&self, peer: SocketAddr) -> Option<OwnedMutexGuard<()>> {
        let session = self.registry.peers().get(&canonical(peer))?.clone();
        Some(session?.at_work.lock_owned().await)
    }

    /// Tells everybody who wants it what became of a datagram. Never waits.
    pub(super) fn notify(&self, seen: &Seen<'_>) {
        let registry = &*self.registry;
        let peer = canonical(seen.peer);
        let session = registry.peers().get(&peer).cloned();
        match session {
            Some(Some(session)) if session.reports.try_send(seen.report()).is_err() => {
                session.missed.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
            None => registry.strangers.notify(|| seen.observed(peer)),
        }
        registry.everyone.notify(|| seen.observed(peer));
    }
}

/// A datagram as the server has it at hand, and what became of it.
pub(super) struct Seen<'a> {
    pub(super) peer: SocketAddr,
    pub(super) received_at: u64,
    pub(super) payload: &'a [u8],
    pub(super) received: usize,
    pub(super) outcome: Outcome,
}

impl Seen<'_> {
    fn report(&self) -> EchoReport {
        EchoReport {
            received_at: self.received_at,
            fingerprint: Fingerprint::of(self.payload),
            received: self.received,
            outcome: self.outcome.clone(),
        }
    }

    fn observed(&self, peer: SocketAddr) -> ObservedDatagram {
        ObservedDatagram {
            peer,
            bytes: self.payload.len(),
            received: self.received,
            text: shown(&self.payload[..self.received]),
            outcome: self.outcome.clone(),
        }
    }
}

impl Registry {
    fn peers(&self) -> MutexGuard<'_, HashMap<SocketAddr, Option<Peer>>> {
        // The map is whole after every single operation, so that a panic elsewhere cannot spoil it.
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broadcast(&self, filter: Filter) -> &Broadcast {
        match filter {
            Filter::Everyone => &self.everyone,
            Filter::Strangers => &self.strangers,
        }
    }

    fn replace(&self, address: SocketAddr, peer: Option<Peer>) {
        let added = usize::from(peer.is_some());
        let before = self.peers().insert(address, peer);
        let removed = usize::from(before.flatten().is_some());
        self.observer_count.fetch_add(added, Ordering::Relaxed);
        self.observer_count.fetch_sub(removed, Ordering::Relaxed);
    }
}

impl Broadcast {
    fn is_observed(&self) -> bool {
        self.observer_count.load(Ordering::Relaxed) > 0
    }

    fn notify(&self, observed: impl FnOnce() -> ObservedDatagram) {
        if self.is_observed() {
            // An error says that the last observer has just left.
            let _ = self.sender().send(observed());
        }
    }

    fn sender(&self) -> &broadcast::Sender<ObservedDatagram> {
        let make = || broadcast::channel(BROADCAST_CAPACITY).0;
        self.observed.get_or_init(make)
    }
}

/// The address with IPv4 written as IPv4, as the peer itself knows it.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}
