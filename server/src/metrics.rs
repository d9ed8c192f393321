//! What the host counts, as Prometheus reads it (text format 0.0.4).
//!
//! Sessions count for themselves and are added up when somebody asks, so that a datagram costs the host's counters
//! nothing. [`CATALOGUE`] says what there is.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::link::DropReason;

use crate::echo::EchoTotals;
use crate::relay::Traffic;

mod catalogue;

pub use catalogue::{CATALOGUE, Metric};

/// Upper ends of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 12] = [
    50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 500_000, 2_000_000,
];

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A foreign host name.
    Host,
    /// A foreign origin, or none.
    Origin,
    /// Too many connections.
    Connections,
    /// No target of that name.
    Target,
    /// Not a WebSocket handshake that the host understands.
    Handshake,
}

impl Refused {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Host, "host"),
        (Self::Origin, "origin"),
        (Self::Connections, "connections"),
        (Self::Target, "target"),
        (Self::Handshake, "handshake"),
    ];
}

/// The counters of a host.
#[derive(Debug, Default)]
pub struct Metrics {
    opened: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
    /// Samples at most as long as the bucket's end; the last takes all others.
    round_trips: [AtomicU64; BUCKETS.len() + 1],
    round_trip_micros: AtomicU64,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    live: HashMap<u64, Arc<Traffic>>,
    /// What the sessions had that have ended, by label.
    past: Sums,
    ends: BTreeMap<String, u64>,
}

/// What others count, as of now.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// TCP connections that are open.
    pub(crate) connections: u32,
    /// What the host's echo server has done.
    pub(crate) own_server: EchoTotals,
    /// Lines that were not logged.
    pub(crate) log_lines_left_out: u64,
}

/// Sums by metric and labels.
type Sums = BTreeMap<(&'static str, &'static str), u64>;

impl Metrics {
    /// Counts a session in; its traffic is read whenever somebody asks.
    pub(crate) fn session_opened(&self, number: u64, traffic: Arc<Traffic>) {
        add(&self.opened, 1);
        self.books().live.insert(number, traffic);
    }

    /// Counts a session out; `end` is its close code or another word for how it ended.
    pub(crate) fn session_ended(&self, number: u64, end: String) {
        let mut books = self.books();
        if let Some(traffic) = books.live.remove(&number) {
            traffic.finish();
            traffic.add_to(&mut books.past);
        }
        *books.ends.entry(end).or_default() += 1;
    }

    /// Counts somebody who was refused.
    pub(crate) fn refused(&self, why: Refused) {
        add(&self.refused[why as usize], 1);
    }

    /// Notes how long an answer took.
    pub(crate) fn round_trip(&self, micros: u64) {
        let bucket = BUCKETS.partition_point(|&end| end < micros);
        add(&self.round_trips[bucket], 1);
        add(&self.round_trip_micros, micros);
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self, around: &Around) -> String {
        let sums = self.books().sums(around);
        let mut text = String::new();
        for Metric {
            name,
            kind,
            meaning,
            ..
        } in CATALOGUE
        {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {meaning}\n# TYPE {name} {kind}");
            self.samples(name, &sums, around, &mut text);
        }
        text
    }

    fn samples(&self, name: &str, sums: &Sums, around: &Around, text: &mut String) {
        let books = self.books();
        let _ = match name {
            "udp_echo_sessions" => writeln!(text, "{name} {}", books.live.len()),
            "udp_echo_connections" => writeln!(text, "{name} {}", around.connections),
            "udp_echo_sessions_opened_total" => writeln!(text, "{name} {}", read(&self.opened)),
            "udp_echo_sessions_ended_total" => books
                .ends
                .iter()
                .try_for_each(|(end, count)| writeln!(text, "{name}{{code=\"{end}\"}} {count}")),
            "udp_echo_refused_total" => Refused::ALL.iter().try_for_each(|(why, word)| {
                let count = read(&self.refused[*why as usize]);
                writeln!(text, "{name}{{reason=\"{word}\"}} {count}")
            }),
            "udp_echo_round_trip_seconds" => self.histogram(name, text),
            "udp_echo_log_lines_left_out_total" => {
                writeln!(text, "{name} {}", around.log_lines_left_out)
            }
            _ => sums
                .iter()
                .filter(|((metric, _), _)| *metric == name)
                .try_for_each(|((_, labels), sum)| writeln!(text, "{name}{labels} {sum}")),
        };
    }

    fn histogram(&self, name: &str, text: &mut String) -> std::fmt::Result {
        let mut count = 0;
        for (bucket, end) in self.round_trips.iter().zip(BUCKETS) {
            count += read(bucket);
            let seconds = end as f64 / 1e6;
            writeln!(text, "{name}_bucket{{le=\"{seconds}\"}} {count}")?;
        }
        count += self.round_trips.last().map_or(0, read);
        let sum = read(&self.round_trip_micros) as f64 / 1e6;
        writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}")?;
        writeln!(text, "{name}_sum {sum}\n{name}_count {count}")
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn sums(&self, around: &Around) -> Sums {
        let mut sums = self.past.clone();
        // A metric without a sample yet says 0, so that nobody takes it for missing.
        for is_page in [false, true] {
            Traffic::new(is_page).add_to(&mut sums);
        }
        for traffic in self.live.values() {
            traffic.add_to(&mut sums);
        }
        let server = &around.own_server;
        for (name, labels, count) in [
            (SERVER, "{what=\"received\"}", server.received),
            (SERVER, "{what=\"empty\"}", server.empty),
            (SERVER, "{what=\"guarded\"}", server.guarded),
            (SERVER, "{what=\"cut\"}", server.cut),
            (SERVER, "{what=\"unsent\"}", server.unsent),
            (
                KERNEL_DROPS,
                "{socket=\"server\"}",
                server.kernel_drops.unwrap_or_default().into(),
            ),
        ] {
            *sums.entry((name, labels)).or_default() += count;
        }
        sums
    }
}

const SERVER: &str = "udp_echo_server_datagrams_total";
const FATES: &str = "udp_echo_fates_total";
const DROPS: &str = "udp_echo_drops_total";
const KERNEL_DROPS: &str = "udp_echo_kernel_drops_total";

/// Labels of [`DropReason::ALL`], in that order.
const DROP_LABELS: [&str; DropReason::ALL.len()] = [
    "{reason=\"loss\"}",
    "{reason=\"checksum\"}",
    "{reason=\"queue\"}",
    "{reason=\"slow_reader\"}",
];

impl Traffic {
    /// What is in flight when a session ends stays without a fate.
    fn finish(&self) {
        let unfinished = self.in_flight.swap(0, Ordering::Relaxed);
        add(&self.unfinished, unfinished);
    }

    /// Adds what the session has counted so far.
    fn add_to(&self, sums: &mut Sums) {
        let kind = match self.is_page {
            true => "{kind=\"page\"}",
            false => "{kind=\"raw\"}",
        };
        let fates: &[_] = match self.is_page {
            true => &[
                ("{kind=\"page\",fate=\"echoed\"}", &self.echoed),
                ("{kind=\"page\",fate=\"lost\"}", &self.lost),
                ("{kind=\"page\",fate=\"dropped\"}", &self.dropped),
                ("{kind=\"page\",fate=\"refused\"}", &self.refused),
                ("{kind=\"page\",fate=\"rejected\"}", &self.rejected),
                ("{kind=\"page\",fate=\"unanswered\"}", &self.unanswered),
                ("{kind=\"page\",fate=\"unfinished\"}", &self.unfinished),
            ],
            false => &[
                ("{kind=\"raw\",fate=\"dropped\"}", &self.dropped),
                ("{kind=\"raw\",fate=\"refused\"}", &self.refused),
                ("{kind=\"raw\",fate=\"rejected\"}", &self.rejected),
            ],
        };
        let mut add = |name, labels, counter| {
            *sums.entry((name, labels)).or_default() += read(counter);
        };
        for (labels, counter) in fates {
            add(FATES, labels, counter);
        }
        for (labels, counter) in DROP_LABELS.iter().zip(&self.drops) {
            add(DROPS, labels, counter);
        }
        let bytes = "udp_echo_bytes_total";
        add(bytes, "{direction=\"in\"}", &self.from_client_bytes);
        add(bytes, "{direction=\"out\"}", &self.from_server_bytes);
        add("udp_echo_datagrams_total", kind, &self.from_client);
        add("udp_echo_answers_total", kind, &self.from_server);
        add("udp_echo_in_flight", "", &self.in_flight);
        add(KERNEL_DROPS, "{socket=\"session\"}", &self.kernel_drops);
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_session_still_counts_and_an_open_one_already() {
        let metrics = Metrics::default();
        for number in 1..=2 {
            let traffic = Arc::new(Traffic::new(true));
            add(&traffic.from_client, 10);
            add(&traffic.echoed, 7);
            add(&traffic.in_flight, 3);
            metrics.session_opened(number, traffic);
        }
        metrics.session_ended(1, "1001".to_owned());
        let text = metrics.render(&Around::default());
        for line in [
            "udp_echo_sessions 1",
            "udp_echo_sessions_opened_total 2",
            "udp_echo_sessions_ended_total{code=\"1001\"} 1",
            "udp_echo_datagrams_total{kind=\"page\"} 20",
            "udp_echo_fates_total{kind=\"page\",fate=\"echoed\"} 14",
            "udp_echo_fates_total{kind=\"page\",fate=\"unfinished\"} 3",
            "udp_echo_in_flight 3",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "{line} is not in\n{text}"
            );
        }
    }

    #[test]
    fn buckets_are_cumulative_and_their_ends_included() {
        let metrics = Metrics::default();
        for micros in [50, 51, 3_000_000] {
            metrics.round_trip(micros);
        }
        let text = metrics.render(&Around::default());
        for line in [
            "udp_echo_round_trip_seconds_bucket{le=\"0.00005\"} 1",
            "udp_echo_round_trip_seconds_bucket{le=\"0.0001\"} 2",
            "udp_echo_round_trip_seconds_bucket{le=\"2\"} 2",
            "udp_echo_round_trip_seconds_bucket{le=\"+Inf\"} 3",
            "udp_echo_round_trip_seconds_sum 3.000101",
            "udp_echo_round_trip_seconds_count 3",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
