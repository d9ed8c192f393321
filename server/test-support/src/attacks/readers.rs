//! Readers who all do what the tutorial says: each binds port 10000, and writes to `localhost:10000`.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::scrape::Scrape;
use crate::client::Client;
use crate::host::HostProgram;
use crate::sockets::{ROUTE, SocketsClient};
use crate::soon;

/// The tutorial's port.
const PORT: u16 = 10_000;

/// Settings of a host for so many readers.
pub const SETTINGS: [&str; 6] = [
    "--max-sessions-per-address=0",
    "--control-per-second=0",
    "--datagrams-per-second=0",
    "--bytes-per-second=0",
    "--address-datagrams-per-second=0",
    "--address-bytes-per-second=0",
];

/// Sizes of each reader's datagrams, one after the other: what the edges of datagrams, frames and Ethernet are.
const SIZES: [usize; 12] = [
    0, 1, 42, 125, 126, 1472, 1473, 4096, 8192, 9217, 32_768, 65_507,
];

/// Small datagrams that each reader then has under way at once.
const AT_ONCE: usize = 32;

/// What so many readers saw.
#[derive(Debug)]
pub struct Echoed {
    /// Readers.
    pub readers: usize,
    /// Time until all had bound the port.
    pub bound_within: Duration,
    /// Time from then on until all had all their echoes.
    pub echoed_within: Duration,
    /// Datagrams that came to a socket: each message, and each echo.
    pub datagrams: u64,
    /// Payload bytes of these.
    pub bytes: u64,
}

impl fmt::Display for Echoed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            readers,
            bound_within,
            echoed_within,
            datagrams,
            bytes,
        } = self;
        write!(
            f,
            "{readers} readers bound port {PORT} within {bound_within:.1?}, and had all their echoes {echoed_within:.1?} later: \
             {datagrams} datagrams, {bytes} bytes, each compared"
        )
    }
}

/// Lets so many readers bind the same port, and when all have, echo at once. Every second one comes from 127.0.0.1, the others
/// from an address of their own.
///
/// # Panics
/// When a reader gets anything but its own datagrams, whole, once each and in order.
pub async fn echo_at_once(host: &HostProgram, readers: usize) -> Echoed {
    let all_bound = Arc::new(Barrier::new(readers + 1));
    let all_done = Arc::new(Barrier::new(readers + 1));
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for number in 0..readers {
        let (http, bound, done) = (host.http, Arc::clone(&all_bound), Arc::clone(&all_done));
        tasks.spawn(async move {
            let mut reader = Reader::bind(http, number).await;
            bound.wait().await;
            reader.echo().await;
            done.wait().await;
            reader.server.ip()
        });
    }
    // One that fails would have the others wait for ever. Those that were told first that all are done may have ended already.
    let wait = async |barrier: &Barrier, tasks: &mut JoinSet<IpAddr>, ended: &mut Vec<IpAddr>| {
        let mut all = pin!(barrier.wait());
        loop {
            tokio::select! {
                _ = &mut all => return,
                Some(address) = tasks.join_next() => ended.push(address.unwrap()),
            }
        }
    };
    let mut ended = Vec::new();
    wait(&all_bound, &mut tasks, &mut ended).await;
    assert_eq!(ended.len(), 0, "none ends before all are done");
    let bound_within = began.elapsed();
    wait(&all_done, &mut tasks, &mut ended).await;
    let echoed_within = began.elapsed() - bound_within;
    ended.extend(tasks.join_all().await);
    let mut addresses = BTreeSet::new();
    for address in ended {
        assert!(addresses.insert(address), "two readers had one address");
    }
    assert_eq!(addresses.len(), readers);
    let scrape = Scrape::of_idle(host).await;
    scrape.assert_books_are_closed();
    let each = (SIZES.len() + AT_ONCE) * 2;
    let bytes = SIZES.iter().sum::<usize>() + AT_ONCE * small(0, 0).len();
    Echoed {
        readers,
        bound_within,
        echoed_within,
        datagrams: (readers * each) as u64,
        bytes: (readers * bytes * 2) as u64,
    }
}

/// A reader with both programs of the tutorial: socket 1 is the server, socket 2 the client.
struct Reader {
    number: usize,
    session: SocketsClient,
    server: SocketAddr,
    client: SocketAddr,
}

impl Reader {
    async fn bind(http: SocketAddr, number: usize) -> Self {
        let from = match number % 2 {
            0 => Ipv4Addr::LOCALHOST,
            _ => Ipv4Addr::new(127, 0, (number / 200) as u8 + 1, (number % 200) as u8 + 1),
        };
        let client = Client::connect_from(from.into(), http, ROUTE).await;
        let mut session = SocketsClient::greeted(client).await;
        session.trace(false).await;
        let server = session.bound(1, PORT).await;
        assert_eq!(server, (session.own(), PORT).into());
        let client = session.bound(2, 0).await;
        Self {
            number,
            session,
            server,
            client,
        }
    }

    async fn echo(&mut self) {
        for size in SIZES {
            self.exchange(&[payload(self.number, size)]).await;
        }
        let small: Vec<_> = (0..AT_ONCE)
            .map(|message| small(self.number, message))
            .collect();
        self.exchange(&small).await;
        let sent = self.session.client.sent();
        // An echo may come before the host has booked the receipt for it.
        let booked = async {
            loop {
                let counters = self.session.counters().await;
                if counters["in_flight"] == 0 {
                    return counters;
                }
            }
        };
        let counters = soon("a fate for every datagram", booked).await;
        assert_eq!(counters["sent"], sent, "{counters}");
        assert_eq!(counters["delivered"], sent, "{counters}");
        assert_eq!(counters["received"], sent, "{counters}");
        assert_eq!(counters["strangers"], 0, "{counters}");
    }

    /// Both programs at work: the client sends these, the server sends back what comes, and the client takes it.
    async fn exchange(&mut self, messages: &[Vec<u8>]) {
        let server: SocketAddr = (Ipv4Addr::LOCALHOST, PORT).into();
        for message in messages {
            self.session.send_to(2, server, message).await;
        }
        let (mut answered, mut echoed) = (0, 0);
        while echoed < messages.len() {
            let received = self.session.receive().await;
            let (next, from) = match received.socket {
                1 => (&mut answered, self.client),
                _ => (&mut echoed, self.server),
            };
            assert_eq!(received.from, from, "socket {}", received.socket);
            let is_whole = messages.get(*next) == Some(&received.payload);
            assert!(
                is_whole,
                "{} bytes at socket {}, and no message is like that",
                received.payload.len(),
                received.socket
            );
            *next += 1;
            if received.socket == 1 {
                let back = (received.from, &received.payload);
                self.session.send_to(1, back.0, back.1).await;
            }
        }
        assert_eq!(answered, messages.len());
    }
}

/// Bytes that no other reader sends.
fn payload(reader: usize, size: usize) -> Vec<u8> {
    let number = (reader as u32).to_be_bytes();
    let bytes = (0..size).map(|at| number[at % 4] ^ (at * 31 + at / 251) as u8);
    bytes.collect()
}

fn small(reader: usize, message: usize) -> Vec<u8> {
    format!("reader {reader:6}, message {message:6}").into_bytes()
}
