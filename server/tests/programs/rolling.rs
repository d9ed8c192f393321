//! A rolling update, a kill and a broken network, for real and at a small scale; `cargo xtask rolling` is the large one.

use std::time::Duration;

use test_support::rolling::{Scale, run};

use crate::proxies::shipped;

#[tokio::test(flavor = "multi_thread")]
async fn every_session_goes_on_through_a_broken_network_a_rolling_update_and_a_kill() {
    const SESSIONS: usize = 60;
    let scale = Scale {
        relays: 3,
        sessions: SESSIONS,
        killed: 1,
        pace: Duration::from_millis(200),
        calm: Duration::from_secs(1),
    };
    // It ends only if all sessions talk again after each event, and if every ledger adds up.
    let rows = run(scale, &shipped("")).await;
    let [calm, cut, update, kill] = &rows[..] else {
        panic!("{rows:?}");
    };
    for row in &rows {
        eprintln!("{row}");
    }
    assert_eq!((calm.moved, calm.resumed, calm.told), (0, 0, 0), "{calm}");
    // Another program may have taken a port meanwhile.
    assert!(cut.resumed >= SESSIONS * 9 / 10, "{cut}");
    assert_eq!(cut.resumed + cut.moved, SESSIONS, "{cut}");
    // Each relay had a third of them, and all those of the relays before.
    assert!(update.moved >= SESSIONS, "{update}");
    assert!(update.told >= update.moved * 8 / 10, "{update}");
    assert!(kill.moved > 0 && kill.moved < SESSIONS, "{kill}");
    assert_eq!(kill.told, 0, "nobody was there to say why: {kill}");
    // A session has few datagrams under way when its relay goes.
    for row in [cut, update, kill] {
        let came_back = row.moved + row.resumed;
        assert!(row.lost <= 3 * came_back, "{row}");
    }
}
