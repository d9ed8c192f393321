//! Every word that a visitor reads, but for the transcripts' own, which are in [`wire::transcript`].
//!
//! Kept in one place, so that the page can be translated. Sentences say what happened, to which address or setting, and
//! what to do.

use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason};

use crate::session::datagram::Datagram;

/// Words of the page's frame, by the names that `shell.html` asks for.
pub const SHELL: &[(&str, &str)] = &[
    ("widget", "UDP echo, live"),
    ("path", "The way of a datagram"),
    ("browser", "Browser"),
    ("this-page", "this page"),
    ("websocket", "WebSocket"),
    ("relay", "Relay"),
    ("udp", "UDP"),
    ("server", "Echo server"),
    ("message", "Message"),
    ("send", "Send"),
    ("retry", "Try now"),
    ("clear", "Clear"),
    ("client-transcript", "Client"),
    ("client-who", "this page"),
    ("server-transcript", "Server"),
    ("server-who", "the real one"),
    ("datagrams", "Datagrams"),
    ("number", "#"),
    ("bytes", "bytes"),
    ("round-trip", "round trip"),
    ("before", "browser–relay"),
    ("beyond", "relay–server"),
    ("fate", "fate"),
    (
        "no-datagrams",
        "Nothing sent yet. Press Send, or Enter in the message.",
    ),
];
/// Below an empty datagram.
pub const UNANSWERED: &str = "no answer: the server echoes only “if data”, and there is none";
/// Below a lost datagram.
pub const LOST: &str = "no answer in time: it is lost, and nobody sends it again";
/// Below a dropped datagram.
pub const DROPPED: &str = "dropped on its way, and nobody sends it again";
/// Below a second answer.
pub const DUPLICATE: &str = "the same answer once more: a network may deliver twice";
/// Below an answer to nothing that was sent.
pub const STRAY: &str = "this answers nothing that was sent from here";
/// Below a late answer.
pub const LATE: &str = "too late: it counts as lost";

/// Below a datagram that was longer than the server's buffer.
pub fn cut(of: usize) -> String {
    format!(
        "cut: the datagram had {of} bytes, more than the server's buffer holds; the rest is gone"
    )
}

/// In place of the transcript of a server that is not the host's.
pub fn not_our_server(target: &str) -> String {
    format!("“{target}” is not the host's own server: only its answers are seen here")
}

/// The word for a fate, or for none yet.
pub fn fate(fate: Option<Fate>) -> &'static str {
    match fate {
        None => "in flight",
        Some(Fate::Echoed) => "echoed",
        Some(Fate::Lost) => "lost",
        Some(Fate::Dropped) => "dropped",
        Some(Fate::Refused) => "refused",
        Some(Fate::Rejected) => "rejected",
        Some(Fate::Unanswered) => "unanswered",
    }
}

/// The badge of each state.
pub const BADGE_IDLE: &str = "Waiting";
/// The badge while there is no `hello` yet.
pub const BADGE_CONNECTING: &str = "Connecting";
/// The badge after `hello`.
pub const BADGE_LIVE: &str = "Live";
/// The badge without a host.
pub const BADGE_GONE: &str = "Host gone";
/// The badge when the host does not want this page.
pub const BADGE_REFUSED: &str = "Refused";

/// The host took the connection and said nothing.
pub const SILENT: &str = "The connection opened, but no host said hello";
/// The host gave no reason.
pub const REFUSED: &str = "The host does not let this page connect";
/// Send was pressed without a host.
pub const NOT_SENT: &str = "Not sent: there is no host yet. Your message stays here.";
/// The screen reader's name for the message while it is empty.
pub const EMPTY: &str = "an empty datagram: received and logged, but not answered";

/// While connecting.
pub fn connecting(relay: &str) -> String {
    format!("Connecting to {relay}")
}

/// While live.
pub fn live(session: &str, relay: &str, version: &str) -> String {
    format!("Session {session} at {relay}, udp-echo {version}")
}

/// While waiting for the next try.
pub fn gone(why: &str, relay: &str, seconds: u64) -> String {
    match seconds {
        0 => format!("{why} ({relay}). Trying again."),
        _ => format!("{why} ({relay}). Next try in {seconds} s."),
    }
}

/// A connection that was live ended.
pub fn connection_ended(code: u16, reason: &str) -> String {
    match (code, reason) {
        (_, reason) if !reason.is_empty() => format!("The host ended the session: {reason}"),
        (1001, _) => "The host is shutting down".to_owned(),
        (1006, _) => "The connection to the host broke".to_owned(),
        (code, _) => format!("The host ended the session with code {code}"),
    }
}

/// A connection never came to be.
pub fn no_connection(code: u16, reason: &str) -> String {
    match (code, reason) {
        (0, reason) => format!("This browser does not connect: {reason}"),
        (_, reason) if !reason.is_empty() => format!("The host turned this page away: {reason}"),
        (1006, _) => "No host answers".to_owned(),
        (code, _) => format!("The host closed the connection with code {code}"),
    }
}

/// A message of the host makes no sense.
pub fn unreadable(field: &str) -> String {
    format!("The host sent a message that cannot be read: {field} is missing or of another kind")
}

/// The host speaks another version of the protocol.
pub fn other_protocol(protocol: u32, version: &str) -> String {
    format!(
        "The host (udp-echo {version}) speaks version {protocol} of the protocol, this page version 1. Reload the page, or update the host."
    )
}

/// After a reconnect with another UDP port.
pub fn port_changed(before: &str, now: &str) -> String {
    format!("A new session: the system picked another port. It was {before} and is {now}.")
}

/// What happened to datagrams whose session ended.
pub fn lost_with_connection(count: u64) -> String {
    match count {
        1 => "One datagram was on its way when the connection ended. It counts as lost.".to_owned(),
        count => format!(
            "{count} datagrams were on their way when the connection ended. They count as lost."
        ),
    }
}

/// Too much waits in the browser already.
pub fn congested(bytes: u32) -> String {
    format!("Not sent: {bytes} bytes still wait in this browser. UDP would drop here as well.")
}

/// Length of the message that is being written.
pub fn length(characters: usize, bytes: usize) -> String {
    let characters_unit = if characters == 1 {
        "character"
    } else {
        "characters"
    };
    let bytes_unit = if bytes == 1 { "byte" } else { "bytes" };
    format!("{characters} {characters_unit}, {bytes} {bytes_unit}")
}

/// The message does not fit.
pub fn too_long(limit: usize) -> String {
    format!(
        "More than the {limit} bytes that fit into one datagram. Send it and see what the system says."
    )
}

/// What else there is to say about how a datagram ended, with the comma before it.
pub fn fate_detail(datagram: &Datagram) -> String {
    let mut detail = String::new();
    let mut add = |words: &str| {
        detail.push_str(", ");
        detail.push_str(words);
    };
    for Event(_, _, _, what) in &datagram.events {
        match what {
            What::Refused(words) | What::Rejected(words) => add(words),
            What::Cut(_) => add("cut by the server"),
            What::Corrupted(Direction::Up, _) => add("one bit turned over on the way there"),
            What::Corrupted(Direction::Down, _) => add("one bit turned over on the way back"),
            What::Dropped(direction, reason) => add(&dropped(*direction, *reason)),
            What::RelayOut(_, Delivery::Duplicate) => add("answered twice"),
            What::RelayOut(_, Delivery::Late) => add("answered too late"),
            _ => {}
        }
    }
    detail
}

/// Where and why a copy was dropped.
fn dropped(direction: Direction, reason: DropReason) -> String {
    let way = match direction {
        Direction::Up => "on the way there",
        Direction::Down => "on the way back",
    };
    let cause = match reason {
        DropReason::Loss => "lost by the lab",
        DropReason::Checksum => "its checksum failed",
        DropReason::Queue => "the lab's queue was full",
        DropReason::SlowReader => "this page read too slowly",
    };
    [cause, " ", way].concat()
}

/// A span of time that a reader can compare: three digits, in the unit that suits it.
pub fn span(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{}.{:02} ms", micros / 1_000, micros / 10 % 100),
        10_000..100_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
        100_000..10_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// One datagram, read out.
pub fn announce_one(datagram: &Datagram, end: Fate) -> String {
    let number = datagram.number;
    let bytes = datagram.payload.len();
    let word = fate(Some(end));
    match datagram.round_trip() {
        Some(trip) => format!(
            "Datagram {number}, {bytes} bytes: {word} after {}",
            span(trip.total)
        ),
        None => format!("Datagram {number}, {bytes} bytes: {word}"),
    }
}

/// Several datagrams, read out as sums.
pub fn announce_many(total: u64, fates: &[(Fate, u64)]) -> String {
    let mut text = format!("{total} datagrams:");
    for (index, (end, count)) in fates.iter().enumerate() {
        text.push_str(if index == 0 { " " } else { ", " });
        text.push_str(&format!("{count} {}", fate(Some(*end))));
    }
    text
}

/// The way of one datagram, by its stamps.
pub fn way(number: u64) -> String {
    format!("The way of datagram {number}, by the host's clock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_keep_three_digits() {
        let spans = [
            0, 7, 999, 1_000, 1_234, 9_999, 10_000, 12_345, 99_999, 100_000, 1_234_567, 60_000_000,
        ];
        let words = spans.map(span);
        assert_eq!(
            words,
            [
                "0 µs", "7 µs", "999 µs", "1.00 ms", "1.23 ms", "9.99 ms", "10.0 ms", "12.3 ms",
                "99.9 ms", "100 ms", "1234 ms", "60 s"
            ]
        );
    }

    #[test]
    fn counts_agree_with_their_units() {
        assert_eq!(length(1, 1), "1 character, 1 byte");
        assert_eq!(length(1, 4), "1 character, 4 bytes");
        assert_eq!(length(42, 42), "42 characters, 42 bytes");
    }
}
