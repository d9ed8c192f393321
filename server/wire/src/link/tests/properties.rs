//! What holds for every link, whatever it is set to.

use proptest::prelude::*;

use super::*;

/// Everything that comes out of a link, dropped on arrival or not, with the time.
fn drain(link: &mut Link<u64>) -> Vec<(u64, Carried<u64>)> {
    let mut list = Vec::new();
    while let Some(due) = link.next_due() {
        let (Ok(carried) | Err(carried)) = link.due(due).unwrap();
        list.push((due, carried));
    }
    list
}

fn impairments() -> impl Strategy<Value = Impairment> {
    let chance = || 0..=1_000_000u32;
    let odds = (chance(), chance(), chance(), chance(), chance(), chance());
    (
        odds,
        0..100_000u32,
        0..100_000u32,
        any::<bool>(),
        0..10_000u32,
        0..50u32,
    )
        .prop_map(
            |(
                (loss, start, end, reorder, duplicate, corrupt),
                delay_us,
                jitter_us,
                no_checksum,
                rate_kbps,
                limit,
            )| {
                Impairment {
                    loss_ppm: loss,
                    burst_start_ppm: start,
                    burst_end_ppm: end,
                    delay_us,
                    jitter_us,
                    reorder_ppm: reorder,
                    duplicate_ppm: duplicate,
                    corrupt_ppm: corrupt,
                    no_checksum,
                    rate_kbps,
                    limit,
                }
            },
        )
}

proptest! {
    /// Whatever the link does, each datagram ends in one verdict, at most two copies come out, never before they went
    /// in, in the order of time, and nothing is left waiting.
    #[test]
    fn every_copy_is_accounted_for(impairment in impairments(), seed: u64, sizes in prop::collection::vec(0usize..3000, 0..80)) {
        let mut link = Link::new(impairment, seed, Direction::Down);
        let mut expected = 0;
        for (n, size) in (0u64..).zip(&sizes) {
            match link.offer(n * 100, n, vec![7; *size].into()) {
                Verdict::Carried(copies) => { prop_assert!((1..=2).contains(&copies)); expected += copies as usize; }
                Verdict::Dropped(_) => {}
            }
        }
        let mut came = 0;
        let mut last = 0;
        while let Some(due) = link.next_due() {
            prop_assert!(due >= last);
            last = due;
            let (Ok(carried) | Err(carried)) = link.due(due).unwrap();
            prop_assert!(due >= carried.tag * 100);
            prop_assert_eq!(carried.payload.len(), sizes[carried.tag as usize]);
            came += 1;
        }
        prop_assert_eq!(came, expected);
        prop_assert_eq!(link.queued_bytes, 0);
    }
}

proptest! {
    /// The same arrivals give the same deliveries, to the microsecond and the bit.
    #[test]
    fn one_seed_gives_one_list_for_any_link(impairment in impairments(), seed: u64, sizes in prop::collection::vec(0usize..200, 0..60)) {
        let run = || {
            let mut link = Link::new(impairment, seed, Direction::Up);
            let verdicts: Vec<_> = (0u64..).zip(&sizes).map(|(n, size)| link.offer(n * 500, n, vec![1; *size].into())).collect();
            (verdicts, drain(&mut link))
        };
        prop_assert_eq!(run(), run());
    }

    /// Only jitter and overtaking change the order.
    #[test]
    fn without_jitter_and_overtaking_the_order_is_kept(impairment in impairments(), seed: u64, count in 0u64..80) {
        let steady = Impairment { jitter_us: 0, reorder_ppm: 0, ..impairment };
        let mut link = Link::new(steady, seed, Direction::Up);
        for n in 0..count {
            link.offer(n * 300, n, vec![0; 20].into());
        }
        let order: Vec<_> = drain(&mut link).into_iter().map(|(_, carried)| (carried.tag, carried.copy)).collect();
        prop_assert!(order.is_sorted(), "{:?}", order);
    }

    /// Between any two arrivals the link has had the time for every bit of the later one.
    #[test]
    fn the_rate_is_never_exceeded(
        impairment in impairments(), rate in 1u32..20_000, seed: u64, sizes in prop::collection::vec(0usize..1500, 2..60),
    ) {
        let steady = Impairment { jitter_us: 0, reorder_ppm: 0, rate_kbps: rate, ..impairment };
        let mut link = Link::new(steady, seed, Direction::Up);
        for (n, size) in (0u64..).zip(&sizes) {
            link.offer(n * 100, n, vec![0; *size].into());
        }
        let mut bits = 0;
        let mut first = None;
        for (at, carried) in drain(&mut link) {
            // The first one may have waited before; from then on every bit takes its time.
            let Some(began) = first else {
                first = Some(at);
                continue;
            };
            bits += (carried.payload.len() as u64 + HEADER_BYTES) * 8;
            prop_assert!((at - began) * u64::from(rate) >= bits * 1000, "{} bits in {} µs at {} kbit/s", bits, at - began, rate);
        }
    }

    /// A queue never holds more than it may.
    #[test]
    fn no_more_wait_than_the_limit(impairment in impairments(), limit in 1u32..40, seed: u64, count in 0u64..120) {
        let mut link = Link::new(Impairment { limit, ..impairment }, seed, Direction::Up);
        for n in 0..count {
            link.offer(0, n, Bytes::from_static(b"x"));
            prop_assert!(link.queue.len() <= limit as usize);
        }
    }
}

/// Losses among 10,000 arrivals.
fn losses(impairment: Impairment, seed: u64) -> f64 {
    let mut link = Link::new(impairment, seed, Direction::Up);
    let lost = (0..10_000).filter(|n| {
        let verdict = link.offer(*n, *n, Bytes::new());
        while link.due(*n).is_some() {}
        verdict == Verdict::Dropped(DropReason::Loss)
    });
    lost.count() as f64
}

#[test]
fn random_loss_stays_within_four_standard_deviations_for_every_seed() {
    for seed in 0..40 {
        for ppm in [1_000, 10_000, 200_000, 500_000, 990_000] {
            let chance = f64::from(ppm) / 1e6;
            let (mean, deviation) = (
                10_000.0 * chance,
                (10_000.0 * chance * (1.0 - chance)).sqrt(),
            );
            let link = Impairment {
                loss_ppm: ppm,
                ..Impairment::default()
            };
            let lost = losses(link, seed);
            assert!(
                (lost - mean).abs() <= 4.0 * deviation,
                "seed {seed}: {lost} of 10,000 at {ppm} ppm"
            );
        }
    }
}

#[test]
fn burst_loss_has_the_share_that_gilbert_and_elliott_give_it() {
    for seed in 0..40 {
        for (start, end) in [(20_000, 250_000), (50_000, 200_000), (300_000, 300_000)] {
            let (start_chance, end_chance) = (f64::from(start) / 1e6, f64::from(end) / 1e6);
            let share = start_chance / (start_chance + end_chance);
            // Neighbours stay alike with this correlation, which widens the spread of their sum.
            let alike = 1.0 - start_chance - end_chance;
            let deviation =
                (10_000.0 * share * (1.0 - share) * (1.0 + alike) / (1.0 - alike)).sqrt();
            let link = Impairment {
                burst_start_ppm: start,
                burst_end_ppm: end,
                ..Impairment::default()
            };
            let lost = losses(link, seed);
            assert!(
                (lost - 10_000.0 * share).abs() <= 4.0 * deviation,
                "seed {seed}: {lost} of 10,000, expected {share}"
            );
        }
    }
}
