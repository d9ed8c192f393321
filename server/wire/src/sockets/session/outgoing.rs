//! The client's datagrams: over the link to where the host sends them, and what becomes of them there.

use std::net::SocketAddr;

use bytes::Bytes;

use super::exchange::{Outcome, Outgoing, Receipt, Sent};
use super::{Opened, SocketsSession, Tag};
use crate::digits::digits;
use crate::ledger::{Fingerprint, MAX_IN_FLIGHT};
use crate::link::{Carried, Direction, Verdict};
use crate::sockets::control::{SocketDrop, SocketWhat};
use crate::sockets::errno::Errno;
use crate::sockets::header::Header;
use crate::sockets::ledger::SocketsFate;
use crate::sockets::refusal::Refusal;

impl SocketsSession {
    /// Takes the client's next binary message. What cannot be read, or names no open socket, is rejected.
    pub fn from_client(&mut self, now: u64, message: Bytes) {
        let Some((header, begin)) = Header::read(&message) else {
            return self.reject_unreadable(now, message.len());
        };
        let payload = message.slice(begin..);
        let Some(socket) = self.open_socket(header.socket) else {
            let refusal = Refusal::not_open(header.socket);
            return self.reject_payload(now, header.socket, payload.len(), refusal);
        };
        if self.is_narrow || self.ledger.is_full() {
            let refusal = self.full();
            return self.reject_payload(now, header.socket, payload.len(), refusal);
        }
        let id = self.ledger.open(payload.len());
        self.note(
            now,
            id,
            0,
            SocketWhat::RelayIn(header.socket, payload.len()),
        );
        let tag = Tag {
            number: id,
            socket,
            address: header.address,
        };
        match self.up.offer(now, tag, payload) {
            Verdict::Carried(copies) if copies > 1 => self.ledger.duplicated(id),
            Verdict::Carried(_) => {}
            Verdict::Dropped(reason) => self.dropped(now, id, 0, Direction::Up, reason.into()),
        }
    }

    /// Takes the client's next binary message only to reject it: it was over a limit of the host.
    pub fn reject(&mut self, now: u64, message: &[u8], refusal: Refusal) {
        match Header::read(message) {
            Some((header, begin)) => {
                let bytes = message.len() - begin;
                self.reject_payload(now, header.socket, bytes, refusal);
            }
            None => self.reject_unreadable(now, message.len()),
        }
    }

    /// Notes what became of a copy that was to be sent.
    pub fn sent(&mut self, now: u64, outgoing: &Outgoing, sent: Sent) {
        let &Outgoing {
            id, copy, socket, ..
        } = outgoing;
        match sent {
            Sent::Left => {
                self.note(now, id, copy, SocketWhat::UdpOut);
                if self.ledger.settle(id, SocketsFate::Left) {
                    self.note(now, id, copy, SocketWhat::Left);
                }
            }
            Sent::OnLoopback { from, to } => {
                self.note(now, id, copy, SocketWhat::UdpOut);
                let fingerprint = Fingerprint::between(from, to, &outgoing.payload);
                self.ledger.on_loopback(now, id, copy, to, fingerprint);
            }
            Sent::Unbound {
                to,
                is_connected: true,
            } => {
                if self.ledger.settle(id, SocketsFate::Refused) {
                    self.note(now, id, copy, SocketWhat::Refused);
                }
                self.refused(socket, to);
            }
            Sent::Unbound { .. } => {
                self.dropped(now, id, copy, Direction::Up, SocketDrop::Unbound);
            }
            Sent::Not(refusal) => self.rejected(now, id, copy, Some(socket), refusal),
        }
    }

    /// Whether a datagram has its fate, whatever becomes of a further copy. Towards targets and peers one datagram leaves at most,
    /// so that copy is not sent there.
    pub fn has_fate(&self, id: u64) -> bool {
        !self.ledger.is_in_flight(id)
    }

    /// Notes an error that the system told of later, on a connected socket.
    pub fn receive_error(&mut self, socket: u16, refusal: Refusal) {
        self.errors.receive(socket, refusal);
    }

    /// Takes a receipt. One that belongs to no datagram of the session, or comes too late, changes nothing.
    pub fn received(&mut self, receipt: &Receipt) {
        let fingerprint = &receipt.fingerprint;
        if receipt.outcome == Outcome::Held {
            return self.ledger.hold(receipt.at, fingerprint);
        }
        let Some((id, copy)) = self.ledger.take_received(fingerprint) else {
            return;
        };
        match receipt.outcome {
            Outcome::Dropped(reason) => {
                self.tell_dropped(receipt.at, id, copy, Direction::Down, reason)
            }
            Outcome::Delivered | Outcome::Held => {
                self.ledger.settle(id, SocketsFate::Delivered);
                self.note(receipt.at, id, copy, SocketWhat::Delivered);
            }
        }
    }

    /// Notes that the socket at this address of the loopback is closed: what it has given no receipt for, it never gave out.
    pub fn receiver_closed(&mut self, now: u64, to: SocketAddr) {
        for (id, copy) in self.ledger.take_bound_for(to) {
            self.dropped(now, id, copy, Direction::Down, SocketDrop::Unreceived);
        }
    }

    /// Whether [`SocketsSession::give_up`] has something to do.
    pub fn has_overdue(&self, now: u64) -> bool {
        self.ledger.next_overdue().is_some_and(|due| due <= now)
    }

    /// Gives up the copies whose receipts have not come in time. Take what has come first, arrivals and receipts: a host that is
    /// busy must not take its own delay for a socket that never received.
    pub fn give_up(&mut self, now: u64) {
        while let Some((id, copy)) = self.ledger.take_overdue(now) {
            self.dropped(now, id, copy, Direction::Down, SocketDrop::Unreceived);
        }
    }

    /// Takes a copy from the link out. It is not sent when a bit was turned over, or when its socket is closed.
    pub(super) fn leave_link(
        &mut self,
        now: u64,
        due: Result<Carried<Tag>, Carried<Tag>>,
    ) -> Option<Outgoing> {
        let (Ok(carried) | Err(carried)) = &due;
        let copy = carried.copy;
        let Tag {
            number: id,
            socket,
            address,
        } = carried.tag;
        self.note_link(now, id, carried, Direction::Up);
        let Ok(Carried { payload, .. }) = due else {
            self.dropped(now, id, copy, Direction::Up, SocketDrop::Checksum);
            return None;
        };
        let Opened { number, .. } = socket;
        if !self.is_open(socket) {
            let refusal = Refusal::closed_before_sending(number);
            self.rejected(now, id, copy, Some(number), refusal);
            return None;
        }
        Some(Outgoing {
            id,
            copy,
            socket: number,
            to: address,
            payload,
        })
    }

    /// Why no more is taken.
    fn full(&self) -> Refusal {
        let text = match self.is_narrow {
            true => {
                "the host holds as much for its sessions as it may; send more slowly".to_owned()
            }
            false => digits(MAX_IN_FLIGHT) + " datagrams are in flight already; send more slowly",
        };
        Refusal::new(Errno::Enobufs, text)
    }

    fn reject_unreadable(&mut self, now: u64, bytes: usize) {
        let id = self.ledger.open(0);
        self.rejected(now, id, 0, None, Refusal::unreadable(bytes));
    }

    fn reject_payload(&mut self, now: u64, socket: u16, bytes: usize, refusal: Refusal) {
        let id = self.ledger.open(bytes);
        self.note(now, id, 0, SocketWhat::RelayIn(socket, bytes));
        self.rejected(now, id, 0, Some(socket), refusal);
    }

    fn rejected(&mut self, now: u64, id: u64, copy: u8, socket: Option<u16>, refusal: Refusal) {
        if self.ledger.settle(id, SocketsFate::Rejected) {
            self.note(now, id, copy, SocketWhat::Rejected(refusal.errno));
            self.errors.send(socket, id, 1, refusal);
        }
    }

    pub(super) fn refused(&mut self, socket: u16, to: SocketAddr) {
        self.errors.receive(socket, Refusal::connection_refused(to));
    }

    /// Notes that this session dropped a copy of a datagram of its own.
    fn dropped(&mut self, now: u64, id: u64, copy: u8, direction: Direction, reason: SocketDrop) {
        self.drops[reason as usize] += 1;
        self.tell_dropped(now, id, copy, direction, reason);
    }

    /// Notes that a copy of a datagram of this session was dropped, wherever that was.
    fn tell_dropped(
        &mut self,
        now: u64,
        id: u64,
        copy: u8,
        direction: Direction,
        reason: SocketDrop,
    ) {
        self.note(now, id, copy, SocketWhat::Dropped(direction, reason));
        if self.ledger.copy_dropped(id) {
            self.note(now, id, copy, SocketWhat::Gone);
        }
    }
}
