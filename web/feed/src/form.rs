//! A datagram as the text that traces and feeds have:
//!
//! ```json
//! {"number":1,"at":0,"text":"This is the message.  It will be repeated.","answered":410,"fate":"echoed",
//!  "events":[[12,1,0,{"relay_in":42}],[20,1,0,"udp_out"]]}
//! ```
//!
//! `at` and `answered` are microseconds of the browser's clock, since a moment that is the same for all and since this
//! sending; `events` have the form of the protocol, and the host's clock. A payload that is no text stands as `hex`.
//! `number` and `fate` may be missing.

use crate::codec::{self, Object, Unreadable};
use crate::datagram::{Datagram, Payload};
use crate::json::{self, Value};
use crate::{Micros, words};

/// Writes a datagram under this number; times count from `began`.
pub fn write(datagram: &Datagram, number: u64, began: Micros) -> String {
    let mut out = Object::default();
    out.number("number", number);
    out.number("at", datagram.sent_at.saturating_sub(began));
    match text(&datagram.payload) {
        Some(text) => out.text("text", text),
        None => out.text("hex", &hex(&datagram.payload)),
    }
    let answered = datagram.answered_at;
    out.number_if_any(
        "answered",
        answered.map(|at| at.saturating_sub(datagram.sent_at)),
    );
    if let Some(fate) = datagram.fate {
        out.text("fate", words::fate(Some(fate)));
    }
    out.list(
        "events",
        datagram
            .events
            .iter()
            .map(|event| codec::event(event, number)),
    );
    out.end()
}

/// Reads a datagram; without a number of its own it gets this one.
///
/// # Errors
/// The name of the field that is missing or of another kind.
pub fn read(value: &Value<'_>, number: u64) -> Result<Datagram, Unreadable> {
    let payload = payload(value)?;
    let (number, sent_at, answered, fate) = codec::read(value, |fields| {
        (
            fields.number_if_any("number").unwrap_or(number),
            fields.number("at"),
            fields.number_if_any("answered"),
            fields.text_if_any("fate"),
        )
    })?;
    let mut events = codec::events(value.field("events").ok_or("events")?)?;
    for event in &mut events {
        event.1 = number;
    }
    Ok(Datagram {
        events,
        answered_at: answered.map(|after| sent_at.saturating_add(after)),
        fate: words::fate_named(&fate),
        ..Datagram::new(number, payload, sent_at)
    })
}

fn payload(value: &Value<'_>) -> Result<Payload, Unreadable> {
    if let Some(Value::Text(text)) = value.field("text") {
        return Ok(text.as_bytes().into());
    }
    match value.field("hex") {
        Some(Value::Text(hex)) => unhex(hex).ok_or("hex"),
        _ => Err("text"),
    }
}

/// Bytes as text; `None` when they are no UTF-8. By the means of the transcripts, which are in the module already: those of
/// [`std::str::from_utf8`] would be there beside them.
pub fn text(bytes: &[u8]) -> Option<&str> {
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    (valid.len() == bytes.len()).then_some(valid)
}

/// Bytes as pairs of hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        out.push(json::digit(byte >> 4));
        out.push(json::digit(*byte));
    }
    out
}

/// Bytes from pairs of hexadecimal digits; `None` when they are no such pairs.
pub fn unhex(hex: &str) -> Option<Payload> {
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    for pair in hex.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        bytes.push((digit(high)? << 4 | digit(low)?) as u8);
    }
    Some(bytes[..].into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::control::Event;
    use wire::control::What;
    use wire::ledger::{Delivery, Fate};

    proptest! {
        #[test]
        fn what_is_written_is_read(
            payload in proptest::collection::vec(any::<u8>(), 0..40),
            (sent_at, after, at) in (0..1u64 << 40, proptest::option::of(0..1u64 << 30), 0..1u64 << 40),
        ) {
            let mut datagram = Datagram::new(7, payload.into(), sent_at);
            datagram.answered_at = after.map(|after| sent_at + after);
            datagram.fate = after.map(|_| Fate::Echoed);
            datagram.events = vec![
                Event(at, 7, 0, What::RelayIn(1)),
                Event(at + 1, 7, 1, What::RelayOut(3, Delivery::Echoed)),
            ];
            let text = write(&datagram, 7, 0);
            let value = json::parse(&text).unwrap();
            prop_assert_eq!(read(&value, 1), Ok(datagram));
        }
    }
}
