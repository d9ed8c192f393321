//! The messages of one session: numbered, recognisable, and checked byte for byte when they come back.

use std::time::{Duration, Instant};

/// What clients mask frames with; any key does, and one that is not zero makes the relay work.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Bytes of the number at the beginning of every payload.
const NUMBER_BYTES: usize = 8;

/// A closed loop: `window` messages are always under way.
pub(crate) struct Flow {
    window: u64,
    payload: Vec<u8>,
    /// A message as it is sent, its number aside.
    template: Vec<u8>,
    /// Where in it the payload begins, and what its number is masked with.
    head: usize,
    mask: u64,
    next: u64,
    expected: u64,
    sent_at: Instant,
    /// What became of the messages.
    pub(crate) tally: Tally,
}

/// What became of the messages of one or all sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Came back, whole and in order.
    pub(crate) echoed: u64,
    /// Never came back.
    pub(crate) lost: u64,
    /// Came back changed, twice, out of order, or to the wrong session.
    pub(crate) wrong: u64,
    /// Round trips of a window of one, in nanoseconds.
    pub(crate) round_trips: Vec<u32>,
}

impl Flow {
    /// Of a session that speaks WebSocket.
    pub(crate) fn websocket(session: usize, window: usize, size: usize) -> Self {
        let payload = payload(session, size);
        let mut template = frame_head(size);
        let head = template.len();
        template.extend(payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b));
        let mask = u64::from_le_bytes([MASK, MASK].concat().try_into().unwrap());
        Self::new(window, payload, template, head, mask)
    }

    /// Of a session that speaks UDP.
    pub(crate) fn udp(session: usize, window: usize, size: usize) -> Self {
        let payload = payload(session, size);
        Self::new(window, payload.clone(), payload, 0, 0)
    }

    fn new(window: usize, payload: Vec<u8>, template: Vec<u8>, head: usize, mask: u64) -> Self {
        Self {
            window: window as u64,
            payload,
            template,
            head,
            mask,
            next: 0,
            expected: 0,
            sent_at: Instant::now(),
            tally: Tally::default(),
        }
    }

    /// Payload bytes of each message.
    pub(crate) fn size(&self) -> usize {
        self.payload.len()
    }

    /// Appends the messages that are due to `output`.
    pub(crate) fn refill(&mut self, output: &mut Vec<u8>) {
        let due = self.window - (self.next - self.expected);
        for _ in 0..due {
            let at = output.len() + self.head;
            output.extend_from_slice(&self.template);
            let number = self.next ^ self.mask;
            output[at..at + NUMBER_BYTES].copy_from_slice(&number.to_le_bytes());
            self.next += 1;
        }
        if self.window == 1 && due == 1 {
            self.sent_at = Instant::now();
        }
    }

    /// Checks a message that came back.
    pub(crate) fn take(&mut self, echo: &[u8]) {
        let number = echo
            .first_chunk()
            .map_or(u64::MAX, |number| u64::from_le_bytes(*number));
        let is_whole =
            echo.len() == self.size() && echo[NUMBER_BYTES..] == self.payload[NUMBER_BYTES..];
        if !is_whole || !(self.expected..self.next).contains(&number) {
            self.tally.wrong += 1;
            return;
        }
        // Loopback keeps the order: what was passed over will not come.
        self.tally.lost += number - self.expected;
        self.expected = number + 1;
        self.tally.echoed += 1;
        if self.window == 1 {
            let elapsed = self.sent_at.elapsed().as_nanos();
            self.tally
                .round_trips
                .push(elapsed.try_into().unwrap_or(u32::MAX));
        }
    }

    /// Gives up what is under way; for when nothing has come for long.
    pub(crate) fn give_up(&mut self) {
        self.tally.lost += self.next - self.expected;
        self.expected = self.next;
    }
}

impl Tally {
    /// What happened since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            echoed: self.echoed - before.echoed,
            lost: self.lost - before.lost,
            wrong: self.wrong - before.wrong,
            round_trips: self.round_trips[before.round_trips.len()..].to_vec(),
        }
    }

    /// Adds another session's.
    pub(crate) fn add(&mut self, other: Self) {
        self.echoed += other.echoed;
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.round_trips.extend(other.round_trips);
    }

    /// The round trip that `part` of all are no longer than.
    pub(crate) fn round_trip(&mut self, part: f64) -> Duration {
        self.round_trips.sort_unstable();
        let last = self.round_trips.len().saturating_sub(1);
        let nanos = self.round_trips.get((part * last as f64).round() as usize);
        Duration::from_nanos(nanos.copied().unwrap_or(0).into())
    }
}

/// The first whole message in what a server sent: header bytes and payload bytes.
pub(crate) fn server_frame(input: &[u8]) -> Option<(usize, usize)> {
    let (head, bytes) = match *input.get(1)? {
        126 => (
            4,
            u16::from_be_bytes([*input.get(2)?, *input.get(3)?]).into(),
        ),
        127 => (
            10,
            u64::from_be_bytes(*input.get(2..)?.first_chunk()?) as usize,
        ),
        bytes => (2, usize::from(bytes)),
    };
    (input.len() >= head + bytes).then_some((head, bytes))
}

/// The head of a masked binary message.
fn frame_head(bytes: usize) -> Vec<u8> {
    let mut head = vec![0x82];
    match bytes {
        0..126 => head.push(0x80 | bytes as u8),
        126..65_536 => {
            head.push(0x80 | 126);
            head.extend((bytes as u16).to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend((bytes as u64).to_be_bytes());
        }
    }
    head.extend(MASK);
    head
}

/// A payload that no other session has.
fn payload(session: usize, size: usize) -> Vec<u8> {
    assert!(size >= NUMBER_BYTES, "a message carries its number");
    (0..size)
        .map(|n| (n * 31 + n / 251 + session * 7) as u8)
        .collect()
}
