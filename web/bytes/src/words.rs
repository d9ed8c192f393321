//! Every word of this chunk that a visitor reads.

pub use udp_echo_feed::words::number;
use udp_echo_feed::words::{fate_word, fill};
use wire::ledger::Fate;
use wire::limits::{MAX_UNFRAGMENTED_BYTES, TUTORIAL_BUFFER_BYTES};
use wire::link::Direction;

use crate::hex::print_dense;
use crate::lines::{MAX_PIPED_BYTES, No};
use crate::notation::{Broken, Reason};
use crate::size::{DNS, DNS_FLAG_DAY, MACOS, MTU, Ruler};
use crate::stage::{FlippedBit, Stage};

/// Words of the frame, by the names that `panel.html` asks for.
pub const SHELL: &[(&str, &str)] = &[
    ("bytes", "Bytes"),
    ("bytes-title", "Bytes"),
    ("bytes-about", "of the message, to be written either way"),
    ("hex", "Hex"),
    ("text", "Text"),
    (
        "escapes",
        "Escapes: \\n  \\x00  \\u{1F642}  \\\\ . Bytes that are no UTF-8 stand as \\xff and stay what they are.",
    ),
    ("earlier", "Earlier bytes"),
    ("later", "Later bytes"),
    ("random", "Random bytes"),
    ("fill", "Fill"),
    ("file", "From a file"),
    ("ruler-title", "Size"),
    (
        "ruler-about",
        "and the share of datagrams that arrives whole",
    ),
    ("size", "Payload bytes"),
    ("loss", "Loss of each fragment, %"),
    ("send-size", "Send"),
    ("slider", "Payload size"),
    ("marks", "Sizes that matter"),
    ("shown-title", "On the wire"),
    ("shown-about", "header and payload"),
    ("stage", "Which bytes"),
    ("payload-table", "Payload: offset, hex, text"),
    ("header", "UDP header, 8 bytes (RFC 768)"),
    ("payload", "Payload"),
    ("copy", "Copy these bytes, or a command that sends them"),
];

/// The name of what can be looked at.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft => "as written",
        Stage::Sent => "as sent",
        Stage::Answer => "as it came back",
    }
}

/// What can be copied, in the order of [`crate::lines::FORMS`].
pub const LINES: [&str; 5] = [
    "Python literal",
    "Python",
    "printf, nc",
    "printf, socat",
    "xxd, nc",
];

/// The button that copies.
pub const COPY: &str = "Copy";
/// After it was pressed.
pub const COPIED: &str = "Copied";
/// When the browser does not let the page copy.
pub const NOT_COPIED: &str =
    "This browser does not let the page copy. The line is selected: press Ctrl+C, or ⌘C.";

/// The name of a button that copies.
pub fn copy(form: &str) -> String {
    fill("Copy: □", &[form])
}

/// A number in groups of three digits.
pub fn grouped(n: usize) -> String {
    let digits = number(n as u64);
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun.
fn count(n: usize, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    [&grouped(n), " ", noun].concat()
}

/// A number of bytes.
pub fn bytes(n: usize) -> String {
    count(n, "byte", "bytes")
}

/// A number of fragments.
pub fn fragments(n: u32) -> String {
    count(n as usize, "fragment", "fragments")
}

/// Length of the message.
pub fn length(characters: usize, of: usize) -> String {
    fill(
        "□, □",
        &[&count(characters, "character", "characters"), &bytes(of)],
    )
}

/// Which part of the message the fields hold.
pub fn page(from: usize, to: usize, of: usize) -> String {
    fill(
        "Bytes □ to □ of □",
        &[&grouped(from), &grouped(to), &grouped(of)],
    )
}

/// Beside the length of a message that no datagram carries.
pub fn too_long(limit: usize) -> String {
    fill(
        "More than the □ that fit into one datagram. Send it and see what the system says.",
        &[&grouped(limit)],
    )
}

/// Beside the length of an empty message.
pub const EMPTY: &str = "an empty datagram: received and logged, but not answered";

/// Why what stands in a field cannot be read.
pub fn broken(broken: Broken) -> String {
    let place = match broken.lines {
        1 => fill("Character □", &[&number(broken.column as u64)]),
        _ => fill(
            "Line □, character □",
            &[&number(broken.line as u64), &number(broken.column as u64)],
        ),
    };
    let character = broken.character.map(String::from).unwrap_or_default();
    let why = match broken.reason {
        Reason::NoHex => "is no hex digit; digits are 0 to 9 and a to f",
        Reason::OneDigit => "has no second digit; a byte has two",
        Reason::NoDigits => "has no hex digits behind it",
        Reason::NoEscape => "begins no escape; a backslash itself is \\\\",
        Reason::TwoDigits => "begins \\x, which takes two hex digits, as in \\x0a",
        Reason::Braces => {
            "begins \\u, which takes one to six hex digits in braces, as in \\u{1F642}"
        }
        Reason::NoCharacter => "begins \\u with a number that no character has",
    };
    fill(
        "□, “□”, □. The message stays as it was.",
        &[&place, &character, why],
    )
}

/// The number of random bytes is none.
pub fn no_count(limit: usize) -> String {
    fill(
        "A whole number from 0 to □, please. The message stays as it was.",
        &[&grouped(limit)],
    )
}

/// A file was chosen that is too long. Names of files may be written from right to left, and are kept apart from the words around.
pub fn file_too_long(name: &str, size: usize, limit: usize) -> String {
    fill(
        "“\u{2068}□\u{2069}” has □; one datagram carries □ at most. The file was not read, and the message stays as it was.",
        &[name, &bytes(size), &bytes(limit)],
    )
}

/// A file was chosen and cannot be read.
pub fn file_unreadable(name: &str) -> String {
    fill(
        "“\u{2068}□\u{2069}” cannot be read. Is it still there? The message stays as it was.",
        &[name],
    )
}

/// A file was read.
pub fn file_read(name: &str, size: usize) -> String {
    fill("“\u{2068}□\u{2069}”: □", &[name, &bytes(size)])
}

/// What a mark of the ruler means, and who says so.
pub fn mark(size: usize, ruler: Ruler) -> (&'static str, &'static str) {
    match size {
        DNS => ("DNS without extensions", "RFC 1035"),
        DNS_FLAG_DAY => ("DNS since the flag day", "1280 − 40 − 8, 2020"),
        MAX_UNFRAGMENTED_BYTES => ("one Ethernet frame", "1500 − 20 − 8, RFC 894"),
        TUTORIAL_BUFFER_BYTES => ("the tutorial's buffer", "recvfrom(4096)"),
        MACOS => ("the most macOS sends unasked", "net.inet.udp.maxdgram"),
        _ if size == ruler.limit && ruler.is_ipv6 => {
            ("the most that fits, IPv6", "65535 − 8, RFC 8200")
        }
        _ if size == ruler.limit => ("the most that fits, IPv4", "65535 − 20 − 8, RFC 791"),
        _ => ("one byte too many", "the system refuses"),
    }
}

/// A chance.
pub fn percent(percent: f64) -> String {
    let tenths = (percent * 10.0 + 0.5) as u64;
    match tenths {
        0 if percent > 0.0 => "< 0.1 %".to_owned(),
        1000 if percent < 100.0 => "> 99.9 %".to_owned(),
        _ => fill("□.□ %", &[&number(tenths / 10), &number(tenths % 10)]),
    }
}

/// What becomes of a size.
pub fn odds(size: usize, ruler: Ruler, arrive: f64) -> String {
    if size > ruler.limit {
        return fill("□: more than one datagram carries", &[&bytes(size)]);
    }
    let pieces = ruler.fragments(size);
    let family = if ruler.is_ipv6 { "IPv6" } else { "IPv4" };
    fill(
        "□: □ over □ at MTU □, □ arrive whole",
        &[
            &bytes(size),
            &fragments(pieces),
            family,
            &number(MTU as u64),
            &percent(arrive),
        ],
    )
}

/// Beside a chance.
pub fn arrive(chance: &str) -> String {
    fill("□ arrive", &[chance])
}

/// In place of a chance, where nothing arrives.
pub const NEVER: &str = "–";

/// The loss that was typed is none.
pub const NO_LOSS: &str = "A number from 0 to 100, please; until then the loss stays as it was.";

/// The size that was typed is none.
pub const NO_SIZE: &str = "A whole number on this ruler, please; the message stays as it was.";

/// What the host said about a datagram that it did not send.
pub fn rejected(number_of: u64, size: usize, reason: &str) -> String {
    fill(
        "Datagram □, □, was rejected: □",
        &[&number(number_of), &bytes(size), reason],
    )
}

/// Which bytes are shown, and how many.
pub fn shown(datagram: Option<u64>, size: usize) -> String {
    match datagram {
        Some(of) => fill("Datagram □: □", &[&number(of), &bytes(size)]),
        None => fill("The message: □", &[&bytes(size)]),
    }
}

/// A datagram has no answer to show.
pub fn no_answer(end: Option<Fate>) -> String {
    fill("No answer to show: □.", &[fate_word(end)])
}

/// Nothing was sent yet.
pub const NOTHING_SENT: &str = "Nothing was sent yet.";

/// No address is known.
pub const NO_ADDRESS: &str = "Ports and checksum are known once there is a host.";

/// No datagram carries so much.
pub fn no_header(size: usize, limit: usize) -> String {
    fill(
        "No header can be written: □ do not fit, □ do.",
        &[&bytes(size), &grouped(limit)],
    )
}

/// What the checksum covers.
pub fn covers(source: &str, destination: &str, length: u16) -> String {
    let length = number(length.into());
    fill(
        "The checksum covers header, payload and the pseudo-header: □ → □, protocol 17, length □.",
        &[source, destination, &length],
    )
}

/// The name of a field of the header, of which there are four, and its value.
pub fn field(index: usize, value: u16) -> (&'static str, String) {
    let decimal = number(value.into());
    match index {
        0 => ("source port", decimal),
        1 => ("destination port", decimal),
        2 => {
            let payload = number(value.saturating_sub(8).into());
            ("length", fill("□ = 8 + □", &[&decimal, &payload]))
        }
        _ => {
            let digits = print_dense(&value.to_be_bytes());
            ("checksum", ["0x", &digits].concat())
        }
    }
}

/// The checksum does not fit what arrived.
pub fn misfit(arrived: u16) -> String {
    fill(
        "What arrived would need the checksum 0x□: a receiver sees that a bit is wrong, not which.",
        &[&print_dense(&arrived.to_be_bytes())],
    )
}

/// A bit was turned over.
pub fn turned(of: FlippedBit) -> String {
    let way = match of.way {
        Direction::Up => "there",
        Direction::Down => "back",
    };
    fill(
        "Byte □, bit □ turned over on the way □: □ became □.",
        &[
            &grouped(of.byte),
            &number(of.bit().into()),
            way,
            &byte(of.before),
            &byte(of.after()),
        ],
    )
}

/// A byte in hex and in binary.
fn byte(of: u8) -> String {
    let mut out = print_dense(&[of]);
    out.push_str(" (");
    for bit in (0..8).rev() {
        out.push(if of >> bit & 1 == 1 { '1' } else { '0' });
    }
    out.push(')');
    out
}

/// Bytes were cut away.
pub fn cut(kept: usize, gone: usize) -> String {
    fill(
        "Cut: the server's buffer took □; the last □ are gone, and no answer has them.",
        &[&bytes(kept), &bytes(gone)],
    )
}

/// What a mark in the dump means, where a pointer rests on it.
pub const TURNED_BYTE: &str = "a bit of this byte was turned over";
/// As above.
pub const CUT_BYTE: &str = "cut away";

/// Why there is no line to copy.
pub fn no_line(no: No) -> String {
    match no {
        No::Server => "once there is a host".to_owned(),
        No::Empty => {
            "nc and socat send nothing when they read nothing; Python sends empty datagrams"
                .to_owned()
        }
        No::Long => fill(
            "a pipe carries □ bytes at a time, so that this would become several datagrams; Python sends it whole",
            &[&grouped(MAX_PIPED_BYTES)],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hex, size};

    #[test]
    fn numbers_come_in_groups() {
        assert_eq!(
            [0, 999, 1000, 65_507].map(grouped),
            ["0", "999", "1,000", "65,507"]
        );
    }

    #[test]
    fn chances_round_to_a_tenth_and_never_to_certainty() {
        let odds = [100.0, 99.99, 99.0, size::odds(45, 1.0), 0.01, 0.0].map(percent);
        assert_eq!(
            odds,
            [
                "100.0 %", "> 99.9 %", "99.0 %", "63.6 %", "< 0.1 %", "0.0 %"
            ]
        );
    }

    #[test]
    fn every_size_is_one_sentence() {
        let ruler = Ruler::default();
        let largest = odds(65_507, ruler, size::odds(45, 1.0));
        assert_eq!(
            largest,
            "65,507 bytes: 45 fragments over IPv4 at MTU 1500, 63.6 % arrive whole"
        );
        assert_eq!(
            odds(65_508, ruler, 0.0),
            "65,508 bytes: more than one datagram carries"
        );
        assert_eq!(
            odds(1, ruler, 99.0),
            "1 byte: 1 fragment over IPv4 at MTU 1500, 99.0 % arrive whole"
        );
        let marks = ruler.marks().map(|size| mark(size, ruler).0);
        let mut once = marks.to_vec();
        once.dedup();
        assert_eq!(once.len(), marks.len(), "{marks:?}");
    }

    #[test]
    fn broken_hex_is_told_by_place_and_character() {
        let sentence = broken(hex::parse("54 6g").unwrap_err());
        let expected = "Character 5, “g”, is no hex digit; digits are 0 to 9 and a to f. The message stays as it was.";
        assert_eq!(sentence, expected);
        let sentence = broken(hex::parse("54\n6").unwrap_err());
        assert!(
            sentence.starts_with("Line 2, character 1, “6”, has no second digit"),
            "{sentence}"
        );
    }

    #[test]
    fn a_turned_bit_is_shown_in_hex_and_binary() {
        let of = FlippedBit {
            byte: 1,
            mask: 8,
            way: Direction::Up,
            before: 0x62,
        };
        let expected =
            "Byte 1, bit 3 turned over on the way there: 62 (01100010) became 6a (01101010).";
        assert_eq!(turned(of), expected);
    }
}
