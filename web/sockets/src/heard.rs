//! What a host says, as far as this chunk listens: the types are those of [`wire::sockets::control`]. What else there is in a
//! message is passed over; to read it would weigh a tenth of the module.

use udp_echo_feed::json::{self, Json, Place, Record, Unreadable, Value};
use wire::sockets::control::{
    Bound, Connected, Loopback, NamedTarget, Numbered, SocketError, SocketEvent,
};

/// A message of the host.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The session begins.
    Hello(Box<Hello>),
    /// A socket has an address.
    Bound(Bound),
    /// A socket has a peer.
    Connected(Connected),
    /// A socket has none any more.
    Disconnected(Numbered),
    /// A call failed.
    Error(SocketError),
    /// What happened to datagrams.
    Events(Vec<SocketEvent>),
    /// A sentence for the reader.
    Notice(String),
}

/// What this page has to know of its session.
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// Version of the protocol.
    pub protocol: u32,
    /// Version of the host.
    pub version: String,
    /// Name of the session.
    pub session: String,
    /// Its loopback.
    pub loopback: Loopback,
    /// The targets.
    pub targets: Vec<NamedTarget>,
}

impl Hello {
    fn read(value: &Value<'_>, place: Place<'_>) -> Self {
        let fields = Record::of(Some(value), place);
        Self {
            protocol: fields.get("protocol"),
            version: fields.get("version"),
            session: fields.get("session"),
            loopback: fields.get("loopback"),
            targets: fields.get("targets"),
        }
    }
}

/// Reads a message; `Ok(None)` is one that nothing here is done about.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn read(source: &str) -> Result<Option<Heard>, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    let (name, content) = message.only_field().ok_or("JSON")?;
    json::read_as("JSON", |place| {
        let value = Some(content);
        Some(match name {
            "hello" => Heard::Hello(Box::new(Hello::read(content, place.at("hello")))),
            "bound" => Heard::Bound(Json::read(value, place.at("bound"))),
            "connected" => Heard::Connected(Json::read(value, place.at("connected"))),
            "disconnected" => Heard::Disconnected(Json::read(value, place.at("disconnected"))),
            "error" => Heard::Error(Json::read(value, place.at("error"))),
            "events" => Heard::Events(Json::read(value, place.at("events"))),
            "notice" => Heard::Notice(Record::of(value, place.at("notice")).get("text")),
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::sockets::control::{SocketWhat, SocketsAnswer};

    #[test]
    fn what_is_heard_is_what_a_host_writes() {
        let bound = Bound {
            socket: 1,
            local: "127.83.1.5:10000".to_owned(),
            outside: None,
        };
        let events = vec![SocketEvent(1, 2, 0, SocketWhat::Delivered)];
        for (answer, heard) in [
            (SocketsAnswer::Bound(bound.clone()), Heard::Bound(bound)),
            (SocketsAnswer::Events(events.clone()), Heard::Events(events)),
        ] {
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(read(&text), Ok(Some(heard)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_new_is_passed_over() {
        assert_eq!(read(r#"{"counters":{"sent":1}}"#), Ok(None));
        assert_eq!(read(r#"{"poem":[]}"#), Ok(None));
        assert_eq!(read(r#"{"bound":{"socket":1}}"#), Err("local"));
        assert_eq!(read("hello"), Err("JSON"));
    }
}
