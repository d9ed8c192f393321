//! Events of a datagram's way, read and written in serde's form.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use super::Unreadable;
use crate::json::{self, Value};
use crate::words;

/// Reads a list of events.
///
/// # Errors
/// The name of the part that is missing or of another kind.
pub fn events(value: &Value<'_>) -> Result<Vec<Event>, Unreadable> {
    let Value::List(items) = value else {
        return Err("events");
    };
    let mut events = Vec::with_capacity(items.len());
    for item in items {
        let Value::List(parts) = item else {
            return Err("events");
        };
        let [
            Value::Number(at),
            Value::Number(id),
            Value::Number(copy),
            what,
        ] = &parts[..]
        else {
            return Err("events");
        };
        let copy = u8::try_from(*copy).map_err(|_| "events")?;
        // What a later version may have added is passed over.
        if let Some(what) = self::what(what)? {
            events.push(Event(*at, *id, copy, what));
        }
    }
    Ok(events)
}

fn what(value: &Value<'_>) -> Result<Option<What>, Unreadable> {
    let (name, value) = match value {
        Value::Text(name) => (name.as_ref(), &Value::Null),
        Value::Object(fields) => match fields.first() {
            Some((name, value)) => (name.as_ref(), value),
            None => return Err("event"),
        },
        _ => return Err("event"),
    };
    Ok(Some(match (name, value) {
        ("udp_out", _) => What::UdpOut,
        ("gone", _) => What::Gone,
        ("unanswered", _) => What::Unanswered,
        ("lost", _) => What::Lost,
        ("relay_in", Value::Number(bytes)) => What::RelayIn(*bytes as usize),
        ("echo_in", Value::Number(bytes)) => What::EchoIn(*bytes as usize),
        ("cut", Value::Number(bytes)) => What::Cut(*bytes as usize),
        ("echo_out", Value::Number(bytes)) => What::EchoOut(*bytes as usize),
        ("udp_in", Value::Number(bytes)) => What::UdpIn(*bytes as usize),
        ("refused", Value::Text(words)) => What::Refused(words.to_string()),
        ("rejected", Value::Text(words)) => What::Rejected(words.to_string()),
        ("relay_out", Value::List(parts)) => match &parts[..] {
            [Value::Number(message), Value::Text(name)] => {
                What::RelayOut(*message, delivery(name)?)
            }
            _ => return Err("relay_out"),
        },
        ("corrupted", Value::List(parts)) => match &parts[..] {
            [Value::Text(name), Value::Number(bit)] => {
                let bit = u32::try_from(*bit).map_err(|_| "corrupted")?;
                What::Corrupted(direction(name)?, bit)
            }
            _ => return Err("corrupted"),
        },
        ("dropped", Value::List(parts)) => match &parts[..] {
            [Value::Text(name), Value::Text(reason)] => {
                What::Dropped(direction(name)?, drop_reason(reason)?)
            }
            _ => return Err("dropped"),
        },
        _ => return Ok(None),
    }))
}

fn delivery(name: &str) -> Result<Delivery, Unreadable> {
    Ok(match name {
        "echoed" => Delivery::Echoed,
        "duplicate" => Delivery::Duplicate,
        "late" => Delivery::Late,
        "stray" => Delivery::Stray,
        _ => return Err("relay_out"),
    })
}

fn direction(name: &str) -> Result<Direction, Unreadable> {
    Ok(match name {
        "up" => Direction::Up,
        "down" => Direction::Down,
        _ => return Err("direction"),
    })
}

fn drop_reason(name: &str) -> Result<DropReason, Unreadable> {
    Ok(match name {
        "loss" => DropReason::Loss,
        "checksum" => DropReason::Checksum,
        "queue" => DropReason::Queue,
        "slow_reader" => DropReason::SlowReader,
        _ => return Err("dropped"),
    })
}

/// Writes an event, under this number of its datagram.
pub fn write_event(Event(at, _, copy, what): &Event, number: u64) -> String {
    let mut out = String::from("[");
    for number in [*at, number, u64::from(*copy)] {
        out.push_str(&words::number(number));
        out.push(',');
    }
    write_what(&mut out, what);
    out.push(']');
    out
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
