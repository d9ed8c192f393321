//! The head of a frame (RFC 6455, section 5.2): how a client's is read, and how the server's is written.
//!
//! A client's frame is only read as far as that decides who handles it. Whole messages are unmasked where they lie. All
//! other frames go to tungstenite's codec, as they came: control frames, fragments, and whatever breaks a rule, for which
//! the codec finds the words.

/// Most bytes before the payload of a server's frame: two, and the longest length.
pub(super) const MAX_UNMASKED_HEAD_BYTES: usize = 2 + 8;

/// The same of a client's frame, which has a mask.
pub(super) const MAX_HEAD_BYTES: usize = MAX_UNMASKED_HEAD_BYTES + 4;

/// Says in the first byte that a message ends with this frame.
const FINAL: u8 = 0x80;

/// The frames that the server makes itself; the codec makes the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Text = 1,
    Binary = 2,
    Ping = 9,
}

/// The head of a whole, unmasked frame with `payload` bytes, and the length of that head.
pub(super) fn head(opcode: Opcode, payload: usize) -> ([u8; MAX_UNMASKED_HEAD_BYTES], usize) {
    let mut head = [0; MAX_UNMASKED_HEAD_BYTES];
    head[0] = FINAL | opcode as u8;
    let length = match payload {
        0..126 => {
            head[1] = payload as u8;
            2
        }
        126..65_536 => {
            head[1] = 126;
            head[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            4
        }
        _ => {
            head[1] = 127;
            head[2..].copy_from_slice(&(payload as u64).to_be_bytes());
            MAX_UNMASKED_HEAD_BYTES
        }
    };
    (head, length)
}

/// The first frame of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// A whole message of `bytes`, behind a head of `head` bytes.
    Message {
        head: usize,
        bytes: usize,
        mask: [u8; 4],
        is_text: bool,
    },
    /// A part of a message; the one that `is_last` completes it. With its head it has `whole` bytes.
    Fragment {
        whole: usize,
        is_empty: bool,
        is_last: bool,
    },
    /// A ping, pong or close; with its head it has `whole` bytes.
    Control { whole: usize },
    /// More has to come.
    Partial,
    /// It breaks a rule, or is too long.
    Breach,
}

impl Frame {
    /// Looks at the first frame of `input`, in which a message may have `most` bytes.
    pub(super) fn first(input: &[u8], most: usize) -> Self {
        const RESERVED: u8 = 0x70;
        const MASKED: u8 = 0x80;
        let [first, second, rest @ ..] = input else {
            return Self::Partial;
        };
        let (is_final, opcode) = (first & FINAL != 0, first & 0x0f);
        let short = second & 0x7f;
        let is_control = opcode >= 8;
        if first & RESERVED != 0
            || second & MASKED == 0
            || !matches!(opcode, 0..=2 | 8..=10)
            || (is_control && (!is_final || short > 125))
        {
            return Self::Breach;
        }
        let (length_bytes, bytes) = match (short, rest) {
            (126, [a, b, ..]) => (2, u64::from(u16::from_be_bytes([*a, *b]))),
            (127, rest) => match rest.first_chunk() {
                Some(length) => (8, u64::from_be_bytes(*length)),
                None => return Self::Partial,
            },
            (126, _) => return Self::Partial,
            (short, _) => (0, u64::from(short)),
        };
        let Some(bytes) = usize::try_from(bytes).ok().filter(|&bytes| bytes <= most) else {
            return Self::Breach;
        };
        let Some(mask) = rest[length_bytes..].first_chunk() else {
            return Self::Partial;
        };
        let head = 2 + length_bytes + mask.len();
        let whole = head + bytes;
        match opcode {
            _ if input.len() < whole => Self::Partial,
            8..=10 => Self::Control { whole },
            1 | 2 if is_final => Self::Message {
                head,
                bytes,
                mask: *mask,
                is_text: opcode == 1,
            },
            _ => Self::Fragment {
                whole,
                is_empty: bytes == 0,
                is_last: is_final,
            },
        }
    }
}

/// Takes the mask off (RFC 6455, section 5.3), eight bytes at a time.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_head_is_waited_for() {
        let mut long = vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 9, 9, 9];
        for end in 0..long.len() {
            assert_eq!(Frame::first(&long[..end], 100), Frame::Partial, "{end}");
        }
        long.push(0x82);
        let whole = Frame::Message {
            head: 14,
            bytes: 3,
            mask: [1, 2, 3, 4],
            is_text: false,
        };
        assert_eq!(Frame::first(&long, 100), whole);
    }

    #[test]
    fn the_mask_goes_on_in_every_byte() {
        for bytes in 0..40_u8 {
            let plain: Vec<u8> = (0..bytes).collect();
            let mask = [7, 0, 255, 128];
            let mut payload = plain.clone();
            unmask(&mut payload, mask);
            let expected: Vec<u8> = (0..bytes).map(|n| n ^ mask[usize::from(n % 4)]).collect();
            assert_eq!(payload, expected);
            unmask(&mut payload, mask);
            assert_eq!(payload, plain);
        }
    }
}
