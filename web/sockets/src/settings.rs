//! The attributes of an element with a role, as values.

use udp_echo_feed::decimal;
use wire::echo::EchoRule;

use crate::act::Act;

/// What the element is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// `role="server"`.
    #[default]
    Server,
    /// `role="client"`.
    Client,
}

/// What the element talks to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A live host when one answers, the simulated one otherwise.
    #[default]
    Auto,
    /// A live host and nothing else.
    Live,
    /// The simulated host: nothing leaves the page.
    Simulated,
}

/// The port of the tutorial.
pub const PORT: u16 = 10_000;

/// Everything that attributes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What it is.
    pub role: Role,
    /// What it talks to.
    pub mode: Mode,
    /// Address of the relay as written; empty for the place that the loader came from.
    pub relay: String,
    /// The port that a server binds; 0 has the system pick one.
    pub port: u16,
    /// Bytes that a server's `recvfrom` takes; `None` for every datagram whole.
    pub buffer: Option<usize>,
    /// Where a client sends: `localhost:10000`, the name of a target, an address. `None` is the server of this page, or else
    /// port 10000 of `localhost`.
    pub to: Option<String>,
    /// The message to begin with.
    pub message: Option<String>,
    /// How long a client waits for an answer, in milliseconds.
    pub timeout_ms: u64,
    /// Name of the widget for screen readers.
    pub label: Option<String>,
}

impl Settings {
    /// What a program has to take over when these follow others. Role, relay and mode count from the next beginning.
    pub fn changes(&self, before: &Self) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.port != before.port {
            acts.push(Act::Port(self.port));
        }
        if self.buffer != before.buffer {
            acts.push(Act::Rule(EchoRule {
                buffer: self.buffer,
                echo_empty: false,
            }));
        }
        if self.to != before.to {
            acts.push(Act::To(self.to.clone()));
        }
        if self.timeout_ms != before.timeout_ms {
            acts.push(Act::Timeout(self.timeout_ms * 1_000));
        }
        acts
    }

    /// Reads attributes, and tells which of them make no sense: as it stands in the page, and what it may be.
    pub fn read(attribute: &dyn Fn(&str) -> Option<String>) -> (Self, Vec<(String, &'static str)>) {
        let mut complaints = Vec::new();
        let mut read = |name: &str, expected: &'static str, most: u64, or: u64| {
            let Some(text) = attribute(name) else {
                return or;
            };
            match decimal::read_wide(&text, "", 0) {
                Some(value) if value <= most => value,
                _ => {
                    complaints.push(([name, "=\"", &text, "\""].concat(), expected));
                    or
                }
            }
        };
        let port = read("port", "0 to 65535", 65_535, PORT.into()) as u16;
        let buffer = read("buffer", "1 to 65507, such as 4096", 65_507, 0) as usize;
        let timeout_ms = read("timeout", "1 to 60000", 60_000, 2_000).max(1);
        let settings = Self {
            role: match attribute("role").as_deref() {
                Some("client") => Role::Client,
                _ => Role::Server,
            },
            mode: match attribute("mode").as_deref() {
                Some("live") => Mode::Live,
                Some("simulated") => Mode::Simulated,
                _ => Mode::Auto,
            },
            relay: attribute("relay").unwrap_or_default(),
            port,
            buffer: (buffer > 0).then_some(buffer),
            to: attribute("to").filter(|to| !to.is_empty()),
            message: attribute("message"),
            timeout_ms,
            label: attribute("label"),
        };
        (settings, complaints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &[(&str, &str)]) -> (Settings, Vec<(String, &'static str)>) {
        Settings::read(&|name| {
            let found = attributes.iter().find(|(of, _)| *of == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_element_without_attributes_is_the_tutorials_server() {
        let (settings, complaints) = read(&[]);
        assert_eq!((settings.role, settings.port), (Role::Server, 10_000));
        assert_eq!((settings.mode, settings.buffer), (Mode::Auto, None));
        assert!(complaints.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_named_and_left_out() {
        let (settings, complaints) =
            read(&[("port", "99999"), ("buffer", "4096"), ("role", "client")]);
        assert_eq!((settings.port, settings.buffer), (10_000, Some(4_096)));
        assert_eq!(settings.role, Role::Client);
        assert_eq!(complaints, [("port=\"99999\"".to_owned(), "0 to 65535")]);
    }
}
