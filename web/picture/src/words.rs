//! The words of the picture and the strips.

pub use udp_echo_feed::words::*;

use crate::strips::Trips;

mod picture;

pub use picture::*;

/// Words of the panel's frame, by the names that `panel.html` asks for.
pub const PANEL: &[(&str, &str)] = &[
    ("picture", "The picture"),
    (
        "picture-what",
        "time runs down; the steeper an arrow, the longer it took",
    ),
    ("tools", "Tools of the picture"),
    ("back-step", "◂ Step"),
    ("next-step", "Step ▸"),
    ("pause", "Pause"),
    ("follow", "Follow"),
    ("nearer", "Fewer datagrams, drawn larger"),
    ("further", "More datagrams, drawn smaller"),
    ("shown", "shown"),
    ("stage", "The picture, for keys"),
    ("legend", "What the signs of the picture mean"),
    ("strips", "Figures"),
    ("trips", "Round trips"),
    ("trips-what", "one bar a datagram, the newest on the right"),
    ("books", "What became of them"),
    ("books-what", "every datagram ends in exactly one way"),
    ("boundaries", "Message boundaries"),
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

/// What the signs of the picture mean, in the order of the legend.
pub const LEGEND: [&str; 9] = [
    "arrives",
    "lost on the link",
    "order changes",
    "comes twice",
    "waits in the link's queue",
    "no answer in time",
    "time at one end assumed",
    "from or to the page; its time is not drawn",
    "time left out",
];

/// The ledger: the word for each number, and its name in a feed. The first is the sum of all others.
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

/// A number of the ledger as a reader sees it, by its name.
pub fn book(name: &str) -> &str {
    match fate_named(name) {
        None => name,
        of => fate_word(of),
    }
}

/// The round trips in words.
pub fn trips(trips: &Trips) -> String {
    let mut text = String::new();
    match (trips.answered, trips.percentiles) {
        (0, _) => text.push_str("No round trip yet."),
        (1, _) => text.push_str(&fill("The round trip took □.", &[&span(trips.longest)])),
        (_, Some([half, nearly_all, most])) => text.push_str(&fill(
            "Half took under □ (p50), 95 of 100 under □ (p95), 99 of 100 under □ (p99).",
            &[half, nearly_all, most]
                .map(span)
                .each_ref()
                .map(String::as_str),
        )),
        (_, None) => text.push_str(&fill("Half took under □.", &[&span(trips.half)])),
    }
    if trips.without > 0 {
        let without = number(trips.without as u64);
        text.push_str(&fill(" × marks the □ without an answer.", &[&without]));
    }
    if trips.answered > 0 {
        text.push_str(" Dark: relay to server. Light: browser to relay.");
    }
    text
}

/// In place of a step's sentence when there is none.
pub const HINT: &str = "Step shows the run one event at a time. Keys, when the picture has the focus: → next step, ← back, + fewer \
                        datagrams, − more, Space pauses, End follows the newest.";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_told_in_words_and_percentiles_only_of_many() {
        let mut of = Trips::default();
        assert_eq!(trips(&of), "No round trip yet.");
        (of.answered, of.longest, of.half) = (1, 681_451, 681_451);
        assert_eq!(
            trips(&of),
            "The round trip took 681 ms. Dark: relay to server. Light: browser to relay."
        );
        (of.answered, of.half, of.without) = (2, 18_900, 3);
        assert_eq!(
            trips(&of),
            "Half took under 18.9 ms. × marks the 3 without an answer. Dark: relay to server. Light: browser to relay."
        );
        (of.answered, of.without) = (20, 0);
        of.percentiles = Some([10_000, 19_000, 681_451]);
        assert_eq!(
            trips(&of),
            "Half took under 10.0 ms (p50), 95 of 100 under 19.0 ms (p95), 99 of 100 under 681 ms (p99). Dark: relay to \
             server. Light: browser to relay."
        );
    }
}
