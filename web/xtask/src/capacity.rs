//! `capacity`: how many sessions that talk one relay carries on one processor. It is `server/tests/capacity.rs`.

use anyhow::Result;

use crate::command::{self, PassedOn};
use crate::workspace;

/// The verb: the host as it is shipped on one processor, its clients on the others, and a table.
pub(crate) fn run(told: &PassedOn) -> Result<()> {
    command::run(workspace::release_test("capacity").args(&told.options))
}
