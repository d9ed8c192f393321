//! Pictures of runs of the simulated host.

use wire::control::{ClientMessage, Event, HostMessage, Lab, Options, ServerRules, What};
use wire::ledger::{Delivery, Fate};
use wire::link::{Direction, DropReason, Impairment};
use wire::simulator::{Outgoing, Simulator};

use crate::frame::{Frame, WINDOWS};
use crate::layout::{self, Moment, Picture, Tense, lay_out};
use crate::scale::{LINE, Time};
use crate::sketch::{BROWSER, End, Leg, RELAY, SERVER, Sign, Sketch};
use crate::steps::{overtaken, steps};
use crate::words;
use udp_echo_feed::datagram::Datagram;

/// What to set before the first datagram.
#[derive(Default)]
struct Set {
    up: Impairment,
    down: Impairment,
    seed: u64,
    rules: ServerRules,
    options: Options,
}

/// Sends payloads, one every `pause` microseconds, and lets everything come to its end.
fn run(set: Set, pause: u64, payloads: &[&[u8]]) -> Vec<Datagram> {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Options(set.options));
    host.control(&ClientMessage::Server(set.rules));
    host.control(&ClientMessage::Lab(Lab {
        up: set.up,
        down: set.down,
        seed: set.seed,
    }));
    let mut datagrams = Vec::new();
    let take = |datagrams: &mut Vec<Datagram>, host: &mut Simulator, now| {
        while let Some(outgoing) = host.poll(now) {
            if let Outgoing::Control(HostMessage::Events(events)) = outgoing {
                for event in events {
                    tell(&mut datagrams[event.1 as usize - 1], event);
                }
            }
        }
    };
    let mut now = 0;
    for (number, payload) in (1..).zip(payloads) {
        now = number * pause;
        while let Some(due) = host.next_due().filter(|due| *due <= now) {
            take(&mut datagrams, &mut host, due);
        }
        datagrams.push(Datagram::new(number, (*payload).into(), now));
        host.datagram(now, payload.to_vec().into());
        take(&mut datagrams, &mut host, now);
    }
    while let Some(due) = host.next_due() {
        now = now.max(due);
        take(&mut datagrams, &mut host, now);
    }
    datagrams
}

fn tell(datagram: &mut Datagram, event: Event) {
    match event.3 {
        What::RelayOut(_, Delivery::Echoed) => {
            // The page's own part is 20 µs on top.
            datagram.answered_at = Some(event.0 + 20);
            datagram.fate = Some(Fate::Echoed);
        }
        What::Lost => datagram.fate = Some(Fate::Lost),
        What::Gone => datagram.fate = Some(Fate::Dropped),
        What::Refused(_) => datagram.fate = Some(Fate::Refused),
        What::Unanswered => datagram.fate = Some(Fate::Unanswered),
        _ => {}
    }
    datagram.events.push(event);
}

/// A link that does one thing.
fn link(set: impl Fn(&mut Impairment)) -> Impairment {
    let mut link = Impairment::default();
    set(&mut link);
    link
}

fn sketch(datagrams: &[Datagram]) -> Sketch {
    Sketch::of(&datagrams.iter().collect::<Vec<_>>())
}

fn picture(datagrams: &[Datagram]) -> Picture {
    lay_out(&sketch(datagrams), None)
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
fn an_echo_is_four_strokes_and_the_pages_part_is_laid_in_halves() {
    let sketch = sketch(&run(Set::default(), 100, &[b"hello"]));
    let ways: Vec<_> = sketch.legs.iter().map(|leg| (leg.from, leg.to)).collect();
    assert_eq!(
        ways,
        [
            ((BROWSER, 90), (RELAY, 100)),
            ((RELAY, 100), (SERVER, 130)),
            ((SERVER, 140), (RELAY, 170)),
            ((RELAY, 170), (BROWSER, 180)),
        ]
    );
    assert!(
        sketch
            .legs
            .iter()
            .all(|leg| leg.end == End::Arrow && !leg.is_assumed)
    );
    assert_eq!((sketch.marks, sketch.waits), (vec![], vec![]));
}

#[test]
fn a_loss_ends_half_way_and_falls_although_nobody_knows_how_far_it_came() {
    let all = link(|link| link.loss_ppm = 1_000_000);
    for (up, down, from) in [
        (all, Impairment::default(), RELAY),
        (Impairment::default(), all, SERVER),
    ] {
        let datagrams = run(
            Set {
                up,
                down,
                ..Set::default()
            },
            100,
            &[b"x"],
        );
        let sketch = sketch(&datagrams);
        assert_eq!(signs(&sketch), [(1, Sign::Lost, 690)]);
        let picture = lay_out(&sketch, None);
        let lost = picture
            .strokes
            .iter()
            .find(|stroke| stroke.end == End::Cross)
            .unwrap();
        assert_eq!((lost.from.0, lost.to.0), (from, 690));
        assert!(lost.to.1 >= lost.from.1 + 12);
        assert_eq!(picture.notes[0].at, lost.to);
    }
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
    assert_eq!(signs(&back), [(1, Sign::Twice, BROWSER)]);
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
    let steps = steps(&all);
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
        signs(&sketch).contains(&(1, Sign::GaveUp, BROWSER))
            && signs(&sketch).contains(&(1, Sign::Late, BROWSER))
    );
    let picture = lay_out(&sketch, None);
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
    assert_eq!(dropped, [(1, Sign::Bit, 690), (1, Sign::Checksum, 930)]);
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
        [(1, Sign::Bit, 690)]
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
    assert_eq!(queue[0], (2, Sign::QueueFull, 450));
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
        tell(&mut datagram, Event(at, 1, 0, what));
    }
    let sketch = Sketch::of(&[&datagram]);
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
        steps(&all).len(),
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
    assert_eq!(silences[0].time, Time::Silence(999_910));
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
    assert!(
        (layout::WHOLE - 24..layout::WHOLE - 12).contains(&lowest),
        "{lowest}"
    );
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
fn words_and_numbers_never_cover_each_other() {
    let bad = link(|link| {
        link.loss_ppm = 500_000;
        link.duplicate_ppm = 300_000;
    });
    let payloads: Vec<_> = (0..12).map(|n| vec![n; 3]).collect();
    let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
    let picture = picture(&run(
        Set {
            up: bad,
            seed: 4,
            ..Set::default()
        },
        0,
        &payloads,
    ));
    assert_eq!(
        picture.numbers[0].numbers.len(),
        12,
        "all set out at once: one text for all"
    );
    for x in [0, 690, 1000] {
        let mut words: Vec<_> = picture
            .notes
            .iter()
            .filter(|note| note.at.0 == x)
            .filter_map(|note| note.word.as_ref().map(|word| word.0))
            .collect();
        words.sort_unstable();
        assert!(
            words.windows(2).all(|pair| pair[1] >= pair[0] + LINE),
            "{words:?}"
        );
    }
    assert!(
        picture.notes.iter().any(|note| note.word.is_none()),
        "there is no room for all of them"
    );
}

#[test]
fn stepping_goes_through_every_event_once_and_back() {
    let datagrams = run(Set::default(), 1_000, &[b"a", b""]);
    let all: Vec<_> = datagrams.iter().collect();
    let steps = steps(&all);
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
    let steps = steps(&all);
    let place = steps
        .iter()
        .position(|step| matches!(step.event().3, What::EchoIn(_)))
        .unwrap();
    let step = steps[place];
    let picture = lay_out(
        &Sketch::of(&all),
        Some(Moment {
            at: step.at,
            place: step.place,
            number: 1,
        }),
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
    assert!((RELAY + 100..SERVER).contains(&part.to.0));
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
        "Browser, relay and echo server from left to right, time downwards. 2 echoed. \
         Datagram 1: echoed, answered after a later one. Datagram 2: echoed, lost by the lab on the way back."
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
    for step in steps(&all) {
        let moment = Moment {
            at: step.at,
            place: step.place,
            number: 1,
        };
        assert!(!lay_out(&Sketch::of(&all), Some(moment)).strokes.is_empty());
    }
}
