//! Every metric that there is. `server/OPERATING.md` has the same list; a test compares both with what is exported.

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type: `gauge`, `counter` or `histogram`.
    pub kind: &'static str,
    /// The labels of its samples.
    pub labels: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
}

const fn gauge(name: &'static str, meaning: &'static str) -> Metric {
    Metric {
        name,
        kind: "gauge",
        labels: &[],
        meaning,
    }
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    meaning: &'static str,
) -> Metric {
    Metric {
        name,
        kind: "counter",
        labels,
        meaning,
    }
}

/// Every metric.
pub const CATALOGUE: [Metric; 22] = [
    gauge("udp_echo_sessions", "Sessions that are open"),
    gauge(
        "udp_echo_sessions_limit",
        "Sessions that may be open at once, by --max-sessions; +Inf without a limit",
    ),
    gauge(
        "udp_echo_draining",
        "1 while the host drains before it stops, 0 otherwise",
    ),
    gauge(
        "udp_echo_connections",
        "TCP connections that are open, those of sessions included",
    ),
    counter(
        "udp_echo_sessions_opened_total",
        &[],
        "Sessions that were opened",
    ),
    counter(
        "udp_echo_sessions_ended_total",
        &["code"],
        "Sessions that ended, by close code; client and vanished are ends without one of ours",
    ),
    counter(
        "udp_echo_refused_total",
        &["reason"],
        "Requests and connections that were refused before they became a session",
    ),
    counter(
        "udp_echo_datagrams_total",
        &["kind"],
        "Datagrams that clients sent, by kind of session: page, raw or sockets",
    ),
    counter(
        "udp_echo_fates_total",
        &["kind", "fate"],
        "Datagrams by fate; unfinished are those whose session ended first; raw sessions know only dropped, refused \
         and rejected, and those with sockets delivered and left besides",
    ),
    gauge(
        "udp_echo_in_flight",
        "Datagrams of page and sockets sessions without a fate so far; with the fates they add up to the datagrams",
    ),
    gauge(
        "udp_echo_sockets",
        "UDP sockets that sessions of /sockets have open",
    ),
    counter(
        "udp_echo_lanes_opened_total",
        &[],
        "Lanes (WebTransport) that joined a session",
    ),
    counter(
        "udp_echo_lane_datagrams_total",
        &["what"],
        "Datagrams of sessions that a lane carried: in from clients, and of these discarded for want of a number that could \
         come; out to clients",
    ),
    counter(
        "udp_echo_lane_handshakes_total",
        &["outcome"],
        "Handshakes of lanes whose address was validated: joined a session, refused (token, origin or name), failed, crowded \
         (too many at once)",
    ),
    gauge(
        "udp_echo_lane_handshakes",
        "Handshakes of lanes that are under way",
    ),
    counter(
        "udp_echo_drops_total",
        &["reason"],
        "Copies of datagrams and of answers that the relay dropped: loss, checksum and queue in a lab, slow_reader; hop and \
         browser on a lane; unbound and unreceived on a reader's own loopback; stranger is a datagram that came to an unconnected socket from \
         somebody who may not write to it",
    ),
    counter(
        "udp_echo_kernel_drops_total",
        &["socket"],
        "Datagrams that the kernel dropped at a full receive buffer: of the echo server, or of a session",
    ),
    counter(
        "udp_echo_answers_total",
        &["kind"],
        "Datagrams that came from servers, by kind of session",
    ),
    counter(
        "udp_echo_bytes_total",
        &["direction"],
        "Payload bytes: in from clients, out from servers",
    ),
    counter(
        "udp_echo_server_datagrams_total",
        &["what"],
        "Datagrams at the echo server: received, and of these empty, guarded, cut, unsent",
    ),
    Metric {
        name: "udp_echo_round_trip_seconds",
        kind: "histogram",
        labels: &["le"],
        meaning: "Time from a client's datagram to its answer in page sessions, on the host's clock, sampled once a batch",
    },
    counter(
        "udp_echo_log_lines_left_out_total",
        &[],
        "Lines about refusals that were not logged because there were too many",
    ),
];
