use super::*;

const NONE: RateLimits = RateLimits {
    datagrams: 0,
    bytes: 0,
};

fn rate_limiter(own: RateLimits, address: RateLimits) -> RateLimiter {
    let address = Arc::new(TokenBuckets::new(address));
    RateLimiter::new(own, address, Duration::from_secs(10), ControlRate::new(0))
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

fn admit(limiter: &mut RateLimiter, sizes: &[usize]) -> (usize, Option<LimitExceeded>) {
    limiter.admit(sizes.iter().copied())
}

#[test]
fn without_limits_everything_passes() {
    let mut limiter = rate_limiter(NONE, NONE);
    assert_eq!(admit(&mut limiter, &[65_507; 10_000]), (10_000, None));
    assert_eq!(admit(&mut limiter, &[]), (0, None));
}

#[test]
fn a_second_s_worth_passes_at_once_and_the_rest_is_rejected() {
    let mut limiter = rate_limiter(datagrams(100), NONE);
    let (admitted, exceeded) = admit(&mut limiter, &[42; 300]);
    // The clock goes on while the test counts.
    assert!((100..=110).contains(&admitted), "{admitted} passed");
    assert_eq!(exceeded, Some(LimitExceeded::Datagrams(100)));
}

#[test]
fn bytes_have_their_own_limit() {
    let mut limiter = rate_limiter(bytes(1 << 20), NONE);
    let (admitted, exceeded) = admit(&mut limiter, &[32_768; 100]);
    assert!((32..=34).contains(&admitted), "{admitted} passed");
    assert_eq!(exceeded, Some(LimitExceeded::Bytes(1 << 20)));
}

#[test]
fn the_largest_datagram_passes_however_low_the_rate() {
    let mut limiter = rate_limiter(bytes(1), NONE);
    assert_eq!(admit(&mut limiter, &[MAX_MESSAGE_BYTES]), (1, None));
    assert_eq!(admit(&mut limiter, &[1]).0, 0);
}

#[test]
fn empty_datagrams_are_not_free() {
    let mut limiter = rate_limiter(bytes(1), NONE);
    let most = MAX_MESSAGE_BYTES / STEP_BYTES;
    let (admitted, exceeded) = admit(&mut limiter, &vec![0; 2 * most]);
    assert_eq!(admitted, most);
    assert_eq!(exceeded, Some(LimitExceeded::Bytes(1)));
}

#[test]
fn sessions_of_one_address_share_its_rate() {
    let address = Arc::new(TokenBuckets::new(datagrams(100)));
    let one = |_| {
        RateLimiter::new(
            NONE,
            Arc::clone(&address),
            Duration::ZERO,
            ControlRate::new(0),
        )
    };
    let mut sessions: Vec<_> = (0..4).map(one).collect();
    let admitted: usize = sessions
        .iter_mut()
        .map(|session| admit(session, &[1; 50]).0)
        .sum();
    assert!((100..=110).contains(&admitted), "{admitted} passed");
    let (_, exceeded) = admit(&mut sessions[3], &[1; 50]);
    assert_eq!(exceeded, Some(LimitExceeded::AddressDatagrams(100)));
}

#[test]
fn a_session_over_its_own_rate_takes_nothing_from_its_neighbours() {
    let address = Arc::new(TokenBuckets::new(datagrams(1000)));
    let one = || {
        RateLimiter::new(
            datagrams(10),
            Arc::clone(&address),
            Duration::ZERO,
            ControlRate::new(0),
        )
    };
    let (mut greedy, mut modest) = (one(), one());
    admit(&mut greedy, &[1; 5000]);
    assert_eq!(admit(&mut modest, &[1; 10]), (10, None));
}

#[test]
fn the_rate_comes_back() {
    let mut limiter = rate_limiter(datagrams(1000), NONE);
    admit(&mut limiter, &[1; 1000]);
    let began = Instant::now();
    let mut passed = 0;
    while passed < 50 {
        passed += admit(&mut limiter, &[1]).0;
        assert!(began.elapsed() < Duration::from_secs(60), "{passed} passed");
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
    let mut limiter = rate_limiter(NONE, NONE);
    let began = Instant::now();
    let at = |seconds: f64| began + Duration::from_secs_f64(seconds);
    // Now and then over the limit, with pauses: never a flood.
    for second in 0..100 {
        limiter.note_rejection(at(f64::from(second) * 1.5));
        assert_eq!(limiter.flooding(), None);
    }
    // On and on over the limit.
    for tenth in 0..100 {
        limiter.note_rejection(at(200.0 + f64::from(tenth) / 10.0));
        assert_eq!(limiter.flooding(), None);
    }
    limiter.note_rejection(at(210.0));
    assert_eq!(limiter.flooding(), Some(Duration::from_secs(10)));
}
