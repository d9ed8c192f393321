//! What an attack does to a host and to a bystander, measured; and what must hold.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::assaults::Attack;
use super::belongings::{
    Descriptors, processor_time, resident, resident_at_rest, resident_settled,
};
use super::bystander::{self, Seen};
use super::scrape::Scrape;
use crate::host::HostProgram;

/// Longest round trip of a bystander in the slowest hundredth, on a machine that builds and tests at the same time.
const BYSTANDER_P99: Duration = Duration::from_millis(500);

/// How many times longer it may be than while nobody attacks, where that is more: then the machine is busy, not the host.
const SLOWER_THAN_CALM: u32 = 20;

/// How long a bystander asks while nobody attacks.
const CALM: Duration = Duration::from_millis(300);

/// Bytes that a host may have more after an attack than when it was fresh: threads, buffers for the next read, and pages in
/// which the allocator has something left to keep.
const KEPT_BYTES: usize = 24 << 20;

/// Bytes that memory may grow by in the last quarter of an attack and still counts as flat; a twentieth of what it was before
/// comes on top, for the allocator's pages do not fit what is asked of it.
const STILL_FLAT: usize = 6 << 20;

/// Sessions of one attack from which on a leak of a kibibyte each stands out of what the allocator keeps.
const MANY_SESSIONS: u64 = 5000;

/// Bytes that each of so many sessions may leave behind.
const LEFT_BY_EACH: usize = 512;

/// How long an attack must go on before its memory can be said to be flat or not.
const PLATEAU_AFTER: Duration = Duration::from_secs(3);

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long a host is watched for what it does when there is nothing to do.
const REST: Duration = Duration::from_millis(500);

/// The figures of one attack.
#[derive(Debug)]
pub struct Figures {
    /// What the bystander saw while nobody attacked.
    pub calm: Seen,
    /// What the bystander saw during the attack.
    pub attacked: Seen,
    /// How long the attack took.
    pub took: Duration,
    /// What the host had open before and after.
    pub descriptors: (Descriptors, Descriptors),
    /// What the host had resident.
    pub memory: Memory,
    /// Processor time that the host used in [`REST`] when all was over.
    pub resting: Duration,
    /// The host's own metrics after the attack.
    pub scrape: Scrape,
}

/// Resident bytes of the host.
#[derive(Debug)]
pub struct Memory {
    /// Before anybody came.
    fresh: usize,
    /// At most, in the middle half of the attack, and in its last quarter.
    late: [usize; 2],
    /// At most, in all of it.
    most: usize,
    after: usize,
    /// What was added from after the first time to after the second, and by how many sessions; of few it is not asked.
    added: Option<(usize, u64)>,
}

/// Lets a host of its own suffer an attack.
pub async fn suffer(attack: &Attack, scale: usize) -> Figures {
    let host = HostProgram::start(attack.settings).await;
    let pid = host.pid();
    let fresh = resident(pid);
    // The first time warms up what stays: threads, buffers, what the allocator keeps. The second must add nothing.
    (attack.run)(&host, scale).await;
    let opened_first = Scrape::of_idle(&host).await.opened();
    let ((), calm) = bystander::watch(&host, tokio::time::sleep(CALM)).await;
    Scrape::of_idle(&host).await;
    let descriptors = Descriptors::settled(pid).await;
    resident_settled(pid, fresh + KEPT_BYTES).await;
    let warm = match opened_first >= MANY_SESSIONS {
        true => Some(resident_at_rest(pid).await),
        false => None,
    };

    let (stop, stopped) = oneshot::channel();
    let memory = tokio::spawn(sample(pid, stopped));
    let began = Instant::now();
    let ((), attacked) = bystander::watch(&host, (attack.run)(&host, scale)).await;
    let took = began.elapsed();
    // The sampler only ends when it is told to.
    let _ = stop.send(());
    let samples = memory.await.unwrap();
    // In the first quarter memory fills up. An attack may be over before there was a second look.
    let (first, third) = (samples.len() / 4, samples.len() * 3 / 4);
    let most = |samples: &[usize]| samples.iter().copied().max().unwrap_or_default();
    let late = [most(&samples[first..third]), most(&samples[third..])];
    let most = most(&samples);

    let scrape = Scrape::of_idle(&host).await;
    let after = Descriptors::settled(pid).await;
    let resident_after = resident_settled(pid, fresh + KEPT_BYTES).await;
    let added = match warm {
        Some(warm) => Some((
            resident_at_rest(pid).await.saturating_sub(warm),
            scrape.opened() - opened_first,
        )),
        None => None,
    };
    let used = processor_time(pid);
    tokio::time::sleep(REST).await;
    Figures {
        calm,
        attacked,
        took,
        descriptors: (descriptors, after),
        memory: Memory {
            fresh,
            late,
            most,
            after: resident_after,
            added,
        },
        resting: processor_time(pid) - used,
        scrape,
    }
}

async fn sample(pid: u32, mut stopped: oneshot::Receiver<()>) -> Vec<usize> {
    let mut samples = Vec::new();
    while stopped.try_recv().is_err() {
        samples.push(resident(pid));
        tokio::time::sleep(LOOK).await;
    }
    samples
}

impl Figures {
    /// Nothing leaked, nothing spins, the ledgers add up, and the bystander was served.
    pub fn assert_harmless(&self, name: &str, bound: usize) {
        let (before, after) = &self.descriptors;
        assert!(
            before == after,
            "{name}: descriptors before\n{before}and after\n{after}"
        );
        let Memory {
            fresh,
            late: [middle, last],
            most,
            after,
            added,
        } = self.memory;
        assert!(
            after < fresh + KEPT_BYTES,
            "{name}: {fresh} bytes before, {after} after"
        );
        if let Some((bytes, sessions)) = added {
            let each = bytes / sessions as usize;
            assert!(
                each < LEFT_BY_EACH,
                "{name}: {sessions} sessions left {bytes} bytes behind, {each} each"
            );
        }
        assert!(most < bound, "{name}: {most} bytes, and {bound} may be");
        // What is over in a moment has no plateau, only a bound; a soak goes on for longer.
        let has_plateau = self.took >= PLATEAU_AFTER;
        assert!(
            !has_plateau || last < middle + middle / 20 + STILL_FLAT,
            "{name}: memory grew on, {:?}",
            self.memory
        );
        assert!(
            self.resting < REST / 2,
            "{name}: the host spins, {:?} of {REST:?}",
            self.resting
        );
        self.scrape.assert_books_are_closed();
        let seen = &self.attacked;
        // What a flood fills is the echo server's own buffer, which all share; the kernel counts what it drops then.
        let dropped = self.scrape.sum("udp_echo_kernel_drops_total") as usize;
        let of = self.scrape.sum("udp_echo_datagrams_total").max(1) as usize;
        let may_be_lost = 1 + seen.asked() / 20 + 2 * seen.asked() * dropped / of;
        assert!(
            seen.lost <= may_be_lost,
            "{name}: {seen}, {dropped} of {of} dropped"
        );
        // Of fewer there is no slowest hundredth; that each was answered in its time is said above.
        let is_told = seen.asked() >= 100;
        let longest = BYSTANDER_P99.max(self.calm.p99() * SLOWER_THAN_CALM);
        assert!(
            !is_told || seen.p99() < longest,
            "{name}: {seen}, in calm {}",
            self.calm
        );
    }

    /// Each figure with its name.
    pub fn named(&self) -> [(&'static str, String); 11] {
        let ended = |code: &str| {
            let series = format!("udp_echo_sessions_ended_total{{code=\"{code}\"");
            self.scrape.sum(&series).to_string()
        };
        let total = |metric: &str| self.scrape.sum(metric).to_string();
        let mebibytes = |bytes: usize| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
        let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
        let (before, after) = &self.descriptors;
        let memory = &self.memory;
        [
            ("s", format!("{:.1}", self.took.as_secs_f64())),
            ("sessions", self.scrape.opened().to_string()),
            ("aborted", ended("vanished")),
            ("refused", total("udp_echo_refused_total")),
            ("datagrams", total("udp_echo_datagrams_total")),
            ("answers dropped", total("udp_echo_drops_total")),
            ("p99 in calm, ms", milliseconds(self.calm.p99())),
            ("p99 attacked, ms", milliseconds(self.attacked.p99())),
            (
                "lost",
                format!("{}/{}", self.attacked.lost, self.attacked.asked()),
            ),
            (
                "descriptors",
                format!("{}, {}", before.count(), after.count()),
            ),
            (
                "MiB before, at most, after",
                [memory.fresh, memory.most, memory.after]
                    .map(mebibytes)
                    .join(", "),
            ),
        ]
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, figure) in self.named() {
            writeln!(f, "    {name}: {figure}")?;
        }
        if let Some((bytes, sessions)) = self.memory.added {
            writeln!(f, "    bytes that {sessions} sessions added: {bytes}")?;
        }
        write!(
            f,
            "    processor time of an idle {REST:?} afterwards: {:?}",
            self.resting
        )
    }
}
