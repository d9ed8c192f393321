//! The words of the lab.

use wire::ledger::Fate;

pub use udp_echo_feed::words::*;

/// Words of the panel's frame, by the names that `panel.html` asks for.
pub const PANEL: &[(&str, &str)] = &[
    ("lab", "Make the network worse"),
    ("sliders", "On the way to the server"),
    ("send", "Send 20"),
    ("more", "More: both ways, server, chance, tc netem"),
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
    ("reset", "Back to normal"),
    ("netem", "The same link on Linux, by tc netem"),
    (
        "netem-device",
        "tc changes what leaves a machine. So each way needs a line on the machine where it begins; a second line for the same \
         interface takes the place of the first. For eth0 write the interface that “ip route get ADDRESS” names, with the \
         address of the other machine.",
    ),
    (
        "netem-there",
        "On the relay's machine, for the way to the server:",
    ),
    ("copy-there", "Copy the relay's line"),
    ("netem-back", "On the server's machine, for the way back:"),
    ("copy-back", "Copy the server's line"),
    ("netem-undo", "To undo it, on each of them:"),
    ("copy-undo", "Copy the line that undoes it"),
    (
        "netem-one",
        "With relay and server on one machine, both ways leave through its interface lo. So there is one line for both, which \
         slows down every other program on lo too, this page's WebSocket among them. Better use the sliders there.",
    ),
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

/// A `tc netem` line as one types it: it takes the rights of the administrator.
pub fn netem(line: &str) -> String {
    ["sudo ", line].concat()
}

/// In place of such a line, where the link does nothing.
pub const NETEM_NOTHING: &str = "# nothing to do: this way is left as it is";

/// The line that takes it back.
pub const NETEM_UNDO: &str = "sudo tc qdisc del dev eth0 root";

/// The name of a slider, by its name in the page's frame.
pub fn slider(name: &str) -> &'static str {
    match name {
        "loss" => "Loss",
        "delay" => "Delay",
        "order" => "Order",
        _ => "Duplicates",
    }
}

/// How much is lost.
pub fn loss(ppm: u32, in_bursts: bool) -> String {
    let bursts = match (ppm, in_bursts) {
        (0, true) => return "in bursts".to_owned(),
        (_, true) => ", and bursts",
        (_, false) => "",
    };
    [&share(ppm, "none", [" lost", " lost"]), bursts].concat()
}

/// How long it takes more.
pub fn delay(delay_us: u32, jitter_us: u32) -> String {
    match (delay_us, jitter_us) {
        (0, 0) => "none added".to_owned(),
        (_, 0) => fill("□ ms", &[&decimal(delay_us, 1000)]),
        _ => fill(
            "□ ms ± □",
            &[&decimal(delay_us, 1000), &decimal(jitter_us, 1000)],
        ),
    }
}

/// How many overtake, if there is a delay that they can skip.
pub fn order(ppm: u32, is_without_delay: bool) -> String {
    match (ppm, is_without_delay) {
        (1.., true) => share(ppm, "", [": no effect without a delay"; 2]),
        _ => share(ppm, "kept", [" overtakes", " overtake"]),
    }
}

/// How many arrive twice.
pub fn duplicates(ppm: u32) -> String {
    share(ppm, "none", [" arrives twice", " arrive twice"])
}

/// A share of all datagrams, with what happens to one of them, and to several.
fn share(ppm: u32, none: &str, [one, several]: [&str; 2]) -> String {
    const ALL: u32 = 1_000_000;
    match ppm {
        0 => none.to_owned(),
        ALL => ["all", several].concat(),
        _ if ALL.is_multiple_of(ppm) && ppm >= ALL / 100 => {
            ["1 in ", &number((ALL / ppm).into()), one].concat()
        }
        _ => [&decimal(ppm, 10_000), " %", several].concat(),
    }
}

/// A number of the wire as the reader writes it: in units that each are so many of the wire's.
pub fn decimal(value: u32, scale: u32) -> String {
    let whole = number((value / scale).into());
    let rest = value % scale;
    if rest == 0 {
        return whole;
    }
    // The unit in front keeps the zeros that the rest begins with.
    let mut digits = number((scale + rest).into());
    digits.replace_range(..1, ".");
    while digits.ends_with('0') {
        digits.pop();
    }
    whole + &digits
}

/// The order slider moved, and the delay with it.
pub fn with_delay(order: &str, delay: &str) -> String {
    fill("□, with □ delay", &[order, delay])
}

/// The way back is no longer as it is on a good link.
pub const BACK_NOTE: &str = "The way back has a setting of its own: see More.";

/// How a datagram may end, in the order of the sentence.
pub const ENDS: [(Option<Fate>, &str); 7] = [
    (Some(Fate::Echoed), "echoed"),
    (Some(Fate::Dropped), "lost on the link"),
    (Some(Fate::Lost), "no answer in time"),
    (Some(Fate::Refused), "refused"),
    (Some(Fate::Rejected), "rejected"),
    (Some(Fate::Unanswered), "unanswered"),
    (None, "on the way"),
];
/// Its answer came after that of a later one.
pub const OVERTAKEN: &str = "overtaken";
/// It was answered a second time.
pub const TWICE: &str = "twice";

/// What became of the newest datagrams, without what did not happen.
pub fn effect(total: u64, parts: &[(u64, &str)]) -> String {
    if total == 0 {
        return "Nothing sent yet.".to_owned();
    }
    let mut text = fill("Newest □", &[&number(total)]);
    let mut before = ": ";
    for (count, word) in parts.iter().filter(|(count, _)| *count > 0) {
        text.push_str(before);
        text.push_str(&fill("□ □", &[&number(*count), word]));
        before = ", ";
    }
    text + "."
}

/// One of several messages of one press.
pub fn message(place: u32, of: u32) -> String {
    fill(
        "message □ of □",
        &[&number(place.into()), &number(of.into())],
    )
}

/// What was typed is no number. It is kept apart from the words around it, for it may be written from right to left.
pub fn no_number(text: &str) -> String {
    fill(
        "“\u{2068}□\u{2069}” is no number; the link stays as it was.",
        &[text],
    )
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
        "“\u{2068}□\u{2069}” is no seed: a whole number below 2⁶⁴, or nothing; the seed stays as it was.",
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
