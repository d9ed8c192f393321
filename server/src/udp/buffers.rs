//! Datagrams in bulk: several of one size in one buffer, as they arrive (GRO) and as they leave (GSO).

use std::net::{IpAddr, SocketAddr};

use super::send::{MAX_GSO_BYTES, MAX_GSO_SEGMENTS};

/// Datagrams that arrived together from one peer: all of one size, but for a shorter last one.
#[derive(Debug, Clone, Copy)]
pub struct GroBuffer<'a> {
    /// Who sent them.
    pub peer: SocketAddr,
    /// Which address of this machine they were sent to, where the system tells.
    pub local: Option<IpAddr>,
    /// Their payloads, one behind the other.
    pub bytes: &'a [u8],
    /// Payload bytes of each datagram but the last; at least 1.
    pub segment_size: usize,
}

impl<'a> GroBuffer<'a> {
    /// The datagrams, each by its payload; an empty datagram is an empty slice.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        segments(self.bytes, self.segment_size)
    }
}

/// Datagrams to send: all of one size, but for a shorter last one.
#[derive(Debug, Clone, Copy)]
pub struct GsoBuffer<'a> {
    /// Where they go; `None` on a connected socket, where some systems take no destination.
    pub to: Option<SocketAddr>,
    /// Which address of this machine they come from; `None` leaves it to the system.
    pub from: Option<IpAddr>,
    /// Their payloads, one behind the other.
    pub bytes: &'a [u8],
    /// Payload bytes of each datagram but the last; at least 1.
    pub segment_size: usize,
}

impl<'a> GsoBuffer<'a> {
    /// One datagram to the peer of a connected socket.
    pub fn to_peer(bytes: &'a [u8]) -> Self {
        Self {
            to: None,
            from: None,
            bytes,
            segment_size: bytes.len().max(1),
        }
    }

    /// The datagrams, each by its payload.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        segments(self.bytes, self.segment_size)
    }

    /// How many payload bytes one call may carry from `offset` on, when the kernel cuts segments of up to `limit`.
    pub(super) fn call_bytes(&self, offset: usize, limit: usize) -> usize {
        let rest = self.bytes.len() - offset;
        let datagrams = match self.segment_size <= limit {
            true => (MAX_GSO_BYTES / self.segment_size).clamp(1, MAX_GSO_SEGMENTS),
            false => 1,
        };
        rest.min(datagrams * self.segment_size)
    }
}

fn segments(bytes: &[u8], segment_size: usize) -> Segments<'_> {
    Segments {
        left: bytes.len().div_ceil(segment_size).max(1),
        bytes,
        segment_size,
    }
}

/// Unlike `chunks`, this has one empty segment in empty bytes: zero bytes is a datagram.
struct Segments<'a> {
    bytes: &'a [u8],
    segment_size: usize,
    left: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (first, rest) = self.bytes.split_at(self.segment_size.min(self.bytes.len()));
        self.bytes = rest;
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Segments<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bytes: usize, segment_size: usize) -> Vec<usize> {
        segments(&vec![0; bytes], segment_size)
            .map(<[u8]>::len)
            .collect()
    }

    #[test]
    fn zero_bytes_are_one_empty_datagram() {
        assert_eq!(sizes(0, 1), [0]);
        assert_eq!(sizes(0, 42), [0]);
    }

    #[test]
    fn a_buffer_has_equal_datagrams_and_a_shorter_last_one() {
        assert_eq!(sizes(42, 42), [42]);
        assert_eq!(sizes(84, 42), [42, 42]);
        assert_eq!(sizes(85, 42), [42, 42, 1]);
    }

    #[test]
    fn one_call_carries_no_more_than_the_kernel_takes() {
        let call = |bytes: usize, segment_size, limit| {
            let bytes = vec![0; bytes];
            let buffer = GsoBuffer {
                segment_size,
                ..GsoBuffer::to_peer(&bytes)
            };
            buffer.call_bytes(0, limit)
        };
        assert_eq!(call(42 * 100, 42, 65_535), 42 * MAX_GSO_SEGMENTS);
        assert_eq!(call(1400 * 64, 1400, 65_535), 1400 * 46);
        assert_eq!(call(60_000 * 2, 60_000, 65_535), 60_000);
        assert_eq!(call(42 * 100, 42, 41), 42);
        assert_eq!(call(0, 1, 65_535), 0);
    }
}
