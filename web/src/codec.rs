//! Control messages between JSON and the types of [`wire::control`].
//!
//! The types are the contract and their serde form is the host's; here is the same form once more, small enough for a
//! page. The tests hold the two against each other.

use wire::control::{
    ClientMessage, Event, Hello, HostMessage, Lab, Limits, Notice, Options, ServerRules,
    ServerState, StreamEcho, Visitor, What,
};
use wire::ledger::{Counters, Delivery};
use wire::link::{Direction, DropReason, Impairment};

use crate::json::{self, Value};

/// Why a control message cannot be read: the name of the field that is missing or of another kind.
pub type Unreadable = &'static str;

/// Reads a message of the host. `Ok(None)` is a message that a later version may have added.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn decode(source: &str) -> Result<Option<HostMessage>, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    let Value::Object(fields) = &message else {
        return Err("JSON");
    };
    let Some((name, value)) = fields.first() else {
        return Err("JSON");
    };
    Ok(Some(match name.as_ref() {
        "hello" => HostMessage::Hello(Box::new(hello(value)?)),
        "events" => HostMessage::Events(events(value)?),
        "counters" => HostMessage::Counters(counters(value)?),
        "options" => HostMessage::Options(options(value)?),
        "lab" => HostMessage::Lab(lab(value)?),
        "server" => HostMessage::Server(ServerState {
            server: text(value, "server")?,
            rules: rules(required(value, "rules")?)?,
        }),
        "visitor" => HostMessage::Visitor(Visitor {
            peer: text(value, "peer")?,
            bytes: number(value, "bytes")?,
            text: text(value, "text")?,
            sent: optional_number(value, "sent")?,
        }),
        "stream" => HostMessage::Stream(StreamEcho {
            writes: texts(value, "writes")?,
            reads: texts(value, "reads")?,
        }),
        "notice" => HostMessage::Notice(Notice {
            code: text(value, "code")?,
            text: text(value, "text")?,
        }),
        _ => return Ok(None),
    }))
}

/// Writes a message for the host.
pub fn encode(message: &ClientMessage) -> String {
    let mut out = String::from("{");
    match message {
        ClientMessage::Options(options) => {
            out.push_str("\"options\":{");
            write_flag(&mut out, "tracing", options.tracing);
            write_number(&mut out, "timeout_ms", options.timeout_ms.into());
            close(&mut out);
        }
        ClientMessage::Lab(lab) => {
            out.push_str("\"lab\":{");
            write_impairment(&mut out, "up", &lab.up);
            write_impairment(&mut out, "down", &lab.down);
            write_number(&mut out, "seed", lab.seed);
            close(&mut out);
        }
        ClientMessage::Server(rules) => {
            out.push_str("\"server\":{");
            if let Some(buffer) = rules.buffer {
                write_number(&mut out, "buffer", buffer as u64);
            }
            write_flag(&mut out, "echo_empty", rules.echo_empty);
            write_flag(&mut out, "listening", rules.listening);
            close(&mut out);
        }
        ClientMessage::Stream(texts) => {
            out.push_str("\"stream\":[");
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json::write_text(&mut out, text);
            }
            out.push(']');
        }
        // A variant without content is its bare name.
        ClientMessage::Counters => return String::from("\"counters\""),
    }
    out.push('}');
    out
}

fn hello(value: &Value<'_>) -> Result<Hello, Unreadable> {
    let limits = required(value, "limits")?;
    Ok(Hello {
        protocol: number(value, "protocol")?,
        version: text(value, "version")?,
        session: text(value, "session")?,
        resume: or_default(value, "resume", text)?,
        resumed: or_default(value, "resumed", flag)?,
        limits: Limits {
            datagram_bytes: number(limits, "datagram_bytes")?,
            message_bytes: number(limits, "message_bytes")?,
            control_bytes: number(limits, "control_bytes")?,
            datagrams_per_second: optional_number(limits, "datagrams_per_second")?,
            bytes_per_second: optional_number(limits, "bytes_per_second")?,
            idle_ms: optional_number(limits, "idle_ms")?,
            lifetime_ms: optional_number(limits, "lifetime_ms")?,
            pong_ms: optional_number(limits, "pong_ms")?,
            control_per_second: optional_number(limits, "control_per_second")?,
            sessions: optional_number(limits, "sessions")?,
            sessions_per_address: optional_number(limits, "sessions_per_address")?,
            address_datagrams_per_second: optional_number(limits, "address_datagrams_per_second")?,
            address_bytes_per_second: optional_number(limits, "address_bytes_per_second")?,
        },
        targets: texts(value, "targets")?,
        target: text(value, "target")?,
        client: text(value, "client")?,
        server: text(value, "server")?,
        own_server: flag(value, "own_server")?,
        loopback: flag(value, "loopback")?,
        seed: number(value, "seed")?,
        options: options(required(value, "options")?)?,
    })
}

fn options(value: &Value<'_>) -> Result<Options, Unreadable> {
    let default = Options::default();
    Ok(Options {
        tracing: or_else(value, "tracing", flag, default.tracing)?,
        timeout_ms: or_else(value, "timeout_ms", number, default.timeout_ms)?,
    })
}

fn lab(value: &Value<'_>) -> Result<Lab, Unreadable> {
    Ok(Lab {
        up: or_default(value, "up", impairment)?,
        down: or_default(value, "down", impairment)?,
        seed: or_default(value, "seed", number)?,
    })
}

fn impairment(value: &Value<'_>, name: &'static str) -> Result<Impairment, Unreadable> {
    let value = required(value, name)?;
    Ok(Impairment {
        loss_ppm: or_default(value, "loss_ppm", number)?,
        burst_start_ppm: or_default(value, "burst_start_ppm", number)?,
        burst_end_ppm: or_default(value, "burst_end_ppm", number)?,
        delay_us: or_default(value, "delay_us", number)?,
        jitter_us: or_default(value, "jitter_us", number)?,
        reorder_ppm: or_default(value, "reorder_ppm", number)?,
        duplicate_ppm: or_default(value, "duplicate_ppm", number)?,
        corrupt_ppm: or_default(value, "corrupt_ppm", number)?,
        no_checksum: or_default(value, "no_checksum", flag)?,
        rate_kbps: or_default(value, "rate_kbps", number)?,
        limit: or_default(value, "limit", number)?,
    })
}

fn rules(value: &Value<'_>) -> Result<ServerRules, Unreadable> {
    let default = ServerRules::default();
    Ok(ServerRules {
        buffer: optional_number(value, "buffer")?,
        echo_empty: or_else(value, "echo_empty", flag, default.echo_empty)?,
        listening: or_else(value, "listening", flag, default.listening)?,
    })
}

fn counters(value: &Value<'_>) -> Result<Counters, Unreadable> {
    let count = |name| or_default(value, name, number);
    Ok(Counters {
        sent: count("sent")?,
        echoed: count("echoed")?,
        lost: count("lost")?,
        dropped: count("dropped")?,
        refused: count("refused")?,
        rejected: count("rejected")?,
        unanswered: count("unanswered")?,
        in_flight: count("in_flight")?,
        duplicates: count("duplicates")?,
        reordered: count("reordered")?,
        late: count("late")?,
        truncated: count("truncated")?,
        stray: count("stray")?,
        bytes_sent: count("bytes_sent")?,
        bytes_received: count("bytes_received")?,
    })
}

fn events(value: &Value<'_>) -> Result<Vec<Event>, Unreadable> {
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

fn required<'v, 'a>(value: &'v Value<'a>, name: &'static str) -> Result<&'v Value<'a>, Unreadable> {
    value.field(name).ok_or(name)
}

pub(crate) fn text(value: &Value<'_>, name: &'static str) -> Result<String, Unreadable> {
    match value.field(name) {
        Some(Value::Text(text)) => Ok(text.to_string()),
        _ => Err(name),
    }
}

pub(crate) fn flag(value: &Value<'_>, name: &'static str) -> Result<bool, Unreadable> {
    match value.field(name) {
        Some(Value::Bool(flag)) => Ok(*flag),
        _ => Err(name),
    }
}

pub(crate) fn number<N: TryFrom<u64>>(
    value: &Value<'_>,
    name: &'static str,
) -> Result<N, Unreadable> {
    match value.field(name) {
        Some(Value::Number(number)) => N::try_from(*number).map_err(|_| name),
        _ => Err(name),
    }
}

fn optional_number<N: TryFrom<u64>>(
    value: &Value<'_>,
    name: &'static str,
) -> Result<Option<N>, Unreadable> {
    match value.field(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => number(value, name).map(Some),
    }
}

fn texts(value: &Value<'_>, name: &'static str) -> Result<Vec<String>, Unreadable> {
    let Some(Value::List(items)) = value.field(name) else {
        return Err(name);
    };
    items
        .iter()
        .map(|item| match item {
            Value::Text(text) => Ok(text.to_string()),
            _ => Err(name),
        })
        .collect()
}

type Read<T> = fn(&Value<'_>, &'static str) -> Result<T, Unreadable>;

fn or_default<T: Default>(
    value: &Value<'_>,
    name: &'static str,
    read: Read<T>,
) -> Result<T, Unreadable> {
    or_else(value, name, read, T::default())
}

fn or_else<T>(
    value: &Value<'_>,
    name: &'static str,
    read: Read<T>,
    default: T,
) -> Result<T, Unreadable> {
    match value.field(name) {
        None => Ok(default),
        Some(_) => read(value, name),
    }
}

fn write_name(out: &mut String, name: &str) {
    json::write_text(out, name);
    out.push(':');
}

fn write_flag(out: &mut String, name: &str, flag: bool) {
    write_name(out, name);
    out.push_str(if flag { "true," } else { "false," });
}

fn write_number(out: &mut String, name: &str, number: u64) {
    write_name(out, name);
    out.push_str(&number.to_string());
    out.push(',');
}

fn write_impairment(out: &mut String, name: &str, impairment: &Impairment) {
    write_name(out, name);
    out.push('{');
    for (name, number) in [
        ("loss_ppm", impairment.loss_ppm),
        ("burst_start_ppm", impairment.burst_start_ppm),
        ("burst_end_ppm", impairment.burst_end_ppm),
        ("delay_us", impairment.delay_us),
        ("jitter_us", impairment.jitter_us),
        ("reorder_ppm", impairment.reorder_ppm),
        ("duplicate_ppm", impairment.duplicate_ppm),
        ("corrupt_ppm", impairment.corrupt_ppm),
        ("rate_kbps", impairment.rate_kbps),
        ("limit", impairment.limit),
    ] {
        write_number(out, name, number.into());
    }
    write_flag(out, "no_checksum", impairment.no_checksum);
    close(out);
    out.push(',');
}

/// Ends an object whose last field left a comma behind.
fn close(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push('}');
}

#[cfg(test)]
mod tests;
