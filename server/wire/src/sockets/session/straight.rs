//! Datagrams that need no link and no event: they go from the WebSocket straight to a socket and back, many in one system call,
//! and are only booked.

use super::{Arrival, Outcome, Sent, SocketsSession};
use crate::ledger::Fingerprint;
use crate::sockets::control::SocketDrop;
use crate::sockets::ledger::SocketsFate;

impl SocketsSession {
    /// Whether so many datagrams may go straight to their socket, without [`SocketsSession::from_client`]: nobody traces, and
    /// the link out does nothing. They are booked by [`SocketsSession::sent_straight`].
    pub fn goes_straight(&self, count: usize) -> bool {
        let is_plain = !self.options.tracing && self.up.is_transparent();
        is_plain && !self.is_narrow && count <= self.ledger.room()
    }

    /// Books the client's next datagrams, all of one open socket, which went straight and ended alike.
    pub fn sent_straight<'a>(
        &mut self,
        now: u64,
        socket: u16,
        payloads: impl Iterator<Item = &'a [u8]>,
        sent: Sent,
    ) {
        if let Sent::OnLoopback { from, to } = sent {
            for payload in payloads {
                let id = self.ledger.open(payload.len());
                let fingerprint = Fingerprint::between(from, to, payload);
                self.ledger.on_loopback(now, id, 0, to, fingerprint);
            }
            return;
        }
        let sizes = payloads.map(|payload| payload.len() as u64);
        let (count, bytes) = sizes.fold((0, 0), |(count, bytes), size| (count + 1, bytes + size));
        let mut book = |fate| self.ledger.open_settled(count, bytes, fate);
        match sent {
            Sent::Left | Sent::OnLoopback { .. } => {
                book(SocketsFate::Left);
            }
            Sent::Unbound {
                to,
                is_connected: true,
            } => {
                book(SocketsFate::Refused);
                self.refused(socket, to);
            }
            Sent::Unbound { .. } => {
                book(SocketsFate::Dropped);
                self.drops[SocketDrop::Unbound as usize] += count;
            }
            Sent::Not(refusal) => {
                let first = book(SocketsFate::Rejected);
                self.errors.send(Some(socket), first, count, refusal);
            }
        }
    }

    /// Whether arrivals may go straight to the client, without [`SocketsSession::arrived`]: nobody traces, and the link to the
    /// client does nothing. They are booked by [`SocketsSession::arrived_straight`].
    pub fn comes_straight(&self) -> bool {
        !self.options.tracing && self.down.is_transparent()
    }

    /// Books an arrival that went straight to the client, or was dropped because the client reads too slowly.
    pub fn arrived_straight(
        &mut self,
        now: u64,
        arrival: &Arrival,
        payload: &[u8],
        is_taken: bool,
    ) {
        let outcome = match is_taken {
            true => {
                self.messages += 1;
                self.ledger.received(1, payload.len() as u64);
                Outcome::Delivered
            }
            false => {
                self.drops[SocketDrop::SlowReader as usize] += 1;
                self.ledger.receive_dropped(1);
                Outcome::Dropped(SocketDrop::SlowReader)
            }
        };
        self.arrivals.tell(now, arrival, payload, outcome);
    }
}
