use super::*;

use axum::http::HeaderName;
use proptest::prelude::*;

fn trusting(networks: &[&str]) -> TrustedProxies {
    TrustedProxies::new(networks.iter().map(|text| network(text).unwrap()))
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&str, &str)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    lines.iter().map(field).collect()
}

fn caller(trusted: &[&str], peer: &str, lines: &[(&str, &str)]) -> Caller {
    let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
    trusting(trusted).caller(peer, &Uri::from_static("/relay"), &headers(lines))
}

/// Each row: trusted networks, the connection's peer, the `X-Forwarded-For` lines, and the address that must come out.
#[test]
fn the_client_is_the_nearest_address_that_is_no_trusted_proxy() {
    const NGINX: &str = "10.0.0.2";
    type Row<'a> = (&'a [&'a str], &'a str, &'a [&'a str], &'a str);
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        // Nobody is trusted unless the host was told so.
        (&[], NGINX, &[], NGINX),
        (&[], NGINX, &["192.0.2.7"], NGINX),
        (&[], "127.0.0.1", &["192.0.2.7"], "127.0.0.1"),
        (&["10.0.0.0/8"], "192.0.2.66", &["127.0.0.1"], "192.0.2.66"),
        // One proxy, two proxies, a list in one line or in several.
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7", "10.0.0.9"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &[" 192.0.2.7 ,\t10.0.0.9 "], "192.0.2.7"),
        // What the client wrote itself stands to the left of what the proxy saw.
        (&["10.0.0.0/8"], NGINX, &["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &["10.0.0.3, 192.0.2.7"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &["127.0.0.1", "192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        (&["10.0.0.2"], NGINX, &["192.0.2.7, 10.0.0.9"], "10.0.0.9"),
        // Everybody on the way is trusted: the farthest of them.
        (&["10.0.0.0/8"], NGINX, &["10.1.1.1, 10.0.0.9"], "10.1.1.1"),
        (&["10.0.0.0/8"], NGINX, &[], NGINX),
        // What cannot be read hides what is left of it.
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7, unknown"], NGINX),
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7, nonsense, 10.0.0.9"], "10.0.0.9"),
        (&["10.0.0.0/8"], NGINX, &[""], NGINX),
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7,"], NGINX),
        // Spellings.
        (&["10.0.0.0/8"], NGINX, &["192.0.2.7:4711"], "192.0.2.7"),
        (&["10.0.0.0/8"], NGINX, &["2001:db8::7"], "2001:db8::7"),
        (&["10.0.0.0/8"], NGINX, &["[2001:db8::7]"], "2001:db8::7"),
        (&["10.0.0.0/8"], NGINX, &["[2001:db8::7]:4711"], "2001:db8::7"),
        (&["10.0.0.0/8"], NGINX, &["::ffff:192.0.2.7"], "192.0.2.7"),
        (&["fd00::/8"], "fd00::2", &["2001:db8::7"], "2001:db8::7"),
        // A socket on `::` shows IPv4 peers as mapped addresses.
        (&["10.0.0.0/8"], "::ffff:10.0.0.2", &["192.0.2.7"], "192.0.2.7"),
    ];
    for (trusted, peer, lines, expected) in rows {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| ("x-forwarded-for", *line))
            .collect();
        let address = caller(trusted, peer, &lines).address;
        assert_eq!(
            address,
            expected.parse::<IpAddr>().unwrap(),
            "trusting {trusted:?}, from {peer}: {lines:?}"
        );
    }
}

#[test]
fn name_and_scheme_come_from_a_trusted_proxy_alone() {
    let lines = [
        ("host", "relays:8000"),
        ("x-forwarded-host", "udp.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "192.0.2.7"),
    ];
    let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &lines);
    assert_eq!(seen.host.as_deref(), Some("udp.example"));
    assert_eq!(seen.scheme, Scheme::HTTPS);
    assert!(!seen.hidden_by_proxy);

    let forged = caller(&["10.0.0.0/8"], "192.0.2.66", &lines);
    assert_eq!(forged.host.as_deref(), Some("relays:8000"));
    assert_eq!(forged.scheme, Scheme::HTTP);
    assert!(
        forged.hidden_by_proxy,
        "the operator is told about the proxy"
    );
}

#[test]
fn the_path_below_which_the_host_stands_comes_from_a_trusted_proxy_alone() {
    for (line, folder) in [
        ("/demo", "/demo/"),
        ("/demo/", "/demo/"),
        ("/a/b-c_d", "/a/b-c_d/"),
        ("/outer, /inner", "/inner/"),
        ("", "/"),
        ("/", "/"),
        // Nothing of this is a path of one server.
        ("demo", "/"),
        ("/demo?x", "/"),
        ("/\"><script>", "/"),
        ("/a b", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/../up", "/"),
    ] {
        let lines = [("host", "relays:8000"), ("x-forwarded-prefix", line)];
        let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &lines);
        assert_eq!(seen.folder, folder, "{line}");
        let forged = caller(&["10.0.0.0/8"], "192.0.2.66", &lines);
        assert_eq!(forged.folder, "/", "{line}");
    }
}

#[test]
fn of_several_names_the_one_of_the_nearest_proxy_counts() {
    let lines = [
        ("host", "relays"),
        ("x-forwarded-host", "other.example"),
        ("x-forwarded-host", "evil.example, udp.example"),
    ];
    let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &lines);
    assert_eq!(seen.host.as_deref(), Some("udp.example"));
}

/// The page's own scheme is the one by which the browser called the outermost proxy.
#[test]
fn every_spelling_of_the_scheme_says_how_the_browser_called() {
    for (lines, expected) in [
        (&["https"][..], Scheme::HTTPS),
        (&["HTTPS"], Scheme::HTTPS),
        (&["wss"], Scheme::HTTPS),
        (&["WSS"], Scheme::HTTPS),
        (&[" https "], Scheme::HTTPS),
        (&["\"https\""], Scheme::HTTPS),
        (&["http"], Scheme::HTTP),
        (&["ws"], Scheme::HTTP),
        (&["Ws"], Scheme::HTTP),
        (&["https,http"], Scheme::HTTPS),
        (&["wss, http"], Scheme::HTTPS),
        (&["http, https"], Scheme::HTTP),
        (&["https", "http"], Scheme::HTTPS),
        (&["http", "https"], Scheme::HTTP),
        (&["on"], Scheme::HTTP),
        (&[""], Scheme::HTTP),
        (&[",https"], Scheme::HTTP),
    ] {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| ("x-forwarded-proto", *line))
            .collect();
        let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &lines);
        assert_eq!(seen.scheme, expected, "{lines:?}");
        let forged = caller(&[], "10.0.0.2", &lines);
        assert_eq!(forged.scheme, Scheme::HTTP, "nobody was trusted: {lines:?}");
    }
}

#[test]
fn a_network_of_ipv4_in_the_clothes_of_ipv6_is_trusted_as_ipv4() {
    for written in ["::ffff:10.0.0.0/104", "10.0.0.5/8", "::ffff:10.0.0.2"] {
        let seen = caller(&[written], "10.0.0.2", &[("x-forwarded-for", "192.0.2.7")]);
        assert_eq!(
            seen.address,
            "192.0.2.7".parse::<IpAddr>().unwrap(),
            "{written}"
        );
    }
}

#[test]
fn the_target_of_the_request_goes_before_its_host_header() {
    let peer = "127.0.0.1:1".parse().unwrap();
    let uri = Uri::from_static("http://rebind.example:8000/relay");
    let seen = trusting(&[]).caller(peer, &uri, &headers(&[("host", "127.0.0.1:8000")]));
    assert_eq!(seen.host.as_deref(), Some("rebind.example:8000"));
}

#[test]
fn two_host_headers_are_no_name() {
    let seen = caller(
        &[],
        "127.0.0.1",
        &[("host", "localhost"), ("host", "evil.example")],
    );
    assert!(seen.host.is_some_and(|host| host.contains(' ')));
}

#[test]
fn a_wrong_network_says_how_to_write_it() {
    for wrong in ["", "proxy.example", "10.0.0.0/33", "10.0.0.0/8/8", "*"] {
        assert!(
            network(wrong).unwrap_err().contains("10.0.0.0/8"),
            "{wrong}"
        );
    }
    assert_eq!(network("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
    assert_eq!(network("::1").unwrap().to_string(), "::1/128");
    assert_eq!(network("[::1]").unwrap().to_string(), "::1/128");
}

proptest! {
    /// Whatever the header says, an untrusted peer is itself.
    #[test]
    fn an_untrusted_peer_cannot_be_anybody_else(value in "[ -~]{0,80}") {
        let seen = caller(&["10.0.0.0/8"], "192.0.2.66", &[
            ("host", "localhost"),
            ("x-forwarded-for", &value),
            ("x-forwarded-host", &value),
            ("x-forwarded-proto", &value),
        ]);
        prop_assert_eq!(seen.address, "192.0.2.66".parse::<IpAddr>().unwrap());
        prop_assert_eq!(seen.host.as_deref(), Some("localhost"));
    }

    /// Whatever a client writes, the address that the proxy appended is the one that counts.
    #[test]
    fn a_client_cannot_hide_behind_what_it_wrote(invented in "[ -~]{0,80}") {
        let line = format!("{invented}, 192.0.2.7");
        let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &[("x-forwarded-for", &line)]);
        prop_assert_eq!(seen.address, "192.0.2.7".parse::<IpAddr>().unwrap());
    }

    /// No bytes at all bring the reader down.
    #[test]
    fn any_header_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let lines: HeaderMap = [FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO]
                .into_iter()
                .map(|name| (name, value.clone()))
                .collect();
            let peer = "10.0.0.2:1".parse().unwrap();
            trusting(&["10.0.0.0/8"]).caller(peer, &Uri::from_static("/"), &lines);
        }
    }
}

#[test]
fn forwarded_and_x_forwarded_port_are_not_read_and_make_nobody_local() {
    let lines = [
        ("host", "udp.example"),
        ("forwarded", "for=127.0.0.1;proto=https;host=evil.example"),
        ("x-forwarded-port", "8443"),
    ];
    for trusted in ["10.0.0.0/8", "172.16.0.0/12"] {
        let seen = caller(&[trusted], "10.0.0.2", &lines);
        assert_eq!(seen.address.to_string(), "10.0.0.2");
        assert_eq!(seen.scheme, Scheme::HTTP);
        assert_eq!(seen.host.as_deref(), Some("udp.example"));
        assert!(
            seen.hidden_by_proxy,
            "the address may be anybody's, trusting {trusted}"
        );
    }
}

#[test]
fn a_zone_in_a_hop_is_the_proxy_s_own_business() {
    for hop in ["fe80::7%eth0", "[fe80::7%eth0]", "[fe80::7%4]:4711"] {
        let seen = caller(&["10.0.0.0/8"], "10.0.0.2", &[("x-forwarded-for", hop)]);
        assert_eq!(seen.address.to_string(), "fe80::7", "{hop}");
    }
}

#[test]
fn a_network_may_stand_between_blanks_and_nobody_s_address_is_refused() {
    assert_eq!(network(" 10.0.0.0/8 ").unwrap().to_string(), "10.0.0.0/8");
    assert_eq!(network("0.0.0.0/0").unwrap().to_string(), "0.0.0.0/0");
    for nobody in ["0.0.0.0", "::", "::/128", "::ffff:0.0.0.0"] {
        let said = network(nobody).unwrap_err();
        assert!(said.contains("0.0.0.0/0"), "{nobody}: {said}");
    }
}
