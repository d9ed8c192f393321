//! How many sessions that talk one relay carries on one processor: more and more of them, until the relay has no time left.

use std::process::Command;
use std::time::{Duration, Instant};

use super::all_talk;
use super::talker::Talkers;
use crate::attacks::belongings::processor_time;
use crate::attacks::scrape::Scrape;
use crate::host::HostProgram;

/// The processor of the relay; all others are for the sessions' clients.
const RELAYS_PROCESSOR: usize = 0;

/// Sessions of the first step; each further step has twice as many.
const FIRST: usize = 250;

/// A step with a longer round trip than this at its 99th percentile is the last.
pub const P99_AT_MOST: Duration = Duration::from_millis(20);

/// Part of a processor's time with which it counts as full.
const FULL: f64 = 0.97;

/// What a number of sessions cost.
#[derive(Debug, Clone)]
pub struct Step {
    /// Sessions that talk.
    pub sessions: usize,
    /// Datagrams echoed in a second.
    pub per_second: f64,
    /// Datagrams that had no answer.
    pub lost: usize,
    /// Median of the round trips.
    pub median: Duration,
    /// 99th percentile of the round trips.
    pub p99: Duration,
    /// Part of its processor that the relay took.
    pub relay: f64,
    /// Part of all other processors that the clients took.
    pub clients: f64,
}

impl Step {
    /// Whether the relay carries so many.
    pub fn is_carried(&self) -> bool {
        self.lost == 0 && self.p99 <= P99_AT_MOST
    }

    /// Whether the clients had no time left, so that the figures are theirs.
    pub fn is_limited_by_clients(&self) -> bool {
        self.clients >= FULL
    }
}

/// Measures one step after the other, each for `time`, up to `most` sessions; the last one is the first that the relay, or this
/// machine's clients, did not carry.
///
/// # Panics
/// Without a second processor, and without `taskset`.
pub async fn measure(most: usize, pace: Duration, time: Duration) -> Vec<Step> {
    let processors = std::thread::available_parallelism().unwrap().get();
    assert!(processors > 1, "the clients need a processor of their own");
    let others = format!("{}-{}", RELAYS_PROCESSOR + 1, processors - 1);
    let own = std::process::id();
    let pinned = Command::new("taskset")
        .args(["-a", "-c", "-p", &others, &own.to_string()])
        .output();
    assert!(pinned.unwrap().status.success(), "taskset");

    let mut steps = Vec::new();
    let mut sessions = FIRST;
    while sessions <= most {
        let settings = [
            "--allow-host=udp.example",
            "--allow-origin=https://udp.example",
            "--max-sessions=0",
        ];
        let host = HostProgram::start_on_processor(RELAYS_PROCESSOR, &settings).await;
        let talkers = Talkers::start(host.http, sessions, pace);
        all_talk(&talkers, "they all begin").await;
        talkers.take();
        let (began, before) = (Instant::now(), [host.pid(), own].map(processor_time));
        tokio::time::sleep(time).await;
        let took = began.elapsed();
        let [relay, clients] = [host.pid(), own].map(processor_time);
        let taken = talkers.take();
        talkers.finish().await;
        Scrape::of_idle(&host).await.assert_books_are_closed();

        let mut round_trips: Vec<_> = taken
            .iter()
            .flat_map(|talk| talk.round_trips.clone())
            .collect();
        round_trips.sort_unstable();
        let at = |part: f64| round_trips[((round_trips.len() - 1) as f64 * part) as usize];
        let part = |time: Duration| time.as_secs_f64() / took.as_secs_f64();
        let step = Step {
            sessions,
            per_second: round_trips.len() as f64 / took.as_secs_f64(),
            lost: taken.iter().map(|talk| talk.lost).sum(),
            median: at(0.5),
            p99: at(0.99),
            relay: part(relay - before[0]),
            clients: part(clients - before[1]) / (processors - 1) as f64,
        };
        eprintln!("{step:?}");
        let goes_on = step.is_carried() && !step.is_limited_by_clients();
        steps.push(step);
        if !goes_on {
            break;
        }
        sessions *= 2;
    }
    steps
}
