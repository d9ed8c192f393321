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

/// Handshakes at a time.
const AT_ONCE: usize = 64;

/// Addresses of this machine's from which the sessions come; one has too few ports when others use them too.
const SOURCES: usize = 20;

/// What a session that does nothing may hold of the host's memory, in KiB.
const MOST_KIB: f64 = 12.0;

/// Sessions that open in a second.
const OPENED_PER_SECOND: f64 = 2000.0;

/// How much longer round trips may take beside all of them.
const SLOWER: f64 = 1.2;

/// What many idle sessions cost.
#[derive(Debug, Serialize)]
pub(crate) struct Idle {
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

/// Opens so many sessions and measures beside them.
pub(crate) fn run(sessions: usize, rounds: usize, time: Duration) -> Idle {
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
    let open = runtime.block_on(open(&address, sessions));
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
        Checked::at_most("KiB each", kib_each, MOST_KIB),
        Checked::at_least("opened a second", opened_per_second, OPENED_PER_SECOND),
        Checked::at_most("p50 of an empty host's", p50_us / empty_p50_us, SLOWER),
        Checked::at_least("still open", still_open as f64, sessions as f64),
    ];
    Idle {
        sessions,
        kib_each,
        opened_per_second,
        p50_us,
        empty_p50_us,
        still_open,
        checks,
    }
}

async fn open(address: &Address, sessions: usize) -> Vec<TcpStream> {
    let Address::WebSocket(http, path) = address else {
        unreachable!("a relay's address")
    };
    let one = |session: usize| {
        let source = Ipv4Addr::new(127, 0, 1, (session % SOURCES) as u8 + 1);
        connect(*http, path, Some(SocketAddr::from((source, 0))))
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
