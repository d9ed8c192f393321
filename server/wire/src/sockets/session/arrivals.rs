//! Datagrams that came to the session's sockets: which of them their senders are told about, and how.

use std::net::SocketAddr;

use super::{Arrival, Outcome, Receipt};
use crate::ledger::Fingerprint;
use crate::sockets::control::SocketDrop;
use crate::sockets::ordered::Ordered;

/// Arrivals that are on the session's link, and receipts that are to be handed over.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    count: u64,
    on_link: Ordered<u64, OnLink>,
    receipts: Vec<Receipt>,
}

/// An arrival of which copies are on the link.
#[derive(Debug)]
struct OnLink {
    copies: u8,
    is_delivered: bool,
    sender: Option<Sender>,
}

/// The socket of this loopback that sent an arrival.
#[derive(Debug, Clone, Copy)]
struct Sender {
    from: SocketAddr,
    to: SocketAddr,
    fingerprint: Fingerprint,
}

impl Sender {
    fn of(arrival: &Arrival, payload: &[u8]) -> Option<Self> {
        let (from, to) = (arrival.from, arrival.to?);
        Some(Self {
            from,
            to,
            fingerprint: Fingerprint::between(from, to, payload),
        })
    }

    fn receipt(self, at: u64, outcome: Outcome) -> Receipt {
        Receipt {
            at,
            from: self.from,
            to: self.to,
            fingerprint: self.fingerprint,
            outcome,
        }
    }
}

impl Arrivals {
    /// Takes an arrival before it comes to the link; returns its number.
    pub(super) fn add(&mut self, arrival: &Arrival, payload: &[u8]) -> u64 {
        self.count += 1;
        let on_link = OnLink {
            copies: 1,
            is_delivered: false,
            sender: Sender::of(arrival, payload),
        };
        self.on_link.insert(self.count, on_link);
        self.count
    }

    /// Tells the sender how it ended for an arrival that never comes to the link.
    pub(super) fn tell(&mut self, at: u64, arrival: &Arrival, payload: &[u8], outcome: Outcome) {
        let sender = Sender::of(arrival, payload);
        let receipt = sender.map(|sender| sender.receipt(at, outcome));
        self.receipts.extend(receipt);
    }

    pub(super) fn duplicated(&mut self, number: u64) {
        if let Some(on_link) = self.on_link.get_mut(&number) {
            on_link.copies += 1;
        }
    }

    /// Tells the sender that the link takes its time.
    pub(super) fn held(&mut self, at: u64, number: u64) {
        let on_link = self.on_link.get(&number);
        let receipt = on_link.and_then(|on_link| on_link.sender);
        let receipt = receipt.map(|sender| sender.receipt(at, Outcome::Held));
        self.receipts.extend(receipt);
    }

    /// Notes that a copy went to the client.
    pub(super) fn delivered(&mut self, at: u64, number: u64) {
        let Some(on_link) = self.on_link.get_mut(&number) else {
            return;
        };
        if !std::mem::replace(&mut on_link.is_delivered, true) {
            let sender = on_link.sender;
            let receipt = sender.map(|sender| sender.receipt(at, Outcome::Delivered));
            self.receipts.extend(receipt);
        }
        self.ended(number);
    }

    /// Notes that a copy was dropped. Returns true when no copy of the arrival reached the client, and none will.
    pub(super) fn dropped(&mut self, at: u64, number: u64, reason: SocketDrop) -> bool {
        let Some(on_link) = self.ended(number) else {
            return false;
        };
        if on_link.is_delivered {
            return false;
        }
        let outcome = Outcome::Dropped(reason);
        let receipt = on_link.sender.map(|sender| sender.receipt(at, outcome));
        self.receipts.extend(receipt);
        true
    }

    pub(super) fn has_receipts(&self) -> bool {
        !self.receipts.is_empty()
    }

    pub(super) fn take_receipts(&mut self) -> Vec<Receipt> {
        std::mem::take(&mut self.receipts)
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.on_link.held_bytes() + self.receipts.capacity() * size_of::<Receipt>()
    }

    /// Counts a copy off, and gives back its arrival when that was the last one.
    fn ended(&mut self, number: u64) -> Option<OnLink> {
        let on_link = self.on_link.get_mut(&number)?;
        on_link.copies -= 1;
        match on_link.copies {
            0 => self.on_link.remove(&number),
            _ => None,
        }
    }
}
