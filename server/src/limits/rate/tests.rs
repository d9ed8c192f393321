use super::*;

const NONE: RateLimits = RateLimits {
    datagrams: 0,
    bytes: 0,
};

fn allowance(own: RateLimits, address: RateLimits) -> Allowance {
    let address = Arc::new(Rates::new(address));
    Allowance::new(own, address, Duration::from_secs(10), ControlRate::new(0))
}

fn datagrams(limit: u32) -> RateLimits {
    RateLimits {
        datagrams: limit,
        ..NONE
    }
}

fn bytes(limit: u32) -> RateLimits {
    RateLimits {
        bytes: limit,
        ..NONE
    }
}

fn grant(allowance: &mut Allowance, sizes: &[usize]) -> (usize, Option<Over>) {
    allowance.grant(sizes.iter().copied())
}

#[test]
fn without_limits_everything_passes() {
    let mut allowance = allowance(NONE, NONE);
    assert_eq!(grant(&mut allowance, &[65_507; 10_000]), (10_000, None));
    assert_eq!(grant(&mut allowance, &[]), (0, None));
}

#[test]
fn a_second_s_worth_passes_at_once_and_the_rest_is_rejected() {
    let mut allowance = allowance(datagrams(100), NONE);
    let (granted, over) = grant(&mut allowance, &[42; 300]);
    // The clock goes on while the test counts.
    assert!((100..=110).contains(&granted), "{granted} passed");
    assert_eq!(over, Some(Over::Datagrams(100)));
}

#[test]
fn bytes_have_their_own_limit() {
    let mut allowance = allowance(bytes(1 << 20), NONE);
    let (granted, over) = grant(&mut allowance, &[32_768; 100]);
    assert!((32..=34).contains(&granted), "{granted} passed");
    assert_eq!(over, Some(Over::Bytes(1 << 20)));
}

#[test]
fn the_largest_datagram_passes_however_low_the_rate() {
    let mut allowance = allowance(bytes(1), NONE);
    assert_eq!(grant(&mut allowance, &[MAX_MESSAGE_BYTES]), (1, None));
    assert_eq!(grant(&mut allowance, &[1]).0, 0);
}

#[test]
fn empty_datagrams_are_not_free() {
    let mut allowance = allowance(bytes(1), NONE);
    let most = MAX_MESSAGE_BYTES / STEP_BYTES;
    let (granted, over) = grant(&mut allowance, &vec![0; 2 * most]);
    assert_eq!(granted, most);
    assert_eq!(over, Some(Over::Bytes(1)));
}

#[test]
fn sessions_of_one_address_share_its_rate() {
    let address = Arc::new(Rates::new(datagrams(100)));
    let one = |_| {
        Allowance::new(
            NONE,
            Arc::clone(&address),
            Duration::ZERO,
            ControlRate::new(0),
        )
    };
    let mut sessions: Vec<_> = (0..4).map(one).collect();
    let granted: usize = sessions
        .iter_mut()
        .map(|session| grant(session, &[1; 50]).0)
        .sum();
    assert!((100..=110).contains(&granted), "{granted} passed");
    let (_, over) = grant(&mut sessions[3], &[1; 50]);
    assert_eq!(over, Some(Over::AddressDatagrams(100)));
}

#[test]
fn a_session_over_its_own_rate_takes_nothing_from_its_neighbours() {
    let address = Arc::new(Rates::new(datagrams(1000)));
    let one = || {
        Allowance::new(
            datagrams(10),
            Arc::clone(&address),
            Duration::ZERO,
            ControlRate::new(0),
        )
    };
    let (mut greedy, mut modest) = (one(), one());
    grant(&mut greedy, &[1; 5000]);
    assert_eq!(grant(&mut modest, &[1; 10]), (10, None));
}

#[test]
fn the_rate_comes_back() {
    let mut allowance = allowance(datagrams(1000), NONE);
    grant(&mut allowance, &[1; 1000]);
    let began = Instant::now();
    let mut passed = 0;
    while passed < 50 {
        passed += grant(&mut allowance, &[1]).0;
        assert!(began.elapsed() < Duration::from_secs(5), "{passed} passed");
    }
    // 50 of 1000 a second take 50 ms.
    assert!(
        began.elapsed() >= Duration::from_millis(40),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn only_a_flood_that_goes_on_is_one() {
    let mut allowance = allowance(NONE, NONE);
    let began = Instant::now();
    let at = |seconds: f64| began + Duration::from_secs_f64(seconds);
    // Now and then over the limit, with pauses: never a flood.
    for second in 0..100 {
        allowance.note_rejection(at(f64::from(second) * 1.5));
        assert_eq!(allowance.flooding(), None);
    }
    // On and on over the limit.
    for tenth in 0..100 {
        allowance.note_rejection(at(200.0 + f64::from(tenth) / 10.0));
        assert_eq!(allowance.flooding(), None);
    }
    allowance.note_rejection(at(210.0));
    assert_eq!(allowance.flooding(), Some(Duration::from_secs(10)));
}
