//! Bytes that wait to be written, in blocks of one size: so the memory they hold is known exactly, and blocks can be reused.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;

use crate::limits::BLOCK_BYTES;

/// Blocks that one thread keeps for what is sent next, so that a client that reads at once costs no allocation.
const KEPT_BLOCKS: usize = 64;

/// Blocks whose places are kept when nothing waits.
const KEPT_PLACES: usize = 4;

/// Bytes in a row.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// All but the last are full.
    blocks: VecDeque<Vec<u8>>,
    /// Bytes at the beginning of the first that are gone.
    gone: usize,
    bytes: usize,
}

impl Blocks {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Bytes of memory that they take.
    pub(super) fn held(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }

    /// Bytes of memory that they will take with `more` bytes.
    pub(super) fn held_with(&self, more: usize) -> usize {
        (self.gone + self.bytes + more).next_multiple_of(BLOCK_BYTES)
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len();
        while !bytes.is_empty() {
            let block = match self.blocks.back_mut() {
                Some(block) if block.len() < BLOCK_BYTES => block,
                _ => self.blocks.push_back_mut(block()),
            };
            let fitting = bytes.len().min(BLOCK_BYTES - block.len());
            let (now, later) = bytes.split_at(fitting);
            block.extend_from_slice(now);
            bytes = later;
        }
    }

    /// The first bytes, at most `most`, as far as `slices` reach; returns how many slices that made.
    pub(super) fn first<'a>(&'a self, most: usize, slices: &mut [IoSlice<'a>]) -> usize {
        let mut left = most;
        let mut start = self.gone;
        let mut used = 0;
        for (slice, block) in slices.iter_mut().zip(&self.blocks) {
            let bytes = left.min(block.len() - start);
            if bytes == 0 {
                break;
            }
            *slice = IoSlice::new(&block[start..start + bytes]);
            used += 1;
            left -= bytes;
            start = 0;
        }
        used
    }

    /// Removes bytes at the beginning.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.gone += bytes;
        self.bytes -= bytes;
        while self.gone >= BLOCK_BYTES {
            self.gone -= BLOCK_BYTES;
            self.blocks.pop_front().into_iter().for_each(give_back);
        }
        if self.bytes == 0 {
            self.gone = 0;
            self.blocks.drain(..).for_each(give_back);
            self.blocks.shrink_to(KEPT_PLACES);
        }
    }

    /// Removes all but the first bytes.
    pub(super) fn truncate(&mut self, bytes: usize) {
        let end = self.gone + bytes;
        for block in self.blocks.drain(end.div_ceil(BLOCK_BYTES)..) {
            give_back(block);
        }
        if let (Some(last), rest @ 1..) = (self.blocks.back_mut(), end % BLOCK_BYTES) {
            last.truncate(rest);
        }
        self.bytes = bytes;
        self.advance(0);
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.blocks.drain(..).for_each(give_back);
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty block.
fn block() -> Vec<u8> {
    let kept = KEPT.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| Vec::with_capacity(BLOCK_BYTES))
}

/// Keeps a block that has been written.
fn give_back(mut block: Vec<u8>) {
    block.clear();
    // A thread that ends keeps none.
    let _ = KEPT.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT_BLOCKS {
            kept.push(block);
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(blocks: &Blocks) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let used = blocks.first(usize::MAX, &mut slices);
        slices[..used]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect()
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(usize),
        Advance(usize),
        Truncate(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![0..100_usize, 0..3 * BLOCK_BYTES, Just(BLOCK_BYTES)];
        let step = prop_oneof![
            size().prop_map(Step::Push),
            size().prop_map(Step::Advance),
            size().prop_map(Step::Truncate),
        ];
        proptest::collection::vec(step, 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done to them, they are the bytes that they should be, in no more memory than is told.
        #[test]
        fn blocks_are_a_row_of_bytes(steps in steps()) {
            let mut blocks = Blocks::default();
            let mut model = VecDeque::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(bytes) => {
                        let told = blocks.held_with(bytes);
                        blocks.push(&vec![number as u8; bytes]);
                        model.extend(std::iter::repeat_n(number as u8, bytes));
                        prop_assert_eq!(blocks.held(), told);
                    }
                    Step::Advance(bytes) => {
                        let bytes = bytes.min(model.len());
                        blocks.advance(bytes);
                        model.drain(..bytes);
                    }
                    Step::Truncate(bytes) => {
                        let bytes = bytes.min(model.len());
                        blocks.truncate(bytes);
                        model.truncate(bytes);
                    }
                }
                prop_assert_eq!(blocks.len(), model.len());
                prop_assert!(model.iter().eq(&all(&blocks)));
                prop_assert!(blocks.held() <= model.len() + 2 * BLOCK_BYTES);
            }
        }
    }
}
