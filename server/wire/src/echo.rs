//! The echo rule: what the server answers, and whom it never answers.
//!
//! The host's echo server and the browser's simulated one both ask here, so that they cannot disagree.

use std::net::SocketAddr;

use crate::control::ServerRules;

/// Ports below this one belong to services that answer whatever they get, such as echo (7), chargen (19) and DNS (53).
pub const FIRST_CLIENT_PORT: u16 = 1024;

/// How a server treats the datagrams that reach it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EchoRule {
    /// Size of the receive buffer in bytes; a longer datagram is cut to it. `None` takes every datagram whole.
    pub buffer: Option<usize>,
    /// Whether an empty datagram is answered (RFC 862) or only logged (claim 8).
    pub echo_empty: bool,
}

/// What the server does with one datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoAnswer {
    /// It sends back the first `bytes` bytes; `cut` when its buffer held no more of them.
    Reply {
        /// Bytes received, and sent back.
        bytes: usize,
        /// Whether the datagram was longer than the buffer.
        cut: bool,
    },
    /// It received nothing it could call data, and stays silent.
    Empty,
}

impl EchoRule {
    /// What becomes of a datagram with `bytes` bytes of payload.
    pub fn answer(&self, bytes: usize) -> EchoAnswer {
        let received = self.buffer.map_or(bytes, |buffer| bytes.min(buffer));
        if received == 0 && !self.echo_empty {
            return EchoAnswer::Empty;
        }
        EchoAnswer::Reply {
            bytes: received,
            cut: received < bytes,
        }
    }
}

impl From<ServerRules> for EchoRule {
    fn from(rules: ServerRules) -> Self {
        Self {
            buffer: rules.buffer,
            echo_empty: rules.echo_empty,
        }
    }
}

/// Whether `peer` may itself be a service that answers everything, so that an answer could start an endless loop.
///
/// A forged sender address is enough to make two such services talk to each other for ever (CVE-2024-2169). So a port
/// below 1024 gets no answer, and neither does the server's own port on any machine: another copy of this program
/// listens there.
pub fn is_guarded(peer: SocketAddr, own_port: u16) -> bool {
    peer.port() < FIRST_CLIENT_PORT || peer.port() == own_port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(bytes: usize, cut: bool) -> EchoAnswer {
        EchoAnswer::Reply { bytes, cut }
    }

    #[test]
    fn whole_datagrams_come_back_whole() {
        let rule = EchoRule::default();
        for bytes in [1, 42, 4096, 4097, 65_507, 65_527] {
            assert_eq!(rule.answer(bytes), reply(bytes, false));
        }
    }

    #[test]
    fn empty_is_no_data_unless_the_rule_says_so() {
        let tutorial = EchoRule::default();
        assert_eq!(tutorial.answer(0), EchoAnswer::Empty);
        let rfc862 = EchoRule {
            echo_empty: true,
            ..tutorial
        };
        assert_eq!(rfc862.answer(0), reply(0, false));
    }

    #[test]
    fn the_tutorials_buffer_cuts_from_its_first_byte_too_many() {
        let rule = EchoRule {
            buffer: Some(4096),
            echo_empty: false,
        };
        assert_eq!(rule.answer(4095), reply(4095, false));
        assert_eq!(rule.answer(4096), reply(4096, false));
        assert_eq!(rule.answer(4097), reply(4096, true));
        assert_eq!(rule.answer(65_507), reply(4096, true));
    }

    #[test]
    fn ports_that_answer_everything_get_no_answer() {
        let peer = |port| SocketAddr::from(([192, 0, 2, 1], port));
        for port in [0, 7, 19, 53, 1023, 10_000] {
            assert!(is_guarded(peer(port), 10_000), "port {port}");
        }
        for port in [1024, 9_999, 10_001, 50_139, 65_535] {
            assert!(!is_guarded(peer(port), 10_000), "port {port}");
        }
    }
}
