//! The copies of datagrams on the wire, and how an answer finds its own.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

/// Bytes at the head of a payload that are kept, to recognize it when the answer was cut.
const HEAD_BYTES: usize = 48;

/// Copies that are kept; the oldest are forgotten first, answered or not.
const REMEMBERED: usize = 16_384;

/// Copies of settled datagrams that are kept beyond those in flight, to recognize late answers and duplicates.
const REMEMBERED_SETTLED: usize = 2048;

/// What is kept of a payload to recognize it: its length, a hash and its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    bytes: u32,
    head: [u8; HEAD_BYTES],
    hash: u64,
}

impl Fingerprint {
    /// The fingerprint of a payload.
    pub fn of(payload: &[u8]) -> Self {
        let mut head = [0; HEAD_BYTES];
        let known = payload.len().min(HEAD_BYTES);
        head[..known].copy_from_slice(&payload[..known]);
        let mut hasher = DefaultHasher::new();
        hasher.write(payload);
        Self {
            bytes: payload.len() as u32,
            head,
            hash: hasher.finish(),
        }
    }

    /// Length of the payload.
    pub fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// Whether `cut` can be the beginning of this payload; an empty one is the beginning of nothing.
    fn begins_with(&self, cut: &[u8]) -> bool {
        let known = cut.len().min(HEAD_BYTES);
        !cut.is_empty() && cut.len() < self.bytes() && self.head[..known] == cut[..known]
    }
}

/// The copy that an answer belongs to.
pub(super) struct Found {
    pub(super) id: u64,
    pub(super) copy: u8,
    pub(super) cut_from: Option<usize>,
}

/// Copies in the order in which they went out.
#[derive(Debug, Default)]
pub(super) struct Copies {
    list: VecDeque<Copy>,
    /// How many copies stood before `list` and are forgotten: the place of its first one.
    forgotten: usize,
    alike: HashMap<u64, Alike>,
}

#[derive(Debug)]
struct Copy {
    id: u64,
    number: u8,
    seen: bool,
    answered: bool,
    fingerprint: Fingerprint,
}

/// Places of the copies with one hash. Without this index each answer would have to pass all that were lost before it.
#[derive(Debug, Default)]
struct Alike {
    open: VecDeque<usize>,
    answered: VecDeque<usize>,
}

impl Copies {
    pub(super) fn push(&mut self, id: u64, number: u8, fingerprint: Fingerprint) {
        let place = self.forgotten + self.list.len();
        self.alike
            .entry(fingerprint.hash)
            .or_default()
            .open
            .push_back(place);
        self.list.push_back(Copy {
            id,
            number,
            seen: false,
            answered: false,
            fingerprint,
        });
    }

    /// Forgets the oldest copies as far as they are not needed; `in_flight` tells those that are.
    pub(super) fn forget(&mut self, in_flight: impl Fn(u64) -> bool, count: u64) {
        let enough = REMEMBERED_SETTLED + count as usize;
        while let Some(oldest) = self.list.front() {
            let needed = self.list.len() <= enough || in_flight(oldest.id);
            if needed && self.list.len() <= REMEMBERED {
                return;
            }
            if let Entry::Occupied(mut alike) = self.alike.entry(oldest.fingerprint.hash) {
                let places = alike.get_mut();
                let of_this_kind = if oldest.answered {
                    &mut places.answered
                } else {
                    &mut places.open
                };
                of_this_kind.retain(|place| *place != self.forgotten);
                if places.open.is_empty() && places.answered.is_empty() {
                    alike.remove();
                }
            }
            self.list.pop_front();
            self.forgotten += 1;
        }
    }

    pub(super) fn see(&mut self, fingerprint: &Fingerprint) -> Option<(u64, u8)> {
        let places = &self.alike.get(&fingerprint.hash)?.open;
        let unseen = |place: &&usize| {
            self.at(**place)
                .is_some_and(|copy| !copy.seen && copy.fingerprint == *fingerprint)
        };
        let place = *places.iter().find(unseen)?;
        let copy = self.list.get_mut(place - self.forgotten)?;
        copy.seen = true;
        Some((copy.id, copy.number))
    }

    /// The datagrams with a copy that is neither answered nor seen, each once.
    pub(super) fn unseen(&self) -> Vec<u64> {
        let open = self.list.iter().filter(|copy| !copy.answered && !copy.seen);
        let mut ids: Vec<u64> = open.map(|copy| copy.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    pub(super) fn find(
        &mut self,
        payload: &[u8],
        in_flight: impl Fn(u64) -> bool,
    ) -> Option<Found> {
        let answer = Fingerprint::of(payload);
        let place = self
            .whole(&answer, &in_flight)
            .or_else(|| self.cut(payload, &in_flight))
            .or_else(|| self.whole(&answer, |_| true))
            .or_else(|| self.cut(payload, |_| true))
            .or_else(|| self.alike.get(&answer.hash)?.answered.back().copied())?;

        let copy = self.list.get_mut(place - self.forgotten)?;
        if !copy.answered {
            copy.answered = true;
            let alike = self.alike.entry(copy.fingerprint.hash).or_default();
            alike.open.retain(|open| *open != place);
            alike.answered.push_back(place);
        }
        Some(Found {
            id: copy.id,
            copy: copy.number,
            cut_from: (copy.fingerprint != answer).then(|| copy.fingerprint.bytes()),
        })
    }

    fn at(&self, place: usize) -> Option<&Copy> {
        self.list.get(place.checked_sub(self.forgotten)?)
    }

    /// Place of the oldest unanswered copy with these bytes.
    fn whole(&self, answer: &Fingerprint, wanted: impl Fn(u64) -> bool) -> Option<usize> {
        let mut places = self.alike.get(&answer.hash)?.open.iter().copied();
        places.find(|place| {
            self.at(*place)
                .is_some_and(|copy| copy.fingerprint == *answer && wanted(copy.id))
        })
    }

    /// Place of the oldest unanswered copy that begins with these bytes.
    fn cut(&self, payload: &[u8], wanted: impl Fn(u64) -> bool) -> Option<usize> {
        let begins = |copy: &Copy| {
            !copy.answered && copy.fingerprint.begins_with(payload) && wanted(copy.id)
        };
        Some(self.forgotten + self.list.iter().position(begins)?)
    }
}
