//! The first message of a session: all that a page has to know about it.

use tokio::io::AsyncWrite;
use wire::control::PROTOCOL_VERSION;
use wire::sockets::control::{Family, Loopback, SocketsAnswer, SocketsHello};

use super::SocketsSession;
use crate::limits::limited;

impl<W: AsyncWrite + Unpin> SocketsSession<'_, W> {
    /// Tells the page all about its session; it is live from here on.
    pub(in crate::relay) fn say_hello(&mut self) {
        let (place, limits) = (&self.place, &self.context.limits);
        let hello = SocketsHello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            session: self.number.to_string(),
            loopback: Loopback {
                address: place.loopback.address().to_string(),
                token: place.loopback.token().reveal(),
                mapped: place.loopback.is_mapped(Family::Ipv4),
                reachable: place.is_local,
            },
            limits: limits.announced(),
            sockets: limited(limits.settings().max_sockets),
            targets: place.targets(),
            peers: place.peers(),
            seed: self.seed,
            options: self.state.options(),
        };
        self.page.notify(&SocketsAnswer::Hello(Box::new(hello)));
    }
}
