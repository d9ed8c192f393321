//! The control messages of `/sockets`, described for the browser as `messages` describes those of `/relay`.

use wire::sockets::control::{
    Bound, Call, Connected, Family, Loopback, Named, NamedTarget, Numbered, Open, Resolve,
    Resolved, SocketDrop, SocketError, SocketEvent, SocketWhat, SocketsAnswer, SocketsCounters,
    SocketsHello, SocketsOptions, SocketsRequest,
};
use wire::sockets::errno::Errno;

use crate::json::{self, Json, Unreadable, event, record, variants};

/// Reads a message of a host; `Ok(None)` is one that a later version may have added.
///
/// # Errors
/// The field that is wrong, or `"JSON"`.
pub fn answer(source: &str) -> Result<Option<SocketsAnswer>, Unreadable> {
    let message = json::parse(source).ok_or("JSON")?;
    message.only_field().ok_or("JSON")?;
    json::read_as("JSON", |place| SocketsAnswer::read_item(&message, place))
}

variants! { SocketsAnswer else Self::Events(Vec::new());
    with_one {
        "hello" Hello, "opened" Opened, "bound" Bound, "connected" Connected, "disconnected" Disconnected, "closed" Closed,
        "resolved" Resolved, "error" Error, "events" Events, "counters" Counters, "options" Options, "lab" Lab, "notice" Notice,
    }
}

variants! { SocketsRequest else Self::Counters;
    bare { "counters" Counters }
    with_one {
        "open" Open, "bind" Bind, "connect" Connect, "disconnect" Disconnect, "close" Close, "resolve" Resolve,
        "options" Options, "lab" Lab, "once" Once,
    }
}

record!(SocketsHello {
    protocol, version, session, loopback, limits, targets, seed, options,
} or { sockets, peers });

record!(Loopback { address, token } or { mapped, reachable });

record!(NamedTarget { name, address });

record!(Open { socket } or { family });

record!(Numbered { socket });

record!(Named { socket } or { host, port });

record!(Resolve { host } or { family });

record!(Resolved { host, addresses });

record!(Bound { socket, local } or { outside });

record!(Connected {
    socket,
    local,
    peer
});

record!(SocketError { socket, call, errno, text } or { datagram, count });

record!(SocketsOptions like default { tracing });

record!(SocketsCounters {} or {
    sent, delivered, left, dropped, refused, rejected, in_flight, received, receive_dropped, strangers, bytes_sent,
    bytes_received,
});

variants! { Family else Self::Ipv4;
    bare { "ipv4" Ipv4, "ipv6" Ipv6 }
}

variants! { Call else Self::Send;
    bare {
        "open" Open, "bind" Bind, "connect" Connect, "disconnect" Disconnect, "close" Close, "resolve" Resolve, "send" Send,
        "receive" Receive,
    }
}

variants! { Errno else Self::Eio;
    bare {
        "EACCES" Eacces, "EADDRINUSE" Eaddrinuse, "EADDRNOTAVAIL" Eaddrnotavail, "EAFNOSUPPORT" Eafnosupport, "EBADF" Ebadf,
        "ECONNREFUSED" Econnrefused, "EDESTADDRREQ" Edestaddrreq, "EEXIST" Eexist, "EHOSTUNREACH" Ehostunreach,
        "EINVAL" Einval, "EMFILE" Emfile, "EMSGSIZE" Emsgsize, "ENETUNREACH" Enetunreach, "ENOBUFS" Enobufs,
        "ENOENT" Enoent, "ENOTCONN" Enotconn, "EIO" Eio,
    }
}

variants! { SocketWhat else Self::Gone;
    bare {
        "dequeued" Dequeued, "udp_out" UdpOut, "gone" Gone, "delivered" Delivered, "left" Left, "refused" Refused,
    }
    with_one { "rejected" Rejected, "relay_out" RelayOut }
    with_two { "relay_in" RelayIn, "corrupted" Corrupted, "dropped" Dropped, "udp_in" UdpIn }
}

variants! { SocketDrop else Self::Loss;
    bare {
        "loss" Loss, "checksum" Checksum, "queue" Queue, "slow_reader" SlowReader, "unbound" Unbound, "unreceived" Unreceived,
    }
}

event!(SocketEvent of SocketWhat else SocketWhat::Gone);

#[cfg(test)]
mod tests {
    use super::*;
    use wire::control::{Lab, Limits, Notice};
    use wire::link::{Direction, Mishap};

    fn every_answer() -> Vec<SocketsAnswer> {
        let limits = Limits {
            datagram_bytes: 65_507,
            message_bytes: 65_528,
            ..serde_json::from_str(LIMITS).unwrap()
        };
        let hello = SocketsHello {
            protocol: 1,
            version: "0.1.0".to_owned(),
            session: "s1".to_owned(),
            loopback: Loopback {
                address: "127.83.1.5".to_owned(),
                token: "0f".repeat(16),
                mapped: false,
                reachable: true,
            },
            limits,
            sockets: Some(16),
            targets: vec![NamedTarget {
                name: "echo".to_owned(),
                address: "127.0.0.2:10000".to_owned(),
            }],
            peers: vec!["192.0.2.0/24:9000-9010".to_owned()],
            seed: u64::MAX,
            options: SocketsOptions::default(),
        };
        let error = SocketError {
            socket: Some(3),
            call: Call::Send,
            datagram: Some(7),
            count: Some(2),
            errno: Errno::Emsgsize,
            text: "Message too long".to_owned(),
        };
        let drops = [
            SocketDrop::Loss,
            SocketDrop::Checksum,
            SocketDrop::Queue,
            SocketDrop::SlowReader,
            SocketDrop::Unbound,
            SocketDrop::Unreceived,
        ];
        let mut what = vec![
            SocketWhat::RelayIn(1, 42),
            SocketWhat::Dequeued,
            SocketWhat::UdpOut,
            SocketWhat::Corrupted(Direction::Down, 17),
            SocketWhat::Gone,
            SocketWhat::Delivered,
            SocketWhat::Left,
            SocketWhat::Refused,
            SocketWhat::Rejected(Errno::Enobufs),
            SocketWhat::UdpIn(2, 0),
            SocketWhat::RelayOut(9),
        ];
        what.extend(drops.map(|why| SocketWhat::Dropped(Direction::Up, why)));
        let events = what
            .into_iter()
            .map(|what| SocketEvent(12, 3, 1, what))
            .collect();
        vec![
            SocketsAnswer::Hello(Box::new(hello)),
            SocketsAnswer::Opened(Numbered { socket: 65_535 }),
            SocketsAnswer::Bound(Bound {
                socket: 1,
                local: "127.83.1.5:10000".to_owned(),
                outside: Some("127.0.0.1:41000".to_owned()),
            }),
            SocketsAnswer::Connected(Connected {
                socket: 1,
                local: "127.83.1.5:50139".to_owned(),
                peer: "127.83.1.5:10000".to_owned(),
            }),
            SocketsAnswer::Disconnected(Numbered { socket: 1 }),
            SocketsAnswer::Closed(Numbered { socket: 1 }),
            SocketsAnswer::Resolved(Resolved {
                host: "localhost".to_owned(),
                addresses: vec!["127.83.1.5".to_owned()],
            }),
            SocketsAnswer::Error(error.clone()),
            SocketsAnswer::Error(SocketError {
                socket: None,
                call: Call::Resolve,
                datagram: None,
                count: None,
                ..error
            }),
            SocketsAnswer::Events(events),
            SocketsAnswer::Counters(SocketsCounters {
                sent: 2,
                left: 2,
                ..SocketsCounters::default()
            }),
            SocketsAnswer::Options(SocketsOptions { tracing: false }),
            SocketsAnswer::Lab(Lab::default()),
            SocketsAnswer::Notice(Notice {
                code: "rate".to_owned(),
                text: "slower".to_owned(),
            }),
        ]
    }

    const LIMITS: &str = r#"{"datagram_bytes":1,"message_bytes":1,"control_bytes":1,"datagrams_per_second":null,
        "bytes_per_second":null,"idle_ms":1,"lifetime_ms":null,"pong_ms":1,"control_per_second":1,"sessions":null,
        "sessions_per_address":null,"address_datagrams_per_second":null,"address_bytes_per_second":null}"#;

    #[test]
    fn every_answer_of_a_host_is_read_as_the_host_writes_it() {
        for message in every_answer() {
            let text = serde_json::to_string(&message).unwrap();
            assert_eq!(answer(&text), Ok(Some(message)), "{text}");
        }
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over_and_what_is_wrong_is_named() {
        assert_eq!(answer(r#"{"poem":{}}"#), Ok(None));
        assert_eq!(
            answer(r#"{"events":[[1,2,0,"teleported"]]}"#),
            Ok(Some(SocketsAnswer::Events(Vec::new())))
        );
        assert_eq!(answer(r#"{"opened":{"socket":65536}}"#), Err("socket"));
        assert_eq!(answer("[]"), Err("JSON"));
    }

    #[test]
    fn every_request_is_what_a_host_reads() {
        let named = Named {
            socket: 1,
            host: "localhost".to_owned(),
            port: 10_000,
        };
        let numbered = Numbered { socket: 1 };
        let requests = [
            SocketsRequest::Open(Open {
                socket: 1,
                family: Family::Ipv6,
            }),
            SocketsRequest::Bind(named.clone()),
            SocketsRequest::Connect(named),
            SocketsRequest::Disconnect(numbered),
            SocketsRequest::Close(numbered),
            SocketsRequest::Resolve(Resolve {
                host: "echo".to_owned(),
                family: None,
            }),
            SocketsRequest::Options(SocketsOptions { tracing: true }),
            SocketsRequest::Lab(Lab::default()),
            SocketsRequest::Once(Mishap::Lose),
            SocketsRequest::Counters,
        ];
        for request in requests {
            let text = json::to_string(&request);
            let read: SocketsRequest = serde_json::from_str(&text).unwrap();
            assert_eq!(read, request, "{text}");
        }
    }
}
