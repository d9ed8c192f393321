//! Datagrams that come to the session's sockets: over the link to the client, and what their senders are told.

use bytes::Bytes;

use super::exchange::{Arrival, Incoming, Receipt};
use super::{SocketsSession, Tag};
use crate::link::{Carried, Direction, Verdict};
use crate::sockets::control::{SocketDrop, SocketWhat};
use crate::sockets::header::Header;

impl SocketsSession {
    /// Takes a datagram that came to one of the session's sockets.
    pub fn arrived(&mut self, now: u64, arrival: &Arrival, payload: Bytes) {
        self.note(now, 0, 0, SocketWhat::UdpIn(arrival.socket, payload.len()));
        let number = self.arrivals.add(arrival, &payload);
        let Some(socket) = self.open_socket(arrival.socket) else {
            return self.receive_dropped(now, number, 0, SocketDrop::Unreceived);
        };
        let tag = Tag {
            number,
            socket,
            address: Some(arrival.from),
        };
        match self.down.offer(now, tag, payload) {
            Verdict::Carried(copies) => {
                if copies > 1 {
                    self.arrivals.duplicated(number);
                }
                if self.down_holds {
                    self.arrivals.held(now, number);
                }
            }
            Verdict::Dropped(reason) => self.receive_dropped(now, number, 0, reason.into()),
        }
    }

    /// Counts datagrams from addresses that may not write to the session's sockets.
    pub fn strangers(&mut self, count: usize) {
        self.ledger.strangers(count as u64);
    }

    /// Takes the receipts for senders in this loopback. Each goes to the session whose socket has, or had, the address
    /// [`Receipt::from`]; where that is not known any more, to every session of the loopback.
    pub fn take_receipts(&mut self) -> Vec<Receipt> {
        self.arrivals.take_receipts()
    }

    /// Takes a copy from the link to the client, if it is to go on to the client.
    pub(super) fn reach_client(
        &mut self,
        now: u64,
        due: Result<Carried<Tag>, Carried<Tag>>,
        client_takes: &mut impl FnMut(usize) -> bool,
    ) -> Option<Incoming> {
        let (Ok(carried) | Err(carried)) = &due;
        let copy = carried.copy;
        let Tag {
            number: arrival,
            socket,
            address,
        } = carried.tag;
        self.note_link(now, 0, carried, Direction::Down);
        let header = Header {
            socket: socket.number,
            address,
        };
        let reason = match due {
            Err(_) => SocketDrop::Checksum,
            Ok(_) if !self.is_open(socket) => SocketDrop::Unreceived,
            Ok(Carried { payload, .. }) if client_takes(header.bytes() + payload.len()) => {
                self.messages += 1;
                self.ledger.received(1, payload.len() as u64);
                self.note(now, 0, copy, SocketWhat::RelayOut(self.messages));
                self.arrivals.delivered(now, arrival);
                return Some(Incoming { header, payload });
            }
            Ok(_) => SocketDrop::SlowReader,
        };
        self.receive_dropped(now, arrival, copy, reason);
        None
    }

    /// Notes that this session dropped a copy of a datagram that came to one of its sockets.
    fn receive_dropped(&mut self, now: u64, arrival: u64, copy: u8, reason: SocketDrop) {
        self.drops[reason as usize] += 1;
        self.note(now, 0, copy, SocketWhat::Dropped(Direction::Down, reason));
        if self.arrivals.dropped(now, arrival, reason) {
            self.ledger.receive_dropped(1);
        }
    }
}
