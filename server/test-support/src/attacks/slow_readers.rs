//! Readers that send and never read, hundreds at a time: what is held back for them has a bound, and what finds no room is
//! dropped and counted.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use udp_echo::limits::BacklogPool;

use super::by_hand::{open_narrow, whole};
use super::exhaustion::connected_to_itself;
use super::scrape::Scrape;
use crate::host::HostProgram;
use crate::sockets::{ROUTE, datagram};
use crate::soon;

/// Bytes of a host without sessions: a debug build has 14 MiB, and each of its threads 5 MiB to read into.
const HOST: usize = 32 << 20;

/// Bytes of a session that does nothing.
const IDLE: usize = 8 << 10;

/// Bytes that a host may have resident while so many readers do not read: what it promises, and what it has anyway.
pub fn bound(readers: usize) -> usize {
    let raw_and_page = BacklogPool::RAW + BacklogPool::PAGE;
    HOST + BacklogPool::SHARED + readers * (raw_and_page / 2 + IDLE)
}

/// What a reader does not read.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Answers to `/relay`.
    Page,
    /// Answers to `/relay/raw`.
    Raw,
    /// What comes to a socket of `/sockets` from another one of the same session.
    Sockets,
}

/// The kinds whose answers come from a server.
pub const RELAYS: [Kind; 2] = [Kind::Page, Kind::Raw];

impl Kind {
    /// A session whose end here takes only a few kilobytes.
    async fn open(self, host: &HostProgram) -> TcpStream {
        match self {
            Self::Page => open_narrow(host.http, "/relay").await,
            Self::Raw => open_narrow(host.http, "/relay/raw").await,
            Self::Sockets => connected_to_itself(open_narrow(host.http, ROUTE).await).await,
        }
    }

    /// A frame that has this come back.
    fn frame(self, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::Page | Self::Raw => whole(0x82, payload),
            Self::Sockets => whole(0x82, &datagram(2, None, payload)),
        }
    }
}

/// Bytes of a datagram of these readers.
const LARGE: usize = 8 * 1024;

/// Small datagrams beside each of these, no two alike: they make many reports of what became of them, and long books.
const SMALL_ONES: usize = 20;

/// Readers that send in a row, before the echo server is given the time to answer.
const TOGETHER: usize = 50;

/// Answers dropped for each reader after which all is full that may be held back, many times over.
const FULL_AFTER: u64 = 1000;

/// The same for a test, which has few readers and little time.
const FULL_AFTER_IN_A_TEST: u64 = 200;

/// How long that may take.
const FULL_WITHIN: Duration = Duration::from_secs(180);

/// Sessions that send and never read, and at the end all vanish.
pub async fn attack(host: &HostProgram, kinds: &[Kind], readers: usize) {
    let mut sessions = Vec::new();
    for kind in kinds.iter().cycle().take(readers) {
        sessions.push((*kind, kind.open(host).await));
    }
    let full_after = match readers <= TOGETHER {
        true => FULL_AFTER_IN_A_TEST,
        false => FULL_AFTER,
    };
    // Until all is full that may be held back, and then for as long again: memory must not grow on.
    let mut rounds = 0..;
    let before = drops(host).await;
    let began = Instant::now();
    while drops(host).await - before < full_after * readers as u64 {
        flood_in_turn(host, &mut sessions, rounds.next().unwrap()).await;
        let waited = began.elapsed();
        assert!(
            waited < FULL_WITHIN,
            "too little was dropped for readers that never read"
        );
    }
    let filled = began.elapsed();
    while began.elapsed() < 2 * filled {
        flood_in_turn(host, &mut sessions, rounds.next().unwrap()).await;
    }
}

/// One round, with a question now and then, which gives the echo server the time to answer.
async fn flood_in_turn(host: &HostProgram, sessions: &mut [(Kind, TcpStream)], round: u32) {
    for some in sessions.chunks_mut(TOGETHER) {
        flood(some, round).await;
        drops(host).await;
    }
}

async fn flood(sessions: &mut [(Kind, TcpStream)], round: u32) {
    for (kind, session) in sessions {
        let mut frames = kind.frame(&[9; LARGE]);
        for number in 0..SMALL_ONES {
            frames.extend(kind.frame(format!("{round} {number}").as_bytes()));
        }
        soon("the host's reading", session.write_all(&frames))
            .await
            .unwrap();
    }
}

/// Answers that were dropped for slow readers so far.
async fn drops(host: &HostProgram) -> u64 {
    let scrape = Scrape::of(host).await;
    scrape.sum("udp_echo_drops_total{reason=\"slow_reader\"")
}
