//! The words of the lab.

pub use udp_echo_feed::words::*;

/// Words of the panel's frame, by the names that `panel.html` asks for.
pub const PANEL: &[(&str, &str)] = &[
    ("lab", "Lab: a link and a server of this session's own"),
    ("preset", "A link like"),
    ("there", "there"),
    ("back", "back"),
    ("server-rules", "The server"),
    ("listening", "listens"),
    ("buffer", "has a buffer of 4096 bytes"),
    ("echo-empty", "answers empty datagrams"),
    ("chance", "Bits and chance"),
    ("no-checksum", "a wrong checksum does not matter"),
    ("seed", "Seed"),
    (
        "seed-note",
        "The same seed gives the same events. Empty: the session's own.",
    ),
    ("reset", "Reset the lab"),
    ("netem", "tc netem"),
    ("netem-what", "the same link on Linux, there and back"),
    ("copy", "Copy"),
];

/// Towards the server.
pub const THERE: &str = "there";
/// Towards the client.
pub const BACK: &str = "back";

/// A link of the lab, by its name on the wire.
pub fn preset(name: &str) -> &'static str {
    match name {
        "loopback" => "this machine",
        "wifi" => "office Wi-Fi",
        "mobile" => "mobile",
        "satellite" => "satellite",
        _ => "very bad",
    }
}

/// Where the numbers of a link come from.
pub fn source(name: &str) -> &'static str {
    match name {
        "" => "A link of your own.",
        "loopback" => "Nothing is added: what you see is this machine itself.",
        "wifi" => {
            "One wireless hop in a quiet room, 2 ms ± 1.5 each way; one frame in a thousand is given up. Our assumption: \
             real offices differ by a factor of ten."
        }
        "mobile" => {
            "12 Mbit/s and 70 ms there and back: WebPageTest's profile “LTE”. Jitter and loss are our assumption."
        }
        "satellite" => {
            "260 ms each way: ITU-T G.114 for a geostationary satellite, 35,786 km up; and 10 ms on the ground. Rates, \
             jitter and loss are our assumption."
        }
        _ => "Everything at once, to look at. It is no measurement.",
    }
}

/// A number of the lab and its unit, by its name in the page's frame.
pub fn field(name: &str) -> (&'static str, &'static str) {
    match name {
        "loss" => ("lost", "%"),
        "burst-start" => ("a burst of losses begins", "%"),
        "burst-end" => ("and ends", "%"),
        "delay" => ("delay", "ms"),
        "jitter" => ("jitter, ±", "ms"),
        "rate" => ("rate, 0 for any", "kbit/s"),
        "limit" => ("queue, 0 for 1000", "datagrams"),
        "reorder" => ("overtakes the others", "%"),
        "duplicate" => ("arrives twice", "%"),
        _ => ("one bit turns over", "%"),
    }
}

/// The link as `tc netem` lines.
pub fn netem(there: &str, back: &str) -> String {
    [there, "\n", back].concat()
}

/// What was typed is no number.
pub fn no_number(text: &str) -> String {
    fill("“□” is no number; the link stays as it was.", &[text])
}

/// What was typed is too much.
pub fn out_of_range(text: &str, most: &str) -> String {
    fill(
        "□ is too much: 0 to □ are possible; the link stays as it was.",
        &[text, most],
    )
}

/// What was typed is no seed.
pub fn no_seed(text: &str) -> String {
    fill(
        "“□” is no seed: a whole number below 2⁶⁴, or nothing; the seed stays as it was.",
        &[text],
    )
}

/// After Copy was pressed.
pub fn copied(done: bool) -> &'static str {
    match done {
        true => "copied",
        false => "selected: copy it with the keyboard",
    }
}
