//! How much one session, one address and all together may take of the host.
//!
//! - [`LimitSettings`]: the limits as they are set;
//! - `concurrency` counts sessions and connections, in all and by address;
//! - `rate` decides which datagrams of a session are within its rates, and its address's;
//! - `control` counts its control messages;
//! - `timeouts` says how long a session may last and how quiet it may be;
//! - `backlog` bounds the memory for clients that read slowly;
//! - `descriptors` asks the system for what all that needs, `sockets` bounds what sockets of pages take of it.
//!
//! What a limit means for a session that meets it stands with the other ends of sessions, in `relay/close.rs`.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wire::control::Limits;
use wire::limits::{MAX_CONTROL_BYTES, MAX_DATAGRAM_BYTES_IPV4};
use wire::sockets::refusal::Refusal;

mod backlog;
mod concurrency;
mod control;
mod descriptors;
mod rate;
mod settings;
mod sockets;
mod timeouts;

pub use backlog::BacklogPool;
pub(crate) use backlog::{BLOCK_BYTES, Backlog, OWN_CONTROL};
use concurrency::ConcurrencyLimiter;
pub(crate) use concurrency::Permit;
use control::ControlRate;
pub use descriptors::raise_descriptor_limit;
use rate::RateLimits;
pub(crate) use rate::{LimitExceeded, RateLimiter};
pub use settings::LimitSettings;
use sockets::SocketLimiter;
pub(crate) use sockets::SocketPermit;
pub(crate) use timeouts::Timeouts;

/// Connections that may be open besides the sessions there may be: pages being loaded, handshakes, goodbyes.
const MORE_CONNECTIONS: u32 = 1024;

/// The same for one address: a class that loads the page.
const MORE_CONNECTIONS_PER_ADDRESS: u32 = 256;

/// Handshakes of QUIC that may be under way at a time, and from one address.
const HANDSHAKES: (u32, u32) = (256, 128);

/// The limits in force, and the state that they need.
#[derive(Debug)]
pub struct Limiter {
    settings: LimitSettings,
    connections: Arc<ConcurrencyLimiter>,
    handshakes: Arc<ConcurrencyLimiter>,
    sessions: Arc<ConcurrencyLimiter>,
    sockets: SocketLimiter,
    backlog: BacklogPool,
}

/// Why there is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The host has as many as it takes.
    Host(u32),
    /// The address has as many as one may have.
    Address(u32),
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(most) => write!(
                f,
                "the host has {most} sessions, its limit; try again later"
            ),
            Self::Address(most) => {
                write!(f, "your address has {most} sessions, the limit; close one")
            }
        }
    }
}

impl Limiter {
    /// Puts these limits in force.
    pub fn new(settings: LimitSettings) -> Self {
        let (all, each) = (settings.max_sessions, settings.max_sessions_per_address);
        let with = |limit: u32, more: u32| limited(limit).map(|most| most.saturating_add(more));
        let connections = ConcurrencyLimiter::new(
            with(all, MORE_CONNECTIONS),
            with(each, MORE_CONNECTIONS_PER_ADDRESS),
            RateLimits::default(),
        );
        let (handshakes, each_handshakes) = HANDSHAKES;
        let handshakes = ConcurrencyLimiter::new(
            Some(handshakes),
            Some(each_handshakes),
            RateLimits::default(),
        );
        let shared = RateLimits {
            datagrams: settings.address_datagrams_per_second,
            bytes: settings.address_bytes_per_second,
        };
        let sessions = ConcurrencyLimiter::new(limited(all), limited(each), shared);
        Self {
            sockets: SocketLimiter::new(all),
            settings,
            connections: Arc::new(connections),
            handshakes: Arc::new(handshakes),
            sessions: Arc::new(sessions),
            backlog: BacklogPool::default(),
        }
    }

    /// The limits as clients learn them.
    pub fn announced(&self) -> Limits {
        let settings = &self.settings;
        let millis = |time: Duration| (!time.is_zero()).then_some(time.as_millis() as u64);
        Limits {
            datagram_bytes: MAX_DATAGRAM_BYTES_IPV4,
            message_bytes: settings.message_bytes as usize,
            control_bytes: MAX_CONTROL_BYTES,
            datagrams_per_second: limited(settings.datagrams_per_second),
            bytes_per_second: limited(settings.bytes_per_second),
            idle_ms: millis(settings.idle_timeout),
            lifetime_ms: millis(settings.max_lifetime),
            pong_ms: millis(settings.pong_timeout),
            control_per_second: limited(settings.control_per_second),
            sessions: limited(settings.max_sessions),
            sessions_per_address: limited(settings.max_sessions_per_address),
            address_datagrams_per_second: limited(settings.address_datagrams_per_second),
            address_bytes_per_second: limited(settings.address_bytes_per_second),
        }
    }

    /// How long sessions may last and how quiet they may be.
    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts::new(&self.settings)
    }

    /// The memory that sessions share for what waits for slow readers.
    pub(crate) fn backlog(&self) -> &BacklogPool {
        &self.backlog
    }

    /// Counts a new TCP connection in. `is_proxy` says that many clients stand behind the address.
    ///
    /// # Errors
    /// When there are too many already.
    pub(crate) fn admit_connection(&self, address: IpAddr, is_proxy: bool) -> Result<Permit, Full> {
        match is_proxy {
            true => self.connections.admit_proxy(address),
            false => self.connections.admit(address),
        }
    }

    /// Counts in a handshake of QUIC, which has shown that its address is its own; `None` when too many are under way.
    #[cfg(feature = "webtransport")]
    pub(crate) fn admit_handshake(&self, address: IpAddr) -> Option<Permit> {
        self.handshakes.admit(address).ok()
    }

    /// Handshakes of QUIC that are under way.
    pub(crate) fn handshakes(&self) -> u32 {
        self.handshakes.present()
    }

    /// Counts a new session in.
    ///
    /// # Errors
    /// When there are too many already.
    pub(crate) fn admit_session(&self, address: IpAddr) -> Result<Permit, Full> {
        self.sessions.admit(address)
    }

    /// Counts in one more socket of a page.
    ///
    /// # Errors
    /// When all sessions together have too many already.
    pub(crate) fn admit_socket(&self) -> Result<SocketPermit, Refusal> {
        self.sockets.admit()
    }

    /// Says whether a session from this address would find room now: a sentence about the limit that leaves none.
    pub(crate) fn lack_of_room(&self, address: IpAddr) -> Option<String> {
        let sessions = self.sessions.room(address).err();
        // Each session needs a connection. Behind a trusted proxy those count for the proxy.
        let connections = || self.connections.room(address).err();
        sessions.map(|full| full.to_string()).or_else(|| {
            connections().map(|_| "the host takes no more connections; try again later".to_owned())
        })
    }

    /// The rate limiter of an admitted session.
    pub(crate) fn rate_limiter(&self, permit: &Permit) -> RateLimiter {
        let own = RateLimits {
            datagrams: self.settings.datagrams_per_second,
            bytes: self.settings.bytes_per_second,
        };
        let control = ControlRate::new(self.settings.control_per_second);
        let shared = Arc::clone(permit.rates());
        RateLimiter::new(own, shared, self.settings.flood_time, control)
    }

    /// The settings that the limits were made of.
    pub(crate) fn settings(&self) -> &LimitSettings {
        &self.settings
    }

    /// TCP connections that are open, those of sessions included.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.present()
    }

    /// Whether the host has no room for one more session.
    pub(crate) fn is_full(&self) -> bool {
        self.sessions.is_full()
    }
}

/// A setting's limit; 0 sets none.
pub(crate) fn limited(setting: u32) -> Option<u32> {
    (setting > 0).then_some(setting)
}
