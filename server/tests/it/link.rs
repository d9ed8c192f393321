//! `udp-echo link` and `udp-echo echo --loss …`: a bad network in front of programs that are not in a page.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;
use test_support::client::Client;
use test_support::host::TestServer;
use test_support::program::{Finished, Program};
use test_support::soon;
use tokio::net::UdpSocket;
use wire::link::{Direction, Impairment, Link, Verdict};

/// Datagrams of a run that loses some.
const SENT: usize = 60;

/// A program, and the address that the line of its output with these words names.
async fn started(arguments: &[&str], words: &str) -> (Program, SocketAddr) {
    let mut program = Program::udp_echo(arguments);
    let line = program.prints(words).await;
    let address = line.split_whitespace().find_map(|word| word.parse().ok());
    (program, address.expect("the line names an address"))
}

/// A link to `to` with these options besides.
async fn link_to(to: SocketAddr, options: &[&str]) -> (Program, SocketAddr) {
    let to = to.to_string();
    let mut arguments = vec!["link", "--listen", "127.0.0.1:0", "--to", &to];
    arguments.extend(options);
    started(&arguments, "link  ").await
}

async fn socket_to(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(server).await.unwrap();
    socket
}

async fn next(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let bytes = soon("a datagram", socket.recv(&mut buffer)).await.unwrap();
    buffer.truncate(bytes);
    buffer
}

/// Which of the datagrams a link with this loss and seed lets through.
fn let_through(loss_ppm: u32, seed: u64) -> Vec<u8> {
    let impairment = Impairment {
        loss_ppm,
        ..Impairment::default()
    };
    let mut link = Link::new(impairment, seed, Direction::Up);
    let numbers = 0..SENT as u8;
    numbers
        .filter(|_| link.offer(0, (), Bytes::from_static(b"x")) == Verdict::Carried(1))
        .collect()
}

async fn ended(program: Program) -> Finished {
    program.interrupt();
    let end = program.finished().await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    end
}

/// The summary that `--json` prints at the end.
async fn summary(program: Program) -> Value {
    let end = ended(program).await;
    let last = end.stdout.lines().last().expect("it prints something");
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
}

fn assert_sum_closes(direction: &Value) {
    let of = |names: &[&str]| -> u64 {
        let number = |name: &&str| direction[name].as_u64().expect("a number");
        names.iter().map(number).sum()
    };
    assert_eq!(
        of(&["came", "duplicated"]),
        of(&[
            "went",
            "lost",
            "corrupted",
            "queue_full",
            "unsent",
            "waiting"
        ]),
        "{direction}"
    );
}

#[tokio::test]
async fn the_same_seed_loses_the_same_datagrams_as_in_a_session_of_the_page() {
    let host = TestServer::start(&[]).await;
    let options = ["--loss", "30%/0%", "--seed", "7", "--json"];
    let (link, address) = link_to(host.udp(), &options).await;
    let expected = let_through(300_000, 7);
    assert!((30..55).contains(&expected.len()), "{expected:?}");

    let client = socket_to(address).await;
    for number in 0..SENT as u8 {
        client.send(&[number]).await.unwrap();
    }
    let mut came = Vec::new();
    while came.len() < expected.len() {
        came.push(next(&client).await[0]);
    }
    assert_eq!(came, expected);
    let summary = summary(link).await;
    let [sent, went] = [SENT, expected.len()];
    assert_eq!(summary["there"]["came"], sent, "{summary}");
    assert_eq!(summary["there"]["went"], went, "{summary}");
    assert_eq!(summary["there"]["lost"], sent - went, "{summary}");
    assert_eq!(summary["back"]["went"], went, "{summary}");
    assert_eq!(
        (&summary["clients"], &summary["seed"]),
        (&1.into(), &7.into())
    );
    assert_sum_closes(&summary["there"]);
    assert_sum_closes(&summary["back"]);

    let mut page = Client::connect(&host.ws("/relay")).await;
    page.send_text(r#"{"lab":{"up":{"loss_ppm":300000},"down":{},"seed":7}}"#)
        .await;
    page.told("lab").await;
    for number in 0..SENT as u8 {
        page.send(&[number]).await;
    }
    for number in 0..SENT as u8 {
        let fate = match expected.contains(&number) {
            true => "relay_out",
            false => "dropped",
        };
        page.way(u64::from(number) + 1, fate).await;
    }
    host.shutdown().await;
}

#[tokio::test]
async fn each_client_has_a_link_of_its_own_and_the_program_tells_them_apart() {
    let program = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let options = ["--loss", "30%/0%", "--seed", "7"];
    let (link, address) = link_to(program.local_addr().unwrap(), &options).await;
    let expected = let_through(300_000, 7);
    let [one, other] = [socket_to(address).await, socket_to(address).await];
    for number in 0..SENT as u8 {
        one.send(&[1, number]).await.unwrap();
        other.send(&[2, number]).await.unwrap();
    }
    let mut seen = BTreeSet::new();
    let mut came = [Vec::new(), Vec::new()];
    let mut buffer = [0; 16];
    while came.iter().any(|came| came.len() < expected.len()) {
        let (_, from) = soon("a datagram", program.recv_from(&mut buffer))
            .await
            .unwrap();
        seen.insert((buffer[0], from));
        came[usize::from(buffer[0]) - 1].push(buffer[1]);
    }
    assert_eq!(
        came,
        [expected.clone(), expected],
        "the same seed, the same losses"
    );
    let ports: BTreeSet<u16> = seen.iter().map(|(_, from)| from.port()).collect();
    assert_eq!((seen.len(), ports.len()), (2, 2), "{seen:?}");
    for (client, from) in seen {
        program.send_to(&[client], from).await.unwrap();
    }
    assert_eq!((next(&one).await, next(&other).await), (vec![1], vec![2]));
    let end = ended(link).await;
    assert!(end.stdout.contains("clients     2"), "{}", end.stdout);
    assert!(end.stdout.contains("lost on the link"), "{}", end.stdout);
    assert!(
        !end.stdout.contains(" 0 "),
        "zeros are left out: {}",
        end.stdout
    );
}

#[tokio::test]
async fn the_delay_is_that_of_both_ways_and_every_byte_passes() {
    let host = TestServer::start(&[]).await;
    let (link, address) = link_to(host.udp(), &["--delay", "50ms/30ms", "--json"]).await;
    let client = socket_to(address).await;
    for bytes in [1, 42, 1_472, 9_000, 65_507] {
        let payload: Vec<u8> = (0..bytes).map(|index: usize| (index % 251) as u8).collect();
        let began = Instant::now();
        client.send(&payload).await.unwrap();
        assert_eq!(next(&client).await, payload, "{bytes} bytes");
        let took = began.elapsed().as_millis();
        assert!((80..2_000).contains(&took), "{took} ms");
    }
    assert_eq!(summary(link).await["there"]["went"], 5);
    host.shutdown().await;
}

#[tokio::test]
async fn duplicates_and_flipped_bits_are_counted_so_that_the_sum_closes() {
    let host = TestServer::start(&[]).await;
    let options = [
        "--duplicate",
        "100%/0%",
        "--corrupt",
        "0%/100%",
        "--no-checksum",
        "--json",
    ];
    let (link, address) = link_to(host.udp(), &options).await;
    let client = socket_to(address).await;
    client.send(b"sent once").await.unwrap();
    for _ in 0..2 {
        let answer = next(&client).await;
        let flipped: u32 = answer
            .iter()
            .zip(b"sent once")
            .map(|(a, b)| (a ^ b).count_ones())
            .sum();
        assert_eq!((answer.len(), flipped), (9, 1));
    }
    let summary = summary(link).await;
    assert_eq!(summary["there"]["duplicated"], 1, "{summary}");
    assert_eq!(summary["there"]["went"], 2, "{summary}");
    assert_sum_closes(&summary["there"]);
    assert_sum_closes(&summary["back"]);
    host.shutdown().await;
}

#[tokio::test]
async fn a_program_that_comes_after_its_clients_is_heard_by_them() {
    let place = socket_to("127.0.0.1:9".parse().unwrap()).await;
    let to = place.local_addr().unwrap();
    drop(place);
    let (link, address) = link_to(to, &[]).await;
    let client = socket_to(address).await;
    client.send(b"to nobody").await.unwrap();
    let program = UdpSocket::bind(to).await.unwrap();
    // What was sent before may be lost; what is sent until one arrives is not all lost.
    let heard = async {
        let mut buffer = [0; 64];
        loop {
            client.send(b"to somebody").await.unwrap();
            tokio::select! {
                received = program.recv(&mut buffer) => return received.unwrap(),
                () = tokio::time::sleep(std::time::Duration::from_millis(50)) => {}
            }
        }
    };
    assert_ne!(soon("a datagram", heard).await, 0);
    ended(link).await;
}

#[tokio::test]
async fn the_tutorials_server_loses_what_the_seed_says_and_its_transcript_says_so() {
    let arguments = [
        "echo",
        "127.0.0.1:0",
        "--loss",
        "30%/0%",
        "--seed",
        "7",
        "--json",
    ];
    let mut server = Program::udp_echo(&arguments);
    let line = server.says("starting up on").await;
    let port = line.rsplit(' ').next().and_then(|port| port.parse().ok());
    let client = socket_to(SocketAddr::from(([127, 0, 0, 1], port.expect("a port")))).await;
    let expected = let_through(300_000, 7);
    for number in 0..SENT as u8 {
        client.send(&[b'a' + number % 26, number]).await.unwrap();
    }
    for number in expected.iter().copied() {
        assert_eq!(next(&client).await, [b'a' + number % 26, number]);
    }
    server.says(": lost on the link)").await;
    server.interrupt();
    let end = server.finished().await;
    let last: Value = serde_json::from_str(end.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["there"]["lost"], SENT - expected.len(), "{last}");
    assert!(last.get("to").is_none(), "{last}");
    assert_eq!(end.code, Some(0));
}

#[tokio::test]
async fn our_own_client_counts_what_the_link_lost() {
    let host = TestServer::start(&[]).await;
    let (link, address) = link_to(host.udp(), &["--loss", "30%/0%", "--seed", "7", "--json"]).await;
    let to = address.to_string();
    let arguments = [
        "client",
        &to,
        "-c",
        "60",
        "-i",
        "0",
        "--timeout",
        "1",
        "--json",
        "--quiet",
    ];
    let client = Program::udp_echo(&arguments).finished().await;
    let told: Value = serde_json::from_str(client.stdout.lines().last().unwrap()).unwrap();
    let lost = summary(link).await["there"]["lost"].as_u64().unwrap();
    assert_eq!(lost, (SENT - let_through(300_000, 7).len()) as u64);
    assert_eq!(told["summary"]["lost"], lost, "{told}");
    host.shutdown().await;
}

#[tokio::test]
async fn a_link_that_makes_no_sense_is_refused_with_what_to_write() {
    let table: &[(&[&str], i32, &str)] = &[
        (&["link", "--loss", "130%"], 2, "write 0% to 100%"),
        (
            &["link", "--delay", "50"],
            2,
            "write the unit too, as in 50ms",
        ),
        (
            &["link", "--delay", "90s"],
            1,
            "delay_us is 90000000, but may be 0 to 60000000",
        ),
        (&["link", "--rate", "500kbps"], 2, "write bits a second"),
        (&["link", "--preset", "pigeon"], 2, "satellite"),
        (&["link", "--to", "127.0.0.1"], 1, "there is no :PORT"),
        (
            &["link", "--to", "255.255.255.255:9"],
            1,
            "the broadcast address",
        ),
        (
            &[
                "link",
                "--listen",
                "127.0.0.1:9099",
                "--to",
                "localhost:9099",
            ],
            1,
            "leads back to the link itself",
        ),
        (
            &["link", "--listen", "0.0.0.0:9099", "--to", "127.0.0.1:9099"],
            1,
            "leads back to the link itself",
        ),
        (
            &["link", "--listen", "192.0.2.1:9000"],
            1,
            "no interface of this machine",
        ),
        (
            &["echo", "127.0.0.1:0", "--json"],
            1,
            "add --loss or another option of the link",
        ),
    ];
    for (arguments, code, words) in table {
        let end = Program::udp_echo(arguments).finished().await;
        assert_eq!(end.code, Some(*code), "{arguments:?}: {}", end.stderr);
        assert!(end.stderr.contains(words), "{arguments:?}: {}", end.stderr);
    }
}
