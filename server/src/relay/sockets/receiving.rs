//! From what has arrived at the sockets to messages for the page.
//!
//! A socket takes datagrams from its own loopback, from programs beside it on the reader's machine, and from whom it has written to;
//! a connected one from its peer alone. All others are strangers: they are dropped and counted.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wire::sockets::header::{Header, MAX_HEADER_BYTES};
use wire::sockets::refusal::Refusal;
use wire::sockets::session::Arrival as Arrived;

use super::SocketsSession;
use super::table::{Arrival, Side};
use crate::cause::plain;
use crate::loopback::{Origin, errno};
use crate::relay::{PAUSE_AFTER_ERROR, RECEIVE_BATCH};
use crate::udp::{GroBuffer, Slab};
use crate::ws::StreamEnd;

impl<W: AsyncWrite + Unpin> SocketsSession<'_, W> {
    /// Takes what has come to a socket.
    pub(super) async fn on_arrival(&mut self, arrival: Arrival) -> Result<(), StreamEnd> {
        // A client that does not read gives nobody else a turn.
        tokio::task::coop::consume_budget().await;
        let mut slab = Slab::take();
        match self.receive(arrival, &mut slab) {
            Ok(()) => {
                if slab.is_full(RECEIVE_BATCH) {
                    // So much waited that there may have been more than the socket's buffer holds.
                    self.counters.set_kernel_drops(self.sockets.kernel_drops());
                }
                for buffer in slab.buffers() {
                    self.take_buffer(arrival, &buffer);
                }
                drop(slab);
                return self.flush_at_once().await;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                drop(slab);
                self.tell_icmp(arrival.number, &error);
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
        Ok(())
    }

    fn receive(&self, Arrival { number, side }: Arrival, slab: &mut Slab) -> io::Result<()> {
        let nothing = Err(io::ErrorKind::WouldBlock.into());
        let Some(socket) = self.sockets.get(number) else {
            return nothing;
        };
        match side {
            Side::Own => match &socket.own {
                Some(own) => own.socket().try_receive(slab, RECEIVE_BATCH),
                None => nothing,
            },
            Side::Outside(zone) => match socket.outside.get(zone) {
                Some(outside) => outside.udp.socket().try_receive(slab, RECEIVE_BATCH),
                None => nothing,
            },
        }
    }

    /// Takes datagrams of one sender.
    fn take_buffer(&mut self, arrival: Arrival, buffer: &GroBuffer<'_>) {
        let Some(arrived) = self.admit(arrival, buffer.peer) else {
            return self.state.strangers(buffer.datagrams().len());
        };
        self.liveness.on_activity();
        let now = self.context.clock.now();
        let header = Header {
            socket: arrived.socket,
            address: Some(arrived.from),
        };
        if !self.state.comes_straight() {
            for datagram in buffer.datagrams() {
                self.bound_memory();
                let datagram = Bytes::copy_from_slice(datagram);
                self.state.arrived(now, &arrived, datagram);
            }
            return;
        }
        let front = written(&header);
        for datagram in buffer.datagrams() {
            let is_taken = self.page.has_room(front.len() + datagram.len());
            if is_taken {
                self.page.outbound.push_behind(&front, datagram);
            }
            self.state
                .arrived_straight(now, &arrived, datagram, is_taken);
        }
    }

    /// Whether a datagram from this address, as the system tells it, may come to the socket; how the page knows it then.
    fn admit(&mut self, arrival: Arrival, from: SocketAddr) -> Option<Arrived> {
        let Arrival { number, side } = arrival;
        // Neither a flow label nor a scope is part of an address that the page could name.
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let (place, socket) = (&self.place, self.sockets.get_mut(number)?);
        let arrived = |from, to| Arrived {
            socket: number,
            from,
            to,
        };
        let arrived = match side {
            Side::Own => match place.loopback.origin(from) {
                Origin::Own(name) => {
                    let to = socket.own.as_ref().map(|own| own.socket().name());
                    arrived(name, to)
                }
                Origin::Outside(from) if place.is_local && is_this_machine(from) => {
                    arrived(from, None)
                }
                Origin::Outside(_) | Origin::OtherReader => return None,
            },
            Side::Outside(zone) => {
                if !socket.outside.get(zone)?.hears(from) {
                    return None;
                }
                arrived(place.named(from), None)
            }
        };
        if socket.peer.is_some_and(|peer| peer != arrived.from) {
            return None;
        }
        if side == Side::Own && arrived.to.is_none() {
            socket.visitors.add(arrived.from);
        }
        Some(arrived)
    }

    /// Queues a datagram for the page. Ask whether there is room before.
    pub(super) fn push(&mut self, header: &Header, payload: &[u8]) {
        self.page.outbound.push_behind(&written(header), payload);
    }

    /// Tells the page of an error that ICMP brought back. An unconnected socket hears of none.
    pub(super) fn tell_icmp(&mut self, number: u16, error: &io::Error) {
        let peer = self.sockets.get(number).and_then(|socket| socket.peer);
        let Some(peer) = peer else {
            return tracing::debug!(%error, "a socket told of an error; the session goes on");
        };
        let text = format!(
            "{}: so {peer} answered to an earlier datagram",
            plain(error)
        );
        let refusal = Refusal::new(errno(error), text);
        self.state.receive_error(number, refusal);
    }
}

fn written(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MAX_HEADER_BYTES);
    header.write(&mut bytes);
    bytes
}

/// Whether an unbound program of this machine has this address.
fn is_this_machine(address: SocketAddr) -> bool {
    let ip = address.ip();
    ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST
}
