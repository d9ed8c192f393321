//! What a run says: in the tutorial's words, in lines like `ping`'s, or in JSON.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use wire::ledger::{Counters, Delivery, Fate};
use wire::limits::{MAX_DATAGRAM_BYTES_IPV4, MAX_DATAGRAM_BYTES_IPV6};

mod json;
mod lines;
mod transcript;

pub(super) use json::Json;
pub(super) use lines::Lines;
pub(super) use transcript::Transcript;

use super::round_trips::RoundTrips;
use crate::cause::{cannot_reach, plain};
use crate::place::Shown;

/// Is told what happens in a run, in the order of happening.
pub(super) trait Report {
    /// The run begins.
    fn begin(&mut self, _route: &Route, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    /// A datagram is about to be sent.
    fn sending(&mut self, _payload: &[u8]) -> io::Result<()> {
        Ok(())
    }

    /// It left.
    fn waiting(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// An answer came, wanted or not.
    fn answered(&mut self, answer: &Answered<'_>) -> io::Result<()>;

    /// A datagram came to an end other than `echoed`.
    fn ended(&mut self, end: &Ended) -> io::Result<()>;

    /// The run is over.
    fn summary(&mut self, route: &Route, summary: &Summary) -> io::Result<()>;
}

/// Between whom datagrams travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// The server or relay as it was asked for.
    pub(super) name: String,
    /// Our own address.
    pub(super) client: SocketAddr,
    /// The server's, or the relay's.
    pub(super) server: SocketAddr,
    /// Whether the server is behind a relay, so that its answers are known and its refusals are not.
    pub(super) relayed: bool,
}

/// An answer, and what it counts as.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    /// The datagram that it belongs to; `None` for a stray.
    pub(super) id: Option<u64>,
    /// What came.
    pub(super) payload: &'a [u8],
    /// What it counts as.
    pub(super) delivery: Delivery,
    /// Time since the datagram was sent; known for the first answer in time.
    pub(super) round_trip: Option<Duration>,
    /// Bytes that were sent, when more than came back.
    pub(super) cut_from: Option<usize>,
    /// Whether a later datagram was answered before.
    pub(super) reordered: bool,
}

/// A datagram without an answer.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its number.
    pub(super) id: u64,
    /// Its fate.
    pub(super) fate: Fate,
    /// What happened and what to do, as a clause.
    pub(super) why: String,
}

/// A run, added up.
#[derive(Debug)]
pub(super) struct Summary {
    /// How many came to which end.
    pub(super) counters: Counters,
    /// How long answers took.
    pub(super) round_trips: RoundTrips,
    /// How long the run took.
    pub(super) elapsed: Duration,
    /// Whether Ctrl-C ended it.
    pub(super) interrupted: bool,
}

impl Route {
    /// Why nothing came back in time.
    pub(super) fn no_answer(&self, fate: Fate, bytes: usize, timeout: Duration) -> String {
        let name = &self.name;
        if fate == Fate::Unanswered {
            return format!(
                "no answer from {name} within {timeout:?}: the datagram was empty, and a server that asks \
                 `if data` before it sends receives it and stays silent"
            );
        }
        if self.relayed && bytes > MAX_DATAGRAM_BYTES_IPV4 {
            return format!(
                "no answer through {name} within {timeout:?}: {bytes} bytes do not fit into one datagram over IPv4, \
                 which carries at most {MAX_DATAGRAM_BYTES_IPV4}"
            );
        }
        format!(
            "no answer from {name} within {timeout:?}: the datagram or its answer was lost, and UDP does not say \
             which; is an echo server running there?"
        )
    }

    /// Why ICMP brought a datagram back.
    pub(super) fn refused(&self, error: &io::Error) -> String {
        let server = self.server;
        let shown = Shown(server);
        if error.kind() == io::ErrorKind::HostUnreachable
            || error.kind() == io::ErrorKind::NetworkUnreachable
        {
            return cannot_reach(server, error);
        }
        let error = plain(error);
        format!(
            "nobody listens on UDP {shown}: {error}; start a server there with `udp-echo echo {shown}` and try again"
        )
    }

    /// Why the system did not send a datagram.
    pub(super) fn rejected(&self, error: &io::Error, bytes: usize) -> String {
        let server = self.server;
        let (family, limit) = if server.ip().to_canonical().is_ipv4() {
            ("IPv4", MAX_DATAGRAM_BYTES_IPV4)
        } else {
            ("IPv6", MAX_DATAGRAM_BYTES_IPV6)
        };
        let refusal = format!("the system did not send {bytes} bytes to {}", Shown(server));
        if bytes > limit {
            let error = plain(error);
            format!("{refusal}: {error}; a datagram over {family} carries at most {limit} bytes")
        } else if cfg!(target_os = "macos") && bytes > 9216 {
            let error = plain(error);
            format!(
                "{refusal}: {error}; macOS sends at most 9216 bytes unless `sysctl net.inet.udp.maxdgram` says more"
            )
        } else {
            format!("{refusal}: {}", cannot_reach(server, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(server: &str, relayed: bool) -> Route {
        Route {
            name: "the-name".to_owned(),
            client: "127.0.0.1:50139".parse().unwrap(),
            server: server.parse().unwrap(),
            relayed,
        }
    }

    #[test]
    fn a_refusal_names_the_address_and_what_to_do() {
        let why = route("127.0.0.1:10000", false).refused(&io::ErrorKind::ConnectionRefused.into());
        assert!(
            why.starts_with("nobody listens on UDP 127.0.0.1:10000"),
            "{why}"
        );
        assert!(why.contains("`udp-echo echo 127.0.0.1:10000`"), "{why}");
    }

    #[test]
    fn an_oversize_message_is_rejected_with_the_limit_of_its_family() {
        let error = io::Error::from(io::ErrorKind::InvalidInput);
        let why = route("127.0.0.1:10000", false).rejected(&error, 65_508);
        assert!(
            why.ends_with("over IPv4 carries at most 65507 bytes"),
            "{why}"
        );
        let why = route("[::1]:10000", false).rejected(&error, 65_528);
        assert!(
            why.ends_with("over IPv6 carries at most 65527 bytes"),
            "{why}"
        );
        let why = route("[::1]:10000", false).rejected(&error, 5);
        assert!(!why.contains("at most"), "{why}");
    }

    #[test]
    fn silence_is_explained_by_what_was_sent() {
        let direct = route("127.0.0.1:10000", false);
        let timeout = Duration::from_secs(3);
        assert!(
            direct
                .no_answer(Fate::Unanswered, 0, timeout)
                .contains("if data")
        );
        assert!(
            direct
                .no_answer(Fate::Lost, 42, timeout)
                .contains("within 3s")
        );
        let relayed = route("127.0.0.1:8000", true);
        assert!(
            relayed
                .no_answer(Fate::Lost, 65_508, timeout)
                .contains("65507")
        );
    }
}
