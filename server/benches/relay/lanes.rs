//! The second lane beside the WebSocket: round trips, processor time, and many lanes at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use serde_json::{Value, json};
use test_support::client::Client;
use wire::lane::{message, parse};
use wtransport::endpoint::{ConnectOptions, endpoint_side};
use wtransport::tls::Sha256Digest;
use wtransport::{ClientConfig, Connection, Endpoint};

use crate::process::{Program, kernel_drops};
use crate::relays::NO_LIMITS;
use crate::report::middle;

/// Bytes of a payload: the tutorial's message has as many.
const SIZE: usize = 42;

/// As often as a page says which answers came.
const REPORT: Duration = Duration::from_millis(50);

/// Addresses from which many lanes come, for the host counts the handshakes of each.
const SOURCES: usize = 20;

/// Sessions that get their lanes at a time.
const AT_ONCE: usize = 64;

/// Lanes that one page opens at once, all in the same moment.
const BURST: usize = 100;

/// How long the answer to one datagram may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Lanes {
    pub(crate) trips: Vec<Trips>,
    pub(crate) many: Vec<Many>,
}

/// Round trips of one datagram after the other.
#[derive(Debug, Serialize)]
pub(crate) struct Trips {
    pub(crate) what: &'static str,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the host, which is relay and echo server, for each.
    pub(crate) cpu_us: f64,
    pub(crate) lost: usize,
}

/// Lanes that are open at once.
#[derive(Debug, Serialize)]
pub(crate) struct Many {
    pub(crate) what: String,
    pub(crate) asked: usize,
    pub(crate) opened: usize,
    /// Lanes through which an echo came while all of them were open.
    pub(crate) echoed: usize,
    pub(crate) seconds: f64,
    pub(crate) kib_each: f64,
    pub(crate) kernel_drops: u64,
    /// What was said of those that did not open, once each.
    pub(crate) refused: Vec<String>,
}

/// A session with a lane, and what keeps that alive.
struct Page {
    socket: Client,
    lane: Connection,
    _endpoint: Endpoint<endpoint_side::Client>,
}

/// A session, and what it is offered.
async fn session(http: SocketAddr, from: IpAddr) -> (Client, Value) {
    let mut socket = Client::connect_from(from, http, "/relay").await;
    let offer = socket.told("hello").await["lane"].take();
    (socket, offer)
}

/// Opens the lane of an offer from this address.
async fn open(
    offer: &Value,
    from: IpAddr,
) -> Result<(Connection, Endpoint<endpoint_side::Client>), String> {
    let text = |field: &str| offer[field].as_str().unwrap();
    let hashes = offer["hashes"].as_array().unwrap().iter().map(|hash| {
        let hash = hash.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap();
        Sha256Digest::new(std::array::from_fn(byte))
    });
    let config = ClientConfig::builder()
        .with_bind_address((from, 0).into())
        .with_server_certificate_hashes(hashes.collect::<Vec<_>>())
        .build();
    let endpoint = Endpoint::client(config).map_err(|error| error.to_string())?;
    let url = format!("{}?token={}", text("url"), text("token"));
    let connecting = endpoint.connect(ConnectOptions::builder(url).build());
    let lane = connecting.await.map_err(|error| error.to_string())?;
    Ok((lane, endpoint))
}

/// Measures round trips by both lanes, then opens `sessions` lanes.
pub(crate) fn run(sessions: usize, rounds: usize, time: Duration) -> Lanes {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = [
        &NO_LIMITS,
        &["--webtransport", "127.0.0.1:0", "--allow-origin", "missing"][..],
    ]
    .concat();
    let (host, http, _) = Program::host(&settings);
    let mut all = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        all[0].push(runtime.block_on(by_websocket(&host, http, time)));
        all[1].push(runtime.block_on(by_lane(&host, http, time)));
    }
    let [websocket, lane] = all;
    let trips = vec![
        median("WebSocket", &websocket),
        median("WebTransport", &lane),
    ];
    drop(host);
    // A host of its own for each: what is allocated once for many is a part of what they cost.
    let many =
        [(BURST, 1, BURST), (sessions, SOURCES, AT_ONCE)].map(|(asked, sources, at_once)| {
            let (host, http, _) = Program::host(&settings);
            runtime.block_on(many(&host, http, asked, sources, at_once))
        });
    Lanes {
        trips,
        many: many.into(),
    }
}

fn median(what: &'static str, rounds: &[Trips]) -> Trips {
    let of = |figure: fn(&Trips) -> f64| middle(rounds.iter().map(figure).collect());
    Trips {
        what,
        p50_us: of(|round| round.p50_us),
        p99_us: of(|round| round.p99_us),
        cpu_us: of(|round| round.cpu_us),
        lost: rounds.iter().map(|round| round.lost).sum(),
    }
}

async fn by_websocket(host: &Program, http: SocketAddr, time: Duration) -> Trips {
    let (mut socket, _) = session(http, Ipv4Addr::LOCALHOST.into()).await;
    let before = host.cpu();
    let started = Instant::now();
    let mut trips = Vec::new();
    while started.elapsed() < time {
        let sent = Instant::now();
        socket.send(&[b'x'; SIZE]).await;
        socket.datagram().await;
        trips.push(sent.elapsed());
    }
    figures("WebSocket", host.cpu() - before, trips, 0)
}

async fn by_lane(host: &Program, http: SocketAddr, time: Duration) -> Trips {
    let from = Ipv4Addr::LOCALHOST.into();
    let (mut socket, offer) = session(http, from).await;
    let (lane, _endpoint) = open(&offer, from).await.unwrap();
    let before = host.cpu();
    let started = Instant::now();
    let mut reported = Instant::now();
    let (mut trips, mut lost) = (Vec::new(), 0);
    // The first and the last answer since the last report.
    let mut received: Option<[u64; 2]> = None;
    let mut number = 0;
    while started.elapsed() < time {
        number += 1;
        let sent = Instant::now();
        lane.send_datagram(message(number, &[b'x'; SIZE])).unwrap();
        match tokio::time::timeout(PATIENCE, lane.receive_datagram()).await {
            Ok(answer) => {
                trips.push(sent.elapsed());
                let (answer, _) = parse(&answer.unwrap().payload()).unwrap();
                received.get_or_insert([answer, answer])[1] = answer;
            }
            Err(_) => lost += 1,
        }
        if reported.elapsed() >= REPORT {
            let received = received.take();
            let report = json!({ "lane": { "report": { "sent": number, "received": received.as_slice() } } });
            socket.send_text(&report.to_string()).await;
            socket.read_what_is_there().await;
            reported = Instant::now();
        }
    }
    figures("WebTransport", host.cpu() - before, trips, lost)
}

fn figures(what: &'static str, cpu: Duration, mut trips: Vec<Duration>, lost: usize) -> Trips {
    trips.sort_unstable();
    let at = |share: f64| trips[(share * (trips.len() - 1) as f64) as usize].as_secs_f64() * 1e6;
    Trips {
        what,
        p50_us: at(0.5),
        p99_us: at(0.99),
        cpu_us: cpu.as_secs_f64() * 1e6 / trips.len() as f64,
        lost,
    }
}

/// Opens so many lanes, `at_once` of them in the same moment, and sends a datagram through each while all are open.
async fn many(
    host: &Program,
    http: SocketAddr,
    asked: usize,
    sources: usize,
    at_once: usize,
) -> Many {
    let before = (host.resident(), kernel_drops());
    let started = Instant::now();
    let source = |number: usize| IpAddr::from([127, 0, 1, (number % sources) as u8 + 1]);
    let mut pages = Vec::new();
    let mut refused = Vec::new();
    for first in (0..asked).step_by(at_once) {
        let batch = first..asked.min(first + at_once);
        // Sessions first: then their lanes begin in the same moment.
        let sessions = stream::iter(batch)
            .map(|number| async move { (session(http, source(number)).await, source(number)) });
        let sessions: Vec<_> = sessions.buffer_unordered(AT_ONCE).collect().await;
        let opening = sessions.into_iter().map(async |((socket, offer), from)| {
            let opened = open(&offer, from).await;
            opened.map(|(lane, _endpoint)| Page {
                socket,
                lane,
                _endpoint,
            })
        });
        for opened in join_all(opening).await {
            match opened {
                Ok(page) => pages.push(page),
                Err(why) => refused.push(why),
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    // A thousand in one moment would measure the receive buffer of one UDP socket.
    let echoes = stream::iter(&mut pages).map(|page| async {
        page.lane.send_datagram(message(1, &[b'x'; SIZE])).unwrap();
        let answer = tokio::time::timeout(PATIENCE, page.lane.receive_datagram()).await;
        page.socket.read_what_is_there().await;
        matches!(answer, Ok(Ok(_)))
    });
    let echoes = echoes.buffer_unordered(AT_ONCE);
    let echoed = echoes
        .filter(|came| std::future::ready(*came))
        .count()
        .await;
    let kib = (host.resident() - before.0) as f64 / 1024.0;
    let kernel_drops = kernel_drops() - before.1;
    refused.sort();
    refused.dedup();
    Many {
        what: format!("{asked} from {sources} addresses, {at_once} at a time"),
        asked,
        opened: pages.len(),
        echoed,
        seconds,
        kib_each: kib / pages.len().max(1) as f64,
        kernel_drops,
        refused,
    }
}
