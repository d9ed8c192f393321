use super::*;

fn resolved(text: &str) -> Result<SocketAddr, String> {
    bind_address(text)
}

#[test]
fn a_place_is_read_however_it_is_written() {
    for (written, address) in [
        ("127.0.0.1:10000", "127.0.0.1:10000"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("[::1]:10000", "[::1]:10000"),
        ("[::]:0", "[::]:0"),
        ("localhost:8000", "127.0.0.1:8000"),
        ("LOCALHOST:8000", "127.0.0.1:8000"),
        ("localhost.:8000", "127.0.0.1:8000"),
        ("udp.localhost:8000", "127.0.0.1:8000"),
        ("127.1:7", "127.0.0.1:7"),
        // A zone by its number: RFC 4007, section 11.2.
        ("[fe80::1%1]:7", "[fe80::1%1]:7"),
    ] {
        assert_eq!(
            resolved(written).map(|found| found.to_string()),
            Ok(address.to_owned()),
            "{written}"
        );
    }
}

/// `lo` is there on every Linux.
#[cfg(target_os = "linux")]
#[test]
fn a_zone_is_an_interface_by_name_or_number_and_is_shown_by_name() {
    let address = resolved("[fe80::1%lo]:7").unwrap();
    assert_eq!(resolved("[fe80::1%1]:7"), Ok(address));
    assert_eq!(Shown(address).to_string(), "[fe80::1%lo]:7");
    assert_eq!(Shown(address).host(), "fe80::1%lo");
    assert_eq!(Shown(address).url("ws"), "ws://[fe80::1%25lo]:7");
    // What is shown can be read again.
    assert_eq!(resolved(&Shown(address).to_string()), Ok(address));
}

#[test]
fn an_address_without_a_zone_is_shown_as_ever() {
    for text in ["127.0.0.1:7", "[::1]:7"] {
        let address: SocketAddr = text.parse().unwrap();
        assert_eq!(Shown(address).to_string(), text);
        assert_eq!(Shown(address).url("http"), format!("http://{text}"));
        assert_eq!(Shown(address).zone(), None);
    }
}

#[test]
fn what_is_no_place_is_refused_with_a_sentence() {
    for (written, hint) in [
        ("8000", "no :PORT"),
        ("127.0.0.1", "no :PORT"),
        (":8000", "no HOST"),
        (":8000", "0.0.0.0 stands for all"),
        ("*:8000", "0.0.0.0 stands for all"),
        ("localhost:", "0 to 65535"),
        ("localhost:http", "0 to 65535"),
        ("localhost:+7", "0 to 65535"),
        ("localhost:65536", "0 to 65535"),
        ("a b:7", "no name and no address"),
        ("http://localhost:7", "no name and no address"),
        ("me@localhost:7", "no name and no address"),
        ("[::1:7", "no name and no address"),
        ("[fe80::1%no-such-interface]:7", "no-such-interface"),
        ("[::1]x:7", "no name and no address"),
        // A socket may have these, but what is printed to try it would never work.
        ("224.0.0.1:7", "the multicast address of a group"),
        ("[ff02::1%1]:7", "the multicast address of a group"),
        ("[ff02::1%1]:7", "[::] for all"),
        ("255.255.255.255:7", "the broadcast address"),
        (
            "no-such-host.invalid:7",
            "\"no-such-host.invalid\" has no address",
        ),
    ] {
        let why = resolved(written).unwrap_err();
        assert!(why.contains(hint), "{written:?}: {why}");
        assert!(!why.contains("os error"), "{written:?}: {why}");
    }
}

/// Loopback has a broadcast address on every Linux.
#[cfg(target_os = "linux")]
#[test]
fn the_broadcast_address_of_a_network_is_known_from_the_system() {
    assert!(forbidden("127.255.255.255:7".parse().unwrap()).is_some());
    for one in ["127.0.0.1:7", "[::1]:7"] {
        assert!(forbidden(one.parse().unwrap()).is_none(), "{one}");
    }
}

#[test]
fn ipv4_goes_before_ipv6_whatever_the_resolver_says_first() {
    let place: Place = "both.example:7".parse().unwrap();
    let found = ["[::1]:7", "127.0.0.1:7", "[2001:db8::1]:7", "192.0.2.7:7"];
    let found = found.map(|text| text.parse::<SocketAddr>().unwrap());
    let ordered = place.in_order(Ok(found.to_vec())).unwrap();
    let ordered: Vec<_> = ordered.iter().map(ToString::to_string).collect();
    assert_eq!(
        ordered,
        ["127.0.0.1:7", "192.0.2.7:7", "[::1]:7", "[2001:db8::1]:7"]
    );
}

#[tokio::test]
async fn both_ways_of_resolving_agree() {
    for text in ["localhost:7", "[::1]:7", "127.1:7", "[fe80::1%1]:7"] {
        let place: Place = text.parse().unwrap();
        assert_eq!(
            place.resolve().await.unwrap()[0],
            place.first_address().unwrap(),
            "{text}"
        );
    }
}

#[test]
fn a_server_on_all_addresses_is_reached_by_loopback() {
    for (bound, address) in [
        ("0.0.0.0:7", "127.0.0.1:7"),
        ("[::]:7", "127.0.0.1:7"),
        ("192.0.2.7:7", "192.0.2.7:7"),
        ("[fe80::1%4]:7", "[fe80::1%4]:7"),
    ] {
        assert_eq!(reachable(bound.parse().unwrap(), true).to_string(), address);
    }
}

#[test]
fn a_server_on_all_addresses_of_ipv6_alone_is_reached_by_its_loopback() {
    let reached = |bound: &str| reachable(bound.parse().unwrap(), false).to_string();
    assert_eq!(reached("[::]:7"), "[::1]:7");
    assert_eq!(reached("0.0.0.0:7"), "127.0.0.1:7");
}

#[test]
fn an_international_name_is_resolved_in_its_ascii_form() {
    let place: Place = "Bücher.example:7".parse().unwrap();
    assert_eq!(place.to_string(), "xn--bcher-kva.example:7");
}
