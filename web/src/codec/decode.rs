//! Messages of the host, from serde's form.

use wire::control::{Hello, HostMessage, Limits, Notice, Options, Visitor};

use super::{Fields, Unreadable, events, read};
use crate::json;

/// Reads a message of the host. `Ok(None)` is one that is not for the core, or that a later version may have added.
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
    read(value, |fields| {
        Some(match name {
            "hello" => HostMessage::Hello(Box::new(hello(fields))),
            "visitor" => HostMessage::Visitor(Visitor {
                peer: fields.text("peer"),
                bytes: fields.size("bytes"),
                text: fields.text("text"),
                sent: fields.small_if_any("sent").map(|bytes| bytes as usize),
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
    Hello {
        protocol: fields.small("protocol"),
        version: fields.text("version"),
        session: fields.text("session"),
        resume: fields.text_if_any("resume"),
        resumed: fields.flag_or("resumed", false),
        // The other limits are for programs; the page meets them as notices.
        limits: Limits {
            datagram_bytes: fields.within("limits").size("datagram_bytes"),
            ..Limits::default()
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
