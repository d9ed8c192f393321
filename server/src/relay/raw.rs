//! A session that only carries: messages become datagrams, datagrams become messages, and nothing is said besides.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::close::CloseReason;
use super::gso;
use super::liveness::Liveness;
use super::resources::LazySocket;
use super::{PAUSE_AFTER_ERROR, RECEIVE_BATCH, yield_if_unproductive};
use crate::limits::{LimitExceeded, RateLimiter};
use crate::metrics::{SessionCounters, add};
use crate::udp::{Slab, Trouble, UdpSocket};
use crate::ws::{Batch, Inbound, MAX_WAITING_REPLIES, Outbound, Replies, StreamEnd};

/// What both ways of a session of `/relay/raw` use.
pub(super) struct RawSession<'a> {
    pub(super) udp: LazySocket<'a>,
    pub(super) replies: &'a Replies,
    pub(super) liveness: &'a Liveness,
    pub(super) counters: &'a SessionCounters,
}

impl RawSession<'_> {
    /// Carries both ways until the session is over by itself, or by `end`.
    pub(super) async fn run<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
        &self,
        inbound: &mut Inbound<R>,
        outbound: &mut Outbound<W>,
        mut rate: RateLimiter,
        end: impl Future<Output = CloseReason>,
    ) -> CloseReason {
        let reason = tokio::select! {
            biased;
            Err(reason) = self.client_to_udp(inbound, &mut rate) => reason,
            Err(end) = self.udp_to_client(outbound) => end.into(),
            reason = end => reason,
        };
        if let Some(udp) = self.udp.get() {
            self.counters.set_kernel_drops(udp.kernel_drops());
        }
        reason
    }

    /// Carries messages to the server until the client is gone.
    async fn client_to_udp<R: AsyncRead + Unpin>(
        &self,
        inbound: &mut Inbound<R>,
        rate: &mut RateLimiter,
    ) -> Result<std::convert::Infallible, CloseReason> {
        let mut frames = Vec::new();
        loop {
            self.replies.has_room().await;
            let (batch, read) = inbound.read(&mut frames).await;
            let is_idle = batch.is_empty();
            // This ends the batch: the next read may be long in coming.
            let taken = self.take_batch(batch, rate).await;
            // A Close may be among them: the answers to what came before it may go out while that is sent.
            if !frames.is_empty() {
                self.replies.add(&std::mem::take(&mut frames));
            }
            let exceeded = taken?;
            read?;
            yield_if_unproductive(rate, exceeded, is_idle).await?;
        }
    }

    /// Sends what one read brought, as far as the limits let it; returns the limit that it met.
    async fn take_batch(
        &self,
        batch: Batch,
        rate: &mut RateLimiter,
    ) -> Result<Option<LimitExceeded>, CloseReason> {
        self.liveness.on_receive(!batch.is_empty());
        rate.control(batch.non_data_frames())
            .map_err(CloseReason::ControlFlood)?;
        let sizes = batch.payloads().map(|payload| payload.len());
        let (admitted, exceeded) = rate.admit(sizes);
        if !batch.is_empty() {
            self.send(self.udp.open()?, &batch, admitted).await;
        }
        Ok(exceeded)
    }

    /// Carries datagrams to the client until it cannot be reached any more.
    async fn udp_to_client<W: AsyncWrite + Unpin>(
        &self,
        outbound: &mut Outbound<W>,
    ) -> Result<std::convert::Infallible, StreamEnd> {
        loop {
            tokio::select! {
                biased;
                flushed = outbound.flush(), if outbound.is_pending() => flushed?,
                udp = self.udp.readable() => self.receive_or_pause(udp, outbound).await,
                () = self.replies.arrived(), if outbound.waiting_control() < MAX_WAITING_REPLIES => {
                    outbound.push_frames(&self.replies.take());
                }
            }
        }
    }

    /// Sends the payloads that are granted, from the first on; the others are over a limit. In a raw session text is data
    /// too.
    async fn send(&self, udp: &UdpSocket, batch: &Batch, admitted: usize) {
        let counters = self.counters;
        let (count, bytes) = batch.payloads().fold((0, 0), |(count, bytes), payload| {
            (count + 1, bytes + payload.len())
        });
        add(&counters.from_client, count);
        add(&counters.from_client_bytes, bytes);
        if admitted < count {
            add(&counters.rejected, count - admitted);
        }
        let note = |trouble| match trouble {
            Trouble::Earlier(error) => {
                tracing::debug!(%error, "an earlier datagram was refused; the session goes on");
                add(&counters.refused, 1);
            }
            Trouble::Unsent { count, error, .. } => {
                tracing::debug!(%error, count, "datagrams were not sent; the session goes on");
                add(&counters.rejected, count);
            }
        };
        let buffers = gso::buffers(batch, batch.payloads().take(admitted), udp.has_gso());
        udp.send(&buffers, note).await;
    }

    async fn receive_or_pause<W: AsyncWrite + Unpin>(
        &self,
        udp: &UdpSocket,
        outbound: &mut Outbound<W>,
    ) {
        // A client that does not read gives nobody else a turn.
        tokio::task::coop::consume_budget().await;
        if let Err(error) = self.receive(udp, outbound) {
            tracing::debug!(%error, "the server's side told of an error; the session goes on");
            add(&self.counters.refused, 1);
            tokio::time::sleep(PAUSE_AFTER_ERROR).await;
        }
    }

    /// Queues what has arrived for the client, and drops what finds no room.
    fn receive<W: AsyncWrite + Unpin>(
        &self,
        udp: &UdpSocket,
        outbound: &mut Outbound<W>,
    ) -> io::Result<()> {
        let mut slab = Slab::take();
        match udp.try_receive(&mut slab, RECEIVE_BATCH) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            received => received?,
        }
        self.liveness.on_activity();
        let counters = self.counters;
        if slab.is_full(RECEIVE_BATCH) {
            // So much waited that there may have been more than the socket's buffer holds.
            counters.set_kernel_drops(udp.kernel_drops());
        }
        for buffer in slab.buffers() {
            add(&counters.from_server, buffer.datagrams().len());
            add(&counters.from_server_bytes, buffer.bytes.len());
            for datagram in buffer.datagrams() {
                match outbound.has_room(datagram.len()) {
                    true => outbound.push_datagram(datagram),
                    false => counters.drop_for_slow_reader(),
                }
            }
        }
        Ok(())
    }
}
