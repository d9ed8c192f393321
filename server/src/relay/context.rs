//! What a session may use of the host that it runs on.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::capture::Captures;
use crate::clock::Clock;
use crate::echo::{Observers, Registration};
use crate::lanes::Lanes;
use crate::limits::Limiter;
use crate::log::Throttle;
use crate::loopback::{Loopbacks, NamedTargets};
use crate::memory::FreedMemory;
use crate::metrics::Metrics;
use crate::resume::Ports;
use crate::sockets::SocketsSettings;
use crate::target::Target;
use crate::udp::UdpSocket;

/// What a session may use of the host that it runs on.
#[derive(Debug)]
pub struct Context {
    /// The one clock of all stamps.
    pub clock: Clock,
    /// The limits in force: places, rates, timeouts, memory.
    pub limits: Limiter,
    /// The targets by name; the first is the host's own server.
    pub targets: Vec<Target>,
    /// The same targets by the addresses that sockets of a loopback know them by.
    pub named_targets: NamedTargets,
    /// The loopbacks of readers.
    pub loopbacks: Loopbacks,
    /// How far the sockets on them reach.
    pub sockets: SocketsSettings,
    /// Where sessions learn what the host's own server did with their datagrams.
    pub observers: Observers,
    /// Whether UDP sockets use the kernel's segmentation offload.
    pub offload: bool,
    /// Whether only this machine reaches the host.
    pub is_loopback: bool,
    /// The sessions that programs on this machine may watch; `None` where they may watch none.
    pub captures: Option<Captures>,
    /// The lanes that sessions may have; `None` where there are none.
    pub lanes: Option<Arc<Lanes>>,
    /// The ports that sessions may come back to.
    pub ports: Arc<Ports>,
    /// What the host counts.
    pub metrics: Metrics,
    /// How much of what strangers cause is logged.
    pub throttle: Throttle,
    /// The sessions that run.
    pub sessions: Sessions,
}

impl Context {
    /// The names of the targets, as clients are told.
    pub(crate) fn target_names(&self) -> Vec<String> {
        let names = self.targets.iter().map(|target| target.name.clone());
        names.collect()
    }

    /// Registers a session's socket at the host's own server, so that it is no stranger there; `None` for other targets.
    pub(super) fn register(&self, target: &Target, udp: &UdpSocket) -> Option<Registration> {
        let is_own = target.is_own_server();
        is_own.then(|| self.observers.register(udp.local_addr()))
    }
}

#[cfg(feature = "webtransport")]
impl crate::lanes::LaneHost for Context {
    fn limits(&self) -> &Limiter {
        &self.limits
    }

    fn throttle(&self) -> &Throttle {
        &self.throttle
    }
}

/// The running sessions, and how they are ended. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    /// The tasks of the sessions, and those that they have started.
    pub tasks: TaskTracker,
    /// Cancelled when the host stops; every session ends then.
    pub stop: CancellationToken,
    /// Where sessions give their memory back.
    pub freed_memory: FreedMemory,
}
