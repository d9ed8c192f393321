//! What the page around an element is told: the events that the element dispatches.

use udp_echo_feed::codec::Object;
use wire::echo::EchoRule;

use crate::words;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The element has this state.
    State(&'static str),
    /// It can be used.
    Ready {
        /// `live` or `simulated`.
        mode: &'static str,
        /// The address of the loopback.
        address: String,
        /// Whether other programs of the reader's machine reach it.
        is_reachable: bool,
    },
    /// Where a server stands.
    Standing {
        /// Its address; empty without one.
        address: String,
        /// Whether it waits for datagrams.
        is_listening: bool,
        /// What it answers.
        rule: EchoRule,
    },
    /// A server got a datagram.
    Served {
        /// How many it has got.
        number: u64,
        /// Who sent it.
        peer: String,
        /// Bytes that came.
        bytes: usize,
        /// What they say, escaped.
        text: String,
        /// Bytes of the answer, if there was one.
        sent: Option<usize>,
    },
    /// A client has sent.
    Sent {
        /// Its number.
        number: u64,
        /// Its bytes.
        bytes: usize,
        /// The client's own address, once it has one.
        client: String,
    },
    /// A client's datagram is settled.
    Settled {
        /// Its number.
        number: u64,
        /// Its bytes.
        bytes: usize,
        /// `echoed`, or how else it ended for the client.
        fate: &'static str,
        /// Bytes of the answer and the microseconds that it took.
        answer: Option<(usize, u64)>,
        /// What else there is to say.
        reason: String,
    },
    /// A socket has a peer, or none.
    Connected(String),
    /// Something went wrong.
    Error {
        /// A short name of the cause.
        code: &'static str,
        /// A sentence.
        message: String,
        /// What would change it.
        hint: &'static str,
    },
}

/// What is to be told.
pub type Outcomes = Vec<Outcome>;

impl Outcome {
    /// The event's name and its detail as JSON.
    pub fn describe(&self) -> (&'static str, String) {
        let mut out = Object::default();
        let name = match self {
            Self::State(state) => {
                out.text("state", state);
                "udp-state"
            }
            Self::Ready {
                mode,
                address,
                is_reachable,
            } => {
                out.text("mode", mode);
                out.text("address", address);
                out.flag("loopback", *is_reachable);
                out.flag("ownServer", true);
                "udp-ready"
            }
            Self::Standing {
                address,
                is_listening,
                rule,
            } => {
                let mut rules = Object::default();
                match rule.buffer {
                    Some(buffer) => rules.number("buffer", buffer as u64),
                    None => rules.json("buffer", "null"),
                }
                rules.flag("echo_empty", rule.echo_empty);
                rules.flag("listening", *is_listening);
                let mut server = Object::default();
                server.text("server", address);
                server.json("rules", &rules.end());
                out.json("server", &server.end());
                "udp-told"
            }
            Self::Served {
                number,
                peer,
                bytes,
                text,
                sent,
            } => {
                out.number("number", *number);
                out.text("peer", peer);
                out.number("bytes", *bytes as u64);
                out.text("text", text);
                match sent {
                    Some(sent) => out.number("sent", *sent as u64),
                    None => out.json("sent", "null"),
                }
                "udp-served"
            }
            Self::Sent {
                number,
                bytes,
                client,
            } => {
                out.number("number", *number);
                out.number("bytes", *bytes as u64);
                out.text("client", client);
                "udp-sent"
            }
            Self::Settled {
                number,
                bytes,
                fate,
                answer,
                reason,
            } => {
                out.number("number", *number);
                out.text("fate", fate);
                out.number("bytes", *bytes as u64);
                if let Some((bytes, micros)) = answer {
                    out.json("roundTrip", &millis(*micros));
                    out.number("answer", *bytes as u64);
                }
                if !reason.is_empty() {
                    out.text("reason", reason);
                }
                match answer {
                    Some(_) => "udp-echoed",
                    None => "udp-lost",
                }
            }
            Self::Connected(peer) => {
                out.text("connected", peer);
                "udp-told"
            }
            Self::Error {
                code,
                message,
                hint,
            } => {
                out.text("code", code);
                out.text("message", message);
                out.text("hint", hint);
                "udp-error"
            }
        };
        (name, out.end())
    }
}

/// Microseconds as milliseconds, a number of JSON.
fn millis(micros: u64) -> String {
    let rest = words::number(1_000 + micros % 1_000);
    [&words::number(micros / 1_000), ".", &rest[1..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_an_event_with_its_time_in_milliseconds() {
        let settled = Outcome::Settled {
            number: 3,
            bytes: 42,
            fate: "echoed",
            answer: Some((42, 1_007)),
            reason: String::new(),
        };
        assert_eq!(
            settled.describe(),
            (
                "udp-echoed",
                r#"{"number":3,"fate":"echoed","bytes":42,"roundTrip":1.007,"answer":42}"#
                    .to_owned()
            )
        );
    }
}
