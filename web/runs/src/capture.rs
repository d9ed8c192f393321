//! A run as a capture that Wireshark reads.

use std::net::SocketAddr;
use std::time::Duration;

use udp_echo_feed::codec::{self, Unreadable};
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::json::{self, Value};
use udp_echo_feed::words::{fate_detail, fate_word, fill, number};
use wire::control::{Event, What};
use wire::packet;
use wire::pcapng::Capture;

use crate::trace;

/// Every datagram of a trace that was on the UDP hop, and every answer, with its fate as a comment.
///
/// A packet's time is when the page sent the datagram plus what the host's clock says has passed since the datagram
/// reached the relay: lengths of time are added up, and no two clocks are compared.
///
/// # Errors
/// The name of the field that is missing or of another kind.
pub fn capture(trace: &str, application: &str) -> Result<Vec<u8>, Unreadable> {
    let trace = json::parse(trace).ok_or("JSON")?;
    let began = codec::read(&trace, |fields| fields.number("began"))?;
    let origin = Duration::from_micros(began);
    let routes = routes(&trace)?;
    let mut packets = Vec::new();
    for datagram in trace::datagrams(&trace)? {
        let route = routes.iter().rfind(|route| route.0 <= datagram.number);
        if let Some((_, Some(client), Some(server))) = route {
            collect(&mut packets, &datagram, origin, (*client, *server));
        }
    }
    let mut capture = Capture::new(application);
    for packet in &packets {
        let datagram = packet::Datagram {
            source: packet.source,
            destination: packet.destination,
            payload: &packet.payload,
        };
        // What is too long for a packet never was one.
        let _ = capture.push(packet.at, &datagram, &packet.comment);
    }
    Ok(capture.take())
}

/// The first datagram that went this way, and the two ends of the way.
type Route = (u64, Option<SocketAddr>, Option<SocketAddr>);

fn routes(trace: &Value<'_>) -> Result<Vec<Route>, Unreadable> {
    let Some(Value::List(routes)) = trace.field("routes") else {
        return Err("routes");
    };
    let read = |route: &Value<'_>| match route {
        Value::List(parts) => match &parts[..] {
            [
                Value::Number(first),
                Value::Text(client),
                Value::Text(server),
            ] => Ok((*first, client.parse().ok(), server.parse().ok())),
            _ => Err("routes"),
        },
        _ => Err("routes"),
    };
    routes.iter().map(read).collect()
}

struct Packet {
    at: Duration,
    source: SocketAddr,
    destination: SocketAddr,
    payload: Vec<u8>,
    comment: String,
}

fn collect(
    packets: &mut Vec<Packet>,
    datagram: &Datagram,
    origin: Duration,
    (client, server): (SocketAddr, SocketAddr),
) {
    let Some(relay_in) = datagram.stamps()[0] else {
        return;
    };
    for Event(at, _, copy, what) in &datagram.events {
        let since_sent = Duration::from_micros(datagram.sent_at + at.saturating_sub(relay_in));
        let (source, destination, bytes) = match what {
            What::UdpOut => (client, server, datagram.payload.len()),
            What::UdpIn(bytes) => (server, client, *bytes),
            _ => continue,
        };
        let at = origin + since_sent;
        // One datagram's answer may come after the next one's sending: in a capture, time goes forwards. They are nearly
        // in order, and a sort of the library would weigh 3 KB.
        let place = packets.iter().rposition(|packet| packet.at <= at);
        let packet = Packet {
            at,
            source,
            destination,
            payload: datagram.at_server(*copy, bytes),
            comment: comment(datagram),
        };
        packets.insert(place.map_or(0, |before| before + 1), packet);
    }
}

/// What stands beside a packet.
fn comment(datagram: &Datagram) -> String {
    let about = [&number(datagram.number), fate_word(datagram.fate)];
    fill("datagram □: □", &about) + &fate_detail(datagram)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::Rehearsal;

    #[test]
    fn a_capture_has_both_ways_of_every_datagram_with_its_fate() {
        let mut page = Rehearsal::new();
        page.send(b"to be captured");
        page.send(b"");
        page.settle();
        let file = capture(&page.trace(), "test").unwrap();
        let count = |text: &[u8]| {
            let windows = file.windows(text.len());
            windows.filter(|window| *window == text).count()
        };
        let head = &[0x0a, 0x0d, 0x0d, 0x0a];
        assert_eq!(&file[..4], head, "a section header block comes first");
        assert_eq!(count(b"to be captured"), 2, "there and back");
        assert_eq!(count(b"datagram 1: echoed"), 2);
        assert_eq!(count(b"datagram 2: unanswered"), 1);
        // 50139 and 10000 in network order, as source and destination of the two that went there.
        assert_eq!(count(&[0xc3, 0xdb, 0x27, 0x10]), 2);
        assert_eq!(count(&[0x27, 0x10, 0xc3, 0xdb]), 1);
    }

    #[test]
    fn what_is_no_run_is_no_capture() {
        assert_eq!(capture("", "test"), Err("JSON"));
        assert_eq!(capture("{}", "test"), Err("began"));
        assert_eq!(
            capture("{\"began\":1,\"routes\":[1]}", "test"),
            Err("routes")
        );
    }
}
