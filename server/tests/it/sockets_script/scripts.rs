//! What clients do. Each function is a script; session 0 has begun.

use serde_json::json;

use super::{Act, Step};

/// The script with its first steps, and its last: every session that has not left asks for its totals.
pub(super) fn with_tracing(script: &[Step], tracing: bool) -> Vec<Step> {
    let mut whole = Vec::new();
    let mut running = Vec::new();
    let first = begin(0, None);
    for step in std::iter::once(&first).chain(script) {
        whole.push(step.clone());
        match step.act {
            Act::Begin { .. } => {
                running.push(step.who);
                whole.push(ask(step.who, json!({"options": {"tracing": tracing}})));
            }
            Act::Leave => running.retain(|who| *who != step.who),
            Act::Ask(_) | Act::Send { .. } | Act::Raw(_) => {}
        }
    }
    whole.extend(running.into_iter().map(|who| ask(who, json!("counters"))));
    whole
}

fn begin(who: usize, beside: Option<usize>) -> Step {
    let act = Act::Begin { beside };
    Step { who, act }
}

fn leave(who: usize) -> Step {
    let act = Act::Leave;
    Step { who, act }
}

fn ask(who: usize, request: serde_json::Value) -> Step {
    let act = Act::Ask(request);
    Step { who, act }
}

fn open(who: usize, socket: u16) -> Step {
    ask(who, json!({"open": {"socket": socket}}))
}

fn bind(who: usize, socket: u16, port: u16) -> Step {
    bind_to(who, socket, "localhost", port)
}

fn bind_to(who: usize, socket: u16, host: &str, port: u16) -> Step {
    ask(
        who,
        json!({"bind": {"socket": socket, "host": host, "port": port}}),
    )
}

fn connect(who: usize, socket: u16, host: &str, port: u16) -> Step {
    ask(
        who,
        json!({"connect": {"socket": socket, "host": host, "port": port}}),
    )
}

fn close(who: usize, socket: u16) -> Step {
    ask(who, json!({"close": {"socket": socket}}))
}

fn resolve(host: &str) -> Step {
    ask(0, json!({"resolve": {"host": host}}))
}

fn send(who: usize, socket: u16, to: &'static str, payload: impl AsRef<[u8]>) -> Step {
    let act = Act::Send {
        socket,
        to: Some(to),
        payload: payload.as_ref().to_vec(),
    };
    Step { who, act }
}

fn send_to_peer(who: usize, socket: u16, payload: impl AsRef<[u8]>) -> Step {
    let act = Act::Send {
        socket,
        to: None,
        payload: payload.as_ref().to_vec(),
    };
    Step { who, act }
}

fn raw(message: &[u8]) -> Step {
    let act = Act::Raw(message.to_vec());
    Step { who: 0, act }
}

pub(super) fn a_server_and_its_clients_talk() -> Vec<Step> {
    vec![
        open(0, 1),
        bind(0, 1, 20_000),
        open(0, 2),
        send(
            0,
            2,
            "OWN:20000",
            "This is the message.  It will be repeated.",
        ),
        send(0, 2, "127.0.0.1:20000", "by the address of everybody"),
        send(0, 2, "0.0.0.0:20000", "by no address"),
        send(0, 2, "OWN:20000", ""),
        open(0, 3),
        connect(0, 3, "localhost", 20_000),
        send_to_peer(0, 3, "from one that is connected"),
        send(0, 1, "OWN:20000", "to itself"),
        open(0, 4),
        bind(0, 4, 0),
        bind_to(0, 3, "", 20_001),
    ]
}

pub(super) fn calls_fail_by_name() -> Vec<Step> {
    let mut script = vec![
        open(0, 1),
        open(0, 1),
        bind_to(0, 9, "", 20_000),
        connect(0, 9, "", 20_000),
        close(0, 9),
        bind_to(0, 1, "127.0.0.2", 20_000),
        bind_to(0, 1, "127.1", 20_000),
        bind_to(0, 1, "::1", 20_000),
        bind_to(0, 1, "example.org", 20_000),
        bind_to(0, 1, "", 80),
        bind_to(0, 1, "0.0.0.0", 20_000),
        bind_to(0, 1, "OWN", 20_000),
        open(0, 2),
        bind_to(0, 2, "127.0.0.1", 20_000),
        connect(0, 2, "localhost", 0),
        connect(0, 2, "localhost", 1023),
        connect(0, 2, "::1", 20_000),
        connect(0, 2, "8.8.8.8", 20_000),
        connect(0, 2, "2130706433", 20_000),
        connect(0, 2, "example.org", 20_000),
        connect(0, 2, "echo", 1),
        ask(0, json!({"disconnect": {"socket": 2}})),
        ask(0, json!({"disconnect": {"socket": 9}})),
        resolve("localhost"),
        resolve("echo"),
        resolve("OWN"),
        resolve("127.0.0.3"),
        resolve("::ffff:127.0.0.1"),
        resolve("example.org"),
        ask(
            0,
            json!({"resolve": {"host": "localhost", "family": "ipv6"}}),
        ),
        ask(0, json!({"resolve": {"host": "echo", "family": "ipv6"}})),
        ask(
            0,
            json!({"lab": {"up": {"loss_ppm": 1_000_001}, "down": {}, "seed": 1}}),
        ),
    ];
    script.extend((3..=17).map(|socket| open(0, socket)));
    script
}

pub(super) fn sizes_end_where_the_family_says() -> Vec<Step> {
    let mut script = vec![open(0, 1), bind(0, 1, 20_000), open(0, 2)];
    for to in ["OWN:20000", "ECHO"] {
        for bytes in [1, 1472, 4096, 65_507, 65_508, 65_535] {
            script.push(send(0, 2, to, vec![b'x'; bytes]));
        }
    }
    script
}

pub(super) fn nobody_on_the_port_is_refused_or_silent() -> Vec<Step> {
    vec![
        open(0, 1),
        send(0, 1, "OWN:20000", "does anybody hear?"),
        send(0, 1, "127.0.0.1:20000", "anybody else?"),
        connect(0, 1, "localhost", 20_000),
        send_to_peer(0, 1, "now I would hear"),
        send(0, 1, "OWN:20001", "but not of another port"),
        open(0, 2),
        bind(0, 2, 20_000),
        send_to_peer(0, 1, "and there you are"),
        close(0, 2),
        send_to_peer(0, 1, "gone again"),
        ask(0, json!({"disconnect": {"socket": 1}})),
        send(0, 1, "OWN:20000", "silence"),
        send_to_peer(0, 1, "to whom?"),
    ]
}

pub(super) fn what_may_not_be_sent_is_told() -> Vec<Step> {
    let mut script = vec![open(0, 1)];
    for to in [
        "OWN:80",
        "OWN:0",
        "127.0.0.3:20000",
        "127.255.255.255:20000",
        "8.8.8.8:20000",
        "192.168.0.1:20000",
        "169.254.169.254:20000",
        "224.0.0.1:20000",
        "255.255.255.255:20000",
        "[::1]:20000",
        "[::ffff:127.0.0.1]:20000",
    ] {
        script.push(send(0, 1, to, "no"));
    }
    script.extend([
        send(0, 7, "OWN:20000", "no such socket"),
        send_to_peer(0, 1, "no peer"),
        raw(b""),
        raw(&[0, 1, 4]),
        raw(&[0, 1, 5, 0, 0, 0]),
        raw(&[0, 1, 0, 0, 1]),
    ]);
    script
}

pub(super) fn the_echo_server_is_a_target() -> Vec<Step> {
    vec![
        open(0, 1),
        send(0, 1, "ECHO", "echo"),
        send(0, 1, "ECHO", ""),
        connect(0, 1, "echo", 0),
        send_to_peer(0, 1, "echo by name"),
        open(0, 2),
        bind(0, 2, 20_000),
        send(0, 2, "ECHO", "echo to a bound socket"),
        connect(0, 2, "localhost", 20_000),
        close(0, 1),
        open(0, 1),
        send(0, 1, "ECHO", "echo to the next of this number"),
    ]
}

pub(super) fn a_loopback_is_shared_by_its_token() -> Vec<Step> {
    vec![
        begin(1, Some(0)),
        begin(2, None),
        open(0, 1),
        bind(0, 1, 20_000),
        open(1, 1),
        bind(1, 1, 20_000),
        bind(1, 1, 20_001),
        send(1, 1, "OWN:20000", "from another tab"),
        send(0, 1, "OWN:20001", "to another tab"),
        open(2, 1),
        bind(2, 1, 20_000),
        send(2, 1, "OWN:20000", "to myself, who has the same port"),
        connect(0, 1, "localhost", 20_001),
        send_to_peer(0, 1, "still there"),
        leave(1),
        send_to_peer(0, 1, "and now?"),
    ]
}

pub(super) fn a_connected_socket_hears_its_peer_alone() -> Vec<Step> {
    vec![
        open(0, 1),
        bind(0, 1, 20_000),
        open(0, 2),
        bind(0, 2, 20_001),
        open(0, 3),
        bind(0, 3, 20_002),
        connect(0, 2, "localhost", 20_000),
        send(0, 1, "OWN:20001", "from the peer"),
        send(0, 3, "OWN:20001", "from another"),
        connect(0, 2, "localhost", 20_002),
        send(0, 3, "OWN:20001", "from the next peer"),
    ]
}

pub(super) fn ipv6_has_ports_of_its_own() -> Vec<Step> {
    let open_6 = |socket| ask(0, json!({"open": {"socket": socket, "family": "ipv6"}}));
    vec![
        open(0, 1),
        bind(0, 1, 20_000),
        open_6(2),
        bind(0, 2, 20_000),
        open_6(3),
        bind_to(0, 3, "::1", 20_000),
        send(0, 3, "[::1]:20000", "over IPv6"),
        send(0, 3, "[::]:20000", "by no address"),
        send(0, 3, "[::1]:20000", vec![b'6'; 65_527]),
        send(0, 3, "[::1]:20000", vec![b'6'; 65_528]),
        send(0, 3, "OWN:20000", "of the other family"),
        send(0, 3, "[fe80::1]:20000", "link-local"),
        send(0, 3, "[2001:db8::1]:20000", "nobody's"),
        connect(0, 3, "echo", 0),
        connect(0, 3, "localhost", 20_001),
        send_to_peer(0, 3, "nobody there"),
    ]
}

pub(super) fn a_seed_decides_what_is_lost() -> Vec<Step> {
    let up = json!({"loss_ppm": 300_000, "duplicate_ppm": 200_000, "corrupt_ppm": 100_000});
    let down = json!({"loss_ppm": 200_000, "burst_start_ppm": 50_000, "burst_end_ppm": 300_000});
    let mut script = vec![
        begin(1, Some(0)),
        open(0, 1),
        open(1, 1),
        bind(1, 1, 20_000),
        ask(0, json!({"lab": {"up": up, "seed": 7}})),
        ask(1, json!({"lab": {"down": down, "seed": 8}})),
    ];
    let numbered = |number: u8| format!("datagram {number}");
    script.extend((0..40).map(|number| send(0, 1, "OWN:20000", numbered(number))));
    script.extend((40..60).map(|number| send(0, 1, "ECHO", numbered(number))));
    script
}

pub(super) fn mishaps_befall_the_next_datagram() -> Vec<Step> {
    let mut script = vec![open(0, 1), bind(0, 1, 20_000), open(0, 2)];
    for to in ["OWN:20000", "ECHO"] {
        for mishap in ["lose", "double", "hold"] {
            script.push(ask(0, json!({"once": mishap})));
            script.push(send(0, 2, to, mishap));
        }
    }
    script
}

pub(super) fn sockets_come_and_go() -> Vec<Step> {
    vec![
        open(0, 1),
        bind(0, 1, 20_000),
        close(0, 1),
        open(0, 1),
        bind(0, 1, 20_000),
        open(0, 2),
        connect(0, 2, "localhost", 20_000),
        send_to_peer(0, 2, "to the second of this number"),
        close(0, 2),
        send_to_peer(0, 2, "from one that is closed"),
        close(0, 1),
    ]
}
