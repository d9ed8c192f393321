//! What sessions cost that do nothing: memory, descriptors; and so how many of them a machine can have.

use super::belongings::{Descriptors, resident};
use super::by_hand::{ROUTES, open};
use super::exhaustion::bound_port;
use super::scrape::Scrape;
use crate::host::HostProgram;
use crate::sockets::ROUTE;

/// Bytes of a GiB.
const GIB: f64 = (1 << 30) as f64;

/// Most bytes that a session with one bound socket may take.
const WITH_A_SOCKET: f64 = 20.0 * 1024.0;

/// Opens so many sessions of each route on a host of its own, and of `/sockets` with a bound socket each; prints what each costs.
///
/// # Panics
/// When a session with a bound socket takes too much.
pub async fn measure(sessions: usize) {
    println!(
        "\n| idle sessions | bytes each | sessions a GiB | descriptors each | GiB for a million |"
    );
    println!("|---|--:|--:|--:|--:|");
    for route in ROUTES {
        measure_one(route, false, sessions).await;
    }
    let bytes = measure_one(ROUTE, true, sessions).await;
    assert!(
        bytes <= WITH_A_SOCKET,
        "{bytes:.0} bytes with a bound socket"
    );
}

/// Bytes that each of so many sessions takes.
async fn measure_one(route: &str, with_a_socket: bool, sessions: usize) -> f64 {
    let host = HostProgram::start(&["--max-sessions-per-address=0"]).await;
    let one = async || {
        let mut stream = open(host.http, route).await;
        if with_a_socket {
            bound_port(&mut stream, 1).await;
        }
        stream
    };
    // What the first ones allocate once is no cost of the many.
    for _ in 0..50 {
        drop(one().await);
    }
    Scrape::of_idle(&host).await;
    let before = (
        Descriptors::settled(host.pid()).await.count(),
        resident(host.pid()),
    );
    let mut held = Vec::new();
    for _ in 0..sessions {
        held.push(one().await);
    }
    let all = async { while Scrape::of(&host).await.sum("udp_echo_sessions") < sessions as u64 {} };
    crate::soon("all sessions", all).await;
    let bytes = (resident(host.pid()) - before.1) as f64 / sessions as f64;
    let descriptors = Descriptors::of(host.pid()).count() - before.0;
    let socket = if with_a_socket {
        ", one bound socket"
    } else {
        ""
    };
    println!(
        "| {sessions} × {route}{socket} | {bytes:.0} | {:.0} | {:.1} | {:.1} |",
        GIB / bytes,
        descriptors as f64 / sessions as f64,
        bytes * 1e6 / GIB
    );
    bytes
}
