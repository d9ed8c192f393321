//! What a session does only once the rest of the core is there (see `app/rest.rs`).

use super::{Phase, Reason, Session};
use crate::policy::Policy;
use crate::words;

/// Takes in what a host says to pages that may not connect.
#[inline(never)]
pub(super) fn judged(session: &mut Session, policy: Policy) {
    if policy.allowed {
        return;
    }
    let (mut why, setting) = (policy.why, policy.setting);
    if why.is_empty() {
        words::REFUSED.clone_into(&mut why);
    }
    // By now it may have connected after all.
    let is_waiting = matches!(session.phase, Phase::Gone { .. });
    if is_waiting || session.simulating.is_some() {
        let code = match policy.code.as_str() {
            "mixed-content" => "mixed-content",
            "loopback-refused" => "loopback-refused",
            _ => "refused",
        };
        session.complain(code, &why, setting.clone());
    }
    if let Some(reason) = &mut session.simulating {
        *reason = Reason { why, setting };
    } else if is_waiting {
        session.phase = Phase::Refused { why, setting };
    }
}
