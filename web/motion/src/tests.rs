//! Films of runs of the simulated host.

use proptest::prelude::*;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::feed::Feed;
use udp_echo_feed::run::Set;
use udp_echo_feed::{form, json};
use wire::control::{Event, ServerRules, What};
use wire::ledger::Fate;
use wire::link::{Direction, DropReason, Impairment};

use crate::course::{BROWSER, End, RELAY, SERVER};
use crate::film::{Dot, Film, Lane, Speed};
use crate::moments::{self, moments};
use crate::player::Player;
use crate::words;

/// Sends payloads, one every `pause` microseconds, and lets everything come to its end.
fn run(link: [Impairment; 2], seed: u64, pause: u64, payloads: &[&[u8]]) -> Vec<Datagram> {
    run_at(link, seed, ServerRules::default(), pause, payloads)
}

fn run_at(
    [up, down]: [Impairment; 2],
    seed: u64,
    rules: ServerRules,
    pause: u64,
    payloads: &[&[u8]],
) -> Vec<Datagram> {
    let set = Set {
        up,
        down,
        seed,
        rules,
        ..Set::default()
    };
    // The page's own part is 400 µs.
    udp_echo_feed::run::run(set, pause, 400, payloads)
}

fn film(datagrams: &[Datagram]) -> Film {
    Film::of(&datagrams.iter().collect::<Vec<_>>(), None)
}

fn summary(datagrams: &[Datagram]) -> String {
    let datagrams: Vec<_> = datagrams.iter().collect();
    words::summary(&Film::of(&datagrams, None), &datagrams)
}

const SEVERAL: [&[u8]; 8] = [b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"];

fn plain() -> [Impairment; 2] {
    Default::default()
}

/// A link that does one thing on the way there.
fn up(set: impl Fn(&mut Impairment)) -> [Impairment; 2] {
    let mut link = plain();
    set(&mut link[0]);
    link
}

/// When a dot comes to a place.
fn comes_to(dot: &Dot, place: u32) -> Option<u64> {
    Some(dot.legs.iter().find(|leg| leg.to.0 == place)?.to.1)
}

#[test]
fn an_echo_flies_to_the_server_and_back_and_then_stands_at_the_browser() {
    let film = film(&run(plain(), 1, 100, &[b"hello"]));
    let at = |now| film.frame(now)[0].map(|position| (position.x, position.lane));
    assert_eq!(at(0), Some((BROWSER, Lane::There)));
    assert_eq!(at(600_000), Some((RELAY, Lane::There)));
    // 30 µs there, 10 in the server, 30 back: 70 µs are 3.5 seconds.
    assert_eq!(film.speed, Some(Speed::Slower(50_000)));
    assert_eq!(words::pace(&film), "UDP 50,000 times slower");
    assert_eq!(at(600_000 + 15 * 50_000), Some((6_900, Lane::There)));
    assert_eq!(at(600_000 + 35 * 50_000), Some((SERVER, Lane::There)));
    assert_eq!(at(600_000 + 55 * 50_000), Some((6_900, Lane::Back)));
    assert_eq!(at(600_000 + 70 * 50_000), Some((RELAY, Lane::Back)));
    assert_eq!(film.length, 2 * 600_000 + 70 * 50_000);
    let last = film.frame(film.length)[0].unwrap();
    assert_eq!(
        (last.x, last.lane, last.end),
        (BROWSER, Lane::Back, Some(End::Home))
    );
}

#[test]
fn a_lost_datagram_flies_as_fast_as_others_and_ends_on_the_link() {
    let datagrams = run(up(|up| up.loss_ppm = 400_000), 3, 1_000, &SEVERAL);
    let film = film(&datagrams);
    let speed = |dot: &Dot| {
        let leg = dot
            .legs
            .iter()
            .find(|leg| leg.from.0 == RELAY && leg.to.0 > RELAY)?;
        Some((leg.to.0 - leg.from.0) as f64 / (leg.to.1 - leg.from.1) as f64)
    };
    let (lost, others): (Vec<&Dot>, Vec<_>) =
        film.dots.iter().partition(|dot| dot.end == End::Lost);
    assert!(!lost.is_empty() && !others.is_empty());
    for dot in &lost {
        let ratio = speed(dot).unwrap() / speed(others[0]).unwrap();
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
        let place = dot.legs.last().unwrap().to.0;
        assert!(RELAY < place && place < SERVER, "{place}");
    }
    let expected = format!(
        "{} of 8 came back, {} lost on the link.",
        others.len(),
        lost.len()
    );
    assert_eq!(
        words::summary(&film, &datagrams.iter().collect::<Vec<_>>()),
        expected
    );
}

#[test]
fn what_is_lost_between_page_and_host_ends_at_the_relay_and_says_where() {
    let mut datagrams = run(plain(), 1, 1_000, &SEVERAL[..3]);
    let lost = |way| What::Dropped(way, DropReason::Hop);
    datagrams[1].events = vec![Event(2_001_000, 2, 0, lost(Direction::Up))];
    datagrams[2].events.pop();
    datagrams[2]
        .events
        .push(Event(2_002_000, 3, 0, lost(Direction::Down)));
    let film = film(&datagrams);
    let ends: Vec<_> = film.dots.iter().map(|dot| (dot.number, dot.end)).collect();
    assert_eq!(ends, [(1, End::Home), (2, End::Hop), (3, End::Hop)]);
    let last = |place: usize| film.dots[place].legs.last().unwrap().to.0;
    assert_eq!((last(1), last(2)), (RELAY, RELAY));
    assert!(comes_to(&film.dots[2], SERVER).is_some());
    assert_eq!(
        summary(&datagrams),
        "1 of 3 came back, 2 lost between this page and the host."
    );
}

#[test]
fn a_duplicate_forks_off_where_the_link_made_it() {
    let twice = film(&run(
        up(|up| up.duplicate_ppm = 1_000_000),
        1,
        100,
        &[b"twin"],
    ));
    let starts: Vec<_> = twice
        .dots
        .iter()
        .map(|dot| (dot.is_copy, dot.legs[0].from.0))
        .collect();
    assert_eq!(starts, [(false, BROWSER), (true, RELAY)]);
    let said: Vec<_> = moments(&twice).iter().map(words::sentence).collect();
    assert!(
        said.contains(
            &"The server receives datagram 1 once more, and sends that back, too.".into()
        ),
        "{said:?}"
    );
    let mut down = plain();
    down[1].duplicate_ppm = 1_000_000;
    let datagrams = run(down, 1, 100, &[b"twin"]);
    let starts: Vec<_> = film(&datagrams)
        .dots
        .iter()
        .map(|dot| (dot.is_copy, dot.legs[0].from.0))
        .collect();
    assert_eq!(starts, [(false, BROWSER), (true, SERVER)]);
    assert_eq!(summary(&datagrams), "1 of 1 came back, 1 came twice.");
}

#[test]
fn who_overtakes_is_named_and_those_who_are_back_stand_in_the_order_of_their_coming() {
    let link = up(|up| (up.delay_us, up.reorder_ppm) = (80_000, 400_000));
    let datagrams = run(link, 11, 100, &SEVERAL);
    let film = film(&datagrams);
    let said: Vec<_> = moments(&film).iter().map(words::sentence).collect();
    assert!(
        said.iter()
            .any(|said| said.contains(" overtakes datagram 1 on the way to the server.")),
        "{said:?}"
    );
    let mut order: Vec<_> = film
        .dots
        .iter()
        .map(|dot| (dot.rank.unwrap(), dot.number))
        .collect();
    order.sort_unstable();
    let mut back: Vec<_> = datagrams
        .iter()
        .map(|one| (one.answered_at, one.number))
        .collect();
    back.sort_unstable();
    let order: Vec<u64> = order.into_iter().map(|(_, number)| number).collect();
    let back: Vec<u64> = back.into_iter().map(|(_, number)| number).collect();
    assert_eq!(order, back);
    assert!(
        summary(&datagrams).ends_with(" out of order."),
        "{}",
        summary(&datagrams)
    );
}

#[test]
fn what_waits_in_the_queue_of_a_slow_link_stands_at_the_relay_and_then_flies_as_fast_as_others() {
    let film = film(&run(up(|up| up.rate_kbps = 100), 1, 1, &SEVERAL));
    let third = &film.dots[2];
    let (arrived, departed) = (third.legs[0].to.1, third.legs[1].from.1);
    assert!(departed > arrived, "{third:?}");
    let waiting = film.frame((arrived + departed) / 2)[2].unwrap();
    assert_eq!((waiting.x, waiting.lane), (RELAY, Lane::There));
    let took: Vec<_> = film.dots[1..]
        .iter()
        .map(|dot| dot.legs[1].to.1 - dot.legs[1].from.1)
        .collect();
    assert!(took.iter().all(|one| *one == took[0]), "{took:?}");
    let said: Vec<_> = moments(&film).iter().map(words::sentence).collect();
    assert!(
        said.contains(&"Datagram 3 waits in the link's queue.".into()),
        "{said:?}"
    );
}

#[test]
fn a_single_echo_at_rest_tells_where_its_time_went() {
    assert_eq!(
        summary(&run(plain(), 1, 100, &[b"hello"])),
        "Datagram 1: 30 µs from relay to server, 10 µs there, 30 µs back. The rest, 400 µs, is the browser and its way to the relay."
    );
}

#[test]
fn endings_without_an_answer_have_their_place_and_their_sentence() {
    let closed = ServerRules {
        listening: false,
        ..ServerRules::default()
    };
    let refused = run_at(plain(), 1, closed, 100, &[b"a"]);
    assert_eq!(
        summary(&refused),
        "Datagram 1 meets a port that nobody has bound."
    );
    assert_eq!(film(&refused).dots[0].legs.last().unwrap().to.0, SERVER);
    let empty = run(plain(), 1, 100, &[b""]);
    assert_eq!(
        summary(&empty),
        "The server receives datagram 1. It is empty, so there is no answer."
    );
    assert_eq!(film(&empty).dots[0].legs.last().unwrap().to.0, SERVER);
}

#[test]
fn silences_are_left_out_and_a_slow_run_is_shown_faster() {
    let apart = film(&run(plain(), 1, 60_000, &SEVERAL));
    assert!(
        apart.has_gaps && apart.length < 12_000_000,
        "{}",
        apart.length
    );
    assert!(words::pace(&apart).ends_with(" times slower, without the pauses"));
    let far = film(&run(up(|up| up.delay_us = 30_000_000), 1, 100, &[b"far"]));
    assert_eq!(words::pace(&far), "UDP 10 times faster");
}

#[test]
fn of_a_server_that_tells_nothing_the_turn_is_laid_half_way() {
    let mut datagrams = run(plain(), 1, 100, &[b"a"]);
    datagrams[0]
        .events
        .retain(|event| !matches!(event.3, What::EchoIn(_) | What::EchoOut(_)));
    let film = film(&datagrams);
    let turned = comes_to(&film.dots[0], SERVER).unwrap();
    assert_eq!(turned, 600_000 + 35 * 50_000);
    assert!(summary(&datagrams).starts_with("Datagram 1: 70 µs from relay to server and back."));
}

fn feed(datagrams: &[Datagram], next: u64, is_paused: bool) -> Feed {
    let list: Vec<_> = datagrams
        .iter()
        .map(|one| form::write(one, one.number, 0))
        .collect();
    let text = format!(
        "{{\"mode\":\"live\",\"view\":\"\",\"paused\":{is_paused},\"client\":\"\",\"server\":\"\",\"limit\":9,\"seed\":1,\"first\":1,\"next\":{next},\"datagrams\":[{}]}}",
        list.join(",")
    );
    let mut feed = Feed::default();
    feed.take_in(&json::parse(&text).unwrap()).unwrap();
    feed
}

#[test]
fn a_film_begins_soon_after_its_datagram_ended_runs_once_and_rests() {
    let datagrams = run(plain(), 1, 1_000, &[b"a"]);
    let feed = feed(&datagrams, 2, false);
    let mut player = Player::default();
    player.take(&feed, false, 20_000);
    assert!(player.is_busy() && !player.is_playing());
    player.now(&feed, 30_000);
    assert!(!player.is_playing(), "another may follow");
    assert_eq!(player.now(&feed, 200_000), 0);
    assert_eq!(
        player.sentence(0),
        "Datagram 1 leaves the browser, in a message of its own."
    );
    player.now(&feed, 1_200_000);
    assert!(player.is_playing());
    let length = player.film().length;
    player.now(&feed, 200_000 + length);
    assert!(!player.is_busy());
    assert!(
        player
            .sentence(u64::MAX)
            .starts_with("Datagram 1: 30 µs from relay to server")
    );
    // And again, when it is asked for; once more, and it stops.
    player.toggle(9_000_000);
    assert_eq!(player.now(&feed, 9_500_000), 500_000);
    player.toggle(9_600_000);
    assert!(!player.is_busy());
}

#[test]
fn whoever_asked_for_less_motion_sees_the_end_and_its_times_at_once() {
    let feed = feed(&run(plain(), 1, 1_000, &[b"a"]), 2, false);
    let mut player = Player::default();
    player.take(&feed, true, 20_000);
    assert!(!player.is_busy());
    let at = player.now(&feed, 20_000);
    assert_eq!(player.film().frame(at)[0].unwrap().end, Some(End::Home));
    assert!(
        player
            .sentence(at)
            .starts_with("Datagram 1: 30 µs from relay to server")
    );
}

#[test]
fn what_was_sent_long_ago_or_while_the_picture_is_held_does_not_move() {
    let datagrams = run(plain(), 1, 1_000, &[b"a", b"b"]);
    let mut player = Player::default();
    player.take(&feed(&datagrams[..1], 2, false), false, 60_000_000);
    assert!(!player.is_busy());
    player.take(&feed(&datagrams, 3, true), false, 60_000_000);
    assert_eq!(player.film().dots.len(), 1);
    // And a record that was cleared shows nothing.
    player.take(&feed(&[], 1, false), false, 60_000_000);
    assert_eq!(player.film(), &Film::default());
}

#[test]
fn what_waits_for_an_answer_in_vain_is_shown_before_the_wait_is_over() {
    let mut datagrams = run(plain(), 1, 1_000, &[b"a"]);
    datagrams[0].events.truncate(2);
    (datagrams[0].fate, datagrams[0].answered_at) = (None, None);
    let told = feed(&datagrams, 2, false);
    let mut player = Player::default();
    player.take(&told, false, 2_000);
    player.now(&told, 401_000);
    assert!(!player.is_playing());
    player.now(&told, 402_000);
    assert!(player.is_playing());
    datagrams[0].events.push(Event(2_000_000, 1, 0, What::Lost));
    datagrams[0].fate = Some(Fate::Lost);
    player.take(&feed(&datagrams, 2, false), false, 2_100_000);
    player.toggle(2_100_000);
    assert_eq!(
        player.sentence(u64::MAX),
        "No answer to datagram 1 came in time."
    );
}

prop_compose! {
    fn any_link()(
        loss_ppm in 0..500_000u32, duplicate_ppm in 0..500_000u32, reorder_ppm in 0..500_000u32,
        corrupt_ppm in 0..300_000u32, delay_us in 0..20_000u32, jitter in 0..100u32,
    ) -> Impairment {
        Impairment {
            loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, delay_us,
            jitter_us: delay_us * jitter / 100,
            ..Impairment::default()
        }
    }
}

proptest! {
    #[test]
    fn dots_never_turn_round_lost_ones_never_arrive_and_overtaking_ones_cross(
        link in [any_link(), any_link()], seed in any::<u64>(), pause in 0..50_000u64,
    ) {
        let datagrams = run(link, seed, pause, &SEVERAL);
        let film = film(&datagrams);
        prop_assert!(film.length < 16_000_000, "{}", film.length);
        let frames: Vec<_> = (0..=200).map(|step| film.frame(film.length * step / 200)).collect();
        for (index, dot) in film.dots.iter().enumerate() {
            let mut before = None;
            for frame in &frames {
                let now = frame[index];
                if let (Some(before), Some(now)) = (before, now) {
                    let before: crate::film::Position = before;
                    match (before.lane, now.lane) {
                        (Lane::There, Lane::There) => prop_assert!(now.x >= before.x),
                        (Lane::Back, Lane::Back) => prop_assert!(now.x <= before.x),
                        (Lane::There, Lane::Back) => {}
                        (Lane::Back, Lane::There) => prop_assert!(false, "turned round"),
                    }
                }
                prop_assert!(before.is_none() || now.is_some(), "it vanished");
                before = now;
            }
            let last = frames[200][index].unwrap();
            prop_assert!(last.end.is_some());
            if matches!(dot.end, End::Lost | End::Checksum) {
                prop_assert!(RELAY < last.x && last.x < SERVER);
                if last.lane == Lane::There {
                    prop_assert_eq!(comes_to(dot, SERVER), None);
                }
            }
        }
        for moment in moments(&film) {
            if let moments::What::Overtakes(other) = moment.what {
                let find = |number| film.dots.iter().position(|dot| dot.number == number && !dot.is_copy);
                let (Some(fast), Some(slow)) = (find(moment.number), find(other)) else { panic!() };
                let left = film.dots[fast].legs[0].to.1;
                let there = |at: u64, dot: usize| film.frame(at)[dot].unwrap().x;
                prop_assert!(there(left, slow) >= there(left, fast), "who was behind");
                prop_assert!(there(moment.at, slow) < there(moment.at, fast), "and is ahead");
            }
        }
    }
}
