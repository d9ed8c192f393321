//! A map whose entries mostly come and go in the order of their keys.
//!
//! It has the interface of a `BTreeMap`, as far as it goes. A page pays three kilobytes for each kind of entry in one of those, and
//! for entries in order a queue is as fast.

use std::collections::VecDeque;
#[cfg(any(test, target_family = "wasm"))]
use std::ops::RangeInclusive;

/// Entries in the order of their keys.
#[derive(Debug)]
pub(super) struct Ordered<K, V>(VecDeque<(K, V)>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<K: Copy + Ord, V> Ordered<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(*key).ok()?;
        self.0.get(place).map(|entry| &entry.1)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(*key).ok()?;
        self.0.get_mut(place).map(|entry| &mut entry.1)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.place(*key).is_ok()
    }

    /// Puts a value under a key, in place of what was there.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.place(key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(*key).ok()?;
        let removed = self.0.remove(place)?.1;
        #[cfg(not(target_family = "wasm"))]
        if self.0.is_empty() && self.0.capacity() > KEPT {
            self.0.shrink_to(KEPT);
        }
        Some(removed)
    }

    pub(super) fn first_key(&self) -> Option<K> {
        self.0.front().map(|entry| entry.0)
    }

    /// The entries with a key in this range.
    #[cfg(any(test, target_family = "wasm"))]
    pub(super) fn range(&self, keys: RangeInclusive<K>) -> impl Iterator<Item = (&K, &V)> {
        let (Ok(begin) | Err(begin)) = self.place(*keys.start());
        let from_begin = self.0.range(begin..).map(|(key, value)| (key, value));
        from_begin.take_while(move |(key, _)| *key <= keys.end())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of memory that it takes.
    pub(super) fn held_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(K, V)>()
    }

    /// Where the key is, or where it belongs. Nearly always it is the first one, or comes behind the last.
    fn place(&self, key: K) -> Result<usize, usize> {
        match (self.0.front(), self.0.back()) {
            (Some(first), _) if first.0 == key => Ok(0),
            (_, Some(last)) if last.0 < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|entry| entry.0.cmp(&key)),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
/// Entries for which an empty map keeps room.
const KEPT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_holds_what_a_tree_holds(steps: Vec<(u8, Option<u16>)>) {
            let (mut ordered, mut tree) = (Ordered::default(), BTreeMap::new());
            for (key, value) in steps {
                match value {
                    Some(value) => {
                        ordered.insert(key, value);
                        tree.insert(key, value);
                    }
                    None => prop_assert_eq!(ordered.remove(&key), tree.remove(&key)),
                }
                prop_assert_eq!(ordered.get(&key), tree.get(&key));
                prop_assert_eq!(ordered.get_mut(&key), tree.get_mut(&key));
                prop_assert_eq!(ordered.len(), tree.len());
                let range = key / 2..=key;
                prop_assert!(ordered.range(range.clone()).eq(tree.range(range)));
            }
            prop_assert_eq!(ordered.first_key(), tree.keys().next().copied());
            let entries = ordered.iter().map(|(key, value)| (key, value));
            prop_assert!(entries.eq(tree.iter()));
        }
    }

    #[test]
    fn what_a_burst_took_is_given_back() {
        let mut ordered = Ordered::default();
        for key in 0..8192 {
            ordered.insert(key, [0u8; 100]);
        }
        for key in 0..8192 {
            ordered.remove(&key);
        }
        assert!(ordered.held_bytes() < 10_000);
    }
}
