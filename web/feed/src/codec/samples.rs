//! Messages to test codecs with: every kind, and every field filled.

use wire::control::*;
use wire::ledger::{Counters, Delivery};
use wire::link::{Direction, DropReason, Impairment};

fn impairment(n: u32) -> Impairment {
    Impairment {
        loss_ppm: n,
        burst_start_ppm: n ^ 1,
        burst_end_ppm: n ^ 2,
        delay_us: n ^ 3,
        jitter_us: n ^ 4,
        reorder_ppm: n ^ 5,
        duplicate_ppm: n ^ 6,
        corrupt_ppm: n ^ 7,
        no_checksum: n & 1 == 0,
        rate_kbps: n ^ 8,
        limit: n ^ 9,
    }
}

/// A lab filled with this number.
pub fn lab(n: u64) -> Lab {
    Lab {
        up: impairment(n as u32),
        down: impairment((n >> 32) as u32),
        seed: n,
    }
}

/// The first message of a host, filled with these values.
pub fn hello(n: u64, text: &str) -> Hello {
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
            connected: n & 128 == 0,
        },
        once: n & 16384 == 0,
    }
}

/// One of every message that a host can send, filled with these values.
pub fn host_messages(n: u64, text: &str) -> Vec<HostMessage> {
    let size = n as u32 as usize;
    let words = || text.to_owned();
    let whats = [
        What::RelayIn(size),
        What::Dequeued,
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
        What::Dropped(Direction::Down, DropReason::Hop),
        What::Dropped(Direction::Up, DropReason::Browser),
        What::Gone,
        What::Refused(words()),
        What::Rejected(words()),
        What::Unanswered,
        What::Lost,
    ];
    let events = whats.into_iter().map(|what| Event(n, n ^ 1, n as u8, what));
    let rules = ServerRules {
        buffer: (n & 1 == 0).then_some(size),
        echo_empty: n & 2 == 0,
        listening: n & 4 == 0,
    };
    vec![
        HostMessage::Hello(Box::new(hello(n, text))),
        HostMessage::Events(events.collect()),
        HostMessage::Events(Vec::new()),
        HostMessage::Counters(Counters {
            sent: n,
            echoed: n ^ 1,
            lost: n ^ 2,
            dropped: n ^ 3,
            refused: n ^ 4,
            rejected: n ^ 5,
            unanswered: n ^ 6,
            in_flight: n ^ 7,
            duplicates: n ^ 8,
            reordered: n ^ 9,
            late: n ^ 10,
            truncated: n ^ 11,
            stray: n ^ 12,
            bytes_sent: n ^ 13,
            bytes_received: n ^ 14,
        }),
        HostMessage::Options(Options {
            tracing: n & 1 == 0,
            timeout_ms: n as u32,
            connected: n & 2 == 0,
        }),
        HostMessage::Lab(lab(n)),
        HostMessage::Server(ServerState {
            server: words(),
            rules,
        }),
        HostMessage::Visitor(Visitor {
            peer: words(),
            bytes: size,
            text: words(),
            sent: (n & 1 == 0).then_some(size),
            fate: [None, Some(VisitorFate::Echoed), Some(VisitorFate::Guarded)][n as usize % 3],
        }),
        HostMessage::Stream(StreamEcho {
            writes: vec![words(), words()],
            reads: vec![words()],
        }),
        HostMessage::Capture(CaptureOffer {
            token: text.to_owned(),
        }),
        HostMessage::Notice(Notice {
            code: words(),
            text: words(),
        }),
    ]
}
