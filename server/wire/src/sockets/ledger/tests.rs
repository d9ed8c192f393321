use super::*;

const FROM: &str = "127.83.1.5:40001";
const TO: &str = "127.83.1.5:10000";

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn between(payload: &[u8]) -> Fingerprint {
    Fingerprint::between(address(FROM), address(TO), payload)
}

/// Sends a datagram to a socket of the loopback.
fn send(ledger: &mut SocketsLedger, now: u64, payload: &[u8]) -> u64 {
    let id = ledger.open(payload.len());
    ledger.on_loopback(now, id, 0, address(TO), between(payload));
    id
}

#[test]
fn of_equal_payloads_the_oldest_has_the_receipt() {
    let mut ledger = SocketsLedger::default();
    send(&mut ledger, 0, b"same");
    send(&mut ledger, 0, b"other");
    send(&mut ledger, 0, b"same");
    assert_eq!(ledger.take_received(&between(b"same")), Some((1, 0)));
    assert_eq!(ledger.take_received(&between(b"same")), Some((3, 0)));
    assert_eq!(ledger.take_received(&between(b"same")), None);
    assert_eq!(ledger.take_received(&between(b"other")), Some((2, 0)));
}

#[test]
fn a_receipt_from_another_socket_or_for_another_sender_belongs_to_nobody() {
    let mut ledger = SocketsLedger::default();
    send(&mut ledger, 0, b"x");
    let (from, to) = (address(FROM), address(TO));
    for (from, to) in [
        (to, from),
        (from, address("127.83.1.5:10001")),
        (address("127.83.1.6:40001"), to),
        (from, address("[::1]:10000")),
    ] {
        let fingerprint = Fingerprint::between(from, to, b"x");
        assert_eq!(ledger.take_received(&fingerprint), None, "{from} to {to}");
    }
}

#[test]
fn a_receipt_may_take_two_seconds_and_longer_where_a_link_holds_the_datagram() {
    let mut ledger = SocketsLedger::default();
    send(&mut ledger, 5, b"held");
    send(&mut ledger, 5, b"not held");
    ledger.hold(10, &between(b"held"));
    assert_eq!(ledger.next_overdue(), Some(5 + RECEIPT_US));
    assert_eq!(ledger.take_overdue(4 + RECEIPT_US), None);
    assert_eq!(ledger.take_overdue(5 + RECEIPT_US), Some((2, 0)));
    assert_eq!(ledger.take_overdue(9 + HELD_US), None);
    assert_eq!(ledger.take_overdue(10 + HELD_US), Some((1, 0)));
    assert_eq!(ledger.next_overdue(), None);
}

#[test]
fn of_equal_payloads_that_a_link_holds_the_oldest_still_has_the_receipt() {
    let mut ledger = SocketsLedger::default();
    for _ in 0..3 {
        send(&mut ledger, 0, b"same");
    }
    // The first two are held; the first receipt is for the first of all.
    ledger.hold(1, &between(b"same"));
    ledger.hold(1, &between(b"same"));
    for id in 1..=3 {
        assert_eq!(ledger.take_received(&between(b"same")), Some((id, 0)));
    }
}

#[test]
fn a_datagram_is_dropped_when_its_last_copy_is() {
    let mut ledger = SocketsLedger::default();
    let id = ledger.open(4);
    ledger.duplicated(id);
    assert!(!ledger.copy_dropped(id));
    assert_eq!(ledger.counters().in_flight, 1);
    assert!(ledger.copy_dropped(id));
    assert!(!ledger.settle(id, SocketsFate::Delivered));
    let counters = ledger.counters();
    assert_eq!(
        (counters.dropped, counters.delivered, counters.in_flight),
        (1, 0, 0)
    );
}

#[test]
fn a_closed_receiver_gives_no_receipts() {
    let mut ledger = SocketsLedger::default();
    send(&mut ledger, 0, b"one");
    let elsewhere = ledger.open(3);
    ledger.on_loopback(0, elsewhere, 0, address(FROM), between(b"two"));
    send(&mut ledger, 0, b"six");
    assert_eq!(ledger.take_bound_for(address(TO)), [(1, 0), (3, 0)]);
    assert_eq!(ledger.take_bound_for(address(TO)), []);
    assert_eq!(ledger.take_bound_for(address(FROM)), [(2, 0)]);
}

#[test]
fn a_million_datagrams_close_the_ledger_and_leave_nothing_behind() {
    let mut ledger = SocketsLedger::default();
    let mut most = 0;
    for n in 0u32..1_000_000 {
        let (now, payload) = (u64::from(n) * 1000, n.to_be_bytes());
        let id = send(&mut ledger, now, &payload);
        if n % 1000 != 0 {
            assert_eq!(ledger.take_received(&between(&payload)), Some((id, 0)));
            ledger.settle(id, SocketsFate::Delivered);
        }
        while let Some((id, _)) = ledger.take_overdue(now) {
            ledger.copy_dropped(id);
        }
        most = most.max(ledger.held_bytes());
    }
    let counters = ledger.counters();
    assert_eq!(counters.sent, counters.accounted());
    assert_eq!((counters.delivered, counters.in_flight), (999_000, 2));
    assert!(most < 1024, "{most} bytes");
}
