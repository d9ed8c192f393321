//! Where all readers share one address: `::1` always, 127.0.0.1 by the switch.

use super::*;

fn mapped() -> Loopbacks {
    Loopbacks::new(LoopbackSettings {
        map_ports: true,
        offload: true,
        ..LoopbackSettings::default()
    })
}

/// The families, with loopbacks in which each is mapped.
fn families() -> Vec<(Family, Loopbacks)> {
    let mut families = vec![(Family::Ipv4, mapped())];
    if has_ipv6() {
        families.push((Family::Ipv6, loopbacks()));
    }
    families
}

#[tokio::test]
async fn readers_that_share_an_address_have_the_same_port_and_each_its_own_datagrams() {
    for (family, loopbacks) in families() {
        let (ada, bob) = (reader(&loopbacks), reader(&loopbacks));
        assert!(ada.loopback.is_mapped(family));
        let [at_ada, at_bob] = [&ada, &bob].map(|one| one.try_bind(family, 10_000).unwrap());
        let [from_ada, from_bob] = [&ada, &bob].map(|one| one.try_bind(family, 10_001).unwrap());
        // The same names, and not the same sockets.
        assert_eq!(at_ada.name(), at_bob.name());
        assert_ne!(at_ada.outside(), at_bob.outside());
        assert!(send(&from_ada, at_ada.name(), b"for ada").await);
        assert!(send(&from_bob, at_bob.name(), b"for bob").await);
        for (me, neighbour, at, from, text) in [
            (&ada, &bob, &at_ada, &from_ada, b"for ada"),
            (&bob, &ada, &at_bob, &from_bob, b"for bob"),
        ] {
            let (source, bytes) = receive_one(at).await;
            assert_eq!(bytes, text);
            assert_eq!(me.loopback.origin(source), Origin::Own(from.name()));
            assert_eq!(neighbour.loopback.origin(source), Origin::OtherReader);
        }
    }
}

#[tokio::test]
async fn the_systems_port_of_a_neighbour_is_not_reached() {
    for (family, loopbacks) in families() {
        let (ada, bob) = (reader(&loopbacks), reader(&loopbacks));
        let at_bob = bob.try_bind(family, 10_000).unwrap();
        let from_ada = ada.try_bind(family, 10_000).unwrap();
        assert!(!send(&from_ada, at_bob.outside(), b"hello neighbour").await);
        assert!(has_nothing(&at_bob));
    }
}

#[tokio::test]
async fn the_systems_port_of_an_own_socket_is_no_name() {
    let loopbacks = mapped();
    let ada = reader(&loopbacks);
    let (server, client) = (ada.bind(10_000), ada.bind(10_001));
    assert!(!send(&client, server.outside(), b"by another name").await);
    assert!(has_nothing(&server));
}

#[tokio::test]
async fn a_picked_port_is_the_systems_own_unless_that_name_is_taken() {
    let loopbacks = mapped();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    assert_eq!(socket.name(), socket.outside());
    let mut registry = registry::Registry::default();
    let kernel: SocketAddr = "127.0.0.1:65535".parse().unwrap();
    registry.enter(kernel, "127.0.0.1:4000".parse().unwrap(), ada.receipts);
    assert_eq!(
        binding::free_name(&registry, kernel),
        "127.0.0.1:1024".parse().unwrap()
    );
}

#[tokio::test]
async fn a_visitor_reaches_a_mapped_socket_by_its_outside_address() {
    for (family, loopbacks) in families() {
        let ada = reader(&loopbacks);
        let socket = ada.try_bind(family, 10_000).unwrap();
        let nc = netcat(socket.outside());
        nc.send(b"knock").unwrap();
        let (from, _) = receive_one(&socket).await;
        assert_eq!(ada.loopback.origin(from), Origin::Outside(from));
        socket
            .send_to_visitors(&[to(from, b"come in")], |trouble| panic!("{trouble:?}"))
            .await;
        let mut buffer = [0; 16];
        let bytes = nc.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..bytes], b"come in");
    }
}

#[tokio::test]
async fn a_mapped_socket_that_has_closed_keeps_its_name_for_two_seconds() {
    let loopbacks = mapped();
    let ada = reader(&loopbacks);
    let client = ada.bind(10_001);
    let (name, kernel) = (client.name(), client.outside());
    drop(client);
    assert_eq!(ada.loopback.origin(kernel), Origin::Own(name));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(ada.loopback.origin(kernel), Origin::Outside(kernel));
}
