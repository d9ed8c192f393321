//! What a reader may have happen to one datagram, without setting up a link that does it by chance.

use serde::{Deserialize, Serialize};

/// How much longer than others a datagram travels that is held, in microseconds: long enough to be seen, and longer than the
/// next one takes on any link but a very slow one.
pub const HOLD_US: u64 = 200_000;

/// What happens to one datagram on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// The link loses it.
    Lose,
    /// It travels [`HOLD_US`] longer, so that the one after it overtakes it.
    Hold,
    /// It arrives twice.
    Double,
}
