//! The messages of one session: numbered, recognisable, and checked byte for byte when they come back.

use std::time::{Duration, Instant};

/// What clients mask frames with; any key does, and one that is not zero makes the relay work.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Bytes of the number at the beginning of every payload.
const NUMBER_BYTES: usize = 8;

/// A closed loop: `window` messages are always under way.
pub(crate) struct Flow {
    window: u64,
    /// Bytes in front of every payload, there and back.
    prefix: usize,
    message: Vec<u8>,
    /// A message as it is sent, its number aside.
    template: Vec<u8>,
    /// Where in it the number is, and what it is masked with.
    number_at: usize,
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
        Self::behind(&[], session, window, size)
    }

    /// Of a session that speaks WebSocket, with this in front of every payload. Echoes come from where messages go, so it
    /// is the same on the way back.
    pub(crate) fn behind(prefix: &[u8], session: usize, window: usize, size: usize) -> Self {
        let message = [prefix, &payload(session, size)].concat();
        let mut template = frame_head(message.len());
        let number_at = template.len() + prefix.len();
        template.extend(message.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b));
        let mask: [u8; NUMBER_BYTES] = std::array::from_fn(|at| MASK[(prefix.len() + at) % 4]);
        Self {
            prefix: prefix.len(),
            template,
            number_at,
            mask: u64::from_le_bytes(mask),
            ..Self::udp_message(window, message)
        }
    }

    /// Of a session that speaks UDP.
    pub(crate) fn udp(session: usize, window: usize, size: usize) -> Self {
        Self::udp_message(window, payload(session, size))
    }

    fn udp_message(window: usize, message: Vec<u8>) -> Self {
        Self {
            window: window as u64,
            prefix: 0,
            template: message.clone(),
            message,
            number_at: 0,
            mask: 0,
            next: 0,
            expected: 0,
            sent_at: Instant::now(),
            tally: Tally::default(),
        }
    }

    /// Bytes of each message, its frame's head aside.
    pub(crate) fn size(&self) -> usize {
        self.message.len()
    }

    /// Appends the messages that are due to `output`.
    pub(crate) fn refill(&mut self, output: &mut Vec<u8>) {
        let due = self.window - (self.next - self.expected);
        for _ in 0..due {
            let at = output.len() + self.number_at;
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
        let (prefix, numbered) = self.message.split_at(self.prefix);
        let numbers = self.expected..self.next;
        let number = echo
            .strip_prefix(prefix)
            .and_then(|payload| payload.split_first_chunk())
            .filter(|(_, rest)| *rest == &numbered[NUMBER_BYTES..])
            .map(|(number, _)| u64::from_le_bytes(*number))
            .filter(|number| numbers.contains(number));
        let Some(number) = number else {
            self.tally.wrong += 1;
            return;
        };
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

/// The first whole frame in what a server sent: header bytes and payload bytes.
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

/// Whether the first frame carries a datagram, and no text.
pub(crate) fn is_binary(input: &[u8]) -> bool {
    input.first().is_some_and(|first| first & 0x0F == 2)
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
