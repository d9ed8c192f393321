//! The address by which sockets know the host's own echo server.

use clap::Parser as _;
use tokio_util::sync::CancellationToken;
use wire::echo::EchoRule;

use super::*;
use crate::clock::Clock;
use crate::echo::{EchoServer, Filter, Outcome};
use crate::target::{OWN_SERVER, Target};

fn echo(address: &str) -> EchoServer {
    let address = address.parse().unwrap();
    EchoServer::bind(address, EchoRule::default(), true, Clock::start()).unwrap()
}

fn target(name: &str, address: &str) -> Target {
    Target {
        name: name.to_owned(),
        address: address.parse().unwrap(),
    }
}

#[tokio::test]
async fn an_echo_server_on_127_0_0_1_answers_on_127_0_0_2_with_the_same_rules_and_counters() {
    let mut echo = echo("127.0.0.1:0");
    let port = echo.local_addr().port();
    let second = second_address(&mut echo, true).expect("the port is free there");
    assert_eq!(second, ([127, 0, 0, 2], port).into());
    let (status, mut observer) = (echo.status(), echo.observers().observe(Filter::Everyone));
    let stop = CancellationToken::new();
    let running = tokio::spawn(echo.run(stop.clone()));

    let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 8];
    for address in [([127, 0, 0, 1], port).into(), second] {
        client.connect(address).await.unwrap();
        // An empty datagram is not answered, so that the first answer is the other's.
        client.send(b"").await.unwrap();
        client.send(b"who").await.unwrap();
        assert_eq!(soon(client.recv(&mut buffer)).await.unwrap(), 3);
        let empty = soon(observer.next()).await.unwrap().outcome;
        assert_eq!(empty, Outcome::Empty);
        let answered = soon(observer.next()).await.unwrap().outcome;
        assert!(matches!(answered, Outcome::Sent { bytes: 3, .. }));
    }
    let totals = status.totals();
    assert_eq!((totals.received, totals.empty, totals.unsent), (4, 2, 0));

    stop.cancel();
    running.await.unwrap();
    assert!(
        Foreign::bind(second).is_ok(),
        "the port is free after a stop"
    );
}

#[tokio::test]
async fn an_own_address_or_all_addresses_need_no_second_one() {
    let mut own = echo("127.0.0.77:0");
    assert_eq!(second_address(&mut own, true), None);
    let mut all = echo("0.0.0.0:0");
    let port = all.local_addr().port();
    assert_eq!(
        second_address(&mut all, true),
        Some(([127, 0, 0, 2], port).into())
    );
    if has_ipv6() {
        let mut dual = echo("[::]:0");
        let port = dual.local_addr().port();
        assert_eq!(
            second_address(&mut dual, true),
            Some(([127, 0, 0, 2], port).into())
        );
        let mut six = echo("[::1]:0");
        let port = six.local_addr().port();
        assert_eq!(
            second_address(&mut six, true),
            Some(([127, 0, 0, 2], port).into())
        );
    }
}

#[tokio::test]
async fn where_the_second_address_is_taken_the_first_one_gets_another_name() {
    let mut echo = echo("127.0.0.1:0");
    let address = echo.local_addr();
    let _service = Foreign::bind(("127.0.0.2", address.port())).unwrap();
    let second = second_address(&mut echo, true);
    assert_eq!(second, None);
    let targets = [Target {
        name: OWN_SERVER.to_owned(),
        address,
    }];
    let named = NamedTargets::new(&targets, second);
    assert_eq!(
        named.all()[0].address,
        ([127, 0, 0, 2], address.port()).into()
    );
    assert_eq!(named.all()[0].reached, address);
    assert_eq!(named.reached_at(address), Some(&named.all()[0]));
}

#[tokio::test]
async fn without_sockets_the_echo_server_has_one_address() {
    let line = "udp-echo --http 127.0.0.1:0 --udp 127.0.0.1:0 --sockets off";
    let config = crate::config::Cli::parse_from(line.split(' ')).config;
    let host = crate::Host::start(config).await.unwrap();
    assert!(Foreign::bind(("127.0.0.2", host.udp_address().port())).is_ok());
}

#[tokio::test]
async fn a_host_names_its_echo_server_by_the_second_address_and_reserves_what_is_in_use() {
    let line = "udp-echo --http 127.0.0.1:0 --udp 127.83.1.5:0 --target python=127.0.0.1:9001 --allow-private-targets";
    let config = crate::config::Cli::parse_from(line.split(' ')).config;
    let host = crate::Host::start(config).await.unwrap();
    let relay = host.relay();
    let addresses = relay
        .named_targets
        .all()
        .iter()
        .map(|target| target.address);
    assert_eq!(
        addresses.collect::<Vec<_>>(),
        [host.udp_address(), "127.0.0.2:9001".parse().unwrap()]
    );
    let mut directory = relay.loopbacks.shared.directory();
    assert!(directory.addresses.is_taken(Ipv4Addr::new(127, 83, 1, 5)));
}

#[test]
fn no_target_has_an_address_that_is_the_readers_own() {
    let targets = [
        target(OWN_SERVER, "127.0.0.1:10000"),
        target("python", "127.0.0.1:10001"),
        target("six", "[::1]:10001"),
        target("third", "127.0.0.3:10001"),
        target("far", "192.0.2.7:10001"),
        target("alias", "127.0.0.1:10001"),
    ];
    let second = "127.0.0.2:10000".parse().unwrap();
    let named = NamedTargets::new(&targets, Some(second));
    let shown = named.all().iter().map(|target| {
        let NamedTarget {
            name,
            address,
            reached,
        } = target;
        format!("{name} {address} {reached}")
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "echo 127.0.0.2:10000 127.0.0.2:10000",
            "python 127.0.0.2:10001 127.0.0.1:10001",
            "six 127.0.0.4:10001 [::1]:10001",
            "third 127.0.0.3:10001 127.0.0.3:10001",
            "far 192.0.2.7:10001 192.0.2.7:10001",
            "alias 127.0.0.5:10001 127.0.0.1:10001",
        ]
    );
}

#[test]
fn a_target_in_the_block_of_readers_keeps_its_address() {
    let targets = [
        target("far", "192.0.2.7:9000"),
        target("near", "127.83.1.5:9000"),
    ];
    let bound = ["127.9.9.9:8000", "0.0.0.0:10000", "[::ffff:127.7.7.7]:1"];
    let reserved = reserved(&targets, bound.map(|address| address.parse().unwrap()));
    let expected = [[127, 83, 1, 5], [127, 9, 9, 9], [127, 7, 7, 7]];
    assert_eq!(reserved, expected.map(Ipv4Addr::from));
}
