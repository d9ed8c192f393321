//! The words of the transcripts, as the classic Python `socket` tutorial prints them: a server that says what it
//! received from whom, and a client that says what it sends. Host, command line and page all take their lines from
//! here, so that the three can be compared character for character.
//!
//! Every function gives one line without its line end. A server's transcript is [`starting_up`], then per datagram an
//! empty line, [`WAITING_FOR_MESSAGE`], [`received_from`], the data as [`shown`], and [`sent_back`]; a client's is
//! [`sending`], [`WAITING_FOR_REPLY`], [`received`], [`CLOSING_SOCKET`].
//!
//! Payloads come from strangers and end in terminals and pages: see [`shown`] for what is escaped.

use std::net::SocketAddr;

use crate::addresses;
use crate::digits::digits;

/// The message a client sends when it is given none. Two spaces stand after the full stop: they make it the 42 bytes
/// of the transcript.
pub const DEFAULT_MESSAGE: &str = "This is the message.  It will be repeated.";

/// How many bytes of a payload a transcript shows before it says how many more there are.
pub const SHOWN_BYTES: usize = 256;

/// The server's line while it waits; an empty line stands before it.
pub const WAITING_FOR_MESSAGE: &str = "waiting to receive message";

/// The client's line while it waits.
pub const WAITING_FOR_REPLY: &str = "waiting to receive";

/// The client's last line.
pub const CLOSING_SOCKET: &str = "closing socket";

/// An address as the transcripts print it.
///
/// The page makes it from the text of a control message: parsing and printing addresses of both families properly would
/// weigh 3 KB in a page, gzipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: String,
    /// What Python adds over IPv6: flow label and scope.
    more: String,
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        let more = match address {
            SocketAddr::V4(_) => String::new(),
            SocketAddr::V6(v6) => {
                let flow_label = digits(v6.flowinfo().into());
                [", ", &flow_label, ", ", &digits(v6.scope_id().into())].concat()
            }
        };
        Self {
            host: addresses::ip(address.ip()),
            port: digits(address.port().into()),
            more,
        }
    }
}

impl Address {
    /// Takes an address as [`SocketAddr`] prints it, `127.0.0.1:50139` or `[fe80::1%2]:50139`, which has no flow label.
    /// `None` when it has no port. The host is not checked.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let colon = text.bytes().rposition(|byte| byte == b':')?;
        let (host, port) = (text.get(..colon)?, text.get(colon + 1..)?);
        let (host, more) = match host.strip_prefix('[') {
            None => (host, String::new()),
            Some(host) => {
                let host = host.strip_suffix(']')?;
                let percent = host.bytes().position(|byte| byte == b'%');
                let end = percent.unwrap_or(host.len());
                let scope = host.get(end + 1..).unwrap_or("0");
                (host.get(..end)?, [", 0, ", scope].concat())
            }
        };
        Some(Self {
            host: host.to_owned(),
            port: port.to_owned(),
            more,
        })
    }

    /// The tuple that Python prints: `('127.0.0.1', 50139)`, and over IPv6, with flow label and scope,
    /// `('::1', 50139, 0, 0)`.
    #[must_use]
    pub fn tuple(&self) -> String {
        ["('", &self.host, "', ", &self.port, &self.more, ")"].concat()
    }
}

/// The server's first line: `starting up on 127.0.0.1 port 10000`.
#[must_use]
pub fn starting_up(address: &Address) -> String {
    ["starting up on ", &address.host, " port ", &address.port].concat()
}

/// The server's line for a datagram that came: `received 42 bytes from ('127.0.0.1', 50139)`.
#[must_use]
pub fn received_from(bytes: usize, peer: &Address) -> String {
    [
        "received ",
        &digits(bytes as u64),
        " bytes from ",
        &peer.tuple(),
    ]
    .concat()
}

/// The server's line for its answer: `sent 42 bytes back to ('127.0.0.1', 50139)`.
#[must_use]
pub fn sent_back(bytes: usize, peer: &Address) -> String {
    [
        "sent ",
        &digits(bytes as u64),
        " bytes back to ",
        &peer.tuple(),
    ]
    .concat()
}

/// The client's line for a datagram that leaves: `sending "This is the message.  It will be repeated."`.
#[must_use]
pub fn sending(data: &[u8]) -> String {
    quoted("sending", data)
}

/// The client's line for an answer: `received "This is the message.  It will be repeated."`.
#[must_use]
pub fn received(data: &[u8]) -> String {
    quoted("received", data)
}

/// A payload as text that neither drives a terminal nor reorders a page.
///
/// UTF-8 stays as it is. What is not printable is written as Rust and Python write it: `\n`, `\t`, `\r`, `\\`, `\x1b`
/// for other control characters, `\xff` for a byte that is not UTF-8, and `\u{202e}` for characters that have no shape
/// of their own but change how their neighbours are laid out. The backslash is escaped so that no two payloads of at
/// most [`SHOWN_BYTES`] look the same in these respects. Of longer ones the first [`SHOWN_BYTES`] are shown and the
/// rest is counted: `… (65251 more bytes)`.
#[must_use]
pub fn shown(data: &[u8]) -> String {
    let (head, more) = split_for_showing(data);
    let mut text = String::with_capacity(head.len());
    for chunk in head.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_shown(&mut text, c));
        chunk
            .invalid()
            .iter()
            .for_each(|byte| push_hex_byte(&mut text, *byte));
    }
    if more > 0 {
        let unit = if more == 1 {
            " more byte)"
        } else {
            " more bytes)"
        };
        text.push_str("… (");
        text.push_str(&digits(more as u64));
        text.push_str(unit);
    }
    text
}

fn quoted(verb: &str, data: &[u8]) -> String {
    [verb, " \"", &shown(data), "\""].concat()
}

/// The part of a payload that is shown, and how many bytes are not. A character that straddles the limit is left out
/// whole: half of it would be shown as bytes that are not UTF-8, which the payload does not contain.
fn split_for_showing(data: &[u8]) -> (&[u8], usize) {
    if data.len() <= SHOWN_BYTES {
        return (data, 0);
    }
    // A UTF-8 character has at most three continuation bytes (RFC 3629, section 3); a longer run of them is not text
    // and may be cut anywhere.
    let end = (SHOWN_BYTES - 3..=SHOWN_BYTES)
        .rev()
        .find(|&end| data[end] & 0xC0 != 0x80)
        .unwrap_or(SHOWN_BYTES);
    (&data[..end], data.len() - end)
}

fn push_shown(text: &mut String, c: char) {
    match c {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\\' => text.push_str("\\\\"),
        '\0'..='\x1f' | '\x7f' => push_hex_byte(text, c as u8),
        c if changes_layout(c) => {
            text.push_str("\\u{");
            text.push_str(&hex(c as u32));
            text.push('}');
        }
        c => text.push(c),
    }
}

/// Characters that are not seen themselves but move, hide or break what stands beside them: C1 controls (terminals
/// obey some of them), the bidirectional controls of Unicode annex 9, line and paragraph separators, zero-width
/// spaces. The zero-width joiners stay: emoji and several scripts are written with them.
fn changes_layout(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

fn push_hex_byte(text: &mut String, byte: u8) {
    text.push_str("\\x");
    for digit in [byte >> 4, byte & 15] {
        text.push(hex_digit(u32::from(digit)));
    }
}

/// Lower-case hexadecimal without leading zeros; written out because the formatting machinery weighs more than this.
fn hex(number: u32) -> String {
    let digits = (1..8)
        .rev()
        .find(|digit| number >> (digit * 4) > 0)
        .unwrap_or(0);
    (0..=digits)
        .rev()
        .map(|digit| hex_digit((number >> (digit * 4)) & 15))
        .collect()
}

fn hex_digit(nibble: u32) -> char {
    char::from_digit(nibble, 16).expect("a nibble is below 16")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_message_is_the_42_bytes_of_the_tutorial() {
        assert_eq!(DEFAULT_MESSAGE.len(), 42);
        assert_eq!(
            DEFAULT_MESSAGE,
            "This is the message.  It will be repeated."
        );
    }

    #[test]
    fn the_server_lines_are_the_tutorials() {
        let peer = address("127.0.0.1:50139").into();
        assert_eq!(
            starting_up(&address("127.0.0.1:10000").into()),
            "starting up on 127.0.0.1 port 10000"
        );
        assert_eq!(WAITING_FOR_MESSAGE, "waiting to receive message");
        assert_eq!(
            received_from(42, &peer),
            "received 42 bytes from ('127.0.0.1', 50139)"
        );
        assert_eq!(
            sent_back(42, &peer),
            "sent 42 bytes back to ('127.0.0.1', 50139)"
        );
    }

    #[test]
    fn the_client_lines_are_the_tutorials() {
        let data = DEFAULT_MESSAGE.as_bytes();
        assert_eq!(
            sending(data),
            r#"sending "This is the message.  It will be repeated.""#
        );
        assert_eq!(WAITING_FOR_REPLY, "waiting to receive");
        assert_eq!(
            received(data),
            r#"received "This is the message.  It will be repeated.""#
        );
        assert_eq!(CLOSING_SOCKET, "closing socket");
    }

    #[test]
    fn an_ipv6_address_has_four_parts_as_in_python() {
        let plain = Address::from(address("[::1]:50139"));
        assert_eq!(plain.tuple(), "('::1', 50139, 0, 0)");
        let scoped = std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 7, 0, 2);
        let scoped = Address::from(SocketAddr::from(scoped));
        assert_eq!(scoped.tuple(), "('fe80::1', 7, 0, 2)");
    }

    #[test]
    fn an_address_read_from_text_prints_alike() {
        for text in [
            "127.0.0.1:0",
            "255.255.255.255:65535",
            "[::]:1",
            "[fe80::1%7]:2",
            "[::ffff:1.2.3.4]:3",
        ] {
            assert_eq!(
                Address::from_text(text),
                Some(address(text).into()),
                "{text}"
            );
        }
        assert_eq!(Address::from_text("localhost"), None);
    }

    #[test]
    fn an_empty_payload_is_an_empty_line() {
        assert_eq!(shown(b""), "");
        assert_eq!(sending(b""), r#"sending """#);
    }

    #[test]
    fn text_of_any_script_is_kept() {
        for text in ["héllo", "こんにちは", "👩\u{200d}🚀", "مرحبا", "a\"b'c"] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn what_would_drive_a_terminal_or_a_page_is_escaped() {
        let table: [(&[u8], &str); 9] = [
            (b"a\nb\r\tc", r"a\nb\r\tc"),
            (b"\x1b[2J\x07\0", r"\x1b[2J\x07\x00"),
            (b"C:\\new", r"C:\\new"),
            (b"\xff\xfe", r"\xff\xfe"),
            (b"\xe2\x82", r"\xe2\x82"),
            ("\u{9b}31m".as_bytes(), r"\u{9b}31m"),
            ("a\u{202e}b".as_bytes(), r"a\u{202e}b"),
            ("\u{2028}".as_bytes(), r"\u{2028}"),
            ("\u{e0041}".as_bytes(), r"\u{e0041}"),
        ];
        for (data, text) in table {
            assert_eq!(shown(data), text);
        }
    }

    #[test]
    fn long_payloads_are_bounded_and_the_rest_is_counted() {
        assert_eq!(shown(&[b'a'; SHOWN_BYTES]), "a".repeat(SHOWN_BYTES));
        let one_more = shown(&[b'a'; SHOWN_BYTES + 1]);
        assert!(one_more.ends_with("a… (1 more byte)"), "{one_more}");
        let largest = shown(&[b'a'; 65_507]);
        assert!(largest.ends_with("a… (65251 more bytes)"), "{largest}");
    }

    #[test]
    fn a_character_that_straddles_the_limit_is_left_out_whole() {
        let mut data = vec![b'a'; SHOWN_BYTES - 1];
        data.extend_from_slice("👋".as_bytes());
        let text = shown(&data);
        assert!(text.ends_with("a… (4 more bytes)"), "{text}");
        let continuation_bytes_only = shown(&[0x80; SHOWN_BYTES + 5]);
        assert!(
            continuation_bytes_only.ends_with(r"\x80… (5 more bytes)"),
            "{continuation_bytes_only}"
        );
    }

    proptest! {
        #[test]
        fn any_payload_is_one_bounded_line_without_controls(data in proptest::collection::vec(any::<u8>(), 0..600)) {
            let text = shown(&data);
            prop_assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
            prop_assert!(text.len() <= SHOWN_BYTES * 4 + "… (65535 more bytes)".len());
        }

        #[test]
        fn short_payloads_that_differ_look_different(
            one in proptest::collection::vec(any::<u8>(), 0..12),
            other in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            prop_assume!(one != other);
            prop_assert_ne!(shown(&one), shown(&other));
        }
    }
}
