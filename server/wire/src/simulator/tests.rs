use super::*;
use crate::control::{Event, Lab, Options, What};
use crate::ledger::Counters;
use crate::link::Impairment;

/// Lets time pass until nothing is left to happen, and returns what the host sent.
fn settle(host: &mut Simulator, mut now: u64) -> Vec<Outgoing> {
    let mut sent = Vec::new();
    loop {
        sent.extend(std::iter::from_fn(|| host.poll(now)));
        match host.next_due() {
            Some(due) => now = now.max(due),
            None => return sent,
        }
    }
}

fn datagrams(sent: &[Outgoing]) -> Vec<&[u8]> {
    let mut payloads = Vec::new();
    for outgoing in sent {
        if let Outgoing::Datagram(payload) = outgoing {
            payloads.push(&payload[..]);
        }
    }
    payloads
}

fn events(sent: &[Outgoing]) -> Vec<Event> {
    let list = |outgoing: &Outgoing| match outgoing {
        Outgoing::Control(HostMessage::Events(events)) => events.clone(),
        _ => Vec::new(),
    };
    sent.iter().flat_map(list).collect()
}

fn counters(host: &Simulator) -> Counters {
    host.session.counters()
}

#[test]
fn hello_comes_first_and_an_echo_comes_back() {
    let mut host = Simulator::new(0, 1);
    host.datagram(0, Bytes::from_static(b"hello"));
    let sent = settle(&mut host, 0);
    assert!(matches!(sent[0], Outgoing::Control(HostMessage::Hello(_))));
    assert_eq!(datagrams(&sent), [b"hello"]);
    let stamps: Vec<u64> = events(&sent).iter().map(|event| event.0).collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
}

#[test]
fn a_buffer_cuts_and_a_closed_server_refuses() {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Server(ServerRules {
        buffer: Some(4),
        ..ServerRules::default()
    }));
    host.datagram(0, Bytes::from_static(b"longer"));
    let sent = settle(&mut host, 0);
    assert_eq!(datagrams(&sent), [b"long"]);
    assert!(events(&sent).iter().any(|event| event.3 == What::Cut(6)));

    host.control(&ClientMessage::Server(ServerRules {
        listening: false,
        ..ServerRules::default()
    }));
    host.datagram(9_000_000, Bytes::from_static(b"x"));
    settle(&mut host, 9_000_000);
    assert_eq!((counters(&host).truncated, counters(&host).refused), (1, 1));
}

#[test]
fn an_unconnected_socket_hears_nothing_of_a_closed_port_and_a_connected_one_is_refused() {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Server(ServerRules {
        listening: false,
        ..ServerRules::default()
    }));
    for (connected, ends) in [(false, What::Lost), (true, What::Refused(REFUSED.into()))] {
        host.control(&ClientMessage::Options(Options {
            connected,
            ..Options::default()
        }));
        host.datagram(9_000_000, Bytes::from_static(b"anybody?"));
        let sent = settle(&mut host, 9_000_000);
        let last = events(&sent).pop().map(|event| event.3);
        assert_eq!(last, Some(ends), "connected: {connected}");
    }
    assert_eq!((counters(&host).lost, counters(&host).refused), (1, 1));
}

#[test]
fn one_byte_too_many_is_rejected_in_the_systems_words() {
    let mut host = Simulator::new(0, 1);
    host.datagram(0, vec![0; MAX_DATAGRAM_BYTES_IPV4 + 1].into());
    host.datagram(0, vec![0; MAX_DATAGRAM_BYTES_IPV4].into());
    let sent = settle(&mut host, 0);
    assert!(
        events(&sent)
            .iter()
            .any(|event| event.3 == What::Rejected(TOO_LONG.to_owned()))
    );
    assert_eq!(datagrams(&sent).len(), 1);
}

#[test]
fn three_writes_to_a_stream_are_one_read() {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Stream(vec![
        "one".into(),
        "two".into(),
        "three".into(),
    ]));
    let sent = settle(&mut host, 0);
    assert!(sent.iter().any(|outgoing| matches!(outgoing, Outgoing::Control(HostMessage::Stream(echo)) if echo.reads == ["onetwothree"])));
}

#[test]
fn one_seed_gives_one_story() {
    let run = |seed| {
        let mut host = Simulator::new(0, 1);
        let link = Impairment {
            loss_ppm: 200_000,
            delay_us: 50_000,
            jitter_us: 30_000,
            ..Impairment::default()
        };
        host.control(&ClientMessage::Lab(Lab {
            up: link,
            down: link,
            seed,
        }));
        for n in 0..40u8 {
            host.datagram(0, vec![n; 10].into());
        }
        events(&settle(&mut host, 0))
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
