//! The command line of `udp-echo client`, and the plan that it makes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};
use wire::ledger::MAX_IN_FLIGHT;
use wire::transcript::DEFAULT_MESSAGE;

use super::capture::Place;
use super::payload::{Payloads, from_hex};
use super::transport::{Destination, read_url};
use crate::duration;

/// Where `udp-echo echo` and the tutorial's server listen.
pub(crate) const DEFAULT_SERVER: &str = "127.0.0.1:10000";

/// Most bytes that `--size` takes: more than any datagram holds, so that the system can be heard refusing it.
const MAX_SIZE: usize = 100_000;

/// Sends datagrams to a UDP echo server and says what became of each
///
/// Without options: one message, and the transcript of the classic tutorial on standard error. With --count,
/// --interval, --json or --quiet: a line per datagram on standard output and a summary in the manner of ping.
/// A message that begins with a hyphen comes after the address and `--`.
/// The exit code is 0 when an answer came, 1 when none did. Ctrl-C, SIGTERM or a closed terminal end the tool with its
/// summary and the same codes, and the plain client with 130.
#[derive(Debug, Clone, clap::Args)]
pub struct ClientArgs {
    /// The server, HOST:PORT [default: 127.0.0.1:10000]; left out with --via, where the relay knows its server
    #[arg(value_name = "ADDR")]
    pub address: Option<String>,

    /// The message [default: the tutorial's, 42 bytes]
    #[arg(value_name = "MESSAGE")]
    pub message: Option<String>,

    /// MESSAGE is hexadecimal: two digits a byte, blanks and colons allowed
    #[arg(long, conflicts_with = "size")]
    pub hex: bool,

    /// Sends this many bytes, different in each datagram, in place of a message
    #[arg(long, value_name = "BYTES", conflicts_with = "message")]
    pub size: Option<usize>,

    /// Datagrams to send; 0 sends until Ctrl-C
    #[arg(long, short = 'c', value_name = "N")]
    pub count: Option<u64>,

    /// Time from one datagram to the next [default: 200ms]; 0 sends the next as soon as the window has room
    #[arg(long, short = 'i', value_name = "TIME", value_parser = duration::parse)]
    pub interval: Option<Duration>,

    /// Time after which a datagram without an answer counts as lost: 3, 0.5, 250ms
    #[arg(long, short = 't', value_name = "TIME", default_value = "3", value_parser = duration::parse_positive)]
    pub timeout: Duration,

    /// Most datagrams in flight at once [default: what the receive buffer holds, at most 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_IN_FLIGHT))]
    pub window: Option<u64>,

    /// Sends through a relay: ws://HOST:PORT/relay/raw, the page's address, or HOST:PORT; with ?target=NAME for another of
    /// its servers
    #[arg(long, value_name = "URL")]
    pub via: Option<String>,

    /// Prints one line of JSON for each datagram, and one for the summary
    #[arg(long)]
    pub json: bool,

    /// Prints the summary only
    #[arg(long, short = 'q')]
    pub quiet: bool,

    /// Writes the datagrams to a capture that Wireshark opens, each with its fate as a comment; `-` is standard output, and
    /// what else is said then goes to standard error
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
}

/// How a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The tutorial's words, on standard error.
    Transcript,
    /// A line per datagram and a summary, on standard output unless the capture is there.
    Lines,
    /// The same as JSON, one object a line.
    Json,
}

/// What a run does; the arguments with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) destination: Destination,
    pub(super) payloads: Payloads,
    /// Datagrams to send; `None` sends until Ctrl-C.
    pub(super) count: Option<u64>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// Most datagrams in flight; `None` lets the receive buffer decide.
    pub(super) window: Option<u64>,
    pub(super) style: Style,
    /// Where the capture goes, if there is one.
    pub(super) capture: Option<Place>,
}

impl ClientArgs {
    /// Settles what the arguments mean together.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let (destination, message) = self.destination_and_message()?;
        let a_tool = self.count.is_some() || self.interval.is_some() || self.quiet;
        Ok(Plan {
            destination,
            payloads: self.payloads(message)?,
            count: match self.count {
                Some(0) => None,
                count => Some(count.unwrap_or(1)),
            },
            interval: self.interval.unwrap_or(Duration::from_millis(200)),
            timeout: self.timeout,
            window: self.window,
            style: match (self.json, a_tool) {
                (true, _) => Style::Json,
                (false, true) => Style::Lines,
                (false, false) => Style::Transcript,
            },
            capture: self.pcap.as_deref().map(Place::from),
        })
    }

    /// A relay knows its server, so with `--via` the first word is the message.
    fn destination_and_message(&self) -> anyhow::Result<(Destination, Option<&str>)> {
        let first = self.address.as_deref();
        let second = self.message.as_deref();
        let Some(url) = &self.via else {
            let server = first.unwrap_or(DEFAULT_SERVER).to_owned();
            ensure!(
                !server.contains("://"),
                "{server} is a URL, and a UDP server has none: write HOST:PORT, for example {DEFAULT_SERVER}, or --via \
                 {server} for a relay"
            );
            return Ok((Destination::Server(server), second));
        };
        if let (Some(address), Some(_)) = (first, second) {
            bail!(
                "the relay at {url} sends to its own server, so {address} cannot be chosen: leave the address out, \
                 or name one of the relay's targets as {url}?target=NAME"
            );
        }
        Ok((Destination::Relay(read_url(url)?), first))
    }

    fn payloads(&self, message: Option<&str>) -> anyhow::Result<Payloads> {
        if let Some(bytes) = self.size {
            ensure!(
                message.is_none(),
                "--size makes its own bytes: leave the message out"
            );
            ensure!(
                bytes <= MAX_SIZE,
                "--size {bytes} is far beyond any datagram: at most {MAX_SIZE} is taken (65507 is the most that IPv4 carries)"
            );
            return Ok(Payloads::Filled(bytes));
        }
        let bytes = match message {
            Some(digits) if self.hex => from_hex(digits).map_err(anyhow::Error::msg)?,
            Some(text) => text.as_bytes().to_vec(),
            None if self.hex => bail!("--hex needs a MESSAGE of hexadecimal digits"),
            None => DEFAULT_MESSAGE.as_bytes().to_vec(),
        };
        Ok(Payloads::Same(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        client: ClientArgs,
    }

    fn plan(words: &[&str]) -> anyhow::Result<Plan> {
        let words = [&["client"], words].concat();
        CommandLine::try_parse_from(words)?.client.plan()
    }

    fn same(text: &str) -> Payloads {
        Payloads::Same(text.as_bytes().to_vec().into())
    }

    #[test]
    fn without_words_it_is_the_tutorials_client() {
        let plan = plan(&[]).unwrap();
        assert_eq!(
            plan.destination,
            Destination::Server("127.0.0.1:10000".to_owned())
        );
        assert_eq!(plan.payloads, same(DEFAULT_MESSAGE));
        assert_eq!((plan.count, plan.style), (Some(1), Style::Transcript));
    }

    #[test]
    fn an_address_comes_first_and_a_message_second() {
        let plan = plan(&["localhost:7", "--", "--hello"]).unwrap();
        assert_eq!(
            plan.destination,
            Destination::Server("localhost:7".to_owned())
        );
        assert_eq!(plan.payloads, same("--hello"));
    }

    #[test]
    fn an_empty_message_is_a_message() {
        assert_eq!(plan(&["localhost:7", ""]).unwrap().payloads, same(""));
    }

    #[test]
    fn through_a_relay_the_only_word_is_the_message() {
        let url = "ws://127.0.0.1:8000/relay/raw";
        let plan_via = plan(&["--via", url, "hello"]).unwrap();
        assert_eq!(plan_via.destination, Destination::Relay(url.to_owned()));
        assert_eq!(plan_via.payloads, same("hello"));
        let error = plan(&["--via", url, "127.0.0.1:7", "hello"]).unwrap_err();
        assert!(error.to_string().contains("?target=NAME"), "{error}");
    }

    #[test]
    fn a_count_makes_it_a_tool_and_zero_has_no_end() {
        let plan_of_five = plan(&["-c", "5", "--interval", "0"]).unwrap();
        assert_eq!(
            (plan_of_five.count, plan_of_five.style),
            (Some(5), Style::Lines)
        );
        assert_eq!(plan_of_five.interval, Duration::ZERO);
        assert_eq!(plan(&["--count", "0"]).unwrap().count, None);
        assert_eq!(plan(&["--json"]).unwrap().style, Style::Json);
    }

    #[test]
    fn a_capture_named_like_standard_output_goes_there() {
        let place = |name| plan(&["--pcap", name]).unwrap().capture;
        for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert_eq!(place(name), Some(Place::StandardOutput), "{name}");
        }
        for name in ["./-", "capture.pcapng"] {
            assert_eq!(place(name), Some(Place::File(name.into())));
        }
        assert_eq!(plan(&[]).unwrap().capture, None);
    }

    #[test]
    fn a_url_in_place_of_an_address_is_told_its_place() {
        for url in [
            "http://127.0.0.1:8000/",
            "ws://127.0.0.1:8000/relay/raw",
            "udp://127.0.0.1:7",
        ] {
            let error = plan(&[url]).unwrap_err().to_string();
            assert!(
                error.contains("HOST:PORT") && error.contains(&format!("--via {url}")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_together_is_refused() {
        let refused: [&[&str]; 9] = [
            &["localhost:7", "hello", "--size", "5"],
            &["--via", "ws://x/", "hello", "--size", "5"],
            &["--hex", "--size", "5"],
            &["--hex"],
            &["localhost:7", "0g", "--hex"],
            &["--size", "100001"],
            &["--window", "0"],
            &["--window", "8193"],
            &["--timeout", "0"],
        ];
        for words in refused {
            assert!(plan(words).is_err(), "{words:?}");
        }
    }
}
