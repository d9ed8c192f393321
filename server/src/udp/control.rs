//! The control data of a message to the kernel: the segment size and the source address, as sendmsg(2) takes them.

use std::net::IpAddr;

use super::GsoBuffer;

/// The control data of one message.
#[derive(Debug)]
pub(super) struct Control {
    bytes: [u8; 64],
    length: usize,
}

impl Control {
    pub(super) fn of(piece: &GsoBuffer<'_>) -> Self {
        let mut control = Self {
            bytes: [0; 64],
            length: 0,
        };
        if piece.bytes.len() > piece.segment_size {
            let segment_size = u16::try_from(piece.segment_size).unwrap_or(u16::MAX);
            control.push(
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                &[&segment_size.to_ne_bytes()],
            );
        }
        let any_interface = [0; 4];
        match piece.from {
            // struct in_pktinfo: interface, source, destination (ip(7)).
            Some(IpAddr::V4(source)) => control.push(
                libc::IPPROTO_IP,
                libc::IP_PKTINFO,
                &[&any_interface, &source.octets(), &[0; 4]],
            ),
            // struct in6_pktinfo: source, interface (ipv6(7)).
            Some(IpAddr::V6(source)) => control.push(
                libc::IPPROTO_IPV6,
                libc::IPV6_PKTINFO,
                &[&source.octets(), &any_interface],
            ),
            None => {}
        }
        control
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Appends a `struct cmsghdr` with its data, each padded to the size of a pointer (cmsg(3)).
    fn push(&mut self, level: i32, kind: i32, data: &[&[u8]]) {
        const HEADER: usize = size_of::<usize>() + 8;
        let length = HEADER + data.iter().map(|part| part.len()).sum::<usize>();
        let start = self.length;
        self.length = start + length.next_multiple_of(size_of::<usize>());
        let parts = [
            &length.to_ne_bytes()[..],
            &level.to_ne_bytes(),
            &kind.to_ne_bytes(),
        ];
        let mut at = start;
        for part in parts.iter().chain(data) {
            self.bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
    }
}
