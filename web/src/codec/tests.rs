//! The codec against serde's form of the same messages, which is the contract.

use proptest::prelude::*;

use wire::control::*;
use wire::ledger::{Counters, Delivery};
use wire::link::{Direction, DropReason};

use super::*;

fn hello_with(n: u64, text: &str) -> Hello {
    let text = text.to_owned();
    Hello {
        protocol: n as u32,
        version: text.clone(),
        session: text.clone(),
        resume: text.clone(),
        resumed: n & 1 == 0,
        limits: Limits {
            datagram_bytes: n as u32 as usize,
            message_bytes: n as u16 as usize,
            control_bytes: n as u8 as usize,
            datagrams_per_second: (n & 2 == 0).then_some(n as u32),
            bytes_per_second: (n & 4 == 0).then_some(n as u32),
            idle_ms: (n & 8 == 0).then_some(n),
            lifetime_ms: (n & 128 == 0).then_some(n),
            pong_ms: (n & 256 == 0).then_some(n),
            control_per_second: (n & 512 == 0).then_some(n as u32),
            sessions: (n & 1024 == 0).then_some(n as u32),
            sessions_per_address: (n & 2048 == 0).then_some(n as u32),
            address_datagrams_per_second: (n & 4096 == 0).then_some(n as u32),
            address_bytes_per_second: (n & 8192 == 0).then_some(n as u32),
        },
        targets: vec![text.clone(), String::new()],
        target: text.clone(),
        client: text.clone(),
        server: text,
        own_server: n & 16 == 0,
        loopback: n & 32 == 0,
        seed: n,
        options: Options {
            tracing: n & 64 == 0,
            timeout_ms: n as u32,
        },
    }
}

/// One of every message that a host can send, filled with these values.
fn host_messages(n: u64, text: &str) -> Vec<HostMessage> {
    let size = n as u32 as usize;
    let words = || text.to_owned();
    let whats = [
        What::RelayIn(size),
        What::UdpOut,
        What::EchoIn(size),
        What::Cut(size),
        What::EchoOut(size),
        What::UdpIn(size),
        What::RelayOut(n, Delivery::Echoed),
        What::RelayOut(n, Delivery::Duplicate),
        What::RelayOut(n, Delivery::Late),
        What::RelayOut(n, Delivery::Stray),
        What::Corrupted(Direction::Up, n as u32),
        What::Dropped(Direction::Down, DropReason::Loss),
        What::Dropped(Direction::Up, DropReason::Checksum),
        What::Dropped(Direction::Up, DropReason::Queue),
        What::Dropped(Direction::Down, DropReason::SlowReader),
        What::Gone,
        What::Refused(words()),
        What::Rejected(words()),
        What::Unanswered,
        What::Lost,
    ];
    let events = whats.into_iter().map(|what| Event(n, n ^ 1, n as u8, what));
    vec![
        HostMessage::Hello(Box::new(hello_with(n, text))),
        HostMessage::Events(events.collect()),
        HostMessage::Events(Vec::new()),
        HostMessage::Visitor(Visitor {
            peer: words(),
            bytes: size,
            text: words(),
            sent: (n & 1 == 0).then_some(size),
        }),
        HostMessage::Notice(Notice {
            code: words(),
            text: words(),
        }),
    ]
}

proptest! {
    #[test]
    fn the_page_reads_what_the_host_writes(n in any::<u64>(), text in any::<String>()) {
        for mut message in host_messages(n, &text) {
            let source = serde_json::to_string(&message).unwrap();
            if let HostMessage::Hello(hello) = &mut message {
                hello.limits = Limits {
                    datagram_bytes: hello.limits.datagram_bytes,
                    ..Limits::default()
                };
            }
            prop_assert_eq!(decode(&source), Ok(Some(message)), "{}", source);
        }
    }

    #[test]
    fn the_host_reads_what_the_page_writes(timeout_ms in any::<u32>(), tracing in any::<bool>()) {
        let wanted = Options { tracing, timeout_ms };
        let read = serde_json::from_str::<ClientMessage>(&options(wanted));
        prop_assert_eq!(read.unwrap(), ClientMessage::Options(wanted));
    }
}

#[test]
fn what_is_for_the_chunks_is_passed_over() {
    let counters = HostMessage::Counters(Counters::default());
    let lab = HostMessage::Lab(Lab::default());
    for message in [counters, lab, HostMessage::Options(Options::default())] {
        let source = serde_json::to_string(&message).unwrap();
        assert_eq!(decode(&source), Ok(None), "{source}");
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    assert_eq!(decode("{\"weather\":{\"sky\":\"blue\"}}"), Ok(None));
    let source = "{\"events\":[[1,1,0,{\"teleported\":7}],[2,1,0,\"lost\"]]}";
    let expected = HostMessage::Events(vec![Event(2, 1, 0, What::Lost)]);
    assert_eq!(decode(source), Ok(Some(expected)));
    let source = "{\"notice\":{\"code\":\"c\",\"colour\":\"red\",\"text\":\"t\"}}";
    assert!(matches!(decode(source), Ok(Some(HostMessage::Notice(_)))));
}

#[test]
fn a_broken_message_names_its_field() {
    assert_eq!(decode("hello"), Err("JSON"));
    assert_eq!(decode("{}"), Err("JSON"));
    assert_eq!(decode("{\"notice\":{\"code\":\"c\"}}"), Err("text"));
    assert_eq!(decode("{\"events\":[[1,1,256,\"lost\"]]}"), Err("events"));
    assert_eq!(
        decode("{\"events\":[[1,1,0,{\"relay_out\":[1,\"eaten\"]}]]}"),
        Err("relay_out")
    );
    let hello = serde_json::to_string(&HostMessage::Hello(Box::new(hello_with(7, "")))).unwrap();
    let hello = hello.replace("\"seed\":7", "\"seed\":\"7\"");
    assert_eq!(decode(&hello), Err("seed"));
}
