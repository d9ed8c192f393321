//! The words of the lab.

use super::fill;

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
