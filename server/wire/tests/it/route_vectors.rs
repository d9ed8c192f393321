//! The destinations and names of `vectors/route.json` are decided as the vectors say.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;
use wire::sockets::control::{Family, Resolve};
use wire::sockets::errno::Errno;
use wire::sockets::name;
use wire::sockets::refusal::Refusal;
use wire::sockets::route::{Admission, Route, Surroundings, Target, route};

#[derive(Deserialize)]
struct Vectors {
    surroundings: Given,
    destinations: Vec<Destination>,
    binds: Vec<Named>,
    connects: Vec<Named>,
    resolves: Vec<Lookup>,
}

#[derive(Deserialize)]
struct Given {
    own: Ipv4Addr,
    bound: Vec<u16>,
    visitors: Vec<SocketAddr>,
    targets: Vec<GivenTarget>,
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct GivenTarget {
    name: String,
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Peer {
    network: IpAddr,
    bits: u32,
    ports: [u16; 2],
}

#[derive(Deserialize)]
struct Destination {
    family: Family,
    to: SocketAddr,
    route: String,
}

#[derive(Deserialize)]
struct Named {
    family: Family,
    host: String,
    port: u16,
    gives: String,
}

#[derive(Deserialize)]
struct Lookup {
    family: Option<Family>,
    host: String,
    gives: String,
}

struct Around<'a> {
    given: &'a Given,
    targets: Vec<Target>,
    family: Family,
    otherwise: Admission,
}

impl<'a> Around<'a> {
    fn new(given: &'a Given, family: Family) -> Self {
        let targets = given.targets.iter();
        let targets = targets.map(|GivenTarget { name, address }| Target {
            name: name.clone(),
            address: *address,
        });
        Self {
            given,
            targets: targets.collect(),
            family,
            otherwise: Admission::NotThisPeer,
        }
    }
}

impl Surroundings for Around<'_> {
    fn family(&self) -> Family {
        self.family
    }

    fn own_address(&self) -> Ipv4Addr {
        self.given.own
    }

    fn is_bound(&self, port: u16) -> bool {
        self.given.bound.contains(&port)
    }

    fn is_visitor(&self, address: SocketAddr) -> bool {
        self.given.visitors.contains(&address)
    }

    fn targets(&self) -> &[Target] {
        &self.targets
    }

    fn admission(&self, address: IpAddr, port: Option<u16>) -> Admission {
        let is_within = |peer: &Peer| {
            let is_near = match (peer.network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    (network.to_bits() ^ address.to_bits()).leading_zeros() >= peer.bits
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    (network.to_bits() ^ address.to_bits()).leading_zeros() >= peer.bits
                }
                _ => false,
            };
            is_near && port.is_none_or(|port| (peer.ports[0]..=peer.ports[1]).contains(&port))
        };
        match self.otherwise == Admission::NotThisPeer && self.given.peers.iter().any(is_within) {
            true => Admission::Admitted,
            false => self.otherwise,
        }
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/route.json")).unwrap()
}

fn errno(errno: Errno) -> String {
    serde_json::to_value(errno)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// A refusal is an errno, and a sentence that names what was asked for.
fn refused(refusal: &Refusal, asked: &str) -> String {
    assert!(refusal.text.contains(asked), "{asked:?}: {}", refusal.text);
    errno(refusal.errno)
}

fn shown(to: SocketAddr, around: &Around<'_>) -> String {
    match route(to, around) {
        Route::Own(address) => format!("own {address}"),
        Route::Visitor => "visitor".to_owned(),
        Route::Target(index) => format!("target {}", around.targets()[index].name),
        Route::Peer => "peer".to_owned(),
        Route::Unbound => "unbound".to_owned(),
        Route::Denied(refusal) => refused(&refusal, &to.to_string()),
    }
}

#[test]
fn every_destination_has_the_route_that_the_vectors_say() {
    let vectors = vectors();
    let mut kinds = BTreeSet::new();
    assert!(vectors.destinations.len() >= 60);
    for Destination { family, to, route } in vectors.destinations {
        let around = Around::new(&vectors.surroundings, family);
        assert_eq!(shown(to, &around), route, "{family:?} {to}");
        kinds.insert(route.split(' ').next().unwrap().to_owned());
    }
    let all = [
        "EACCES",
        "EAFNOSUPPORT",
        "EINVAL",
        "own",
        "peer",
        "target",
        "unbound",
        "visitor",
    ];
    assert_eq!(kinds, all.map(str::to_owned).into());
}

#[test]
fn bind_takes_what_means_the_own_address_and_nothing_else() {
    let vectors = vectors();
    for Named {
        family,
        host,
        port,
        gives,
    } in vectors.binds
    {
        let around = Around::new(&vectors.surroundings, family);
        let given = name::to_bind(&host, port, &around);
        let given = given.map_or_else(|refusal| errno(refusal.errno), |own| own.to_string());
        assert_eq!(given, gives, "{family:?} {host:?}:{port}");
    }
}

#[test]
fn connect_takes_what_a_datagram_may_go_to() {
    let vectors = vectors();
    for Named {
        family,
        host,
        port,
        gives,
    } in vectors.connects
    {
        let around = Around::new(&vectors.surroundings, family);
        let given = name::to_connect(&host, port, &around);
        let given = given.map_or_else(|refusal| errno(refusal.errno), |peer| peer.to_string());
        assert_eq!(given, gives, "{family:?} {host:?}:{port}");
    }
}

#[test]
fn names_resolve_to_what_sockets_may_reach() {
    let vectors = vectors();
    for Lookup {
        family,
        host,
        gives,
    } in vectors.resolves
    {
        let around = Around::new(&vectors.surroundings, Family::Ipv4);
        let asked = Resolve { host, family };
        let given = name::resolve(&asked, &around);
        let given = given.map_or_else(
            |refusal| refused(&refusal, &asked.host),
            |addresses| addresses.join(" "),
        );
        assert_eq!(given, gives, "{asked:?}");
    }
}

#[test]
fn a_refused_peer_is_told_the_setting_that_would_admit_it() {
    let vectors = vectors();
    let mut around = Around::new(&vectors.surroundings, Family::Ipv4);
    let mut text = |to: &str, otherwise| {
        around.otherwise = otherwise;
        match route(to.parse().unwrap(), &around) {
            Route::Denied(Refusal { text, .. }) => text,
            other => panic!("{to}: {other:?}"),
        }
    };
    assert_eq!(
        text("203.0.113.9:9000", Admission::NoPeers),
        "203.0.113.9:9000 is not admitted: sockets reach localhost and the targets; \
         start the host with --sockets peers --peer 203.0.113.9/32:9000 to admit it"
    );
    assert_eq!(
        text("203.0.113.9:9000", Admission::NotThisPeer),
        "203.0.113.9:9000 is not admitted: sockets reach localhost, the targets and what --peer names; \
         start the host with --peer 203.0.113.9/32:9000 to admit it"
    );
    assert_eq!(
        text("192.0.2.1:9000", Admission::NotThisOrigin),
        "192.0.2.1:9000 is not admitted: the host admits peers only to pages of its own origin, \
         or of one that --allow-origin names"
    );
}

/// Whatever an operator admits: an address that is nobody's, or that of another reader, stays out of reach.
#[test]
fn no_peer_setting_admits_what_is_no_single_machine_elsewhere() {
    let vectors = vectors();
    #[rustfmt::skip]
    let never = [
        "127.83.1.6", "127.0.0.3", "127.255.255.255", "127.0.0.0", "0.0.0.1", "169.254.169.254", "192.0.0.9", "192.88.99.1",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "fe80::1", "febf::1", "ff02::1", "ff0e::1", "4000::1",
        "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ];
    for address in never {
        let address: IpAddr = address.parse().unwrap();
        let family = if address.is_ipv4() {
            Family::Ipv4
        } else {
            Family::Ipv6
        };
        let mut around = Around::new(&vectors.surroundings, family);
        around.otherwise = Admission::Admitted;
        assert_eq!(
            shown(SocketAddr::new(address, 9000), &around),
            "EACCES",
            "{address}"
        );
    }
}
