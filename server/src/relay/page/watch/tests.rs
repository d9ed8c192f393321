use std::net::Ipv4Addr;

use wire::control::{ClientMessage, Lab};
use wire::ledger::Fingerprint;
use wire::link::Impairment;
use wire::session::{Action, Served, Session};

use super::*;
use crate::capture::{Captures, Reader};

const CLIENT: u16 = 50139;
const SERVER: u16 = 10000;

/// A session with its watch, and a server that is a closure.
struct Rig {
    session: Session,
    watch: Watch,
    now: u64,
}

/// A packet of a capture: microseconds since the session began, port of the source, payload, comment.
type Row = (u64, u16, Vec<u8>, String);

impl Rig {
    fn new(up: Impairment, down: Impairment) -> Self {
        let mut session = Session::new(1000, 7);
        session.watch();
        let lab = Lab { up, down, seed: 7 };
        session.control(&ClientMessage::Lab(lab));
        // A page that traces nothing is watched all the same.
        session.control(&ClientMessage::Options(wire::control::Options {
            tracing: false,
            ..Default::default()
        }));
        let offer = Captures::default().offer(1).unwrap();
        let mut watch = Watch::new(offer, Duration::ZERO);
        watch.began = Duration::ZERO;
        Self {
            session,
            watch,
            now: 1000,
        }
    }

    fn read(&mut self) -> Reader {
        let reader = self.watch.offer.tape.read();
        self.watch.look();
        reader
    }

    fn route() -> Route {
        let end = |port| (Ipv4Addr::LOCALHOST, port).into();
        Route {
            client: end(CLIENT),
            server: end(SERVER),
        }
    }

    fn send(&mut self, payload: &[u8]) {
        let id = self.session.counters().sent + 1;
        self.watch.taken(id, payload, Self::route());
        self.session
            .from_client(self.now, Bytes::copy_from_slice(payload));
    }

    /// Carries on for so many microseconds; each datagram is answered as `serve` says, 100 µs later.
    fn run(&mut self, micros: u64, serve: impl Fn(&[u8]) -> Vec<Vec<u8>>) {
        let end = self.now + micros;
        let mut coming: VecDeque<(u64, Vec<u8>)> = VecDeque::new();
        loop {
            while let Some(action) = self.session.poll(self.now, |_| true) {
                if let Action::ToServer(carried) = action {
                    let at = self.now - self.session.began();
                    self.watch.sent(at, &carried, Self::route());
                    self.session.sent(self.now, &carried);
                    let answers = serve(&carried.payload);
                    if carried.payload.is_empty() {
                        let served = Served {
                            received_at: self.now,
                            bytes: 0,
                            answered: None,
                        };
                        self.session.server_saw(&Fingerprint::of(b""), &served);
                    }
                    coming.extend(answers.into_iter().map(|answer| (self.now + 100, answer)));
                }
            }
            let (events, _) = self.session.take_events();
            self.watch.on_events(&events, Self::route());
            let due = self.session.next_due();
            let next = coming
                .front()
                .map(|(at, _)| *at)
                .into_iter()
                .chain(due)
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            while coming.front().is_some_and(|(at, _)| *at <= self.now) {
                let payload = Bytes::from(coming.pop_front().unwrap().1);
                self.watch.arrived(&payload);
                self.session.from_server(self.now, payload);
            }
        }
        self.now = end;
    }
}

fn echo(payload: &[u8]) -> Vec<Vec<u8>> {
    (!payload.is_empty())
        .then(|| payload.to_vec())
        .into_iter()
        .collect()
}

async fn rows(reader: &Reader) -> Vec<Row> {
    let file = reader.next().await.unwrap();
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
    let mut rest = &file[..];
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let length = word(&rest[4..8]);
        if word(&rest[..4]) == 6 {
            let nanoseconds = ((word(&rest[12..16]) as u64) << 32) | word(&rest[16..20]) as u64;
            let packet = &rest[28..28 + word(&rest[20..24])];
            let option = &rest[28 + packet.len().next_multiple_of(4)..];
            let bytes = usize::from(u16::from_le_bytes([option[2], option[3]]));
            let comment = String::from_utf8(option[4..4 + bytes].to_vec()).unwrap();
            let port = u16::from_be_bytes([packet[20], packet[21]]);
            rows.push((nanoseconds / 1000, port, packet[28..].to_vec(), comment));
        }
        rest = &rest[length..];
    }
    rows
}

fn row(at: u64, port: u16, payload: &[u8], comment: &str) -> Row {
    (at, port, payload.to_vec(), comment.to_owned())
}

#[tokio::test]
async fn a_datagram_and_its_answer_are_there_with_their_stamps_once_the_fate_is_known() {
    let mut rig = Rig::new(Impairment::default(), Impairment::default());
    let reader = rig.read();
    assert!(rows(&reader).await.is_empty(), "the head of the file");
    rig.send(b"one");
    rig.run(4000, |_| Vec::new());
    assert_eq!(reader.rows(), (0, 0), "it is still in flight");
    rig.send(b"");
    rig.run(3_000_000, echo);
    let expected = [
        row(0, CLIENT, b"one", "datagram 1: lost: no answer in time"),
        row(4000, CLIENT, b"", "datagram 2: unanswered: it is empty"),
    ];
    let mut found = rows(&reader).await;
    found.sort();
    assert_eq!(found, expected);
    rig.send(b"two");
    rig.run(1000, echo);
    let at = 3_004_000;
    let expected = [
        row(at, CLIENT, b"two", "datagram 3: echoed after 0.100 ms"),
        row(at + 100, SERVER, b"two", "answer to datagram 3: delivered"),
    ];
    assert_eq!(rows(&reader).await, expected);
}

#[tokio::test]
async fn what_the_link_drops_either_way_is_there_with_the_reason() {
    let always = Impairment {
        loss_ppm: 1_000_000,
        ..Impairment::default()
    };
    let mut rig = Rig::new(always, Impairment::default());
    let reader = rig.read();
    rig.send(b"up");
    rig.run(1000, echo);
    let never = "datagram 1: dropped on the way to the server (loss), so it never was on the wire";
    assert_eq!(rows(&reader).await, [row(0, CLIENT, b"up", never)]);

    let mut rig = Rig::new(Impairment::default(), always);
    let reader = rig.read();
    rig.send(b"down");
    rig.run(1000, echo);
    let expected = [
        row(0, CLIENT, b"down", "datagram 1: dropped"),
        row(
            100,
            SERVER,
            b"down",
            "answer to datagram 1: dropped on the way back (loss)",
        ),
    ];
    assert_eq!(rows(&reader).await, expected);
}

#[tokio::test]
async fn copies_duplicates_turned_bits_and_strays_are_told_apart() {
    let twice = Impairment {
        duplicate_ppm: 1_000_000,
        corrupt_ppm: 1_000_000,
        no_checksum: true,
        ..Impairment::default()
    };
    let mut rig = Rig::new(twice, Impairment::default());
    let reader = rig.read();
    rig.send(b"x");
    rig.run(3_000_000, |payload| {
        vec![payload.to_vec(), b"who?".to_vec()]
    });
    let comments: Vec<_> = rows(&reader).await.into_iter().map(|row| row.3).collect();
    for (comment, times) in [
        (
            "datagram 1: echoed after 0.100 ms; the link turned a bit",
            1,
        ),
        (
            "datagram 1, second copy: echoed after 0.100 ms; the link turned a bit",
            1,
        ),
        ("answer to datagram 1: delivered", 1),
        (
            "answer to datagram 1, second copy: delivered, and it is a duplicate",
            1,
        ),
        ("answer to no datagram: delivered", 2),
    ] {
        let found = comments.iter().filter(|each| *each == comment).count();
        assert_eq!(found, times, "{comment} in {comments:#?}");
    }
    assert_eq!(comments.len(), 6);
}

#[tokio::test]
async fn what_is_rejected_or_in_flight_at_the_end_is_there() {
    let mut rig = Rig::new(Impairment::default(), Impairment::default());
    let reader = rig.read();
    rig.watch.taken(1, b"too many", Rig::route());
    rig.session.reject(1500, 8, "over the limit".to_owned());
    rig.send(b"on its way");
    rig.run(10, |_| Vec::new());
    rig.watch.finish();
    let expected = [
        row(
            500,
            CLIENT,
            b"too many",
            "datagram 1: rejected: over the limit",
        ),
        row(
            0,
            CLIENT,
            b"on its way",
            "datagram 2: in flight when the session ended",
        ),
    ];
    assert_eq!(rows(&reader).await, expected);
}

#[tokio::test]
async fn datagrams_without_a_fate_take_a_megabyte_and_the_others_are_missing_and_counted() {
    let mut rig = Rig::new(Impairment::default(), Impairment::default());
    let reader = rig.read();
    let payload = vec![7; 60_000];
    for _ in 0..100 {
        rig.send(&payload);
    }
    assert!(rig.watch.held <= MOST_HELD, "{}", rig.watch.held);
    let held = rig.watch.pending.len();
    assert_eq!((held, reader.rows()), (17, (0, 83)));
    rig.run(3_000_000, |_| Vec::new());
    assert_eq!(rig.watch.held, 0);
    // Without a reader nothing is kept.
    drop(reader);
    rig.watch.look();
    rig.send(&payload);
    assert!(rig.watch.pending.is_empty());
}
