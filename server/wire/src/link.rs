//! The link model: what a network may do to datagrams, as one pure function of (impairment, seed, arrivals).
//!
//! Each arrival draws the same number of random values whatever becomes of it. So one seed gives one list of events, on
//! every system, and changing the delay does not change which datagrams are lost. Numbers are whole, so that no system
//! rounds otherwise than another. The vocabulary is that of `tc netem` (tc-netem(8)).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU64;

use bytes::Bytes;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use serde::{Deserialize, Serialize};

mod impairment;
mod mishap;
mod preset;

pub use impairment::{Impairment, OutOfRange};
pub use mishap::{HOLD_US, Mishap};
pub use preset::{PRESETS, Preset, preset};

/// Most payload bytes that may wait in one direction of one link; what comes on top is dropped like netem's `limit`.
pub const MAX_QUEUED_BYTES: usize = 4 << 20;

#[cfg(not(target_family = "wasm"))]
/// Datagrams for which a queue keeps room while none waits.
const KEPT_QUEUE: usize = 16;

/// IPv4 and UDP header bytes that the rate counts with every datagram.
const HEADER_BYTES: u64 = 28;

/// Which way a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Why a copy of a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The lab's random or burst loss.
    Loss,
    /// The lab's corruption: the checksum would fail, so the receiver would never see it.
    Checksum,
    /// The lab's queue was full.
    Queue,
    /// The client reads too slowly; the relay's bounded queue was full.
    SlowReader,
    /// Lost between client and host, on the lane.
    Hop,
    /// The browser threw it away before it went out on the lane.
    Browser,
}

impl DropReason {
    /// Whether it says that a datagram was lost between client and host, and not on the link.
    pub const fn is_before_relay(self) -> bool {
        matches!(self, Self::Hop | Self::Browser)
    }

    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Loss,
        Self::Checksum,
        Self::Queue,
        Self::SlowReader,
        Self::Hop,
        Self::Browser,
    ];
}

/// A copy of a datagram on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried<T> {
    /// What the caller knows the datagram by.
    pub tag: T,
    /// Number of the copy: 0, or 1 for the one that duplication made.
    pub copy: u8,
    /// The bytes; after a delivery with the turned bit in place.
    pub payload: Bytes,
    /// The bit that was turned over, counted from the first byte's highest bit.
    pub corrupted: Option<u32>,
    /// When it left the queue, if it had to wait there for copies before it: only a link with a rate makes them wait.
    pub dequeued_at: Option<NonZeroU64>,
}

/// What the link did with an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is on its way, in this many copies (1 or 2).
    Carried(u8),
    /// It was dropped.
    Dropped(DropReason),
}

/// One direction of a link.
#[derive(Debug)]
pub struct Link<T> {
    impairment: Impairment,
    chance: Pcg32,
    bad: bool,
    free_at: u64,
    queue: BinaryHeap<Reverse<Queued<T>>>,
    queued_bytes: usize,
    arrivals: u64,
    is_narrow: bool,
    /// What is to happen to the next arrival.
    next_mishap: Option<Mishap>,
}

#[derive(Debug)]
struct Queued<T> {
    due: u64,
    order: u64,
    carried: Carried<T>,
}

impl<T: Copy> Link<T> {
    /// A link with this impairment; `direction` sets the two directions of one seed apart.
    pub fn new(impairment: Impairment, seed: u64, direction: Direction) -> Self {
        // Both directions of one seed must differ, or loss would hit the same datagrams twice.
        let seed = match direction {
            Direction::Up => seed,
            Direction::Down => !seed,
        };
        Self {
            impairment,
            chance: Pcg32::seed_from_u64(seed),
            bad: false,
            free_at: 0,
            queue: BinaryHeap::new(),
            queued_bytes: 0,
            arrivals: 0,
            is_narrow: false,
            next_mishap: None,
        }
    }

    /// True when nothing happens on this link, nothing waits, and nothing is to befall the next datagram: it need not be asked
    /// at all.
    pub fn is_transparent(&self) -> bool {
        self.impairment.is_transparent() && self.queue.is_empty() && self.next_mishap.is_none()
    }

    /// Puts another impairment in force, and begins its chance anew from `seed`. What is on its way stays on its way.
    pub fn change(&mut self, impairment: Impairment, seed: u64, direction: Direction) {
        let fresh = Self::new(impairment, seed, direction);
        let before = std::mem::replace(self, fresh);
        self.queue = before.queue;
        self.queued_bytes = before.queued_bytes;
        self.arrivals = before.arrivals;
        self.is_narrow = before.is_narrow;
        self.next_mishap = before.next_mishap;
    }

    /// Bytes of memory that the queue takes.
    pub fn held_bytes(&self) -> usize {
        self.queued_bytes + self.queue.capacity() * size_of::<Reverse<Queued<T>>>()
    }

    /// Whether the queue counts as full, for what it would hold is needed elsewhere.
    pub fn narrow(&mut self, is_narrow: bool) {
        self.is_narrow = is_narrow;
    }

    /// Has this happen to the next datagram that is offered, whatever chance would do to it; that after it is as any other.
    pub fn befall_next(&mut self, mishap: Mishap) {
        self.next_mishap = Some(mishap);
    }

    /// Takes a datagram at `now` (microseconds) and decides what becomes of it.
    pub fn offer(&mut self, now: u64, tag: T, payload: Bytes) -> Verdict {
        let draw = Draw::new(&mut self.chance);
        let Impairment {
            burst_start_ppm,
            burst_end_ppm,
            ..
        } = self.impairment;
        let turn = if self.bad {
            burst_end_ppm
        } else {
            burst_start_ppm
        };
        if happens(draw.burst, turn) {
            self.bad = !self.bad;
        }
        if burst_start_ppm == 0 {
            self.bad = false;
        }
        let by_chance = Course {
            loses: self.bad || happens(draw.loss, self.impairment.loss_ppm),
            corrupts: happens(draw.corrupt, self.impairment.corrupt_ppm),
            doubles: happens(draw.duplicate, self.impairment.duplicate_ppm),
            pace: match happens(draw.reorder, self.impairment.reorder_ppm) {
                true => Pace::Overtakes,
                false => Pace::Travels,
            },
        };
        let Course {
            loses,
            corrupts,
            doubles,
            pace,
        } = self.next_mishap.take().map_or(by_chance, Course::from);
        if loses {
            return Verdict::Dropped(DropReason::Loss);
        }

        let corrupted = corrupts.then(|| draw.bit % (payload.len() as u32 * 8).max(1));
        let mut carried = 0;
        for copy in 0..=u8::from(doubles) {
            let waiting = Carried {
                tag,
                copy,
                payload: payload.clone(),
                corrupted,
                dequeued_at: None,
            };
            if self.enqueue(now, waiting, draw.jitter[copy as usize], pace) {
                carried += 1;
            }
        }
        match carried {
            0 => Verdict::Dropped(DropReason::Queue),
            _ => Verdict::Carried(carried),
        }
    }

    /// The next copy that is due at `now`: to deliver, or dropped on arrival because its checksum fails.
    pub fn due(&mut self, now: u64) -> Option<Result<Carried<T>, Carried<T>>> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(Queued { mut carried, .. }) = self.queue.pop()?;
        self.queued_bytes -= carried.payload.len();
        #[cfg(not(target_family = "wasm"))]
        if self.queue.is_empty() {
            self.queue.shrink_to(KEPT_QUEUE);
        }
        let Some(bit) = carried.corrupted else {
            return Some(Ok(carried));
        };
        if !self.impairment.no_checksum {
            return Some(Err(carried));
        }
        let mut turned = carried.payload.to_vec();
        if let Some(byte) = turned.get_mut(bit as usize / 8) {
            *byte ^= 0x80 >> (bit % 8);
        }
        carried.payload = turned.into();
        Some(Ok(carried))
    }

    /// When the next copy is due, in microseconds.
    pub fn next_due(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(queued)| queued.due)
    }

    fn enqueue(&mut self, now: u64, mut carried: Carried<T>, jitter: u32, pace: Pace) -> bool {
        let size = carried.payload.len();
        let is_full = self.is_narrow
            || self.queue.len() >= self.impairment.limit()
            || self.queued_bytes + size > MAX_QUEUED_BYTES;
        // On a link that does nothing a datagram waits for its owner alone, who comes for all of them at once.
        if is_full && !(self.impairment.is_transparent() && pace != Pace::Waits) {
            return false;
        }
        let departs = match self.impairment.rate_kbps {
            0 => now,
            rate => {
                let bits = (size as u64 + HEADER_BYTES) * 8;
                carried.dequeued_at = NonZeroU64::new(self.free_at).filter(|at| at.get() > now);
                // A kilobit a second is a bit a millisecond.
                self.free_at = self.free_at.max(now) + (bits * 1000).div_ceil(u64::from(rate));
                self.free_at
            }
        };
        let travels = match pace {
            Pace::Overtakes => 0,
            Pace::Travels => self.impairment.travel_us(jitter),
            Pace::Waits => self.impairment.travel_us(jitter) + HOLD_US,
        };
        self.arrivals += 1;
        self.queued_bytes += size;
        self.queue.push(Reverse(Queued {
            due: departs + travels,
            order: self.arrivals,
            carried,
        }));
        true
    }
}

/// What is to happen to one arrival.
struct Course {
    loses: bool,
    corrupts: bool,
    doubles: bool,
    pace: Pace,
}

/// How long a copy travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// No time.
    Overtakes,
    /// As long as the link's delay says.
    Travels,
    /// [`HOLD_US`] more.
    Waits,
}

impl From<Mishap> for Course {
    fn from(mishap: Mishap) -> Self {
        Self {
            loses: mishap == Mishap::Lose,
            corrupts: false,
            doubles: mishap == Mishap::Double,
            pace: match mishap {
                Mishap::Hold => Pace::Waits,
                Mishap::Lose | Mishap::Double => Pace::Travels,
            },
        }
    }
}

/// The random values of one arrival, always drawn all and in this order.
struct Draw {
    burst: u32,
    loss: u32,
    duplicate: u32,
    reorder: u32,
    corrupt: u32,
    bit: u32,
    jitter: [u32; 2],
}

impl Draw {
    fn new(chance: &mut Pcg32) -> Self {
        Self {
            burst: chance.next_u32(),
            loss: chance.next_u32(),
            duplicate: chance.next_u32(),
            reorder: chance.next_u32(),
            corrupt: chance.next_u32(),
            bit: chance.next_u32(),
            jitter: [chance.next_u32(), chance.next_u32()],
        }
    }
}

/// Whether a draw falls under a chance in parts per million.
fn happens(draw: u32, ppm: u32) -> bool {
    u64::from(draw) * 1_000_000 < u64::from(ppm) << 32
}

impl<T> PartialEq for Queued<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Queued<T> {}

impl<T> PartialOrd for Queued<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Queued<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

#[cfg(test)]
mod tests;
