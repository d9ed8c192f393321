//! What the client of a session has seen.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::sockets::header::Header;

/// Ports that scripts ask for; all others are picked by a system.
const ASKED_FOR: std::ops::Range<u16> = 20_000..20_100;

#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Control messages but for events.
    pub(super) answers: Vec<Value>,
    /// Binary messages.
    pub(super) datagrams: Vec<Vec<u8>>,
    /// Number of the datagram, and what happened to it.
    pub(super) events: Vec<(u64, Value)>,
}

impl Seen {
    /// What `hello` says about the loopback.
    pub(super) fn loopback(&self, field: &str) -> String {
        let field = &self.answers[0]["hello"]["loopback"][field];
        field.as_str().unwrap().to_owned()
    }

    /// Where the echo server is.
    pub(super) fn echo(&self) -> String {
        let echo = &self.answers[0]["hello"]["targets"][0]["address"];
        echo.as_str().unwrap().to_owned()
    }

    /// How much there is of it.
    pub(super) fn amounts(&self) -> [usize; 3] {
        [self.answers.len(), self.datagrams.len(), self.events.len()]
    }

    /// All of it, one thing a line. Events stand in their order for each datagram: which of two datagrams is faster is chance.
    pub(super) fn masked(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.answers.iter().map(answer).collect();
        lines.extend(self.datagrams.iter().map(|message| datagram(message)));
        let mut by_id = BTreeMap::<u64, Vec<&Value>>::new();
        for (id, what) in &self.events {
            by_id.entry(*id).or_default().push(what);
        }
        let events = by_id.into_iter();
        lines.extend(events.map(|(id, what)| format!("datagram {id}: {}", json!(what))));
        let mut mask = Mask {
            own: self.loopback("address"),
            echo: self.echo(),
            picked: Vec::new(),
        };
        lines.iter().map(|line| mask.apply(line)).collect()
    }
}

/// A control message; of `hello`, what a host and the machine have in common.
fn answer(answer: &Value) -> String {
    let mut answer = answer.clone();
    if let Some(hello) = answer.get_mut("hello").and_then(Value::as_object_mut) {
        for differs in ["version", "session", "limits", "seed"] {
            assert!(hello.remove(differs).is_some(), "{differs}");
        }
        let loopback = hello["loopback"].as_object_mut().unwrap();
        assert_eq!(loopback["token"].as_str().unwrap().len(), 32);
        loopback.remove("token");
        // No program is beside a simulated machine.
        loopback.remove("reachable");
    }
    if let Some(bound) = answer.get_mut("bound").and_then(Value::as_object_mut) {
        bound.remove("outside");
    }
    answer.to_string()
}

fn datagram(message: &[u8]) -> String {
    let (header, begin) = Header::read(message).unwrap();
    let (from, payload) = (header.address.unwrap(), &message[begin..]);
    let text = match payload.len() {
        0..64 => String::from_utf8_lossy(payload).into_owned(),
        bytes => {
            assert!(payload.iter().all(|byte| *byte == payload[0]));
            format!("{bytes} times {}", payload[0])
        }
    };
    format!("to socket {}: {text:?} from {from}", header.socket)
}

struct Mask {
    own: String,
    echo: String,
    picked: Vec<String>,
}

impl Mask {
    fn apply(&mut self, line: &str) -> String {
        let line = line.replace(&self.echo, "ECHO").replace(&self.own, "OWN");
        let mut masked = String::new();
        let mut rest = line.as_str();
        while let Some(at) = ["OWN:", "[::1]:"]
            .iter()
            .filter_map(|start| Some(rest.find(start)? + start.len()))
            .min()
        {
            let (before, after) = rest.split_at(at);
            let end = after.find(|c: char| !c.is_ascii_digit());
            let (port, after) = after.split_at(end.unwrap_or(after.len()));
            masked.push_str(before);
            masked.push_str(&self.port(port));
            rest = after;
        }
        masked + rest
    }

    fn port(&mut self, port: &str) -> String {
        if port
            .parse()
            .is_ok_and(|port| ASKED_FOR.contains(&port) || port < 1024)
        {
            return port.to_owned();
        }
        let known = self.picked.iter().position(|picked| picked == port);
        let number = known.unwrap_or_else(|| {
            self.picked.push(port.to_owned());
            self.picked.len() - 1
        });
        format!("picked-{number}")
    }
}
