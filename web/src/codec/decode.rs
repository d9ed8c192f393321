//! Messages of the host, from serde's form.

use wire::control::{
    Event, Hello, HostMessage, Lab, Limits, Notice, Options, ServerRules, ServerState, StreamEcho,
    Visitor, What,
};
use wire::ledger::{Counters, Delivery};
use wire::link::{Direction, DropReason, Impairment};

use super::fields::{self, Fields, Unreadable};
use crate::json::{self, Value};

/// Reads a message of the host. `Ok(None)` is a message that a later version may have added.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn decode(source: &str) -> Result<Option<HostMessage>, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    let Some((name, value)) = message.only_field() else {
        return Err("JSON");
    };
    if name == "events" {
        return events(value).map(|events| Some(HostMessage::Events(events)));
    }
    fields::read(value, |fields| {
        Some(match name {
            "hello" => HostMessage::Hello(Box::new(hello(fields))),
            "counters" => HostMessage::Counters(counters(fields)),
            "options" => HostMessage::Options(options(fields)),
            "lab" => HostMessage::Lab(lab(fields)),
            "server" => HostMessage::Server(ServerState {
                server: fields.text("server"),
                rules: rules(fields.within("rules")),
            }),
            "visitor" => HostMessage::Visitor(Visitor {
                peer: fields.text("peer"),
                bytes: fields.size("bytes"),
                text: fields.text("text"),
                sent: fields.small_if_any("sent").map(|bytes| bytes as usize),
            }),
            "stream" => HostMessage::Stream(StreamEcho {
                writes: fields.texts("writes"),
                reads: fields.texts("reads"),
            }),
            "notice" => HostMessage::Notice(Notice {
                code: fields.text("code"),
                text: fields.text("text"),
            }),
            _ => return None,
        })
    })
}

fn hello(fields: Fields<'_>) -> Hello {
    let limits = fields.within("limits");
    Hello {
        protocol: fields.small("protocol"),
        version: fields.text("version"),
        session: fields.text("session"),
        resume: fields.text_if_any("resume"),
        resumed: fields.flag_or("resumed", false),
        limits: Limits {
            datagram_bytes: limits.size("datagram_bytes"),
            message_bytes: limits.size("message_bytes"),
            control_bytes: limits.size("control_bytes"),
            datagrams_per_second: limits.small_if_any("datagrams_per_second"),
            bytes_per_second: limits.small_if_any("bytes_per_second"),
            idle_ms: limits.number_if_any("idle_ms"),
            lifetime_ms: limits.number_if_any("lifetime_ms"),
            pong_ms: limits.number_if_any("pong_ms"),
            control_per_second: limits.small_if_any("control_per_second"),
            sessions: limits.small_if_any("sessions"),
            sessions_per_address: limits.small_if_any("sessions_per_address"),
            address_datagrams_per_second: limits.small_if_any("address_datagrams_per_second"),
            address_bytes_per_second: limits.small_if_any("address_bytes_per_second"),
        },
        targets: fields.texts("targets"),
        target: fields.text("target"),
        client: fields.text("client"),
        server: fields.text("server"),
        own_server: fields.flag("own_server"),
        loopback: fields.flag("loopback"),
        seed: fields.number("seed"),
        options: options(fields.within("options")),
    }
}

fn options(fields: Fields<'_>) -> Options {
    let default = Options::default();
    Options {
        tracing: fields.flag_or("tracing", default.tracing),
        timeout_ms: fields.small_or("timeout_ms", default.timeout_ms),
    }
}

fn lab(fields: Fields<'_>) -> Lab {
    Lab {
        up: impairment(fields.within_if_any("up")),
        down: impairment(fields.within_if_any("down")),
        seed: fields.number_if_any("seed").unwrap_or(0),
    }
}

fn impairment(fields: Fields<'_>) -> Impairment {
    let number = |name| fields.small_or(name, 0);
    Impairment {
        loss_ppm: number("loss_ppm"),
        burst_start_ppm: number("burst_start_ppm"),
        burst_end_ppm: number("burst_end_ppm"),
        delay_us: number("delay_us"),
        jitter_us: number("jitter_us"),
        reorder_ppm: number("reorder_ppm"),
        duplicate_ppm: number("duplicate_ppm"),
        corrupt_ppm: number("corrupt_ppm"),
        no_checksum: fields.flag_or("no_checksum", false),
        rate_kbps: number("rate_kbps"),
        limit: number("limit"),
    }
}

fn rules(fields: Fields<'_>) -> ServerRules {
    let default = ServerRules::default();
    ServerRules {
        buffer: fields.small_if_any("buffer").map(|bytes| bytes as usize),
        echo_empty: fields.flag_or("echo_empty", default.echo_empty),
        listening: fields.flag_or("listening", default.listening),
    }
}

fn counters(fields: Fields<'_>) -> Counters {
    let count = |name| fields.number_if_any(name).unwrap_or(0);
    Counters {
        sent: count("sent"),
        echoed: count("echoed"),
        lost: count("lost"),
        dropped: count("dropped"),
        refused: count("refused"),
        rejected: count("rejected"),
        unanswered: count("unanswered"),
        in_flight: count("in_flight"),
        duplicates: count("duplicates"),
        reordered: count("reordered"),
        late: count("late"),
        truncated: count("truncated"),
        stray: count("stray"),
        bytes_sent: count("bytes_sent"),
        bytes_received: count("bytes_received"),
    }
}

/// Reads a list of events.
pub(crate) fn events(value: &Value<'_>) -> Result<Vec<Event>, Unreadable> {
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
