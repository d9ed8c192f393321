//! A model of TCP: what becomes of messages that are written to a byte stream while a network loses some of its packets.
//!
//! It is a model, and no TCP: one message is one segment, the window is counted in segments, the connection is open from the
//! beginning, and no acknowledgement is lost or delayed. What makes a stream stall and catch up is there:
//!
//! - the receiver hands out data in its order alone, and acknowledges every segment at once (RFC 9293, section 3.10.7.4;
//!   RFC 5681, section 4.2);
//! - slow start and congestion avoidance (RFC 5681, section 3.1), from an initial window of four segments;
//! - fast retransmit and fast recovery after three duplicate acknowledgements, and new data on the first two (RFC 5681,
//!   section 3.2, which takes that from RFC 3042);
//! - the retransmission timer (RFC 6298): it is at least a second (2.4), doubles when it ends (5.5), and nothing is measured of
//!   what was sent twice (section 3, Karn's algorithm); when it ends, the window is one segment, and what follows is sent again
//!   in slow start (RFC 5681, section 3.1).
//!
//! `vectors/tcp.json` pins it. Times are microseconds from the first write. Nothing here knows a clock or chance: what is lost is the caller's to say.

use std::collections::{BTreeMap, BTreeSet};

/// Segments of the window at the beginning (RFC 5681, section 3.1, for segments of at most 1,095 bytes).
const INITIAL_WINDOW: u64 = 4;
/// Duplicate acknowledgements after which a segment counts as lost (RFC 5681, section 3.2).
const DUPLICATES: u32 = 3;
/// Least time of the retransmission timer, and the one at the beginning (RFC 6298, 2.1 and 2.4).
const LEAST_TIMEOUT_US: u64 = 1_000_000;
/// Most time of it (RFC 6298, 2.5).
const MOST_TIMEOUT_US: u64 = 60_000_000;
/// The window is counted in thousandths of a segment: congestion avoidance adds parts of one.
const SEGMENT: u64 = 1_000;

/// What is written, and how far it has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Messages: each is written as one segment.
    pub messages: u32,
    /// Time from one write to the next.
    pub every_us: u64,
    /// Time that a segment or an acknowledgement takes to the other end.
    pub delay_us: u64,
}

/// A segment that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// When.
    pub sent: u64,
    /// The message in it, counted from 0.
    pub message: u32,
    /// The how manyth time that message was sent, counted from 0.
    pub attempt: u32,
    /// When it arrives; `None` when it is lost.
    pub arrives: Option<u64>,
}

/// What became of all messages.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Every segment, in the order of sending.
    pub segments: Vec<Segment>,
    /// When the receiver handed out each message, in their order.
    pub delivered: Vec<u64>,
}

/// Most segments that are sent: where everything is lost, nothing ever arrives.
const MOST_SEGMENTS: usize = 10_000;

/// Sends all messages; `is_lost` is asked once for each segment, in the order of sending, with its message and attempt.
pub fn deliver(course: Course, is_lost: impl FnMut(u32, u32) -> bool) -> Delivery {
    let mut run = Run {
        sender: Sender::new(),
        course,
        is_lost,
        attempts: vec![0; course.messages as usize],
        held: BTreeSet::new(),
        due: BTreeMap::new(),
        delivery: Delivery::default(),
    };
    for message in 0..course.messages {
        run.plan(u64::from(message) * course.every_us, Due::Write);
    }
    run.run_out();
    run.delivery
}

/// What happens at a time. Of what happens at the same time, what comes first here is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A segment with this message arrives at the receiver.
    Arrival(u32),
    /// An acknowledgement of everything before this message arrives at the sender.
    Acknowledgement(u32),
    /// The next message is written.
    Write,
}

struct Run<F> {
    sender: Sender,
    course: Course,
    is_lost: F,
    /// How often each message was sent.
    attempts: Vec<u32>,
    /// Messages at the receiver that wait for one before them.
    held: BTreeSet<u32>,
    /// What happens, and how often, for two of the same may come at once.
    due: BTreeMap<(u64, Due), u32>,
    delivery: Delivery,
}

impl<F: FnMut(u32, u32) -> bool> Run<F> {
    fn plan(&mut self, at: u64, due: Due) {
        *self.due.entry((at, due)).or_default() += 1;
    }

    fn run_out(&mut self) {
        while (self.delivery.delivered.len() as u32) < self.course.messages
            && self.delivery.segments.len() < MOST_SEGMENTS
        {
            let next = self.due.first_key_value().map(|(key, _)| *key);
            let now = match (next, self.sender.timer) {
                (Some((at, _)), Some(timer)) if timer < at => timer,
                (Some((at, due)), _) => {
                    if let Some(count) = self.due.get_mut(&(at, due)) {
                        *count -= 1;
                        if *count == 0 {
                            self.due.remove(&(at, due));
                        }
                    }
                    self.happen(at, due);
                    self.send_what_may_go(at);
                    continue;
                }
                (None, Some(timer)) => timer,
                (None, None) => return,
            };
            self.sender.time_out();
            self.send_what_may_go(now);
        }
    }

    fn happen(&mut self, now: u64, due: Due) {
        match due {
            Due::Write => self.sender.written += 1,
            Due::Arrival(message) => {
                self.receive(now, message);
                let next = self.delivery.delivered.len() as u32;
                self.plan(now + self.course.delay_us, Due::Acknowledgement(next));
            }
            Due::Acknowledgement(next) => {
                if self.sender.acknowledged(next, now) {
                    self.send(now, next);
                }
            }
        }
    }

    /// Hands out what is next in order; what comes early waits.
    fn receive(&mut self, now: u64, message: u32) {
        let mut next = self.delivery.delivered.len() as u32;
        if message >= next {
            self.held.insert(message);
        }
        while self.held.remove(&next) {
            self.delivery.delivered.push(now);
            next += 1;
        }
    }

    fn send_what_may_go(&mut self, now: u64) {
        while let Some(message) = self.sender.next() {
            self.send(now, message);
        }
    }

    fn send(&mut self, now: u64, message: u32) {
        let attempt = self.attempts[message as usize];
        self.attempts[message as usize] += 1;
        let is_lost = (self.is_lost)(message, attempt);
        let arrives = (!is_lost).then_some(now + self.course.delay_us);
        self.delivery.segments.push(Segment {
            sent: now,
            message,
            attempt,
            arrives,
        });
        if let Some(at) = arrives {
            self.plan(at, Due::Arrival(message));
        }
        self.sender.sent(now, message, attempt);
    }
}

/// The sender's half of a connection.
#[derive(Debug)]
struct Sender {
    /// Messages that were written.
    written: u32,
    /// The oldest message that is not acknowledged (`SND.UNA`).
    oldest: u32,
    /// The next message to send (`SND.NXT`).
    next: u32,
    /// The congestion window, in thousandths of a segment.
    window: u64,
    /// Below it, slow start; in thousandths of a segment.
    threshold: u64,
    duplicates: u32,
    /// In fast recovery.
    is_recovering: bool,
    /// When the retransmission timer ends, while it runs.
    timer: Option<u64>,
    timeout: u64,
    /// The smoothed round trip, and how much it varies.
    trip: Option<(u64, u64)>,
    /// The segment whose round trip is measured, and when it was sent.
    measured: Option<(u32, u64)>,
}

impl Sender {
    fn new() -> Self {
        Self {
            written: 0,
            oldest: 0,
            next: 0,
            window: INITIAL_WINDOW * SEGMENT,
            threshold: u64::MAX,
            duplicates: 0,
            is_recovering: false,
            timer: None,
            timeout: LEAST_TIMEOUT_US,
            trip: None,
            measured: None,
        }
    }

    fn in_flight(&self) -> u64 {
        u64::from(self.next - self.oldest)
    }

    /// The message that may be sent now: it is written, and the window has room.
    fn next(&self) -> Option<u32> {
        // New data on the first two duplicates; in recovery they are in the window already.
        let limited = match self.is_recovering {
            true => 0,
            false => u64::from(self.duplicates.min(DUPLICATES - 1)),
        };
        let has_room = self.in_flight() < self.window / SEGMENT + limited;
        (self.next < self.written && has_room).then_some(self.next)
    }

    fn sent(&mut self, now: u64, message: u32, attempt: u32) {
        self.next = self.next.max(message + 1);
        if attempt > 0 {
            // Karn's algorithm: of what was sent twice nobody knows which one was acknowledged.
            self.measured = None;
        } else if self.measured.is_none() {
            self.measured = Some((message, now));
        }
        // 5.1
        if self.timer.is_none() {
            self.timer = Some(now + self.timeout);
        }
    }

    /// Takes an acknowledgement; true when the oldest segment is to be sent again at once.
    fn acknowledged(&mut self, next: u32, now: u64) -> bool {
        if next <= self.oldest {
            // A duplicate tells of something only while something is outstanding.
            return next == self.oldest && self.in_flight() > 0 && self.duplicate(now);
        }
        if let Some((_, sent)) = self.measured.filter(|(message, _)| *message < next) {
            self.measured = None;
            self.measure(now - sent);
        }
        self.oldest = next;
        self.next = self.next.max(next);
        self.duplicates = 0;
        if self.is_recovering {
            self.is_recovering = false;
            self.window = self.threshold;
        } else if self.window < self.threshold {
            self.window += SEGMENT;
        } else {
            self.window += (SEGMENT * SEGMENT / self.window).max(1);
        }
        // 5.2 and 5.3
        self.timer = (self.in_flight() > 0).then_some(now + self.timeout);
        false
    }

    fn duplicate(&mut self, now: u64) -> bool {
        self.duplicates += 1;
        if self.is_recovering {
            self.window += SEGMENT;
            return false;
        }
        if self.duplicates != DUPLICATES {
            return false;
        }
        self.lower_threshold();
        self.window = self.threshold + u64::from(DUPLICATES) * SEGMENT;
        self.is_recovering = true;
        // The segment that is sent again has the whole time for itself.
        self.timer = Some(now + self.timeout);
        true
    }

    /// The timer ended: 5.4 to 5.6. The caller sends the oldest again.
    fn time_out(&mut self) {
        self.lower_threshold();
        self.window = SEGMENT;
        self.duplicates = 0;
        self.is_recovering = false;
        self.measured = None;
        self.timeout = (self.timeout * 2).min(MOST_TIMEOUT_US);
        self.timer = None;
        self.next = self.oldest;
    }

    fn lower_threshold(&mut self) {
        self.threshold = (self.in_flight() * SEGMENT / 2).max(2 * SEGMENT);
    }

    /// Takes in a round trip: RFC 6298, 2.2 to 2.4.
    fn measure(&mut self, took: u64) {
        let (trip, varies) = match self.trip {
            None => (took, took / 2),
            Some((trip, varies)) => (
                (7 * trip + took) / 8,
                (3 * varies + trip.abs_diff(took)) / 4,
            ),
        };
        self.trip = Some((trip, varies));
        self.timeout = (trip + 4 * varies).clamp(LEAST_TIMEOUT_US, MOST_TIMEOUT_US);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everything_is_delivered_once_and_in_order_whatever_is_lost_a_few_times(
            messages in 1..60u32, every_us in 0..300_000u64, delay_us in 1..200_000u64,
            lost in proptest::collection::btree_set((0..60u32, 0..3u32), 0..40),
        ) {
            let course = Course { messages, every_us, delay_us };
            let delivery = deliver(course, |message, attempt| lost.contains(&(message, attempt)));
            prop_assert_eq!(delivery.delivered.len(), messages as usize);
            prop_assert!(delivery.delivered.is_sorted());
            for (message, at) in (0..).zip(&delivery.delivered) {
                // It is there when it has arrived, and so has everything before it.
                let arrivals = |of| {
                    let segments = delivery.segments.iter().filter(move |one| one.message == of);
                    segments.filter_map(|one| one.arrives).min()
                };
                prop_assert_eq!(Some(*at), (0..=message).map(arrivals).max().flatten());
            }
            let is_in_order = delivery.segments.is_sorted_by_key(|segment| segment.sent);
            prop_assert!(is_in_order);
        }
    }

    #[test]
    fn where_everything_is_lost_it_ends() {
        let course = Course {
            messages: 3,
            every_us: 1,
            delay_us: 1,
        };
        let delivery = deliver(course, |_, _| true);
        assert_eq!(
            (delivery.segments.len(), delivery.delivered.len()),
            (MOST_SEGMENTS, 0)
        );
    }
}
