use super::*;

fn deliveries(
    impairment: Impairment,
    seed: u64,
    arrivals: &[(u64, Vec<u8>)],
) -> Vec<(u64, u64, u8)> {
    let mut link = Link::new(impairment, seed, Direction::Up);
    for (id, (at, payload)) in (1..).zip(arrivals) {
        link.offer(*at, id, payload.clone().into());
    }
    let mut list = Vec::new();
    while let Some(due) = link.next_due() {
        if let Some(Ok(carried)) = link.due(due) {
            list.push((due, carried.tag, carried.copy));
        }
    }
    list
}

fn evenly(count: u64) -> Vec<(u64, Vec<u8>)> {
    (0..count)
        .map(|n| (n * 1000, n.to_be_bytes().to_vec()))
        .collect()
}

#[test]
fn a_link_without_impairment_delivers_at_once_and_in_order() {
    let list = deliveries(Impairment::default(), 1, &evenly(50));
    let expected: Vec<_> = (0..50).map(|n| (n * 1000, n + 1, 0)).collect();
    assert_eq!(list, expected);
}

#[test]
fn one_seed_gives_one_list_and_another_seed_another() {
    let lossy = Impairment {
        loss_ppm: 200_000,
        ..Impairment::default()
    };
    let arrivals = evenly(200);
    assert_eq!(
        deliveries(lossy, 7, &arrivals),
        deliveries(lossy, 7, &arrivals)
    );
    assert_ne!(
        deliveries(lossy, 7, &arrivals),
        deliveries(lossy, 8, &arrivals)
    );
}

#[test]
fn the_share_of_losses_is_the_one_asked_for() {
    let lossy = Impairment {
        loss_ppm: 200_000,
        limit: 10_000,
        ..Impairment::default()
    };
    let delivered = deliveries(lossy, 1, &evenly(10_000)).len();
    assert!(
        (7_850..8_150).contains(&delivered),
        "{delivered} of 10,000 at 20 % loss"
    );
}

#[test]
fn changing_the_delay_does_not_change_who_is_lost() {
    let near = Impairment {
        loss_ppm: 300_000,
        ..Impairment::default()
    };
    let far = Impairment {
        delay_us: 5_000,
        ..near
    };
    let ids = |list: Vec<(u64, u64, u8)>| list.into_iter().map(|(_, id, _)| id).collect::<Vec<_>>();
    assert_eq!(
        ids(deliveries(near, 3, &evenly(100))),
        ids(deliveries(far, 3, &evenly(100)))
    );
}

#[test]
fn bursts_lose_neighbours() {
    let bursty = Impairment {
        burst_start_ppm: 50_000,
        burst_end_ppm: 200_000,
        limit: 10_000,
        ..Impairment::default()
    };
    let list = deliveries(bursty, 5, &evenly(10_000));
    let mut runs = 0;
    let mut lost = 0;
    for pair in list.windows(2) {
        let gap = pair[1].1 - pair[0].1 - 1;
        lost += gap;
        runs += u64::from(gap > 0);
    }
    // The mean burst is 1 / 0.2 = 5 datagrams, the share of lost ones 0.05 / (0.05 + 0.2) = 20 %.
    assert!((1_700..2_300).contains(&lost), "{lost} lost");
    assert!(
        (4.0..6.0).contains(&(lost as f64 / runs as f64)),
        "{lost} in {runs} runs"
    );
}

#[test]
fn a_slow_link_sends_one_after_the_other_and_its_queue_is_bounded() {
    // 1,000 bits at 100 kbit/s take 10 ms: 97 bytes and 28 of headers.
    let slow = Impairment {
        rate_kbps: 100,
        limit: 3,
        ..Impairment::default()
    };
    let arrivals: Vec<_> = (0..5).map(|_| (0, vec![0; 97])).collect();
    assert_eq!(
        deliveries(slow, 1, &arrivals),
        [(10_000, 1, 0), (20_000, 2, 0), (30_000, 3, 0)]
    );
}

#[test]
fn only_a_copy_that_had_to_wait_for_others_has_a_time_at_which_it_left_the_queue() {
    let slow = Impairment {
        rate_kbps: 100,
        delay_us: 50_000,
        ..Impairment::default()
    };
    let mut link = Link::new(slow, 1, Direction::Up);
    // Each takes 10 ms; the third comes 4 ms after the second has gone.
    for (at, number) in [(5, 1u64), (5, 2), (24_005, 3)] {
        link.offer(at, number, vec![0; 97].into());
    }
    let mut left = Vec::new();
    while let Some(Ok(carried)) = link.due(u64::MAX) {
        left.push((carried.tag, carried.dequeued_at.map(NonZeroU64::get)));
    }
    assert_eq!(left, [(1, None), (2, Some(10_005)), (3, None)]);
}

#[test]
fn a_corrupted_datagram_is_dropped_unless_the_checksum_is_off() {
    let corrupt = Impairment {
        corrupt_ppm: 1_000_000,
        ..Impairment::default()
    };
    let mut link = Link::new(corrupt, 1, Direction::Up);
    assert_eq!(
        link.offer(0, 1u64, Bytes::from_static(b"hello")),
        Verdict::Carried(1)
    );
    let bit = link
        .due(0)
        .and_then(Result::err)
        .and_then(|carried| carried.corrupted)
        .unwrap();

    let mut open = Link::new(
        Impairment {
            no_checksum: true,
            ..corrupt
        },
        1,
        Direction::Up,
    );
    open.offer(0, 1u64, Bytes::from_static(b"hello"));
    let carried = open.due(0).and_then(Result::ok).unwrap();
    let differing: u32 = carried
        .payload
        .iter()
        .zip(b"hello")
        .map(|(a, b)| (a ^ b).count_ones())
        .sum();
    assert_eq!(differing, 1);
    assert_eq!(
        carried.payload[bit as usize / 8] ^ b"hello"[bit as usize / 8],
        0x80 >> (bit % 8)
    );
}

#[test]
fn an_impairment_out_of_range_names_the_field() {
    let wrong = Impairment {
        jitter_us: 60_000_001,
        ..Impairment::default()
    };
    let said = wrong.check().unwrap_err().to_string();
    assert!(
        said.contains("jitter_us") && said.contains("60000000"),
        "{said}"
    );
}

mod properties;
