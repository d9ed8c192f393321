//! The lane: datagrams of a session of `/relay` that travel in QUIC datagrams of a WebTransport session, beside the WebSocket.
//!
//! A lane loses what the network loses, so "the n-th message" means nothing on it: each datagram carries its number. Control, events
//! and `hello` stay on the WebSocket, and so do the messages of this module, under the name `lane`.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Bytes of the number in front of a payload.
pub const HEADER_BYTES: usize = 8;

/// Greatest number: scripts hold whole numbers exactly up to here.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Number of the first answer on a lane. Those below it are answers on the WebSocket.
pub const FIRST_ANSWER: u64 = (1 << 31) + 1;

/// Most datagrams that may be missing at a time: as many as a client may have in flight.
pub const MAX_MISSING: u64 = 8192;

/// Most answers that may wait for the client's report at a time.
pub const MAX_UNREPORTED: u64 = 8192;

/// Most numbers that the ranges of one report may cover.
pub const MAX_REPORTED: u64 = 16_384;

/// How long an answer waits at least for the client's report, in microseconds: a report takes its time however short the timeout.
pub const REPORT_WAIT_US: u64 = 1_000_000;

/// Milliseconds for which a token is valid.
pub const TOKEN_MS: u64 = 10_000;

/// What carries a datagram between the client and the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The WebSocket, on which nothing is lost and all waits for what comes late.
    WebSocket,
    /// Datagrams of a WebTransport session.
    WebTransport,
}

/// The header of a datagram with this number.
pub fn header(number: u64) -> [u8; HEADER_BYTES] {
    number.to_be_bytes()
}

/// A payload with its header in front.
pub fn message(number: u64, payload: &[u8]) -> Vec<u8> {
    [&header(number), payload].concat()
}

/// Reads the number and the payload of a message; `None` when it is shorter than a header, or the number is out of range.
pub fn parse(message: &Bytes) -> Option<(u64, Bytes)> {
    let (header, _) = message.split_first_chunk()?;
    let number = u64::from_be_bytes(*header);
    let in_range = (1..=MAX_NUMBER).contains(&number);
    in_range.then(|| (number, message.slice(HEADER_BYTES..)))
}

/// Why a numbered datagram was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misnumbered {
    /// One with this number has come already.
    Repeated,
    /// The number is so old that the host has forgotten what became of it.
    Forgotten,
    /// With this number, more than [`MAX_MISSING`] datagrams would be missing.
    Ahead,
}

/// How a client opens a lane for its session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Where the lane is, without the token: `https://127.0.0.1:4433/lane`.
    pub url: String,
    /// Secret that joins a WebTransport session to this session: 32 hexadecimal digits, for `?token=`, once.
    pub token: String,
    /// Milliseconds for which the token is valid.
    pub token_ms: u64,
    /// SHA-256 of the certificates that the host may show, in hexadecimal digits; empty when an authority vouches for it.
    pub hashes: Vec<String>,
    /// When the certificate ends, in seconds since the Unix epoch; `None` when that is not known.
    #[serde(default)]
    pub expires: Option<u64>,
    /// Most payload bytes that a datagram of the lane carries.
    pub datagram_bytes: usize,
}

impl fmt::Debug for Offer {
    /// Leaves out the token: it must not come into any log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("url", &self.url)
            .field("hashes", &self.hashes)
            .finish_non_exhaustive()
    }
}

/// A message about lanes, of either side. It stands apart from the others, so that a client without lanes has no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutLane<M> {
    /// What is said.
    pub lane: M,
}

/// What the host says of lanes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneMessage {
    /// How to open one: when asked, and when the certificate has changed. The token before is void.
    Offer(Offer),
    /// The token was accepted.
    Opened {
        /// Most payload bytes that a datagram carries on this path as of now.
        datagram_bytes: usize,
    },
    /// The lane is gone. The session goes on, on the WebSocket.
    Closed {
        /// A close code as on the WebSocket, or 0 when the client closed it.
        code: u16,
        /// Why, for the reader.
        text: String,
    },
    /// What the host saw of a lane that did not open.
    Attempt {
        /// How far it came.
        saw: Saw,
        /// The same for the reader.
        text: String,
    },
}

/// How far the client came that last tried to open a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saw {
    /// No packet has come from the client's address.
    Nothing,
    /// A handshake began, and failed or is not through.
    Handshake,
    /// The handshake was through; the token, or the origin, was refused.
    Refused,
    /// The lane was open.
    Joined,
}

/// What a client says of lanes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneRequest {
    /// Asks for [`LaneMessage::Offer`].
    Offer,
    /// From here on, every binary message of the client has a header in front.
    Numbered,
    /// Asks for [`LaneMessage::Attempt`].
    Attempt,
    /// Says what came and what did not.
    Report(Report),
}

/// What only the client can know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Greatest number that the client has given to a datagram.
    pub sent: u64,
    /// Answers of the lane that came, in the order in which they came: first and last of each range.
    pub received: Vec<(u64, u64)>,
    /// Datagrams that were not sent because the lane takes none of that size: number, bytes, and the limit.
    pub unsent: Vec<(u64, usize, usize)>,
    /// Datagrams that the browser says it threw away before the wire: first and last of each range.
    pub thrown: Vec<(u64, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_is_written() {
        for number in [1, 255, 256, u64::from(u32::MAX) + 1, MAX_NUMBER] {
            let message = Bytes::from(message(number, b"payload"));
            let payload = Bytes::from_static(b"payload");
            assert_eq!(parse(&message), Some((number, payload)));
        }
    }

    #[test]
    fn an_empty_datagram_is_a_header_alone() {
        let empty = Bytes::from(message(7, b""));
        assert_eq!(parse(&empty), Some((7, Bytes::new())));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            &[][..],
            &[0; 7],
            &[0; 8],
            &header(MAX_NUMBER + 1),
            &[255; 100],
        ] {
            assert_eq!(parse(&Bytes::copy_from_slice(bytes)), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_printed_of_an_offer_has_no_token() {
        let offer = Offer {
            url: "https://127.0.0.1:4433/lane".to_owned(),
            token: "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
            token_ms: TOKEN_MS,
            hashes: Vec::new(),
            expires: None,
            datagram_bytes: 1100,
        };
        assert!(!format!("{offer:?}").contains(&offer.token));
    }
}
