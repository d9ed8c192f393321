//! `rolling`: many relays behind one proxy, updated one after the other while sessions talk. It is `server/tests/rolling.rs`.

use anyhow::Result;

use crate::command::{self, PassedOn};
use crate::workspace;

/// The verb: the host as it is shipped, HAProxy, and a table of what an update and a kill did to the sessions.
pub(crate) fn run(told: &PassedOn) -> Result<()> {
    command::run(workspace::release_test("rolling").args(&told.options))
}
