//! The size of a datagram: the ruler's scale, the marks on it, the fragments it takes and their odds.

use wire::limits::{
    MAX_DATAGRAM_BYTES_IPV4, MAX_UNFRAGMENTED_BYTES, TUTORIAL_BUFFER_BYTES, UDP_HEADER_BYTES,
    ipv4_fragments,
};

/// The largest packet of Ethernet, in bytes with the IP header (RFC 894).
pub const MTU: usize = 1500;

/// Most payload bytes of a DNS message over UDP without extensions (RFC 1035, section 2.3.4).
pub const DNS: usize = 512;

/// Most payload bytes that DNS servers send since the flag day of 2020: IPv6's least MTU of 1,280 less 40 and 8.
pub const DNS_FLAG_DAY: usize = 1232;

/// Most payload bytes that macOS sends unless told otherwise (`sysctl net.inet.udp.maxdgram`).
pub const MACOS: usize = 9216;

/// Places on the ruler, in thousandths of its length, of the marks that lie inside. Between two of them the scale is
/// even: one scale for all would put five of six marks into its first seventh.
const PLACES: [(usize, u32); 6] = [
    (0, 0),
    (DNS, 150),
    (DNS_FLAG_DAY, 290),
    (MAX_UNFRAGMENTED_BYTES, 425),
    (TUTORIAL_BUFFER_BYTES, 570),
    (MACOS, 725),
];

/// The length of a ruler in its own unit.
pub const LENGTH: u32 = 1000;

/// A ruler from 0 to one byte more than fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruler {
    /// Most payload bytes that fit into one datagram: 65,507 over IPv4, 65,527 over IPv6.
    pub limit: usize,
    /// Whether the datagrams travel over IPv6.
    pub is_ipv6: bool,
}

impl Default for Ruler {
    fn default() -> Self {
        Self {
            limit: MAX_DATAGRAM_BYTES_IPV4,
            is_ipv6: false,
        }
    }
}

impl Ruler {
    /// The longest payload of the ruler: the first one that does not fit.
    pub fn end(self) -> usize {
        self.limit + 1
    }

    /// The sizes that have a mark, smallest first.
    pub fn marks(self) -> [usize; 7] {
        [
            DNS,
            DNS_FLAG_DAY,
            MAX_UNFRAGMENTED_BYTES,
            TUTORIAL_BUFFER_BYTES,
            MACOS,
            self.limit,
            self.end(),
        ]
    }

    /// The place of a size, in thousandths of the ruler's length.
    pub fn place(self, bytes: usize) -> u32 {
        let (from, to) = self.stretch(|(start, _)| start <= bytes);
        let covered = bytes.min(to.0).saturating_sub(from.0) as u32;
        from.1 + covered * (to.1 - from.1) / (to.0 - from.0) as u32
    }

    /// The size at a place.
    pub fn bytes_at(self, place: u32) -> usize {
        let (from, to) = self.stretch(|(_, start)| start <= place);
        let covered = place.min(to.1) - from.1;
        from.0 + covered as usize * (to.0 - from.0) / (to.1 - from.1) as usize
    }

    /// The last stretch whose start satisfies this: start and end, as bytes and places.
    fn stretch(self, starts_before: impl Fn((usize, u32)) -> bool) -> ((usize, u32), (usize, u32)) {
        let index = PLACES
            .iter()
            .rposition(|start| starts_before(*start))
            .unwrap_or(0);
        let end = (self.end(), LENGTH);
        (PLACES[index], PLACES.get(index + 1).copied().unwrap_or(end))
    }

    /// IP fragments of a datagram of this size on Ethernet.
    pub fn fragments(self, bytes: usize) -> u32 {
        let fragments = if self.is_ipv6 {
            ipv6_fragments(bytes)
        } else {
            ipv4_fragments(bytes, MTU)
        };
        fragments as u32
    }

    /// The sizes at which one more fragment begins, up to the limit.
    pub fn steps(self) -> impl Iterator<Item = usize> {
        (1..=self.limit).filter(move |bytes| self.fragments(*bytes) != self.fragments(*bytes - 1))
    }

    /// The next mark, up or down.
    pub fn next_mark(self, bytes: usize, up: bool) -> usize {
        let mut below = 0;
        for mark in &self.marks() {
            if up && *mark > bytes {
                return *mark;
            }
            if *mark < bytes {
                below = *mark;
            }
        }
        if up { self.end() } else { below }
    }
}

/// Fragments over IPv6 on Ethernet: 40 bytes for the IP header, and 8 more for each fragment's own (RFC 8200, section 4.5).
fn ipv6_fragments(bytes: usize) -> usize {
    let bytes = bytes + UDP_HEADER_BYTES;
    if bytes <= MTU - 40 {
        return 1;
    }
    bytes.div_ceil((MTU - 48) / 8 * 8)
}

/// The chance that all fragments arrive when each is lost with a chance of `loss` percent, in percent.
pub fn odds(fragments: u32, loss: f64) -> f64 {
    let arrives = 1.0 - loss / 100.0;
    (0..fragments).fold(100.0, |odds, _| odds * arrives)
}

/// A payload of a size made out of another one: repeated as often as it takes, and cut. Out of nothing: groups of eight
/// that count their own bytes.
pub fn fill(base: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < size {
        if !base.is_empty() {
            bytes.extend_from_slice(base);
            continue;
        }
        let mut number = bytes.len();
        let mut group = *b"0000000 ";
        for digit in group[..7].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        bytes.extend_from_slice(&group);
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IPV4: Ruler = Ruler {
        limit: 65_507,
        is_ipv6: false,
    };
    const IPV6: Ruler = Ruler {
        limit: 65_527,
        is_ipv6: true,
    };

    #[test]
    fn every_mark_has_its_fragments() {
        let marks = IPV4.marks().map(|bytes| (bytes, IPV4.fragments(bytes)));
        let expected = [
            (512, 1),
            (1232, 1),
            (1472, 1),
            (4096, 3),
            (9216, 7),
            (65_507, 45),
            (65_508, 45),
        ];
        assert_eq!(marks, expected);
        assert_eq!(IPV4.fragments(1473), 2);
        assert_eq!(IPV6.fragments(1452), 1);
        assert_eq!(IPV6.fragments(1453), 2);
        assert_eq!(IPV6.marks()[5..], [65_527, 65_528]);
        // 65,535 bytes with the UDP header, 1,448 in each: 45.26 fragments.
        assert_eq!(IPV6.fragments(65_527), 46);
    }

    #[test]
    fn every_byte_of_the_datagram_is_in_one_fragment() {
        for bytes in 0..=IPV4.limit {
            // RFC 791: each fragment but the last carries a multiple of eight bytes, of at most 1,480.
            let fragments = IPV4.fragments(bytes) as usize;
            let rest = bytes + 8 - (fragments - 1) * 1480;
            assert!((1..=1480).contains(&rest), "{bytes}");
        }
    }

    #[test]
    fn one_percent_of_fragments_is_a_third_of_the_largest_datagrams() {
        let rounded = |odds: f64| (odds * 10.0).round() / 10.0;
        assert_eq!(rounded(odds(45, 1.0)), 63.6);
        assert_eq!(rounded(odds(1, 1.0)), 99.0);
        assert_eq!(odds(45, 0.0), 100.0);
        assert_eq!(odds(1, 100.0), 0.0);
    }

    #[test]
    fn steps_are_where_a_fragment_is_added() {
        let steps: Vec<_> = IPV4.steps().collect();
        assert_eq!(steps.len(), 44);
        assert_eq!(steps[..2], [1473, 2953]);
    }

    #[test]
    fn marks_are_gone_to_one_by_one() {
        let up: Vec<_> = std::iter::successors(Some(0), |size| {
            (*size < IPV4.end()).then(|| IPV4.next_mark(*size, true))
        })
        .collect();
        assert_eq!(up[1..], IPV4.marks());
        assert_eq!(IPV4.next_mark(65_508, true), 65_508);
        assert_eq!(IPV4.next_mark(65_508, false), 65_507);
        assert_eq!(IPV4.next_mark(600, false), 512);
        assert_eq!(IPV4.next_mark(512, false), 0);
    }

    #[test]
    fn a_payload_repeats_or_counts_its_bytes() {
        assert_eq!(fill(b"abc", 7), b"abcabca");
        assert_eq!(fill(b"abc", 2), b"ab");
        assert_eq!(fill(b"", 19), b"0000000 0000008 000");
        assert_eq!(fill(b"", 0), b"");
        assert_eq!(&fill(b"", 65_508)[65_504..], b"0065");
    }

    proptest! {
        #[test]
        fn a_place_leads_back_to_its_size(place in 0..=LENGTH) {
            for ruler in [IPV4, IPV6] {
                let bytes = ruler.bytes_at(place);
                prop_assert!(bytes <= ruler.end());
                // A place is more than one byte, or less than one.
                prop_assert!(ruler.place(bytes).abs_diff(place) <= 1);
            }
        }

        #[test]
        fn longer_is_further_right(bytes in 0..65_508_usize) {
            prop_assert!(IPV4.place(bytes) <= IPV4.place(bytes + 1));
            prop_assert!(IPV4.place(bytes + 1) <= LENGTH);
        }

        #[test]
        fn a_payload_has_the_size_that_was_asked_for(base in any::<Vec<u8>>(), size in 0..70_000_usize) {
            let filled = fill(&base, size);
            prop_assert_eq!(filled.len(), size);
            let kept = base.len().min(size);
            prop_assert_eq!(&filled[..kept], &base[..kept]);
        }
    }
}
