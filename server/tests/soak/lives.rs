//! Half an hour of what readers really do: pages come, talk, sleep, come back, leave or vanish, beside programs on `/relay/raw` and
//! `/sockets`. Every minute the host's memory and descriptors are noted; at the end all is counted again.
//!
//! A machine that is stopped for a while cuts lives short: they wait for answers no longer than tests do. Such lives are counted
//! apart, and nothing is expected of what they sent last.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use test_support::attacks::belongings::{Descriptors, resident, resident_at_rest};
use test_support::attacks::readers::SETTINGS;
use test_support::attacks::scrape::Scrape;
use test_support::client::Client;
use test_support::host::HostProgram;
use test_support::sockets::{ROUTE, SocketsClient};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::plot;

/// Readers at a time.
const READERS: usize = 120;

/// Bytes of the large datagrams by which the counts pass 32 bits.
const LARGE: usize = 60_000;

/// Large datagrams that are under way at once, and the pause after them: 2³² bytes in eight minutes of an idle machine.
const LARGE_AT_ONCE: usize = 16;
const PAUSE: Duration = Duration::from_millis(100);

/// Two ticks that lie so far apart tell that the machine was stopped.
const STALL: Duration = Duration::from_secs(10);

/// Memory that may have been added by the end, beyond what the first quarter of the time had at most.
const MOST_GROWTH: usize = 8 << 20;

/// What was seen at the end of a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minute {
    pub(crate) at: Duration,
    pub(crate) resident: usize,
    pub(crate) descriptors: usize,
    pub(crate) sessions: u64,
}

/// What the lives have done.
#[derive(Debug, Default)]
struct Done {
    /// Datagrams and bytes of lives that ended as they wanted to.
    datagrams: AtomicU64,
    bytes: AtomicU64,
    /// The same of lives that were cut: the host may have read less.
    unsure: AtomicU64,
    unsure_bytes: AtomicU64,
    lives: AtomicU64,
    resumed: AtomicU64,
    vanished: AtomicU64,
    cut: AtomicU64,
    stalls: AtomicU64,
}

/// Lives so for `minutes`, prints what was seen, and draws it into `target/soak.svg`.
///
/// # Panics
/// When the host has forgotten a datagram, a descriptor or memory.
pub(crate) async fn live(minutes: u64) {
    let host = Arc::new(HostProgram::start(&SETTINGS).await);
    // What the first ones allocate once is no cost of the many.
    for route in ["/relay", "/relay/raw", ROUTE] {
        Client::connect(&host.ws(route)).await.close().await;
    }
    Scrape::of_idle(&host).await;
    let before = Descriptors::settled(host.pid()).await;
    let done = Arc::new(Done::default());
    let time = Duration::from_secs(60 * minutes);
    let began = Instant::now();
    let mut readers = JoinSet::new();
    for number in 0..READERS {
        let (host, done) = (Arc::clone(&host), Arc::clone(&done));
        readers.spawn(async move {
            let mut chance = Chance(number as u64 + 1);
            while began.elapsed() < time {
                one_life(&host, &done, &mut chance).await;
            }
        });
    }
    readers.spawn(large(Arc::clone(&host), Arc::clone(&done), began, time));
    let stalls = Arc::clone(&done);
    let watch = tokio::spawn(async move {
        loop {
            let before = Instant::now();
            sleep(Duration::from_secs(1)).await;
            stalls
                .stalls
                .fetch_add(u64::from(before.elapsed() > STALL), Relaxed);
        }
    });
    let mut seen = Vec::new();
    println!("| minute | resident, MiB | descriptors | sessions | datagrams |");
    println!("|--:|--:|--:|--:|--:|");
    for minute in 1..=minutes {
        let end = Duration::from_secs(60 * minute).saturating_sub(began.elapsed());
        let ends_early = async {
            while let Some(ended) = readers.join_next().await {
                ended.unwrap();
            }
            std::future::pending().await
        };
        tokio::select! {
            () = sleep(end) => {}
            () = ends_early => {}
        }
        let scrape = Scrape::of(&host).await;
        let now = Minute {
            at: began.elapsed(),
            resident: resident(host.pid()),
            descriptors: Descriptors::of(host.pid()).count(),
            sessions: scrape.sum("udp_echo_sessions"),
        };
        println!(
            "| {:.1} | {:.1} | {} | {} | {} |",
            now.at.as_secs_f64() / 60.0,
            mebibytes(now.resident),
            now.descriptors,
            now.sessions,
            scrape.sum("udp_echo_datagrams_total")
        );
        seen.push(now);
    }
    while let Some(ended) = readers.join_next().await {
        ended.unwrap();
    }
    watch.abort();
    plot::draw(&seen);
    judge(&host, &done, &before, &seen).await;
}

/// Whether the host has kept anything that it should have given back, or lost count.
async fn judge(host: &HostProgram, done: &Done, before: &Descriptors, seen: &[Minute]) {
    // Sleepers that never answer a ping are let go after a while.
    while Scrape::of(host).await.sum("udp_echo_sessions") > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    let scrape = Scrape::of_idle(host).await;
    scrape.assert_books_are_closed();
    let read = |counter: &AtomicU64| counter.load(Relaxed);
    let (sent, bytes) = (read(&done.datagrams), read(&done.bytes));
    let counted = scrape.sum("udp_echo_datagrams_total");
    let counted_bytes = scrape.sum("udp_echo_bytes_total{direction=\"in\"");
    let passes = match counted_bytes > u64::from(u32::MAX) {
        true => "the byte counts have passed 32 bits",
        false => "the byte counts have not passed 32 bits: the time was too short for that",
    };
    println!(
        "\n{passes}\n{} lives, {} of them resumed, {} vanished, {} cut by {} stalls of the machine; {counted} datagrams, {counted_bytes} bytes",
        read(&done.lives),
        read(&done.resumed),
        read(&done.vanished),
        read(&done.cut),
        read(&done.stalls)
    );
    let datagrams = sent..=sent + read(&done.unsure);
    assert!(datagrams.contains(&counted), "{counted} of {datagrams:?}");
    let all_bytes = bytes..=bytes + read(&done.unsure_bytes);
    assert!(
        all_bytes.contains(&counted_bytes),
        "{counted_bytes} of {all_bytes:?}"
    );
    let after = Descriptors::settled(host.pid()).await;
    assert_eq!(&after, before, "descriptors:\n{after}instead of\n{before}");
    let at_rest = resident_at_rest(host.pid()).await;
    println!(
        "at rest {:.1} MiB, {} descriptors as before",
        mebibytes(at_rest),
        after.count()
    );
    let quarter = seen.len().div_ceil(4);
    let early = seen[..quarter].iter().map(|minute| minute.resident).max();
    let late = seen[seen.len() - quarter..].iter();
    let late = late.map(|minute| minute.resident).min();
    if let (Some(early), Some(late)) = (early, late) {
        assert!(
            late <= early + MOST_GROWTH,
            "memory grew from {early} to {late} bytes"
        );
    }
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What a life has sent.
#[derive(Debug, Default, Clone)]
struct Sent(Arc<(AtomicU64, AtomicU64)>);

impl Sent {
    fn note(&self, bytes: usize) {
        self.0.0.fetch_add(1, Relaxed);
        self.0.1.fetch_add(bytes as u64, Relaxed);
    }
}

/// One life of a reader, of a kind that chance decides.
async fn one_life(host: &Arc<HostProgram>, done: &Arc<Done>, chance: &mut Chance) {
    let sent = Sent::default();
    let kind = chance.of(0..10);
    let life = {
        let (host, done, sent) = (Arc::clone(host), Arc::clone(done), sent.clone());
        let chance = Chance(chance.next());
        async move {
            match kind {
                0 => raw(&host, &sent, chance).await,
                1 | 2 => sockets(&host, &sent, chance).await,
                _ => page(&host, &done, &sent, chance).await,
            }
        }
    };
    let stalls = done.stalls.load(Relaxed);
    // A task of its own, so that one that is cut ends no other.
    let ended = tokio::spawn(life).await;
    let (datagrams, bytes) = (sent.0.0.load(Relaxed), sent.0.1.load(Relaxed));
    done.lives.fetch_add(1, Relaxed);
    match ended {
        Ok(()) => {
            done.datagrams.fetch_add(datagrams, Relaxed);
            done.bytes.fetch_add(bytes, Relaxed);
        }
        Err(error) => {
            // The watch ticks within this time.
            sleep(Duration::from_secs(2)).await;
            assert!(
                done.stalls.load(Relaxed) > stalls,
                "a life ended early on a machine that was never stopped: {error}"
            );
            done.cut.fetch_add(1, Relaxed);
            done.unsure.fetch_add(datagrams, Relaxed);
            done.unsure_bytes.fetch_add(bytes, Relaxed);
        }
    }
}

/// A page: it talks, sleeps, and then leaves, vanishes, or comes back with its token.
async fn page(host: &HostProgram, done: &Done, sent: &Sent, mut chance: Chance) {
    let mut page = Client::connect(&host.ws("/relay")).await;
    let hello = page.told("hello").await;
    talk(&mut page, sent, &mut chance).await;
    sleep(chance.millis(0..15_000)).await;
    match chance.of(0..4) {
        0 => page.close().await,
        1 => {
            done.vanished.fetch_add(1, Relaxed);
            // No Close: the connection breaks, or is held by somebody who sleeps.
            if chance.of(0..4) == 0 {
                sleep(chance.millis(20_000..60_000)).await;
            }
            drop(page);
        }
        _ => {
            drop(page);
            let token = hello["resume"].as_str().unwrap();
            let mut page = Client::connect(&host.ws(&format!("/relay?resume={token}"))).await;
            let again = page.told("hello").await;
            if again["resumed"] == true {
                assert_eq!(again["client"], hello["client"]);
                done.resumed.fetch_add(1, Relaxed);
            }
            talk(&mut page, sent, &mut chance).await;
            page.close().await;
        }
    }
}

/// Sends a few datagrams over a link that is good or bad, and waits until the host has read all of them.
async fn talk(page: &mut Client, sent: &Sent, chance: &mut Chance) {
    let is_bad = chance.of(0..2) == 0;
    if is_bad {
        let seed = chance.of(0..1000);
        let link = format!(
            r#"{{"lab":{{"up":{{"loss_ppm":200000,"duplicate_ppm":100000,"delay_us":20000,"jitter_us":15000}},"seed":{seed}}}}}"#
        );
        page.send_text(&link).await;
        page.told("lab").await;
    }
    for _ in 0..chance.of(1..40) {
        let bytes = chance.of(0..1500) as usize;
        sent.note(bytes);
        page.send(&vec![7; bytes]).await;
        if !is_bad && bytes > 0 {
            page.datagram().await;
        }
        sleep(chance.millis(0..300)).await;
    }
    page.send_text("\"counters\"").await;
    let all = page.sent();
    page.told_first(|told| told["counters"]["sent"] == all)
        .await;
}

/// A program on the headerless route.
async fn raw(host: &HostProgram, sent: &Sent, mut chance: Chance) {
    let mut client = Client::connect(&host.ws("/relay/raw")).await;
    for _ in 0..chance.of(1..100) {
        let bytes = chance.of(1..1500) as usize;
        sent.note(bytes);
        client.send(&vec![7; bytes]).await;
        client.datagram().await;
        sleep(chance.millis(0..100)).await;
    }
    client.close().await;
}

/// Both programs of the tutorial on a loopback of their own.
async fn sockets(host: &HostProgram, sent: &Sent, mut chance: Chance) {
    let mut session = SocketsClient::connect(&host.ws(ROUTE)).await;
    let server = session.bound(1, 10_000).await;
    session.bound(2, 0).await;
    for _ in 0..chance.of(1..40) {
        let bytes = chance.of(1..1500) as usize;
        sent.note(bytes);
        session.send_to(2, server, &vec![7; bytes]).await;
        let received = session.receive().await;
        sent.note(bytes);
        session.send_to(1, received.from, &received.payload).await;
        session.receive().await;
        sleep(chance.millis(0..300)).await;
    }
    session.client.close().await;
}

/// Sends large datagrams until the time is over, in sessions of a minute.
async fn large(host: Arc<HostProgram>, done: Arc<Done>, began: Instant, time: Duration) {
    while began.elapsed() < time {
        let sent = Sent::default();
        let life = {
            let (host, sent) = (Arc::clone(&host), sent.clone());
            tokio::spawn(async move {
                let mut client = Client::connect(&host.ws("/relay/raw")).await;
                let until = Instant::now() + Duration::from_secs(60);
                while Instant::now() < until {
                    let payloads = (0..LARGE_AT_ONCE).map(|_| {
                        sent.note(LARGE);
                        vec![7; LARGE]
                    });
                    client.exchange(payloads).await;
                    sleep(PAUSE).await;
                }
                client.close().await;
            })
        };
        let is_whole = life.await.is_ok();
        let (datagrams, bytes) = (sent.0.0.load(Relaxed), sent.0.1.load(Relaxed));
        let (to, to_bytes) = match is_whole {
            true => (&done.datagrams, &done.bytes),
            false => {
                done.cut.fetch_add(1, Relaxed);
                (&done.unsure, &done.unsure_bytes)
            }
        };
        to.fetch_add(datagrams, Relaxed);
        to_bytes.fetch_add(bytes, Relaxed);
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn of(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.of(range))
    }
}
