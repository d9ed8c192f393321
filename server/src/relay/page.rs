//! A page's session: every datagram goes through the ledger and the link of [`Session`], and the page is told its way.
//!
//! [`Session`] decides and knows no socket; this carries out what it decides and feeds it what the sockets give. One task
//! owns all of it, and each arm of its loop is a function of its own.
//!
//! - `hello`: the first message; `control`: what the page asks for; `lane`: datagrams beside the WebSocket;
//! - `observation`: what the host's own server did with them; `server`: a server of the session's own;
//! - `watch`: what a program on this machine may see of it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use wire::control::{Event, HostMessage};
use wire::lane::{Lane, Misnumbered};
use wire::link::Carried;
use wire::session::{Action, Session};

use super::close::CloseReason;
use super::context::Context;
use super::events::EventQueue;
use super::liveness::Liveness;
use super::protocol::Protocol;
use super::{
    ARRIVALS_BEFORE_GIVING_UP, ActiveSession, PAUSE_AFTER_ERROR, RECEIVE_BATCH, fresh_seed,
    sleep_until, yield_if_unproductive,
};
use crate::cause::plain;
use crate::echo::EchoReport;
use crate::limits::{Backlog, RateLimiter};
use crate::metrics::{SessionCounters, add};
use crate::target::Target;
use crate::udp::{GroBuffer, GsoBuffer, Slab, Trouble, UdpSocket};
use crate::ws::{Batch, Inbound, Incoming, Outbound, Replies, StreamEnd};

mod control;
mod hello;
mod lane;
mod observation;
mod server;
mod watch;

use control::StreamQuestions;
use lane::{SessionLane, next_event};
use observation::{Observation, next_report, next_visitor, served};
use server::PrivateServer;
use watch::Watch;

/// A session of `/relay`.
pub(super) struct PageSession<'a, W> {
    context: &'a Context,
    liveness: &'a Liveness,
    counters: &'a SessionCounters,
    target: &'a Target,
    number: u64,
    seed: u64,
    /// Whether host and client are on the same machine, and nobody else reaches it.
    is_local: bool,
    session: Session,
    udp: UdpSocket,
    /// Where datagrams go and answers come from, whether or not the socket is connected to it.
    server: SocketAddr,
    rate: RateLimiter,
    page: Protocol<'a, W>,
    events: EventQueue<Event>,
    /// For what `session` and `events` hold.
    backlog: Backlog,
    observation: Observation,
    private: Option<PrivateServer>,
    streams: StreamQuestions,
    watch: Option<Watch>,
    /// `None` where the host offers no lanes.
    lane: Option<Box<SessionLane>>,
}

impl<'a, W: AsyncWrite + Unpin> PageSession<'a, W> {
    /// A session that has not said anything yet.
    pub(super) fn new(
        active: &'a ActiveSession<'_>,
        target: &'a Target,
        udp: UdpSocket,
        rate: RateLimiter,
        outbound: &'a mut Outbound<W>,
    ) -> Self {
        let (context, request) = (active.context, active.request);
        let seed = fresh_seed();
        Self {
            context,
            liveness: &active.liveness,
            counters: &active.counters,
            target,
            number: active.number,
            seed,
            is_local: context.is_loopback && request.is_local,
            session: Session::new(context.clock.now(), seed),
            observation: Observation::new(context.register(target, &udp)),
            udp,
            server: target.address,
            rate,
            page: Protocol::new(outbound),
            events: EventQueue::default(),
            backlog: context.limits.backlog().for_page_state(),
            private: None,
            streams: StreamQuestions::new(),
            watch: None,
            lane: SessionLane::new(context.lanes.as_ref(), request),
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
        if let Some(private) = self.private.take() {
            private.stop().await;
        }
        if let Some(mut watch) = self.watch.take() {
            let (events, _) = self.session.take_events();
            watch.on_events(&events, self.route());
            watch.finish();
        }
        self.end_lane(&reason);
        self.counters.take_from(&self.session);
        self.counters.set_kernel_drops(self.udp.kernel_drops());
        // A client that has said goodbye is told nothing: nothing may follow the Close that answers its own (RFC 6455,
        // section 5.5.1).
        if reason.frame().is_some() {
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
        loop {
            let alarm = self.next_alarm();
            let page_reads = self.page.reads_answers();
            tokio::select! {
                (batch, read) = inbound.read(&mut frames), if page_reads => {
                    self.on_read(batch, read, &std::mem::take(&mut frames)).await?;
                }
                _ = self.udp.readable() => {
                    self.on_arrival().await;
                }
                report = next_report(&mut self.observation.reports) => self.on_report(&report),
                visitor = next_visitor(&mut self.observation.strangers), if page_reads => {
                    self.page.notify(&HostMessage::Visitor(visitor));
                }
                event = next_event(&mut self.lane) => self.on_lane(event).await?,
                answer = self.streams.answered() => self.page.notify(&answer),
                flushed = self.page.flush(), if self.page.outbound.is_pending() => self.on_flush(flushed)?,
                () = replies.arrived() => self.page.outbound.push_frames(&replies.take()),
                () = sleep_until(alarm) => {}
            }
            self.take_before_giving_up().await;
            self.carry_out().await;
            self.send_events();
            self.bound_memory();
            self.count();
        }
    }

    /// Takes what one read brought: `frames` are the protocol's own replies to it.
    async fn on_read(
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
        self.take_messages(batch.into_messages().collect()).await
    }

    /// Takes messages in their order. A datagram over the rate is rejected, and the page is told which limit it met.
    async fn take_messages(&mut self, messages: Vec<Incoming>) -> Result<(), CloseReason> {
        let is_idle = messages.is_empty();
        self.liveness.on_receive(!is_idle);
        self.look();
        let sizes = messages.iter().filter_map(Incoming::datagram_bytes);
        let (mut admitted, exceeded) = self.rate.admit(sizes);
        for message in messages {
            match (message, exceeded) {
                (Incoming::Text(text), _) => self.control(&text).await?,
                (Incoming::Binary(message), Some(exceeded)) if admitted == 0 => {
                    self.take_binary(message, Some(exceeded.to_string()))?;
                }
                (Incoming::Binary(message), _) => {
                    admitted = admitted.saturating_sub(1);
                    self.take_binary(message, None)?;
                }
            }
        }
        yield_if_unproductive(&self.rate, exceeded, is_idle).await
    }

    /// Takes a binary message of the WebSocket; `over` says which limit it met.
    fn take_binary(&mut self, message: Bytes, over: Option<String>) -> Result<(), CloseReason> {
        let is_numbered = self.lane.as_ref().is_some_and(|lane| lane.is_numbered);
        let (number, payload) = match is_numbered {
            true => wire::lane::parse(&message).ok_or_else(|| {
                CloseReason::BadControl("a binary message has no number in front".to_owned())
            })?,
            false => (self.session.next_unnumbered(), message),
        };
        let taken = self.take_datagram(number, payload, Lane::WebSocket, over);
        taken.map_err(|wrong| {
            let why = match wrong {
                Misnumbered::Repeated => "has come already",
                Misnumbered::Forgotten => "is so old that it is forgotten",
                Misnumbered::Ahead => "leaves out too many",
            };
            CloseReason::BadControl(format!("the number {number} of a datagram {why}"))
        })
    }

    /// Takes the client's datagram with this number, or rejects it for the limit that it is `over`.
    fn take_datagram(
        &mut self,
        number: u64,
        payload: Bytes,
        lane: Lane,
        over: Option<String>,
    ) -> Result<(), Misnumbered> {
        let now = self.context.clock.now();
        let shown = self.watch.is_some().then(|| payload.clone());
        match over {
            Some(over) => {
                let bytes = payload.len();
                self.session
                    .take_and_reject(now, number, bytes, lane, over)?;
            }
            None => {
                self.bound_memory();
                self.session.take(now, number, payload, lane)?;
            }
        }
        if let Some(shown) = shown {
            self.show_taken(number, &shown);
        }
        Ok(())
    }

    /// Takes what waits at the socket before a datagram is given up.
    async fn take_before_giving_up(&mut self) {
        if !self.session.has_overdue(self.context.clock.now()) {
            return;
        }
        // The system tells of it between two turns.
        tokio::task::yield_now().await;
        for _ in 0..ARRIVALS_BEFORE_GIVING_UP {
            if !self.on_arrival().await {
                break;
            }
        }
    }

    /// Takes what has come from the server; whether anything has.
    async fn on_arrival(&mut self) -> bool {
        // A client that does not read gives nobody else a turn.
        tokio::task::coop::consume_budget().await;
        self.look();
        let mut slab = Slab::take();
        let received = self.udp.try_receive(&mut slab, RECEIVE_BATCH);
        let now = self.context.clock.now();
        match received {
            Ok(()) => {
                self.liveness.on_activity();
                if slab.is_full(RECEIVE_BATCH) {
                    // So much waited that there may have been more than the socket's buffer holds.
                    self.counters.set_kernel_drops(self.udp.kernel_drops());
                }
                // What the server did comes before its answer, in the ledger as in the world.
                self.observation.reported().await;
                self.take_reports();
                for buffer in slab.buffers() {
                    if !self.is_from_server(&buffer) {
                        add(&self.counters.strangers, buffer.datagrams().len());
                        continue;
                    }
                    for datagram in buffer.datagrams() {
                        self.bound_memory();
                        let payload = Bytes::copy_from_slice(datagram);
                        if let Some(watch) = &mut self.watch {
                            watch.arrived(&payload);
                        }
                        self.session.from_server(now, payload);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(error) => {
                drop(slab);
                self.refused(&error);
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
        true
    }

    /// Whether the session's server sent this. The system sees to that on a connected socket; on an unconnected one anybody
    /// may write to the port.
    fn is_from_server(&self, buffer: &GroBuffer<'_>) -> bool {
        (buffer.peer.ip(), buffer.peer.port()) == (self.server.ip(), self.server.port())
    }

    /// Takes a report of the server about one of the session's datagrams.
    fn on_report(&mut self, report: &EchoReport) {
        self.session
            .server_saw(&report.fingerprint, &served(report));
    }

    fn take_reports(&mut self) {
        while let Some(report) = self.observation.try_next_report() {
            self.on_report(&report);
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
            match self.session.poll(self.context.clock.now(), client_takes) {
                Some(Action::ToServer(carried)) => self.send_one(&carried).await,
                Some(Action::ToClient(payload)) => self.page.outbound.push_datagram(&payload),
                Some(Action::ToLane(number, payload)) => self.send_by_lane(number, &payload),
                None => return,
            }
        }
    }

    fn send_by_lane(&mut self, number: u64, payload: &[u8]) {
        let lane = self.lane.as_ref();
        if lane.is_some_and(|lane| lane.send(number, payload)) {
            add(&self.counters.lane_out, 1);
        } else {
            self.session.lane_is_full(self.context.clock.now(), number);
        }
    }

    /// Sends one datagram by itself, so that an error can be told from that of its neighbours.
    async fn send_one(&mut self, carried: &Carried<u64>) {
        let mut earlier = None;
        let mut unsent = None;
        let note = |trouble| match trouble {
            Trouble::Earlier(error) => earlier = Some(error),
            Trouble::Unsent { error, .. } => unsent = Some(error),
        };
        let datagram = GsoBuffer {
            to: self.udp.peer().is_none().then_some(self.server),
            ..GsoBuffer::to_peer(&carried.payload)
        };
        // Before the call: while it is under way, the server may have the datagram already, on another processor.
        let now = self.context.clock.now();
        self.udp.send(&[datagram], note).await;
        if let Some(error) = earlier {
            self.refused(&error);
        }
        match unsent {
            None => {
                let (at, route) = (now.saturating_sub(self.session.began()), self.route());
                if let Some(watch) = &mut self.watch {
                    watch.sent(at, carried, route);
                }
                self.session.sent(now, carried);
            }
            Some(error) => {
                let reason = self.reason(carried.payload.len(), &error);
                self.session.not_sent(now, carried.tag, reason);
            }
        }
    }

    /// The operating system's words, and the limit where that is what was met.
    fn reason(&self, bytes: usize, error: &io::Error) -> String {
        let (limit, words) = (self.target.max_datagram_bytes(), plain(error));
        match bytes > limit {
            true => format!("{words}: {bytes} bytes, and a datagram carries {limit} at most"),
            false => words,
        }
    }

    fn refused(&mut self, error: &io::Error) {
        // Reports that wait are of datagrams that did arrive.
        self.take_reports();
        self.session
            .refused(self.context.clock.now(), &plain(error));
    }

    /// Observes the server, or stops observing it, as the tracing option says.
    fn observe(&mut self) {
        let is_tracing = self.session.options().tracing;
        self.observation.trace(is_tracing);
        let sees_strangers = is_tracing && self.is_local && self.target.is_own_server();
        let own_server = &self.context.observers;
        self.observation.watch_strangers(sees_strangers, own_server);
    }

    /// Sends the events when they fill a message or have waited for long enough, as far as the page reads.
    fn send_events(&mut self) {
        let (mut events, mut missed) = self.session.take_events();
        let route = self.route();
        if let Some(watch) = &mut self.watch {
            watch.on_events(&events, route);
            if !self.session.options().tracing {
                (events, missed) = (Vec::new(), 0);
            }
        }
        self.events.add((events, missed));
        let now = self.context.clock.now();
        self.events.send(&mut self.page, now, HostMessage::Events);
    }

    fn send_counters(&mut self) {
        self.page
            .notify(&HostMessage::Counters(self.session.counters()));
    }

    /// Bounds what the session holds: first the newest events are dropped, then nothing more is taken.
    fn bound_memory(&mut self) {
        let fits = self
            .events
            .fit(&mut self.backlog, self.session.held_bytes());
        self.session.narrow(!fits);
    }

    /// Passes the session's totals on to the host's metrics.
    fn count(&mut self) {
        self.counters.take_from(&self.session);
        if let Some(micros) = self.session.take_round_trip() {
            self.context.metrics.round_trip(micros);
        }
    }

    /// When there is something to do although nothing arrives.
    fn next_alarm(&mut self) -> Option<Instant> {
        let dues = [self.session.next_due(), self.events.due()];
        let due = dues.into_iter().flatten().min();
        due.map(|micros| self.context.clock.instant(micros))
    }
}
