//! Messages of a host.

use udp_echo_feed::codec::{Object, write_what};
use udp_echo_feed::{json, words};
use wire::control::{Event, Hello, HostMessage, Options};
use wire::ledger::Counters;

use super::client::{impairment, only, rules_object};

/// Writes a message of a host.
pub fn write(message: &HostMessage) -> String {
    let mut content = Object::default();
    let name = match message {
        HostMessage::Events(events) => {
            let mut message = Object::default();
            message.list("events", events.iter().map(event));
            return message.end();
        }
        HostMessage::Hello(of) => {
            hello(&mut content, of);
            "hello"
        }
        HostMessage::Counters(of) => {
            counters(&mut content, of);
            "counters"
        }
        HostMessage::Options(of) => {
            options(&mut content, of);
            "options"
        }
        HostMessage::Lab(lab) => {
            content.json("up", &impairment(&lab.up));
            content.json("down", &impairment(&lab.down));
            content.number("seed", lab.seed);
            "lab"
        }
        HostMessage::Server(state) => {
            content.text("server", &state.server);
            content.json("rules", &rules_object(&state.rules));
            "server"
        }
        HostMessage::Visitor(visitor) => {
            content.text("peer", &visitor.peer);
            content.number("bytes", visitor.bytes as u64);
            content.text("text", &visitor.text);
            content.number_if_any("sent", visitor.sent.map(|bytes| bytes as u64));
            "visitor"
        }
        HostMessage::Stream(echo) => {
            content.list("writes", echo.writes.iter().map(|text| quoted(text)));
            content.list("reads", echo.reads.iter().map(|text| quoted(text)));
            "stream"
        }
        HostMessage::Notice(notice) => {
            content.text("code", &notice.code);
            content.text("text", &notice.text);
            "notice"
        }
    };
    only(name, &content.end())
}

fn event(Event(at, id, copy, what): &Event) -> String {
    let mut out = String::from("[");
    for number in [*at, *id, u64::from(*copy)] {
        out.push_str(&words::number(number));
        out.push(',');
    }
    write_what(&mut out, what);
    out + "]"
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::write_text(&mut out, text);
    out
}

fn hello(out: &mut Object, of: &Hello) {
    out.number("protocol", of.protocol.into());
    out.text("version", &of.version);
    out.text("session", &of.session);
    out.text("resume", &of.resume);
    out.flag("resumed", of.resumed);
    // Limits of a host that serves one page are none, but for the sizes.
    let mut limits = Object::default();
    limits.number("datagram_bytes", of.limits.datagram_bytes as u64);
    limits.number("message_bytes", of.limits.message_bytes as u64);
    limits.number("control_bytes", of.limits.control_bytes as u64);
    out.json("limits", &limits.end());
    out.list("targets", of.targets.iter().map(|name| quoted(name)));
    out.text("target", &of.target);
    out.text("client", &of.client);
    out.text("server", &of.server);
    out.flag("own_server", of.own_server);
    out.flag("loopback", of.loopback);
    out.number("seed", of.seed);
    let mut inner = Object::default();
    options(&mut inner, &of.options);
    out.json("options", &inner.end());
}

fn options(out: &mut Object, of: &Options) {
    out.flag("tracing", of.tracing);
    out.number("timeout_ms", of.timeout_ms.into());
}

fn counters(out: &mut Object, of: &Counters) {
    for (name, number) in [
        ("sent", of.sent),
        ("echoed", of.echoed),
        ("lost", of.lost),
        ("dropped", of.dropped),
        ("refused", of.refused),
        ("rejected", of.rejected),
        ("unanswered", of.unanswered),
        ("in_flight", of.in_flight),
        ("duplicates", of.duplicates),
        ("reordered", of.reordered),
        ("late", of.late),
        ("truncated", of.truncated),
        ("stray", of.stray),
        ("bytes_sent", of.bytes_sent),
        ("bytes_received", of.bytes_received),
    ] {
        out.number(name, number);
    }
}
