//! What sessions cost that do nothing: memory, descriptors; and so how many of them a machine can have.

use super::belongings::{Descriptors, resident};
use super::by_hand::{ROUTES, open};
use super::scrape::Scrape;
use crate::host::HostProgram;

/// Bytes of a GiB.
const GIB: f64 = (1 << 30) as f64;

/// Opens so many sessions of each protocol on a host of its own, and prints what each costs.
pub async fn measure(sessions: usize) {
    println!(
        "\n| idle sessions | bytes each | sessions a GiB | descriptors each | GiB for a million |"
    );
    println!("|---|--:|--:|--:|--:|");
    for route in ROUTES {
        let host = HostProgram::start(&["--max-sessions-per-address=0"]).await;
        // What the first ones allocate once is no cost of the many.
        for _ in 0..50 {
            drop(open(host.http, route).await);
        }
        Scrape::of_idle(&host).await;
        let before = (
            Descriptors::settled(host.pid()).await.count(),
            resident(host.pid()),
        );
        let mut held = Vec::new();
        for _ in 0..sessions {
            held.push(open(host.http, route).await);
        }
        let all =
            async { while Scrape::of(&host).await.sum("udp_echo_sessions") < sessions as u64 {} };
        crate::soon("all sessions", all).await;
        let bytes = (resident(host.pid()) - before.1) as f64 / sessions as f64;
        let descriptors = Descriptors::of(host.pid()).count() - before.0;
        println!(
            "| {sessions} × {route} | {bytes:.0} | {:.0} | {:.1} | {:.1} |",
            GIB / bytes,
            descriptors as f64 / sessions as f64,
            bytes * 1e6 / GIB
        );
    }
}
