use std::sync::atomic::AtomicBool;

use super::*;

/// A connection that goes nowhere.
#[derive(Debug, Default)]
struct Nowhere(Arc<AtomicBool>);

impl LaneConnection for Nowhere {
    fn datagram_bytes(&self) -> usize {
        1200
    }

    fn send(&self, _: Vec<u8>) -> bool {
        true
    }

    fn close(&self, _: u16, _: &str) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const PAGE: Option<&str> = Some("http://127.0.0.1:8000");
const HOST: &str = "127.0.0.1:4433";

fn lanes(place: LanePlace) -> Arc<Lanes> {
    let (_, shown) = watch::channel(Shown::default());
    Arc::new(Lanes::new(place, shown))
}

fn fixed() -> Arc<Lanes> {
    lanes(LanePlace::Url(format!("https://{HOST}{PATH}")))
}

#[test]
fn a_token_is_good_once_and_only_while_its_session_keeps_the_offer() {
    let lanes = fixed();
    let (joining, _joined) = mpsc::channel(1);
    let (offer, offered) = lanes.offer(PAGE, None, &joining).unwrap();
    assert!(lanes.redeem(&offer.token, PAGE, HOST).is_ok());
    let again = lanes.redeem(&offer.token, PAGE, HOST);
    assert_eq!(again.unwrap_err(), NoLane::Token);
    drop(offered);
    let (offer, offered) = lanes.offer(PAGE, None, &joining).unwrap();
    drop(offered);
    assert_eq!(lanes.tokens(), 0);
    let late = lanes.redeem(&offer.token, PAGE, HOST);
    assert_eq!(late.unwrap_err(), NoLane::Token);
}

#[test]
fn a_token_of_another_page_or_for_another_name_is_used_up_and_opens_nothing() {
    let lanes = fixed();
    let (joining, _joined) = mpsc::channel(1);
    for (origin, authority, why) in [
        (Some("https://evil.example"), HOST, NoLane::Origin),
        (None, HOST, NoLane::Origin),
        (PAGE, "evil.example:4433", NoLane::Host),
        (PAGE, "127.0.0.1:4434", NoLane::Host),
        (PAGE, "", NoLane::Host),
    ] {
        let (offer, _offered) = lanes.offer(PAGE, None, &joining).unwrap();
        let refused = lanes.redeem(&offer.token, origin, authority);
        assert_eq!(refused.unwrap_err(), why, "{origin:?} {authority:?}");
        let again = lanes.redeem(&offer.token, PAGE, HOST);
        assert_eq!(again.unwrap_err(), NoLane::Token);
    }
}

#[test]
fn a_token_is_good_for_its_time() {
    let lanes = fixed();
    let (joining, _joined) = mpsc::channel(1);
    let (offer, _offered) = lanes.offer(PAGE, None, &joining).unwrap();
    for waiting in lanes.waiting().values_mut() {
        waiting.until -= Duration::from_millis(TOKEN_MS + 1);
    }
    let late = lanes.redeem(&offer.token, PAGE, HOST);
    assert_eq!(late.unwrap_err(), NoLane::Late);
}

#[test]
fn what_is_no_token_opens_nothing() {
    let lanes = fixed();
    for token in ["", "0", &"0".repeat(32), &"é".repeat(16), &"0".repeat(1000)] {
        let refused = lanes.redeem(token, PAGE, HOST);
        assert_eq!(refused.unwrap_err(), NoLane::Token, "{token:?}");
    }
}

#[test]
fn a_page_is_told_the_name_by_which_it_calls_the_host() {
    let lanes = lanes(LanePlace::Port(4433));
    let (joining, _joined) = mpsc::channel(1);
    for (called, url) in [
        (Some("udp.example:8000"), "https://udp.example:4433/lane"),
        (Some("192.0.2.1"), "https://192.0.2.1:4433/lane"),
        (
            Some("[2001:db8::1]:8000"),
            "https://[2001:db8::1]:4433/lane",
        ),
        (Some("localhost:8000"), "https://127.0.0.1:4433/lane"),
        (Some("/"), "https://127.0.0.1:4433/lane"),
        (None, "https://127.0.0.1:4433/lane"),
    ] {
        let (offer, _offered) = lanes.offer(PAGE, called, &joining).unwrap();
        assert_eq!(offer.url, url);
    }
}

#[test]
fn a_lane_that_nobody_keeps_is_closed() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let (_, arrivals) = mpsc::channel(1);
    let lane = Lane::new(Box::new(Nowhere(Arc::clone(&is_closed))), arrivals);
    assert_eq!(lane.payload_bytes(), 1192);
    drop(lane);
    assert!(is_closed.load(Ordering::Relaxed));
}

#[test]
fn the_policy_of_pages_names_the_lanes_and_says_that_hashes_decide() {
    let certificate = Shown {
        hashes: vec!["00".repeat(32)],
        expires: None,
    };
    let (_, shown) = watch::channel(certificate);
    let own = Lanes::new(LanePlace::Port(4433), shown);
    assert_eq!(own.policy(), " https://*:4433 'unsafe-webtransport-hashes'");
    assert_eq!(fixed().policy(), format!(" https://{HOST}"));
}
