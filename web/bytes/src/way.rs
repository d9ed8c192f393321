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
pub struct Turned {
    /// Index of its byte.
    pub byte: usize,
    /// The bit alone, as the byte that it makes.
    pub mask: u8,
    /// On which way.
    pub way: Direction,
    /// The byte that it was in before.
    pub before: u8,
}

impl Turned {
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
    pub turned: Vec<Turned>,
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
    let copy = counted(datagram);
    let payload = datagram.payload.to_vec();
    let turned = turned(datagram, copy, Direction::Up, &payload);
    let received = bytes_of(datagram, copy, |what| match what {
        What::EchoIn(bytes) if is_cut(datagram, copy) => Some(*bytes),
        _ => None,
    });
    Shown {
        cut: received.map_or(0, |received| payload.len().saturating_sub(received)),
        arrived: turn(&payload, &turned),
        written: payload.clone(),
        bytes: payload,
        turned,
    }
}

/// The answer to a datagram; `None` when none came.
pub fn answer(datagram: &Datagram) -> Option<Shown> {
    let copy = counted(datagram);
    bytes_of(datagram, copy, |what| {
        matches!(what, What::RelayOut(..)).then_some(0)
    })?;
    let received = bytes_of(datagram, copy, |what| match what {
        What::EchoIn(bytes) => Some(*bytes),
        _ => None,
    });
    let written = datagram.at_server(copy, received.unwrap_or(datagram.payload.len()));
    let arrived = datagram.answer(copy);
    let down = turned(datagram, copy, Direction::Down, &written);
    let mut all = turned(datagram, copy, Direction::Up, &datagram.payload);
    all.retain(|turned| turned.byte < written.len());
    all.extend(&down);
    let gone = &datagram.payload[arrived.len().min(datagram.payload.len())..];
    Some(Shown {
        bytes: [&arrived, gone].concat(),
        cut: gone.len(),
        arrived: turn(&written, &down),
        written,
        turned: all,
    })
}

/// The copy whose answer counted, or the first one.
fn counted(datagram: &Datagram) -> u8 {
    let answered = datagram.events.iter().find_map(|Event(_, _, copy, what)| {
        matches!(what, What::RelayOut(_, Delivery::Echoed)).then_some(*copy)
    });
    answered.unwrap_or(0)
}

fn bytes_of(datagram: &Datagram, copy: u8, read: impl Fn(&What) -> Option<usize>) -> Option<usize> {
    datagram
        .events
        .iter()
        .find_map(|Event(_, _, of, what)| read(what).filter(|_| *of == copy))
}

fn is_cut(datagram: &Datagram, copy: u8) -> bool {
    bytes_of(datagram, copy, |what| {
        matches!(what, What::Cut(_)).then_some(0)
    })
    .is_some()
}

/// The bits that were turned over on one way, in a payload as it was before.
fn turned(datagram: &Datagram, copy: u8, way: Direction, before: &[u8]) -> Vec<Turned> {
    let of = |Event(_, _, of, what): &Event| match what {
        What::Corrupted(direction, bit) if (*of, *direction) == (copy, way) => {
            let byte = *bit as usize / 8;
            let before = *before.get(byte)?;
            Some(Turned {
                byte,
                mask: 0x80 >> (bit % 8),
                way,
                before,
            })
        }
        _ => None,
    };
    datagram.events.iter().filter_map(of).collect()
}

/// A payload with these bits turned over; `None` without any.
fn turn(payload: &[u8], turned: &[Turned]) -> Option<Vec<u8>> {
    turned.first()?;
    let mut bytes = payload.to_vec();
    for turned in turned {
        bytes[turned.byte] ^= turned.mask;
    }
    Some(bytes)
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
        let turned = Turned {
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
