//! Datagrams of a machine: out of a session, to a socket or the echo server, and into a session.

use bytes::Bytes;

use super::way::{Hop, OpenSocket};
use super::{ECHO, Machine, Running, SessionId};
use crate::echo::{EchoAnswer, EchoRule};
use crate::limits::{MAX_DATAGRAM_BYTES_IPV4, MAX_DATAGRAM_BYTES_IPV6};
use crate::sockets::refusal::Refusal;
use crate::sockets::route::{Route, route};
use crate::sockets::session::{Arrival, Outgoing, Sent};

/// The words of Linux for what the simulated system refuses, so that both modes read alike.
const TOO_LONG: &str = "Message too long";

impl Machine {
    /// Sends a copy of a datagram, and tells its session what became of it.
    pub(super) fn send(&mut self, now: u64, id: SessionId, outgoing: &Outgoing) {
        let sent = self.try_send(now, id, outgoing);
        let sent = sent.unwrap_or_else(|refusal| Some(Sent::Not(refusal)));
        let running = self.sessions.get_mut(id);
        if let (Some(running), Some(sent)) = (running, sent) {
            running.session.sent(now, outgoing, sent);
        }
    }

    /// What becomes of a copy; `None` when it is a further one, of which nobody is told. A socket that has no address gets one.
    fn try_send(
        &mut self,
        now: u64,
        id: SessionId,
        outgoing: &Outgoing,
    ) -> Result<Option<Sent>, Refusal> {
        let number = outgoing.socket;
        // As the system does, before it looks at anything else.
        let from = self.bind_unless_bound(id, number)?;
        let socket = self.socket(id, number)?;
        let to = outgoing.to.or(socket.peer);
        let to = to.ok_or_else(|| Refusal::no_destination(number))?;
        let way = route(to, &self.around(id, socket.family)?);
        if let Route::Denied(refusal) = way {
            return Err(refusal);
        }
        let most = match to.is_ipv4() {
            true => MAX_DATAGRAM_BYTES_IPV4,
            false => MAX_DATAGRAM_BYTES_IPV6,
        };
        let payload = outgoing.payload.clone();
        if payload.len() > most && way != Route::Unbound {
            return Err(Refusal::too_long(TOO_LONG, to));
        }
        let running = self.sessions.get(id);
        let running = running.ok_or_else(|| Refusal::not_open(number))?;
        let sent = match way {
            Route::Own(to) => {
                let loopback = running.loopback;
                self.way.put(
                    now,
                    Hop::ToSocket {
                        loopback,
                        from,
                        to,
                        payload,
                    },
                );
                Sent::OnLoopback { from, to }
            }
            Route::Unbound => Sent::Unbound {
                to,
                is_connected: socket.peer == Some(to),
            },
            // The only target is the echo server; nobody visits from outside, and there are no peers. As from a host, one
            // datagram leaves for one message at most.
            Route::Target(_) | Route::Visitor | Route::Peer => {
                if running.session.has_fate(outgoing.id) {
                    return Ok(None);
                }
                let from = OpenSocket {
                    session: id,
                    number,
                    opened: socket.opened,
                };
                self.way.put(now, Hop::ToEcho { from, payload });
                Sent::Left
            }
            Route::Denied(refusal) => return Err(refusal),
        };
        Ok(Some(sent))
    }

    /// Takes a datagram where it was going.
    pub(super) fn arrive(&mut self, at: u64, hop: Hop) {
        match hop {
            Hop::ToEcho { from, payload } => {
                let answer = EchoRule::default().answer(payload.len());
                if let EchoAnswer::Reply { bytes, .. } = answer {
                    let payload = payload.slice(..bytes);
                    let answer = Hop::FromEcho { to: from, payload };
                    self.way.put(at, answer);
                }
            }
            Hop::FromEcho { to, payload } => {
                let Some(running) = self.sessions.get_mut(to.session) else {
                    return;
                };
                let socket = running.sockets.get(to.number);
                // Another one may have been opened under the number.
                if socket.is_some_and(|socket| socket.opened == to.opened) {
                    let arrival = Arrival {
                        socket: to.number,
                        from: ECHO,
                        to: None,
                    };
                    running.arrived(at, &arrival, payload);
                }
            }
            Hop::ToSocket {
                loopback,
                from,
                to,
                payload,
            } => {
                let loopback = self.loopbacks.get(loopback);
                let owner = loopback.and_then(|loopback| loopback.owner(to));
                let Some((id, number)) = owner else {
                    return;
                };
                let arrival = Arrival {
                    socket: number,
                    from,
                    to: Some(to),
                };
                if let Some(running) = self.sessions.get_mut(id) {
                    running.arrived(at, &arrival, payload);
                }
                self.hand_over_receipts(id);
            }
        }
    }

    /// Brings what this session received to the knowledge of those that sent it.
    pub(super) fn hand_over_receipts(&mut self, id: SessionId) {
        let Some(running) = self.sessions.get_mut(id) else {
            return;
        };
        let receipts = running.session.take_receipts();
        let Some(loopback) = self.loopbacks.get(running.loopback) else {
            return;
        };
        for receipt in receipts {
            let senders = match loopback.owner(receipt.from) {
                Some((sender, _)) => vec![sender],
                // Its socket is closed since.
                None => loopback.sessions.clone(),
            };
            for sender in senders {
                if let Some(running) = self.sessions.get_mut(sender) {
                    running.session.received(&receipt);
                }
            }
        }
    }
}

impl Running {
    fn arrived(&mut self, at: u64, arrival: &Arrival, payload: Bytes) {
        let socket = self.sockets.get(arrival.socket);
        match socket.is_some_and(|socket| socket.takes_from(arrival.from)) {
            true => self.session.arrived(at, arrival, payload),
            false => self.session.strangers(1),
        }
    }
}
