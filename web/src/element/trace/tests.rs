use proptest::prelude::*;
use wire::ledger::Fate;
use wire::link::Impairment;
use wire::simulator::{Outgoing, Simulator};

use super::*;
use crate::element::settings::Settings;
use crate::session::Effect;

/// Runs a simulated session through these payloads over this link, and returns it when all is settled.
fn run(payloads: &[Bytes], link: Impairment) -> Session {
    let mut session = Session::new(1);
    session.set_settings(Settings {
        mode: Mode::Simulated,
        link: Some((link, link)),
        seed: Some(3),
        ..Settings::default()
    });
    let mut host = Simulator::new(0, 3);
    let mut now = 0;
    session.on(Event::Seen, now);
    let mut payloads = payloads.iter();
    loop {
        while let Some(outgoing) = host.poll(now) {
            let event = match outgoing {
                Outgoing::Control(message) => Event::Control(message),
                Outgoing::Datagram(payload) => Event::Datagram(payload.into()),
            };
            for effect in session.on(event, now) {
                if let Effect::Control(message) = effect {
                    host.control(&message);
                }
            }
        }
        now = match (payloads.next(), host.next_due()) {
            (Some(payload), _) => {
                session.on(Event::Burst(Some(payload.clone()), Default::default()), now);
                host.datagram(now, payload.clone());
                now + 137
            }
            (None, Some(due)) => due.max(now),
            (None, None) => return session,
        };
    }
}

/// Shows a recording in another session, at its own times.
fn replay(trace: &str) -> Session {
    let mut session = Session::new(2);
    session.set_settings(Settings {
        mode: Mode::Replay,
        ..Settings::default()
    });
    session.on(Event::Seen, 0);
    for (at, event) in read(trace).unwrap().events {
        session.on(event, at);
    }
    session
}

/// What a reader sees of a datagram: payload, fate, round trip.
type Facts = (Bytes, Option<Fate>, Option<u64>);

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
        Bytes::from_static(b"This is the message.  It will be repeated."),
        Bytes::new(),
        Bytes::from_static(b"\xff\0\"</script>"),
    ];
    let session = run(&payloads, Impairment::default());
    let again = replay(&write(&session));
    assert_eq!(facts(&again), facts(&session));
    assert_eq!(transcript(&again), transcript(&session));
    assert_eq!(again.history().counters(), session.history().counters());
    assert_eq!(
        write(&again).replace("\"simulated\":false", "\"simulated\":true"),
        write(&session)
    );
}

#[test]
fn a_simulated_run_is_marked_as_one_for_ever() {
    let trace = write(&run(&[Bytes::from_static(b"x")], Impairment::default()));
    assert!(read(&trace).unwrap().simulated);
}

#[test]
fn what_is_no_trace_is_refused_by_the_field_that_is_wrong() {
    let trace = write(&run(&[Bytes::from_static(b"x")], Impairment::default()));
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
        let payloads: Vec<Bytes> = payloads.into_iter().map(Bytes::from).collect();
        let session = run(&payloads, link);
        let again = replay(&write(&session));
        let fates = |session: &Session| facts(session).into_iter().map(|fact| fact.1).collect::<Vec<_>>();
        prop_assert_eq!(fates(&again), fates(&session));
    }
}
