//! Messages of a client.

use udp_echo_feed::codec::{self, Fields, Unreadable, read_lab, read_rules};
use udp_echo_feed::json::{self, Value};
use wire::control::{ClientMessage, Options};

/// Reads a message of a client.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn read(source: &str) -> Result<ClientMessage, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    // A variant without content is its bare name.
    if message == Value::Text("counters".into()) {
        return Ok(ClientMessage::Counters);
    }
    let Some((name, value)) = message.only_field() else {
        return Err("JSON");
    };
    Ok(match name {
        "lab" => ClientMessage::Lab(read_lab(value)?),
        "server" => ClientMessage::Server(read_rules(value)?),
        "options" => ClientMessage::Options(codec::read(value, options)?),
        "stream" => ClientMessage::Stream(codec::read(&message, |fields| fields.texts("stream"))?),
        _ => return Err("message"),
    })
}

fn options(fields: Fields<'_>) -> Options {
    let default = Options::default();
    Options {
        tracing: fields.flag_or("tracing", default.tracing),
        timeout_ms: fields.small_or("timeout_ms", default.timeout_ms),
    }
}
