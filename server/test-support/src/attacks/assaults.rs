//! The attacks: each a name, the settings of the host that it needs, and what it does, as often as `scale` says.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::by_hand::{ROUTES, whole};
use super::{exhaustion, frames, slow_readers, trespass};
use crate::host::HostProgram;

/// One way to harm a host.
#[derive(Clone, Copy)]
pub struct Attack {
    /// What is attempted, in a few words.
    pub name: &'static str,
    /// Further settings of the host.
    pub settings: &'static [&'static str],
    /// How many times a soak does what a test does once.
    soak: usize,
    /// Bytes of memory that the host may have resident meanwhile, at that scale.
    pub bound: fn(usize) -> usize,
    /// Makes the attack on a host, as large as the scale says.
    pub run: for<'a> fn(&'a HostProgram, usize) -> BoxFuture<'a, ()>,
}

impl Attack {
    /// How often to do it: once, or for as long as a soak does.
    pub fn scale(&self, quick: bool) -> usize {
        if quick { 1 } else { self.soak }
    }
}

/// Settings that let a client send as fast as it can.
const NO_RATES: [&str; 4] = [
    "--datagrams-per-second=0",
    "--bytes-per-second=0",
    "--address-datagrams-per-second=0",
    "--address-bytes-per-second=0",
];

/// A setting that lets readers who never read stay: what they hold is looked at for minutes.
const STAY: &str = "--stalled-timeout=0";

/// A target where nobody listens: the kernel answers with ICMP. It has a port that pages may send to.
const NOBODY: &str = "--target=nobody=127.77.0.9:9908";

/// A target of somebody who has nothing to do with the host; [`trespass`] listens there.
const THIRD_PARTY: &str = "--target=third=127.77.0.9:9907";

/// Memory of a host in whatever trouble, but for what waits for readers that do not read. A debug build that serves a
/// page has 14 MiB; one client that floods and reads slowly adds 10 MiB of events.
const USUAL: usize = 64 << 20;

/// Every attack.
pub const ATTACKS: [Attack; 24] = [
    Attack {
        name: "sessions ended in every way",
        settings: &["--handshake-timeout=2s"],
        soak: 50,
        bound: |_| USUAL,
        run: |host, scale| frames::every_way(host, 20 * scale).boxed(),
    },
    Attack {
        name: "frames that break the protocol",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| frames::broken_frames(host, 4 * scale).boxed(),
    },
    Attack {
        name: "a message in a thousand fragments",
        settings: &["--control-per-second=0"],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| frames::fragments(host, 4 * scale).boxed(),
    },
    Attack {
        name: "messages of 64 MiB",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| frames::long_messages(host, scale).boxed(),
    },
    Attack {
        name: "pings without end, never read",
        settings: &[
            "--control-per-second=0",
            "--idle-timeout=3s",
            "--ping-interval=1s",
            "--pong-timeout=3s",
        ],
        soak: 5,
        bound: |_| USUAL,
        run: |host, scale| frames::never_read(host, &ROUTES, whole(0x89, &[7; 125]), scale).boxed(),
    },
    Attack {
        name: "questions without end, never read",
        settings: &["--control-per-second=0", "--idle-timeout=3s"],
        soak: 5,
        bound: |_| USUAL,
        run: |host, scale| {
            // One page would not be seen among the host's own megabytes.
            frames::never_read(host, &["/relay"; 40], whole(0x81, b"\"counters\""), scale).boxed()
        },
    },
    Attack {
        name: "a thousand control messages, pings, empty fragments a second",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| frames::control_flood(host, 2 * scale).boxed(),
    },
    Attack {
        name: "handshakes that drip (slowloris)",
        settings: &["--handshake-timeout=2s", "--max-sessions-per-address=2000"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| frames::slowloris(host, 100 * scale).boxed(),
    },
    Attack {
        name: "forged X-Forwarded-For, foreign Origin and Host",
        settings: &["--max-sessions-per-address=5"],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| frames::forgeries(host, 50 * scale).boxed(),
    },
    Attack {
        name: "floods over the rate",
        settings: &["--datagrams-per-second=1000", "--flood-time=500ms"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| frames::floods(host, scale).boxed(),
    },
    Attack {
        name: "ICMP storm: a target that refuses all",
        settings: &[
            NOBODY,
            "--allow-private-targets",
            NO_RATES[0],
            NO_RATES[1],
            NO_RATES[2],
            NO_RATES[3],
        ],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| frames::icmp_storm(host, Duration::from_secs(1) * scale as u32).boxed(),
    },
    Attack {
        name: "readers that never read, under flood",
        settings: &[
            "--max-sessions-per-address=0",
            STAY,
            NO_RATES[0],
            NO_RATES[1],
            NO_RATES[2],
            NO_RATES[3],
        ],
        soak: 20,
        bound: |scale| slow_readers::bound(50 * scale),
        run: |host, scale| slow_readers::attack(host, &slow_readers::RELAYS, 50 * scale).boxed(),
    },
    Attack {
        name: "a scan of addresses and ports, the host's own among them",
        settings: &[
            THIRD_PARTY,
            "--allow-private-targets",
            NO_RATES[0],
            NO_RATES[1],
            NO_RATES[2],
            NO_RATES[3],
        ],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| trespass::scan(host, 2000 * scale).boxed(),
    },
    Attack {
        name: "reflection at a third party",
        settings: &[THIRD_PARTY, "--allow-private-targets"],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| trespass::reflection(host, 50 * scale).boxed(),
    },
    Attack {
        name: "another reader's address: bind, connect, send, spoof",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| trespass::another_readers_address(host, scale).boxed(),
    },
    Attack {
        name: "guessed tokens of a loopback",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| trespass::guessed_tokens(host, 50 * scale).boxed(),
    },
    Attack {
        name: "a foreign loopback origin where peers are admitted",
        settings: &["--sockets=peers", "--peer=10.77.0.0/24:9000-9010"],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| trespass::foreign_origin(host, scale).boxed(),
    },
    Attack {
        name: "port exhaustion: every socket that a session may have",
        settings: &["--max-sessions-per-address=2000"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::ports(host, 10 * scale).boxed(),
    },
    Attack {
        name: "a thousand sockets of one session",
        settings: &["--max-sockets=0", "--control-per-second=0"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::thousand_sockets(host, scale).boxed(),
    },
    Attack {
        name: "loops: page against page, page against echo server",
        settings: &["--datagrams-per-second=1000", "--flood-time=500ms"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::loops(host, scale).boxed(),
    },
    Attack {
        name: "headers of garbage",
        settings: &NO_RATES,
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::garbage(host, 2000 * scale).boxed(),
    },
    Attack {
        name: "floods over the rate, to a socket of the reader's own",
        settings: &["--datagrams-per-second=1000", "--flood-time=500ms"],
        soak: 10,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::floods(host, scale).boxed(),
    },
    Attack {
        name: "calls without end: open, bind, close",
        settings: &[],
        soak: 20,
        bound: |_| USUAL,
        run: |host, scale| exhaustion::calls(host, 2 * scale).boxed(),
    },
    Attack {
        name: "readers that never read what comes to their sockets",
        settings: &[
            "--max-sessions-per-address=0",
            STAY,
            NO_RATES[0],
            NO_RATES[1],
            NO_RATES[2],
            NO_RATES[3],
        ],
        soak: 10,
        bound: |scale| slow_readers::bound(50 * scale),
        run: |host, scale| {
            slow_readers::attack(host, &[slow_readers::Kind::Sockets], 50 * scale).boxed()
        },
    },
];
