//! From the messages of one read to as few sends as the kernel allows.

use crate::udp::{GsoBuffer, MAX_GSO_BYTES};
use crate::ws::{Batch, Payload};

/// Payloads of a batch as datagrams, in order; equal neighbours in one buffer where the kernel can cut it (`gso`).
///
/// Nothing is copied: payloads of one read lie one behind the other.
pub(super) fn buffers<'a>(
    batch: &'a Batch,
    payloads: impl IntoIterator<Item = Payload<'a>>,
    gso: bool,
) -> Vec<GsoBuffer<'a>> {
    let mut buffers: Vec<GsoBuffer<'_>> = Vec::new();
    // Where in the packed bytes the last buffer begins, while it may still grow.
    let mut open: Option<usize> = None;
    for payload in payloads {
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
            batch.pack(&[], 0, size, false, filled).unwrap();
        }
        batch
    }

    fn counts(sizes: &[usize]) -> Vec<usize> {
        let batch = batch(sizes);
        let buffers = buffers(&batch, batch.payloads(), true);
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
        batch.pack(&[], 0, 5, false, |_| Ok::<_, ()>(())).unwrap();
        let buffers = buffers(&batch, batch.payloads(), true);
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
        assert_eq!(
            buffers(&batch, batch.payloads().take(3), true)[0]
                .datagrams()
                .len(),
            3
        );
        assert!(buffers(&batch, [], true).is_empty());
    }

    #[test]
    fn without_offload_every_datagram_leaves_alone() {
        let batch = batch(&[1; 5]);
        assert_eq!(buffers(&batch, batch.payloads(), false).len(), 5);
    }
}
