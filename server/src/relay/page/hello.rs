//! The first message of a session: all that a page has to know about it.

use tokio::io::AsyncWrite;
use wire::control::{Greeting, Hello, HelloWithLane, HostMessage, PROTOCOL_VERSION};

use super::PageSession;
use crate::relay::resources::SessionPort;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Tells the page all about its session; it is live from here on. `port` is its claim to its UDP port.
    pub(in crate::relay) fn say_hello(&mut self, port: &SessionPort) {
        self.observe();
        let mut limits = self.context.limits.announced();
        limits.datagram_bytes = self.target.max_datagram_bytes();
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            session: self.number.to_string(),
            resume: port.token().to_owned(),
            resumed: port.resumed,
            limits,
            targets: self.context.target_names(),
            target: self.target.name.clone(),
            client: self.udp.local_addr().to_string(),
            server: self.target.address.to_string(),
            own_server: self.target.is_own_server(),
            loopback: self.is_local,
            seed: self.seed,
            options: self.session.options(),
            once: true,
        };
        match self.lane.as_mut().and_then(|lane| lane.offer()) {
            Some(lane) => {
                let with_lane = HelloWithLane { hello, lane };
                self.page.notify(&Greeting::Hello(Box::new(with_lane)));
            }
            None => self.page.notify(&HostMessage::Hello(Box::new(hello))),
        }
    }
}
