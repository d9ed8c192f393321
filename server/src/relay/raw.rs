//! A session that only carries: messages become datagrams, datagrams become messages, and nothing is said besides.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::close::Ended;
use super::gather;
use super::inbound::{Batch, Inbound};
use super::opening::LateSocket;
use super::outbound::{MAX_WAITING_REPLIES, Outbound, Replies};
use super::vitals::{Vitals, add};
use crate::limits::{Allowance, Over};
use crate::udp::{Slab, Trouble, UdpSocket};

/// Runs of datagrams that one receive may bring.
const BATCH_RUNS: usize = 16;

/// How long a pump rests after an error from the UDP socket, so that a persistent one cannot make it spin.
const REST_AFTER_ERROR: Duration = Duration::from_millis(1);

/// Carries messages to the server until the client is gone.
pub(super) async fn client_to_udp<R: AsyncRead + Unpin>(
    inbound: &mut Inbound<R>,
    udp: &LateSocket<'_>,
    allowance: &mut Allowance,
    replies: &Replies,
    vitals: &Vitals,
) -> Ended {
    let mut frames = Vec::new();
    loop {
        replies.has_room().await;
        let (batch, read) = inbound.read(&mut frames).await;
        if !frames.is_empty() {
            replies.add(&frames);
            frames = Vec::new();
        }
        vitals.hear(!batch.is_empty());
        if let Err(limit) = allowance.control(batch.asides()) {
            return Ended::ControlFlood(limit);
        }
        let sizes = batch.payloads().map(|payload| payload.len());
        let (granted, over) = allowance.grant(sizes);
        if !batch.is_empty() {
            match udp.open() {
                Ok(udp) => send(udp, &batch, granted, vitals).await,
                Err(ended) => return ended,
            }
        }
        let is_idle = batch.is_empty();
        // The next read may be long in coming.
        drop(batch);
        if let Err(ended) = read {
            return ended;
        }
        if let Err(ended) = let_others_in(allowance, over, is_idle).await {
            return ended;
        }
    }
}

/// Carries datagrams to the client until it cannot be reached any more.
pub(super) async fn udp_to_client<W: AsyncWrite + Unpin>(
    udp: &LateSocket<'_>,
    outbound: &mut Outbound<W>,
    replies: &Replies,
    vitals: &Vitals,
) -> Ended {
    loop {
        tokio::select! {
            biased;
            flushed = outbound.flush(), if outbound.is_pending() => {
                if let Err(error) = flushed {
                    return Ended::Vanished(error.to_string());
                }
            }
            udp = udp.readable() => {
                if let Err(error) = receive(udp, outbound, vitals) {
                    tracing::debug!(%error, "the server's side told of an error; the session goes on");
                    add(&vitals.traffic.refused, 1);
                    tokio::time::sleep(REST_AFTER_ERROR).await;
                }
            }
            () = replies.arrived(), if outbound.waiting_control() < MAX_WAITING_REPLIES => {
                outbound.push_frames(&replies.take());
            }
        }
    }
}

/// Lets other sessions have a turn: after a read that brought nothing to send, or more than may be sent.
///
/// Who sends gives others their turns by sending. Reading alone may go on for 128 times 256 KiB, as much as tokio has a task
/// do in a row: a client that sends without end would keep all others of its thread waiting for a fifth of a second.
///
/// # Errors
/// The end of a session that goes on and on over its limit.
pub(super) async fn let_others_in(
    allowance: &Allowance,
    over: Option<Over>,
    is_idle: bool,
) -> Result<(), Ended> {
    if let (Some(over), Some(lasted)) = (over, allowance.flooding()) {
        return Err(Ended::Flood(over, lasted));
    }
    if is_idle || over.is_some() {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Sends the payloads that are granted, from the first on; the others are over a limit. In a raw session text is data too.
async fn send(udp: &UdpSocket, batch: &Batch, granted: usize, vitals: &Vitals) {
    let traffic = &vitals.traffic;
    let (count, bytes) = batch.payloads().fold((0, 0), |(count, bytes), payload| {
        (count + 1, bytes + payload.len())
    });
    add(&traffic.from_client, count);
    add(&traffic.from_client_bytes, bytes);
    if granted < count {
        add(&traffic.rejected, count - granted);
    }
    let note = |trouble| match trouble {
        Trouble::Earlier(error) => {
            tracing::debug!(%error, "an earlier datagram was refused; the session goes on");
            add(&traffic.refused, 1);
        }
        Trouble::Unsent { count, error, .. } => {
            tracing::debug!(%error, count, "datagrams were not sent; the session goes on");
            add(&traffic.rejected, count);
        }
    };
    let runs = gather::runs(batch, granted, udp.coalesces());
    udp.send(&runs, note).await;
}

/// Queues what has arrived for the client, and drops what finds no room.
fn receive<W: AsyncWrite + Unpin>(
    udp: &UdpSocket,
    outbound: &mut Outbound<W>,
    vitals: &Vitals,
) -> io::Result<()> {
    let mut slab = Slab::take();
    match udp.try_receive(&mut slab, BATCH_RUNS) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        received => received?,
    }
    vitals.stir();
    let traffic = &vitals.traffic;
    if slab.is_full(BATCH_RUNS) {
        // So much waited that there may have been more than the socket's buffer holds.
        traffic.read_kernel_drops(udp);
    }
    for run in slab.runs() {
        add(&traffic.from_server, run.datagrams().len());
        add(&traffic.from_server_bytes, run.bytes.len());
        for datagram in run.datagrams() {
            match outbound.has_room(datagram.len()) {
                true => outbound.push_datagram(datagram),
                false => traffic.drop_for_slow_reader(),
            }
        }
    }
    Ok(())
}
