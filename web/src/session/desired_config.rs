//! What a session wants of its host beside datagrams: the link, and the server's rules. A new session of the host knows nothing
//! of what was asked for in the one before, so it is asked for again.

use udp_echo_feed::codec::{Link, Request};
use wire::control::{ClientMessage, Options, ServerRules, StreamEcho};

/// What was last asked for, by attributes or by the reader; `None` where nothing was.
#[derive(Debug, Default)]
pub struct DesiredConfig {
    /// The session's own link.
    pub link: Option<Link>,
    /// The options of the session.
    pub options: Option<Options>,
    /// The rules of its server.
    pub rules: Option<ServerRules>,
    /// What the host last said of a byte stream, which is asked for once.
    pub stream: Option<StreamEcho>,
}

impl DesiredConfig {
    /// Takes in what is asked for. Returns the message for the host, when the session has this seed.
    pub(super) fn take_in(&mut self, request: Request, seed: u64) -> ClientMessage {
        match request {
            Request::Link(link) => {
                let lab = link.with_seed_of(seed);
                self.link = Some(link);
                ClientMessage::Lab(lab)
            }
            Request::Message(message) => {
                match &message {
                    ClientMessage::Server(rules) => self.rules = Some(*rules),
                    ClientMessage::Options(options) => self.options = Some(*options),
                    _ => {}
                }
                message
            }
        }
    }

    /// The messages for a new session.
    pub(super) fn messages(&self, seed: u64, is_seed_set: bool) -> Vec<ClientMessage> {
        let mut messages = Vec::new();
        if self.link.is_some() || is_seed_set {
            let link = self.link.clone().unwrap_or_default();
            messages.push(ClientMessage::Lab(link.with_seed_of(seed)));
        }
        if let Some(rules) = self.rules {
            messages.push(ClientMessage::Server(rules));
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(seed: Option<u64>) -> Link {
        let mut link = Link {
            seed,
            ..Link::default()
        };
        link.up.loss_ppm = 1;
        link
    }

    fn lab(seed: u64) -> ClientMessage {
        ClientMessage::Lab(lossy(None).with_seed_of(seed))
    }

    #[test]
    fn a_lab_without_a_seed_has_the_sessions_and_is_asked_for_again() {
        let mut config = DesiredConfig::default();
        assert!(config.messages(7, false).is_empty());
        let seed_alone = Link::default().with_seed_of(7);
        assert_eq!(config.messages(7, true), [ClientMessage::Lab(seed_alone)]);
        assert_eq!(config.take_in(Request::Link(lossy(None)), 7), lab(7));
        assert_eq!(config.messages(8, false), [lab(8)]);
        assert_eq!(config.take_in(Request::Link(lossy(Some(3))), 7), lab(3));
        let rules = ClientMessage::Server(ServerRules {
            buffer: Some(4096),
            ..ServerRules::default()
        });
        assert_eq!(config.take_in(Request::Message(rules.clone()), 7), rules);
        assert_eq!(config.messages(7, false), [lab(3), rules]);
    }

    #[test]
    fn what_is_asked_once_is_not_asked_again() {
        let mut config = DesiredConfig::default();
        let question = ClientMessage::Stream(vec!["a".to_owned()]);
        let sent = config.take_in(Request::Message(question.clone()), 7);
        assert_eq!(sent, question);
        assert!(config.messages(7, false).is_empty());
    }
}
