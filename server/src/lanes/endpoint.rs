//! Where QUIC arrives: addresses are validated, handshakes are bounded in number and time, and a request with a token becomes a lane.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use socket2::{Domain, SockRef, Socket, Type};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use wtransport::config::QuicTransportConfig;
use wtransport::endpoint::endpoint_side::Server;
use wtransport::endpoint::{IncomingSession, SessionRequest};
use wtransport::error::ConnectionError;
use wtransport::quinn::{IdleTimeout, VarInt as QuicVarInt};
use wtransport::{Connection, ServerConfig, VarInt};

use super::certificate::{Certificate, Source};
use super::settings::LaneSettings;
use super::{Arrival, Lane, LaneConnection, LanePlace, Lanes, PATH, Progress, Shown};
use crate::cause::{Listening, SocketKind, cannot_listen};
use crate::limits::Limiter;
use crate::log::Throttle;
use crate::metrics::add;

/// How long a lane may be silent: QUIC asks for a sign of life well before.
const IDLE: Duration = Duration::from_secs(30);

/// How often QUIC asks, so that firewalls do not forget the way.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Streams that a client may open: those of HTTP/3, and the request. No lane has others.
const STREAMS: u32 = 4;

/// Bytes that a stream may bring before the host has read them: a request has a few hundred.
const STREAM_BYTES: u32 = 16 * 1024;

/// Bytes of datagrams that wait in QUIC for a session, or for the network. What is more is dropped.
const WAITING_BYTES: usize = 128 * 1024;

/// Datagrams that wait between QUIC and a session.
const WAITING_DATAGRAMS: usize = 64;

/// First packets that wait to be looked at, and the bytes that they have together.
const WAITING_FIRST: (usize, u64) = (1024, 2 << 20);

/// How long a stopping endpoint waits for its connections to hear of it.
const GOODBYE: Duration = Duration::from_secs(1);

/// The endpoint of all lanes.
pub(crate) struct Endpoint {
    quic: wtransport::Endpoint<Server>,
    lanes: Arc<Lanes>,
    source: Source,
    shown: watch::Sender<Shown>,
    bound: SocketAddr,
}

impl Endpoint {
    /// Binds it, and reads or makes its certificate. The page has the address `page`.
    ///
    /// # Errors
    /// An address that is taken, or a certificate that cannot be read: names it, and the flag to change.
    pub(crate) async fn bind(
        settings: &LaneSettings,
        page: IpAddr,
    ) -> anyhow::Result<Option<Self>> {
        let Some(bind) = settings.bind else {
            return Ok(None);
        };
        let address = bind.of(page);
        let socket = socket(address).map_err(|error| {
            let listening = Listening {
                who: "the lanes",
                socket: SocketKind::Udp,
                address,
                otherwise: "choose another address with --webtransport",
            };
            cannot_listen(listening, error.into())
        })?;
        let bound = socket
            .local_addr()
            .context("read the address of the lanes")?;
        let mut source = match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => Source::files(certificate.clone(), key.clone()),
            _ => Source::own(names(settings, bound)),
        };
        let first = source.next().await?;
        let first = first.context("there is no certificate for the lanes")?;
        let (shown, seen) = watch::channel(first.shown.clone());
        let quic =
            wtransport::Endpoint::server(config(first, Some(socket))).context("start the lanes")?;
        let lanes = Arc::new(Lanes::new(place(settings, bound), seen));
        Ok(Some(Self {
            quic,
            lanes,
            source,
            shown,
            bound,
        }))
    }

    /// The lanes that come by it.
    pub(crate) fn lanes(&self) -> Arc<Lanes> {
        Arc::clone(&self.lanes)
    }

    /// The address that it is bound to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.bound
    }

    /// Takes lanes, and renews the certificate, until `stop`.
    pub(crate) async fn run(mut self, host: Arc<impl LaneHost>, stop: CancellationToken) {
        let look = self.source.look();
        let mut looks = tokio::time::interval(look);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                incoming = self.quic.accept() => self.take(incoming, &host),
                _ = looks.tick() => self.renew().await,
                () = stop.cancelled() => break,
            }
        }
        // Nobody accepts any more: the endpoint must not be asked for more once it is closed.
        self.quic.close(code(1001), b"the host stops");
        let _ = tokio::time::timeout(GOODBYE, self.quic.wait_idle()).await;
    }

    /// Looks at a first packet: its sender must show that it hears answers, and not have too many handshakes under way.
    fn take(&self, incoming: IncomingSession, host: &Arc<impl LaneHost>) {
        let client = incoming.remote_address().ip().to_canonical();
        if !incoming.remote_address_validated() {
            self.lanes.handshakes.note(client, Progress::Begun);
            incoming.retry();
            return;
        }
        let counters = &self.lanes.counters;
        let Some(permit) = host.limits().admit_handshake(client) else {
            add(&counters.crowded, 1);
            let why = "too many handshakes were under way at once; try again".to_owned();
            self.lanes.handshakes.note(client, Progress::Failed(why));
            incoming.refuse();
            return;
        };
        let (lanes, host) = (self.lanes(), Arc::clone(host));
        tokio::spawn(async move {
            let limit = host.limits().settings().handshake_timeout;
            let outcome = tokio::time::timeout(limit, join(incoming, &lanes)).await;
            let progress = match &outcome {
                Ok(Ok(_)) => Progress::Joined,
                Ok(Err(NotJoined::Handshake(error))) => Progress::Failed(error.to_string()),
                Ok(Err(NotJoined::Request(why, _))) => Progress::Refused(why.clone()),
                Err(_) => Progress::Failed(format!("it was not through within {limit:?}")),
            };
            let counter: &AtomicU64 = match &progress {
                Progress::Joined => &lanes.counters.joined,
                Progress::Refused(_) => &lanes.counters.refused,
                _ => &lanes.counters.failed,
            };
            add(counter, 1);
            if let Progress::Refused(why) | Progress::Failed(why) = &progress
                && host.throttle().admits()
            {
                tracing::info!(%client, why, "no lane");
            }
            // Before the client learns it, on whatever thread its session is: it may ask at once.
            lanes.handshakes.note(client, progress);
            match outcome {
                Ok(Ok((session, lane))) => {
                    // From here on it counts for its session.
                    drop(permit);
                    drop(session.send(lane));
                }
                Ok(Err(NotJoined::Request(_, Some(request)))) => {
                    // A client that does not take the answer is not waited for.
                    let _ = tokio::time::timeout(limit, request.forbidden()).await;
                }
                _ => {}
            }
        });
    }

    /// Shows another certificate if it is time. What is wrong with files is logged, and the last one stays.
    async fn renew(&mut self) {
        let certificate = match self.source.next().await {
            Ok(None) => return,
            Ok(Some(certificate)) => certificate,
            Err(error) => {
                tracing::warn!("the certificate of the lanes stays as it is: {error:#}");
                return;
            }
        };
        let mut shown = certificate.shown.clone();
        // Who has an offer by the last one may come in the same moment.
        let last = self.shown.borrow().hashes.first().cloned();
        shown.hashes.extend(last);
        if let Err(error) = self.quic.reload_config(config(certificate, None), false) {
            tracing::warn!(%error, "the certificate of the lanes stays as it is");
            return;
        }
        tracing::info!("the lanes have a new certificate");
        self.shown.send_replace(shown);
    }
}

/// What the endpoint uses of the host.
pub(crate) trait LaneHost: Send + Sync + 'static {
    /// The limits in force.
    fn limits(&self) -> &Limiter;

    /// How much of what strangers cause is logged.
    fn throttle(&self) -> &Throttle;
}

/// Why a connection did not become a lane.
enum NotJoined {
    /// In QUIC, TLS or HTTP.
    Handshake(ConnectionError),
    /// The request is refused for this reason, and to be answered if it is still there.
    Request(String, Option<Box<SessionRequest>>),
}

impl From<ConnectionError> for NotJoined {
    fn from(error: ConnectionError) -> Self {
        Self::Handshake(error)
    }
}

/// From a handshake to a lane, and the place for it at its session.
async fn join(
    incoming: IncomingSession,
    lanes: &Lanes,
) -> Result<(mpsc::OwnedPermit<Lane>, Lane), NotJoined> {
    let request = incoming.await?;
    let session = match session_of(&request, lanes) {
        Ok(session) => session,
        Err(why) => return Err(NotJoined::Request(why, Some(Box::new(request)))),
    };
    let connection = request.accept().await?;
    let (arriving, arrivals) = mpsc::channel(WAITING_DATAGRAMS);
    let lane = Lane::new(Box::new(QuicConnection(connection.clone())), arrivals);
    tokio::spawn(receive(connection, arriving));
    let place = session.try_reserve_owned();
    let place = place.map_err(|_| NotJoined::Request("its session has ended".to_owned(), None))?;
    Ok((place, lane))
}

/// The session whose token a request has.
fn session_of(request: &SessionRequest, lanes: &Lanes) -> Result<mpsc::Sender<Lane>, String> {
    let (path, query) = request.path().split_once('?').unwrap_or_default();
    let token = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("token="));
    let token = match token {
        Some(token) if path == PATH => token,
        _ => return Err(format!("it asked for no {PATH} with a token")),
    };
    let redeemed = lanes.redeem(token, request.origin(), request.authority());
    redeemed.map_err(|no_lane| no_lane.to_string())
}

/// Hands over what arrives, until the connection or the session ends.
async fn receive(connection: Connection, arriving: mpsc::Sender<Arrival>) {
    loop {
        let received = tokio::select! {
            received = connection.receive_datagram() => received,
            () = arriving.closed() => return,
        };
        let arrival = match received {
            Ok(datagram) => Arrival::Datagram(datagram.payload()),
            Err(error) => closed(&error),
        };
        let is_last = matches!(arrival, Arrival::Closed(..));
        if arriving.send(arrival).await.is_err() || is_last {
            return;
        }
    }
}

/// The end of a lane that was not ours, as its session tells it.
fn closed(error: &ConnectionError) -> Arrival {
    match error {
        ConnectionError::ApplicationClosed(_) | ConnectionError::ConnectionClosed(_) => {
            Arrival::Closed(0, "the client closed it".to_owned())
        }
        ConnectionError::TimedOut => {
            let why = format!("nothing has come from the client for {IDLE:?}");
            Arrival::Closed(4404, why)
        }
        other => Arrival::Closed(1002, format!("the connection broke: {other}")),
    }
}

/// A connection of QUIC, as a session uses it.
#[derive(Debug)]
struct QuicConnection(Connection);

impl LaneConnection for QuicConnection {
    fn datagram_bytes(&self) -> usize {
        self.0.max_datagram_size().unwrap_or_default()
    }

    fn send(&self, message: Vec<u8>) -> bool {
        let room = self.0.quic_connection().datagram_send_buffer_space();
        message.len() <= room && self.0.send_datagram(message).is_ok()
    }

    fn close(&self, close_code: u16, why: &str) {
        self.0.close(code(close_code), why.as_bytes());
    }
}

fn code(code: u16) -> VarInt {
    VarInt::from_u32(code.into())
}

/// Everything that QUIC is told.
fn config(certificate: Certificate, socket: Option<std::net::UdpSocket>) -> ServerConfig {
    let mut transport = QuicTransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::from(QuicVarInt::from_u32(
            IDLE.as_millis() as u32,
        ))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(STREAMS.into())
        .stream_receive_window(STREAM_BYTES.into())
        .receive_window((STREAM_BYTES * STREAMS).into())
        .datagram_receive_buffer_size(Some(WAITING_BYTES))
        .datagram_send_buffer_size(WAITING_BYTES);
    let builder = ServerConfig::builder();
    let builder = match socket {
        Some(socket) => builder.with_bind_socket(socket),
        // A reload leaves the socket as it is.
        None => builder.with_bind_default(0),
    };
    let mut config = builder
        .with_custom_tls_and_transport(certificate.tls, transport)
        .build();
    let (packets, bytes) = WAITING_FIRST;
    config
        .quic_config_mut()
        .max_incoming(packets)
        .incoming_buffer_size(u64::from(STREAM_BYTES))
        .incoming_buffer_size_total(bytes);
    config
}

/// A socket on this address; on `[::]` it takes IPv4, too.
fn socket(address: SocketAddr) -> std::io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        SockRef::from(&socket).set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The names in a certificate of the host's own. Who takes it by its hash looks at none of them.
fn names(settings: &LaneSettings, bound: SocketAddr) -> Vec<String> {
    let url = settings.url.as_ref().and_then(|url| url.host());
    let bound = Some(bound.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    own.into_iter()
        .chain(bound.map(|ip| ip.to_string()))
        .chain(url)
        .collect()
}

/// What pages are told of the way.
fn place(settings: &LaneSettings, bound: SocketAddr) -> LanePlace {
    if let Some(url) = &settings.url {
        return LanePlace::Url(url.as_str().to_owned());
    }
    // A certificate from a file has names, and no address.
    match bound.ip().is_unspecified() || settings.certificate.is_some() {
        true => LanePlace::Port(bound.port()),
        false => LanePlace::Url(format!("https://{bound}{PATH}")),
    }
}
