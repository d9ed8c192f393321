//! The link of one client: what it sends goes through one direction, what comes back through the other.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use wire::link::{Direction, DropReason, Impairment, Link, Verdict};

use super::totals::{Totals, add};
use crate::client::is_icmp;
use crate::clock::Clock;

/// A client that neither sends nor hears anything for this long is forgotten. A mapping for UDP must last two minutes (RFC 4787,
/// section 4.3), so nobody may expect more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);

/// Bytes that may wait on the links of all clients together.
const MOST_HELD_BYTES: usize = 256 << 20;

/// How long a loop pauses after an error, so that a persistent one cannot make it spin.
pub(super) const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(5);

/// More than any datagram holds, so that none is cut.
pub(super) const BUFFER_BYTES: usize = 65_536;

/// What all clients share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) listener: UdpSocket,
    pub(super) totals: Arc<Totals>,
    pub(super) clock: Clock,
    /// Bytes that wait on the links of all clients.
    pub(super) held: AtomicUsize,
}

/// A server in this process, behind the links of all clients.
pub(crate) trait Server: Debug + Send + Sync {
    /// Takes a datagram of a client and returns its answer, if there is one.
    fn answer(&self, client: SocketAddr, payload: Bytes) -> Option<Bytes>;

    /// Hears that the link dropped a datagram of this many bytes: on its way here, or the answer on its way back.
    fn dropped(&self, client: SocketAddr, direction: Direction, bytes: usize, reason: DropReason);
}

/// The other end of a client's link.
#[derive(Debug)]
pub(super) enum Behind {
    /// A program, by a socket of this client's own, connected to it.
    Program {
        socket: UdpSocket,
        buffer: Box<[u8]>,
    },
    /// A server in this process.
    Server(Arc<dyn Server>),
}

/// One client and its link.
#[derive(Debug)]
pub(super) struct Flow {
    client: SocketAddr,
    shared: Arc<Shared>,
    behind: Behind,
    there: Link<()>,
    back: Link<()>,
    held: usize,
}

impl Flow {
    pub(super) fn new(
        client: SocketAddr,
        shared: Arc<Shared>,
        behind: Behind,
        [there, back]: [Impairment; 2],
        seed: u64,
    ) -> Self {
        Self {
            client,
            shared,
            behind,
            there: Link::new(there, seed, Direction::Up),
            back: Link::new(back, seed, Direction::Down),
            held: 0,
        }
    }

    /// Carries what comes until the client is forgotten, or `incoming` is closed.
    pub(super) async fn run(mut self, mut incoming: mpsc::Receiver<Bytes>) {
        let mut forgotten_at = Instant::now() + FORGOTTEN_AFTER;
        loop {
            let due = self.next_due();
            tokio::select! {
                datagram = incoming.recv() => match datagram {
                    Some(datagram) => self.offer(Direction::Up, datagram),
                    None => return,
                },
                answer = self.behind.receive() => match answer {
                    Some(answer) => self.offer(Direction::Down, answer),
                    None => add(&self.shared.totals.refused, 1),
                },
                () = sleep_until(due.unwrap_or(forgotten_at)) => {
                    if due.is_none() {
                        return;
                    }
                }
            }
            self.deliver().await;
            forgotten_at = Instant::now() + FORGOTTEN_AFTER;
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let due = [self.there.next_due(), self.back.next_due()];
        let due = due.into_iter().flatten().min()?;
        Some(self.shared.clock.instant(due))
    }

    /// Puts a datagram on one direction of the link.
    fn offer(&mut self, direction: Direction, datagram: Bytes) {
        let (now, bytes) = (self.shared.clock.now(), datagram.len());
        let is_full = self.shared.is_full();
        let link = self.link(direction);
        link.narrow(is_full);
        let verdict = link.offer(now, (), datagram);
        self.shared.totals.of(direction).judged(verdict);
        if let Verdict::Dropped(reason) = verdict {
            self.tell_of_a_drop(direction, bytes, reason);
        }
    }

    /// The next datagram that has reached the end of one direction by `now`.
    fn arrived(&mut self, direction: Direction, now: u64) -> Option<Bytes> {
        loop {
            match self.link(direction).due(now)? {
                Ok(carried) => return Some(carried.payload),
                Err(carried) => {
                    self.shared.totals.of(direction).corrupted();
                    let bytes = carried.payload.len();
                    self.tell_of_a_drop(direction, bytes, DropReason::Checksum);
                }
            }
        }
    }

    fn link(&mut self, direction: Direction) -> &mut Link<()> {
        match direction {
            Direction::Up => &mut self.there,
            Direction::Down => &mut self.back,
        }
    }

    fn tell_of_a_drop(&self, direction: Direction, bytes: usize, reason: DropReason) {
        if let Behind::Server(server) = &self.behind {
            server.dropped(self.client, direction, bytes, reason);
        }
    }

    /// Hands over whatever has reached the end of its direction by now.
    async fn deliver(&mut self) {
        let now = self.shared.clock.now();
        while let Some(payload) = self.arrived(Direction::Up, now) {
            self.hand_to_program(payload).await;
        }
        while let Some(payload) = self.arrived(Direction::Down, now) {
            self.hand_to_client(&payload).await;
        }
        self.account();
    }

    async fn hand_to_program(&mut self, payload: Bytes) {
        let there = &self.shared.totals.there;
        match &self.behind {
            Behind::Program { socket, .. } => match send(socket, &payload).await {
                Ok(refused) => {
                    add(&self.shared.totals.refused, refused);
                    there.went();
                }
                Err(error) => {
                    tracing::debug!(%error, bytes = payload.len(), "the program's socket took no datagram");
                    there.unsent();
                }
            },
            Behind::Server(server) => {
                there.went();
                if let Some(answer) = server.answer(self.client, payload) {
                    self.offer(Direction::Down, answer);
                }
            }
        }
    }

    async fn hand_to_client(&self, payload: &[u8]) {
        let back = &self.shared.totals.back;
        match self.shared.listener.send_to(payload, self.client).await {
            Ok(_) => back.went(),
            Err(error) => {
                tracing::debug!(%error, client = %self.client, "no datagram left for the client");
                back.unsent();
            }
        }
    }

    /// Adds what waits here to what waits everywhere.
    fn account(&mut self) {
        let held = self.there.held_bytes() + self.back.held_bytes();
        let before = std::mem::replace(&mut self.held, held);
        self.shared.held.fetch_add(held, Ordering::Relaxed);
        self.shared.held.fetch_sub(before, Ordering::Relaxed);
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.shared.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

impl Shared {
    fn is_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) > MOST_HELD_BYTES
    }
}

impl Behind {
    /// Waits for the next answer; `None` when ICMP reported that nobody has bound the program's port. A server in this process
    /// answers at once, and so never here.
    async fn receive(&mut self) -> Option<Bytes> {
        let Self::Program { socket, buffer } = self else {
            return std::future::pending().await;
        };
        debug_assert!(buffer.len() >= BUFFER_BYTES, "a datagram would be cut");
        loop {
            match socket.recv(buffer).await {
                Ok(bytes) => return Some(Bytes::copy_from_slice(&buffer[..bytes])),
                Err(error) if is_icmp(&error) => return None,
                Err(error) => {
                    tracing::debug!(%error, "receive from the program failed; the link goes on");
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }
}

/// Sends one datagram; returns how many earlier ones were refused, as the system says on such an occasion.
async fn send(socket: &UdpSocket, payload: &[u8]) -> std::io::Result<u64> {
    let mut refused = 0;
    loop {
        match socket.send(payload).await {
            Ok(_) => return Ok(refused),
            // One such error is about an earlier datagram, and the next call is about this one; a second one is news of its own.
            Err(error) if is_icmp(&error) && refused == 0 => refused += 1,
            Err(error) => return Err(error),
        }
    }
}
