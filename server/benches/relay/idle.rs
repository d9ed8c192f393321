//! Many sessions that do nothing: what one costs, how fast they open, and what another session feels of them.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use tokio::net::TcpStream;

use crate::load::{Address, connect, measure};
use crate::process::Program;
use crate::relays::host_before;
use crate::report::{Checked, middle};
use crate::shapes::Load;
use crate::sockets::with_bound_socket;

/// Handshakes at a time.
const AT_ONCE: usize = 64;

/// Addresses of this machine's from which the sessions come; one has too few ports when others use them too.
const SOURCES: usize = 20;

/// Sessions that do nothing, by what they have and by what one may hold of the host's memory, in KiB.
const KINDS: [(&str, bool, f64); 2] = [
    ("/relay/raw", false, 12.0),
    ("/sockets with a bound socket", true, 20.0),
];

/// Sessions that open in a second.
const OPENED_PER_SECOND: f64 = 2000.0;

/// How much longer round trips may take beside all of them.
const SLOWER: f64 = 1.2;

/// What many idle sessions cost.
#[derive(Debug, Serialize)]
pub(crate) struct Idle {
    /// The kind of the sessions, in words.
    pub(crate) what: &'static str,
    pub(crate) sessions: usize,
    /// KiB of the host's resident memory for each.
    pub(crate) kib_each: f64,
    pub(crate) opened_per_second: f64,
    /// Round trips through one more session, in microseconds.
    pub(crate) p50_us: f64,
    /// The same through a host without others.
    pub(crate) empty_p50_us: f64,
    pub(crate) still_open: usize,
    pub(crate) checks: Vec<Checked>,
}

/// Opens so many sessions of each kind and measures beside them.
pub(crate) fn run(sessions: usize, rounds: usize, time: Duration) -> Vec<Idle> {
    let kinds = KINDS.iter();
    let measured = kinds.map(|&(what, has_socket, most_kib)| {
        beside(what, has_socket, most_kib, sessions, rounds, time)
    });
    measured.collect()
}

fn beside(
    what: &'static str,
    has_socket: bool,
    most_kib: f64,
    sessions: usize,
    rounds: usize,
    time: Duration,
) -> Idle {
    let (_echo, udp) = Program::echo(&[]);
    let (full, address) = host_before(udp, &[]);
    let (empty, empty_address) = host_before(udp, &[]);
    let one = Load {
        sessions: 1,
        window: 1,
        size: 42,
    };
    // What the first sessions allocate once is no cost of the many.
    measure(&full, &address, one, time);
    let before = full.resident();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let started = Instant::now();
    let open = runtime.block_on(open(&address, has_socket, sessions));
    let opened_per_second = sessions as f64 / started.elapsed().as_secs_f64();
    // The last upgrades have been answered, but their sessions may have yet to begin.
    measure(&full, &address, one, time);
    let kib_each = (full.resident() - before) as f64 / 1024.0 / sessions as f64;

    let mut beside = Vec::new();
    let mut alone = Vec::new();
    for _ in 0..rounds {
        beside.push(measure(&full, &address, one, time).p50_us);
        alone.push(measure(&empty, &empty_address, one, time).p50_us);
    }
    let (p50_us, empty_p50_us) = (middle(beside), middle(alone));
    let still_open = runtime.block_on(async { open.iter().filter(|s| is_open(s)).count() });
    let checks = vec![
        Checked::at_most("KiB each", kib_each, most_kib),
        Checked::at_least("opened a second", opened_per_second, OPENED_PER_SECOND),
        Checked::at_most("p50 of an empty host's", p50_us / empty_p50_us, SLOWER),
        Checked::at_least("still open", still_open as f64, sessions as f64),
    ];
    Idle {
        what,
        sessions,
        kib_each,
        opened_per_second,
        p50_us,
        empty_p50_us,
        still_open,
        checks,
    }
}

async fn open(address: &Address, has_socket: bool, sessions: usize) -> Vec<TcpStream> {
    let Address::WebSocket(http, path) = address else {
        unreachable!("a relay's address")
    };
    let (http, path) = (*http, path.as_str());
    let one = |session: usize| async move {
        let source = Ipv4Addr::new(127, 0, 1, (session % SOURCES) as u8 + 1);
        let from = Some(SocketAddr::from((source, 0)));
        match has_socket {
            true => with_bound_socket(http, from).await,
            false => connect(http, path, from).await,
        }
    };
    let opened = stream::iter(0..sessions).map(one).buffer_unordered(AT_ONCE);
    opened
        .map(|opened| opened.expect("a session opens"))
        .collect()
        .await
}

/// Whether the host has neither said anything nor gone; if not, it is shown what it said.
fn is_open(stream: &TcpStream) -> bool {
    let mut said = [0; 200];
    match stream.try_read(&mut said) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => true,
        Ok(bytes) => {
            eprintln!(
                "    a session ended: {}",
                String::from_utf8_lossy(&said[..bytes])
            );
            false
        }
        Err(error) => {
            eprintln!("    a session ended: {error}");
            false
        }
    }
}
