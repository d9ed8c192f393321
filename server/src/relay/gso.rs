//! From the messages of one read to as few sends as the kernel allows.
//!
//! [`buffers`] is for messages that are datagrams as they are; [`gather`] for payloads that do not lie one behind the other.

use crate::udp::{GsoBuffer, MAX_GSO_BYTES};
use crate::ws::{Batch, Payload};

/// The first `count` messages as datagrams, in order; equal neighbours in one buffer where the kernel can cut it (`gso`).
///
/// Nothing is copied: messages of one read lie one behind the other.
pub(super) fn buffers(batch: &Batch, count: usize, gso: bool) -> Vec<GsoBuffer<'_>> {
    let mut buffers: Vec<GsoBuffer<'_>> = Vec::new();
    // Where in the packed bytes the last buffer begins, while it may still grow.
    let mut open: Option<usize> = None;
    for payload in batch.payloads().take(count) {
        let (start, bytes) = match payload {
            Payload::Packed { start, bytes } => (start, bytes),
            Payload::Apart(payload) => {
                buffers.push(GsoBuffer::to_peer(payload));
                open = None;
                continue;
            }
        };
        let end = start + bytes;
        if let (Some(first), Some(buffer)) = (open, buffers.last_mut())
            && (1..=buffer.segment_size).contains(&bytes)
            && end - first <= MAX_GSO_BYTES
        {
            buffer.bytes = &batch.packed()[first..end];
            // A shorter datagram can only be the last of its buffer.
            open = (bytes == buffer.segment_size).then_some(first);
            continue;
        }
        buffers.push(GsoBuffer::to_peer(&batch.packed()[start..end]));
        // An empty datagram has no place beside others: the kernel could not tell how many there are.
        open = (gso && bytes > 0).then_some(start);
    }
    buffers
}

/// The payloads of these messages as datagrams, in order; equal neighbours in one buffer. Those of such a buffer are copied to
/// `gathered`.
pub(super) fn gather<'a, M>(
    messages: &'a [M],
    payload: impl Fn(&'a M) -> &'a [u8],
    gathered: &'a mut Vec<u8>,
) -> Vec<GsoBuffer<'a>> {
    let counts = together(messages, &payload);
    let mut rest = messages;
    for &count in &counts {
        let (these, others) = rest.split_at(count);
        if count > 1 {
            let payloads = these.iter().map(&payload);
            payloads.for_each(|payload| gathered.extend_from_slice(payload));
        }
        rest = others;
    }
    let mut copied = &gathered[..];
    let mut rest = messages;
    let buffer = |count: usize| {
        let (these, others) = rest.split_at(count);
        rest = others;
        let first = payload(&these[0]);
        if count == 1 {
            return GsoBuffer::to_peer(first);
        }
        let bytes = these.iter().map(|message| payload(message).len()).sum();
        let (bytes, others) = copied.split_at(bytes);
        copied = others;
        GsoBuffer {
            segment_size: first.len(),
            ..GsoBuffer::to_peer(bytes)
        }
    };
    counts.into_iter().map(buffer).collect()
}

/// How many messages leave in each buffer.
fn together<'a, M>(messages: &'a [M], payload: &impl Fn(&'a M) -> &'a [u8]) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut rest = messages;
    while let Some((first, others)) = rest.split_first() {
        let size = payload(first).len();
        let mut bytes = size;
        let mut count = 1;
        // An empty datagram has no place beside others: the kernel could not tell how many there are. A shorter one can only be
        // the last of its buffer.
        while let Some(next) = others.get(count - 1)
            && let next = payload(next).len()
            && (1..=size).contains(&next)
            && bytes + next <= MAX_GSO_BYTES
            && bytes == count * size
        {
            bytes += next;
            count += 1;
        }
        counts.push(count);
        rest = &rest[count..];
    }
    counts
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ws::Incoming;

    fn batch(sizes: &[usize]) -> Batch {
        let mut batch = Batch::take();
        for (number, &size) in sizes.iter().enumerate() {
            let filled = |payload: &mut [u8]| {
                payload.fill(number as u8);
                Ok::<_, ()>(())
            };
            batch.pack(0, size, false, filled).unwrap();
        }
        batch
    }

    fn counts(sizes: &[usize]) -> Vec<usize> {
        let batch = batch(sizes);
        let buffers = buffers(&batch, sizes.len(), true);
        let all = buffers.iter().flat_map(GsoBuffer::datagrams);
        for (number, (datagram, size)) in all.zip(sizes).enumerate() {
            assert_eq!(datagram, vec![number as u8; *size]);
        }
        buffers
            .iter()
            .map(|buffer| buffer.datagrams().len())
            .collect()
    }

    #[test]
    fn equal_neighbours_leave_together_and_a_shorter_one_is_the_last() {
        assert_eq!(counts(&[42; 64]), [64]);
        assert_eq!(counts(&[42, 42, 10, 42, 42]), [3, 2]);
        assert_eq!(counts(&[42, 43, 43]), [1, 2]);
    }

    #[test]
    fn an_empty_datagram_shares_a_buffer_with_none() {
        assert_eq!(counts(&[0, 0, 1, 0, 1, 1]), [1, 1, 1, 1, 2]);
    }

    #[test]
    fn buffers_stay_below_what_the_kernel_takes() {
        assert_eq!(counts(&[1400; 100]), [46, 46, 8]);
        assert_eq!(counts(&[60_000; 3]), [1, 1, 1]);
        assert_eq!(counts(&[8192; 9]), [7, 2]);
    }

    #[test]
    fn a_message_from_fragments_leaves_alone_and_in_its_place() {
        let mut batch = batch(&[5, 5]);
        batch.push(Incoming::Binary(Bytes::from_static(b"apart")));
        batch.pack(0, 5, false, |_| Ok::<_, ()>(())).unwrap();
        let buffers = buffers(&batch, 4, true);
        assert_eq!(
            buffers
                .iter()
                .map(|buffer| buffer.datagrams().len())
                .collect::<Vec<_>>(),
            [2, 1, 1]
        );
        assert_eq!(buffers[1].bytes, b"apart");
    }

    #[test]
    fn what_is_over_a_limit_stays() {
        let batch = batch(&[42; 10]);
        assert_eq!(buffers(&batch, 3, true)[0].datagrams().len(), 3);
        assert!(buffers(&batch, 0, true).is_empty());
    }

    #[test]
    fn without_offload_every_datagram_leaves_alone() {
        assert_eq!(buffers(&batch(&[1; 5]), 5, false).len(), 5);
    }

    #[test]
    fn payloads_that_lie_apart_leave_as_those_that_lie_together() {
        for sizes in [
            &[42; 64][..],
            &[42, 42, 10, 42, 42],
            &[42, 43, 43],
            &[0, 0, 1, 0, 1, 1],
            &[1400; 100],
            &[60_000; 3],
            &[8192; 9],
            &[],
        ] {
            let payloads: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(number, &size)| vec![number as u8; size])
                .collect();
            let mut gathered = Vec::new();
            let gathered = gather(&payloads, Vec::as_slice, &mut gathered);
            let apart: Vec<_> = gathered
                .iter()
                .map(|buffer| buffer.datagrams().len())
                .collect();
            assert_eq!(apart, counts(sizes), "{sizes:?}");
            let all = gathered.iter().flat_map(GsoBuffer::datagrams);
            assert!(all.eq(payloads.iter().map(Vec::as_slice)), "{sizes:?}");
        }
    }
}
