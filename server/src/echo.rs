//! The UDP echo server: it binds, waits, and answers whoever wrote to it, from the address that was written to.
//!
//! Datagrams that the kernel has coalesced into one buffer leave as one buffer, straight from where they were received. Nothing that goes wrong with one
//! datagram ends the loop. What it does can be observed through [`Observers`]; without observers that costs one load a batch.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use wire::echo::{EchoAnswer, EchoRule, is_guarded};

use crate::cause;
use crate::clock::Clock;
use crate::udp::{GroBuffer, GsoBuffer, Slab, Trouble, UdpSocket};

mod alone;
mod handover;
mod impaired;
mod observer;
mod rules;
mod say;
mod status;

pub use alone::{EchoArgs, run};
pub use handover::Handover;
pub(crate) use handover::{HandedOver, ReaderAddress};
use observer::{ActiveObservers, Seen};
pub use observer::{
    EchoReport, Filter, ObservedDatagram, Observer, Observers, Outcome, Registration,
};
pub use rules::EchoRules;
use status::EchoCounters;
pub use status::{EchoStatus, EchoTotals};

/// Buffers of datagrams that one receive may bring.
const RECEIVE_BATCH: usize = 32;

/// How long the loop pauses after a receive error, so that a persistent one cannot make it spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(5);

/// An echo server that is bound and not yet running.
#[derive(Debug)]
pub struct EchoServer {
    socket: Arc<UdpSocket>,
    /// A second address of its own.
    second: Option<Arc<UdpSocket>>,
    handover: Option<Handover>,
    address: SocketAddr,
    rule: EchoRule,
    clock: Clock,
    observers: Observers,
    counters: Arc<EchoCounters>,
}

impl EchoServer {
    /// Binds to `address`; port 0 lets the system choose, `[::]` takes IPv4 as well.
    ///
    /// `offload` lets the kernel coalesce what arrives (GRO) and cut what leaves (GSO). `clock` stamps what [`Observers`] see.
    ///
    /// # Errors
    ///
    /// Names the address and the operating system's reason, most often that another process holds the port.
    pub fn bind(
        address: SocketAddr,
        rule: EchoRule,
        offload: bool,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(address, offload)?;
        Ok(Self::on(socket, rule, clock))
    }

    /// Serves on a socket that is bound already; it gets all options that [`bind`](Self::bind) sets.
    ///
    /// # Errors
    ///
    /// An option that the system refuses; names the address.
    pub fn adopt(
        socket: std::net::UdpSocket,
        rule: EchoRule,
        offload: bool,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let socket = UdpSocket::adopt(socket, offload)?;
        Ok(Self::on(socket, rule, clock))
    }

    fn on(socket: UdpSocket, rule: EchoRule, clock: Clock) -> Self {
        let socket = Arc::new(socket);
        Self {
            address: socket.local_addr(),
            handover: Handover::of(&socket),
            socket,
            second: None,
            rule,
            clock,
            observers: Observers::default(),
            counters: Arc::default(),
        }
    }

    /// Answers on one more address as well, with the same rules, observers and counters.
    ///
    /// # Errors
    ///
    /// The operating system's reason, most often that another process holds the port there.
    pub fn bind_second(&mut self, address: SocketAddr, offload: bool) -> io::Result<()> {
        self.second = Some(Arc::new(UdpSocket::try_bind(address, offload)?));
        Ok(())
    }

    /// How readers get this server's port on addresses of their own; `None` when it leaves them free anyway.
    pub fn handover(&self) -> Option<Handover> {
        self.handover.clone()
    }

    /// Whether datagrams of IPv4 arrive at the address that the server is bound to.
    pub fn takes_ipv4(&self) -> bool {
        self.socket.takes_ipv4()
    }

    /// The address that the server is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where to register for what this server does.
    pub fn observers(&self) -> Observers {
        self.observers.clone()
    }

    /// A handle on the server's totals that outlives it.
    pub fn status(&self) -> EchoStatus {
        EchoStatus::new(&self.counters, self.sockets())
    }

    /// Answers until `stop` is cancelled; the port is free again when this returns.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(join_all(self.sockets().map(|socket| self.serve(socket))))
            .await;
    }

    fn sockets(&self) -> impl Iterator<Item = &Arc<UdpSocket>> {
        std::iter::once(&self.socket).chain(&self.second)
    }

    async fn serve(&self, socket: &UdpSocket) {
        loop {
            if socket.readable().await.is_err() {
                return;
            }
            let mut slab = Slab::take();
            match socket.try_receive(&mut slab, RECEIVE_BATCH) {
                Ok(()) => self.answer(socket, &slab).await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    drop(slab);
                    self.counters.receive_error();
                    tracing::debug!(%error, "receive failed; the echo server goes on");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    async fn answer(&self, socket: &UdpSocket, slab: &Slab) {
        let observers = self.observers.active();
        let handover = self.handover.as_ref();
        let mut replies = Vec::with_capacity(RECEIVE_BATCH);
        for buffer in slab.buffers() {
            if handover.is_some_and(|handover| handover.take(&buffer)) {
                continue;
            }
            if !observers
                .as_ref()
                .is_some_and(|some| some.want(buffer.peer))
            {
                self.plan(buffer, &mut replies);
            }
        }
        socket.send(&replies, |trouble| self.note(&trouble)).await;
        if let Some(observers) = observers {
            let is_ours = |buffer: &GroBuffer<'_>| {
                observers.want(buffer.peer)
                    && !handover.is_some_and(|handover| handover.is_for_reader(buffer))
            };
            for buffer in slab.buffers().filter(is_ours) {
                self.answer_observed(socket, buffer, &observers).await;
            }
        }
    }

    /// Decides about a whole buffer at once where its datagrams share one answer.
    fn plan<'a>(&self, buffer: GroBuffer<'a>, replies: &mut Vec<GsoBuffer<'a>>) {
        let whole = EchoAnswer::Reply {
            bytes: buffer.segment_size,
            cut: false,
        };
        self.counters.received(&buffer);
        if is_guarded(buffer.peer, self.address.port()) {
            self.counters.guarded(buffer.datagrams().len());
        } else if !buffer.bytes.is_empty() && self.rule.answer(buffer.segment_size) == whole {
            replies.push(self.reply(buffer, buffer.bytes));
        } else {
            for payload in buffer.datagrams() {
                match self.rule.answer(payload.len()) {
                    EchoAnswer::Empty => self.counters.empty(),
                    EchoAnswer::Reply { bytes, cut } => {
                        self.counters.cut(cut);
                        replies.push(self.reply(buffer, &payload[..bytes]));
                    }
                }
            }
        }
    }

    /// Answers datagram by datagram, so that each gets a time and an outcome of its own.
    async fn answer_observed(
        &self,
        socket: &UdpSocket,
        buffer: GroBuffer<'_>,
        observers: &ActiveObservers,
    ) {
        let received_at = self.clock.now();
        let _at_work = observers.work_for(buffer.peer).await;
        self.counters.received(&buffer);
        for payload in buffer.datagrams() {
            let (received, outcome) = if is_guarded(buffer.peer, self.address.port()) {
                self.counters.guarded(1);
                (payload.len(), Outcome::Guarded)
            } else {
                match self.rule.answer(payload.len()) {
                    EchoAnswer::Empty => {
                        self.counters.empty();
                        (0, Outcome::Empty)
                    }
                    EchoAnswer::Reply { bytes, cut } => {
                        self.counters.cut(cut);
                        let reply = self.reply(buffer, &payload[..bytes]);
                        (bytes, self.send_observed(socket, reply).await)
                    }
                }
            };
            observers.notify(&Seen {
                peer: buffer.peer,
                received_at,
                payload,
                received,
                outcome,
            });
        }
    }

    async fn send_observed(&self, socket: &UdpSocket, reply: GsoBuffer<'_>) -> Outcome {
        let mut failure = None;
        let report = |trouble| {
            self.note(&trouble);
            if let Trouble::Unsent { error, .. } = trouble {
                failure = Some(cause::plain(&error));
            }
        };
        // Before the call: while it is under way, the client may have the answer already, on another processor.
        let at = self.clock.now();
        socket.send(&[reply], report).await;
        match failure {
            Some(reason) => Outcome::Failed(reason),
            None => Outcome::Sent {
                bytes: reply.bytes.len(),
                at,
            },
        }
    }

    fn reply<'a>(&self, buffer: GroBuffer<'a>, bytes: &'a [u8]) -> GsoBuffer<'a> {
        let any = self.address.ip().is_unspecified();
        GsoBuffer {
            to: Some(buffer.peer),
            // Bound to one address, answers come from it without being told.
            from: buffer.local.filter(|_| any),
            bytes,
            segment_size: buffer.segment_size.min(bytes.len()).max(1),
        }
    }

    fn note(&self, trouble: &Trouble) {
        if let Trouble::Unsent { count, error, .. } = trouble {
            self.counters.unsent(*count);
            tracing::debug!(%error, count, "answers could not be sent");
        }
    }
}

#[cfg(test)]
mod tests;
