//! From the page's messages to sends: each goes where the rules for destinations let it, and its fate is booked.
//!
//! While nobody traces and the link does nothing, messages with one header leave together, in as few calls as the kernel allows.
//! Else each goes through the link by itself.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWrite;
use wire::sockets::errno::Errno;
use wire::sockets::header::{Header, MAX_HEADER_BYTES};
use wire::sockets::refusal::Refusal;
use wire::sockets::route::{Route, route};
use wire::sockets::session::{Outgoing, Sent};

use super::SocketsSession;
use super::spans::{Span, Spans};
use crate::cause::plain;
use crate::limits::LimitExceeded;
use crate::loopback::{SendTrouble, errno};
use crate::relay::close::CloseReason;
use crate::relay::{gso, yield_if_unproductive};
use crate::udp::{GsoBuffer, Trouble};
use crate::ws::{Batch, Incoming, MAX_FRONT_BYTES, Payload, StreamEnd};

/// Messages that are taken one by one before those are sent that the link lets pass.
const IN_A_ROW: usize = 256;

const _: () = assert!(MAX_HEADER_BYTES <= MAX_FRONT_BYTES);

/// A binary message.
#[derive(Debug, Clone, Copy)]
struct Message<'a> {
    /// The header that was set aside; empty when none was.
    front: &'a [u8],
    /// The rest.
    rest: &'a [u8],
    /// `None` when it cannot be read.
    header: Option<Header>,
    payload: Payload<'a>,
}

impl<'a> Message<'a> {
    /// The messages of a batch, in order.
    fn of(batch: &'a Batch) -> impl Iterator<Item = Self> {
        let each = batch.fronts().zip(batch.payloads());
        each.map(|(front, payload)| {
            let rest = batch.bytes_of(payload);
            let (header, payload) = match (Header::read(front), payload) {
                (Some((header, _)), payload) => (Some(header), payload),
                // Put together from fragments, or nothing that has a header.
                (None, _) => match Header::read(rest) {
                    Some((header, begin)) => (Some(header), Payload::Apart(&rest[begin..])),
                    None => (None, Payload::Apart(&[])),
                },
            };
            Self {
                front,
                rest,
                header,
                payload,
            }
        })
    }

    fn whole(&self) -> Vec<u8> {
        [self.front, self.rest].concat()
    }
}

/// Bytes of datagram that a message carries, for the limits.
fn payload_bytes(message: &[u8]) -> usize {
    Header::read(message).map_or(0, |(_, begin)| message.len() - begin)
}

impl<W: AsyncWrite + Unpin> SocketsSession<'_, W> {
    /// How long the header is that a message begins with; 0 when it cannot be read.
    pub(in crate::relay) fn front_of(message: &[u8]) -> usize {
        Header::read(message).map_or(0, |(_, begin)| begin)
    }

    /// Takes what one read brought: `frames` are the protocol's own replies to it.
    pub(super) async fn on_read(
        &mut self,
        batch: Batch,
        read: Result<(), StreamEnd>,
        frames: &[u8],
    ) -> Result<(), CloseReason> {
        let taken = self.take_batch(batch).await;
        self.page.end_read(taken, read, frames)
    }

    async fn take_batch(&mut self, batch: Batch) -> Result<(), CloseReason> {
        self.rate
            .control(batch.non_data_frames())
            .map_err(CloseReason::ControlFlood)?;
        let is_idle = batch.is_empty();
        self.liveness.on_receive(!is_idle);
        let exceeded = match batch.texts() == 0 && self.state.goes_straight(1) {
            true => self.take_straight(&batch).await,
            false => self.take_one_by_one(batch).await?,
        };
        yield_if_unproductive(&self.rate, exceeded, is_idle).await
    }

    /// Takes messages in their order. A datagram over the rate is rejected, and the page is told which limit it met.
    async fn take_one_by_one(
        &mut self,
        batch: Batch,
    ) -> Result<Option<LimitExceeded>, CloseReason> {
        let messages: Vec<Incoming> = batch.into_messages().collect();
        let sizes = messages.iter().filter_map(|message| match message {
            Incoming::Binary(message) => Some(payload_bytes(message)),
            Incoming::Text(_) => None,
        });
        let (mut admitted, exceeded) = self.rate.admit(sizes);
        for (number, message) in messages.into_iter().enumerate() {
            match (message, exceeded) {
                (Incoming::Text(text), _) => self.control(&text).await?,
                (Incoming::Binary(message), Some(exceeded)) if admitted == 0 => {
                    self.reject(&message, exceeded);
                }
                (Incoming::Binary(message), _) => {
                    admitted = admitted.saturating_sub(1);
                    self.bound_memory();
                    self.state.from_client(self.context.clock.now(), message);
                }
            }
            if number % IN_A_ROW == IN_A_ROW - 1 {
                self.carry_out().await;
            }
        }
        Ok(exceeded)
    }

    /// Takes messages that need not go through the link: those in a row with the same header at once.
    async fn take_straight(&mut self, batch: &Batch) -> Option<LimitExceeded> {
        let messages: Vec<_> = Message::of(batch).collect();
        let sizes = messages.iter().map(|message| message.payload.len());
        let (admitted, exceeded) = self.rate.admit(sizes);
        let (admitted, rejected) = messages.split_at(admitted);
        for run in admitted.chunk_by(|one, next| one.header == next.header) {
            self.take_run(batch, run).await;
        }
        if let Some(exceeded) = exceeded {
            for message in rejected {
                self.reject(&message.whole(), exceeded);
            }
        }
        exceeded
    }

    /// Sends messages of a batch that have one header.
    async fn take_run(&mut self, batch: &Batch, run: &[Message<'_>]) {
        // What is not sent gives nobody else a turn.
        tokio::task::coop::consume_budget().await;
        let known = run[0].header;
        let known = known.filter(|header| self.sockets.get(header.socket).is_some());
        let Some(header) = known.filter(|_| self.state.goes_straight(run.len())) else {
            for piece in run.chunks(IN_A_ROW) {
                for message in piece {
                    let now = self.context.clock.now();
                    self.state.from_client(now, message.whole().into());
                }
                self.carry_out().await;
            }
            return;
        };
        let payloads = run.iter().map(|message| message.payload);
        let mut buffers = gso::buffers(batch, payloads.clone(), true);
        let way = self.way(header.socket, header.address);
        let spans = self.send(header.socket, way, &mut buffers).await;
        let now = self.context.clock.now();
        let mut payloads = payloads.map(|payload| batch.bytes_of(payload));
        for Span { count, sent } in spans {
            let these = payloads.by_ref().take(count);
            self.state.sent_straight(now, header.socket, these, sent);
        }
    }

    fn reject(&mut self, message: &[u8], exceeded: LimitExceeded) {
        let refusal = Refusal::new(Errno::Enobufs, exceeded.to_string());
        self.state
            .reject(self.context.clock.now(), message, refusal);
    }

    /// Sends one copy of a datagram by itself.
    pub(super) async fn send_one(&mut self, outgoing: &Outgoing) {
        let way = self.way(outgoing.socket, outgoing.to);
        if matches!(way, Ok(Way::Outside { .. })) && self.state.has_fate(outgoing.id) {
            // Nobody makes the host send more than it was sent.
            return;
        }
        let mut buffers = [GsoBuffer::to_peer(&outgoing.payload)];
        let spans = self.send(outgoing.socket, way, &mut buffers).await;
        let now = self.context.clock.now();
        for span in spans {
            self.state.sent(now, outgoing, span.sent);
        }
    }

    /// Sends datagrams of a socket on their way; returns what became of them, in their order.
    async fn send(
        &mut self,
        number: u16,
        way: Result<Way, Refusal>,
        buffers: &mut [GsoBuffer<'_>],
    ) -> Vec<Span> {
        match way {
            Ok(Way::Inside { to, taken }) => {
                self.forget_late_receipts();
                self.send_inside(number, to, taken, buffers).await
            }
            Ok(Way::Outside { reached }) => self.send_outside(number, reached, buffers).await,
            Ok(Way::Nowhere(unbound)) => Spans::all(buffers, unbound),
            Err(refusal) => Spans::all(buffers, Sent::Not(refusal)),
        }
    }

    /// Which way datagrams of a socket go to a destination, `None` being its peer. A socket that has no address yet gets one.
    fn way(&mut self, number: u16, to: Option<SocketAddr>) -> Result<Way, Refusal> {
        // As the system does, before it looks at anything else.
        let from = self.bind_if_unbound(number)?;
        let socket = self.sockets.get(number);
        let socket = socket.ok_or_else(|| Refusal::not_open(number))?;
        let to = to.or(socket.peer);
        let to = to.ok_or_else(|| Refusal::no_destination(number))?;
        let is_connected = socket.peer == Some(to);
        let around = self.place.around(socket.family, &socket.visitors);
        Ok(match route(to, &around) {
            Route::Own(to) => Way::Inside {
                to,
                taken: Sent::OnLoopback { from, to },
            },
            Route::Visitor => Way::Inside {
                to,
                taken: Sent::Left,
            },
            Route::Target(target) => Way::Outside {
                reached: self.place.reached(target),
            },
            Route::Peer => Way::Outside { reached: to },
            Route::Unbound => Way::Nowhere(Sent::Unbound { to, is_connected }),
            Route::Denied(refusal) => return Err(refusal),
        })
    }

    /// Sends to a socket of the loopback, or to a visitor, as `taken` says.
    async fn send_inside(
        &self,
        number: u16,
        to: SocketAddr,
        taken: Sent,
        buffers: &mut [GsoBuffer<'_>],
    ) -> Vec<Span> {
        buffers.iter_mut().for_each(|buffer| buffer.to = Some(to));
        let socket = self.sockets.get(number);
        let is_connected = socket.is_some_and(|socket| socket.peer == Some(to));
        let own = socket.and_then(|socket| socket.own.as_ref());
        let Some(own) = own.map(|own| own.socket()) else {
            return Spans::all(buffers, Sent::Not(Refusal::not_open(number)));
        };
        let is_to_visitor = taken == Sent::Left;
        let mut spans = Spans::new(buffers, taken);
        let note = |trouble| match trouble {
            SendTrouble::Unbound(unsent) => spans.tell(
                unsent.buffer,
                unsent.first,
                unsent.count,
                Sent::Unbound { to, is_connected },
            ),
            SendTrouble::Failed(unsent, error) => spans.tell(
                unsent.buffer,
                unsent.first,
                unsent.count,
                Sent::Not(unsendable(to, &error)),
            ),
            // No socket of a loopback is connected, as far as the system knows: it tells of none.
            SendTrouble::Earlier(_) => {}
        };
        match is_to_visitor {
            true => own.send_to_visitors(buffers, note).await,
            false => own.send(buffers, note).await,
        }
        spans.finish()
    }

    /// Sends to a target or a peer.
    async fn send_outside(
        &mut self,
        number: u16,
        to: SocketAddr,
        buffers: &mut [GsoBuffer<'_>],
    ) -> Vec<Span> {
        let context = self.context;
        let Some(socket) = self.sockets.get_mut(number) else {
            return Spans::all(buffers, Sent::Not(Refusal::not_open(number)));
        };
        let outside = match socket.outside.towards(context, to) {
            Ok(outside) => outside,
            Err(error) => return Spans::all(buffers, Sent::Not(unsendable(to, &error))),
        };
        outside.address(to, buffers);
        let mut spans = Spans::new(buffers, Sent::Left);
        let mut earlier = None;
        let note = |trouble| match trouble {
            Trouble::Earlier(error) => earlier = Some(error),
            Trouble::Unsent {
                buffer,
                first,
                count,
                error,
            } => spans.tell(buffer, first, count, Sent::Not(unsendable(to, &error))),
        };
        outside.udp.socket().send(buffers, note).await;
        let spans = spans.finish();
        if let Some(error) = earlier {
            self.tell_icmp(number, &error);
        }
        spans
    }
}

/// Which way datagrams go.
enum Way {
    /// On the loopback.
    Inside { to: SocketAddr, taken: Sent },
    /// To a target or a peer, by the address that the system knows.
    Outside { reached: SocketAddr },
    /// Nobody would get them.
    Nowhere(Sent),
}

/// Why the system did not send to an address.
fn unsendable(to: SocketAddr, error: &io::Error) -> Refusal {
    let (errno, words) = (errno(error), plain(error));
    match errno {
        Errno::Emsgsize => Refusal::too_long(&words, to),
        _ => Refusal::new(errno, format!("{words}: the system did not send to {to}")),
    }
}
