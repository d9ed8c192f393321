//! Who may watch an echo server, and what they get to see.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{broadcast, mpsc};
use wire::ledger::Fingerprint;
use wire::transcript::shown;

/// Visits that a watcher of many peers may be behind before it misses some.
const BROADCAST_CAPACITY: usize = 1024;

/// What an echo server did with a datagram of a session, for the session itself.
///
/// Thousands may wait, so it holds nothing of the payload but what recognizes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
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
pub struct Visit {
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

/// Whom a [`Watch`] watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Every peer.
    Everyone,
    /// Every peer that no session of this host has enrolled.
    Strangers,
}

/// Where one registers to watch an echo server. Clones share one register.
#[derive(Debug, Clone, Default)]
pub struct Witnesses {
    register: Arc<Register>,
}

#[derive(Debug, Default)]
struct Register {
    /// Watchers of every kind. Zero lets the server skip all of this.
    watchers: AtomicUsize,
    peers: Mutex<HashMap<SocketAddr, Option<Peer>>>,
    everyone: Broadcast,
    strangers: Broadcast,
}

#[derive(Debug, Clone)]
struct Peer {
    sightings: mpsc::Sender<Sighting>,
    missed: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Broadcast {
    watchers: AtomicUsize,
    /// Made for the first watcher: its ring is large, and most servers have none.
    visits: OnceLock<broadcast::Sender<Visit>>,
}

impl Witnesses {
    /// Enrols a session's own UDP address, so that it is no stranger. The guard takes it off again.
    pub fn enrol(&self, address: SocketAddr) -> Enrolled {
        let address = canonical(address);
        self.register.peers().insert(address, None);
        Enrolled {
            register: Arc::clone(&self.register),
            address,
        }
    }

    /// Watches many peers at once.
    pub fn watch(&self, whom: Whom) -> Watch {
        let register = Arc::clone(&self.register);
        let broadcast = register.broadcast(whom);
        let visits = broadcast.sender().subscribe();
        broadcast.watchers.fetch_add(1, Ordering::Relaxed);
        register.watchers.fetch_add(1, Ordering::Relaxed);
        Watch {
            visits,
            register,
            whom,
        }
    }

    /// Who is watching at this moment; `None` when nobody is.
    pub(super) fn audience(&self) -> Option<Audience> {
        let nobody = self.register.watchers.load(Ordering::Relaxed) == 0;
        (!nobody).then(|| Audience {
            register: Arc::clone(&self.register),
        })
    }
}

/// A session's entry in the register; dropping it removes the entry.
#[derive(Debug)]
pub struct Enrolled {
    register: Arc<Register>,
    address: SocketAddr,
}

impl Enrolled {
    /// Watches this session's own datagrams. At most `capacity` sightings wait; further ones are missed and counted.
    ///
    /// The watch ends when the receiver is dropped and [`unwatch`](Self::unwatch) is called, or with this entry.
    pub fn watch(&self, capacity: usize) -> (mpsc::Receiver<Sighting>, Arc<AtomicU64>) {
        let (sightings, receiver) = mpsc::channel(capacity);
        let missed = Arc::new(AtomicU64::new(0));
        let peer = Peer {
            sightings,
            missed: Arc::clone(&missed),
        };
        self.register.replace(self.address, Some(peer));
        (receiver, missed)
    }

    /// Stops watching; the address stays enrolled.
    pub fn unwatch(&self) {
        self.register.replace(self.address, None);
    }
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        self.unwatch();
        self.register.peers().remove(&self.address);
    }
}

/// A watch over many peers; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    visits: broadcast::Receiver<Visit>,
    register: Arc<Register>,
    whom: Whom,
}

impl Watch {
    /// Waits for the next visit. `Err` says how many were missed because the watcher was too slow.
    ///
    /// # Errors
    ///
    /// The number of visits missed; the next call goes on with the oldest one kept.
    pub async fn next(&mut self) -> Result<Visit, u64> {
        match self.visits.recv().await {
            Ok(visit) => Ok(visit),
            Err(broadcast::error::RecvError::Lagged(missed)) => Err(missed),
            // The register, which this watch keeps alive, owns the sender.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let broadcast = self.register.broadcast(self.whom);
        broadcast.watchers.fetch_sub(1, Ordering::Relaxed);
        self.register.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The watchers of one batch of datagrams.
pub(super) struct Audience {
    register: Arc<Register>,
}

impl Audience {
    /// Whether anybody wants to see this peer's datagrams.
    pub(super) fn watches(&self, peer: SocketAddr) -> bool {
        let register = &*self.register;
        if register.everyone.is_watched() {
            return true;
        }
        match register.peers().get(&canonical(peer)) {
            Some(session) => session.is_some(),
            None => register.strangers.is_watched(),
        }
    }

    /// Tells everybody who wants it what became of a datagram. Never waits.
    pub(super) fn tell(&self, seen: &Seen<'_>) {
        let register = &*self.register;
        let peer = canonical(seen.peer);
        let session = register.peers().get(&peer).cloned();
        match session {
            Some(Some(session)) if session.sightings.try_send(seen.sighting()).is_err() => {
                session.missed.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
            None => register.strangers.tell(|| seen.visit(peer)),
        }
        register.everyone.tell(|| seen.visit(peer));
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
    fn sighting(&self) -> Sighting {
        Sighting {
            received_at: self.received_at,
            fingerprint: Fingerprint::of(self.payload),
            received: self.received,
            outcome: self.outcome.clone(),
        }
    }

    fn visit(&self, peer: SocketAddr) -> Visit {
        Visit {
            peer,
            bytes: self.payload.len(),
            received: self.received,
            text: shown(&self.payload[..self.received]),
            outcome: self.outcome.clone(),
        }
    }
}

impl Register {
    fn peers(&self) -> MutexGuard<'_, HashMap<SocketAddr, Option<Peer>>> {
        // The map is whole after every single operation, so that a panic elsewhere cannot spoil it.
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broadcast(&self, whom: Whom) -> &Broadcast {
        match whom {
            Whom::Everyone => &self.everyone,
            Whom::Strangers => &self.strangers,
        }
    }

    fn replace(&self, address: SocketAddr, peer: Option<Peer>) {
        let added = usize::from(peer.is_some());
        let before = self.peers().insert(address, peer);
        let removed = usize::from(before.flatten().is_some());
        self.watchers.fetch_add(added, Ordering::Relaxed);
        self.watchers.fetch_sub(removed, Ordering::Relaxed);
    }
}

impl Broadcast {
    fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    fn tell(&self, visit: impl FnOnce() -> Visit) {
        if self.is_watched() {
            // An error says that the last watcher has just left.
            let _ = self.sender().send(visit());
        }
    }

    fn sender(&self) -> &broadcast::Sender<Visit> {
        let make = || broadcast::channel(BROADCAST_CAPACITY).0;
        self.visits.get_or_init(make)
    }
}

/// The address with IPv4 written as IPv4, as the peer itself knows it.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}
