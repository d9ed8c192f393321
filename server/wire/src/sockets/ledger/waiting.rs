//! The copies that went to sockets of the same loopback and wait for their receipts.

use std::net::SocketAddr;

use crate::ledger::Fingerprint;
use crate::sockets::ordered::Ordered;

/// How long a receipt may take, in microseconds.
pub const RECEIPT_US: u64 = 2_000_000;

/// How long a receipt may take when the receiving session's link holds the copy: the link's greatest delay and jitter, and some.
pub const HELD_US: u64 = 130_000_000;

/// Copies by when they are given up. They keep no holes, as a list of all in their order would: while one waits to be given up,
/// any number may come and go after it.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// In boxes, so that little has to move where one goes out of order.
    copies: Ordered<Place, Box<Awaited>>,
    /// Where each copy is.
    by_bytes: Index,
    pushed: u64,
}

/// The hash of a copy's bytes, whether a link holds it, and how many went out before it. Those that are held stand apart:
/// nobody has to pass them on the way to one that is not.
type Key = (u64, bool, u64);

/// In a host, thousands of copies may wait, and their hashes come in no order. In a page few do, and it pays four kilobytes for a tree.
#[cfg(not(target_family = "wasm"))]
type Index = std::collections::BTreeMap<Key, Place>;
#[cfg(target_family = "wasm")]
type Index = Ordered<Key, Place>;

/// When a copy is given up, and how many went out before it.
type Place = (u64, u64);

/// A copy of a datagram, whose receipt is to come.
#[derive(Debug)]
pub(super) struct Awaited {
    /// Number of the datagram, and of its copy.
    pub(super) copy: (u64, u8),
    pub(super) to: SocketAddr,
    pub(super) fingerprint: Fingerprint,
    /// Whether the receiving session's link holds it.
    pub(super) is_held: bool,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.copies.len()
    }

    pub(super) fn push(&mut self, now: u64, awaited: Awaited) {
        self.pushed += 1;
        self.insert((now + RECEIPT_US, self.pushed), awaited);
    }

    /// Takes the oldest copy with these bytes on this way.
    pub(super) fn take(&mut self, fingerprint: &Fingerprint) -> Option<Awaited> {
        let places = [false, true].map(|is_held| self.find(fingerprint, is_held));
        let oldest = places.into_iter().flatten().min_by_key(|place| place.1)?;
        self.remove(oldest)
    }

    /// Gives the oldest copy with these bytes that is not held yet more time.
    pub(super) fn hold(&mut self, now: u64, fingerprint: &Fingerprint) {
        let found = self.find(fingerprint, false);
        let Some((place, copy)) = found.and_then(|place| Some((place, self.remove(place)?))) else {
            return;
        };
        let held = Awaited {
            is_held: true,
            ..copy
        };
        self.insert((now + HELD_US, place.1), held);
    }

    pub(super) fn take_overdue(&mut self, now: u64) -> Option<Awaited> {
        let place = self.copies.first_key()?;
        if place.0 > now {
            return None;
        }
        self.remove(place)
    }

    pub(super) fn next_overdue(&self) -> Option<u64> {
        self.copies.first_key().map(|place| place.0)
    }

    pub(super) fn take_bound_for(&mut self, to: SocketAddr) -> Vec<Awaited> {
        let bound_for = self.copies.iter().filter(|(_, copy)| copy.to == to);
        let places: Vec<Place> = bound_for.map(|(place, _)| *place).collect();
        let copies = places.into_iter().filter_map(|place| self.remove(place));
        copies.collect()
    }

    pub(super) fn held_bytes(&self) -> usize {
        // The nodes of a tree are about two thirds full.
        let each = size_of::<(Place, Awaited)>() + size_of::<(Key, Place)>();
        self.copies.len() * each * 3 / 2
    }

    fn insert(&mut self, place: Place, awaited: Awaited) {
        self.by_bytes.insert(awaited.key(place), place);
        self.copies.insert(place, Box::new(awaited));
    }

    /// Place of the oldest copy with these bytes that is held, or is not.
    fn find(&self, fingerprint: &Fingerprint, is_held: bool) -> Option<Place> {
        let hash = fingerprint.hash();
        let alike = (hash, is_held, 0)..=(hash, is_held, u64::MAX);
        let mut places = self.by_bytes.range(alike).map(|(_, place)| *place);
        places.find(|place| {
            let copy = self.copies.get(place);
            copy.is_some_and(|copy| copy.fingerprint == *fingerprint)
        })
    }

    fn remove(&mut self, place: Place) -> Option<Awaited> {
        let copy = *self.copies.remove(&place)?;
        self.by_bytes.remove(&copy.key(place));
        Some(copy)
    }
}

impl Awaited {
    fn key(&self, place: Place) -> Key {
        (self.fingerprint.hash(), self.is_held, place.1)
    }
}
