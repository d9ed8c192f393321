//! Many relays as one: HAProxy before several hosts, sessions that talk all the while, and what a rolling update, a kill and a broken
//! network do to them. Every session must go on.
//!
//! - `talker`: a session's client, which comes back as the page does;
//! - `fleet`: the relays, each a process of its own, and the proxy, from its shipped file;
//! - `figures`: what it did to the sessions;
//! - [`capacity`]: how many such sessions one relay carries on one processor, without a proxy.

use std::path::Path;
use std::time::{Duration, Instant};

pub mod capacity;
mod figures;
mod fleet;
mod talker;

pub use figures::Row;
use fleet::Fleet;
use talker::Talkers;

use crate::attacks::scrape::Scrape;

/// Longest time until all sessions talk again.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// Time between two looks at the sessions.
const LOOK: Duration = Duration::from_millis(50);

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Relays behind the proxy.
    pub relays: usize,
    /// Sessions that talk.
    pub sessions: usize,
    /// Relays that are killed at once at the end.
    pub killed: usize,
    /// Time between two datagrams of a session.
    pub pace: Duration,
    /// How long they talk undisturbed, to compare with.
    pub calm: Duration,
}

/// Runs it all with the shipped files of this folder, and says what it did to the sessions.
///
/// # Panics
/// When a session does not go on, or a ledger does not add up.
pub async fn run(scale: Scale, deploy: &Path) -> Vec<Row> {
    let mut fleet = Fleet::start(scale.relays, deploy).await;
    let talkers = Talkers::start(fleet.proxy(), scale.sessions, scale.pace);
    let mut rows = Vec::new();
    all_talk(&talkers, "they all begin").await;
    talkers.take();

    tokio::time::sleep(scale.calm).await;
    all_talk(&talkers, "calm").await;
    rows.push(Row::new("undisturbed", &talkers.take()));

    talkers.cut();
    all_talk(&talkers, "every connection breaks").await;
    rows.push(Row::new("every connection breaks", &talkers.take()));

    let mut update = Vec::new();
    for number in 0..scale.relays {
        fleet.drain(number).await;
        all_talk(&talkers, "a relay was drained").await;
        fleet.replace(number).await;
        let taken = talkers.take();
        eprintln!(
            "{}",
            Row::new(&format!("relay{} replaced", number + 1), &taken)
        );
        update.extend(taken);
    }
    let name = format!("relays drained and replaced in turn: {}", scale.relays);
    rows.push(Row::new(&name, &update));

    fleet.kill(scale.killed).await;
    all_talk(&talkers, "relays were killed").await;
    rows.push(Row::new(
        &format!("relays killed at once: {}", scale.killed),
        &talkers.take(),
    ));

    talkers.finish().await;
    for relay in fleet.living() {
        Scrape::of_idle(relay).await.assert_books_are_closed();
    }
    rows
}

/// Waits until every session is live and has had an answer since now.
async fn all_talk(talkers: &Talkers, after: &str) {
    let began = Instant::now();
    talkers.listen();
    loop {
        let silent = talkers.silent();
        if silent.is_empty() {
            return;
        }
        let waited = began.elapsed();
        assert!(
            waited < SETTLED_WITHIN,
            "after this, {after}, {} sessions are still silent, such as {}",
            silent.len(),
            silent[0]
        );
        tokio::time::sleep(LOOK).await;
    }
}
