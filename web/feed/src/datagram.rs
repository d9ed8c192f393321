//! One datagram: what was sent, what was reported of its way, what came back.

use std::rc::Rc;

use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};
use wire::link::Direction;

use crate::Micros;

/// What is sent. Clones share it: the transcript, the rows and every panel have the same.
pub type Payload = Rc<[u8]>;

/// A datagram of this page, from the moment it was handed over.
#[derive(Debug, PartialEq)]
pub struct Datagram {
    /// Its number on this page, counted from 1.
    pub number: u64,
    /// What was sent.
    pub payload: Payload,
    /// When the page handed it over, by the browser's clock.
    pub sent_at: Micros,
    /// Everything the host reported of it, in the order of happening, with the host's stamps.
    pub events: Vec<Event>,
    /// When its first answer reached the page, by the browser's clock.
    pub answered_at: Option<Micros>,
    /// How it ended; `None` while it is on its way.
    pub fate: Option<Fate>,
    /// Grows whenever anything here changes; no two changes of a record have the same.
    pub revision: u64,
}

/// The host's stamps of one way there and back, in microseconds of the host's clock; `None` where it did not come by.
///
/// In this order: relay in, UDP out, echo received, echo sent, UDP in, relay out.
pub type Stamps = [Option<u64>; 6];

/// A round trip and its two parts, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// From the page and back, by the browser's clock.
    pub total: u64,
    /// Between relay and server and in both, by the host's clock.
    pub beyond_relay: u64,
    /// What is left: between browser and relay.
    pub before_relay: u64,
}

impl Datagram {
    /// A datagram of which nothing is known yet.
    pub fn new(number: u64, payload: Payload, sent_at: Micros) -> Self {
        Self {
            number,
            payload,
            sent_at,
            events: Vec::new(),
            answered_at: None,
            fate: None,
            revision: 0,
        }
    }

    /// The stamps of the copy whose answer counted, or of the first copy when none did.
    pub fn stamps(&self) -> Stamps {
        let counted = self.events.iter().find_map(|Event(_, _, copy, what)| {
            matches!(what, What::RelayOut(_, Delivery::Echoed)).then_some(*copy)
        });
        let mut stamps = Stamps::default();
        for Event(at, _, copy, what) in &self.events {
            let place = match what {
                What::RelayIn(_) => 0,
                _ if *copy != counted.unwrap_or(0) => continue,
                What::UdpOut => 1,
                What::EchoIn(_) => 2,
                What::EchoOut(_) => 3,
                What::UdpIn(_) => 4,
                What::RelayOut(..) => 5,
                _ => continue,
            };
            stamps[place].get_or_insert(*at);
        }
        stamps
    }

    /// The round trip; `None` before the answer is here.
    ///
    /// Each part is a length of time by one clock. The two clocks are never subtracted from each other: they have
    /// nothing to do with each other. A browser's clock may be as coarse as a millisecond, so that the part beyond the
    /// relay can come out longer than the whole; it is then cut to it.
    pub fn round_trip(&self) -> Option<RoundTrip> {
        let total = self.answered_at?.saturating_sub(self.sent_at);
        let [relay_in, .., relay_out] = self.stamps();
        let beyond_relay = relay_out?.saturating_sub(relay_in?).min(total);
        Some(RoundTrip {
            total,
            beyond_relay,
            before_relay: total - beyond_relay,
        })
    }

    /// The bytes that the server received of this copy, as far as they fitted its buffer.
    pub fn at_server(&self, copy: u8, bytes: usize) -> Vec<u8> {
        let mut bytes = self.payload[..bytes.min(self.payload.len())].to_vec();
        self.flip(&mut bytes, copy, Direction::Up);
        bytes
    }

    /// The bytes of the answer to this copy, as far as what was reported of its way tells them.
    pub fn answer(&self, copy: u8) -> Vec<u8> {
        let received = self.events.iter().find_map(|event| match event {
            Event(_, _, of, What::EchoIn(bytes)) if *of == copy => Some(*bytes),
            _ => None,
        });
        let received = received.unwrap_or(self.payload.len());
        let mut bytes = self.at_server(copy, received);
        self.flip(&mut bytes, copy, Direction::Down);
        bytes
    }

    /// Turns over the bits that the link turned over.
    fn flip(&self, bytes: &mut [u8], copy: u8, way: Direction) {
        for Event(_, _, of, what) in &self.events {
            if let What::Corrupted(direction, bit) = what
                && (*of, *direction) == (copy, way)
                && let Some(byte) = bytes.get_mut(*bit as usize / 8)
            {
                *byte ^= 0x80 >> (bit % 8);
            }
        }
    }
}
