use proptest::prelude::*;

use super::*;

fn received(ledger: &mut Ledger, payload: &[u8]) -> (Option<u64>, Delivery) {
    let answer = ledger.answer(payload);
    (answer.id, ledger.deliver(&answer, payload.len()))
}

#[test]
fn an_answer_settles_its_datagram() {
    let mut ledger = Ledger::default();
    ledger.sent(0, b"one");
    ledger.sent(0, b"two");
    assert_eq!(received(&mut ledger, b"two"), (Some(2), Delivery::Echoed));
    assert_eq!(received(&mut ledger, b"one"), (Some(1), Delivery::Echoed));
    let counters = ledger.counters();
    assert_eq!(
        (counters.echoed, counters.reordered, counters.in_flight),
        (2, 1, 0)
    );
    assert_eq!((counters.bytes_sent, counters.bytes_received), (6, 6));
}

#[test]
fn of_equal_payloads_the_oldest_is_answered_first() {
    let mut ledger = Ledger::default();
    ledger.sent(0, b"same");
    ledger.sent(0, b"same");
    assert_eq!(received(&mut ledger, b"same"), (Some(1), Delivery::Echoed));
    assert_eq!(received(&mut ledger, b"same"), (Some(2), Delivery::Echoed));
    assert_eq!(
        received(&mut ledger, b"same"),
        (Some(2), Delivery::Duplicate)
    );
}

#[test]
fn a_datagram_in_flight_is_preferred_to_one_given_up() {
    let mut ledger = Ledger::default();
    ledger.sent(0, b"same");
    assert_eq!(ledger.expire(10, 10), Some((1, Fate::Lost)));
    ledger.sent(10, b"same");
    assert_eq!(received(&mut ledger, b"same"), (Some(2), Delivery::Echoed));
    assert_eq!(received(&mut ledger, b"same"), (Some(1), Delivery::Late));
    let counters = ledger.counters();
    assert_eq!((counters.lost, counters.late, counters.echoed), (1, 1, 1));
}

#[test]
fn a_cut_answer_is_known_by_its_beginning() {
    let mut ledger = Ledger::default();
    ledger.sent(0, &[1; 5000]);
    ledger.sent(0, &[2; 5000]);
    let answer = ledger.answer(&[2; 4096]);
    assert_eq!((answer.id, answer.cut_from), (Some(2), Some(5000)));
    ledger.deliver(&answer, 4096);
    assert_eq!(ledger.counters().truncated, 1);
}

#[test]
fn an_empty_answer_belongs_to_an_empty_datagram_only() {
    let mut ledger = Ledger::default();
    ledger.sent(0, b"data");
    assert_eq!(received(&mut ledger, b""), (None, Delivery::Stray));
    ledger.sent(0, b"");
    assert_eq!(received(&mut ledger, b""), (Some(2), Delivery::Echoed));
}

#[test]
fn an_empty_datagram_without_an_answer_is_unanswered_not_lost() {
    let mut ledger = Ledger::default();
    ledger.sent(0, b"");
    assert_eq!(ledger.expire(5, 5), Some((1, Fate::Unanswered)));
    assert_eq!(ledger.expire(5, 5), None);
}

#[test]
fn refusal_spares_what_the_server_has_seen() {
    let mut ledger = Ledger::default();
    for payload in [b"one", b"two", b"six"] {
        ledger.sent(0, payload);
    }
    assert_eq!(
        ledger.seen_by_server(&Fingerprint::of(b"one")),
        Some((1, 0))
    );
    assert_eq!(ledger.refuse(), [2, 3]);
    assert_eq!(ledger.counters().refused, 2);
}

#[test]
fn a_datagram_is_dropped_when_its_last_copy_is() {
    let mut ledger = Ledger::default();
    let id = ledger.open(0, 4);
    ledger.duplicated(id);
    assert!(!ledger.copy_dropped(id));
    assert!(ledger.copy_dropped(id));
    assert_eq!(ledger.fate(id), Some(Fate::Dropped));
}

#[test]
fn a_million_datagrams_close_the_books_in_bounded_memory() {
    let mut ledger = Ledger::default();
    for n in 0u32..1_000_000 {
        let payload = n.to_be_bytes();
        ledger.sent(u64::from(n), &payload);
        if n % 3 != 0 {
            received(&mut ledger, &payload);
        }
        while ledger.expire(u64::from(n), 500).is_some() {}
    }
    while ledger.expire(u64::MAX, 500).is_some() {}
    let counters = ledger.counters();
    assert_eq!((counters.echoed, counters.lost), (666_666, 333_334));
    assert_eq!(
        (counters.sent, counters.in_flight),
        (counters.accounted(), 0)
    );
    assert!(ledger.records.len() <= REMEMBERED + 501);
    assert!(ledger.held_bytes() < 300 * 1024, "{}", ledger.held_bytes());
}

#[derive(Debug, Clone)]
enum Happening {
    Open(u8),
    Sent(u8),
    Wire(u64),
    Duplicated(u64),
    Dropped(u64),
    Answer(u8),
    Seen(u8),
    Refuse,
    Settle(u64, Fate),
    Expire(u64),
}

fn happenings() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let fate = prop::sample::select(vec![
        Fate::Rejected,
        Fate::Refused,
        Fate::Unanswered,
        Fate::Lost,
    ]);
    prop_oneof![
        (0u8..6).prop_map(Open),
        (0u8..6).prop_map(Sent),
        (0u64..40).prop_map(Wire),
        (0u64..40).prop_map(Duplicated),
        (0u64..40).prop_map(Dropped),
        (0u8..6).prop_map(Answer),
        (0u8..6).prop_map(Seen),
        Just(Refuse),
        (0u64..40, fate).prop_map(|(id, fate)| Settle(id, fate)),
        (0u64..50).prop_map(Expire),
    ]
}

proptest! {
    /// Whatever happens in whatever order, the totals add up after every step and no fate is ever taken back.
    #[test]
    fn the_books_close_after_every_event(steps in prop::collection::vec(happenings(), 0..200)) {
        let mut ledger = Ledger::default();
        let mut fates = std::collections::HashMap::new();
        for (now, step) in (0u64..).zip(steps) {
            let payload = |n: u8| vec![n; usize::from(n) * 9];
            match step {
                Happening::Open(n) => { ledger.open(now, payload(n).len()); }
                Happening::Sent(n) => { ledger.sent(now, &payload(n)); }
                Happening::Wire(id) => ledger.on_wire(id, 0, Fingerprint::of(&id.to_be_bytes())),
                Happening::Duplicated(id) => ledger.duplicated(id),
                Happening::Dropped(id) => { ledger.copy_dropped(id); }
                Happening::Answer(n) => { received(&mut ledger, &payload(n)); }
                Happening::Seen(n) => { ledger.seen_by_server(&Fingerprint::of(&payload(n))); }
                Happening::Refuse => { ledger.refuse(); }
                Happening::Settle(id, fate) => { ledger.settle(id, fate); }
                Happening::Expire(timeout) => { ledger.expire(now, timeout); }
            }
            let counters = ledger.counters();
            prop_assert_eq!(counters.sent, counters.accounted());
            for id in 1..=counters.sent {
                if let Some(fate) = ledger.fate(id) {
                    prop_assert_eq!(*fates.entry(id).or_insert(fate), fate);
                }
            }
            prop_assert_eq!(fates.len() as u64, counters.sent - counters.in_flight);
        }
    }
}
