//! Datagrams between the sockets of a machine: each takes a moment.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;

use super::SessionId;

/// Microseconds that a datagram takes from one socket to another: about what loopback takes.
const HOP_US: u64 = 30;

/// A datagram between two sockets.
#[derive(Debug)]
pub(super) enum Hop {
    ToSocket {
        loopback: Ipv4Addr,
        from: SocketAddr,
        to: SocketAddr,
        payload: Bytes,
    },
    ToEcho {
        from: OpenSocket,
        payload: Bytes,
    },
    FromEcho {
        to: OpenSocket,
        payload: Bytes,
    },
}

/// A socket as it was opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenSocket {
    pub(super) session: SessionId,
    pub(super) number: u16,
    pub(super) opened: u64,
}

#[derive(Debug, Default)]
pub(super) struct Way {
    /// By the time of arrival, which is the order in which they were sent.
    hops: VecDeque<(u64, Hop)>,
    reached: u64,
}

impl Way {
    pub(super) fn put(&mut self, now: u64, hop: Hop) {
        self.hops.push_back((now + HOP_US, hop));
    }

    /// The next datagram that has arrived at `now`.
    pub(super) fn take(&mut self, now: u64) -> Option<Hop> {
        let hop = self.hops.pop_front_if(|hop| hop.0 <= now)?;
        Some(hop.1)
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.hops.front().map(|hop| hop.0)
    }

    /// Notes that time has come to `due`, and says what time it is: it does not go backwards.
    pub(super) fn reach(&mut self, due: u64) -> u64 {
        self.reached = self.reached.max(due);
        self.reached
    }
}
