//! Every control message, described once for the browser. The types are those of [`wire::control`], and their serde form is the
//! host's; the tests hold the two against each other.

use wire::control::{
    CaptureOffer, ClientMessage, Event, Hello, HostMessage, Lab, Limits, Notice, Options,
    ServerRules, ServerState, StreamEcho, Visitor, VisitorFate, What,
};
use wire::ledger::{Counters, Delivery};
use wire::link::{Direction, DropReason, Impairment, Mishap};

use super::Link;
use crate::json::{event, record, variants};

variants! { HostMessage else Self::Events(Vec::new());
    with_one { "hello" Hello, "events" Events, "counters" Counters, "options" Options, "lab" Lab, "server" Server, "visitor" Visitor, "stream" Stream, "capture" Capture, "notice" Notice }
}

variants! { ClientMessage else Self::Counters;
    bare { "counters" Counters, "capture" Capture }
    with_one { "options" Options, "lab" Lab, "once" Once, "server" Server, "stream" Stream }
}

variants! { Mishap else Self::Lose;
    bare { "lose" Lose, "hold" Hold, "double" Double }
}

record!(Hello {
    protocol, version, session, limits, targets, target, client, server, own_server, loopback, seed, options,
} or { resume, resumed, once });

record!(Limits {
    datagram_bytes,
    message_bytes,
    control_bytes,
    datagrams_per_second,
    bytes_per_second,
    idle_ms,
    lifetime_ms,
    pong_ms,
    control_per_second,
    sessions,
    sessions_per_address,
    address_datagrams_per_second,
    address_bytes_per_second,
});

record!(Options like default { tracing, timeout_ms, connected });

record!(Lab {} or { up, down, seed });

record!(Link {} or { up, down, seed });

record!(Impairment {} or {
    loss_ppm, burst_start_ppm, burst_end_ppm, delay_us, jitter_us, reorder_ppm, duplicate_ppm, corrupt_ppm, no_checksum,
    rate_kbps, limit,
});

record!(ServerRules like default { buffer, echo_empty, listening });

record!(ServerState { server, rules });

record!(Visitor { peer, bytes, text, sent } or { fate });

variants! { VisitorFate else Self::Echoed;
    bare { "echoed" Echoed, "unanswered" Unanswered, "guarded" Guarded, "failed" Failed }
}

record!(StreamEcho { writes, reads });

record!(CaptureOffer { token });

record!(Notice { code, text });

record!(Counters {
    sent,
    echoed,
    lost,
    dropped,
    refused,
    rejected,
    unanswered,
    in_flight,
    duplicates,
    reordered,
    late,
    truncated,
    stray,
    bytes_sent,
    bytes_received,
});

event!(Event of What else What::Lost);

variants! { What else Self::Lost;
    bare { "dequeued" Dequeued, "udp_out" UdpOut, "gone" Gone, "unanswered" Unanswered, "lost" Lost }
    with_one { "relay_in" RelayIn, "echo_in" EchoIn, "cut" Cut, "echo_out" EchoOut, "udp_in" UdpIn, "refused" Refused, "rejected" Rejected }
    with_two { "relay_out" RelayOut, "corrupted" Corrupted, "dropped" Dropped }
}

variants! { Delivery else Self::Stray;
    bare { "echoed" Echoed, "duplicate" Duplicate, "late" Late, "stray" Stray }
}

variants! { Direction else Self::Up;
    bare { "up" Up, "down" Down }
}

variants! { DropReason else Self::Loss;
    bare { "loss" Loss, "checksum" Checksum, "queue" Queue, "slow_reader" SlowReader, "hop" Hop, "browser" Browser }
}
