//! Why a session ended, and what that means: a close code with a sentence for the client, a level for the log.

use std::borrow::Cow;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tracing::Level;

use crate::limits::{Full, Over};

/// Most bytes of the reason in a Close frame (RFC 6455, section 5.5: 125 less 2 for the code).
const MAX_REASON_BYTES: usize = 123;

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The client closed it, with this code or none.
    ByClient(Option<u16>),
    /// The connection broke, or the client went away without a Close.
    Vanished(String),
    /// The client broke the WebSocket protocol.
    Protocol(String),
    /// A text message was not UTF-8.
    NotUtf8,
    /// A message was longer than this many bytes.
    TooLong(usize),
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
    /// There was no room for one more session.
    Full(Full),
    /// Datagrams came faster than this limit for so long.
    Flood(Over, Duration),
    /// The client came back on another connection and took its port there.
    Superseded,
    /// The host stops.
    Shutdown,
    /// The session's own UDP socket could not be opened; the whole reason.
    NoSocket(String),
}

impl Ended {
    /// What the client is told; `None` when it cannot hear it, or said goodbye itself.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let (code, reason): (u16, Cow<'_, str>) = match self {
            Self::ByClient(_) | Self::Vanished(_) => return None,
            Self::Protocol(what) => (1002, what.into()),
            Self::NotUtf8 => (1007, "a text message was not UTF-8".into()),
            Self::BadControl(what) => (4400, what.into()),
            Self::ControlFlood(limit) => (
                4401,
                format!("more than {limit} control messages, pings or empty fragments in a second")
                    .into(),
            ),
            Self::Idle(limit) => (4402, format!("nothing was sent for {limit:?}").into()),
            Self::Lifetime(limit) => (4403, format!("sessions last {limit:?} at most").into()),
            Self::NoPong(limit) => (4404, format!("no answer to a ping for {limit:?}").into()),
            Self::Full(full @ Full::Host(_)) => (4405, full.to_string().into()),
            Self::Full(full @ Full::Address(_)) => (4406, full.to_string().into()),
            Self::Flood(over, time) => (flood_code(*over), format!("{over} for {time:.0?}").into()),
            Self::TooLong(limit) => (
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
    pub(super) fn is_understood(&self) -> bool {
        !matches!(self, Self::Protocol(_) | Self::NotUtf8 | Self::TooLong(_))
    }

    /// The close code or, where none is said, a word for it.
    pub(super) fn label(&self) -> String {
        match (self, self.frame()) {
            (_, Some(frame)) => u16::from(frame.code).to_string(),
            (Self::ByClient(_), None) => "client".to_owned(),
            (_, None) => "vanished".to_owned(),
        }
    }

    /// Whether sessions end like this all day, so that the log may say it of each.
    pub(super) fn is_routine(&self) -> bool {
        self.level() == Level::INFO
    }

    /// How much attention it deserves in the log.
    pub(super) fn level(&self) -> Level {
        match self {
            Self::ByClient(_) | Self::Shutdown | Self::Idle(_) | Self::Lifetime(_) => Level::INFO,
            Self::Vanished(_) | Self::NoPong(_) | Self::Superseded => Level::INFO,
            Self::Protocol(_)
            | Self::NotUtf8
            | Self::TooLong(_)
            | Self::BadControl(_)
            | Self::ControlFlood(_)
            | Self::Full(_)
            | Self::Flood(..) => Level::WARN,
            Self::NoSocket(_) => Level::ERROR,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.frame()) {
            (Self::ByClient(Some(code)), _) => write!(f, "the client closed it with code {code}"),
            (Self::ByClient(None), _) => f.write_str("the client closed it"),
            (Self::Vanished(how), _) => write!(f, "the client vanished: {how}"),
            (_, Some(frame)) => write!(f, "{} ({})", frame.reason, frame.code),
            (_, None) => Ok(()),
        }
    }
}

/// Whoever meets a limit shall know which: the session's own, or that of its address, in datagrams or in bytes.
fn flood_code(over: Over) -> u16 {
    match over {
        Over::Datagrams(_) => 4407,
        Over::Bytes(_) => 4410,
        Over::AddressDatagrams(_) => 4411,
        Over::AddressBytes(_) => 4412,
    }
}

/// The reason cut to what a Close frame can carry, between two letters.
fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_end() -> Vec<Ended> {
        let limit = Duration::from_secs(60);
        vec![
            Ended::ByClient(Some(1000)),
            Ended::Vanished("connection reset".to_owned()),
            Ended::Protocol("reserved bits are set".to_owned()),
            Ended::NotUtf8,
            Ended::TooLong(65_536),
            Ended::BadControl("ü".repeat(200)),
            Ended::ControlFlood(100),
            Ended::Idle(limit),
            Ended::Lifetime(limit),
            Ended::NoPong(limit),
            Ended::Full(Full::Host(u32::MAX)),
            Ended::Full(Full::Address(u32::MAX)),
            Ended::Flood(Over::Datagrams(u32::MAX), limit),
            Ended::Flood(Over::Bytes(u32::MAX), limit),
            Ended::Flood(Over::AddressDatagrams(u32::MAX), limit),
            Ended::Flood(Over::AddressBytes(u32::MAX), limit),
            Ended::Superseded,
            Ended::Shutdown,
            Ended::NoSocket("too many open files".to_owned()),
        ]
    }

    #[test]
    fn reasons_fit_a_close_frame() {
        for frame in every_end().iter().filter_map(Ended::frame) {
            assert!(frame.reason.len() <= MAX_REASON_BYTES, "{frame}");
            assert!(!frame.reason.is_empty());
        }
    }

    #[test]
    fn every_end_has_its_own_code() {
        let frames: Vec<_> = every_end().iter().filter_map(Ended::frame).collect();
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
        let sent = ends.iter().filter_map(Ended::frame);
        let sent: std::collections::BTreeSet<_> = sent.map(|frame| u16::from(frame.code)).collect();
        assert_eq!(listed, sent);
    }

    /// A host without ports or descriptors refuses everybody, as fast as they come: that must not flood the log either.
    #[test]
    fn only_the_usual_ends_are_logged_without_a_bound() {
        assert!(Ended::ByClient(Some(1000)).is_routine());
        assert!(!Ended::BadControl("?".to_owned()).is_routine());
        assert!(!Ended::NoSocket("no port is free".to_owned()).is_routine());
    }

    #[test]
    fn a_client_that_said_goodbye_is_told_nothing() {
        assert_eq!(Ended::ByClient(None).frame(), None);
    }
}
