//! Messages of a host.

use udp_echo_feed::codec::{self, Object, impairment, only, rules_object, write_event};
use wire::control::HostMessage;
use wire::ledger::Counters;

/// Writes a message of a host.
pub fn write(message: &HostMessage) -> String {
    let mut content = Object::default();
    let name = match message {
        HostMessage::Events(events) => {
            let mut message = Object::default();
            message.list(
                "events",
                events.iter().map(|event| write_event(event, event.1)),
            );
            return message.end();
        }
        HostMessage::Hello(of) => return only("hello", &codec::hello(of)),
        HostMessage::Counters(of) => {
            counters(&mut content, of);
            "counters"
        }
        HostMessage::Options(of) => return only("options", &codec::options(of)),
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
            content.texts("writes", &echo.writes);
            content.texts("reads", &echo.reads);
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
