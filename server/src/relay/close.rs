//! Why a session ended, and what that means: a close code with a sentence for the client, a level for the log.

use std::borrow::Cow;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tracing::Level;

use crate::limits::{Full, LimitExceeded};
use crate::ws::StreamEnd;

/// Most bytes of the reason in a Close frame (RFC 6455, section 5.5: 125 less 2 for the code).
const MAX_REASON_BYTES: usize = 123;

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The client's stream ended, or broke a rule of WebSocket.
    Stream(StreamEnd),
    /// A text message was no control message of ours.
    BadControl(String),
    /// Too many control messages, or frames that carry none of a datagram, came in one second.
    ControlFlood(u32),
    /// Nothing was said for this long.
    Idle(Duration),
    /// The session reached its greatest age.
    Lifetime(Duration),
    /// A ping stayed without pong for this long.
    NoPong(Duration),
    /// The client took nothing of what waited for it for this long.
    Stalled(Duration),
    /// There was no room for one more session.
    Full(Full),
    /// Datagrams came faster than this limit for so long.
    Flood(LimitExceeded, Duration),
    /// The client came back on another connection and took its port there.
    Superseded,
    /// The host stops.
    Shutdown,
    /// The session's own UDP socket could not be opened; the whole reason.
    NoSocket(String),
}

impl CloseReason {
    /// What the client is told; `None` when it is gone, or closed the session itself.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let (code, reason): (u16, Cow<'_, str>) = match self {
            Self::Stream(StreamEnd::Closed(_) | StreamEnd::Lost(_)) => return None,
            Self::Stream(StreamEnd::Protocol(what)) => (1002, what.into()),
            Self::Stream(StreamEnd::NotUtf8) => (1007, "a text message was not UTF-8".into()),
            Self::BadControl(what) => (4400, what.into()),
            Self::ControlFlood(limit) => (
                4401,
                format!("more than {limit} control messages, pings or empty fragments in a second")
                    .into(),
            ),
            Self::Idle(limit) => (4402, format!("nothing was sent for {limit:?}").into()),
            Self::Lifetime(limit) => (4403, format!("sessions last {limit:?} at most").into()),
            Self::NoPong(limit) => (4404, format!("no answer to a ping for {limit:?}").into()),
            Self::Stalled(limit) => (
                4413,
                format!("nothing that waits for this client was taken for {limit:?}").into(),
            ),
            Self::Full(full @ Full::Host(_)) => (4405, full.to_string().into()),
            Self::Full(full @ Full::Address(_)) => (4406, full.to_string().into()),
            Self::Flood(exceeded, time) => (
                flood_code(*exceeded),
                format!("{exceeded} for {time:.0?}").into(),
            ),
            Self::Stream(StreamEnd::TooLong(limit)) => (
                4409,
                format!("a message was longer than {limit} bytes, the limit").into(),
            ),
            Self::Superseded => (4408, "the client came back on another connection".into()),
            Self::Shutdown => (1001, "the host stops".into()),
            Self::NoSocket(why) => (1011, why.into()),
        };
        Some(CloseFrame {
            code: CloseCode::from(code),
            reason: shortened(&reason).into(),
        })
    }

    /// Whether what the client still sends can be read as frames.
    pub(super) fn leaves_frames(&self) -> bool {
        !matches!(self, Self::Stream(end) if !end.is_by_client())
    }

    /// The close code or, where none is said, a word for it.
    pub(super) fn label(&self) -> String {
        match (self, self.frame()) {
            (_, Some(frame)) => u16::from(frame.code).to_string(),
            (Self::Stream(StreamEnd::Closed(_)), None) => "client".to_owned(),
            (_, None) => "vanished".to_owned(),
        }
    }

    /// Whether sessions end like this all day, so that the log may say it of each.
    pub(super) fn is_routine(&self) -> bool {
        self.level() == Level::INFO
    }

    /// Its level in the log.
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Stream(end) if !end.is_by_client() => Level::WARN,
            Self::Stream(_) | Self::Shutdown | Self::Idle(_) | Self::Lifetime(_) => Level::INFO,
            Self::NoPong(_) | Self::Stalled(_) | Self::Superseded => Level::INFO,
            Self::BadControl(_) | Self::ControlFlood(_) | Self::Full(_) | Self::Flood(..) => {
                Level::WARN
            }
            Self::NoSocket(_) => Level::ERROR,
        }
    }
}

impl From<StreamEnd> for CloseReason {
    fn from(end: StreamEnd) -> Self {
        Self::Stream(end)
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.frame()) {
            (Self::Stream(StreamEnd::Closed(Some(code))), _) => {
                write!(f, "the client closed it with code {code}")
            }
            (Self::Stream(StreamEnd::Closed(None)), _) => f.write_str("the client closed it"),
            (Self::Stream(StreamEnd::Lost(how)), _) => write!(f, "the client vanished: {how}"),
            (_, Some(frame)) => write!(f, "{} ({})", frame.reason, frame.code),
            (_, None) => Ok(()),
        }
    }
}

/// The code says which limit was exceeded: the session's own or that of its address, in datagrams or in bytes.
fn flood_code(exceeded: LimitExceeded) -> u16 {
    match exceeded {
        LimitExceeded::Datagrams(_) => 4407,
        LimitExceeded::Bytes(_) => 4410,
        LimitExceeded::AddressDatagrams(_) => 4411,
        LimitExceeded::AddressBytes(_) => 4412,
    }
}

/// The reason cut to what a Close frame can carry, between two letters.
fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_end() -> Vec<CloseReason> {
        let limit = Duration::from_secs(60);
        vec![
            StreamEnd::Closed(Some(1000)).into(),
            StreamEnd::Lost("connection reset".to_owned()).into(),
            StreamEnd::Protocol("reserved bits are set".to_owned()).into(),
            StreamEnd::NotUtf8.into(),
            StreamEnd::TooLong(65_536).into(),
            CloseReason::BadControl("ü".repeat(200)),
            CloseReason::ControlFlood(100),
            CloseReason::Idle(limit),
            CloseReason::Lifetime(limit),
            CloseReason::NoPong(limit),
            CloseReason::Stalled(limit),
            CloseReason::Full(Full::Host(u32::MAX)),
            CloseReason::Full(Full::Address(u32::MAX)),
            CloseReason::Flood(LimitExceeded::Datagrams(u32::MAX), limit),
            CloseReason::Flood(LimitExceeded::Bytes(u32::MAX), limit),
            CloseReason::Flood(LimitExceeded::AddressDatagrams(u32::MAX), limit),
            CloseReason::Flood(LimitExceeded::AddressBytes(u32::MAX), limit),
            CloseReason::Superseded,
            CloseReason::Shutdown,
            CloseReason::NoSocket("too many open files".to_owned()),
        ]
    }

    #[test]
    fn reasons_fit_a_close_frame() {
        for frame in every_end().iter().filter_map(CloseReason::frame) {
            assert!(frame.reason.len() <= MAX_REASON_BYTES, "{frame}");
            assert!(!frame.reason.is_empty());
        }
    }

    #[test]
    fn every_end_has_its_own_code() {
        let frames: Vec<_> = every_end().iter().filter_map(CloseReason::frame).collect();
        let codes: std::collections::HashSet<_> =
            frames.iter().map(|frame| u16::from(frame.code)).collect();
        assert_eq!(codes.len(), frames.len());
    }

    /// Every end has a row of the contract's table, and the table has no others.
    #[test]
    fn the_contract_names_every_code() {
        let contract = include_str!("../../wire/PROTOCOL.md");
        let (_, table) = contract.split_once("| code | why |\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let listed: std::collections::BTreeSet<u16> = rows
            .filter_map(|row| row.split('|').nth(1))
            .flat_map(|codes| codes.split(','))
            .filter_map(|code| code.trim().parse().ok())
            .collect();
        let ends = every_end();
        let sent = ends.iter().filter_map(CloseReason::frame);
        let sent: std::collections::BTreeSet<_> = sent.map(|frame| u16::from(frame.code)).collect();
        assert_eq!(listed, sent);
    }

    /// A host without ports or descriptors refuses all sessions, as fast as they come: that must not flood the log either.
    #[test]
    fn only_the_usual_ends_are_logged_without_a_bound() {
        assert!(CloseReason::from(StreamEnd::Closed(Some(1000))).is_routine());
        assert!(!CloseReason::BadControl("?".to_owned()).is_routine());
        assert!(!CloseReason::NoSocket("no port is free".to_owned()).is_routine());
    }

    #[test]
    fn a_client_that_said_goodbye_is_told_nothing() {
        assert_eq!(CloseReason::from(StreamEnd::Closed(None)).frame(), None);
    }
}
