//! A run as JSON: what was sent, what was reported of its way, when the answers came.
//!
//! ```json
//! {"trace":1,"by":"udp-echo 0.1.0","simulated":false,"client":"127.0.0.1:50139","server":"127.0.0.1:10000",
//!  "target":"echo","own_server":true,"limit":65507,"datagrams":[
//!  {"at":0,"text":"This is the message.  It will be repeated.","answered":410,
//!   "events":[[12,1,0,{"relay_in":42}],[20,1,0,"udp_out"]]}]}
//! ```
//!
//! `at` and `answered` are microseconds of the browser's clock, since the first datagram and since this one; `events`
//! have the form of the protocol, and the host's clock. A payload that is no text stands as `hex`. Replaying a trace
//! passes through the same session as a live run, so that it shows the same, its round trips included.

use bytes::Bytes;
use wire::control::{Event as Report, Hello, HostMessage, Limits, Options, PROTOCOL_VERSION, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use crate::codec::{self, Fields, Unreadable};
use crate::json::{self, Value};
use crate::session::datagram::Datagram;
use crate::session::{Event, Micros, Session};
use crate::words;

use super::settings::Mode;

/// Version of the form above.
const VERSION: u32 = 1;

/// Longest silence that is replayed; longer ones are cut to it.
const LONGEST_SILENCE: Micros = 2_000_000;

/// Writes the run that a session keeps. Empty when nothing was ever connected.
pub fn write(session: &Session) -> String {
    let Some(hello) = session.hello() else {
        return String::new();
    };
    let mut out = String::from("{\"trace\":1");
    let text = |out: &mut String, name: &str, text: &str| {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        json::write_text(out, text);
    };
    text(&mut out, "by", &["udp-echo ", &hello.version].concat());
    let simulated = session.mode() == Mode::Simulated || session.is_recording_of_simulation();
    out.push_str(if simulated {
        ",\"simulated\":true"
    } else {
        ",\"simulated\":false"
    });
    text(&mut out, "client", &hello.client);
    text(&mut out, "server", &hello.server);
    text(&mut out, "target", &hello.target);
    out.push_str(if hello.own_server {
        ",\"own_server\":true"
    } else {
        ",\"own_server\":false"
    });
    out.push_str(",\"limit\":");
    out.push_str(&words::number(hello.limits.datagram_bytes as u64));
    out.push_str(",\"datagrams\":[");
    let mut began = None;
    for (index, number) in session.history().numbers().enumerate() {
        let Some(datagram) = session.history().datagram(number) else {
            continue;
        };
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        let began = *began.get_or_insert(datagram.sent_at);
        write_datagram(&mut out, datagram, began, index as u64 + 1);
    }
    out.push_str("]}\n");
    out
}

fn write_datagram(out: &mut String, datagram: &Datagram, began: Micros, id: u64) {
    out.push_str("{\"at\":");
    out.push_str(&words::number(datagram.sent_at.saturating_sub(began)));
    match std::str::from_utf8(&datagram.payload) {
        Ok(text) => {
            out.push_str(",\"text\":");
            json::write_text(out, text);
        }
        Err(_) => {
            out.push_str(",\"hex\":\"");
            for byte in &datagram.payload {
                out.extend([byte >> 4, byte & 15].map(|digit| {
                    char::from_digit(digit.into(), 16).expect("a nibble is below 16")
                }));
            }
            out.push('"');
        }
    }
    if let Some(at) = datagram.answered_at {
        out.push_str(",\"answered\":");
        out.push_str(&words::number(at.saturating_sub(datagram.sent_at)));
    }
    out.push_str(",\"events\":[");
    for (index, Report(at, _, copy, what)) in datagram.events.iter().enumerate() {
        out.push_str(if index == 0 { "[" } else { ",[" });
        for number in [*at, id, u64::from(*copy)] {
            out.push_str(&words::number(number));
            out.push(',');
        }
        write_what(out, what);
        out.push(']');
    }
    out.push_str("]}");
}

fn write_what(out: &mut String, what: &What) {
    let bytes =
        |name: &str, bytes: usize| ["{\"", name, "\":", &words::number(bytes as u64), "}"].concat();
    let quoted = |name: &str, words: &str| {
        let mut text = ["{\"", name, "\":"].concat();
        json::write_text(&mut text, words);
        text.push('}');
        text
    };
    out.push_str(&match what {
        What::UdpOut => "\"udp_out\"".to_owned(),
        What::Gone => "\"gone\"".to_owned(),
        What::Unanswered => "\"unanswered\"".to_owned(),
        What::Lost => "\"lost\"".to_owned(),
        What::RelayIn(of) => bytes("relay_in", *of),
        What::EchoIn(of) => bytes("echo_in", *of),
        What::Cut(of) => bytes("cut", *of),
        What::EchoOut(of) => bytes("echo_out", *of),
        What::UdpIn(of) => bytes("udp_in", *of),
        What::Refused(reason) => quoted("refused", reason),
        What::Rejected(reason) => quoted("rejected", reason),
        What::RelayOut(message, delivery) => {
            let delivery = match delivery {
                Delivery::Echoed => "echoed",
                Delivery::Duplicate => "duplicate",
                Delivery::Late => "late",
                Delivery::Stray => "stray",
            };
            [
                "{\"relay_out\":[",
                &words::number(*message),
                ",\"",
                delivery,
                "\"]}",
            ]
            .concat()
        }
        What::Corrupted(way, bit) => [
            "{\"corrupted\":[\"",
            name_of(*way),
            "\",",
            &words::number((*bit).into()),
            "]}",
        ]
        .concat(),
        What::Dropped(way, reason) => {
            let reason = match reason {
                DropReason::Loss => "loss",
                DropReason::Checksum => "checksum",
                DropReason::Queue => "queue",
                DropReason::SlowReader => "slow_reader",
            };
            ["{\"dropped\":[\"", name_of(*way), "\",\"", reason, "\"]}"].concat()
        }
    });
}

fn name_of(way: Direction) -> &'static str {
    match way {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

/// A run as it is shown again: what comes to the session, and when, since the beginning.
#[derive(Debug)]
pub struct Recording {
    /// Whether the run was a simulated one.
    pub simulated: bool,
    /// The events in the order of their times.
    pub events: Vec<(Micros, Event)>,
}

/// Reads a trace.
///
/// # Errors
/// The name of the field that is missing or of another kind, or `"JSON"`.
pub fn read(source: &str) -> Result<Recording, Unreadable> {
    let trace = json::parse(source).ok_or("JSON")?;
    let (version, simulated, hello) = codec::read(&trace, |fields| {
        let version = fields.small("trace");
        (version, fields.flag("simulated"), hello(fields))
    })?;
    if version != VERSION {
        return Err("trace");
    }
    let Some(Value::List(datagrams)) = trace.field("datagrams") else {
        return Err("datagrams");
    };
    let hello = HostMessage::Hello(Box::new(hello));
    let mut events = vec![(0, Event::Control(hello))];
    for (index, datagram) in datagrams.iter().enumerate() {
        read_datagram(datagram, index as u64 + 1, &mut events)?;
    }
    sort(&mut events);
    number_answers(&mut events);
    Ok(Recording { simulated, events })
}

/// Sorts by time and leaves what happened together in its order. By insertion: nearly all of it is in order already, and
/// the library's sort would weigh several kilobytes in the module.
fn sort(events: &mut [(Micros, Event)]) {
    for end in 1..events.len() {
        let mut place = end;
        while place > 0 && events[place - 1].0 > events[place].0 {
            events.swap(place - 1, place);
            place -= 1;
        }
    }
}

fn hello(trace: Fields<'_>) -> Hello {
    let target = trace.text("target");
    let by = trace.text("by");
    Hello {
        protocol: PROTOCOL_VERSION,
        version: by.strip_prefix("udp-echo ").unwrap_or(&by).to_owned(),
        session: String::new(),
        resume: String::new(),
        resumed: false,
        limits: Limits {
            datagram_bytes: trace.size("limit"),
            ..Limits::default()
        },
        targets: vec![target.clone()],
        target,
        client: trace.text("client"),
        server: trace.text("server"),
        own_server: trace.flag("own_server"),
        loopback: false,
        seed: 0,
        options: Options::default(),
    }
}

/// Adds the events of one datagram. The host's stamps are laid along the browser's clock from the moment of sending:
/// only their distances count.
fn read_datagram(
    value: &Value<'_>,
    id: u64,
    events: &mut Vec<(Micros, Event)>,
) -> Result<(), Unreadable> {
    let payload = payload(value)?;
    let (sent_at, answered) = codec::read(value, |fields| {
        (fields.number("at"), fields.number_if_any("answered"))
    })?;
    let reports = codec::events(value.field("events").ok_or("events")?)?;
    events.push((sent_at, Event::Replayed(payload.clone())));
    let mut datagram = Datagram::new(id, payload, sent_at);
    let began = reports.first().map_or(0, |report| report.0);
    for mut report in reports {
        report.1 = id;
        let mut at = sent_at.saturating_add(report.0.saturating_sub(began));
        datagram.events.push(report.clone());
        if let What::RelayOut(_, delivery) = report.3 {
            if let (Delivery::Echoed, Some(answered)) = (delivery, answered) {
                at = sent_at.saturating_add(answered);
            }
            events.push((at, Event::Datagram(datagram.answer(report.2))));
        }
        events.push((at, Event::Control(HostMessage::Events(vec![report]))));
    }
    Ok(())
}

fn payload(value: &Value<'_>) -> Result<Bytes, Unreadable> {
    if let Some(Value::Text(text)) = value.field("text") {
        return Ok(Bytes::copy_from_slice(text.as_bytes()));
    }
    let Some(Value::Text(hex)) = value.field("hex") else {
        return Err("text");
    };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
        _ => None,
    });
    pairs.collect::<Option<Bytes>>().ok_or("hex")
}

/// Gives the answers the numbers that they have in this order, and cuts long silences.
fn number_answers(events: &mut [(Micros, Event)]) {
    let mut answers = 0;
    let mut cut = 0;
    let mut before = 0;
    for (at, event) in events {
        cut += at.saturating_sub(before).saturating_sub(LONGEST_SILENCE);
        before = *at;
        *at -= cut;
        if let Event::Control(HostMessage::Events(reports)) = event {
            for report in reports {
                if let What::RelayOut(message, _) = &mut report.3 {
                    answers += 1;
                    *message = answers;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
