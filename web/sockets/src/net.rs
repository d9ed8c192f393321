//! What a program of the page has of the network: numbers for its sockets, calls, and datagrams.

use std::net::SocketAddr;

use udp_echo_feed::codec::Object;
use udp_echo_feed::datagram::Payload;
use wire::sockets::header::{Header, MAX_HEADER_BYTES};

use crate::end::{self, End};
use crate::record::Record;

/// What a program wants to have done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A control message for the host, a `SocketsRequest` of `wire`.
    Request(String),
    /// A binary message for the host.
    Message(Vec<u8>),
}

/// The network of one session.
#[derive(Debug, Default)]
pub struct Net {
    /// What was sent and came.
    pub record: Record,
    /// What is to be done.
    effects: Vec<Effect>,
    /// The last number that a socket got.
    socket: u16,
    /// Binary messages sent in this session.
    sent: u64,
}

impl Net {
    /// Takes what is to be done.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A session ended, and what was to be done in it is not done.
    pub fn over(&mut self) {
        self.effects.clear();
        self.sent = 0;
        self.record.over();
    }

    /// Opens a socket. Returns its number.
    pub fn open(&mut self) -> u16 {
        // A number comes again after 65,535 sockets; nobody keeps one that long.
        self.socket = self.socket.wrapping_add(1);
        let socket = self.socket;
        self.call("open", socket, None);
        socket
    }

    /// Binds a socket to a port of the own address.
    pub fn bind(&mut self, socket: u16, port: u16) {
        self.call("bind", socket, Some(("", port)));
    }

    /// Fixes the peer of a socket.
    pub fn connect(&mut self, socket: u16, peer: End) {
        self.call("connect", socket, Some((&end::ip(*peer.ip()), peer.port())));
    }

    /// Takes the peer away.
    pub fn disconnect(&mut self, socket: u16) {
        self.call("disconnect", socket, None);
    }

    /// Closes a socket.
    pub fn close(&mut self, socket: u16) {
        self.call("close", socket, None);
    }

    /// Hands a control message of the page's own to the host.
    pub fn ask(&mut self, message: String) {
        self.effects.push(Effect::Request(message));
    }

    /// Sends a datagram: from a socket with this address, if it has one yet, to this one, which a connected socket does not
    /// name. Returns the number of its flight.
    pub fn send(
        &mut self,
        (socket, local): (u16, Option<End>),
        to: End,
        is_connected: bool,
        payload: Payload,
    ) -> u64 {
        let address = (!is_connected).then_some(SocketAddr::V4(to));
        let mut message = Vec::with_capacity(MAX_HEADER_BYTES + payload.len());
        Header { socket, address }.write(&mut message);
        message.extend_from_slice(&payload);
        self.effects.push(Effect::Message(message));
        self.sent += 1;
        self.record.sent(self.sent, socket, local, to, payload)
    }

    fn call(&mut self, name: &str, socket: u16, to: Option<(&str, u16)>) {
        let mut call = Object::default();
        call.number("socket", socket.into());
        if let Some((host, port)) = to {
            call.text("host", host);
            call.number("port", port.into());
        }
        let mut message = Object::default();
        message.json(name, &call.end());
        self.ask(message.end());
    }
}
