//! The words of the picture and the strips.

pub use udp_echo_feed::words::*;

use crate::strips::{PERCENTS, Trips};

mod picture;

pub use picture::*;

/// Words of the panel's frame, by the names that `panel.html` asks for.
pub const PANEL: &[(&str, &str)] = &[
    ("picture", "The picture"),
    ("picture-what", "time goes down, slope is delay"),
    ("tools", "Tools of the picture"),
    ("back-step", "◂ Step"),
    ("next-step", "Step ▸"),
    ("pause", "Pause"),
    ("follow", "Follow"),
    ("nearer", "Nearer: fewer datagrams"),
    ("further", "Further away: more datagrams"),
    ("shown", "shown"),
    ("stage", "The picture, for keys"),
    (
        "legend",
        "An arrow arrives; × is lost on the way; strokes that cross change their order; a fork is a duplicate; a dotted \
         bracket is a wait in vain. Times are the relay's. Dashed: the time at one end is not known, and laid half-way. \
         ⋮ is a silence that is left out.",
    ),
    ("strips", "Strips"),
    ("trips", "Round trips"),
    ("trips-what", "one bar a datagram, the newest on the right"),
    ("books", "The books"),
    ("books-what", "every datagram ends in exactly one fate"),
    ("boundaries", "Boundaries"),
    (
        "boundaries-what",
        "the same three messages as datagrams and as a byte stream",
    ),
    ("udp-out", "sent"),
    ("udp-in", "received"),
    ("tcp-out", "written"),
    ("tcp-in", "read"),
    ("three", "Send three both ways"),
];

/// The books: the word for each number, and its name in a feed. The first is the sum of all others.
pub const BOOKS: [(&str, &str); 8] = [
    ("sent", "sent"),
    ("echoed", "echoed"),
    ("lost", "lost"),
    ("dropped", "dropped"),
    ("refused", "refused"),
    ("rejected", "rejected"),
    ("unanswered", "unanswered"),
    ("in flight", "inFlight"),
];

/// The round trips in words.
pub fn trips(trips: &Trips) -> String {
    let mut text = String::new();
    for (percent, micros) in PERCENTS.into_iter().zip(trips.percentiles) {
        if let Some(micros) = micros {
            text.push_str(&fill("p□ □, ", &[&number(percent as u64), &span(micros)]));
        }
    }
    let counts = [trips.answered, trips.without].map(|count| number(count as u64));
    match trips.answered {
        0 => text.push_str("no round trip yet"),
        _ => text.push_str(&fill(
            "of the newest □ round trips, by nearest rank",
            &[&counts[0]],
        )),
    }
    if trips.without > 0 {
        text.push_str(&fill("; □ without an answer, marked ×", &[&counts[1]]));
    }
    text.push_str(". Below the part relay–server, above it browser–relay.");
    text
}

/// In place of a step's sentence when there is none.
pub const HINT: &str = "Step goes through the run, one event at a time. Keys, when the picture has the focus: → next step, ← back, \
                        + nearer, − further, space to pause, End to follow the newest.";

/// The question for a byte stream.
pub const STREAM: &str = "{\"stream\":[\"one\",\"two\",\"three\"]}";

/// What became of the boundaries of datagrams.
pub fn udp_boundaries(sent: u64, received: u64) -> String {
    match (sent, received) {
        (0, _) => "UDP keeps messages apart: one send is one receive, or none.".to_owned(),
        _ => fill(
            "□ sends, □ receives: each datagram is a message of its own.",
            &[&number(sent), &number(received)],
        ),
    }
}

/// What became of the boundaries of writes to a byte stream.
pub fn tcp_boundaries(written: u64, read: u64, is_simulated: bool) -> String {
    let mut text = match written {
        0 => "TCP keeps bytes in order, not messages: a read takes what is there.".to_owned(),
        _ => fill(
            "□ writes, □ read: the bytes are all there, the boundaries are gone.",
            &[&number(written), &number(read)],
        ),
    };
    if is_simulated {
        text.push_str(" Simulated: a real TCP connection needs a live host.");
    }
    text
}
