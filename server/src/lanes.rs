//! Lanes: WebTransport sessions whose datagrams carry datagrams of a session of `/relay`, beside its WebSocket.
//!
//! ```text
//!            hello: URL, hashes, token
//! session ─────────────────────────────▶ page
//!    ▲                                     │ WebTransport: URL and token
//!    └──── Lane ◀── Lanes ◀── endpoint ◀───┘
//! ```
//!
//! - [`Lanes`]: what is offered, and the tokens that wait for somebody to come with them;
//! - [`Lane`]: one that has come, as its session uses it;
//! - `handshakes`: what the host saw of those that did not get so far;
//! - `settings`: the flags; `certificate`: what the host shows; `endpoint`: where QUIC arrives.
//!
//! The session knows nothing of QUIC: without the feature `webtransport` all of this is here but the last three, and nobody offers a
//! lane.

// Without the feature nobody opens one.
#![cfg_attr(not(feature = "webtransport"), allow(dead_code, unused_imports))]

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use wire::lane::{HEADER_BYTES, Offer, TOKEN_MS};

use crate::name;
use crate::token::{Digest, Token};

#[cfg(feature = "webtransport")]
mod certificate;
#[cfg(feature = "webtransport")]
mod endpoint;
mod handshakes;
#[cfg(feature = "webtransport")]
mod settings;

#[cfg(feature = "webtransport")]
pub(crate) use endpoint::{Endpoint, LaneHost};
pub(crate) use handshakes::{Handshakes, Progress};
#[cfg(feature = "webtransport")]
pub use settings::LaneSettings;

/// Payload bytes of a datagram that fit the lane on any path: QUIC's least packet (1,200 bytes, RFC 9000, section 14) without what
/// QUIC, HTTP and the number take of it.
const DATAGRAM_BYTES: usize = 1100;

/// Where lanes are, on whichever name and port.
pub(crate) const PATH: &str = "/lane";

/// The lanes that sessions may have.
#[derive(Debug)]
pub struct Lanes {
    place: LanePlace,
    shown: watch::Receiver<Shown>,
    waiting: Mutex<HashMap<Digest, Waiting>>,
    /// How far clients came that tried to open one.
    pub(crate) handshakes: Handshakes,
    /// What is counted.
    pub(crate) counters: LaneCounters,
}

/// What pages are told of the way to the lanes.
#[derive(Debug, Clone)]
pub(crate) enum LanePlace {
    /// This URL, whatever the page calls the host.
    Url(String),
    /// This port of the host, by the name by which the page calls it.
    Port(u16),
}

/// What pages are told of the certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// SHA-256 of those that may be shown, in hexadecimal digits; empty when an authority vouches for it.
    pub(crate) hashes: Vec<String>,
    /// When it ends, in seconds since the Unix epoch.
    pub(crate) expires: Option<u64>,
}

/// What is counted of all lanes, for the metrics.
#[derive(Debug, Default)]
pub(crate) struct LaneCounters {
    /// Handshakes that were refused, for there were too many at once.
    pub(crate) crowded: AtomicU64,
    /// Those that failed, or were not through in time.
    pub(crate) failed: AtomicU64,
    /// Requests that were refused: the token, the origin or the name was not right.
    pub(crate) refused: AtomicU64,
    /// Lanes that joined their session.
    pub(crate) joined: AtomicU64,
}

/// A session that waits for a lane.
#[derive(Debug)]
struct Waiting {
    origin: Option<String>,
    url: String,
    until: Instant,
    joined: mpsc::Sender<Lane>,
}

/// A lane that has come, in the hands of its session. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Lane {
    connection: Box<dyn LaneConnection>,
    /// What arrives on it.
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    is_closed: bool,
}

/// What arrives on a lane.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A datagram with its header, or whatever a client sends in place of it.
    Datagram(Bytes),
    /// The end, as code and sentence; nothing comes after it.
    Closed(u16, String),
}

/// What a session needs of a lane's connection.
pub(crate) trait LaneConnection: Send + Sync + fmt::Debug {
    /// Bytes that a datagram carries as of now, header included.
    fn datagram_bytes(&self) -> usize;

    /// Sends a datagram, or says that there is no room for it.
    fn send(&self, message: Vec<u8>) -> bool;

    /// Closes it; the client is told code and sentence.
    fn close(&self, code: u16, why: &str);
}

/// The offer that a session has made: while it is kept, somebody may come with its token.
#[derive(Debug)]
pub(crate) struct Offered {
    lanes: Arc<Lanes>,
    digest: Digest,
}

/// Why nobody gets a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLane {
    /// The token is none, or was used, or its session has ended.
    Token,
    /// The token's time is over.
    Late,
    /// The page is not the one that was given the token.
    Origin,
    /// The request calls the host by another name than the offer did.
    Host,
}

impl fmt::Display for NoLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "its token is not valid here: it was used before, its session has ended, or it is another host's",
            Self::Late => "its token had been valid for 10 seconds, and they were over",
            Self::Origin => "its page is not the one that was given the token",
            Self::Host => "it called the host by another name or port than the offer",
        })
    }
}

impl Lanes {
    /// Lanes at this place, with the certificate that is `shown`.
    pub(crate) fn new(place: LanePlace, shown: watch::Receiver<Shown>) -> Self {
        Self {
            place,
            shown,
            waiting: Mutex::default(),
            handshakes: Handshakes::default(),
            counters: LaneCounters::default(),
        }
    }

    /// Makes an offer to a page of this `origin`, which `called` the host so. Whoever comes with its token is handed to `joined`.
    ///
    /// `None` when the system has no random bytes.
    pub(crate) fn offer(
        self: &Arc<Self>,
        origin: Option<&str>,
        called: Option<&str>,
        joined: &mpsc::Sender<Lane>,
    ) -> Option<(Offer, Offered)> {
        let token = Token::draw().ok()?;
        let digest = token.digest();
        let url = self.url(called);
        let waiting = Waiting {
            origin: origin.map(str::to_owned),
            url: url.clone(),
            until: Instant::now() + Duration::from_millis(TOKEN_MS),
            joined: joined.clone(),
        };
        self.waiting().insert(digest, waiting);
        let shown = self.shown.borrow().clone();
        let offer = Offer {
            url,
            token: token.reveal(),
            token_ms: TOKEN_MS,
            hashes: shown.hashes,
            expires: shown.expires,
            datagram_bytes: DATAGRAM_BYTES,
        };
        let lanes = Arc::clone(self);
        Some((offer, Offered { lanes, digest }))
    }

    /// What a page's policy has to say in `connect-src`, so that the page may open one.
    pub(crate) fn policy(&self) -> String {
        let place = match &self.place {
            LanePlace::Url(url) => url.trim_end_matches(PATH).to_owned(),
            LanePlace::Port(port) => format!("https://*:{port}"),
        };
        match self.shown.borrow().hashes.is_empty() {
            true => format!(" {place}"),
            false => format!(" {place} 'unsafe-webtransport-hashes'"),
        }
    }

    /// Tells when the certificate changes.
    pub(crate) fn shown(&self) -> watch::Receiver<Shown> {
        self.shown.clone()
    }

    /// Takes the place of a token: it is good once, whatever comes of it.
    ///
    /// # Errors
    /// Why nobody gets a lane for it.
    pub(crate) fn redeem(
        &self,
        token: &str,
        origin: Option<&str>,
        authority: &str,
    ) -> Result<mpsc::Sender<Lane>, NoLane> {
        let digest = Token::read(token).ok_or(NoLane::Token)?.digest();
        let waiting = self.waiting().remove(&digest).ok_or(NoLane::Token)?;
        if waiting.until < Instant::now() {
            return Err(NoLane::Late);
        }
        if waiting.origin.as_deref() != origin {
            return Err(NoLane::Origin);
        }
        if !is_at(&waiting.url, authority) {
            return Err(NoLane::Host);
        }
        Ok(waiting.joined)
    }

    /// Handshakes that ended: joined, refused, failed, crowded.
    pub(crate) fn ended(&self) -> [u64; 4] {
        let LaneCounters {
            crowded,
            failed,
            refused,
            joined,
        } = &self.counters;
        [joined, refused, failed, crowded].map(|counter| counter.load(Ordering::Relaxed))
    }

    /// What was seen of the last attempt from this address, as a sentence for the reader.
    pub(crate) fn last_attempt(&self, client: IpAddr, called: Option<&str>) -> (Progress, String) {
        self.handshakes.last(client, &self.url(called))
    }

    /// Tokens that wait for somebody.
    #[cfg(test)]
    pub(crate) fn tokens(&self) -> usize {
        self.waiting().len()
    }

    fn url(&self, called: Option<&str>) -> String {
        let port = match &self.place {
            LanePlace::Url(url) => return url.clone(),
            LanePlace::Port(port) => port,
        };
        let called = called.and_then(|called| url::Url::parse(&format!("http://{called}")).ok());
        let host = called.as_ref().and_then(url::Url::host_str);
        // Browsers try `::1` first, and give up there.
        let host = host.filter(|host| !name::is_localhost(host));
        format!("https://{}:{port}{PATH}", host.unwrap_or("127.0.0.1"))
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Digest, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a URL has this name and port.
fn is_at(url: &str, authority: &str) -> bool {
    let asked = url::Url::parse(&format!("https://{authority}"));
    let offered = url::Url::parse(url);
    matches!((offered, asked), (Ok(offered), Ok(asked)) if offered.origin() == asked.origin())
}

impl Drop for Offered {
    fn drop(&mut self) {
        self.lanes.waiting().remove(&self.digest);
    }
}

impl Lane {
    /// A lane on this connection.
    pub(crate) fn new(
        connection: Box<dyn LaneConnection>,
        arrivals: mpsc::Receiver<Arrival>,
    ) -> Self {
        Self {
            connection,
            arrivals,
            is_closed: false,
        }
    }

    /// Most payload bytes of a datagram as of now.
    pub(crate) fn payload_bytes(&self) -> usize {
        let bytes = self.connection.datagram_bytes();
        bytes.saturating_sub(HEADER_BYTES)
    }

    /// Sends the answer with this number, or says that there is no room for it.
    pub(crate) fn send(&self, number: u64, payload: &[u8]) -> bool {
        self.connection.send(wire::lane::message(number, payload))
    }

    /// Closes it; the client is told code and sentence.
    pub(crate) fn close(mut self, code: u16, why: &str) {
        self.is_closed = true;
        self.connection.close(code, why);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.is_closed {
            self.connection.close(1001, "the session has ended");
        }
    }
}

#[cfg(test)]
mod tests;
