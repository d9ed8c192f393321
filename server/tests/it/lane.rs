//! The second lane of a session, as a client of another make meets it: `wtransport`'s own.
//!
//! - here: datagrams both ways, and what becomes of them;
//! - `misuse`: tokens, numbers and handshakes that are not what they should be; `ends`: how lanes and sessions end.

use std::time::Instant;

use serde_json::{Value, json};
use test_support::client::Client;
use test_support::host::{TestServer, get};
use test_support::soon;
use wire::lane::FIRST_ANSWER;
use wtransport::endpoint::{ConnectOptions, endpoint_side};
use wtransport::error::ConnectingError;
use wtransport::tls::Sha256Digest;
use wtransport::{ClientConfig, Connection, Endpoint};

mod ends;
mod misuse;

const LANES: [&str; 2] = ["--webtransport", "127.0.0.1:0"];

/// The page that all these sessions come from.
const ORIGIN: &str = "http://127.0.0.1:8000";

/// A session, and the lane that it may open.
struct Page {
    socket: Client,
    offer: Value,
    /// Keeps the connection alive.
    endpoint: Option<Endpoint<endpoint_side::Client>>,
}

async fn host(arguments: &[&str]) -> TestServer {
    TestServer::start(&[&LANES, arguments].concat()).await
}

impl Page {
    async fn open(host: &TestServer) -> Self {
        let mut socket = Client::connect_with(&host.ws("/relay"), &[("origin", ORIGIN)]).await;
        let offer = socket.told("hello").await["lane"].take();
        Self {
            socket,
            offer,
            endpoint: None,
        }
    }

    /// A session with its lane open.
    async fn with_lane(host: &TestServer) -> (Self, Connection) {
        let mut page = Self::open(host).await;
        let lane = page.lane().await.expect("the token is good");
        page.told("opened").await;
        (page, lane)
    }

    async fn lane(&mut self) -> Result<Connection, ConnectingError> {
        let url = url(&self.offer);
        self.lane_at(&url, Some(ORIGIN)).await
    }

    async fn lane_at(
        &mut self,
        url: &str,
        origin: Option<&str>,
    ) -> Result<Connection, ConnectingError> {
        let endpoint = Endpoint::client(trusting(&self.offer)).unwrap();
        let mut options = ConnectOptions::builder(url);
        if let Some(origin) = origin {
            options = options.add_header("origin", origin);
        }
        let connecting = endpoint.connect(options.build());
        let lane = soon("the answer to a request for a lane", connecting).await;
        self.endpoint = Some(endpoint);
        lane
    }

    /// What the host says next of lanes, under this name.
    async fn told(&mut self, name: &str) -> Value {
        let is_it = |text: &Value| !text["lane"][name].is_null();
        let mut text = self.socket.told_first(is_it).await;
        text["lane"][name].take()
    }

    async fn asks(&mut self, request: Value) {
        let text = json!({ "lane": request }).to_string();
        self.socket.send_text(&text).await;
    }

    async fn reports(&mut self, report: Value) {
        self.asks(json!({ "report": report })).await;
    }

    async fn counters(&mut self) -> Value {
        self.socket.send_text("\"counters\"").await;
        self.socket.told("counters").await
    }

    /// Waits for the end of a datagram's way, and returns what happened on it.
    async fn way(&mut self, id: u64, last: &str) -> Vec<Value> {
        self.socket.way(id, last).await;
        let mine = self.socket.events().iter().filter(|event| event.1 == id);
        mine.map(|(_, _, what)| what.clone()).collect()
    }
}

fn url(offer: &Value) -> String {
    let text = |field: &str| offer[field].as_str().unwrap().to_owned();
    format!("{}?token={}", text("url"), text("token"))
}

/// A client that takes the certificates of the offer, and no others.
fn trusting(offer: &Value) -> ClientConfig {
    let hashes = offer["hashes"].as_array().unwrap().iter().map(|hash| {
        let hash = hash.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap();
        Sha256Digest::new(std::array::from_fn(byte))
    });
    ClientConfig::builder()
        .with_bind_address("127.0.0.1:0".parse().unwrap())
        .with_server_certificate_hashes(hashes.collect::<Vec<_>>())
        .build()
}

fn send(lane: &Connection, number: u64, payload: &[u8]) {
    let message = wire::lane::message(number, payload);
    lane.send_datagram(message).unwrap();
}

/// Number and payload of the next answer on the lane.
async fn answer(lane: &Connection) -> (u64, Vec<u8>) {
    let message = soon("an answer on the lane", lane.receive_datagram()).await;
    let (number, payload) = wire::lane::parse(&message.unwrap().payload()).unwrap();
    (number, payload.to_vec())
}

async fn metric(host: &TestServer, series: &str) -> u64 {
    let value = test_support::host::metric(host.http(), series).await;
    value.expect("the metric is there")
}

#[tokio::test]
async fn a_datagram_goes_there_and_back_by_the_lane_and_counts_when_the_client_has_it() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    send(&lane, 1, b"by the lane");
    assert_eq!(answer(&lane).await, (FIRST_ANSWER, b"by the lane".to_vec()));
    let counters = page.counters().await;
    assert_eq!(
        (&counters["echoed"], &counters["in_flight"]),
        (&json!(0), &json!(1))
    );
    page.reports(json!({"sent": 1, "received": [[FIRST_ANSWER, FIRST_ANSWER]]}))
        .await;
    let way = page.way(1, "relay_out").await;
    assert_eq!(
        way.last(),
        Some(&json!({"relay_out": [FIRST_ANSWER, "echoed"]}))
    );
    assert_eq!(way[0], json!({"relay_in": 11}), "{way:?}");
    let counters = page.counters().await;
    assert_eq!(
        (&counters["echoed"], &counters["in_flight"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(metric(&host, "udp_echo_lanes_opened_total").await, 1);
    assert_eq!(
        metric(&host, "udp_echo_lane_datagrams_total{what=\"in\"}").await,
        1
    );
    assert_eq!(
        metric(&host, "udp_echo_lane_datagrams_total{what=\"out\"}").await,
        1
    );
}

#[tokio::test]
async fn both_lanes_carry_one_session_and_the_books_close_over_both() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    page.socket.send(b"first, without a number").await;
    page.asks(json!("numbered")).await;
    send(&lane, 2, b"second");
    page.socket.send(&wire::lane::message(3, b"third")).await;
    assert_eq!(answer(&lane).await.1, b"second");
    assert_eq!(page.socket.datagram().await, b"first, without a number");
    assert_eq!(
        page.socket.datagram().await,
        b"third",
        "answers have no number there"
    );
    // The fourth never comes, and the fifth is told to have been too long.
    page.reports(json!({
        "sent": 5, "received": [[FIRST_ANSWER, FIRST_ANSWER]], "unsent": [[5, 1400, 1100]],
    }))
    .await;
    let rejected = page.way(5, "rejected").await;
    let words = rejected[1]["rejected"].as_str().unwrap();
    assert!(words.contains("1400") && words.contains("1100"), "{words}");
    let lost = page.way(4, "gone").await;
    assert_eq!(lost, [json!({"dropped": ["up", "hop"]}), json!("gone")]);
    let counters = page.counters().await;
    for (name, count) in [("sent", 5), ("echoed", 3), ("dropped", 1), ("rejected", 1)] {
        assert_eq!(counters[name], count, "{name}");
    }
    assert_eq!(counters["in_flight"], 0);
}

#[tokio::test]
async fn an_answer_that_is_not_reported_was_lost_on_the_browsers_hop() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    send(&lane, 1, b"one");
    let way = page.way(1, "gone").await;
    let dropped = json!({"dropped": ["down", "hop"]});
    assert!(way.contains(&dropped), "{way:?}");
}

#[tokio::test]
async fn an_empty_datagram_is_one() {
    let host = host(&[]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    send(&lane, 1, b"");
    let way = page.way(1, "unanswered").await;
    assert_eq!(way[0], json!({"relay_in": 0}));
}

#[tokio::test]
async fn what_a_lane_carries_is_told_and_fits() {
    let host = host(&[]).await;
    let mut page = Page::open(&host).await;
    let offered = page.offer["datagram_bytes"].as_u64().unwrap() as usize;
    let lane = page.lane().await.unwrap();
    let opened = page.told("opened").await["datagram_bytes"]
        .as_u64()
        .unwrap() as usize;
    assert!(offered >= 1000 && offered <= opened, "{offered} {opened}");
    send(&lane, 1, &vec![7; offered]);
    assert_eq!(answer(&lane).await.1.len(), offered);
}

#[tokio::test]
async fn a_datagram_counts_once_whatever_lane_it_takes() {
    const EACH_SECOND: u64 = 4;
    // Nobody is so slow that as many are admitted.
    const ALL: u64 = 40;
    let host = host(&["--datagrams-per-second", &EACH_SECOND.to_string()]).await;
    let (mut page, lane) = Page::with_lane(&host).await;
    page.asks(json!("numbered")).await;
    let began = Instant::now();
    for number in 1..=2 {
        page.socket.send(&wire::lane::message(number, b"x")).await;
        page.socket.datagram().await;
    }
    for number in 3..=ALL {
        send(&lane, number, b"x");
    }
    let way = page.way(ALL, "rejected").await;
    let words = way[1]["rejected"].as_str().unwrap();
    assert!(words.contains("over 4 datagrams a second"), "{words}");
    let admitted = ALL - page.counters().await["rejected"].as_u64().unwrap();
    // Those of the first second, and those of as many more as it took.
    let most = (EACH_SECOND as f64 * (1.0 + began.elapsed().as_secs_f64())) as u64;
    assert!((EACH_SECOND..=most).contains(&admitted), "{admitted}");
}

#[tokio::test]
async fn a_host_without_lanes_offers_none_and_knows_no_messages_about_them() {
    let host = TestServer::start(&[]).await;
    let mut page = Page::open(&host).await;
    assert!(page.offer.is_null());
    page.asks(json!("offer")).await;
    let (code, why) = page.socket.closed().await;
    assert_eq!(code, 4400, "{why}");
}

#[tokio::test]
async fn the_token_is_in_hello_alone() {
    let host = host(&[]).await;
    let page = Page::open(&host).await;
    let token = page.offer["token"].as_str().unwrap();
    for path in ["/relay.json", "/metrics"] {
        let (_, text) = get(host.http(), path, &[]).await;
        assert!(!text.contains(token), "{path}");
    }
}

/// Files that change are read again, and running sessions are told how to open a lane from then on.
#[tokio::test]
async fn a_new_certificate_is_shown_and_announced() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let renew = async || {
        let identity = wtransport::Identity::self_signed(["localhost", "127.0.0.1"]).unwrap();
        let chain = identity.certificate_chain();
        chain.store_pemfile(&certificate).await.unwrap();
        identity
            .private_key()
            .store_secret_pemfile(&key)
            .await
            .unwrap();
        chain.as_slice()[0].hash()
    };
    let first = renew().await;
    let files = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    let host = host(&["--tls-cert", files[0], "--tls-key", files[1]]).await;
    let mut page = Page::open(&host).await;
    assert_eq!(
        page.offer["hashes"],
        json!([]),
        "an authority vouches for it"
    );
    let connect = async |offer: &Value, hash: Sha256Digest| {
        let config = ClientConfig::builder()
            .with_bind_address("127.0.0.1:0".parse().unwrap())
            .with_server_certificate_hashes([hash])
            .build();
        let endpoint = Endpoint::client(config).unwrap();
        let options = ConnectOptions::builder(url(offer)).add_header("origin", ORIGIN);
        soon("a lane", endpoint.connect(options.build())).await
    };
    connect(&page.offer, first)
        .await
        .expect("the first one is shown");
    let second = renew().await;
    let offer = page.told("offer").await;
    connect(&offer, second)
        .await
        .expect("the second one is shown");
}
