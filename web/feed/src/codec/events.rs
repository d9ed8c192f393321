//! Events of a datagram's way, read and written in serde's form.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::{Direction, DropReason};

use super::{Unreadable, only};
use crate::json::{self, Value};
use crate::words::number;

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
        _ => value.only_field().ok_or("event")?,
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
                What::RelayOut(*message, named(DELIVERIES, name).ok_or("relay_out")?)
            }
            _ => return Err("relay_out"),
        },
        ("corrupted", Value::List(parts)) => match &parts[..] {
            [Value::Text(name), Value::Number(bit)] => {
                let bit = u32::try_from(*bit).map_err(|_| "corrupted")?;
                What::Corrupted(named(DIRECTIONS, name).ok_or("direction")?, bit)
            }
            _ => return Err("corrupted"),
        },
        ("dropped", Value::List(parts)) => match &parts[..] {
            [Value::Text(name), Value::Text(reason)] => {
                let direction = named(DIRECTIONS, name).ok_or("direction")?;
                What::Dropped(direction, named(REASONS, reason).ok_or("dropped")?)
            }
            _ => return Err("dropped"),
        },
        _ => return Ok(None),
    }))
}

const DELIVERIES: &[(&str, Delivery)] = &[
    ("echoed", Delivery::Echoed),
    ("duplicate", Delivery::Duplicate),
    ("late", Delivery::Late),
    ("stray", Delivery::Stray),
];

const DIRECTIONS: &[(&str, Direction)] = &[("up", Direction::Up), ("down", Direction::Down)];

const REASONS: &[(&str, DropReason)] = &[
    ("loss", DropReason::Loss),
    ("checksum", DropReason::Checksum),
    ("queue", DropReason::Queue),
    ("slow_reader", DropReason::SlowReader),
];

/// What has this name.
fn named<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    let found = all.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

/// The name of this, as JSON.
fn name_of<T: PartialEq>(all: &[(&str, T)], value: &T) -> String {
    let found = all.iter().find(|(_, known)| known == value);
    json::quoted(found.map_or("", |(name, _)| name))
}

/// Writes an event, under this number of its datagram.
pub fn write_event(Event(at, _, copy, what): &Event, id: u64) -> String {
    let mut out = String::from("[");
    for part in [*at, id, u64::from(*copy)] {
        out.push_str(&number(part));
        out.push(',');
    }
    write_what(&mut out, what);
    out.push(']');
    out
}

/// Writes what happened.
fn write_what(out: &mut String, what: &What) {
    let (name, content) = match what {
        What::UdpOut => ("udp_out", String::new()),
        What::Gone => ("gone", String::new()),
        What::Unanswered => ("unanswered", String::new()),
        What::Lost => ("lost", String::new()),
        What::RelayIn(bytes) => ("relay_in", number(*bytes as u64)),
        What::EchoIn(bytes) => ("echo_in", number(*bytes as u64)),
        What::Cut(bytes) => ("cut", number(*bytes as u64)),
        What::EchoOut(bytes) => ("echo_out", number(*bytes as u64)),
        What::UdpIn(bytes) => ("udp_in", number(*bytes as u64)),
        What::Refused(reason) => ("refused", json::quoted(reason)),
        What::Rejected(reason) => ("rejected", json::quoted(reason)),
        What::RelayOut(message, delivery) => {
            let delivery = name_of(DELIVERIES, delivery);
            ("relay_out", pair(&number(*message), &delivery))
        }
        What::Corrupted(way, bit) => {
            let way = name_of(DIRECTIONS, way);
            ("corrupted", pair(&way, &number((*bit).into())))
        }
        What::Dropped(way, reason) => {
            let way = name_of(DIRECTIONS, way);
            ("dropped", pair(&way, &name_of(REASONS, reason)))
        }
    };
    match content.as_str() {
        "" => json::write_text(out, name),
        content => out.push_str(&only(name, content)),
    }
}

fn pair(one: &str, other: &str) -> String {
    ["[", one, ",", other, "]"].concat()
}
