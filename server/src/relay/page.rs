//! A page's session: every datagram goes through the books and the link of [`Session`], and its way is told to the client.
//!
//! [`Session`] decides and knows no socket; this carries out what it decides and feeds it what the sockets give. One task
//! owns all of it. Nothing here waits for the client: what is written waits in [`Outbound`], which is bounded.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use wire::control::{HostMessage, Options, Visitor};
use wire::link::Carried;
use wire::session::{Action, Served, Session};

use super::backlog::{Backlog, OWN_BOOKS, OWN_CONTROL};
use super::close::Ended;
use super::inbound::{Inbound, Incoming};
use super::opening::Visit;
use super::outbound::{Outbound, Replies};
use super::raw::let_others_in;
use super::vitals::Vitals;
use crate::echo::{Enrolled, Outcome, Sighting, Watch, Whom};
use crate::host::Shared;
use crate::limits::Allowance;
use crate::target::{OWN_SERVER, Target};
use crate::udp::{Outgoing, Slab, Trouble, UdpSocket};

mod control;
mod greeting;
mod server;
mod tell;
mod untold;

use server::PrivateServer;
use untold::Untold;

/// Runs of datagrams that one receive may bring.
const BATCH_RUNS: usize = 16;

/// Reports of the echo server that may wait for a session, for as long as other sessions are at work: 416 KiB.
const WAITING_SIGHTINGS: usize = 4096;
const _: () = assert!(WAITING_SIGHTINGS * size_of::<Sighting>() <= 416 << 10);

/// How long the session rests after an error from the UDP socket, so that a persistent one cannot make it spin.
const REST_AFTER_ERROR: Duration = Duration::from_millis(1);

/// A session of `/relay`.
pub(super) struct PageSession<'a, W> {
    shared: &'a Arc<Shared>,
    vitals: &'a Vitals,
    session: Session,
    untold: Untold,
    /// For what `session` and `untold` hold.
    books: Backlog,
    seed: u64,
    udp: UdpSocket,
    allowance: Allowance,
    target: &'a Target,
    /// Whether host and client are on the same machine.
    is_local: bool,
    outbound: &'a mut Outbound<W>,
    /// The session's entry at the server it talks to, while that is one of the host's.
    enrolled: Option<Enrolled>,
    sightings: Option<mpsc::Receiver<Sighting>>,
    strangers: Option<Watch>,
    private: Option<PrivateServer>,
    /// The answer to a question about a byte stream, when it is ready.
    streams: (mpsc::Sender<HostMessage>, mpsc::Receiver<HostMessage>),
    events_due: Option<u64>,
    reader_was_slow: bool,
}

impl<'a, W: AsyncWrite + Unpin> PageSession<'a, W> {
    /// A session that has not said anything yet.
    pub(super) fn new(
        shared: &'a Arc<Shared>,
        vitals: &'a Vitals,
        visit: &'a Visit,
        udp: UdpSocket,
        allowance: Allowance,
        outbound: &'a mut Outbound<W>,
    ) -> Self {
        let seed = greeting::fresh_seed();
        let target = &visit.target;
        let own_server = target.name == OWN_SERVER;
        let enrolled = own_server.then(|| shared.witnesses.enrol(udp.local_addr()));
        Self {
            shared,
            vitals,
            session: Session::new(shared.clock.now(), seed),
            untold: Untold::default(),
            books: Backlog::new(shared.backlog.clone(), OWN_BOOKS),
            seed,
            udp,
            allowance,
            target,
            // Behind a proxy the bind may be loopback and the client from anywhere.
            is_local: shared.access.bound.ip().is_loopback() && visit.client.is_loopback(),
            outbound,
            enrolled,
            sightings: None,
            strangers: None,
            private: None,
            streams: mpsc::channel(1),
            events_due: None,
            reader_was_slow: false,
        }
    }

    /// Carries and tells until the session is over by itself, or by `end`.
    pub(super) async fn run<R: AsyncRead + Unpin>(
        &mut self,
        inbound: &mut Inbound<R>,
        replies: &Replies,
        end: impl Future<Output = Ended>,
    ) -> Ended {
        let ended = tokio::select! {
            conversed = self.converse(inbound, replies) => match conversed {
                Ok(never) => match never {},
                Err(ended) => ended,
            },
            ended = end => ended,
        };
        if let Some(private) = self.private.take() {
            private.stop().await;
        }
        self.vitals.traffic.take_from(&self.session);
        self.vitals.traffic.read_kernel_drops(&self.udp);
        // Who has said goodbye is told nothing: nothing may follow the Close that answers it (RFC 6455, section 5.5.1).
        if ended.frame().is_some() {
            self.tell(&HostMessage::Counters(self.session.counters()));
        }
        ended
    }

    async fn converse<R: AsyncRead + Unpin>(
        &mut self,
        inbound: &mut Inbound<R>,
        replies: &Replies,
    ) -> Result<std::convert::Infallible, Ended> {
        let mut frames = Vec::new();
        loop {
            let due = self.next_due();
            let alarm = due.map(|at| sleep_until(self.shared.clock.instant(at).into()));
            // Who does not read the answers is not asked for more questions: TCP makes that client wait.
            let is_heard = self.outbound.waiting_control() <= 2 * OWN_CONTROL;
            tokio::select! {
                (batch, read) = inbound.read(&mut frames), if is_heard => {
                    self.outbound.push_frames(&std::mem::take(&mut frames));
                    self.allowance.control(batch.asides()).map_err(Ended::ControlFlood)?;
                    self.take_messages(batch.into_messages().collect()).await?;
                    read?;
                }
                _ = self.udp.readable() => self.take_arrivals().await,
                sighting = next(&mut self.sightings) => self.server_saw(sighting),
                visitor = next_visitor(&mut self.strangers), if is_heard => self.tell(&HostMessage::Visitor(visitor)),
                Some(answer) = self.streams.1.recv() => self.tell(&answer),
                flushed = self.outbound.flush(), if self.outbound.is_pending() => {
                    flushed.map_err(|error| Ended::Vanished(error.to_string()))?;
                    self.reader_caught_up();
                }
                () = replies.arrived() => self.outbound.push_frames(&replies.take()),
                () = wait(alarm) => {}
            }
            self.carry_out().await;
            self.tell_events();
            self.make_room();
            self.vitals.traffic.take_from(&self.session);
            if let Some(micros) = self.session.take_round_trip() {
                self.shared.metrics.round_trip(micros);
            }
        }
    }

    async fn take_messages(&mut self, messages: Vec<Incoming>) -> Result<(), Ended> {
        let is_idle = messages.is_empty();
        self.vitals.hear(!is_idle);
        let now = self.shared.clock.now();
        let sizes = messages.iter().filter_map(Incoming::datagram_bytes);
        let (mut granted, over) = self.allowance.grant(sizes);
        for message in messages {
            match (message, over) {
                (Incoming::Text(text), _) => self.control(&text).await?,
                (Incoming::Binary(payload), Some(over)) if granted == 0 => {
                    self.session.reject(now, payload.len(), over.to_string());
                }
                (Incoming::Binary(payload), _) => {
                    granted = granted.saturating_sub(1);
                    self.make_room();
                    self.session.from_client(now, payload);
                }
            }
        }
        let_others_in(&self.allowance, over, is_idle).await
    }

    async fn take_arrivals(&mut self) {
        let mut slab = Slab::take();
        let received = self.udp.try_receive(&mut slab, BATCH_RUNS);
        let now = self.shared.clock.now();
        match received {
            Ok(()) => {
                self.vitals.stir();
                if slab.is_full(BATCH_RUNS) {
                    // So much waited that there may have been more than the socket's buffer holds.
                    self.vitals.traffic.read_kernel_drops(&self.udp);
                }
                // What the server did comes before its answer, in the books as in the world.
                self.take_sightings();
                for datagram in slab.runs().flat_map(|run| run.datagrams()) {
                    self.make_room();
                    self.session
                        .from_server(now, Bytes::copy_from_slice(datagram));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                drop(slab);
                self.refused(&error);
                tokio::time::sleep(REST_AFTER_ERROR).await;
            }
        }
    }

    /// Does what the session has decided.
    async fn carry_out(&mut self) {
        loop {
            let client_takes = |bytes| {
                let has_room = self.outbound.has_room(bytes);
                self.reader_was_slow |= !has_room;
                has_room
            };
            match self.session.poll(self.shared.clock.now(), client_takes) {
                Some(Action::ToServer(carried)) => self.send_one(&carried).await,
                Some(Action::ToClient(payload)) => self.outbound.push_datagram(&payload),
                None => return,
            }
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
        self.udp
            .send(&[Outgoing::to_peer(&carried.payload)], note)
            .await;
        if let Some(error) = earlier {
            self.refused(&error);
        }
        let now = self.shared.clock.now();
        match unsent {
            None => self.session.sent(now, carried),
            Some(error) => {
                let reason = self.reason(carried.payload.len(), &error);
                self.session.not_sent(now, carried.tag, reason);
            }
        }
    }

    /// The operating system's words, and the limit where that is what was met.
    fn reason(&self, bytes: usize, error: &io::Error) -> String {
        let limit = self.datagram_limit();
        match bytes > limit {
            true => format!("{error}: {bytes} bytes, and a datagram carries {limit} at most"),
            false => error.to_string(),
        }
    }

    fn refused(&mut self, error: &io::Error) {
        // Reports that wait are of datagrams that did arrive.
        self.take_sightings();
        self.session
            .refused(self.shared.clock.now(), &error.to_string());
    }

    fn take_sightings(&mut self) {
        while let Some(sighting) = self.sightings.as_mut().and_then(|s| s.try_recv().ok()) {
            self.server_saw(sighting);
        }
    }

    fn server_saw(&mut self, sighting: Sighting) {
        let answered = match sighting.outcome {
            Outcome::Sent { bytes, at } => Some((bytes, at)),
            Outcome::Empty | Outcome::Guarded | Outcome::Failed(_) => None,
        };
        let served = Served {
            received_at: sighting.received_at,
            bytes: sighting.received,
            answered,
        };
        self.session.server_saw(&sighting.fingerprint, &served);
    }

    /// Watches, or stops watching, as the tracing option says.
    fn watch(&mut self) {
        let Options { tracing, .. } = self.session.options();
        if let Some(enrolled) = &self.enrolled {
            match (tracing, self.sightings.is_some()) {
                (true, false) => self.sightings = Some(enrolled.watch(WAITING_SIGHTINGS).0),
                (false, true) => {
                    enrolled.unwatch();
                    self.sightings = None;
                }
                _ => {}
            }
        }
        let welcome = tracing && self.is_local && self.target.name == OWN_SERVER;
        match (welcome, &self.strangers) {
            (true, None) => self.strangers = Some(self.shared.witnesses.watch(Whom::Strangers)),
            (false, Some(_)) => self.strangers = None,
            _ => {}
        }
    }

    /// When there is something to do although nothing arrives.
    fn next_due(&mut self) -> Option<u64> {
        [self.session.next_due(), self.events_due]
            .into_iter()
            .flatten()
            .min()
    }
}

/// The next report, for as long as anything is watched.
async fn next(sightings: &mut Option<mpsc::Receiver<Sighting>>) -> Sighting {
    if let Some(receiver) = sightings
        && let Some(sighting) = receiver.recv().await
    {
        return sighting;
    }
    std::future::pending().await
}

async fn next_visitor(strangers: &mut Option<Watch>) -> Visitor {
    let Some(watch) = strangers else {
        return std::future::pending().await;
    };
    loop {
        // Visitors that were missed came faster than anybody could read.
        if let Ok(visit) = watch.next().await {
            return Visitor {
                peer: visit.peer.to_string(),
                bytes: visit.bytes,
                text: visit.text,
                sent: match visit.outcome {
                    Outcome::Sent { bytes, .. } => Some(bytes),
                    Outcome::Empty | Outcome::Guarded | Outcome::Failed(_) => None,
                },
            };
        }
    }
}

async fn wait(alarm: Option<tokio::time::Sleep>) {
    match alarm {
        Some(alarm) => alarm.await,
        None => std::future::pending().await,
    }
}
