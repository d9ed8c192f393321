//! The link model: what a network may do to datagrams, as one pure function of (impairment, seed, arrivals).
use serde::{Deserialize, Serialize};

/// Which way a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Why a copy of a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The lab's random or burst loss.
    Loss,
    /// The lab's corruption: the checksum would fail, so the receiver would never see it.
    Checksum,
    /// The lab's rate limit: its queue was full.
    Queue,
    /// The client reads too slowly; the relay's bounded queue was full.
    SlowReader,
}

/// What the link does to the datagrams of one direction. Names and units are those of `tc netem` (tc-netem(8)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Impairment {
    /// Random loss, percent: 0 to 100.
    pub loss: f64,
    /// Gilbert–Elliott: percent chance a good link turns bad, per datagram; 0 switches bursts off.
    pub burst_start: f64,
    /// Gilbert–Elliott: percent chance a bad link turns good again, per datagram; a bad link loses everything.
    pub burst_end: f64,
    /// Delay, milliseconds: 0 to 60,000.
    pub delay: f64,
    /// Jitter: the delay varies evenly by up to this much each way, milliseconds.
    pub jitter: f64,
    /// Percent of datagrams that skip the delay and so overtake others.
    pub reorder: f64,
    /// Percent of datagrams that arrive twice.
    pub duplicate: f64,
    /// Percent of datagrams of which one bit is turned over.
    pub corrupt: f64,
    /// Lets corrupted datagrams through, as if UDP had no checksum.
    pub no_checksum: bool,
    /// Rate, kilobits a second; 0 is unlimited.
    pub rate: f64,
    /// Datagrams that may wait for the rate; 0 means 1,000, as netem's `limit`.
    pub limit: u32,
}
