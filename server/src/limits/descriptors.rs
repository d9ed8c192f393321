//! File descriptors: what the system lets the process have, and what the limits would need.

use super::LimitSettings;

/// Descriptors besides those of connections: listeners, the log, the runtime's own.
const OWN: u64 = 64;

/// Asks the system for as many file descriptors as it gives, and says so when they are too few for the limits.
///
/// Shells and systemd start programs with 1,024 for the sake of old ones that use `select`; the rest is there for the asking.
pub fn raise_descriptor_limit(settings: &LimitSettings) {
    let Some(most) = raised() else { return };
    if let Some(Shortage {
        enough_for,
        setting,
    }) = shortage(most, settings.max_sessions)
    {
        tracing::warn!(
            descriptors = most,
            enough_for,
            setting,
            "the system allows fewer file descriptors than the sessions may need"
        );
    }
}

/// Too few descriptors: for how many sessions they are enough all the same, and what to do.
#[derive(Debug, PartialEq, Eq)]
struct Shortage {
    enough_for: u64,
    setting: String,
}

fn shortage(most: u64, max_sessions: u32) -> Option<Shortage> {
    let besides = needed(0);
    let sessions = u64::from(max_sessions);
    let needed = needed(max_sessions);
    if sessions > 0 && needed <= most {
        return None;
    }
    let enough_for = most.saturating_sub(besides) / 2;
    let setting = match (sessions, enough_for) {
        // None at all would mean no limit.
        (_, 0) => format!("ulimit -n {}", needed.max(besides + 2)),
        (0, _) => format!("--max-sessions {enough_for}"),
        _ => format!("ulimit -n {needed}, or --max-sessions {enough_for}"),
    };
    Some(Shortage {
        enough_for,
        setting,
    })
}

/// Descriptors that so many sessions need, and what is there besides.
pub(super) fn needed(sessions: u32) -> u64 {
    // A session has a TCP and a UDP socket.
    2 * u64::from(sessions) + u64::from(super::MORE_CONNECTIONS) + OWN
}

/// Most descriptors that the process may have now; `None` where the system sets no limit, or tells none.
#[cfg(unix)]
pub(super) fn most() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current
}

/// Most descriptors that the process may have now.
#[cfg(not(unix))]
pub(super) fn most() -> Option<u64> {
    None
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
    most()
}

#[cfg(not(unix))]
fn raised() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(most: u64, max_sessions: u32) -> Option<String> {
        shortage(most, max_sessions).map(|shortage| shortage.setting)
    }

    #[test]
    fn too_few_descriptors_are_told_with_a_limit_that_fits_and_never_with_none() {
        assert_eq!(advice(9280, 4096), None);
        let either = "ulimit -n 9280, or --max-sessions 4095";
        assert_eq!(advice(9279, 4096).as_deref(), Some(either));
        // `--max-sessions 0` would take the limit away.
        for most in [0, 1024, 1089] {
            assert_eq!(advice(most, 4096).as_deref(), Some("ulimit -n 9280"));
            assert_eq!(advice(most, 0).as_deref(), Some("ulimit -n 1090"));
        }
        let fitting = "--max-sessions 32224";
        assert_eq!(advice(65_536, 0).as_deref(), Some(fitting));
    }
}
