//! The copies of datagrams on the wire, and how an answer finds its own.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// Bytes at the head of a payload that are kept, to recognize it when the answer was cut.
const HEAD_BYTES: usize = 48;

/// Copies that are kept at most; the oldest are forgotten first, answered or not.
const MOST: usize = 16_384;

/// Copies that are kept while few are in flight. A list of 512 would hold more, but a hash table from which as many go
/// as come would double its 1024 places when half of them are taken.
const REMEMBERED: usize = 440;

/// Copies of settled datagrams that are kept beyond those in flight, to recognize late answers and duplicates.
const REMEMBERED_SETTLED: usize = 256;

/// The end of a [`Chain`].
const NONE: u32 = u32::MAX;

/// Places are counted in so many bits, and then anew: more than copies are ever kept.
const PLACE_BITS: u32 = (1 << 31) - 1;

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
        Self::hashed(DefaultHasher::new(), payload)
    }

    /// The fingerprint of a payload on its way between two addresses: another way gives another.
    pub fn between(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        // Not the whole address: a scope is nothing that both ends know.
        (from.ip(), from.port(), to.ip(), to.port()).hash(&mut hasher);
        Self::hashed(hasher, payload)
    }

    fn hashed(mut hasher: DefaultHasher, payload: &[u8]) -> Self {
        let mut head = [0; HEAD_BYTES];
        let known = payload.len().min(HEAD_BYTES);
        head[..known].copy_from_slice(&payload[..known]);
        hasher.write(payload);
        Self {
            bytes: payload.len() as u32,
            head,
            hash: hasher.finish(),
        }
    }

    /// A number that differs, in all likelihood, where the bytes do.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
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
    forgotten: u32,
    alike: HashMap<u64, Alike>,
}

#[derive(Debug)]
struct Copy {
    id: u64,
    number: u8,
    seen: bool,
    answered: bool,
    /// Place of the next one in its [`Chain`].
    next: u32,
    fingerprint: Fingerprint,
}

/// The copies with one hash. Without this index each answer would have to pass all that were lost before it.
#[derive(Debug, Clone, Copy, Default)]
struct Alike {
    /// Those without an answer, in the order in which they went out.
    open: Chain,
    /// Those with one, in the order of the answers.
    answered: Chain,
}

/// Places of copies, each of which knows the next: a list of its own for every hash would take more memory than the copies.
#[derive(Debug, Clone, Copy)]
struct Chain {
    first: u32,
    last: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            first: NONE,
            last: NONE,
        }
    }
}

impl Copies {
    pub(super) fn push(&mut self, id: u64, number: u8, fingerprint: Fingerprint) {
        let place = self.forgotten.wrapping_add(self.list.len() as u32) & PLACE_BITS;
        self.list.push_back(Copy {
            id,
            number,
            seen: false,
            answered: false,
            next: NONE,
            fingerprint,
        });
        let mut alike = self.alike(fingerprint.hash);
        self.append(&mut alike.open, place);
        self.alike.insert(fingerprint.hash, alike);
    }

    /// Forgets the oldest copies as far as they are not needed, so that there is room for one more; `in_flight` tells those
    /// that are.
    pub(super) fn forget(&mut self, in_flight: impl Fn(u64) -> bool, count: u64) {
        let enough = REMEMBERED.max(REMEMBERED_SETTLED + count as usize);
        while let Some(oldest) = self.list.front() {
            let needed = self.list.len() < enough || in_flight(oldest.id);
            if needed && self.list.len() < MOST {
                break;
            }
            let (hash, answered) = (oldest.fingerprint.hash, oldest.answered);
            let mut alike = self.alike(hash);
            let chain = match answered {
                true => &mut alike.answered,
                false => &mut alike.open,
            };
            self.unlink(chain, self.forgotten);
            match alike.open.first == NONE && alike.answered.first == NONE {
                true => self.alike.remove(&hash),
                false => self.alike.insert(hash, alike),
            };
            self.list.pop_front();
            self.forgotten = (self.forgotten + 1) & PLACE_BITS;
        }
        // A page ends long before it matters there, and each of these weighs something.
        #[cfg(not(target_family = "wasm"))]
        {
            super::shrink(&mut self.list);
            if self.alike.capacity() > 4 * self.alike.len().max(REMEMBERED) {
                self.alike.shrink_to(2 * self.alike.len());
            }
        }
    }

    pub(super) fn see(&mut self, fingerprint: &Fingerprint) -> Option<(u64, u8)> {
        let unseen = |place: &u32| {
            self.at(*place)
                .is_some_and(|copy| !copy.seen && copy.fingerprint == *fingerprint)
        };
        let open = self.alike(fingerprint.hash).open;
        let place = self.places(open).find(unseen)?;
        let copy = self.at_mut(place)?;
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
        in_flight: &dyn Fn(u64) -> bool,
    ) -> Option<Found> {
        let answer = Fingerprint::of(payload);
        let newest_answered = || Some(self.alike(answer.hash).answered.last);
        let place = self
            .whole(&answer, in_flight)
            .or_else(|| self.cut(payload, in_flight))
            .or_else(|| self.whole(&answer, &|_| true))
            .or_else(|| self.cut(payload, &|_| true))
            .or_else(newest_answered)?;

        let copy = self.at_mut(place)?;
        let hash = copy.fingerprint.hash;
        if !std::mem::replace(&mut copy.answered, true) {
            let mut alike = self.alike(hash);
            self.unlink(&mut alike.open, place);
            self.append(&mut alike.answered, place);
            self.alike.insert(hash, alike);
        }
        let copy = self.at(place)?;
        Some(Found {
            id: copy.id,
            copy: copy.number,
            cut_from: (copy.fingerprint != answer).then(|| copy.fingerprint.bytes()),
        })
    }

    /// Bytes of memory that all this takes.
    pub(super) fn held_bytes(&self) -> usize {
        // A hash table has eight places for seven entries, and a byte beside each (hashbrown).
        let entry = size_of::<(u64, Alike)>() + 1;
        self.list.capacity() * size_of::<Copy>() + self.alike.capacity() * entry * 8 / 7
    }

    fn alike(&self, hash: u64) -> Alike {
        self.alike.get(&hash).copied().unwrap_or_default()
    }

    fn index(&self, place: u32) -> usize {
        // The end of a chain is far behind the last copy.
        ((place.wrapping_sub(self.forgotten) & PLACE_BITS) | (place & !PLACE_BITS)) as usize
    }

    fn at(&self, place: u32) -> Option<&Copy> {
        self.list.get(self.index(place))
    }

    fn at_mut(&mut self, place: u32) -> Option<&mut Copy> {
        let index = self.index(place);
        self.list.get_mut(index)
    }

    /// The places in a chain.
    fn places(&self, chain: Chain) -> impl Iterator<Item = u32> {
        let known = |place: &u32| *place != NONE;
        std::iter::successors(Some(chain.first).filter(known), move |&place| {
            Some(self.at(place)?.next).filter(known)
        })
    }

    /// Puts the copy at `place`, which is in no chain, at the end of this one.
    fn append(&mut self, chain: &mut Chain, place: u32) {
        match self.at_mut(chain.last) {
            Some(last) => last.next = place,
            None => chain.first = place,
        }
        chain.last = place;
    }

    /// Takes the copy at `place` out of its chain; nearly always it is the first.
    fn unlink(&mut self, chain: &mut Chain, place: u32) {
        let before = self.places(*chain).take_while(|each| *each != place).last();
        let Some(copy) = self.at_mut(place) else {
            return;
        };
        let next = std::mem::replace(&mut copy.next, NONE);
        match before.and_then(|before| self.at_mut(before)) {
            Some(before) => before.next = next,
            None => chain.first = next,
        }
        if chain.last == place {
            chain.last = before.unwrap_or(NONE);
        }
    }

    /// Place of the oldest unanswered copy with these bytes.
    fn whole(&self, answer: &Fingerprint, wanted: &dyn Fn(u64) -> bool) -> Option<u32> {
        let mut places = self.places(self.alike(answer.hash).open);
        places.find(|place| {
            self.at(*place)
                .is_some_and(|copy| copy.fingerprint == *answer && wanted(copy.id))
        })
    }

    /// Place of the oldest unanswered copy that begins with these bytes.
    fn cut(&self, payload: &[u8], wanted: &dyn Fn(u64) -> bool) -> Option<u32> {
        let begins = |copy: &Copy| {
            !copy.answered && copy.fingerprint.begins_with(payload) && wanted(copy.id)
        };
        let index = self.list.iter().position(begins)? as u32;
        Some(self.forgotten.wrapping_add(index) & PLACE_BITS)
    }
}
