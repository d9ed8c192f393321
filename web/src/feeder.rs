//! What the panels of the chunks are told: the writing half of [`udp_echo_feed::feed`].

use udp_echo_feed::codec::{Object, to_string};
use udp_echo_feed::datagram::Payload;
use udp_echo_feed::feed::FED;
use udp_echo_feed::form;

use crate::session::{Session, outcome};

/// What the panels have been told.
#[derive(Debug, Default)]
pub struct Feeder {
    /// The revision that the record had.
    revision: u64,
    draft: Payload,
    /// Everything but the draft and the datagrams.
    told: String,
}

impl Feeder {
    /// The next feed; `None` when nothing has changed since the last one.
    pub fn next(&mut self, session: &Session) -> Option<String> {
        let told = standing(session);
        let history = session.history();
        let numbers = history.numbers();
        let newest = numbers.start.max(numbers.end.saturating_sub(FED))..numbers.end;
        let changed: Vec<String> = newest
            .filter_map(|number| history.datagram(number))
            .filter(|datagram| datagram.revision > self.revision)
            .map(|datagram| form::write(datagram, datagram.number, 0))
            .collect();
        if changed.is_empty() && told == self.told && *session.draft() == self.draft {
            return None;
        }
        self.revision = history.revision();
        let mut out = Object::default();
        out.list("datagrams", changed);
        if *session.draft() != self.draft {
            self.draft = session.draft().clone();
            out.text("draft", &form::hex(&self.draft));
        }
        out.fields(&told);
        self.told = told;
        Some(out.end())
    }
}

/// Where the widget stands.
fn standing(session: &Session) -> String {
    let history = session.history();
    let mut out = Object::default();
    out.text("mode", outcome::mode_of(session));
    out.text("view", session.settings().view);
    out.flag("paused", session.is_paused());
    out.number_if_any("selected", session.selected());
    let hello = session.hello();
    let of_hello = |text: fn(&wire::control::Hello) -> &str| hello.map_or("", text);
    out.text("client", of_hello(|hello| &hello.client));
    out.text("server", of_hello(|hello| &hello.server));
    out.number("limit", session.limit() as u64);
    out.number("seed", session.link_seed());
    let config = session.desired_config();
    let parts = [
        ("lab", config.link.as_ref().map(to_string)),
        ("rules", config.rules.as_ref().map(to_string)),
        ("stream", config.stream.as_ref().map(to_string)),
    ];
    for (name, json) in parts {
        if let Some(json) = json {
            out.json(name, &json);
        }
    }
    out.json("counters", &outcome::counters(session));
    out.number("first", history.numbers().start);
    out.number("next", history.numbers().end);
    out.end()
}
