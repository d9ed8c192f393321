//! Addresses that are known to a socket: those that it has written to, or that have written to it.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;

/// Addresses that are remembered at most; the one that was added first is forgotten first.
const MOST: usize = 1024;

/// The addresses.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The one that was added last, which most datagrams are for.
    newest: Option<SocketAddr>,
    addresses: HashSet<SocketAddr>,
    in_order: VecDeque<SocketAddr>,
}

impl Known {
    /// Whether this address is one of them.
    pub(super) fn has(&self, address: SocketAddr) -> bool {
        self.newest == Some(address) || self.addresses.contains(&address)
    }

    /// Adds an address.
    pub(super) fn add(&mut self, address: SocketAddr) {
        if self.has(address) {
            return;
        }
        if self.in_order.len() == MOST
            && let Some(first) = self.in_order.pop_front()
        {
            self.addresses.remove(&first);
        }
        self.newest = Some(address);
        self.in_order.push_back(address);
        self.addresses.insert(address);
    }

    /// Bytes of memory that they take, nearly.
    pub(super) fn held_bytes(&self) -> usize {
        (self.addresses.capacity() + self.in_order.capacity()) * size_of::<SocketAddr>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u16) -> SocketAddr {
        ([127, 0, 0, 1], number).into()
    }

    #[test]
    fn of_too_many_the_first_is_forgotten() {
        let mut known = Known::default();
        let most = MOST as u16;
        for number in (0..most).chain(0..most) {
            known.add(address(number));
        }
        assert!((0..most).all(|number| known.has(address(number))));
        known.add(address(most));
        assert!(!known.has(address(0)));
        assert!((1..=most).all(|number| known.has(address(number))));
        assert!(known.held_bytes() < 160 << 10, "{}", known.held_bytes());
    }
}
