//! What of a datagram is shown: as it stands in the composer, as it was sent, as it came back.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::Direction;

use udp_echo_feed::datagram::Datagram;

/// Which bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The message in the composer.
    #[default]
    Draft,
    /// What the client sent.
    Sent,
    /// What came back.
    Answer,
}

/// All of them.
pub const STAGES: [Stage; 3] = [Stage::Draft, Stage::Sent, Stage::Answer];

/// A bit that the link turned over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlippedBit {
    /// Index of its byte.
    pub byte: usize,
    /// The bit alone, as the byte that it makes.
    pub mask: u8,
    /// On which way.
    pub way: Direction,
    /// The byte that it was in before.
    pub before: u8,
}

impl FlippedBit {
    /// The byte that it was in afterwards.
    pub fn after(self) -> u8 {
        self.before ^ self.mask
    }

    /// The number of the bit as people count them: from 0, the one that counts for one.
    pub fn bit(self) -> u32 {
        self.mask.trailing_zeros()
    }
}

/// Bytes with what is to be said about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The bytes, and after them those that were cut away.
    pub bytes: Vec<u8>,
    /// How many of them were cut away.
    pub cut: usize,
    /// The payload that the sender's checksum was made for.
    pub written: Vec<u8>,
    /// The bits that were turned over, on the way here or on the way on.
    pub turned: Vec<FlippedBit>,
    /// What arrived instead of what was written, when a bit was turned over on this way.
    pub arrived: Option<Vec<u8>>,
}

impl Shown {
    /// A message as it is, with nothing to be said about it.
    pub fn plain(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            written: bytes.to_vec(),
            ..Self::default()
        }
    }

    /// Bytes that were not cut away.
    pub fn kept(&self) -> usize {
        self.bytes.len() - self.cut
    }
}

/// A datagram as it was sent. What was cut away at the server is marked, and what the link did to it on its way.
pub fn sent(datagram: &Datagram) -> Shown {
    let way = Way::of(datagram);
    let bytes = datagram.payload.to_vec();
    let (mut arrived, mut turned) = (bytes.clone(), Vec::new());
    way.turn(Direction::Up, &mut arrived, &mut turned);
    Shown {
        cut: if way.is_cut {
            bytes.len() - way.received
        } else {
            0
        },
        written: bytes.clone(),
        bytes,
        arrived: (!turned.is_empty()).then_some(arrived),
        turned,
    }
}

/// The answer to a datagram; `None` when none came.
pub fn answer(datagram: &Datagram) -> Option<Shown> {
    let way = Way::of(datagram);
    if !way.is_answered {
        return None;
    }
    let (kept, gone) = datagram.payload.split_at(way.received);
    let (mut bytes, mut turned) = (kept.to_vec(), Vec::new());
    way.turn(Direction::Up, &mut bytes, &mut turned);
    let (written, before) = (bytes.clone(), turned.len());
    way.turn(Direction::Down, &mut bytes, &mut turned);
    let arrived = (turned.len() > before).then(|| bytes.clone());
    bytes.extend_from_slice(gone);
    Some(Shown {
        bytes,
        cut: gone.len(),
        written,
        turned,
        arrived,
    })
}

/// What was reported of the copy whose answer counted, or of the first one.
struct Way<'d> {
    events: &'d [Event],
    copy: u8,
    /// Bytes that the server received: all, where nothing says otherwise.
    received: usize,
    is_cut: bool,
    is_answered: bool,
}

impl<'d> Way<'d> {
    fn of(datagram: &'d Datagram) -> Self {
        let mut way = Self {
            events: &datagram.events,
            copy: 0,
            received: datagram.payload.len(),
            is_cut: false,
            is_answered: false,
        };
        for Event(_, _, copy, what) in way.events {
            if let What::RelayOut(_, Delivery::Echoed) = what {
                way.copy = *copy;
            }
        }
        for Event(_, _, copy, what) in way.events {
            match what {
                _ if *copy != way.copy => {}
                What::EchoIn(bytes) => way.received = way.received.min(*bytes),
                What::Cut(_) => way.is_cut = true,
                What::RelayOut(..) => way.is_answered = true,
                _ => {}
            }
        }
        way
    }

    /// Turns over what the link turned over in one direction, and notes it.
    fn turn(&self, way: Direction, bytes: &mut [u8], turned: &mut Vec<FlippedBit>) {
        for Event(_, _, copy, what) in self.events {
            if let What::Corrupted(direction, bit) = what
                && (*copy, *direction) == (self.copy, way)
                && let Some(byte) = bytes.get_mut(*bit as usize / 8)
            {
                let (before, mask) = (*byte, 0x80 >> (bit % 8));
                *byte ^= mask;
                turned.push(FlippedBit {
                    byte: *bit as usize / 8,
                    mask,
                    way,
                    before,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use udp_echo_feed::datagram::Datagram;

    use super::*;

    fn datagram(payload: &[u8], events: &[(u8, What)]) -> Datagram {
        let mut datagram = Datagram::new(1, payload.to_vec().into(), 0);
        datagram.events = events
            .iter()
            .map(|(copy, what)| Event(0, 1, *copy, what.clone()))
            .collect();
        datagram
    }

    fn echoed(bytes: usize) -> Vec<(u8, What)> {
        vec![
            (0, What::RelayIn(bytes)),
            (0, What::EchoIn(bytes)),
            (0, What::EchoOut(bytes)),
            (0, What::RelayOut(1, Delivery::Echoed)),
        ]
    }

    #[test]
    fn an_untouched_datagram_is_shown_as_it_is_both_ways() {
        let datagram = datagram(b"abc", &echoed(3));
        assert_eq!(sent(&datagram), Shown::plain(b"abc"));
        assert_eq!(answer(&datagram), Some(Shown::plain(b"abc")));
    }

    #[test]
    fn without_an_answer_there_is_none() {
        assert_eq!(
            answer(&datagram(b"abc", &[(0, What::RelayIn(3)), (0, What::Lost)])),
            None
        );
    }

    #[test]
    fn a_turned_bit_is_known_by_byte_and_bit_both_ways() {
        // Bit 12 is the fourth from the left of the second byte: 0x62 becomes 0x6a.
        let mut events = echoed(3);
        events.insert(1, (0, What::Corrupted(Direction::Up, 12)));
        let datagram = datagram(b"abc", &events);
        let turned = FlippedBit {
            byte: 1,
            mask: 0x08,
            way: Direction::Up,
            before: b'b',
        };
        assert_eq!((turned.bit(), turned.after()), (3, b'j'));
        let there = sent(&datagram);
        assert_eq!(
            (there.bytes.as_slice(), &there.turned),
            (&b"abc"[..], &vec![turned])
        );
        assert_eq!(there.arrived.as_deref(), Some(&b"ajc"[..]));
        let back = answer(&datagram).unwrap();
        assert_eq!(
            (back.bytes.as_slice(), &back.turned),
            (&b"ajc"[..], &vec![turned])
        );
        assert_eq!(
            back.written, b"ajc",
            "the server made its checksum for what it had received"
        );
        assert_eq!(back.arrived, None);
    }

    #[test]
    fn a_bit_turned_on_the_way_back_is_the_answers_alone() {
        let mut events = echoed(3);
        events.insert(3, (0, What::Corrupted(Direction::Down, 0)));
        let datagram = datagram(b"abc", &events);
        assert_eq!(sent(&datagram), Shown::plain(b"abc"));
        let back = answer(&datagram).unwrap();
        assert_eq!(
            (back.bytes.as_slice(), back.written.as_slice()),
            (&b"\xe1bc"[..], &b"abc"[..])
        );
        assert_eq!(back.arrived.as_deref(), Some(&b"\xe1bc"[..]));
    }

    #[test]
    fn cut_bytes_stand_behind_the_others() {
        let mut events = echoed(2);
        events.insert(2, (0, What::Cut(5)));
        // A bit in what is cut away: it arrived like this, and the answer knows nothing of it.
        events.insert(1, (0, What::Corrupted(Direction::Up, 39)));
        let datagram = datagram(b"abcde", &events);
        let there = sent(&datagram);
        assert_eq!((there.kept(), there.cut), (2, 3));
        assert_eq!(there.arrived.as_deref(), Some(&b"abcdd"[..]));
        let back = answer(&datagram).unwrap();
        assert_eq!(
            (back.bytes.as_slice(), back.kept(), back.cut),
            (&b"abcde"[..], 2, 3)
        );
        assert_eq!(
            (back.written.as_slice(), back.turned.len()),
            (&b"ab"[..], 0)
        );
    }

    #[test]
    fn the_copy_whose_answer_counted_is_shown() {
        let events = [
            (0, What::Corrupted(Direction::Up, 0)),
            (1, What::EchoIn(1)),
            (1, What::RelayOut(1, Delivery::Echoed)),
        ];
        let datagram = datagram(b"a", &events);
        assert_eq!(sent(&datagram), Shown::plain(b"a"));
        assert_eq!(answer(&datagram), Some(Shown::plain(b"a")));
    }

    proptest! {
        /// Reports come from a host, which may be anybody's.
        #[test]
        fn whatever_is_reported_can_be_shown(
            payload in proptest::collection::vec(any::<u8>(), 0..20),
            events in proptest::collection::vec((0..2_u8, prop_oneof![
                (0..30_usize).prop_map(What::EchoIn),
                (0..30_usize).prop_map(What::Cut),
                (any::<bool>(), 0..400_u32).prop_map(|(up, bit)| {
                    What::Corrupted(if up { Direction::Up } else { Direction::Down }, bit)
                }),
                Just(What::RelayOut(1, Delivery::Echoed)),
            ]), 0..8),
        ) {
            let datagram = datagram(&payload, &events);
            for shown in [Some(sent(&datagram)), answer(&datagram)].into_iter().flatten() {
                prop_assert!(shown.cut <= shown.bytes.len());
                prop_assert!(shown.turned.iter().all(|turned| turned.byte < payload.len()));
                prop_assert_eq!(shown.bytes.len(), payload.len());
            }
        }
    }
}
