//! The words of the lab.

use udp_echo_feed::datagram::Datagram;
pub use udp_echo_feed::words::*;

/// Words of the panel's frame, by the names that `panel.html` asks for.
pub const PANEL: &[(&str, &str)] = &[
    ("lab", "Lab: a link and a server of this session's own"),
    ("preset", "A link like"),
    ("there", "there"),
    ("back", "back"),
    ("listening", "The server listens"),
    ("buffer", "Its buffer holds 4096 bytes"),
    ("echo-empty", "It answers empty datagrams"),
    ("netem", "The same link with tc netem, there and back"),
];

/// Towards the server.
pub const THERE: &str = "there";
/// Towards the client.
pub const BACK: &str = "back";

/// A link of the lab, by its name on the wire.
pub fn preset(name: &str) -> &'static str {
    match name {
        "loopback" => "this machine (no impairment)",
        "wifi" => "office Wi-Fi",
        "mobile" => "mobile",
        "satellite" => "satellite",
        _ => "very bad",
    }
}

/// A number of the lab, by its name in the page's frame.
pub fn field(name: &str) -> &'static str {
    match name {
        "loss" => "loss, %",
        "delay" => "delay, ms",
        "jitter" => "jitter, ± ms",
        "reorder" => "overtake, %",
        "duplicate" => "duplicate, %",
        "corrupt" => "one bit turned over, %",
        _ => "rate, kbit/s (0: any)",
    }
}

/// The link as `tc netem` lines.
pub fn netem(there: &str, back: &str) -> String {
    [there, "\n", back].concat()
}

/// What was typed is no number.
pub fn no_number(text: &str) -> String {
    fill("“□” is no number; the link stays as it was", &[text])
}

/// What was typed is too much.
pub fn out_of_range(text: &str, most: &str) -> String {
    fill(
        "□ is too much: 0 to □ are possible; the link stays as it was",
        &[text, most],
    )
}

/// What the picture is.
pub const PICTURE: &str = "Space-time diagram of the newest datagrams: browser, relay and server from left to right, time \
                           downwards. The transcripts and the list say the same in words.";
/// The lanes of the picture.
pub const LANES: [&str; 3] = ["Browser", "Relay", "Server"];

/// Beside a packet of a capture.
pub(crate) fn capture_comment(datagram: &Datagram) -> String {
    let about = [&number(datagram.number), fate(datagram.fate)];
    fill("datagram □: □", &about) + &fate_detail(datagram)
}
