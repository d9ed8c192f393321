//! Receive buffers that sockets share: one is borrowed while there is something to read.

use std::cell::RefCell;
use std::io::{self, IoSliceMut};
use std::ops::{Deref, DerefMut};

use quinn_udp::{BATCH_SIZE, RecvMeta};

use super::buffers::GroBuffer;

/// Bytes of one receive buffer: more than any datagram and all that the kernel coalesces into one (65,535 with
/// headers), so that a full buffer can never be mistaken for a whole datagram.
///
/// An odd number of cache lines, or the first bytes of all buffers would compete for the same few lines.
pub const DATAGRAM_ROOM: usize = 1025 * 64;

/// Slabs that one thread keeps for its next reads.
const KEPT_PER_THREAD: usize = 2;

/// Room for one batch of received datagrams. Its memory is only really used up to what datagrams have filled.
pub struct Slab {
    bytes: Box<[u8]>,
    meta: Box<[RecvMeta; BATCH_SIZE]>,
    received: usize,
}

impl Slab {
    /// Takes a slab that this thread has at hand, or a new one. It goes back when the guard is dropped.
    pub fn take() -> SlabGuard {
        let slab = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| Slab {
            bytes: vec![0; BATCH_SIZE * DATAGRAM_ROOM].into_boxed_slice(),
            meta: Box::new([RecvMeta::default(); BATCH_SIZE]),
            received: 0,
        });
        SlabGuard { slab: Some(slab) }
    }

    /// What was received, in order of arrival.
    pub fn buffers(&self) -> impl Iterator<Item = GroBuffer<'_>> {
        let buffers = self.bytes.chunks_exact(DATAGRAM_ROOM);
        let filled = self.meta[..self.received].iter().zip(buffers);
        filled.map(|(meta, buffer)| GroBuffer {
            peer: meta.addr,
            local: meta.dst_ip,
            bytes: &buffer[..meta.len],
            segment_size: meta.stride.max(1),
        })
    }

    /// Whether a receive of at most `most` buffers brought that many: more may be waiting.
    pub fn is_full(&self, most: usize) -> bool {
        self.received >= most.clamp(1, BATCH_SIZE)
    }

    /// Buffers that are filled.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Forgets what was received.
    pub(crate) fn clear(&mut self) {
        self.received = 0;
    }

    /// Takes in a buffer that did not come out of a socket, as the next one received.
    ///
    /// # Panics
    /// When the slab [is full](Self::is_full), or the buffer is larger than [`DATAGRAM_ROOM`].
    pub(crate) fn put(&mut self, buffer: &GroBuffer<'_>) {
        let room = self
            .bytes
            .chunks_exact_mut(DATAGRAM_ROOM)
            .nth(self.received);
        let room = room.expect("the caller has asked whether it is full");
        room[..buffer.bytes.len()].copy_from_slice(buffer.bytes);
        let meta = &mut self.meta[self.received];
        meta.addr = buffer.peer;
        meta.dst_ip = buffer.local;
        meta.len = buffer.bytes.len();
        meta.stride = buffer.segment_size;
        self.received += 1;
    }

    pub(super) fn fill(
        &mut self,
        most: usize,
        receive: impl FnOnce(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let most = most.clamp(1, BATCH_SIZE);
        let mut rooms = self.bytes.chunks_exact_mut(DATAGRAM_ROOM);
        let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(rooms.next().unwrap_or_default()));
        self.received = receive(&mut buffers[..most], &mut self.meta[..])?;
        Ok(())
    }
}

/// A slab on loan; dropping it gives it back to the thread it is dropped on.
pub struct SlabGuard {
    slab: Option<Slab>,
}

impl Deref for SlabGuard {
    type Target = Slab;

    fn deref(&self) -> &Slab {
        self.slab.as_ref().expect("present until dropped")
    }
}

impl DerefMut for SlabGuard {
    fn deref_mut(&mut self) -> &mut Slab {
        self.slab.as_mut().expect("present until dropped")
    }
}

impl Drop for SlabGuard {
    fn drop(&mut self) {
        let Some(slab) = self.slab.take() else { return };
        // While the thread itself ends there is no pool any more, and the slab just goes.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT_PER_THREAD {
                pool.push(slab);
            }
        });
    }
}

thread_local! {
    static POOL: RefCell<Vec<Slab>> = const { RefCell::new(Vec::new()) };
}
