//! Many readers at once.

use clap::Parser as _;

use super::*;

const READERS: usize = 1000;

#[tokio::test]
async fn a_thousand_readers_bind_port_10000_at_once_and_each_receives_only_its_own() {
    let config = crate::config::Cli::parse_from(["udp-echo"]).config;
    crate::limits::raise_descriptor_limit(&config.limits);
    let loopbacks = loopbacks();
    let bound: Vec<_> = (0..READERS)
        .map(|_| {
            let reader = reader(&loopbacks);
            let (server, client) = (reader.bind(10_000), reader.bind(0));
            (reader, server, client)
        })
        .collect();
    let text = |number: usize| format!("reader {number} of {READERS}").into_bytes();
    for (number, (_, server, client)) in bound.iter().enumerate() {
        assert!(send(client, server.name(), &text(number)).await);
    }
    for (number, (_, server, client)) in bound.iter().enumerate() {
        let (from, bytes) = receive_one(server).await;
        assert_eq!((from, &bytes), (client.name(), &text(number)));
        assert!(send(server, from, &bytes).await);
    }
    for (number, (reader, server, client)) in bound.iter().enumerate() {
        assert_eq!(receive_one(client).await, (server.name(), text(number)));
        assert_eq!(server.name(), (reader.loopback.address(), 10_000).into());
        assert!(has_nothing(server) && has_nothing(client));
    }
}

/// Tells the process in which the readers are counted, for no other test must run beside.
const ALONE: &str = "UDP_ECHO_TEST_ALONE";

#[cfg(target_os = "linux")]
#[test]
fn a_loopback_with_a_bound_socket_takes_less_than_ten_kib() {
    if std::env::var_os(ALONE).is_some() {
        println!("each {} bytes", bytes_of_each());
        return;
    }
    let own_name = module_path!().split_once("::").unwrap().1;
    let name = format!("{own_name}::a_loopback_with_a_bound_socket_takes_less_than_ten_kib");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let each = said
        .split_once("each ")
        .unwrap()
        .1
        .split_once(" bytes")
        .unwrap()
        .0;
    println!("a loopback with a bound socket: {each} bytes");
    assert!(each.parse::<usize>().unwrap() < 10 << 10, "{each} bytes");
}

/// Memory of the process for one loopback with a bound socket.
#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn bytes_of_each() -> usize {
    let resident = || -> usize {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        4096 * pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
    };
    let loopbacks = loopbacks();
    let open = || {
        let reader = reader(&loopbacks);
        let socket = reader.bind(10_000);
        (reader, socket)
    };
    // What is needed once is not counted.
    let mut all = Vec::with_capacity(READERS);
    all.push(open());
    let before = resident();
    let counted = READERS / 2;
    all.extend((0..counted).map(|_| open()));
    (resident() - before) / counted
}
