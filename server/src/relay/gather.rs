//! From the messages of one read to as few sends as the kernel allows.

use bytes::Bytes;

use crate::udp::{Outgoing, Trouble, UdpSocket};

/// Datagrams of this size and above are sent from where they are: copying them costs more than a call saves.
const MAX_COPIED_BYTES: usize = 16 * 1024;

/// Most payload bytes that one run gathers; the kernel takes no more in one buffer.
const MAX_RUN_BYTES: usize = 65_000;

/// Sends payloads in order, equal neighbours as one run. `report` gets the index of the payload that trouble is about.
pub(super) async fn send_all(
    udp: &UdpSocket,
    payloads: &[Bytes],
    mut report: impl FnMut(usize, Trouble),
) {
    let groups = groups(payloads, udp.coalesces());
    let mut copied = Vec::with_capacity(groups.iter().map(Group::copied_bytes).sum());
    for group in groups.iter().filter(|group| group.count > 1) {
        for payload in &payloads[group.first..group.first + group.count] {
            copied.extend_from_slice(payload);
        }
    }
    let mut rest = &copied[..];
    let batch: Vec<Outgoing<'_>> = groups
        .iter()
        .map(|group| {
            if group.count == 1 {
                return Outgoing::to_peer(&payloads[group.first]);
            }
            let (bytes, behind) = rest.split_at(group.bytes);
            rest = behind;
            Outgoing {
                segment: payloads[group.first].len(),
                ..Outgoing::to_peer(bytes)
            }
        })
        .collect();
    let located = |trouble| match &trouble {
        Trouble::Unsent { run, first, .. } => report(groups[*run].first + first, trouble),
        Trouble::Earlier(_) => report(0, trouble),
    };
    udp.send(&batch, located).await;
}

/// Payloads that leave as one run.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    first: usize,
    count: usize,
    bytes: usize,
}

impl Group {
    fn copied_bytes(&self) -> usize {
        match self.count {
            1 => 0,
            _ => self.bytes,
        }
    }
}

fn groups(payloads: &[Bytes], coalesce: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open = false;
    for (index, payload) in payloads.iter().enumerate() {
        let bytes = payload.len();
        if let Some(group) = groups.last_mut()
            && open
        {
            let segment = payloads[group.first].len();
            if (1..=segment).contains(&bytes) && group.bytes + bytes <= MAX_RUN_BYTES {
                group.count += 1;
                group.bytes += bytes;
                // A shorter datagram can only be the last of its run.
                open = bytes == segment;
                continue;
            }
        }
        groups.push(Group {
            first: index,
            count: 1,
            bytes,
        });
        open = coalesce && (1..MAX_COPIED_BYTES).contains(&bytes);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(sizes: &[usize]) -> Vec<usize> {
        let payloads: Vec<_> = sizes
            .iter()
            .map(|&size| Bytes::from(vec![0; size]))
            .collect();
        groups(&payloads, true)
            .iter()
            .map(|group| group.count)
            .collect()
    }

    #[test]
    fn equal_neighbours_leave_together_and_a_shorter_one_ends_the_run() {
        assert_eq!(counts(&[42; 64]), [64]);
        assert_eq!(counts(&[42, 42, 10, 42, 42]), [3, 2]);
        assert_eq!(counts(&[42, 43, 43]), [1, 2]);
    }

    #[test]
    fn an_empty_datagram_is_never_part_of_a_run() {
        assert_eq!(counts(&[0, 0, 1, 0, 1, 1]), [1, 1, 1, 1, 2]);
    }

    #[test]
    fn runs_stay_below_what_the_kernel_takes() {
        assert_eq!(counts(&[1400; 100]), [46, 46, 8]);
        assert_eq!(counts(&[60_000; 3]), [1, 1, 1]);
    }

    #[test]
    fn without_offload_every_datagram_leaves_alone() {
        let payloads = vec![Bytes::from_static(b"x"); 5];
        assert_eq!(groups(&payloads, false).len(), 5);
    }
}
