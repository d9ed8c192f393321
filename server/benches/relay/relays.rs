//! The table of relays: the host against the plain relay, between two floors.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use crate::load::{Address, Measured, measure};
use crate::process::Program;
use crate::report::{Checked, median};
use crate::shapes::{Shape, Speed};

/// What the host is told, so that only its work is measured and not its limits.
pub(crate) const NO_LIMITS: [&str; 6] = [
    "--datagrams-per-second=0",
    "--bytes-per-second=0",
    "--address-datagrams-per-second=0",
    "--address-bytes-per-second=0",
    "--max-sessions=0",
    "--max-sessions-per-address=0",
];

/// Name of the other process's echo server.
const TARGET: &str = "other";

/// Part of `/relay/raw`'s messages a second that `/sockets` must carry, and how many times its processor time it may take.
const SOCKETS: (f64, f64) = (0.9, 1.15);

/// One program beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    /// The host's `/relay/raw`.
    Host,
    /// The host's `/sockets`.
    Sockets,
    Plain,
    /// A WebSocket echo that does nothing else: the floor of the client's side.
    WebSocketEcho,
    /// The echo server itself, without a relay: the floor of the server's side.
    UdpEcho,
}

const CONTENDERS: [Contender; 5] = [
    Contender::Host,
    Contender::Sockets,
    Contender::Plain,
    Contender::WebSocketEcho,
    Contender::UdpEcho,
];

/// One line: medians of all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) shape: String,
    pub(crate) host: Measured,
    pub(crate) sockets: Measured,
    pub(crate) plain: Measured,
    pub(crate) websocket_echo: Measured,
    pub(crate) udp_echo: Measured,
    /// What is to be reached, and whether it was.
    pub(crate) checks: Vec<Checked>,
}

/// Measures every shape in so many rounds.
pub(crate) fn run(
    shapes: &[Shape],
    rounds: usize,
    time: Duration,
    mut progress: impl FnMut(&str),
) -> Vec<Line> {
    let mut lines = Vec::new();
    for shape in shapes {
        let mut measured: [Vec<Measured>; 5] = Default::default();
        for round in 0..rounds {
            progress(&format!("{}: round {} of {rounds}", shape.load, round + 1));
            for (contender, measured) in CONTENDERS.iter().zip(&mut measured) {
                measured.push(one(*contender, shape, time));
            }
        }
        let [host, sockets, plain, websocket_echo, udp_echo] =
            measured.map(|rounds| median(&rounds));
        let mut checks = check(shape, &host, &plain);
        checks.extend(check_sockets(shape, &sockets, &host));
        lines.push(Line {
            shape: shape.load.to_string(),
            host,
            sockets,
            plain,
            websocket_echo,
            udp_echo,
            checks,
        });
    }
    lines
}

fn one(contender: Contender, shape: &Shape, time: Duration) -> Measured {
    let (echo, udp) = Program::echo(&[]);
    match contender {
        Contender::Host => {
            let (host, address) = host_before(udp, &[]);
            measure(&host, &address, shape.load, time)
        }
        Contender::Sockets => {
            let (host, address) = host_before(udp, &[]);
            measure(&host, &sockets(&address), shape.load, time)
        }
        Contender::Plain => {
            let (plain, http) = Program::part(&["plain-relay", &udp.to_string()]);
            measure(&plain, &path(http, "/"), shape.load, time)
        }
        Contender::WebSocketEcho => {
            let (floor, http) = Program::part(&["websocket-echo"]);
            measure(&floor, &path(http, "/"), shape.load, time)
        }
        Contender::UdpEcho => measure(&echo, &Address::Udp(udp), shape.load, time),
    }
}

/// The host as a relay before another process's echo server.
pub(crate) fn host_before(udp: SocketAddr, settings: &[&str]) -> (Program, Address) {
    let target = format!("--target={TARGET}={udp}");
    let settings = [
        &NO_LIMITS,
        &["--allow-private-targets", &target][..],
        settings,
    ]
    .concat();
    let (host, http, _) = Program::host(&settings);
    (host, path(http, &format!("/relay/raw?target={TARGET}")))
}

/// The same host by its other route: a socket that writes to the same server.
pub(crate) fn sockets(address: &Address) -> Address {
    let Address::WebSocket(http, _) = address else {
        unreachable!("a relay's address")
    };
    Address::Sockets(*http, TARGET)
}

pub(crate) fn path(http: SocketAddr, path: &str) -> Address {
    Address::WebSocket(http, path.to_owned())
}

fn check(shape: &Shape, host: &Measured, plain: &Measured) -> Vec<Checked> {
    let mut checks = match shape.speed {
        Speed::Rate(goal) => vec![Checked::at_least(
            "rate",
            host.per_second / plain.per_second,
            goal,
        )],
        Speed::RoundTrip(goal) => vec![
            Checked::at_most("p50", host.p50_us / plain.p50_us, goal),
            Checked::at_most("p99", host.p99_us / plain.p99_us, goal),
        ],
    };
    checks.push(Checked::at_most(
        "CPU",
        host.cpu_us / plain.cpu_us,
        shape.cpu,
    ));
    checks.extend(check_echoes("", host));
    checks
}

fn check_sockets(shape: &Shape, sockets: &Measured, raw: &Measured) -> Vec<Checked> {
    let (rate, cpu) = SOCKETS;
    let mut checks = match shape.speed {
        Speed::Rate(_) => vec![
            Checked::at_least("/sockets: rate", sockets.per_second / raw.per_second, rate),
            Checked::at_most("CPU", sockets.cpu_us / raw.cpu_us, cpu),
        ],
        // Round trips of one message differ more from run to run than the routes do.
        Speed::RoundTrip(_) => vec![],
    };
    checks.extend(check_echoes("/sockets: ", sockets));
    checks
}

fn check_echoes(route: &str, measured: &Measured) -> [Checked; 2] {
    // Every loss has a count that explains it.
    let unexplained = measured.lost.saturating_sub(measured.kernel_drops);
    [
        Checked::at_most(
            &format!("{route}unexplained losses"),
            unexplained as f64,
            0.0,
        ),
        Checked::at_most(&format!("{route}wrong"), measured.wrong as f64, 0.0),
    ]
}
