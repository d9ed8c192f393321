//! The words of the picture.

use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason};

use crate::sketch::Sign;
use crate::steps::{Step, overtaken};
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::words::{fate_detail, fate_word, fill, number};

/// Names of the lanes.
pub const LANES: [&str; 3] = ["Browser", "Relay", "Echo server"];

/// A sign and the word beside it.
pub fn sign(sign: Sign) -> (&'static str, &'static str) {
    match sign {
        Sign::Lost => ("×", "lost"),
        Sign::Checksum => ("×", "bad checksum"),
        Sign::QueueFull => ("×", "queue full"),
        Sign::SlowReader => ("×", "page too slow"),
        Sign::Hop => ("×", "browser's hop"),
        Sign::Refused => ("⊘", "refused"),
        Sign::Rejected => ("!", "rejected"),
        Sign::Unanswered => ("∅", "no answer"),
        Sign::Cut => ("✂\u{fe0e}", "cut"),
        Sign::Bit => ("≠", "bit turned"),
        Sign::Twice => ("‖", "twice"),
        Sign::Late => ("»", "late"),
        Sign::Overtaken => ("⇅", "out of order"),
        Sign::TimedOut => ("◷", "timed out"),
    }
}

/// Numbers beside a lane: neighbours as a range, and no more than fits there.
pub fn numbers(numbers: &[u64]) -> String {
    let mut text = String::new();
    let mut rest = numbers;
    while let [first, ..] = rest {
        let run = (1..rest.len()).take_while(|place| rest[*place] == first + *place as u64);
        let run = run.count() + 1;
        let mut next = number(*first);
        if run > 1 {
            next.push_str(if run > 2 { "–" } else { "," });
            next.push_str(&number(rest[run - 1]));
        }
        if !text.is_empty() {
            if text.len() + next.len() > 5 {
                text.push('…');
                break;
            }
            text.push(',');
        }
        text.push_str(&next);
        rest = &rest[run..];
    }
    text
}

/// A time of the ruler, with as many digits as the picture's step needs.
pub fn time(micros: u64) -> String {
    let (unit, word) = match micros {
        0..1_000 => (1, " µs"),
        1_000..1_000_000 => (1_000, " ms"),
        _ => (1_000_000, " s"),
    };
    let mut text = number(micros / unit);
    let rest = micros % unit;
    // Three digits in all.
    let places = 3_usize.saturating_sub(text.len());
    if places > 0 && rest > 0 {
        // The unit in front keeps the zeros that the rest begins with.
        let digits = number(unit + rest);
        let decimals = digits[1..].get(..places).unwrap_or_default();
        let decimals = decimals.trim_end_matches('0');
        if !decimals.is_empty() {
            text.push('.');
            text.push_str(decimals);
        }
    }
    text + word
}

/// Title of the picture.
pub fn title(first: u64, last: u64) -> String {
    match first {
        _ if first > last => "Space-time diagram, empty".to_owned(),
        _ if first == last => fill("Space-time diagram of datagram □", &[&number(first)]),
        _ => fill(
            "Space-time diagram of datagrams □ to □",
            &[&number(first), &number(last)],
        ),
    }
}

/// The picture in words: what became of the datagrams, and each one that met with something.
pub fn description(datagrams: &[&Datagram], overtaken: &[u64]) -> String {
    let mut text = String::from("Relay on the left, echo server on the right, time downwards.");
    let fates = [
        None,
        Some(Fate::Echoed),
        Some(Fate::Lost),
        Some(Fate::Dropped),
        Some(Fate::Refused),
        Some(Fate::Rejected),
        Some(Fate::Unanswered),
    ];
    for of in fates {
        let count = datagrams.iter().filter(|datagram| datagram.fate == of);
        let count = count.count();
        if count > 0 {
            text.push_str(&fill(" □ □.", &[&number(count as u64), fate_word(of)]));
        }
    }
    for datagram in datagrams {
        let mut detail = fate_detail(datagram);
        for event in &datagram.events {
            if event.3 == What::Dequeued {
                detail.push_str(", waited in the link's queue");
                break;
            }
        }
        if overtaken.contains(&datagram.number) {
            detail.push_str(", answered after a later one");
        }
        if !detail.is_empty() {
            let about = [&number(datagram.number), fate_word(datagram.fate), &detail];
            text.push_str(&fill(" Datagram □: □□.", &about));
        }
    }
    text
}

/// What happens at a step.
pub fn step(steps: &[Step<'_>], place: usize) -> String {
    let Some(step) = steps.get(place) else {
        return String::new();
    };
    let Event(at, _, copy, what) = step.event();
    let began = step.datagram.stamps()[0].unwrap_or(*at);
    let mut text = fill(
        "Step □ of □. ",
        &[&number(place as u64 + 1), &number(steps.len() as u64)],
    );
    if *at > began {
        text.push_str(&fill("□ later: ", &[&time(at - began)]));
    }
    let name = number(step.datagram.number);
    let copy = if *copy == 0 { "" } else { ", second copy" };
    let (pattern, more) = happening(what);
    text.push_str(&fill(pattern, &[&[&name, copy].concat(), &more]));
    let passed = overtaken(steps, place);
    if !passed.is_empty() {
        text.push_str(&fill(
            " It overtook □: order is not kept.",
            &[&numbers(&passed)],
        ));
    }
    text
}

/// A sentence with a `□` for the datagram, and perhaps another for what it says more.
fn happening(what: &What) -> (&'static str, String) {
    let (pattern, bytes) = match what {
        What::RelayIn(of) => (
            "The page sent datagram □, □; the relay hands it on as one UDP datagram.",
            *of,
        ),
        What::EchoIn(of) => (
            "The server received datagram □, □ at once, and with them the sender's address.",
            *of,
        ),
        What::Cut(of) => (
            "Datagram □ had □: what does not fit the server's buffer is gone, and nobody says so.",
            *of,
        ),
        What::EchoOut(of) => (
            "The server answered datagram □: □, back to that address.",
            *of,
        ),
        What::Corrupted(_, bit) => {
            return (
                "In datagram □ a bit turned over, number □.",
                number((*bit).into()),
            );
        }
        What::Dropped(way, reason) => {
            let way = match way {
                Direction::Up => "on the way there",
                Direction::Down => "on the way back",
            };
            return (dropped(*reason), way.to_owned());
        }
        What::Rejected(words) => return ("Datagram □ was not sent at all: □", words.clone()),
        of_itself => return (without_more(of_itself), String::new()),
    };
    let unit = if bytes == 1 { " byte" } else { " bytes" };
    (pattern, [&number(bytes as u64), unit].concat())
}

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Loss => {
            "Datagram □ was lost on the link □. Nobody notices, nobody sends it again."
        }
        DropReason::Checksum => "Datagram □ was lost on the link □: its checksum is wrong.",
        DropReason::Queue => "Datagram □ was lost on the link □: the queue was full.",
        DropReason::SlowReader => "The answer to datagram □ was lost □: the page read too slowly.",
        DropReason::Hop => {
            "Datagram □ was lost □, between this page and the host. Nobody sends it again."
        }
        DropReason::Browser => {
            "Datagram □ was lost □: this browser threw it away before it went out."
        }
    }
}

/// The sentence for what needs no more than the datagram's number.
fn without_more(what: &What) -> &'static str {
    match what {
        What::Dequeued => {
            "Datagram □ waited in the link's queue for those before it. Now it is on its way."
        }
        What::UdpOut => "Datagram □ is on the wire. Nothing tells the sender whether it arrives.",
        What::UdpIn(_) => "The relay received the answer to datagram □.",
        What::RelayOut(_, Delivery::Echoed) => "The answer to datagram □ reached the page: echoed.",
        What::RelayOut(_, Delivery::Duplicate) => {
            "An answer to datagram □ came once more: a network may deliver twice."
        }
        What::RelayOut(_, Delivery::Late) => {
            "The answer to datagram □ came after its timeout, too late."
        }
        What::Refused(_) => {
            "Nobody listens there: the server's system said so by ICMP. Datagram □ is refused."
        }
        What::Unanswered => "Datagram □ gets no answer: the server echoes only “if data”.",
        What::Lost => "Datagram □ had no answer in time, and nobody sends it again.",
        _ => "Datagram □ is done with.",
    }
}

/// There is no step further on.
pub fn no_step(back: bool) -> &'static str {
    match back {
        true => "This was the first step.",
        false => "This was the last step so far.",
    }
}
