//! `bench`: the host beside other relays, built in release. The benchmark itself is `server/benches/relay`.

use anyhow::Result;

use crate::command::{self, PassedOn};
use crate::workspace;

/// The verb: builds the host and the benchmark, and runs them.
pub(crate) fn run(told: &PassedOn) -> Result<()> {
    let mut bench = workspace::locked_cargo("bench");
    bench
        .args(["--package", "udp-echo", "--bench", "relay", "--", "--out"])
        .arg(workspace::target_dir().join("bench"))
        .args(&told.options);
    command::run(&mut bench)
}
