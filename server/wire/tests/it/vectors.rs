//! The vectors of `server/wire/vectors` hold for this crate. Whoever writes another host or client runs the same files.

use bytes::Bytes;
use serde::Deserialize;
use wire::echo::{EchoAnswer, EchoRule, is_guarded};
use wire::ledger::{Counters, Delivery, Fate, Fingerprint, Ledger};
use wire::link::{Carried, Direction, DropReason, Impairment, Link, Mishap, Verdict};
use wire::race::race;
use wire::tcp::{Course, deliver};

#[derive(Deserialize)]
#[serde(untagged)]
enum Payload {
    Text(String),
    Hex { hex: String },
    Repeated { byte: u8, times: usize },
}

impl Payload {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Hex { hex } => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            Self::Repeated { byte, times } => vec![*byte; *times],
        }
    }
}

#[derive(Deserialize)]
struct Books {
    cases: Vec<BooksCase>,
}

#[derive(Deserialize)]
struct BooksCase {
    name: String,
    steps: Vec<Step>,
    counters: Counters,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Send {
        at: u64,
        send: Payload,
    },
    Open {
        at: u64,
        open: usize,
    },
    OnWire {
        copy: u8,
        of: u64,
        on_wire: Payload,
    },
    Answer {
        answer: Payload,
        is: (Option<u64>, Delivery, Option<usize>),
    },
    Expire {
        at: u64,
        expire: u64,
        ends: Vec<(u64, Fate)>,
    },
    Refuse {
        refuse: Vec<u64>,
    },
    Seen {
        seen: Payload,
        is: Option<(u64, u8)>,
    },
    Reject {
        reject: u64,
    },
    Duplicated {
        duplicated: u64,
    },
    CopyDropped {
        copy_dropped: u64,
        last: bool,
    },
}

fn run(ledger: &mut Ledger, step: &Step, place: &str) {
    match step {
        Step::Send { at, send } => {
            ledger.sent(*at, &send.bytes());
        }
        Step::Open { at, open } => {
            ledger.open(*at, *open);
        }
        Step::OnWire { copy, of, on_wire } => {
            ledger.on_wire(*of, *copy, Fingerprint::of(&on_wire.bytes()));
        }
        Step::Answer { answer, is } => {
            let payload = answer.bytes();
            let found = ledger.answer(&payload);
            let delivery = ledger.deliver(&found, payload.len());
            assert_eq!((found.id, delivery, found.cut_from), *is, "{place}");
        }
        Step::Expire { at, expire, ends } => {
            let mut ended = Vec::new();
            while let Some(end) = ledger.expire(*at, *expire) {
                ended.push(end);
            }
            assert_eq!(ended, *ends, "{place}");
        }
        Step::Refuse { refuse } => assert_eq!(ledger.refuse(), *refuse, "{place}"),
        Step::Seen { seen, is } => {
            let found = ledger.seen_by_server(&Fingerprint::of(&seen.bytes()));
            assert_eq!(found, *is, "{place}");
        }
        Step::Reject { reject } => {
            ledger.settle(*reject, Fate::Rejected);
        }
        Step::Duplicated { duplicated } => ledger.duplicated(*duplicated),
        Step::CopyDropped { copy_dropped, last } => {
            assert_eq!(ledger.copy_dropped(*copy_dropped), *last, "{place}");
        }
    }
}

fn close_the_books_of(file: &str) {
    let books: Books = serde_json::from_str(file).unwrap();
    assert!(books.cases.len() > 10);
    for case in books.cases {
        let mut ledger = Ledger::default();
        for (number, step) in case.steps.iter().enumerate() {
            let place = format!("{:?}, step {number}", case.name);
            run(&mut ledger, step, &place);
            let counters = ledger.counters();
            assert_eq!(counters.sent, counters.accounted(), "{place}");
        }
        assert_eq!(ledger.counters(), case.counters, "{:?}", case.name);
    }
}

#[test]
fn answers_are_matched_as_the_vectors_say() {
    close_the_books_of(include_str!("../../vectors/matching.json"));
}

#[test]
fn fates_and_counters_are_those_of_the_vectors() {
    close_the_books_of(include_str!("../../vectors/ledger.json"));
}

#[derive(Deserialize)]
struct Echo {
    rule: Vec<RuleCase>,
    guard: Vec<GuardCase>,
}

#[derive(Debug, Deserialize)]
struct RuleCase {
    buffer: Option<usize>,
    echo_empty: bool,
    bytes: usize,
    answer: Option<Reply>,
}

#[derive(Debug, Deserialize)]
struct Reply {
    bytes: usize,
    cut: bool,
}

#[derive(Debug, Deserialize)]
struct GuardCase {
    peer_port: u16,
    own_port: u16,
    guarded: bool,
}

#[test]
fn the_echo_rule_is_that_of_the_vectors() {
    let echo: Echo = serde_json::from_str(include_str!("../../vectors/echo.json")).unwrap();
    for case in &echo.rule {
        let rule = EchoRule {
            buffer: case.buffer,
            echo_empty: case.echo_empty,
        };
        let expected = match &case.answer {
            Some(Reply { bytes, cut }) => EchoAnswer::Reply {
                bytes: *bytes,
                cut: *cut,
            },
            None => EchoAnswer::Empty,
        };
        assert_eq!(rule.answer(case.bytes), expected, "{case:?}");
    }
    for case in &echo.guard {
        let peer = ([192, 0, 2, 1], case.peer_port).into();
        assert_eq!(is_guarded(peer, case.own_port), case.guarded, "{case:?}");
    }
    assert!(echo.rule.len() > 10 && echo.guard.len() > 10);
}

#[derive(Deserialize)]
struct Links {
    cases: Vec<LinkCase>,
}

#[derive(Deserialize)]
struct LinkCase {
    name: String,
    impairment: Impairment,
    seed: u64,
    direction: Direction,
    every_us: u64,
    count: u64,
    bytes: usize,
    #[serde(default)]
    once: Vec<(u64, Mishap)>,
    verdicts: Vec<ExpectedVerdict>,
    arrivals: Vec<(u64, u64, u8, Option<u32>, Landing)>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum ExpectedVerdict {
    Copies(u8),
    Dropped(DropReason),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Landing {
    Delivered,
    Checksum,
}

type Arrival = (u64, u64, u8, Option<u32>, Landing);

/// Takes what is due up to a time, each with the time it was due.
fn arrivals_until(link: &mut Link<u64>, now: u64) -> Vec<Arrival> {
    let arrival = |time, carried: Carried<u64>, landing| {
        (time, carried.tag, carried.copy, carried.corrupted, landing)
    };
    let mut arrivals = Vec::new();
    while let Some(time) = link.next_due().filter(|time| *time <= now) {
        arrivals.push(match link.due(time).unwrap() {
            Ok(carried) => arrival(time, carried, Landing::Delivered),
            Err(carried) => arrival(time, carried, Landing::Checksum),
        });
    }
    arrivals
}

#[test]
fn one_seed_gives_the_event_list_of_the_vectors() {
    let links: Links = serde_json::from_str(include_str!("../../vectors/link.json")).unwrap();
    assert!(links.cases.len() > 10);
    for case in links.cases {
        let mut link = Link::new(case.impairment, case.seed, case.direction);
        let mut verdicts = Vec::new();
        let mut arrivals = Vec::new();
        for number in 0..case.count {
            let now = number * case.every_us;
            arrivals.extend(arrivals_until(&mut link, now));
            let payload = Bytes::from(vec![0; case.bytes]);
            if let Some((_, mishap)) = case.once.iter().find(|(of, _)| *of == number + 1) {
                link.befall_next(*mishap);
            }
            verdicts.push(match link.offer(now, number + 1, payload) {
                Verdict::Carried(copies) => ExpectedVerdict::Copies(copies),
                Verdict::Dropped(reason) => ExpectedVerdict::Dropped(reason),
            });
        }
        arrivals.extend(arrivals_until(&mut link, u64::MAX));
        assert_eq!(verdicts, case.verdicts, "{:?}", case.name);
        assert_eq!(arrivals, case.arrivals, "{:?}", case.name);
    }
}

#[derive(Deserialize)]
struct Streams {
    cases: Vec<StreamCase>,
    races: Vec<RaceCase>,
}

#[derive(Deserialize)]
struct StreamCase {
    name: String,
    messages: u32,
    every_us: u64,
    delay_us: u64,
    lost: Vec<(u32, u32)>,
    segments: Vec<(u64, u32, u32, Option<u64>)>,
    delivered: Vec<u64>,
}

#[derive(Deserialize)]
struct RaceCase {
    seed: u64,
    messages: u32,
    every_us: u64,
    delay_us: u64,
    loss_ppm: u32,
    lost: Vec<usize>,
    segments: usize,
    delivered: Vec<u64>,
}

#[test]
fn the_model_of_tcp_sends_again_and_delivers_as_the_vectors_say() {
    let text = include_str!("../../vectors/tcp.json");
    let streams: Streams = serde_json::from_str(text).unwrap();
    for case in streams.cases {
        let course = Course {
            messages: case.messages,
            every_us: case.every_us,
            delay_us: case.delay_us,
        };
        let is_lost = |message, attempt| case.lost.contains(&(message, attempt));
        let delivery = deliver(course, is_lost);
        let segments: Vec<_> = delivery
            .segments
            .iter()
            .map(|one| (one.sent, one.message, one.attempt, one.arrives))
            .collect();
        assert_eq!(segments, case.segments, "{}", case.name);
        assert_eq!(delivery.delivered, case.delivered, "{}", case.name);
    }
    for case in streams.races {
        let course = Course {
            messages: case.messages,
            every_us: case.every_us,
            delay_us: case.delay_us,
        };
        let race = race(course, case.loss_ppm, case.seed);
        let lost = race.udp.iter().enumerate();
        let lost: Vec<_> = lost
            .filter_map(|(number, at)| at.is_none().then_some(number))
            .collect();
        assert_eq!(lost, case.lost, "the race of {}", case.seed);
        assert_eq!(
            race.tcp.segments.len(),
            case.segments,
            "the race of {}",
            case.seed
        );
        assert_eq!(
            race.tcp.delivered, case.delivered,
            "the race of {}",
            case.seed
        );
    }
}
