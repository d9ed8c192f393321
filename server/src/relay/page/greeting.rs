//! The first message of a session: all that a client has to know about it.

use tokio::io::AsyncWrite;
use wire::control::{Hello, HostMessage, PROTOCOL_VERSION};

use super::PageSession;
use crate::relay::opening::Port;
use crate::target::OWN_SERVER;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Tells the client all about its session; it is live from here on. `port` is its claim to its UDP port.
    pub(in crate::relay) fn greet(&mut self, number: u64, port: &Port) {
        self.watch();
        let mut limits = self.shared.limiter.told();
        limits.datagram_bytes = self.datagram_limit();
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            session: number.to_string(),
            resume: port.token().to_owned(),
            resumed: port.resumed,
            limits,
            targets: self
                .shared
                .targets
                .iter()
                .map(|target| target.name.clone())
                .collect(),
            target: self.target.name.clone(),
            client: self.udp.local_addr().to_string(),
            server: self.target.address.to_string(),
            own_server: self.target.name == OWN_SERVER,
            loopback: self.is_local,
            seed: self.seed,
            options: self.session.options(),
        };
        self.tell(&HostMessage::Hello(Box::new(hello)));
    }

    /// Most payload bytes of a datagram to this target.
    pub(super) fn datagram_limit(&self) -> usize {
        match self.target.address.ip().to_canonical().is_ipv4() {
            true => wire::limits::MAX_DATAGRAM_BYTES_IPV4,
            false => wire::limits::MAX_DATAGRAM_BYTES_IPV6,
        }
    }
}

/// A seed that no other session has. It decides about drops in a lesson, and is shown; it is no secret.
pub(super) fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Scripts hold numbers exactly up to 2^53.
    RandomState::new().build_hasher().finish() >> 11
}
