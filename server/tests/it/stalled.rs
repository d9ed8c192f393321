//! Readers that take nothing of what waits for them: their sessions end, and what they held is there for others.

use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::attacks::by_hand::{close_code, next_frame, open_narrow, whole};
use test_support::client::Client;
use test_support::host::TestServer;
use test_support::{PATIENCE, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a datagram: a few of them are more than the kernel takes for a reader that does not read.
const LARGE: usize = 8 * 1024;

/// A burst that only a session with its full share of the memory gets back unread.
const BURST: (usize, usize) = (64, 60_000);

/// What a metric of the host says, the sum of all its series that begin so; 0 while there is none.
async fn metric(host: &TestServer, series: &str) -> u64 {
    let value = test_support::host::metric(host.http(), series).await;
    value.unwrap_or(0)
}

/// Waits until a metric is what it should be.
async fn becomes(host: &TestServer, series: &str, expected: u64) {
    let began = Instant::now();
    while metric(host, series).await < expected {
        assert!(
            began.elapsed() < PATIENCE,
            "{series} is not {expected}, but {}",
            metric(host, series).await
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a metric stands still.
async fn settles(host: &TestServer, series: &str) -> u64 {
    let (mut before, mut same) = (metric(host, series).await, 0);
    while same < 5 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = metric(host, series).await;
        same = if now == before { same + 1 } else { 0 };
        before = now;
    }
    before
}

/// A session on this route for which more waits than it takes: its answers, or the host's word about each message.
async fn behind(host: &TestServer, route: &str) -> (TcpStream, Option<Value>) {
    let mut stream = open_narrow(host.http(), route).await;
    let hello = match route {
        "/relay/raw" => None,
        _ => {
            let (_, hello) = soon("hello", next_frame(&mut stream)).await.unwrap();
            Some(serde_json::from_slice(&hello).unwrap())
        }
    };
    let message = match route {
        "/sockets" => whole(0x81, br#"{"resolve":{"host":"nowhere"}}"#).repeat(4000),
        _ => whole(0x82, &[7; LARGE]).repeat(80),
    };
    // It may be closed in the middle of this, and a host for which too much waits does not read on.
    let flood = stream.write_all(&message);
    let _ = tokio::time::timeout(Duration::from_secs(10), flood).await;
    (stream, hello)
}

const ANSWERS: &str = "udp_echo_answers_total{kind=\"raw\"}";
const ENDED: &str = "udp_echo_sessions_ended_total{code=\"4413\"}";

#[tokio::test]
async fn a_reader_that_takes_nothing_is_closed_with_a_code_of_its_own_and_may_resume() {
    // Questions of a page are its control messages.
    let settings = [
        "--stalled-timeout=500ms",
        "--control-per-second=0",
        "--resume-time=10m",
    ];
    for route in ["/relay", "/relay/raw", "/sockets"] {
        let host = TestServer::start(&settings).await;
        let mut bystander = Client::connect(&host.ws("/relay")).await;
        let (mut stream, hello) = behind(&host, route).await;
        becomes(&host, ENDED, 1).await;
        // It reads again just now: all that has left already, and then why, unless the two seconds for a goodbye are over by then.
        let told = close_code(&mut stream).await;
        assert!(matches!(told, Some(4413) | None), "{route}: {told:?}");
        bystander.send(b"nobody disturbed me").await;
        assert_eq!(bystander.datagram().await, b"nobody disturbed me");

        if let ("/relay", Some(hello)) = (route, hello) {
            let before = &hello["hello"];
            let token = before["resume"].as_str().unwrap();
            let again = host.ws(&format!("/relay?resume={token}"));
            let after = Client::connect(&again).await.told("hello").await;
            assert_eq!(after["resumed"], true, "{after}");
            assert_eq!(after["client"], before["client"]);
        }
    }
}

/// So slow that the kernel asks for nothing more within the limit: only what the reader acknowledges tells that it reads.
#[tokio::test]
async fn a_reader_that_reads_slowly_but_steadily_stays() {
    // 2,000 bytes each time are less in the limit than the 32 KiB after which the kernel asks for more.
    const LIMIT: Duration = Duration::from_secs(3);
    let host = TestServer::start(&["--stalled-timeout=3s"]).await;
    let (mut stream, _) = behind(&host, "/relay/raw").await;
    let (began, mut read) = (Instant::now(), [0; 2000]);
    while began.elapsed() < 3 * LIMIT {
        soon("more", stream.read_exact(&mut read)).await.unwrap();
        tokio::time::sleep(LIMIT / 10).await;
    }
    assert_eq!(metric(&host, ENDED).await, 0);
    // It stops, and then it counts as stuck.
    becomes(&host, ENDED, 1).await;
}

#[tokio::test]
async fn a_crowd_that_never_reads_leaves_a_newcomer_its_full_share_once_it_is_closed() {
    const CROWD: usize = 24;
    for (setting, stays) in [
        ("--stalled-timeout=0", true),
        // Longer than a newcomer takes, who does not read either.
        ("--stalled-timeout=4s", false),
    ] {
        let settings = [
            setting,
            "--bytes-per-second=0",
            "--address-bytes-per-second=0",
        ];
        let host = TestServer::start(&settings).await;
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            crowd.push(open_narrow(host.http(), "/relay/raw").await);
        }
        let frames = whole(0x82, &[9; 60_000]);
        let dropped = "udp_echo_drops_total{reason=\"slow_reader\"}";
        // Until it holds all that there is, or has been closed for that.
        let (series, enough) = match stays {
            true => (dropped, 10 * CROWD),
            false => (ENDED, CROWD),
        };
        while metric(&host, series).await < enough as u64 {
            for reader in &mut crowd {
                // It may have been closed already.
                let _ = soon("the host's reading", reader.write_all(&frames)).await;
            }
        }
        // What the crowd has sent must not meet the newcomer's datagrams at the server.
        let answers = settles(&host, ANSWERS).await;
        let dropped_before = metric(&host, dropped).await;
        let mut newcomer = open_narrow(host.http(), "/relay/raw").await;
        let frame = whole(0x82, &[1; BURST.1]);
        for number in 1..=BURST.0 as u64 {
            soon("the host's reading", newcomer.write_all(&frame))
                .await
                .unwrap();
            // One at a time, for the server's own buffer. The system may lose one all the same.
            let sent = Instant::now();
            while metric(&host, ANSWERS).await < answers + number
                && sent.elapsed() < Duration::from_millis(500)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let answered = metric(&host, ANSWERS).await - answers;
        assert!(answered >= BURST.0 as u64 / 2, "only {answered} answers");
        let lost = metric(&host, dropped).await - dropped_before;
        match stays {
            true => assert!(lost > 0, "a crowd that stays leaves too little"),
            false => assert_eq!(lost, 0, "of a newcomer's {} datagrams", BURST.0),
        }
    }
}
