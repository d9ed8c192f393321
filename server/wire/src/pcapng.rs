//! Captures: datagrams as a pcapng file that Wireshark and tshark open.
//!
//! The format is the IETF's `draft-ietf-opsawg-pcapng`: one Section Header Block, one Interface Description Block, and
//! one Enhanced Packet Block per datagram; an Interface Statistics Block says how many are missing, where some are. The link type is RAW: each packet starts with its IP header, which is
//! written again from the addresses ([`crate::packet`]), since no socket hands it over. What became of a datagram goes
//! into the packet's comment, where Wireshark shows it.

use std::time::Duration;

use crate::packet::{Datagram, Oversize};

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// A reader finds out from it which byte order the file has; here always little endian.
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;

/// Packets begin with an IPv4 or IPv6 header (LINKTYPE_RAW of tcpdump.org's list).
const LINKTYPE_RAW: u16 = 101;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_APPLICATION: u16 = 4;
const OPTION_INTERFACE_DESCRIPTION: u16 = 3;
const OPTION_TIME_RESOLUTION: u16 = 9;
const OPTION_RECEIVED: u16 = 4;
const OPTION_DROPPED: u16 = 5;

/// The packet's times are in units of 10⁻⁹ seconds.
const NANOSECONDS: u8 = 9;

/// A capture that grows packet by packet. What it holds is at any time a whole file, or, after [`Capture::take`], the
/// next part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    bytes: Vec<u8>,
}

impl Capture {
    /// An empty capture; `application` names the program that makes it.
    #[must_use]
    pub fn new(application: &str) -> Self {
        let mut capture = Self { bytes: Vec::new() };
        capture.block(SECTION_HEADER, |body| {
            body.extend_from_slice(&BYTE_ORDER_MAGIC.to_le_bytes());
            // Version 1.0, and a section length of "not known yet": the file may still grow.
            body.extend_from_slice(&1_u16.to_le_bytes());
            body.extend_from_slice(&0_u16.to_le_bytes());
            body.extend_from_slice(&u64::MAX.to_le_bytes());
            option(body, OPTION_APPLICATION, application.as_bytes());
            option(body, OPTION_END, &[]);
        });
        capture.block(INTERFACE_DESCRIPTION, |body| {
            body.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
            body.extend_from_slice(&0_u16.to_le_bytes());
            // No limit on the bytes kept of a packet.
            body.extend_from_slice(&0_u32.to_le_bytes());
            option(
                body,
                OPTION_INTERFACE_DESCRIPTION,
                b"payloads as seen at a UDP socket; IP and UDP headers written from its addresses",
            );
            option(body, OPTION_TIME_RESOLUTION, &[NANOSECONDS]);
            option(body, OPTION_END, &[]);
        });
        capture
    }

    /// Appends one datagram that was seen `at`, a time since the Unix epoch. `comment` is shown beside the packet; an
    /// empty one is left out, and one longer than 65,535 bytes is cut there.
    ///
    /// # Errors
    /// [`Oversize`] when no packet can carry the payload; nothing is appended then.
    pub fn push(
        &mut self,
        at: Duration,
        datagram: &Datagram<'_>,
        comment: &str,
    ) -> Result<(), Oversize> {
        let mut packet = Vec::with_capacity(datagram.payload.len() + 48);
        datagram.write_packet(&mut packet)?;
        let length = (packet.len() as u32).to_le_bytes();
        self.block(ENHANCED_PACKET, |body| {
            begin_at(body, at);
            // Bytes kept, and bytes that the packet had: all of them.
            body.extend_from_slice(&length);
            body.extend_from_slice(&length);
            body.extend_from_slice(&packet);
            pad(body);
            if !comment.is_empty() {
                option(body, OPTION_COMMENT, comment.as_bytes());
                option(body, OPTION_END, &[]);
            }
        });
        Ok(())
    }

    /// Says how many datagrams there were up to `at`, and how many of them have no packet in the capture.
    pub fn push_statistics(&mut self, at: Duration, received: u64, dropped: u64) {
        self.block(INTERFACE_STATISTICS, |body| {
            begin_at(body, at);
            option(body, OPTION_RECEIVED, &received.to_le_bytes());
            option(body, OPTION_DROPPED, &dropped.to_le_bytes());
            option(body, OPTION_END, &[]);
        });
    }

    /// The file so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes what has been written since the last call, to append it to a file: the capture's memory stays small.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Writes a block: its type, its length, its body, and the length again, so that a file can be read backwards.
    fn block(&mut self, kind: u32, write_body: impl FnOnce(&mut Vec<u8>)) {
        let mut body = Vec::new();
        write_body(&mut body);
        let length = (body.len() as u32 + 12).to_le_bytes();
        self.bytes.extend_from_slice(&kind.to_le_bytes());
        self.bytes.extend_from_slice(&length);
        self.bytes.extend_from_slice(&body);
        self.bytes.extend_from_slice(&length);
    }
}

/// Begins the body of a block about the one interface there is, at a time.
fn begin_at(body: &mut Vec<u8>, at: Duration) {
    // 64 bits of nanoseconds last until the year 2554.
    let nanoseconds = at.as_nanos() as u64;
    body.extend_from_slice(&0_u32.to_le_bytes());
    body.extend_from_slice(&((nanoseconds >> 32) as u32).to_le_bytes());
    body.extend_from_slice(&(nanoseconds as u32).to_le_bytes());
}

/// Writes an option: code, length, value, and zeros up to the next multiple of four bytes.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    pad(body);
}

/// Bodies start at a multiple of four in the file, so the length within the body is enough to know.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type and body of each block; fails where the structure is broken.
    fn blocks(mut file: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        let mut blocks = Vec::new();
        while !file.is_empty() {
            let length = word(&file[4..8]) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(&file[length - 4..length]) as usize, length);
            blocks.push((word(&file[0..4]), file[8..length - 4].to_vec()));
            file = &file[length..];
        }
        blocks
    }

    fn datagram(payload: &[u8]) -> Datagram<'_> {
        Datagram {
            source: "127.0.0.1:50139".parse().unwrap(),
            destination: "127.0.0.1:10000".parse().unwrap(),
            payload,
        }
    }

    #[test]
    fn a_new_capture_is_a_section_and_an_interface() {
        let capture = Capture::new("udp-echo 0.1.0");
        let blocks = blocks(capture.as_bytes());
        assert_eq!(blocks.len(), 2);
        let (kind, body) = &blocks[0];
        assert_eq!(*kind, 0x0A0D0D0A);
        assert_eq!(body[0..8], [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0]);
        assert_eq!(body[16..20], [4, 0, 14, 0]);
        assert_eq!(&body[20..34], b"udp-echo 0.1.0");
        let (kind, body) = &blocks[1];
        assert_eq!(*kind, 1);
        assert_eq!(body[0..8], [101, 0, 0, 0, 0, 0, 0, 0]);
        // if_tsresol: code 9, one byte, 10⁻⁹, padded; then the end of the options.
        assert_eq!(
            body[body.len() - 12..],
            [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_packet_has_its_time_its_lengths_its_bytes_and_its_comment() {
        let mut capture = Capture::new("");
        let at = Duration::new(1_790_000_000, 123_456_789);
        capture.push(at, &datagram(b"abc"), "echoed").unwrap();
        let (kind, body) = blocks(capture.as_bytes()).pop().unwrap();
        assert_eq!(kind, 6);
        let word = |index: usize| {
            let bytes = &body[index * 4..index * 4 + 4];
            u32::from_le_bytes(bytes.try_into().unwrap())
        };
        assert_eq!(word(0), 0);
        let nanoseconds = u64::from(word(1)) << 32 | u64::from(word(2));
        assert_eq!(u128::from(nanoseconds), at.as_nanos());
        assert_eq!((word(3), word(4)), (31, 31));
        assert_eq!(&body[20 + 28..20 + 31], b"abc");
        // 31 bytes of packet take 32; the comment's six take eight.
        assert_eq!(body[52..64], *b"\x01\0\x06\0echoed\0\0");
        assert_eq!(body[64..], [0; 4]);
    }

    #[test]
    fn what_is_missing_is_told_in_a_block_of_its_own() {
        let mut capture = Capture::new("");
        capture.push_statistics(Duration::from_nanos(7), 10, 3);
        let (kind, body) = blocks(capture.as_bytes()).pop().unwrap();
        assert_eq!(kind, 5);
        assert_eq!(body[..12], *b"\0\0\0\0\0\0\0\0\x07\0\0\0");
        assert_eq!(body[12..24], *b"\x04\0\x08\0\x0a\0\0\0\0\0\0\0");
        assert_eq!(body[24..36], *b"\x05\0\x08\0\x03\0\0\0\0\0\0\0");
        assert_eq!(body[36..], [0; 4]);
    }

    #[test]
    fn no_comment_is_no_option() {
        let mut capture = Capture::new("");
        capture
            .push(Duration::ZERO, &datagram(b"abcd"), "")
            .unwrap();
        let (_, body) = blocks(capture.as_bytes()).pop().unwrap();
        assert_eq!(body.len(), 20 + 32);
    }

    #[test]
    fn every_length_keeps_the_file_whole() {
        let mut capture = Capture::new("x");
        let payload = [7; 65_507];
        let lengths = [0, 1, 2, 3, 4, 5, 1472, 65_506, 65_507];
        for length in lengths {
            let comment = "c".repeat(length);
            capture
                .push(Duration::ZERO, &datagram(&payload[..length]), &comment)
                .unwrap();
        }
        assert_eq!(blocks(capture.as_bytes()).len(), 2 + lengths.len());
    }

    #[test]
    fn what_no_packet_can_carry_is_refused_and_leaves_the_file_whole() {
        let mut capture = Capture::new("x");
        let payload = vec![0; 65_508];
        assert!(
            capture
                .push(Duration::ZERO, &datagram(&payload), "")
                .is_err()
        );
        assert_eq!(blocks(capture.as_bytes()).len(), 2);
    }

    #[test]
    fn parts_taken_one_by_one_are_the_same_file() {
        let mut whole = Capture::new("x");
        let mut parted = whole.clone();
        let mut file = parted.take();
        for payload in [&b"one"[..], b"", b"three"] {
            whole.push(Duration::ZERO, &datagram(payload), "c").unwrap();
            parted
                .push(Duration::ZERO, &datagram(payload), "c")
                .unwrap();
            file.extend(parted.take());
        }
        assert_eq!(file, whole.as_bytes());
    }
}
