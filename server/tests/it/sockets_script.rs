//! One script, two machines: a real host over `/sockets` and the one that a page simulates. Their clients see the same.
//!
//! - `scripts`: what clients do;
//! - `simulated` and `real`: the machines that they do it on;
//! - `seen`: what they see, with what differs from run to run masked: addresses, and ports that a system picks.
//!
//! Every script runs twice, with and without tracing: without it, a host takes another way through its code.

mod real;
mod scripts;
mod seen;
mod simulated;

use serde_json::Value;
use wire::sockets::header::Header;

use seen::Seen;

/// What the client of one session does.
#[derive(Debug, Clone)]
struct Step {
    /// Which session: 0, 1, 2.
    who: usize,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    /// Begins a session, on a loopback of its own or on that of another session.
    Begin { beside: Option<usize> },
    /// Ends its session.
    Leave,
    /// Sends a control message. `OWN` stands for the loopback's address.
    Ask(Value),
    /// Sends a datagram, to the socket's peer or to a destination. `OWN` stands for the loopback's address, `ECHO` for that of the
    /// target.
    Send {
        socket: u16,
        to: Option<&'static str>,
        payload: Vec<u8>,
    },
    /// Sends a binary message as it is.
    Raw(Vec<u8>),
}

/// The binary message of an act; `None` for an act without one.
fn binary(act: &Act, own: &str, echo: &str) -> Option<Vec<u8>> {
    match act {
        Act::Raw(message) => Some(message.clone()),
        Act::Send {
            socket,
            to,
            payload,
        } => {
            let to = to.map(|to| to.replace("OWN", own).replace("ECHO", echo));
            let header = Header {
                socket: *socket,
                address: to.map(|to| to.parse().unwrap()),
            };
            let mut message = Vec::new();
            header.write(&mut message);
            message.extend(payload);
            Some(message)
        }
        Act::Begin { .. } | Act::Leave | Act::Ask(_) => None,
    }
}

async fn compare(name: &str, script: Vec<Step>) {
    for tracing in [true, false] {
        let script = scripts::with_tracing(&script, tracing);
        let simulated = simulated::run(&script);
        let last = simulated.last().unwrap();
        let real = real::run(&script, &simulated).await;
        for (who, (real, simulated)) in real.iter().zip(last).enumerate() {
            let (real, simulated) = (real.masked(), simulated.masked());
            for (place, (real, simulated)) in real.iter().zip(&simulated).enumerate() {
                assert_eq!(
                    real, simulated,
                    "{name}, tracing {tracing}, session {who}, line {place}: a host says the first, the machine the second"
                );
            }
            assert_eq!(
                real.len(),
                simulated.len(),
                "{name}, tracing {tracing}, session {who}: {real:#?}\n{simulated:#?}"
            );
        }
    }
}

macro_rules! scripts {
    ($($name:ident)*) => {
        $(#[tokio::test]
        async fn $name() {
            compare(stringify!($name), scripts::$name()).await;
        })*
    };
}

scripts! {
    a_server_and_its_clients_talk
    calls_fail_by_name
    sizes_end_where_the_family_says
    nobody_on_the_port_is_refused_or_silent
    what_may_not_be_sent_is_told
    the_echo_server_is_a_target
    a_loopback_is_shared_by_its_token
    a_connected_socket_hears_its_peer_alone
    ipv6_has_ports_of_its_own
    a_seed_decides_what_is_lost
    mishaps_befall_the_next_datagram
    sockets_come_and_go
}

/// A token that is nobody's: the machine knows it as little as the host.
#[tokio::test]
async fn a_wrong_token_opens_no_session() {
    assert!(simulated::refuses("00000000000000000000000000000000"));
    assert!(real::refuses("00000000000000000000000000000000").await);
}
