//! A map of few things: a page pays for each tree or queue of another kind, and these need neither.

/// Entries in any order.
#[derive(Debug)]
pub(super) struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + PartialEq, V> Few<K, V> {
    pub(super) fn get(&self, key: K) -> Option<&V> {
        let mut entries = self.0.iter();
        entries.find(|entry| entry.0 == key).map(|entry| &entry.1)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let mut entries = self.0.iter_mut();
        let found = entries.find(|entry| entry.0 == key);
        found.map(|entry| &mut entry.1)
    }

    /// Adds what is not there yet.
    pub(super) fn add(&mut self, key: K, value: V) {
        self.0.push((key, value));
    }

    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        let place = self.0.iter().position(|entry| entry.0 == key)?;
        Some(self.0.swap_remove(place).1)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = K> {
        self.0.iter().map(|entry| entry.0)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|entry| &entry.1)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
