//! Pictures of runs of the simulated host.

use wire::control::{Event, Options, ServerRules, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason, Impairment};

use crate::frame::{Frame, WINDOWS};
use crate::layout::{Moment, lay_out};
use crate::picture::{HEIGHT, Picture, Stroke, Tense, WHOLE};
use crate::scale::{LINE, Time};
use crate::sketch::{End, Leg, Sign, Sketch};
use crate::steps::{overtaken, steps};
use crate::way::{MIDDLE, Pace, RELAY, SERVER};
use crate::words;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::run::{Set, tell};

/// A run in which the page's own part is 20 µs.
fn run(set: Set, pause: u64, payloads: &[&[u8]]) -> Vec<Datagram> {
    udp_echo_feed::run::run(set, pause, 20, payloads)
}

/// A link that does one thing.
fn link(set: impl Fn(&mut Impairment)) -> Impairment {
    let mut link = Impairment::default();
    set(&mut link);
    link
}

fn sketch(datagrams: &[Datagram]) -> Sketch {
    let all: Vec<_> = datagrams.iter().collect();
    Sketch::of(&all, Pace::of(&all))
}

/// A plane on a wide page.
const WIDE: u32 = 800;

fn picture(datagrams: &[Datagram]) -> Picture {
    lay_out(&sketch(datagrams), None, WIDE)
}

/// How far down a stroke goes, per thousand across.
fn slope(stroke: &Stroke) -> i64 {
    let (down, across) = (
        i64::from(stroke.to.1) - i64::from(stroke.from.1),
        i64::from(stroke.to.0.abs_diff(stroke.from.0)),
    );
    down * 1000 / across.max(1)
}

fn signs(sketch: &Sketch) -> Vec<(u64, Sign, u32)> {
    let marks = sketch.marks.iter();
    marks
        .map(|mark| (mark.number, mark.sign, mark.at.0))
        .collect()
}

/// Strokes of the way to the server.
fn there(sketch: &Sketch) -> Vec<&Leg> {
    let legs = sketch.legs.iter();
    legs.filter(|leg| leg.from.0 == RELAY && leg.to.0 > RELAY)
        .collect()
}

#[test]
fn an_echo_is_two_strokes_between_relay_and_server_and_the_page_has_a_strip_of_its_own() {
    let sketch = sketch(&run(Set::default(), 100, &[b"hello"]));
    let ways: Vec<_> = sketch.legs.iter().map(|leg| (leg.from, leg.to)).collect();
    assert_eq!(
        ways,
        [((RELAY, 100), (SERVER, 130)), ((SERVER, 140), (RELAY, 170)),]
    );
    let hops: Vec<_> = sketch
        .hops
        .iter()
        .map(|hop| (hop.at, hop.is_answer))
        .collect();
    assert_eq!(hops, [(100, false), (170, true)]);
    assert!(
        sketch
            .legs
            .iter()
            .all(|leg| leg.end == End::Arrow && !leg.is_assumed)
    );
    assert_eq!((sketch.marks, sketch.waits), (vec![], vec![]));
}

#[test]
fn a_lost_datagram_has_the_slope_of_the_delivered_ones_on_either_way() {
    let lossy = link(|link| {
        link.loss_ppm = 400_000;
        link.delay_us = 20_000;
    });
    let slow = link(|link| link.delay_us = 20_000);
    for (up, down, from) in [(lossy, slow, RELAY), (slow, lossy, SERVER)] {
        let set = Set {
            up,
            down,
            seed: 3,
            ..Set::default()
        };
        let payloads: Vec<&[u8]> = vec![b"x"; 12];
        let picture = picture(&run(set, 1_000, &payloads));
        let of = |end: End| {
            let strokes = picture.strokes.iter();
            strokes.filter(move |stroke| stroke.from.0 == from && stroke.end == end)
        };
        assert!(of(End::Cross).count() > 2 && of(End::Arrow).count() > 2);
        let delivered: Vec<_> = of(End::Arrow).map(slope).collect();
        for lost in of(End::Cross) {
            assert_eq!(
                lost.to.0, MIDDLE,
                "half-way, for nobody knows how far it came"
            );
            assert!(
                delivered
                    .iter()
                    .all(|other| slope(lost).abs_diff(*other) <= 4),
                "{} beside {delivered:?}",
                slope(lost)
            );
        }
    }
}

#[test]
fn where_everything_is_lost_strokes_go_down_all_the_same() {
    let all = link(|link| link.loss_ppm = 1_000_000);
    let set = Set {
        up: all,
        ..Set::default()
    };
    let datagrams = run(set, 100, &[b"x"]);
    let sketch = sketch(&datagrams);
    assert_eq!(signs(&sketch), [(1, Sign::Lost, MIDDLE)]);
    let picture = picture(&datagrams);
    let lost = picture.strokes[0];
    assert!(lost.end == End::Cross && lost.to.1 > lost.from.1);
    assert_eq!(picture.notes[0].at, lost.to);
}

#[test]
fn a_wait_in_the_links_queue_is_a_bar_and_then_slopes_are_those_without_a_queue() {
    // 43 bytes with their headers take 43 ms.
    let slow = link(|link| {
        link.rate_kbps = 8;
        link.delay_us = 10_000;
    });
    let plain = Impairment::default();
    for (up, down, place) in [(slow, plain, RELAY), (plain, slow, SERVER)] {
        let set = || Set {
            up,
            down,
            ..Set::default()
        };
        let payloads: Vec<&[u8]> = vec![b"fifteen letters"; 5];
        // All at once, so that all but the first wait.
        let waiting = picture(&run(set(), 0, &payloads));
        let of_link = |picture: &Picture| {
            let strokes = picture.strokes.iter();
            let strokes = strokes.filter(|stroke| stroke.from.0 == place);
            strokes.map(slope).collect::<Vec<_>>()
        };
        let slopes = of_link(&waiting);
        assert_eq!(slopes.len(), 5);
        assert!(
            slopes.iter().all(|slope| slope.abs_diff(slopes[0]) <= 2),
            "{slopes:?}"
        );
        let bars = &waiting.bars;
        assert_eq!(
            bars.iter()
                .map(|bar| (bar.number, bar.x))
                .collect::<Vec<_>>(),
            [(2, place), (3, place), (4, place), (5, place)],
            "the first had not to wait"
        );
        // Each ends where its stroke begins, and lasts as much longer as one takes on the line.
        let tall: Vec<_> = bars.iter().map(|bar| bar.to - bar.from).collect();
        for (index, bar) in bars.iter().enumerate() {
            let mut strokes = waiting.strokes.iter();
            let stroke = strokes.find(|one| (one.number, one.from.0) == (bar.number, place));
            assert_eq!(stroke.unwrap().from.1, bar.to);
            assert!(
                tall[index].abs_diff(tall[0] * (index as u32 + 1)) <= 4,
                "{tall:?}"
            );
        }
        // One after the other, none waits.
        let alone = run(set(), 100_000, &payloads);
        assert_eq!(sketch(&alone).stays, []);
        let of = |datagrams: &[Datagram]| {
            let all: Vec<_> = datagrams.iter().collect();
            Pace::of(&all)
        };
        // The simulated hop takes 30 µs on top of the link.
        let (alone, waited) = (of(&alone), of(&run(set(), 0, &payloads)));
        assert!(
            alone.up.abs_diff(waited.up) <= 30 && alone.down.abs_diff(waited.down) <= 30,
            "the same flights: {alone:?}, {waited:?}"
        );
    }
}

#[test]
fn the_step_of_a_wait_says_that_the_link_was_busy() {
    let slow = link(|link| link.rate_kbps = 8);
    let set = Set {
        up: slow,
        ..Set::default()
    };
    let datagrams = run(set, 0, &[b"fifteen letters", b"fifteen letters"]);
    let all: Vec<_> = datagrams.iter().collect();
    let steps = steps(&all, Pace::of(&all));
    let told: Vec<_> = (0..steps.len())
        .map(|place| words::step(&steps, place))
        .collect();
    let waited = "43 ms later: Datagram 2 waited in the link's queue for those before it. Now it is on its way.";
    assert!(told.iter().any(|text| text.ends_with(waited)), "{told:#?}");
    assert!(
        words::description(&all, &[]).contains("Datagram 2: echoed, waited in the link's queue.")
    );
}

#[test]
fn one_stall_takes_no_third_of_the_height_and_the_ruler_tells_how_long_it_was() {
    let mut datagrams = run(Set::default(), 100, &[b"x"; 8].map(|x| &x[..]));
    // The fifth and everything after its arrival come 300 ms later: the host was busy.
    for datagram in &mut datagrams {
        for event in &mut datagram.events {
            if event.0 > 500 {
                event.0 += 300_000;
            }
        }
    }
    let picture = picture(&datagrams);
    let mut heights: Vec<_> = picture
        .strokes
        .iter()
        .flat_map(|stroke| [stroke.from.1, stroke.to.1])
        .collect();
    heights.sort_unstable();
    let widest = heights.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(widest.unwrap() <= HEIGHT / 6, "{heights:?}");
    assert!(
        picture
            .ticks
            .iter()
            .any(|tick| matches!(tick.time, Time::Silence(300_000..300_100))),
        "{:?}",
        picture.ticks
    );
}

#[test]
fn a_duplicate_is_a_fork_there_or_back() {
    let twice = link(|link| link.duplicate_ppm = 1_000_000);
    let both_ways = run(
        Set {
            up: twice,
            ..Set::default()
        },
        100,
        &[b"x"],
    );
    let forked = sketch(&both_ways);
    let way_there = there(&forked);
    assert_eq!((way_there.len(), way_there[0].from), (2, way_there[1].from));
    assert!(signs(&forked).contains(&(1, Sign::Twice, SERVER)));
    let drawn = picture(&both_ways);
    let mut ends: Vec<_> = drawn
        .strokes
        .iter()
        .map(|stroke| (stroke.to.0, stroke.to.1))
        .collect();
    ends.sort_unstable();
    assert!(
        ends.windows(2)
            .all(|pair| pair[0].0 != pair[1].0 || pair[1].1 >= pair[0].1 + 8),
        "the copies stand apart: {ends:?}"
    );

    let back = sketch(&run(
        Set {
            down: twice,
            ..Set::default()
        },
        100,
        &[b"x"],
    ));
    let from_server: Vec<_> = back
        .legs
        .iter()
        .filter(|leg| leg.from.0 == SERVER)
        .collect();
    assert_eq!(
        (from_server.len(), from_server[0].from),
        (2, from_server[1].from)
    );
    assert_eq!(signs(&back), [(1, Sign::Twice, RELAY)]);
}

#[test]
fn strokes_that_overtake_cross_and_who_was_overtaken_is_said() {
    let jittery = link(|link| {
        link.delay_us = 20_000;
        link.jitter_us = 20_000;
    });
    let datagrams = run(
        Set {
            up: jittery,
            seed: 3,
            ..Set::default()
        },
        1_000,
        &[b"a", b"b", b"c", b"d", b"e"],
    );
    let sketch = sketch(&datagrams);
    let ways = there(&sketch);
    let cross = |a: &Leg, b: &Leg| a.from.1 < b.from.1 && a.to.1 > b.to.1;
    let crossing: Vec<_> = ways
        .iter()
        .filter(|a| ways.iter().any(|b| cross(a, b)))
        .map(|leg| leg.number)
        .collect();
    assert!(!crossing.is_empty());
    let said: Vec<_> = sketch
        .marks
        .iter()
        .filter(|mark| mark.sign == Sign::Overtaken)
        .map(|mark| mark.number)
        .rev()
        .collect();
    assert_eq!(
        said, crossing,
        "the way back is straight, so the crossings there are the ones that show at the page"
    );

    // The same as the steps tell it: who overtakes whom.
    let all: Vec<_> = datagrams.iter().collect();
    let steps = steps(&all, Pace::of(&all));
    let mut passed: Vec<_> = (0..steps.len())
        .filter(|place| matches!(steps[*place].event().3, What::EchoIn(_)))
        .flat_map(|place| overtaken(&steps, place))
        .collect();
    passed.sort_unstable();
    passed.dedup();
    assert_eq!(passed, crossing);
}

#[test]
fn a_timeout_is_a_bracket_as_long_as_the_wait_and_the_late_answer_is_marked() {
    let far = link(|link| link.delay_us = 300_000);
    let options = Options {
        timeout_ms: 200,
        ..Options::default()
    };
    let datagrams = run(
        Set {
            up: far,
            options,
            ..Set::default()
        },
        1_000,
        &[b"a", b"b"],
    );
    let sketch = sketch(&datagrams);
    let waits: Vec<_> = sketch
        .waits
        .iter()
        .map(|wait| (wait.number, wait.to - wait.from))
        .collect();
    assert_eq!(waits, [(1, 200_000), (2, 200_000)]);
    assert!(
        signs(&sketch).contains(&(1, Sign::TimedOut, RELAY))
            && signs(&sketch).contains(&(1, Sign::Late, RELAY))
    );
    let picture = lay_out(&sketch, None, WIDE);
    assert_eq!(
        picture
            .brackets
            .iter()
            .map(|bracket| bracket.column)
            .collect::<Vec<_>>(),
        [0, 1],
        "side by side"
    );
    assert!(
        picture
            .brackets
            .iter()
            .all(|bracket| bracket.to > bracket.from + 50)
    );
}

#[test]
fn refused_rejected_unanswered_cut_and_corrupted_have_signs_of_their_own() {
    let closed = ServerRules {
        listening: false,
        ..ServerRules::default()
    };
    let refused = sketch(&run(
        Set {
            rules: closed,
            ..Set::default()
        },
        100,
        &[b"x"],
    ));
    assert_eq!(signs(&refused), [(1, Sign::Refused, SERVER)]);
    assert_eq!(
        refused
            .legs
            .iter()
            .filter(|leg| leg.end == End::Stop)
            .count(),
        1
    );

    let big = vec![0; 65_508];
    assert_eq!(
        signs(&sketch(&run(Set::default(), 100, &[&big]))),
        [(1, Sign::Rejected, RELAY)]
    );
    assert_eq!(
        signs(&sketch(&run(Set::default(), 100, &[b""]))),
        [(1, Sign::Unanswered, SERVER)]
    );

    let short = ServerRules {
        buffer: Some(2),
        ..ServerRules::default()
    };
    assert_eq!(
        signs(&sketch(&run(
            Set {
                rules: short,
                ..Set::default()
            },
            100,
            &[b"abc"]
        ))),
        [(1, Sign::Cut, SERVER)]
    );

    let corrupt = link(|link| link.corrupt_ppm = 1_000_000);
    let dropped = signs(&sketch(&run(
        Set {
            up: corrupt,
            ..Set::default()
        },
        100,
        &[b"x"],
    )));
    assert_eq!(dropped, [(1, Sign::Bit, 500), (1, Sign::Checksum, 850)]);
    let through = Impairment {
        no_checksum: true,
        ..corrupt
    };
    assert_eq!(
        signs(&sketch(&run(
            Set {
                up: through,
                ..Set::default()
            },
            100,
            &[b"x"]
        ))),
        [(1, Sign::Bit, 500)]
    );

    let full = link(|link| {
        link.rate_kbps = 1;
        link.limit = 1;
    });
    let queue = signs(&sketch(&run(
        Set {
            up: full,
            ..Set::default()
        },
        100,
        &[b"x", b"y"],
    )));
    assert_eq!(queue[0], (2, Sign::QueueFull, 150));
}

#[test]
fn of_a_strangers_server_only_the_halves_are_drawn_and_marked_as_assumed() {
    let mut datagram = Datagram::new(1, b"x"[..].into(), 0);
    for (at, what) in [
        (100, What::RelayIn(1)),
        (110, What::UdpOut),
        (190, What::UdpIn(1)),
        (200, What::RelayOut(1, Delivery::Echoed)),
    ] {
        tell(&mut datagram, Event(at, 1, 0, what), 20);
    }
    let sketch = Sketch::of(&[&datagram], Pace::default());
    let assumed: Vec<_> = sketch
        .legs
        .iter()
        .filter(|leg| leg.is_assumed)
        .map(|leg| (leg.from, leg.to))
        .collect();
    assert_eq!(
        assumed,
        [((RELAY, 100), (SERVER, 150)), ((SERVER, 150), (RELAY, 200))]
    );
    let all = [&datagram];
    assert_eq!(
        steps(&all, Pace::of(&all)).len(),
        3,
        "UDP out is a step, UDP in goes on as the answer"
    );
}

#[test]
fn a_long_silence_is_left_out_and_the_ruler_says_how_long_it_was() {
    let picture = picture(&run(Set::default(), 1_000_000, &[b"a", b"b", b"c"]));
    assert_eq!(picture.gaps.len(), 2);
    let silences: Vec<_> = picture
        .ticks
        .iter()
        .filter(|tick| matches!(tick.time, Time::Silence(_)))
        .collect();
    assert_eq!(silences[0].time, Time::Silence(999_930));
    let since: Vec<_> = picture
        .ticks
        .iter()
        .filter_map(|tick| match tick.time {
            Time::Since(at) => Some(at),
            _ => None,
        })
        .collect();
    assert_eq!(since, [0, 1_000_000, 2_000_000]);
    assert!(
        picture
            .ticks
            .windows(2)
            .all(|pair| pair[1].y >= pair[0].y + LINE),
        "no two cover each other"
    );
    let lowest = picture
        .strokes
        .iter()
        .map(|stroke| stroke.to.1)
        .max()
        .unwrap();
    assert!((WHOLE - 24..WHOLE - 12).contains(&lowest), "{lowest}");
}

#[test]
fn what_is_true_to_scale_is_so_between_silences() {
    let slow = link(|link| link.delay_us = 10_000);
    let picture = picture(&run(
        Set {
            up: slow,
            ..Set::default()
        },
        2_000,
        &[b"a", b"b", b"c"],
    ));
    assert!(picture.gaps.is_empty(), "something was always under way");
    let arrivals: Vec<_> = picture
        .strokes
        .iter()
        .filter(|stroke| stroke.to.0 == SERVER)
        .map(|stroke| stroke.to.1)
        .collect();
    let (first, second) = (arrivals[1] - arrivals[0], arrivals[2] - arrivals[1]);
    assert!(first.abs_diff(second) <= 1, "{arrivals:?}");
}

#[test]
fn stepping_goes_through_every_event_once_and_back() {
    let datagrams = run(Set::default(), 1_000, &[b"a", b""]);
    let all: Vec<_> = datagrams.iter().collect();
    let steps = steps(&all, Pace::of(&all));
    let kept = 1..3;
    let mut frame = Frame::default();
    let mut told = Vec::new();
    while let Some(place) = frame.go(false, &steps, None, &kept) {
        told.push(words::step(&steps, place));
    }
    assert_eq!(
        told,
        [
            "Step 1 of 7. The page sent datagram 1, 1 byte; the relay hands it on as one UDP datagram.",
            "Step 2 of 7. 30 µs later: The server received datagram 1, 1 byte at once, and with them the sender's address.",
            "Step 3 of 7. 40 µs later: The server answered datagram 1: 1 byte, back to that address.",
            "Step 4 of 7. 70 µs later: The answer to datagram 1 reached the page: echoed.",
            "Step 5 of 7. The page sent datagram 2, 0 bytes; the relay hands it on as one UDP datagram.",
            "Step 6 of 7. 30 µs later: The server received datagram 2, 0 bytes at once, and with them the sender's address.",
            "Step 7 of 7. 30 µs later: Datagram 2 gets no answer: the server echoes only “if data”.",
        ]
    );
    let mut back = 0;
    while frame.go(true, &steps, None, &kept).is_some() {
        back += 1;
    }
    assert_eq!(back, 6);
    assert!(!frame.follows(), "the picture stays while somebody steps");
    frame.follow();
    assert_eq!((frame.follows(), frame.step()), (true, None));
    assert_eq!(
        frame.go(false, &steps, Some(2), &kept),
        Some(4),
        "begins with the datagram that is picked"
    );
}

#[test]
fn at_a_step_the_past_is_drawn_the_rest_is_ahead_and_one_stroke_is_the_step() {
    let slow = link(|link| link.delay_us = 1_000);
    let datagrams = run(
        Set {
            up: slow,
            ..Set::default()
        },
        300,
        &[b"a", b"b"],
    );
    let all: Vec<_> = datagrams.iter().collect();
    let steps = steps(&all, Pace::of(&all));
    let place = steps
        .iter()
        .position(|step| matches!(step.event().3, What::EchoIn(_)))
        .unwrap();
    let step = steps[place];
    let picture = lay_out(
        &Sketch::of(&all, Pace::of(&all)),
        Some(Moment {
            at: step.at,
            place: step.place,
            number: 1,
        }),
        WIDE,
    );
    let of = |tense: Tense| {
        picture
            .strokes
            .iter()
            .filter(move |stroke| stroke.tense == tense)
    };
    let now: Vec<_> = of(Tense::Now)
        .map(|stroke| (stroke.number, stroke.to.0))
        .collect();
    assert_eq!(now, [(1, SERVER)]);
    assert_eq!(picture.now.map(|now| now.0), Some(SERVER));
    // The second one is under way: a part that is past, and the rest, which go on from each other.
    let part = of(Tense::Past)
        .find(|stroke| stroke.number == 2 && stroke.end == End::Open)
        .unwrap();
    assert!(of(Tense::Ahead).any(|stroke| stroke.from == part.to && stroke.to.0 == SERVER));
    assert!((100..SERVER).contains(&part.to.0));
}

#[test]
fn the_frame_zooms_about_its_middle_and_shows_what_is_picked() {
    let kept = 1..101;
    let mut frame = Frame::default();
    assert_eq!(frame.window(&kept), 89..101);
    assert!(frame.zoom(false, &kept));
    assert_eq!(frame.window(&kept), 76..101, "it follows the newest");
    frame.reveal(40, &kept);
    assert!(frame.window(&kept).contains(&40) && !frame.follows());
    while frame.zoom(true, &kept) {}
    assert_eq!(frame.window(&kept), 40..41);
    while frame.zoom(false, &kept) {}
    let window = frame.window(&kept);
    assert_eq!(
        (window.end - window.start, window.contains(&40)),
        (WINDOWS[5], true)
    );
    frame.reveal(900, &kept);
    assert_eq!(frame.window(&kept), window, "there is no such datagram");
    // The kept ones go on while it stays.
    assert_eq!(frame.window(&(90..190)), 90..140);
    frame.follow();
    assert_eq!(frame.window(&(1..3)), 1..3);
    assert_eq!(frame.window(&(1..1)), 1..1);
}

#[test]
fn the_description_says_in_words_what_the_picture_shows() {
    let mut datagrams = run(Set::default(), 100, &[b"a", b"b"]);
    datagrams[1].events.push(Event(
        9,
        2,
        0,
        What::Dropped(Direction::Down, DropReason::Loss),
    ));
    let all: Vec<_> = datagrams.iter().collect();
    assert_eq!(
        words::description(&all, &[1]),
        "Relay on the left, echo server on the right, time downwards. 2 echoed. \
         Datagram 1: echoed, answered after a later one. Datagram 2: echoed, a copy lost on the way back."
    );
    assert_eq!(
        words::title(3, 12),
        "Space-time diagram of datagrams 3 to 12"
    );
}

#[test]
fn numbers_and_times_are_short() {
    for (list, text) in [
        (&[1][..], "1"),
        (&[1, 2], "1,2"),
        (&[1, 2, 3, 4], "1–4"),
        (&[2, 1, 3], "2,1,3"),
        (&[16, 13], "16,13"),
        (&[16, 13, 9, 7], "16,13…"),
        (&[5, 1, 2, 3, 9, 7], "5…"),
    ] {
        assert_eq!(words::numbers(list), text);
    }
    for (micros, text) in [
        (0, "0 µs"),
        (999, "999 µs"),
        (1_000, "1 ms"),
        (1_234, "1.23 ms"),
        (20_500, "20.5 ms"),
        (300_100, "300 ms"),
        (1_999_999, "1.99 s"),
        (65_000_000, "65 s"),
    ] {
        assert_eq!(words::time(micros), text);
    }
}

#[test]
fn the_browsers_hop_shows_its_own_losses() {
    let mut datagrams = run(Set::default(), 1_000, &[b"a", b"b", b"c"]);
    // The second never came to the relay, and the answer to the third never to the page; both are known after their timeouts.
    datagrams[1].events = vec![Event(
        2_001_100,
        2,
        0,
        What::Dropped(Direction::Up, DropReason::Hop),
    )];
    let answer = datagrams[2].events.pop().unwrap();
    assert!(matches!(answer.3, What::RelayOut(..)));
    let given_up = What::Dropped(Direction::Down, DropReason::Hop);
    datagrams[2].events.push(Event(2_002_170, 3, 0, given_up));
    for datagram in &mut datagrams[1..] {
        datagram
            .events
            .push(Event(2_003_000, datagram.number, 0, What::Gone));
        datagram.fate = Some(Fate::Dropped);
    }
    let sketch = sketch(&datagrams);
    let hops = sketch.hops.iter();
    let hops: Vec<_> = hops
        .map(|hop| (hop.number, hop.at, hop.is_answer, hop.is_lost))
        .collect();
    let came = answer.0;
    assert_eq!(
        hops,
        [
            (1, 1_000, false, false),
            (1, 1_070, true, false),
            (2, 2_001_100, false, true),
            (3, came - 70, false, false),
            (3, came, true, true),
        ],
        "the answer is lost where it went on, and not when it was given up"
    );
    assert_eq!(
        signs(&sketch),
        [(2, Sign::Hop, RELAY), (3, Sign::Hop, RELAY)]
    );
    let back = sketch.legs.iter().rfind(|leg| leg.number == 3).unwrap();
    assert_eq!(
        (back.to, back.end),
        ((RELAY, came), End::Arrow),
        "it came back to the relay"
    );

    let all: Vec<_> = datagrams.iter().collect();
    let described = words::description(&all, &[]);
    for sentence in [
        "Datagram 2: lost on the link between this page and the host on the way there.",
        "Datagram 3: lost on the link between this page and the host on the way back.",
    ] {
        assert!(described.contains(sentence), "{described}");
    }
    let picture = lay_out(&sketch, None, WIDE);
    assert_eq!(picture.hops.iter().filter(|hop| hop.is_lost).count(), 2);
    let steps = steps(&all, Pace::of(&all));
    let lost = steps.iter().position(|step| step.datagram.number == 2);
    assert_eq!(steps[lost.unwrap()].place, RELAY);
    let said = words::step(&steps, lost.unwrap());
    assert!(
        said.contains("Datagram 2 was lost on the way there, between this page and the host."),
        "{said}"
    );
}

#[test]
fn a_host_that_makes_no_sense_breaks_nothing() {
    let mut datagram = Datagram::new(1, b"x"[..].into(), u64::MAX);
    for (at, what) in [
        (u64::MAX, What::RelayIn(usize::MAX)),
        (0, What::EchoIn(9)),
        (u64::MAX, What::RelayOut(u64::MAX, Delivery::Echoed)),
        (3, What::Corrupted(Direction::Down, u32::MAX)),
        (3, What::Lost),
        (7, What::Dropped(Direction::Down, DropReason::SlowReader)),
    ] {
        datagram.events.push(Event(at, 1, 9, what));
    }
    let all = [&datagram];
    for step in steps(&all, Pace::of(&all)) {
        let moment = Moment {
            at: step.at,
            place: step.place,
            number: 1,
        };
        let sketch = Sketch::of(&all, Pace::of(&all));
        assert!(!lay_out(&sketch, Some(moment), WIDE).strokes.is_empty());
    }
}

mod overlap;
