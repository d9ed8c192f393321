//! What the host counts, as Prometheus reads it (text format 0.0.4).
//!
//! Each session has counters of its own, which are added up when the metrics are read: a datagram costs the host's
//! counters nothing. [`CATALOGUE`] says what there is.
//!
//! Why no library writes the text: `prometheus-client` 0.24 could ask these counters, by its trait `Collector`. It would spare us the
//! lines `HELP` and `TYPE` and the buckets of one histogram. What takes most of this module would stay: which counters there are, and
//! which labels their sums get. It also writes OpenMetrics and no text format 0.0.4. There a counter's type is declared without
//! `_total`, so names would no longer be the same in the answer, the catalogue and the documents.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::echo::EchoTotals;

mod catalogue;
mod session;

pub use catalogue::{CATALOGUE, Metric};
use session::KERNEL_DROPS;
pub use session::SessionKind;
pub(crate) use session::{SessionCounters, add};

/// Upper ends of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 12] = [
    50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 500_000, 2_000_000,
];

/// Why a request or a connection was refused.
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
    /// Sockets for pages are off.
    Sockets,
    /// A token that belongs to no loopback.
    Loopback,
    /// A capture that the host does not give, or not for this token.
    Capture,
}

impl Refused {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Host, "host"),
        (Self::Origin, "origin"),
        (Self::Connections, "connections"),
        (Self::Target, "target"),
        (Self::Handshake, "handshake"),
        (Self::Sockets, "sockets"),
        (Self::Loopback, "loopback"),
        (Self::Capture, "capture"),
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
    totals: Mutex<SessionTotals>,
}

#[derive(Debug, Default)]
struct SessionTotals {
    live: HashMap<u64, Arc<SessionCounters>>,
    /// What the sessions had that have ended, by label.
    past: Sums,
    ends: BTreeMap<String, u64>,
}

/// What others count, as of now.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// Sessions that may be open at once, if there is a limit.
    pub(crate) sessions_limit: Option<u32>,
    /// Whether the host drains before it stops.
    pub(crate) draining: bool,
    /// TCP connections that are open.
    pub(crate) connections: u32,
    /// Handshakes of lanes that are under way.
    pub(crate) handshakes: u32,
    /// Those that ended: joined, refused, failed, crowded.
    pub(crate) ended_handshakes: [u64; 4],
    /// What the host's echo server has done.
    pub(crate) own_server: EchoTotals,
    /// Lines that were not logged.
    pub(crate) log_lines_left_out: u64,
}

/// Sums by metric and labels.
type Sums = BTreeMap<(&'static str, &'static str), u64>;

impl Metrics {
    /// Counts a session in; its counters are read with the metrics.
    pub(crate) fn session_opened(&self, number: u64, counters: Arc<SessionCounters>) {
        add(&self.opened, 1);
        self.totals().live.insert(number, counters);
    }

    /// Counts a session out; `end` is its close code or another word for how it ended.
    pub(crate) fn session_ended(&self, number: u64, end: String) {
        let mut totals = self.totals();
        if let Some(counters) = totals.live.remove(&number) {
            counters.finish();
            counters.add_to(&mut totals.past);
        }
        *totals.ends.entry(end).or_default() += 1;
    }

    /// Counts a refusal.
    pub(crate) fn refused(&self, why: Refused) {
        add(&self.refused[why as usize], 1);
    }

    /// Notes how long an answer took.
    pub(crate) fn round_trip(&self, micros: u64) {
        let bucket = BUCKETS.partition_point(|&end| end < micros);
        add(&self.round_trips[bucket], 1);
        self.round_trip_micros.fetch_add(micros, Relaxed);
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self, gauges: &Gauges) -> String {
        let sums = self.totals().sums(gauges);
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
            self.samples(name, &sums, gauges, &mut text);
        }
        text
    }

    fn samples(&self, name: &str, sums: &Sums, gauges: &Gauges, text: &mut String) {
        let totals = self.totals();
        let _ = match name {
            "udp_echo_sessions" => writeln!(text, "{name} {}", totals.live.len()),
            "udp_echo_sessions_limit" => match gauges.sessions_limit {
                Some(limit) => writeln!(text, "{name} {limit}"),
                None => writeln!(text, "{name} +Inf"),
            },
            "udp_echo_draining" => writeln!(text, "{name} {}", u8::from(gauges.draining)),
            "udp_echo_lane_handshakes" => writeln!(text, "{name} {}", gauges.handshakes),
            "udp_echo_lane_handshakes_total" => HANDSHAKES
                .iter()
                .zip(gauges.ended_handshakes)
                .try_for_each(|(outcome, count)| {
                    writeln!(text, "{name}{{outcome=\"{outcome}\"}} {count}")
                }),
            "udp_echo_connections" => writeln!(text, "{name} {}", gauges.connections),
            "udp_echo_sessions_opened_total" => {
                writeln!(text, "{name} {}", self.opened.load(Relaxed))
            }
            "udp_echo_sessions_ended_total" => totals
                .ends
                .iter()
                .try_for_each(|(end, count)| writeln!(text, "{name}{{code=\"{end}\"}} {count}")),
            "udp_echo_refused_total" => Refused::ALL.iter().try_for_each(|(why, word)| {
                let count = self.refused[*why as usize].load(Relaxed);
                writeln!(text, "{name}{{reason=\"{word}\"}} {count}")
            }),
            "udp_echo_round_trip_seconds" => self.histogram(name, text),
            "udp_echo_log_lines_left_out_total" => {
                writeln!(text, "{name} {}", gauges.log_lines_left_out)
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
            count += bucket.load(Relaxed);
            let seconds = end as f64 / 1e6;
            writeln!(text, "{name}_bucket{{le=\"{seconds}\"}} {count}")?;
        }
        count += self.round_trips.last().map_or(0, |last| last.load(Relaxed));
        let sum = self.round_trip_micros.load(Relaxed) as f64 / 1e6;
        writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}")?;
        writeln!(text, "{name}_sum {sum}\n{name}_count {count}")
    }

    fn totals(&self) -> MutexGuard<'_, SessionTotals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionTotals {
    fn sums(&self, gauges: &Gauges) -> Sums {
        let mut sums = self.past.clone();
        // A metric without a sample yet says 0, so that it does not look missing.
        for kind in SessionKind::ALL {
            SessionCounters::new(kind).add_to(&mut sums);
        }
        for counters in self.live.values() {
            counters.add_to(&mut sums);
        }
        let server = &gauges.own_server;
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

/// How handshakes of lanes end, in the order of [`Gauges::ended_handshakes`].
const HANDSHAKES: [&str; 4] = ["joined", "refused", "failed", "crowded"];

const SERVER: &str = "udp_echo_server_datagrams_total";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_session_still_counts_and_an_open_one_already() {
        let metrics = Metrics::default();
        for number in 1..=2 {
            let counters = Arc::new(SessionCounters::new(SessionKind::Page));
            add(&counters.from_client, 10);
            add(&counters.echoed, 7);
            add(&counters.in_flight, 3);
            metrics.session_opened(number, counters);
        }
        metrics.session_ended(1, "1001".to_owned());
        let text = metrics.render(&Gauges::default());
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
        let text = metrics.render(&Gauges::default());
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
