//! File descriptors: what the system lets the process have, and what the limits would need.

use crate::config::LimitSettings;

/// Descriptors besides those of connections: listeners, the log, the runtime's own.
const OWN: u64 = 64;

/// Asks the system for as many file descriptors as it gives, and says so when they are too few for the limits.
///
/// Shells and systemd start programs with 1,024 for the sake of old ones that use `select`; the rest is there for the asking.
pub fn raise_descriptor_limit(settings: &LimitSettings) {
    let Some(most) = raised() else { return };
    let sessions = u64::from(settings.max_sessions);
    // A session has a TCP and a UDP socket.
    let needed = 2 * sessions + u64::from(super::MORE_CONNECTIONS) + OWN;
    if sessions == 0 || needed > most {
        let enough_for = most.saturating_sub(u64::from(super::MORE_CONNECTIONS) + OWN) / 2;
        tracing::warn!(
            descriptors = most,
            enough_for,
            setting = format!("ulimit -n {needed}, or --max-sessions {enough_for}"),
            "the system allows fewer file descriptors than the sessions may need"
        );
    }
}

#[cfg(unix)]
fn raised() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of file descriptors stays as it is");
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn raised() -> Option<u64> {
    None
}
