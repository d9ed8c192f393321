//! The host's own figures, and whether they add up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::host::HostProgram;
use crate::host::get;

/// What `/metrics` said.
#[derive(Debug, Clone, Default)]
pub struct Scrape(BTreeMap<String, u64>);

impl Scrape {
    /// Asks once.
    pub async fn of(host: &HostProgram) -> Self {
        let (_, text) = get(host.http, "/metrics", &[]).await;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// Asks until no session is left.
    pub async fn of_idle(host: &HostProgram) -> Self {
        let began = Instant::now();
        loop {
            let scrape = Self::of(host).await;
            if scrape.sum("udp_echo_sessions") == 0 || began.elapsed() > PATIENCE {
                return scrape;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The sum of all samples whose series begins with these characters.
    pub fn sum(&self, series: &str) -> u64 {
        let matching = self.0.iter().filter(|(name, _)| {
            // `udp_echo_sessions` is not `udp_echo_sessions_opened_total`.
            name.strip_prefix(series).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('{') || series.contains('{')
            })
        });
        matching.map(|(_, value)| value).sum()
    }

    /// Sessions opened so far.
    pub fn opened(&self) -> u64 {
        self.sum("udp_echo_sessions_opened_total")
    }

    /// Asserts that whoever came has gone, and that every datagram of a page or a socket has ended in one fate.
    pub fn assert_books_are_closed(&self) {
        let opened = self.opened();
        let ended = self.sum("udp_echo_sessions_ended_total");
        assert_eq!(opened, ended, "sessions opened and ended: {self:?}");
        // Raw sessions know only some of the fates.
        for kind in ["page", "sockets"] {
            let sent = self.sum(&format!("udp_echo_datagrams_total{{kind=\"{kind}\""));
            let fates = self.sum(&format!("udp_echo_fates_total{{kind=\"{kind}\""));
            assert_eq!(
                sent, fates,
                "datagrams of {kind}, and their fates: {self:?}"
            );
        }
        assert_eq!(self.sum("udp_echo_in_flight"), 0, "{self:?}");
    }
}
