//! The session's datagrams as a capture that Wireshark reads.

use std::net::SocketAddr;
use std::time::Duration;

use wire::control::{Event, What};
use wire::packet;
use wire::pcapng::Capture;

use super::History;
use super::datagram::Datagram;
use crate::words;

/// The two ends of the datagrams from one number on.
#[derive(Debug)]
pub(super) struct Route {
    /// The first datagram that went this way.
    pub(super) first: u64,
    /// UDP address of the session.
    pub(super) client: Option<SocketAddr>,
    /// UDP address of the server.
    pub(super) server: Option<SocketAddr>,
}

/// Every kept datagram that was on the UDP hop, and every answer, with its fate as a comment.
///
/// `origin` is the time since the Unix epoch at which the browser's clock began. A packet's time is when the page sent
/// the datagram plus what the host's clock says has passed since the datagram reached the relay: lengths of time are
/// added up, and no two clocks are compared.
pub fn capture(history: &History, origin: Duration, application: &str) -> Vec<u8> {
    let mut packets = Vec::new();
    for number in history.numbers() {
        let (Some(datagram), Some(route)) = (history.datagram(number), history.route(number))
        else {
            continue;
        };
        if let (Some(client), Some(server)) = (route.client, route.server) {
            collect(&mut packets, datagram, origin, (client, server));
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
    capture.take()
}

struct Packet {
    at: Duration,
    source: SocketAddr,
    destination: SocketAddr,
    payload: bytes::Bytes,
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
            comment: words::capture_comment(datagram),
        };
        packets.insert(place.map_or(0, |before| before + 1), packet);
    }
}
