//! Every word of the panel.

use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::words::{fill, number, span};

use crate::course::End;
use crate::film::{Dot, Film, Speed};
use crate::moments::{Moment, What};

/// The button, at rest.
pub const REPLAY: &str = "Replay";
/// The button, while something moves.
pub const STOP: &str = "Stop";

/// The speed of a film.
pub fn pace(film: &Film) -> String {
    let pace = match film.speed {
        None => return String::new(),
        Some(Speed::Slower(1)) => "UDP at its own speed".to_owned(),
        Some(Speed::Slower(times)) => fill("UDP □ times slower", &[&grouped(times)]),
        Some(Speed::Faster(times)) => fill("UDP □ times faster", &[&grouped(times)]),
    };
    match film.has_gaps {
        true => pace + ", without the pauses",
        false => pace,
    }
}

/// What just happened.
pub fn sentence(moment: &Moment) -> String {
    let number = number(moment.number);
    let pattern = match (moment.what, moment.is_copy) {
        (What::Leaves, _) => "Datagram □ leaves the browser, in a message of its own.",
        (What::Waits, _) => "Datagram □ waits in the link's queue.",
        (What::Relayed, _) => "The relay sends datagram □ over UDP.",
        (What::Arrives, false) => "The server receives datagram □, and sends it back.",
        (What::Arrives, true) => {
            "The server receives datagram □ once more, and sends that back, too."
        }
        (What::Overtakes(other), _) | (What::BackBefore(other), _) => {
            let overtaken = udp_echo_feed::words::number(other);
            let pattern = match moment.what {
                What::Overtakes(_) => "Datagram □ overtakes datagram □ on the way to the server.",
                _ => "Datagram □ overtakes datagram □ on the way back.",
            };
            return fill(pattern, &[&number, &overtaken]);
        }
        (What::Ends(end), _) => ending(end),
    };
    fill(pattern, &[&number])
}

fn ending(end: End) -> &'static str {
    match end {
        End::Home => "Datagram □ is back.",
        End::Twice => "Datagram □ is back a second time.",
        End::Late => "Datagram □ is back, but the client no longer waits.",
        End::Lost => "Datagram □ is lost on the link. Nobody sends it again.",
        End::Checksum => "Datagram □ is lost on the link: it is damaged, and its checksum fails.",
        End::QueueFull => "Datagram □ is lost on the link: its queue is full.",
        End::SlowReader => "Datagram □ is lost: this page reads too slowly.",
        End::Hop => "Datagram □ is lost between this page and the host. Nobody sends it again.",
        End::Refused => "Datagram □ meets a port that nobody has bound.",
        End::Rejected => "Datagram □ is not sent.",
        End::Unanswered => "The server receives datagram □. It is empty, so there is no answer.",
        End::TimedOut => "No answer to datagram □ came in time.",
        End::UnderWay => "Datagram □ is under way.",
    }
}

/// A run at rest: the times of a single datagram, or how many came back.
pub fn summary(film: &Film, datagrams: &[&Datagram]) -> String {
    match (film.dots.as_slice(), datagrams) {
        ([], _) => String::new(),
        ([dot], [datagram]) if dot.end == End::Home => times(datagram),
        ([dot], _) => fill(ending(dot.end), &[&number(dot.number)]),
        _ => counts(film, datagrams.len()),
    }
}

/// Where the time of a round trip went.
fn times(datagram: &Datagram) -> String {
    let [began, _, received, answered, back, left] = datagram.stamps();
    let took = |from: Option<u64>, to: Option<u64>| {
        span(to.unwrap_or(0).saturating_sub(from.unwrap_or(0)))
    };
    let mut sentence = match (received, answered) {
        (Some(_), Some(_)) => fill(
            "Datagram □: □ from relay to server, □ there, □ back.",
            &[
                &number(datagram.number),
                &took(began, received),
                &took(received, answered),
                &took(answered, left.or(back)),
            ],
        ),
        _ => fill(
            "Datagram □: □ from relay to server and back.",
            &[&number(datagram.number), &took(began, left.or(back))],
        ),
    };
    if let Some(trip) = datagram.round_trip() {
        sentence.push_str(&fill(
            " The rest, □, is the browser and its way to the relay.",
            &[&span(trip.before_relay)],
        ));
    }
    sentence
}

/// What became of many.
fn counts(film: &Film, sent: usize) -> String {
    let is_back = |number| {
        let mut dots = film.dots.iter();
        dots.any(|dot| dot.number == number && dot.end == End::Home)
    };
    let count = |holds: &dyn Fn(End) -> bool| {
        // Of a datagram that came back, a copy that did not is no loss to anybody.
        let dots = film.dots.iter().filter(|dot| holds(dot.end));
        let counts = |dot: &&Dot| dot.end.is_at_browser() || !(dot.is_copy || is_back(dot.number));
        dots.filter(counts).count() as u64
    };
    let mut sentence = fill(
        "□ of □ came back",
        &[
            &number(count(&|end| end == End::Home)),
            &number(sent as u64),
        ],
    );
    let kinds: [(u64, &str); 10] = [
        (count(&|end| end == End::Lost), "□ lost on the link"),
        (
            count(&|end| end == End::Checksum),
            "□ lost to a wrong checksum",
        ),
        (
            count(&|end| end == End::QueueFull),
            "□ lost in a full queue",
        ),
        (
            count(&|end| end == End::SlowReader),
            "□ lost because the page reads too slowly",
        ),
        (
            count(&|end| end == End::Hop),
            "□ lost between this page and the host",
        ),
        (
            count(&|end| end == End::Refused),
            "□ met a port that nobody has bound",
        ),
        (count(&|end| end == End::Rejected), "□ not sent"),
        (
            count(&|end| end == End::Unanswered),
            "□ empty, so without an answer",
        ),
        (
            count(&|end| end == End::TimedOut || end == End::Late),
            "□ not answered in time",
        ),
        (count(&|end| end == End::Twice), "□ came twice"),
    ];
    for (count, words) in kinds {
        if count > 0 {
            sentence.push_str(", ");
            sentence.push_str(&fill(words, &[&number(count)]));
        }
    }
    let overtaken = overtaken(film);
    if overtaken > 0 {
        sentence.push_str(&fill(", □ out of order", &[&number(overtaken)]));
    }
    sentence + "."
}

/// How many came back after one that was sent later.
fn overtaken(film: &Film) -> u64 {
    let back = |dot: &Dot| (dot.end == End::Home).then_some(dot.rank).flatten();
    let is_late = |dot: &&Dot| {
        let rank = back(dot);
        let mut later = film.dots.iter().filter(|other| other.number > dot.number);
        rank.is_some() && later.any(|other| back(other).is_some_and(|first| Some(first) < rank))
    };
    film.dots.iter().filter(is_late).count() as u64
}

/// What stands in a dot: its number, or how it ended where that is no way back.
pub fn sign(end: Option<End>) -> &'static str {
    match end {
        Some(End::Lost | End::Checksum | End::QueueFull | End::SlowReader | End::Hop) => "×",
        Some(End::Refused | End::Rejected) => "⊘",
        Some(End::Unanswered) => "∅",
        Some(End::TimedOut) => "?",
        Some(End::Late) => "!",
        None | Some(End::Home | End::Twice | End::UnderWay) => "",
    }
}

/// The word of an ending for style sheets.
pub fn state(end: Option<End>) -> &'static str {
    match end {
        None | Some(End::UnderWay) => "moving",
        Some(End::Home | End::Twice) => "home",
        Some(End::Late | End::TimedOut) => "late",
        Some(End::Unanswered) => "silent",
        Some(End::Refused | End::Rejected) => "refused",
        Some(End::Lost | End::Checksum | End::QueueFull | End::SlowReader | End::Hop) => "lost",
    }
}

/// A number with its thousands apart.
fn grouped(count: u64) -> String {
    let digits = number(count);
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
