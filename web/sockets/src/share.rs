//! The loopback that the pages of one site have in common: in one browser they are programs of one machine.
//!
//! A page that begins asks the others over a `BroadcastChannel`, which only pages of the same origin hear; one that has a session
//! answers with the token of its loopback. The token stands in no address that a reader sees or shares, and is stored nowhere.
//!
//! A question is `{"relay":…,"ask":number}`, an answer the same with `"token"`.

use udp_echo_feed::codec::Object;
use udp_echo_feed::dom::Listener;
use udp_echo_feed::json::{self, Value};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// The channel's name.
const CHANNEL: &str = "udp-echo-loopback";

/// How long a page waits for an answer, in microseconds: many times what one takes.
pub const PATIENCE: u64 = 100_000;

/// What another page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It asks for the loopback of this relay.
    Question(String, u64),
    /// It has one for the question with this number.
    Answer(u64, String),
}

/// The way to the other pages. Dropping it ends that.
pub struct Share {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Share {
    /// Listens to them; `None` where the browser has no such thing.
    pub fn new(tell: impl Fn(Heard) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(CHANNEL).ok()?;
        let on_message = move |event: web_sys::Event| {
            let event: &MessageEvent = event.unchecked_ref();
            let heard = event.data().as_string();
            if let Some(heard) = heard.and_then(|text| read(&text)) {
                tell(heard);
            }
        };
        let listener = Listener::new(&channel, "message", Box::new(on_message));
        Some(Self {
            channel,
            _listener: listener,
        })
    }

    /// Asks for the loopback of a relay.
    pub fn ask(&self, relay: &str, ask: u64) {
        self.post(&write(relay, ask, None));
    }

    /// Answers a question.
    pub fn answer(&self, relay: &str, ask: u64, token: &str) {
        self.post(&write(relay, ask, Some(token)));
    }

    fn post(&self, text: &str) {
        // It fails only when closed.
        let _ = self.channel.post_message(&JsValue::from_str(text));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.channel.close();
    }
}

fn write(relay: &str, ask: u64, token: Option<&str>) -> String {
    let mut out = Object::default();
    out.text("relay", relay);
    out.number("ask", ask);
    if let Some(token) = token {
        out.text("token", token);
    }
    out.end()
}

fn read(text: &str) -> Option<Heard> {
    let message = json::parse(text)?;
    let Some(Value::Number(ask)) = message.field("ask") else {
        return None;
    };
    match (message.field("token"), message.field("relay")) {
        // What goes into an address must not be more than it is.
        (Some(Value::Text(token)), _) => {
            let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_token.then(|| Heard::Answer(*ask, token.to_string()))
        }
        (None, Some(Value::Text(relay))) => Some(Heard::Question(relay.to_string(), *ask)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_understand_each_other() {
        let relay = "ws://127.0.0.1:8000/sockets";
        let question = Heard::Question(relay.to_owned(), 7);
        assert_eq!(read(&write(relay, 7, None)), Some(question));
        let token = "0123456789abcdef0123456789abcdef";
        let answer = Heard::Answer(7, token.to_owned());
        assert_eq!(read(&write(relay, 7, Some(token))), Some(answer));
    }

    #[test]
    fn what_is_no_token_is_none() {
        for token in ["", "0123", "0123456789abcdef0123456789abcde&x"] {
            assert_eq!(
                read(&write("ws://h/sockets", 7, Some(token))),
                None,
                "{token}"
            );
        }
        assert_eq!(read("{}"), None);
    }
}
