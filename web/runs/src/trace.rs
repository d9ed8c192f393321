//! Reads a run that the core has written (`udp_echo_web::trace`), to be shown again or saved.

use udp_echo_feed::codec::{self, Fields, Unreadable};
use udp_echo_feed::datagram::{Datagram, Payload};
use udp_echo_feed::json::{self, Value};
use udp_echo_feed::{Micros, form};
use wire::control::{Event, Hello, Limits, Options, PROTOCOL_VERSION, What};
use wire::ledger::Delivery;

/// Version of the form.
const VERSION: u32 = 1;

/// Longest silence that is replayed; longer ones are cut to it.
const LONGEST_SILENCE: Micros = 2_000_000;

/// What is said in a recording.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// The first message of the host.
    Hello(Box<Hello>),
    /// What the host reported.
    Event(Event),
    /// A datagram of the host.
    Answer(Vec<u8>),
    /// A datagram of the client.
    Sent(Payload),
}

/// A run as it is shown again: what was said, and when, since the beginning, in the order of the times.
pub type Recording = Vec<(Micros, Said)>;

/// Reads a trace.
///
/// # Errors
/// The name of the field that is missing or of another kind, or `"JSON"`.
pub fn read(source: &str) -> Result<Recording, Unreadable> {
    let trace = json::parse(source).ok_or("JSON")?;
    let mut events = Vec::new();
    let hello = header(&trace)?;
    events.push((0, Said::Hello(Box::new(hello))));
    for datagram in datagrams(&trace)? {
        add_events(&datagram, &mut events);
    }
    sort(&mut events);
    number_answers(&mut events);
    Ok(events)
}

fn header(trace: &Value<'_>) -> Result<Hello, Unreadable> {
    let (version, hello) = codec::read(trace, |fields| (fields.small("trace"), hello(fields)))?;
    match version {
        VERSION => Ok(hello),
        _ => Err("trace"),
    }
}

/// The datagrams of a trace, counted from 1.
pub(crate) fn datagrams(trace: &Value<'_>) -> Result<Vec<Datagram>, Unreadable> {
    let Some(Value::List(datagrams)) = trace.field("datagrams") else {
        return Err("datagrams");
    };
    let read = |(index, datagram)| {
        let number = index as u64 + 1;
        let mut datagram = form::read(datagram, number)?;
        datagram.number = number;
        datagram
            .events
            .iter_mut()
            .for_each(|event| event.1 = number);
        Ok(datagram)
    };
    datagrams.iter().enumerate().map(read).collect()
}

/// Sorts by time and leaves what happened together in its order. By insertion: nearly all of it is in order already, and
/// the library's sort would weigh several kilobytes in the module.
fn sort(events: &mut [(Micros, Said)]) {
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
    let simulated = trace.flag("simulated");
    Hello {
        protocol: PROTOCOL_VERSION,
        version: by.strip_prefix("udp-echo ").unwrap_or(&by).to_owned(),
        session: if simulated { "simulated" } else { "" }.to_owned(),
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
        once: false,
    }
}

/// Adds the events of one datagram. The host's stamps are laid along the browser's clock from the moment of sending:
/// only their distances count.
fn add_events(datagram: &Datagram, events: &mut Vec<(Micros, Said)>) {
    let sent_at = datagram.sent_at;
    events.push((sent_at, Said::Sent(datagram.payload.clone())));
    let began = datagram.events.first().map_or(0, |report| report.0);
    for report in &datagram.events {
        let mut at = sent_at.saturating_add(report.0.saturating_sub(began));
        if let What::RelayOut(_, delivery) = report.3 {
            if let (Delivery::Echoed, Some(answered)) = (delivery, datagram.answered_at) {
                at = answered;
            }
            events.push((at, Said::Answer(datagram.answer(report.2))));
        }
        events.push((at, Said::Event(report.clone())));
    }
}

/// Gives the answers the numbers that they have in this order, and cuts long silences.
fn number_answers(events: &mut [(Micros, Said)]) {
    let mut answers = 0;
    let mut cut = 0;
    let mut before = 0;
    for (at, event) in events {
        cut += at.saturating_sub(before).saturating_sub(LONGEST_SILENCE);
        before = *at;
        *at -= cut;
        if let Said::Event(Event(_, _, _, What::RelayOut(message, _))) = event {
            answers += 1;
            *message = answers;
        }
    }
}

#[cfg(test)]
mod tests;
