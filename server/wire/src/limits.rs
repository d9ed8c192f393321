//! How much fits into one datagram, and into one message.

/// Bytes of the UDP header (RFC 768).
pub const UDP_HEADER_BYTES: usize = 8;

/// Most payload bytes of a UDP datagram over IPv4: 65,535 less 20 for the IP and 8 for the UDP header (RFC 791, RFC 768).
pub const MAX_DATAGRAM_BYTES_IPV4: usize = 65_507;

/// Most payload bytes of a UDP datagram over IPv6 without jumbograms: 65,535 less 8 for the UDP header (RFC 8200, section 3).
pub const MAX_DATAGRAM_BYTES_IPV6: usize = 65_527;

/// Most bytes of a binary message that the relay reads; a longer one ends the session with close code 4409.
///
/// It lies above every datagram limit, so that a message of 65,508 bytes still arrives, is rejected by the operating
/// system itself, and the session lives.
pub const MAX_MESSAGE_BYTES: usize = 65_536 + 1024;

/// Most bytes of a control message, a text message of JSON.
pub const MAX_CONTROL_BYTES: usize = 16 * 1024;

/// The receive buffer of the tutorial's two scripts, in bytes: longer datagrams are cut (claim 9).
pub const TUTORIAL_BUFFER_BYTES: usize = 4096;

/// Most payload bytes of one datagram that crosses Ethernet (MTU 1500) over IPv4 in a single fragment.
pub const MAX_UNFRAGMENTED_BYTES: usize = 1472;

/// IP fragments of a datagram with `payload` bytes on a path with the given MTU, over IPv4 without options (RFC 791, section 3.2).
///
/// Returns at least 1. `mtu` is in bytes, headers included; values below 68 are taken as 68, the least that IPv4 allows.
pub fn ipv4_fragments(payload: usize, mtu: usize) -> usize {
    let room = mtu.max(68) - 20;
    let bytes = payload + UDP_HEADER_BYTES;
    if bytes <= room {
        return 1;
    }
    // Every fragment but the last carries a multiple of eight bytes.
    bytes.div_ceil(room / 8 * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_follow_the_mtu() {
        assert_eq!(ipv4_fragments(0, 1500), 1);
        assert_eq!(ipv4_fragments(MAX_UNFRAGMENTED_BYTES, 1500), 1);
        assert_eq!(ipv4_fragments(MAX_UNFRAGMENTED_BYTES + 1, 1500), 2);
        assert_eq!(ipv4_fragments(MAX_DATAGRAM_BYTES_IPV4, 1500), 45);
        assert_eq!(ipv4_fragments(MAX_DATAGRAM_BYTES_IPV4, 65_536), 1);
    }
}
