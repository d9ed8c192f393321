use proptest::prelude::*;
use udp_echo_feed::codec::{Link, Request};
use udp_echo_web::session::Session;
use wire::ledger::Fate;
use wire::link::Impairment;

use super::*;
use crate::rehearsal::{Rehearsal, replay};

/// Runs a simulated session through these payloads over this link, and returns it when all is settled.
fn run(payloads: &[Payload], link: Impairment) -> Rehearsal {
    let mut page = Rehearsal::new();
    let link = Link {
        up: link,
        down: link,
        seed: None,
    };
    page.ask(Request::Link(link));
    for payload in payloads {
        page.send(payload);
        page.run(137);
    }
    page.settle();
    page
}

/// The same run, shown again.
fn again(page: &Rehearsal) -> Session {
    replay(read(&page.trace()).unwrap())
}

/// What a reader sees of a datagram: payload, fate, round trip.
type Facts = (Payload, Option<Fate>, Option<u64>);

fn facts(session: &Session) -> Vec<Facts> {
    let history = session.history();
    let datagrams = history
        .numbers()
        .map(|number| history.datagram(number).unwrap());
    let facts = datagrams.map(|datagram| {
        let trip = datagram.round_trip().map(|trip| trip.total);
        (datagram.payload.clone(), datagram.fate, trip)
    });
    facts.collect()
}

fn transcript(session: &Session) -> Vec<String> {
    let client = &session.history().client;
    let lines = client.numbers().map(|number| client.line(number).unwrap());
    lines.map(|line| line.text.clone()).collect()
}

#[test]
fn a_replayed_run_shows_what_the_run_itself_showed() {
    let payloads = [
        Payload::from(&b"This is the message.  It will be repeated."[..]),
        Payload::default(),
        b"\xff\0\"</script>"[..].into(),
    ];
    let page = run(&payloads, Impairment::default());
    let (session, again) = (&page.session, again(&page));
    assert_eq!(facts(&again), facts(session));
    assert_eq!(transcript(&again), transcript(session));
    assert_eq!(again.history().counters(), session.history().counters());
    let written = udp_echo_web::trace::write(&again, 1_700_000_000_000_000);
    assert_eq!(written, page.trace());
    assert!(
        again.is_recording_of_simulation(),
        "a simulated run is marked as one for ever"
    );
}

#[test]
fn what_is_no_trace_is_refused_by_the_field_that_is_wrong() {
    let trace = run(&[Payload::from(&b"x"[..])], Impairment::default()).trace();
    for (from, to, field) in [
        ("{\"trace\"", "\"trace\"", "JSON"),
        ("\"trace\":1", "\"trace\":2", "trace"),
        ("datagrams", "rows", "datagrams"),
        ("\"simulated\":true", "\"simulated\":1", "simulated"),
        ("\"text\":\"x\"", "\"hex\":\"0\"", "hex"),
        ("\"text\":\"x\"", "\"hex\":\"zz\"", "hex"),
        ("\"events\":[[", "\"events\":[[\"a\",", "events"),
    ] {
        let broken = trace.replacen(from, to, 1);
        assert_ne!(broken, trace, "{from}");
        assert_eq!(read(&broken).unwrap_err(), field, "{broken}");
    }
}

proptest! {
    #[test]
    fn any_link_is_replayed_with_the_same_fates(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..12),
        (loss_ppm, duplicate_ppm, corrupt_ppm) in (0..500_000u32, 0..500_000u32, 0..500_000u32),
        (delay_us, jitter_us, no_checksum) in (0..50_000u32, 0..50_000u32, any::<bool>()),
    ) {
        let link = Impairment {
            loss_ppm, duplicate_ppm, corrupt_ppm, delay_us, jitter_us, no_checksum,
            ..Impairment::default()
        };
        let payloads: Vec<Payload> = payloads.into_iter().map(Payload::from).collect();
        let page = run(&payloads, link);
        let again = again(&page);
        let fates = |session: &Session| facts(session).into_iter().map(|fact| fact.1).collect::<Vec<_>>();
        prop_assert_eq!(fates(&again), fates(&page.session));
    }
}
