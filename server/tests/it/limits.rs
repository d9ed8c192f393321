//! Limits as clients meet them: each has a setting, a sentence, and a close code of its own where it ends the session.

use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::client::Client;
use test_support::host::{HostProgram, TestServer, get};
use test_support::{PATIENCE, soon};

/// A host with these settings, on free ports.
async fn host(settings: &[&str]) -> TestServer {
    TestServer::start(settings).await
}

async fn page(host: &TestServer) -> Client {
    let mut client = Client::connect(&host.ws("/relay")).await;
    client.told("hello").await;
    client
}

#[tokio::test]
async fn limits_are_told_before_and_in_the_session() {
    let host = host(&[
        "--max-sessions=7",
        "--max-sessions-per-address=6",
        "--datagrams-per-second=5",
        "--bytes-per-second=64K",
        "--address-datagrams-per-second=0",
        "--idle-timeout=90s",
        "--max-lifetime=1h",
        "--pong-timeout=4s",
        "--control-per-second=33",
        "--message-bytes=9000",
    ])
    .await;
    let (_, body) = get(host.http(), "/relay.json", &[]).await;
    let about: Value = serde_json::from_str(&body).unwrap();
    let hello = Client::connect(&host.ws("/relay"))
        .await
        .told("hello")
        .await;
    for limits in [&about["limits"], &hello["limits"]] {
        let expected = serde_json::json!({
            "datagram_bytes": 65_507,
            "message_bytes": 9000,
            "control_bytes": 16_384,
            "datagrams_per_second": 5,
            "bytes_per_second": 65_536,
            "idle_ms": 90_000,
            "lifetime_ms": 3_600_000,
            "pong_ms": 4000,
            "control_per_second": 33,
            "sessions": 7,
            "sessions_per_address": 6,
            "address_datagrams_per_second": null,
            "address_bytes_per_second": 134_217_728,
        });
        assert_eq!(limits, &expected);
    }
}

/// The limits that a host tells in this environment, run with these settings.
async fn told_by_a_program(settings: &[&str], environment: &[(&str, &str)]) -> Value {
    let host = HostProgram::start_in(environment, settings).await;
    let (_, body) = get(host.http, "/relay.json", &[]).await;
    serde_json::from_str::<Value>(&body).expect("JSON")["limits"].take()
}

#[tokio::test]
async fn timeouts_are_set_by_their_old_names_too_and_the_new_ones_win() {
    let old_flags = [
        "--idle-time=90s",
        "--lifetime=1h",
        "--ping-time=5s",
        "--pong-time=4s",
        "--handshake-time=3s",
    ];
    let old_names = [
        ("UDP_ECHO_IDLE_TIME", "90s"),
        ("UDP_ECHO_LIFETIME", "1h"),
        ("UDP_ECHO_PING_TIME", "5s"),
        ("UDP_ECHO_PONG_TIME", "4s"),
        ("UDP_ECHO_HANDSHAKE_TIME", "3s"),
    ];
    for limits in [
        told_by_a_program(&old_flags, &[]).await,
        told_by_a_program(&[], &old_names).await,
    ] {
        let told = ["idle_ms", "lifetime_ms", "pong_ms"].map(|name| limits[name].as_u64());
        assert_eq!(told, [Some(90_000), Some(3_600_000), Some(4000)]);
    }
    let both = [
        ("UDP_ECHO_IDLE_TIME", "90s"),
        ("UDP_ECHO_IDLE_TIMEOUT", "80s"),
        ("UDP_ECHO_MAX_LIFETIME", ""),
        ("UDP_ECHO_LIFETIME", "1h"),
        ("UDP_ECHO_PONG_TIME", ""),
    ];
    let limits = told_by_a_program(&["--pong-timeout=2s"], &both).await;
    assert_eq!(limits["idle_ms"], 80_000, "the new name wins");
    assert_eq!(
        limits["lifetime_ms"], 3_600_000,
        "an empty new name is none"
    );
    assert_eq!(limits["pong_ms"], 2000);
}

#[tokio::test]
async fn a_session_too_many_is_told_so_and_finds_a_place_when_one_is_free() {
    let host = host(&["--max-sessions=2"]).await;
    let first = page(&host).await;
    let mut second = page(&host).await;
    for route in ["/relay", "/relay/raw"] {
        let (code, reason) = Client::connect(&host.ws(route)).await.closed().await;
        assert_eq!(code, 4405, "{reason}");
        assert!(reason.contains("2 sessions"), "{reason}");
    }
    let (head, body) = get(host.http(), "/healthz", &[]).await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert_eq!(body, "full\n");
    let busy = busy(&host, &[]).await;
    assert!(busy.is_some_and(|why| why.contains("2 sessions")));

    drop(first);
    let began = Instant::now();
    loop {
        let mut again = Client::connect(&host.ws("/relay/raw")).await;
        again.send(b"is there a place?").await;
        if again.answered().await {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "no place became free");
    }
    second.send(b"the others were not disturbed").await;
    second.datagram().await;
}

/// Why no session can begin, as a page learns it whose handshake failed on its way.
async fn busy(host: &TestServer, headers: &[(&str, &str)]) -> Option<String> {
    let (_, body) = get(host.http(), "/relay.json", headers).await;
    let about: Value = serde_json::from_str(&body).expect("JSON");
    about["busy"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn one_address_cannot_take_every_place() {
    let host = host(&[
        "--max-sessions-per-address=1",
        "--trusted-proxy=127.0.0.1",
        "--allow-origin=missing",
    ])
    .await;
    let from = |address| [("x-forwarded-for", address)];
    let url = host.ws("/relay");
    let mut one = Client::connect_with(&url, &from("192.0.2.1")).await;
    one.told("hello").await;
    let mut more = Client::connect_with(&url, &from("192.0.2.1")).await;
    let (code, reason) = more.closed().await;
    assert_eq!(code, 4406, "{reason}");
    let why = busy(&host, &from("192.0.2.1")).await;
    assert!(why.is_some_and(|why| why.contains("your address has 1 sessions")));
    assert_eq!(busy(&host, &from("192.0.2.2")).await, None);
    // What the client wrote itself is no address of its own.
    let mut forged = Client::connect_with(&url, &from("198.51.100.9, 192.0.2.1")).await;
    assert_eq!(forged.closed().await.0, 4406);
    let mut other = Client::connect_with(&url, &from("192.0.2.2")).await;
    other.told("hello").await;
}

#[tokio::test]
async fn a_forged_x_forwarded_for_is_no_other_address() {
    let host = host(&["--max-sessions-per-address=1"]).await;
    let _one = page(&host).await;
    let forged = [("x-forwarded-for", "198.51.100.9")];
    let mut more = Client::connect_with(&host.ws("/relay"), &forged).await;
    assert_eq!(more.closed().await.0, 4406);
}

#[tokio::test]
async fn datagrams_over_the_rate_are_rejected_one_by_one_and_counted() {
    let host = host(&["--datagrams-per-second=50"]).await;
    let mut client = page(&host).await;
    let began = Instant::now();
    for _ in 0..200 {
        client.feed(b"one of many").await;
    }
    client.flush().await;
    let way = client.way(200, "rejected").await;
    let (_, rejected) = way.last().unwrap();
    assert!(
        rejected.contains("over 50 datagrams a second"),
        "{rejected}"
    );
    client.send_text(r#""counters""#).await;
    let counters = client.told("counters").await;
    let count = |name: &str| counters[name].as_u64().unwrap();
    assert_eq!(count("sent"), 200);
    // Sending them takes a moment, in which the rate allows a few more.
    let allowed = 50 + (50.0 * began.elapsed().as_secs_f64()).ceil() as u64;
    assert!(
        (200_u64.saturating_sub(allowed)..=150).contains(&count("rejected")),
        "{counters}"
    );
    assert_eq!(
        count("rejected") + count("echoed") + count("in_flight"),
        200
    );
}

#[tokio::test]
async fn raw_sessions_have_the_same_rate() {
    let host = host(&["--bytes-per-second=64K"]).await;
    let mut client = Client::connect(&host.ws("/relay/raw")).await;
    let began = Instant::now();
    for _ in 0..20 {
        client.feed(&[7; 16_384]).await;
    }
    client.flush().await;
    // The next small one comes back in its turn: what is ahead of it was sent or rejected by then.
    let mut large = 0;
    loop {
        client.send(b"small").await;
        match client.datagram().await.len() {
            16_384 => large += 1,
            _ => break,
        }
    }
    // Four at once, and four more in each second that it took.
    let took = began.elapsed();
    let allowed = 4 + (4.0 * took.as_secs_f64()).ceil() as usize;
    assert!((4..=allowed).contains(&large), "{large} in {took:?}");
}

#[tokio::test]
async fn sessions_of_one_address_share_its_rate() {
    let host = host(&["--address-datagrams-per-second=60"]).await;
    let mut clients = Vec::new();
    let began = Instant::now();
    for _ in 0..3 {
        let mut client = page(&host).await;
        for _ in 0..400 {
            client.feed(b"one of many").await;
        }
        client.flush().await;
        clients.push(client);
    }
    let mut rejected = 0;
    for client in &mut clients {
        client.send_text(r#""counters""#).await;
        rejected += client.told("counters").await["rejected"].as_u64().unwrap();
    }
    // 60 at once, and 60 more in each second that it took.
    let took = began.elapsed();
    let allowed = 60 + (60.0 * took.as_secs_f64()).ceil() as u64;
    assert!(
        (1200_u64.saturating_sub(allowed)..=1140).contains(&rejected),
        "{rejected} of 1200 were rejected in {took:?}"
    );
}

#[tokio::test]
async fn a_flood_that_goes_on_ends_the_session_with_a_code_that_tells_which_limit() {
    for (limit, code, words) in [
        (
            "--datagrams-per-second=100",
            4407,
            "over 100 datagrams a second for",
        ),
        (
            "--bytes-per-second=1K",
            4410,
            "over 1024 bytes a second for",
        ),
        (
            "--address-datagrams-per-second=100",
            4411,
            "over 100 datagrams a second from one address for",
        ),
        (
            "--address-bytes-per-second=1K",
            4412,
            "over 1024 bytes a second from one address for",
        ),
    ] {
        let host = host(&[limit, "--flood-time=300ms"]).await;
        for route in ["/relay", "/relay/raw"] {
            let mut flooding = Client::connect(&host.ws(route)).await;
            let flood = async {
                while !flooding.is_closed() {
                    for _ in 0..20 {
                        flooding.send(&[7; 1000]).await;
                    }
                    flooding.read_what_is_there().await;
                }
            };
            soon("the end of the flood", flood).await;
            let (said, reason) = flooding.closed().await;
            assert_eq!(said, code, "{reason}");
            assert!(reason.contains(words), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_flood_disturbs_no_other_session() {
    let host = host(&["--datagrams-per-second=100", "--flood-time=300ms"]).await;
    let mut bystander = page(&host).await;
    let mut flooding = Client::connect(&host.ws("/relay")).await;
    let flood = async {
        while !flooding.is_closed() {
            flooding.send(b"again and again").await;
            flooding.read_what_is_there().await;
        }
    };
    soon("the end of the flood", flood).await;
    bystander.send(b"nobody disturbed me").await;
    assert_eq!(bystander.datagram().await, b"nobody disturbed me");
}

#[tokio::test]
async fn a_longer_message_than_the_setting_ends_the_session() {
    let host = host(&["--message-bytes=9000"]).await;
    for route in ["/relay", "/relay/raw"] {
        let mut client = Client::connect(&host.ws(route)).await;
        client.send(&[1; 9000]).await;
        assert_eq!(client.datagram().await.len(), 9000);
        client.send(&[1; 9001]).await;
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4409, "{reason}");
        assert!(reason.contains("9000"), "{reason}");
    }
}

#[tokio::test]
async fn a_flood_of_control_messages_ends_the_session() {
    let host = host(&["--control-per-second=10"]).await;
    let mut client = page(&host).await;
    for _ in 0..40 {
        client.send_text(r#""counters""#).await;
    }
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4401, "{reason}");
    assert!(reason.contains("10 control messages"), "{reason}");
}

#[tokio::test]
async fn a_flood_of_pings_ends_the_session_and_some_are_answered() {
    let host = host(&["--control-per-second=10"]).await;
    for route in ["/relay", "/relay/raw"] {
        let mut client = Client::connect(&host.ws(route)).await;
        for _ in 0..10 {
            client.ping().await;
        }
        client.send(b"still welcome").await;
        assert_eq!(client.datagram().await, b"still welcome");
        // On a busy machine sending them takes a moment, in which the rate allows a few more.
        for _ in 0..50 {
            client.ping().await;
        }
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4401, "{reason}");
        assert!(reason.contains("10 control messages, pings"), "{reason}");
    }
}

#[tokio::test]
async fn an_idle_session_ends_and_a_ping_keeps_none_alive() {
    let host = host(&["--idle-timeout=300ms", "--ping-interval=20ms"]).await;
    for route in ["/relay", "/relay/raw"] {
        let began = Instant::now();
        // The client answers every ping of the host while it waits.
        let (code, reason) = Client::connect(&host.ws(route)).await.closed().await;
        assert_eq!(code, 4402, "{reason}");
        assert!(
            began.elapsed() >= Duration::from_millis(290),
            "{:?}",
            began.elapsed()
        );
    }
}

#[tokio::test]
async fn a_session_reaches_its_greatest_age_however_busy() {
    let host = host(&["--max-lifetime=300ms"]).await;
    let mut client = page(&host).await;
    let busy = async {
        while !client.is_closed() {
            client.send(b"still here").await;
            client.read_what_is_there().await;
        }
    };
    soon("the end", busy).await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403, "{reason}");
    assert!(reason.contains("300ms"), "{reason}");
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_given_up() {
    let host = host(&["--ping-interval=50ms", "--pong-timeout=200ms"]).await;
    let mut client = page(&host).await;
    // Nothing reads, so nothing answers; then all that came is read at once.
    soon("the end of the session", async {
        while host.sessions() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4404, "{reason}");
}

#[tokio::test]
async fn a_handshake_that_is_not_finished_is_cut() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let host = host(&["--handshake-timeout=300ms"]).await;
    let beginnings: [&[u8]; 3] = [
        b"",
        b"GET /relay HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /rel",
    ];
    for beginning in beginnings {
        let began = Instant::now();
        let stream = tokio::net::TcpStream::connect(host.http()).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        writer.write_all(beginning).await.unwrap();
        // One byte now and then buys no time.
        let dripping = async {
            while writer.write_all(b"X").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        let cut = async {
            tokio::select! {
                // A reset is a cut as well.
                _ = reader.read_to_end(&mut answer) => {}
                () = dripping => {}
            }
        };
        soon("the cut", cut).await;
        let lasted = began.elapsed();
        assert!(lasted >= Duration::from_millis(290), "{lasted:?}");
        assert!(!answer.starts_with(b"HTTP/1.1 101"));
    }
}
