//! Every word of this chunk that a visitor reads, but for the transcripts' own, which are in [`wire::transcript`].

pub use udp_echo_feed::words::{fill, number, span};
use wire::sockets::control::SocketDrop;
use wire::sockets::errno::Errno;

use crate::end::{self, End};
use crate::record::Fate;

/// The badges.
pub const CONNECTING: &str = "Connecting";
/// With a live host.
pub const LIVE: &str = "Live";
/// Without a host.
pub const SIMULATED: &str = "Simulated";
/// The host is no longer there.
pub const GONE: &str = "Host gone";
/// The host does not want this page.
pub const REFUSED: &str = "Refused";

/// A server begins on the machine that this page simulates.
pub const SIMULATED_DETAIL: &str = "No datagram leaves this page: the same rules run inside it, with an address and ports of its own.";

/// With a live host.
pub fn live(address: &str, is_shared: bool) -> String {
    let pattern = match is_shared {
        true => {
            "Your loopback address is □. Other pages and programs of this site share it in this browser."
        }
        false => "Your loopback address is □. Other readers have others.",
    };
    fill(pattern, &[address])
}

/// What else there is to say of a session.
pub fn session(name: &str, version: &str) -> String {
    fill("Session □, udp-echo □", &[name, version])
}

/// While it waits for the next try.
pub fn gone(why: &str, seconds: u64) -> String {
    match seconds {
        0 => fill("□. Trying again.", &[why]),
        _ => fill("□. Next try in □ s.", &[why, &number(seconds)]),
    }
}

/// No session began.
pub const NO_HOST: &str = "No host answers";
/// The session broke.
pub const BROKEN: &str = "The connection to the host broke";
/// A session ended, in the host's words.
pub fn ended(reason: &str) -> String {
    fill("The host ended the session: □", &[reason])
}

/// A message of the host makes no sense.
pub fn unreadable(field: &str) -> String {
    let pattern = "The host sent a message that cannot be read: □ is missing or of another kind";
    fill(pattern, &[field])
}

/// The host speaks another version of the protocol.
pub fn other_protocol(version: &str) -> String {
    let pattern = "The host (udp-echo □) speaks another version of the protocol. Reload the page, or update the host";
    fill(pattern, &[version])
}

/// In a transcript, when the host went away with the socket.
pub const HOST_WENT: &str = "the host is gone, and the socket with it";

/// Below an empty datagram.
pub const EMPTY: &str = "no data, no answer: the server echoes only “if data”";
/// Below a datagram of a port that is not answered.
pub const GUARDED: &str =
    "not answered: a program on this port may answer everything, too, and the two would never stop";

/// Below a datagram that was longer than the server's buffer.
pub fn cut(of: usize) -> String {
    let pattern = "cut: the datagram had □ bytes, more than the buffer holds; the rest is gone";
    fill(pattern, &[&number(of as u64)])
}

/// Two programs answer each other without end.
pub fn looping(peer: &str, times: u32, is_over: bool) -> String {
    let pattern = match is_over {
        true => {
            "This looks like a loop: □ sent □ answers back, one after the other, and each was answered again. A limit of the host ended it."
        }
        false => {
            "This looks like a loop: □ has sent □ answers back, one after the other, and each was answered again. Only a limit of the host ends it."
        }
    };
    fill(pattern, &[peer, &number(times.into())])
}

/// An answer was not sent.
pub fn answer_not_sent(errno: Errno, text: &str) -> String {
    fill("the answer was not sent (□): □", &[name(errno), text])
}

/// What a program prints when `bind` fails.
pub fn traceback(errno: Errno) -> [String; 4] {
    [
        "Traceback (most recent call last):".to_owned(),
        "  File \"server.py\", line 4, in <module>".to_owned(),
        "    sock.bind((\"localhost\", port))".to_owned(),
        exception(errno),
    ]
}

/// What to do about a port that is taken, or not allowed.
pub fn way_out(errno: Errno, port: u16, text: &str) -> String {
    let port = number(port.into());
    match errno {
        Errno::Eaddrinuse => fill(
            "□ Stop that program, or take another port.",
            &[&sentence(
                text,
                &fill("Another socket has bound port □", &[&port]),
            )],
        ),
        Errno::Eacces => fill(
            "□ Take a port from 1024 on.",
            &[&sentence(text, &fill("Port □ is not for pages", &[&port]))],
        ),
        _ => sentence(text, "The port cannot be bound"),
    }
}

/// The host's words as a sentence, or else these.
fn sentence(text: &str, or: &str) -> String {
    let text = if text.is_empty() { or } else { text };
    [text.strip_suffix('.').unwrap_or(text), "."].concat()
}

/// The line that Python ends with when a call fails: the numbers of Linux.
pub fn exception(errno: Errno) -> String {
    let (_, class, of, words) = python(errno);
    [class, ": [Errno ", of, "] ", words].concat()
}

/// The name of an error.
pub fn name(errno: Errno) -> &'static str {
    python(errno).0
}

/// Name, Python's class, number and words of an error; those that these programs cannot meet with pass for an error of input and output.
fn python(errno: Errno) -> (&'static str, &'static str, &'static str, &'static str) {
    const OS: &str = "OSError";
    match errno {
        Errno::Eacces => ("EACCES", "PermissionError", "13", "Permission denied"),
        Errno::Eaddrinuse => ("EADDRINUSE", OS, "98", "Address already in use"),
        Errno::Eaddrnotavail => ("EADDRNOTAVAIL", OS, "99", "Cannot assign requested address"),
        Errno::Econnrefused => (
            "ECONNREFUSED",
            "ConnectionRefusedError",
            "111",
            "Connection refused",
        ),
        Errno::Einval => ("EINVAL", OS, "22", "Invalid argument"),
        Errno::Emfile => ("EMFILE", OS, "24", "Too many open files"),
        Errno::Emsgsize => ("EMSGSIZE", OS, "90", "Message too long"),
        Errno::Enetunreach => ("ENETUNREACH", OS, "101", "Network is unreachable"),
        Errno::Enobufs => ("ENOBUFS", OS, "105", "No buffer space available"),
        Errno::Ebadf => ("EBADF", OS, "9", "Bad file descriptor"),
        Errno::Edestaddrreq => ("EDESTADDRREQ", OS, "89", "Destination address required"),
        _ => ("EIO", OS, "5", "Input/output error"),
    }
}

/// The name of a fate, in events and styles.
pub fn fate(of: Option<Fate>) -> &'static str {
    match of {
        None => "in flight",
        Some(Fate::Delivered) => "delivered",
        Some(Fate::Left) => "left",
        Some(Fate::Dropped(_)) => "dropped",
        Some(Fate::Refused) => "refused",
        Some(Fate::Rejected(_)) => "rejected",
    }
}

/// How the arrow of a datagram ends, for the picture.
pub fn tip(of: Option<Fate>) -> &'static str {
    match of {
        None => "open",
        Some(Fate::Delivered | Fate::Left) => "arrives",
        Some(Fate::Refused | Fate::Dropped(SocketDrop::Unbound)) => "nobody",
        Some(Fate::Dropped(_)) => "lost",
        Some(Fate::Rejected(_)) => "not-sent",
    }
}

/// A fate as a reader sees it.
pub fn fate_words(of: Fate) -> (&'static str, &'static str) {
    match of {
        Fate::Delivered => ("delivered", ""),
        Fate::Left => ("handed over", ", to a program outside"),
        Fate::Dropped(SocketDrop::Unbound) => ("dropped", ", no program has bound the port"),
        Fate::Dropped(SocketDrop::Unreceived) => {
            ("dropped", ", the receiving socket never gave it out")
        }
        Fate::Dropped(SocketDrop::SlowReader) => {
            ("dropped", ", the receiving page reads too slowly")
        }
        Fate::Dropped(SocketDrop::Loss) => ("lost on the link", ""),
        Fate::Dropped(SocketDrop::Checksum) => ("lost on the link", ", its checksum failed"),
        Fate::Dropped(SocketDrop::Queue) => ("lost on the link", ", the queue was full"),
        Fate::Refused => ("refused", ", no program has bound the port"),
        Fate::Rejected(errno) => ("not sent", name_after_comma(errno)),
    }
}

fn name_after_comma(errno: Errno) -> &'static str {
    match errno {
        Errno::Emsgsize => ", too long for a datagram (EMSGSIZE)",
        Errno::Enobufs => ", over the host's limit (ENOBUFS)",
        Errno::Eacces => ", not allowed (EACCES)",
        Errno::Edestaddrreq => ", no destination (EDESTADDRREQ)",
        _ => ", the system refused it",
    }
}

/// In place of an answer's fate.
pub const UNANSWERED_EMPTY: &str = "none: no data";
/// As above, for a port that is not answered.
pub const UNANSWERED_GUARDED: &str = "none: that port is never answered";

/// In a client's table.
pub const WAITING: &str = "waiting";
/// The client has waited long enough.
pub const TIMED_OUT: &str = "timed out";
/// There is none to come.
pub const NO_ANSWER: &str = "none";

/// An answer that came.
pub fn answered(after: u64, bytes: usize, of: usize) -> String {
    let text = fill("after □", &[&span(after)]);
    match bytes == of {
        true => text,
        false => fill("□, □ bytes", &[&text, &number(bytes as u64)]),
    }
}

/// What the server has done: the parts of a sum.
pub fn served_sum(received: u64, answered: u64, empty: u64, guarded: u64) -> String {
    let mut text = fill(
        "□ received = □ answered",
        &[&number(received), &number(answered)],
    );
    for (count, word) in [(empty, "empty"), (guarded, "never answered")] {
        if count > 0 {
            text.push_str(&fill(" + □ □", &[&number(count), word]));
        }
    }
    text
}

/// What became of datagrams that were sent: the parts of a sum.
pub fn fates_sum(what: &str, sent: u64, ends: &[u64; 5]) -> String {
    let what = match sent {
        1 => what.strip_suffix('s').unwrap_or(what),
        _ => what,
    };
    let mut text = fill("□ □", &[&number(sent), what]);
    let ended: u64 = ends.iter().sum();
    let parts = [
        (ends[0], "delivered"),
        (ends[1], "handed over"),
        (ends[2], "dropped"),
        (ends[3], "refused"),
        (ends[4], "not sent"),
        (sent.saturating_sub(ended), "in flight"),
    ];
    let mut sign = " = ";
    for (count, word) in parts {
        if count > 0 {
            text.push_str(sign);
            text.push_str(&fill("□ □", &[&number(count), word]));
            sign = " + ";
        }
    }
    text
}

/// Where a client's datagrams cannot go.
pub fn no_destination(to: &str) -> String {
    let pattern = "There is no destination “□”. It may be localhost:PORT, the name of a target, or an address with a port.";
    fill(pattern, &[to])
}

/// Send was pressed without a session.
pub const NOT_READY: &str = "Not sent: there is no host yet. Your message stays here.";

/// `connect` worked.
pub fn connected(peer: &str) -> String {
    let pattern = "connect(□) sends nothing: it fixes the peer, so the system can report a refusal";
    fill(pattern, &[peer])
}
/// The socket has no peer any more.
pub const DISCONNECTED: &str = "not connected any more: no refusal is reported";

/// The system told a connected socket that nobody has bound the port.
pub const TOLD_LATER: &str = "the system tells it of the datagram before, with the next call";

/// The client's line when it has waited for an answer in vain.
pub fn timed_out(datagram: u64) -> String {
    fill("timed out (datagram □)", &[&number(datagram)])
}
/// Below an answer that came after that.
pub const LATE: &str = "too late: the client had given up";
/// Below something that answers nothing.
pub const STRAY: &str = "this answers nothing that was sent from here";

/// Where a server without a socket is.
pub const NOT_BOUND: &str = "not running: no socket";
/// Where a client sends from, before it has sent.
pub const NO_PORT: &str = "no port yet";

/// A lane of the picture.
pub fn lane(of: End, is_own: bool, is_reachable_loopback: bool) -> String {
    let port = number(of.port().into());
    match (is_own, is_reachable_loopback) {
        (true, _) => fill("this page :□", &[&port]),
        (false, true) => fill(":□", &[&port]),
        (false, false) => end::text(of),
    }
}

/// What became of one that somebody else sent.
pub const CAME: &str = "came";

/// An attribute cannot be what it says.
pub fn bad_attribute(written: &str) -> String {
    [written, " makes no sense and was left out"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_call_reads_as_python_prints_it() {
        assert_eq!(
            traceback(Errno::Eaddrinuse)[3],
            "OSError: [Errno 98] Address already in use"
        );
        assert_eq!(
            exception(Errno::Econnrefused),
            "ConnectionRefusedError: [Errno 111] Connection refused"
        );
    }

    #[test]
    fn a_way_out_stands_below_the_hosts_own_words() {
        assert_eq!(
            way_out(Errno::Eaddrinuse, 10_000, ""),
            "Another socket has bound port 10000. Stop that program, or take another port."
        );
        assert_eq!(
            way_out(
                Errno::Eaddrinuse,
                10_000,
                "A service of this machine has bound port 10000."
            ),
            "A service of this machine has bound port 10000. Stop that program, or take another port."
        );
    }

    #[test]
    fn sums_name_only_what_there_is() {
        assert_eq!(served_sum(3, 2, 1, 0), "3 received = 2 answered + 1 empty");
        assert_eq!(
            fates_sum("answers", 4, &[2, 1, 0, 0, 0]),
            "4 answers = 2 delivered + 1 handed over + 1 in flight"
        );
        assert_eq!(fates_sum("sent", 0, &[0; 5]), "0 sent");
    }
}
