//! What the page around an element asks with `ask()`, in the words of the protocol where it has them.
//!
//! `{"server":{"listening":false}}` stops a server; `buffer`, `echo_empty` and `port` change it. `{"options":{"connected":true}}` has
//! a client connect before it sends; `timeout_ms` is how long it waits. `{"to":"localhost:10001"}` has it send elsewhere.
//! `{"lab":…}` and `{"once":"lose"}` are about the link of the whole page.

use udp_echo_feed::json::{self, Value};
use wire::echo::EchoRule;

use crate::act::Act;

/// What is wanted; nothing where it makes no sense.
pub fn read(source: &str, rule: EchoRule) -> Vec<Act> {
    let Some(message) = json::parse(source) else {
        return Vec::new();
    };
    let mut acts = Vec::new();
    if let Some(server) = message.field("server") {
        let mut changed = rule;
        match server.field("buffer") {
            Some(Value::Number(bytes)) => changed.buffer = usize::try_from(*bytes).ok(),
            Some(Value::Null) => changed.buffer = None,
            _ => {}
        }
        if let Some(Value::Bool(empty)) = server.field("echo_empty") {
            changed.echo_empty = *empty;
        }
        if changed != rule {
            acts.push(Act::Rule(changed));
        }
        match (server.field("port"), server.field("listening")) {
            (Some(Value::Number(port)), _) => acts.extend(u16::try_from(*port).map(Act::Port)),
            (_, Some(Value::Bool(true))) => acts.push(Act::Start),
            (_, Some(Value::Bool(false))) => acts.push(Act::Stop),
            _ => {}
        }
    }
    if let Some(options) = message.field("options") {
        if let Some(Value::Bool(connected)) = options.field("connected") {
            acts.push(Act::Connect(*connected));
        }
        if let Some(Value::Number(millis)) = options.field("timeout_ms") {
            acts.push(Act::Timeout(millis.saturating_mul(1_000)));
        }
    }
    match message.field("to") {
        Some(Value::Text(to)) => acts.push(Act::To(Some(to.to_string()))),
        Some(Value::Null) => acts.push(Act::To(None)),
        _ => {}
    }
    if let Some(("lab" | "once", _)) = message.only_field() {
        acts.push(Act::Link(source.to_owned()));
    }
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(message: &str) -> Vec<Act> {
        read(message, EchoRule::default())
    }

    #[test]
    fn a_page_asks_in_the_words_of_the_protocol() {
        assert_eq!(asked(r#"{"server":{"listening":false}}"#), [Act::Stop]);
        assert_eq!(asked(r#"{"server":{"port":0}}"#), [Act::Port(0)]);
        let rule = EchoRule {
            buffer: Some(4096),
            echo_empty: false,
        };
        assert_eq!(
            asked(r#"{"server":{"buffer":4096,"listening":true}}"#),
            [Act::Rule(rule), Act::Start]
        );
        assert_eq!(
            asked(r#"{"options":{"connected":true,"timeout_ms":1500}}"#),
            [Act::Connect(true), Act::Timeout(1_500_000)]
        );
        assert_eq!(
            asked(r#"{"to":"echo"}"#),
            [Act::To(Some("echo".to_owned()))]
        );
        assert_eq!(
            asked(r#"{"once":"lose"}"#),
            [Act::Link(r#"{"once":"lose"}"#.to_owned())]
        );
    }

    #[test]
    fn what_makes_no_sense_changes_nothing() {
        for message in [
            "",
            "[]",
            r#"{"server":7}"#,
            r#"{"server":{"port":70000}}"#,
            r#"{"open":{"socket":1}}"#,
        ] {
            assert_eq!(asked(message), [], "{message}");
        }
    }
}
