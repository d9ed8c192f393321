//! A session of `/sockets`: UDP sockets of a page, on a loopback of its reader's own.
//!
//! [`session::SocketsSession`] keeps the ledger and knows no socket; this carries out what it decides and feeds it what the sockets
//! give. One task owns all of it, and each arm of its loop is a function of its own.
//!
//! - `hello`: the first message; `calls`: what the page asks for;
//! - `around`: what the rules for destinations have to know of a session;
//! - `table`: the sockets that are open; `arriving`: the wait for what comes to them; `marks`: which of them woke the session;
//! - `outside`: what carries their datagrams to targets and peers; `known`: who may answer;
//! - `sending`: from messages to sends, and `spans`: how these ended; `receiving`: from what has arrived to messages.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::sockets::control::{SocketEvent, SocketsAnswer};
use wire::sockets::session::{self, Action, Receipt};

use super::close::CloseReason;
use super::events::EventQueue;
use super::liveness::Liveness;
use super::protocol::Protocol;
use super::resources::WantedSockets;
use super::{ARRIVALS_BEFORE_GIVING_UP, ActiveSession, Context, fresh_seed, sleep_until};
use crate::limits::{Backlog, RateLimiter};
use crate::loopback::Loopback;
use crate::metrics::SessionCounters;
use crate::ws::{Inbound, Outbound, Replies, StreamEnd};

mod around;
mod arriving;
mod calls;
mod hello;
mod known;
mod marks;
mod outside;
mod receiving;
mod sending;
mod spans;
mod table;

use around::Place;
use table::SocketTable;

/// Receipts that may wait for a session, for as long as other sessions are at work: 640 KiB.
const WAITING_RECEIPTS: usize = 4096;
const _: () = assert!(WAITING_RECEIPTS * size_of::<Receipt>() <= 640 << 10);

/// Receipts that are taken before it is the turn of something else.
const RECEIPTS_IN_A_ROW: usize = 256;

/// A session of `/sockets`.
pub(super) struct SocketsSession<'a, W> {
    context: &'a Context,
    liveness: &'a Liveness,
    counters: &'a SessionCounters,
    number: u64,
    seed: u64,
    place: Place<'a>,
    state: session::SocketsSession,
    sockets: SocketTable,
    /// What becomes of the session's datagrams at other sockets of the loopback, and where these tell it.
    receipts: mpsc::Receiver<Receipt>,
    receipts_to: mpsc::Sender<Receipt>,
    rate: RateLimiter,
    page: Protocol<'a, W>,
    events: EventQueue<SocketEvent>,
    /// For what `state`, `sockets` and `events` hold.
    backlog: Backlog,
}

impl<'a, W: AsyncWrite + Unpin> SocketsSession<'a, W> {
    /// A session that has not said anything yet.
    pub(super) fn new(
        active: &'a ActiveSession<'_>,
        loopback: Arc<Loopback>,
        wanted: &WantedSockets,
        rate: RateLimiter,
        outbound: &'a mut Outbound<W>,
    ) -> Self {
        let context = active.context;
        let seed = fresh_seed();
        let (receipts_to, receipts) = mpsc::channel(WAITING_RECEIPTS);
        Self {
            context,
            liveness: &active.liveness,
            counters: &active.counters,
            number: active.number,
            seed,
            place: Place::new(context, loopback, active.request, wanted),
            state: session::SocketsSession::new(context.clock.now(), seed),
            sockets: SocketTable::default(),
            receipts,
            receipts_to,
            rate,
            page: Protocol::new(outbound),
            events: EventQueue::default(),
            backlog: context.limits.backlog().for_page_state(),
        }
    }

    /// Carries and tells until the session is over by itself, or by `end`.
    pub(super) async fn run<R: AsyncRead + Unpin>(
        &mut self,
        inbound: &mut Inbound<R>,
        replies: &Replies,
        end: impl Future<Output = CloseReason>,
    ) -> CloseReason {
        let reason = tokio::select! {
            Err(reason) = self.converse(inbound, replies) => reason,
            reason = end => reason,
        };
        self.count();
        self.counters.set_kernel_drops(self.sockets.kernel_drops());
        // A client that has said goodbye is told nothing: nothing may follow the Close that answers its own (RFC 6455,
        // section 5.5.1).
        if reason.frame().is_some() {
            self.tell_errors();
            self.send_counters();
        }
        reason
    }

    async fn converse<R: AsyncRead + Unpin>(
        &mut self,
        inbound: &mut Inbound<R>,
        replies: &Replies,
    ) -> Result<Infallible, CloseReason> {
        let mut frames = Vec::new();
        let mut rest_before = None;
        loop {
            let alarm = self.next_alarm();
            let page_reads = self.page.reads_answers();
            tokio::select! {
                (batch, read) = inbound.read(&mut frames), if page_reads => {
                    self.on_read(batch, read, &std::mem::take(&mut frames)).await?;
                }
                arrival = self.sockets.arrival() => self.on_arrival(arrival).await?,
                Some(receipt) = self.receipts.recv(), if self.state.awaits_receipts() => {
                    self.on_receipt(&receipt);
                }
                flushed = self.page.flush(), if self.page.outbound.is_pending() => self.on_flush(flushed)?,
                () = replies.arrived() => self.page.outbound.push_frames(&replies.take()),
                () = sleep_until(alarm) => self.on_alarm().await?,
            }
            let rest = self.rest();
            // Once more after it came to rest: what it held is given back.
            if rest.is_none() || rest != rest_before {
                self.carry_out().await;
                self.tell();
                self.bound_memory();
            }
            rest_before = rest;
            self.count();
        }
    }

    /// What the sockets hold while nothing is under way and nothing waits to be told; `None` while something is or does.
    fn rest(&self) -> Option<usize> {
        let is_at_rest = self.state.is_at_rest() && self.events.is_empty();
        is_at_rest.then(|| self.sockets.held_bytes())
    }

    /// Gives up what has waited too long for its receipt, but first takes what has come: on a busy host, what a session is late to
    /// take is nothing that a socket failed to receive.
    async fn on_alarm(&mut self) -> Result<(), StreamEnd> {
        if !self.state.has_overdue(self.context.clock.now()) {
            return Ok(());
        }
        tokio::task::yield_now().await;
        for _ in 0..ARRIVALS_BEFORE_GIVING_UP {
            let Some(arrival) = self.sockets.arrival().now_or_never() else {
                break;
            };
            self.on_arrival(arrival).await?;
        }
        self.carry_out().await;
        while let Ok(receipt) = self.receipts.try_recv() {
            self.state.received(&receipt);
        }
        self.state.give_up(self.context.clock.now());
        Ok(())
    }

    /// Writes what the connection takes at once: most often that is all, and another turn of the loop is saved.
    async fn flush_at_once(&mut self) -> Result<(), StreamEnd> {
        match self.page.outbound.is_pending() {
            true => match self.page.flush_at_once().await {
                Poll::Ready(flushed) => self.on_flush(flushed),
                Poll::Pending => Ok(()),
            },
            false => Ok(()),
        }
    }

    /// Forgets receipts that came too late for what they belong to. They are looked for only while something waits for one.
    fn forget_late_receipts(&mut self) {
        if !self.state.awaits_receipts() {
            while self.receipts.try_recv().is_ok() {}
        }
    }

    /// Takes what a receiving session says of datagrams of this one.
    fn on_receipt(&mut self, first: &Receipt) {
        self.state.received(first);
        for _ in 1..RECEIPTS_IN_A_ROW {
            let Ok(receipt) = self.receipts.try_recv() else {
                return;
            };
            self.state.received(&receipt);
        }
    }

    /// Goes on after all that waited was written: a page that reads again is told what it has missed.
    fn on_flush(&mut self, flushed: io::Result<()>) -> Result<(), StreamEnd> {
        if self.page.on_flush(flushed)? {
            self.send_counters();
        }
        Ok(())
    }

    /// Does what the session has decided.
    async fn carry_out(&mut self) {
        loop {
            let page = &mut self.page;
            let client_takes = |bytes| page.has_room(bytes);
            match self.state.poll(self.context.clock.now(), client_takes) {
                Some(Action::Send(outgoing)) => self.send_one(&outgoing).await,
                Some(Action::ToClient(incoming)) => {
                    self.push(&incoming.header, &incoming.payload);
                }
                None => break,
            }
        }
        self.give_receipts();
    }

    /// Tells those sessions of the loopback what became of their datagrams here.
    fn give_receipts(&mut self) {
        let receipts = self.state.take_receipts();
        if !receipts.is_empty() {
            self.place.loopback.deliver(receipts);
        }
    }

    /// Tells the page what has happened, as far as it reads: errors, then events.
    fn tell(&mut self) {
        if self.state.has_errors() && self.page.has_room_for_events() {
            self.tell_errors();
        }
        if !self.state.has_events() && self.events.is_empty() {
            return;
        }
        self.events.add(self.state.take_events());
        let now = self.context.clock.now();
        self.events.send(&mut self.page, now, SocketsAnswer::Events);
    }

    /// Tells the page every error that it has room for, and how many there were besides.
    fn tell_errors(&mut self) {
        let (errors, mut missed) = self.state.take_errors();
        for error in errors {
            match self.page.reads_answers() {
                true => self.page.notify(&SocketsAnswer::Error(error)),
                false => missed += 1,
            }
        }
        if missed > 0 {
            let text = format!("{missed} errors were left out: the page reads too slowly");
            self.page.notice("missed_errors", text);
        }
    }

    fn send_counters(&mut self) {
        self.page
            .notify(&SocketsAnswer::Counters(self.state.counters()));
    }

    /// Bounds what the session holds: first the newest events are dropped, then nothing more is taken.
    fn bound_memory(&mut self) {
        let held = self.state.held_bytes() + self.sockets.held_bytes();
        let fits = self.events.fit(&mut self.backlog, held);
        self.state.narrow(!fits);
    }

    /// Passes the session's totals on to the host's metrics.
    fn count(&self) {
        self.counters
            .take_from_sockets(&self.state, self.sockets.count());
    }

    /// When there is something to do although nothing arrives.
    fn next_alarm(&self) -> Option<Instant> {
        let dues = [self.state.next_due(), self.events.due()];
        let due = dues.into_iter().flatten().min();
        due.map(|micros| self.context.clock.instant(micros))
    }
}
