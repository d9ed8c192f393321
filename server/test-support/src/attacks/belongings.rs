//! What a process owns, as the kernel sees it: file descriptors by name, memory, processor time.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// Open file descriptors: how many there are of each name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors(BTreeMap<String, usize>);

impl Descriptors {
    /// Those of a process, at this moment.
    pub fn of(pid: u32) -> Self {
        let sockets = sockets();
        let mut names = BTreeMap::new();
        // A descriptor may be closed between being listed and being looked at.
        let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        for link in open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()) {
            let link = link.display().to_string();
            let inode = link
                .strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'));
            let name = match inode {
                Some(inode) => sockets.get(inode).cloned().unwrap_or_else(|| {
                    "socket of no protocol's table: closed or not yet bound".to_owned()
                }),
                None => link,
            };
            *names.entry(name).or_default() += 1;
        }
        Self(names)
    }

    /// Those of a host to which nobody is connected any more, once no connection is left that would end by itself.
    ///
    /// Nothing is asked of the host meanwhile: the connection of a question would be one descriptor more, for as long as
    /// the host needs to close it after the answer has been read.
    pub async fn settled(pid: u32) -> Self {
        let began = Instant::now();
        loop {
            let open = Self::of(pid);
            if !open.has_connections() || began.elapsed() > PATIENCE {
                return open;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether any of them is a socket other than one that waits to be called.
    pub fn has_connections(&self) -> bool {
        self.0.keys().any(|name| {
            name.contains("socket") && !name.contains("LISTEN") && !name.contains(" to any ")
        })
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.0 {
            writeln!(f, "{count:6} {name}")?;
        }
        Ok(())
    }
}

/// Sockets of this machine by inode: protocol, state, addresses.
fn sockets() -> HashMap<String, String> {
    let mut sockets = HashMap::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6"] {
        let Ok(table) = std::fs::read_to_string(format!("/proc/net/{protocol}")) else {
            continue;
        };
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let (Some(local), Some(remote), Some(state), Some(inode)) =
                (fields.get(1), fields.get(2), fields.get(3), fields.get(9))
            else {
                continue;
            };
            let name = match (&protocol[..3], port(remote)) {
                ("tcp", _) => format!(
                    "socket, {protocol} {} from {} to {}",
                    state_name(state),
                    port(local),
                    port(remote)
                ),
                (_, 0) => format!("socket, {protocol} to any from {}", port(local)),
                (_, peer) => format!("socket, {protocol} from {} to {peer}", port(local)),
            };
            sockets.insert((*inode).to_owned(), name);
        }
    }
    // The runtime's own, by which signal handlers wake it.
    let unix = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    for line in unix.lines().skip(1) {
        if let Some(inode) = line.split_whitespace().nth(6) {
            sockets.insert(inode.to_owned(), "unix pair".to_owned());
        }
    }
    sockets
}

/// The port of `0100007F:1F90`.
fn port(address: &str) -> u16 {
    address
        .rsplit(':')
        .next()
        .and_then(|port| u16::from_str_radix(port, 16).ok())
        .unwrap_or_default()
}

/// The name of a TCP state (the kernel's `net/tcp_states.h`).
fn state_name(state: &str) -> &'static str {
    match state {
        "01" => "ESTABLISHED",
        "02" => "SYN_SENT",
        "03" => "SYN_RECV",
        "04" => "FIN_WAIT1",
        "05" => "FIN_WAIT2",
        "06" => "TIME_WAIT",
        "07" => "CLOSE",
        "08" => "CLOSE_WAIT",
        "09" => "LAST_ACK",
        "0A" => "LISTEN",
        "0B" => "CLOSING",
        _ => "of another state",
    }
}

/// Bytes of memory that a process has resident.
pub fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().split_whitespace().next().unwrap();
    kibibytes.parse::<usize>().unwrap() * 1024
}

/// Bytes resident once they are at most `most`, or cannot be expected to sink any more: a host gives memory back a while
/// after its sessions have ended.
pub async fn resident_settled(pid: u32, most: usize) -> usize {
    let began = Instant::now();
    loop {
        let bytes = resident(pid);
        if bytes <= most || began.elapsed() > PATIENCE {
            return bytes;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Time without a change after which memory is at rest: a host asks its allocator two seconds after a session has ended.
const REST: Duration = Duration::from_millis(2500);

/// Changes of this many bytes are no unrest.
const RESTFUL: usize = 64 << 10;

/// Bytes resident once they have not changed for a while.
pub async fn resident_at_rest(pid: u32) -> usize {
    let began = Instant::now();
    let (mut bytes, mut since) = (resident(pid), began);
    while since.elapsed() < REST && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = resident(pid);
        if now.abs_diff(bytes) > RESTFUL {
            (bytes, since) = (now, Instant::now());
        }
    }
    bytes
}

/// Processor time that a process has used, in all its threads (`proc_pid_stat(5)`, fields 14 and 15).
pub fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program may hold blanks; it ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    // The kernel counts these in hundredths of a second on every architecture (USER_HZ).
    Duration::from_millis(ticks * 10)
}
