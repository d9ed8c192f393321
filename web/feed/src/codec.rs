//! Control messages between JSON and the types of [`wire::control`].
//!
//! `messages` describes them, and reading and writing come from that; here stands what is read with care: what a later version
//! of the protocol may add is passed over, and a link may leave its seed to the session.

mod fields;
mod messages;
mod object;
pub mod sockets;

#[cfg(any(test, feature = "samples"))]
pub mod samples;

use wire::control::{ClientMessage, Event, HostMessage, Lab};
use wire::link::Impairment;

use crate::json::{self, Json, Value};

pub use crate::json::{Unreadable, from_value, to_string};
pub use fields::{Fields, read};
pub use object::Object;

/// Reads a message of a host; `Ok(None)` is one that a later version may have added.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn host_message(source: &str) -> Result<Option<HostMessage>, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    message.only_field().ok_or("JSON")?;
    json::read_as("JSON", |place| HostMessage::read_item(&message, place))
}

/// Reads a message of a client.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn client_message(source: &str) -> Result<ClientMessage, Unreadable> {
    from_value(&json::parse(source).ok_or("JSON")?)
}

/// Reads a list of events.
///
/// # Errors
/// The name of the part that is missing or of another kind.
pub fn events(value: &Value<'_>) -> Result<Vec<Event>, Unreadable> {
    json::read_as("events", |place| Json::read(Some(value), place))
}

/// An event under this number of its datagram, as JSON.
pub fn event(Event(at, _, copy, what): &Event, number: u64) -> String {
    to_string(&Event(*at, number, *copy, what.clone()))
}

/// A link that is asked for: a [`Lab`] that may leave its seed to the session, which the core knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link {
    /// Impairment on the way to the server.
    pub up: Impairment,
    /// Impairment on the way back.
    pub down: Impairment,
    /// Seed of its chance.
    pub seed: Option<u64>,
}

impl Link {
    /// What the host is told, when the session has this seed.
    pub fn with_seed_of(&self, session: u64) -> Lab {
        Lab {
            up: self.up,
            down: self.down,
            seed: self.seed.unwrap_or(session),
        }
    }
}

/// What panels, and the page around the element, ask of a host.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Puts this link in force.
    Link(Link),
    /// Anything else.
    Message(ClientMessage),
}

impl Request {
    /// Reads a request, which has the form of a message of a client.
    ///
    /// # Errors
    /// The field that is wrong, or `"JSON"`.
    pub fn read(source: &str) -> Result<Self, Unreadable> {
        let message = json::parse(source).ok_or("JSON")?;
        match message.field("lab") {
            Some(link) => from_value(link).map(Self::Link),
            None => from_value(&message).map(Self::Message),
        }
    }

    /// The request as JSON.
    pub fn write(&self) -> String {
        match self {
            Self::Link(link) => {
                let mut message = Object::default();
                message.json("lab", &to_string(link));
                message.end()
            }
            Self::Message(message) => to_string(message),
        }
    }
}

#[cfg(test)]
mod tests;
