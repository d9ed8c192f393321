//! Every word that a visitor reads, but for the transcripts' own, which are in [`wire::transcript`].
//!
//! Kept in one place, so that the page can be translated. Sentences say what happened, to which address or setting, and
//! what to do.

use udp_echo_feed::datagram::Datagram;
use wire::ledger::Fate;

pub use udp_echo_feed::words::*;

/// Words of the page's frame, by the names that `shell.html` asks for.
pub const SHELL: &[(&str, &str)] = &[
    ("widget", "UDP echo, live"),
    ("about", "About this session"),
    ("path", "The path of a datagram"),
    ("browser", "Browser"),
    ("this-page", "this page"),
    ("hop", "browser,"),
    ("relay", "Relay, your UDP client"),
    ("udp", "UDP"),
    ("server", "Echo server"),
    ("message", "Message"),
    ("send", "Send"),
    ("mishaps", "Send with a mishap"),
    ("lose", "Lose it"),
    ("hold", "Reorder it"),
    ("double", "Double it"),
    ("retry", "Try now"),
    ("simulate", "Continue simulated"),
    ("clear", "Clear"),
    ("save", "Save capture"),
    ("target", "Server"),
    ("client-transcript", "Client"),
    ("client-who", "this page"),
    ("server-transcript", "Server"),
    ("link-transcript", "Link"),
    ("link-what", "what the link did"),
    ("datagrams", "Datagrams"),
    ("number", "#"),
    ("bytes", "bytes"),
    ("round-trip", "round trip"),
    ("before", "browser–relay"),
    ("beyond", "relay–server"),
    ("fate", "what became of it"),
    (
        "no-datagrams",
        "Nothing sent yet. Press Send, or Enter in the message.",
    ),
];

/// The numbers in [`crate::view::View::sum`], each by its name and its word; the first is the sum of all others.
pub const SUM: &[(&str, &str)] = &[
    ("sent", "sent"),
    ("echoed", "echoed"),
    ("lost", "no answer in time"),
    ("dropped", "lost on the link"),
    ("refused", "refused"),
    ("rejected", "rejected"),
    ("unanswered", "unanswered"),
    ("in flight", "in flight"),
];
/// The numbers in [`crate::view::View::beside`], likewise.
pub const BESIDE: &[(&str, &str)] = &[
    ("duplicates", "answered twice"),
    ("reordered", "out of order"),
    ("late", "answered too late"),
    ("truncated", "cut"),
    ("stray", "stray answers"),
];
/// The stamps in [`crate::view::View::stamps`], likewise.
pub const STAMPS: &[(&str, &str)] = &[
    ("at the relay", "at the relay"),
    ("sent as UDP", "sent as UDP"),
    ("at the server", "at the server"),
    ("answered", "answered"),
    ("back at the relay", "back at the relay"),
    ("on to the browser", "on to the browser"),
];

/// The badge of each state.
pub const BADGE_IDLE: &str = "Waiting";
/// The badge while there is no `hello` yet.
pub const BADGE_CONNECTING: &str = "Connecting";
/// The badge after `hello`.
pub const BADGE_LIVE: &str = "Live";
/// The same, where datagrams may take another lane than the WebSocket.
pub fn live_over(lane: &str) -> String {
    fill("□ over □", &[BADGE_LIVE, lane])
}
/// The lane that there always is.
pub const WEBSOCKET: &str = "WebSocket";
/// The badge without a host.
pub const BADGE_GONE: &str = "Host gone";
/// The badge when the host does not want this page.
pub const BADGE_REFUSED: &str = "Refused";

/// The badge while the simulated host stands in.
pub const BADGE_SIMULATED: &str = "Simulated";
/// The badge while a recording is shown.
pub const BADGE_REPLAY: &str = "Recorded";
/// Which server the transcript is of: the host's, a standing-in one, or one of the past.
pub const SERVER_REAL: &str = "the real one";
/// As above, while the simulated host stands in.
pub const SERVER_SIMULATED: &str = "simulated in this page";
/// As above, while a recording is shown.
pub const SERVER_RECORDED: &str = "recorded";
/// Send was pressed while a recording is shown.
pub const RECORDED: &str = "Not sent: this is a recorded run. Live or simulated, it would send.";
/// What to do where there is no recording.
pub const RECORDING_HINT: &str = "src=\"run.json\", or <script type=\"application/json\"> inside the element, with what its export() gave";

/// Something took the connection, and nothing came of it.
pub const SILENT: &str = "Something took the connection, but no host said hello";
/// Send was pressed without a host.
pub const NOT_SENT: &str = "Not sent: there is no host yet. Your message stays here.";
/// Beside the length of an empty message.
pub const EMPTY: &str = "an empty datagram: received and logged, but not answered";

/// Below an empty datagram, on the server's side.
pub const UNANSWERED: &str = "no data, no answer: the server echoes only “if data”";
/// Below a datagram from a port that is never answered.
pub const GUARDED: &str = "not answered: what listens on that port may answer everything, too";
/// Below a datagram whose answer the system did not take.
pub const NOT_TAKEN: &str = "not answered: the system did not take the answer";
/// Below an answer to nothing that was sent.
pub const STRAY: &str = "this answers nothing that was sent from here";

/// The client's line when it has waited in vain: a client cannot know why.
pub fn timed_out(number: u64) -> String {
    about(number, "timed out (datagram □)")
}

/// Below an answer that came after that.
pub fn late(number: u64) -> String {
    about(number, "too late: datagram □ had timed out")
}

/// What the link did to a datagram, and on which way.
pub fn link_line(of: u64, (did, way): (&str, &str)) -> String {
    fill("datagram □: □□", &[&number(of), did, way])
}

/// The link made two of one.
pub const DOUBLED: &str = "doubled";
/// The answer came after the answer to a later datagram.
pub const OVERTAKEN: (&str, &str) = ("overtaken", " by a later one");

fn about(of: u64, pattern: &str) -> String {
    fill(pattern, &[&number(of)])
}

/// Below a datagram that was longer than the server's buffer.
pub fn cut(of: usize) -> String {
    let pattern =
        "cut: the datagram had □ bytes, more than the server's buffer holds; the rest is gone";
    fill(pattern, &[&number(of as u64)])
}

/// In the server's transcript while its socket is closed.
pub fn not_bound(server: &str) -> String {
    fill("not running: nobody has bound □", &[server])
}

/// In the client's transcript, when its socket was connected.
pub const CONNECTED: &str =
    "connect() sends nothing. It fixes the peer, so the system can report “Connection refused”.";
/// In the client's transcript, when its socket is no longer connected.
pub const UNCONNECTED: &str = "not connected: on Linux, no refusal is reported.";

/// In place of the transcript of a server that is not the host's.
pub fn not_our_server(target: &str) -> String {
    fill(
        "“□” is not part of this host, so only its answers are seen here",
        &[target],
    )
}

/// What it is all about, in one sentence; and whatever else there is to say.
pub fn introduction(more: &str) -> String {
    let what =
        "A datagram is one message, sent on its own; an echo is the same message, sent back.";
    match more {
        "" => what.to_owned(),
        more => [what, " ", more].concat(),
    }
}

/// While live.
pub fn live(session: &str, relay: &str, version: &str) -> String {
    fill("Session □ at □, udp-echo □", &[session, relay, version])
}

/// While the simulated host stands in.
pub fn simulated(why: &str) -> String {
    let rule = "No datagram leaves this page: the same rules run inside it.";
    match why {
        "" => rule.to_owned(),
        why => [rule, " ", why.strip_suffix('.').unwrap_or(why), "."].concat(),
    }
}

/// While a recording is shown.
pub fn replay(version: &str, simulated: bool) -> String {
    let of = if simulated {
        "a simulated run"
    } else {
        "a real run"
    };
    ["A recording of ", of, ", made with udp-echo ", version].concat()
}

/// An attribute cannot be what it says.
pub fn bad_attribute(written: &str) -> String {
    [written, " makes no sense and was left out"].concat()
}

/// What an author does about a host that does not answer.
pub fn no_host_hint(relay: &str) -> String {
    ["start udp-echo at ", relay, ", or write mode=\"simulated\""].concat()
}

/// There is no recording where one should be.
pub fn no_recording(source: &str) -> String {
    match source {
        "" => "There is no recorded run inside the element, and no src".to_owned(),
        source => ["The recorded run ", source, " cannot be loaded"].concat(),
    }
}

/// A recording cannot be read.
pub fn unreadable_recording(source: &str, field: &str) -> String {
    let pattern = "The recorded run □ cannot be read: □ is missing or of another kind";
    let source = if source.is_empty() {
        "inside the element"
    } else {
        source
    };
    fill(pattern, &[source, field])
}

/// While waiting for the next try.
pub fn gone(why: &str, relay: &str, seconds: u64) -> String {
    match seconds {
        0 => fill("□ (□). Trying again.", &[why, relay]),
        _ => fill("□ (□). Next try in □ s.", &[why, relay, &number(seconds)]),
    }
}

/// A connection that was live ended.
pub fn connection_ended(code: u16, reason: &str) -> String {
    match code {
        _ if !reason.is_empty() => fill("The host ended the session: □", &[reason]),
        1001 => "The host is shutting down".to_owned(),
        1006 => "The connection to the host broke".to_owned(),
        _ => fill(
            "The host ended the session with code □",
            &[&number(code.into())],
        ),
    }
}

/// A connection never came to be.
pub fn no_connection(code: u16, reason: &str) -> String {
    match code {
        0 => fill("This browser does not connect: □", &[reason]),
        _ if !reason.is_empty() => fill("The host turned this page away: □", &[reason]),
        1006 => "No host answers".to_owned(),
        _ => fill(
            "The host closed the connection with code □",
            &[&number(code.into())],
        ),
    }
}

/// A message of the host makes no sense.
pub fn unreadable(field: &str) -> String {
    let pattern = "The host sent a message that cannot be read: □ is missing or of another kind";
    fill(pattern, &[field])
}

/// What a page asks of a host makes no sense.
pub fn unaskable(field: &str) -> String {
    let pattern = "Not asked: □ in the message is missing, unknown or of another kind";
    fill(pattern, &[field])
}

/// The host speaks another version of the protocol.
pub fn other_protocol(protocol: u32, version: &str) -> String {
    let pattern = "The host (udp-echo □) speaks version □ of the protocol, this page version 1. \
                   Reload the page, or update the host.";
    fill(pattern, &[version, &number(protocol.into())])
}

/// After a reconnect with another UDP port.
pub fn port_changed(before: &str, now: &str) -> String {
    let pattern = "A new session: the system picked another port. It was □ and is □.";
    fill(pattern, &[before, now])
}

/// What happened to datagrams whose session ended.
pub fn open_at_the_end(count: u64) -> String {
    about(count, "Without an answer when the connection ended: □")
}

/// Too much waits in the browser already.
pub fn congested(bytes: u32) -> String {
    let pattern = "Not sent: □ bytes still wait in this browser. UDP would drop here as well.";
    fill(pattern, &[&number(bytes.into())])
}

/// Length of the message that is being written.
pub fn length(characters: usize, bytes: usize) -> String {
    let pattern = match (characters, bytes) {
        (1, 1) => "□ character, □ byte",
        (1, _) => "□ character, □ bytes",
        _ => "□ characters, □ bytes",
    };
    fill(
        pattern,
        &[&number(characters as u64), &number(bytes as u64)],
    )
}

/// The message is no text.
pub fn only_bytes(bytes: usize) -> String {
    fill(
        "□ bytes that are no text; typing replaces them",
        &[&number(bytes as u64)],
    )
}

/// The message does not fit.
pub fn too_long(limit: usize) -> String {
    let pattern =
        "More than the □ bytes that fit into one datagram. Send it and see what the system says.";
    fill(pattern, &[&number(limit as u64)])
}

/// One datagram, read out.
pub fn announce_one(datagram: &Datagram, end: Fate) -> String {
    let about = [
        &number(datagram.number),
        &number(datagram.payload.len() as u64),
        fate_word(Some(end)),
    ];
    let announcement = fill("Datagram □, □ bytes: □", &about);
    match datagram.round_trip() {
        Some(trip) => fill("□ after □", &[&announcement, &span(trip.total)]),
        None => announcement,
    }
}

/// Several datagrams, read out as sums.
pub fn announce_many(total: u64, fates: &[(Fate, u64)]) -> String {
    let mut text = fill("□ datagrams", &[&number(total)]);
    for (end, count) in fates {
        text.push_str(&fill(", □ □", &[&number(*count), fate_word(Some(*end))]));
    }
    text
}

/// The way of one datagram, by its stamps.
pub fn way(of: u64) -> String {
    about(of, "Datagram □: time since it reached the relay")
}

/// A stamp on that way.
pub fn stamp(since: Option<u64>) -> String {
    since.map_or_else(|| "–".to_owned(), span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_units() {
        assert_eq!(length(0, 0), "0 characters, 0 bytes");
        assert_eq!(length(1, 1), "1 character, 1 byte");
        assert_eq!(length(1, 4), "1 character, 4 bytes");
        assert_eq!(length(42, 42), "42 characters, 42 bytes");
    }
}
