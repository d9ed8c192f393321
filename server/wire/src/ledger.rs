//! The ledger: every datagram ends in exactly one fate, and the books always close.
use serde::{Deserialize, Serialize};

/// How a delivered answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The first answer in time: the datagram's fate is `echoed`.
    Echoed,
    /// A further answer to a datagram that was answered.
    Duplicate,
    /// An answer to a datagram that already counts as lost (or dropped, refused); its fate stays.
    Late,
}

/// The end of a datagram; each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The answer came back.
    Echoed,
    /// No answer within the timeout.
    Lost,
    /// Dropped at a place that is known, for a reason that is known.
    Dropped,
    /// ICMP said that nobody listens.
    Refused,
    /// Not sent: too big, too many, or against a rule.
    Rejected,
    /// Empty, and the server answers only `if data`.
    Unanswered,
}

/// Totals of a session. `sent = echoed + lost + dropped + refused + rejected + unanswered + in_flight`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Datagrams that the client handed over.
    pub sent: u64,
    /// Of these: answered in time.
    pub echoed: u64,
    /// Of these: not answered within the timeout.
    pub lost: u64,
    /// Of these: dropped, where and why being known.
    pub dropped: u64,
    /// Of these: refused by ICMP.
    pub refused: u64,
    /// Of these: never sent.
    pub rejected: u64,
    /// Of these: empty and by the rule not answered.
    pub unanswered: u64,
    /// Of these: still on their way.
    pub in_flight: u64,
    /// Beside: further answers to an answered datagram.
    pub duplicates: u64,
    /// Beside: first answers that came after the answer to a later datagram.
    pub reordered: u64,
    /// Beside: answers to datagrams that were already given up.
    pub late: u64,
    /// Beside: answers shorter than what was sent.
    pub truncated: u64,
    /// Beside: answers that belong to no datagram of the session.
    pub stray: u64,
    /// Payload bytes handed over.
    pub bytes_sent: u64,
    /// Payload bytes delivered in answers.
    pub bytes_received: u64,
}
