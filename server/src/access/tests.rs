use axum::http::uri::Scheme;

use super::*;

fn access(bound: &str, origins: &[&str], hosts: &[&str]) -> Access {
    Access {
        origins: origins
            .iter()
            .map(|origin| origin.parse().unwrap())
            .collect(),
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        bound: bound.parse().unwrap(),
    }
}

fn caller(host: Option<&str>) -> Caller {
    Caller {
        address: "127.0.0.1".parse().unwrap(),
        host: host.map(str::to_owned),
        scheme: Scheme::HTTP,
        folder: "/".to_owned(),
        hidden_by_proxy: false,
        is_direct: true,
    }
}

/// Each row: what the host is bound to, `--allow-origin`, `--allow-host`, the request's Host and Origin, and the setting
/// that a refusal must name; none when the request is admitted.
#[test]
fn the_matrix_of_origins_and_hosts() {
    const LOCAL: &str = "127.0.0.1:8000";
    const OPEN: &str = "0.0.0.0:8000";
    type Row<'a> = (
        &'a str,
        &'a [&'a str],
        &'a [&'a str],
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
    );
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        // The page of the host itself, by any of its loopback names.
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("http://127.0.0.1:8000"), None),
        (LOCAL, &[], &[], Some("localhost:8000"), Some("http://localhost:8000"), None),
        (LOCAL, &[], &[], Some("LOCALHOST:8000"), Some("http://localhost:8000"), None),
        (LOCAL, &[], &[], Some("[::1]:8000"), Some("http://[::1]:8000"), None),
        (LOCAL, &[], &[], Some("localhost.:8000"), Some("http://localhost:8000"), None),
        // `trunk serve`: Host without a port, the page's Origin passed on.
        (LOCAL, &[], &[], Some("127.0.0.1"), Some("http://127.0.0.1:8080"), None),
        (LOCAL, &[], &[], Some("127.0.0.1"), Some("http://localhost:8080"), None),
        // Other pages on this machine.
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("http://localhost:3000"), None),
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("https://demo.localhost"), None),
        // Foreign pages.
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("https://evil.example"), Some("--allow-origin https://evil.example")),
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("http://localhost.evil.example"), Some("--allow-origin http://localhost.evil.example")),
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("http://127.0.0.1.evil.example"), Some("--allow-origin http://127.0.0.1.evil.example")),
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("https://docs.example"), None),
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("https://docs.example:443"), None),
        (LOCAL, &["https://DOCS.example/"], &[], Some("127.0.0.1:8000"), Some("https://docs.example"), None),
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("http://docs.example"), Some("--allow-origin http://docs.example")),
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("https://docs.example:8443"), Some("--allow-origin https://docs.example:8443")),
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("https://docs.example.evil.example"), Some("--allow-origin https://docs.example.evil.example")),
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some("https://evil.example"), None),
        // Pages without an origin: only when asked for, not even by `*`.
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("null"), Some("--allow-origin null")),
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some("null"), Some("--allow-origin null")),
        (LOCAL, &["null"], &[], Some("127.0.0.1:8000"), Some("null"), None),
        // What is no origin at all.
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some("docs.example"), Some("--allow-origin SCHEME://HOST[:PORT]")),
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some("file:///page.html"), Some("--allow-origin SCHEME://HOST[:PORT]")),
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some(""), Some("--allow-origin SCHEME://HOST[:PORT]")),
        // The fuzzer's find: a fragment was dropped, whatever stood in it, and the rest taken for an origin.
        (LOCAL, &["https://docs.example"], &[], Some("127.0.0.1:8000"), Some("https://docs.example#x"), Some("--allow-origin SCHEME://HOST[:PORT]")),
        (LOCAL, &["*"], &[], Some("127.0.0.1:8000"), Some("http://localhost#\t"), Some("--allow-origin SCHEME://HOST[:PORT]")),
        // The same address in other clothes: an IPv4 address in IPv6's is that address, and what is none is a name.
        (LOCAL, &[], &[], Some("[::ffff:127.0.0.1]:8000"), Some("http://[::ffff:127.0.0.1]:3000"), None),
        (LOCAL, &[], &[], Some("[::ffff:192.0.2.7]:8000"), None, Some("--allow-host ::ffff:192.0.2.7")),
        (LOCAL, &[], &[], Some("127.1:8000"), None, Some("--allow-host 127.1")),
        (LOCAL, &[], &[], Some("0x7f000001"), None, Some("--allow-host 0x7f000001")),
        (LOCAL, &[], &[], Some("2130706433:8000"), None, Some("--allow-host 2130706433")),
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), Some("http://2130706433"), Some("--allow-origin http://2130706433")),
        // Trailing dots are the root's, and no disguise.
        (LOCAL, &[], &["udp.example"], Some("udp.example."), Some("http://udp.example."), None),
        (LOCAL, &[], &[], Some("rebind.example.:8000"), None, Some("--allow-host rebind.example")),
        (LOCAL, &[], &[], Some("localhost..:8000"), None, Some("--allow-host localhost.")),
        (LOCAL, &[], &[], Some("localhost.evil.example."), None, Some("--allow-host localhost.evil.example")),
        // All names below one, at any depth; neither the name itself nor one that only ends alike.
        (LOCAL, &[], &["*.example.org"], Some("udp.example.org"), Some("https://docs.example"), Some("--allow-origin https://docs.example")),
        (LOCAL, &[], &["*.example.org"], Some("udp.example.org:8443"), Some("http://udp.example.org:8443"), None),
        (LOCAL, &[], &["*.example.org"], Some("a.b.EXAMPLE.org."), Some("http://a.b.example.org"), None),
        (LOCAL, &[], &["*.example.org"], Some("example.org"), None, Some("--allow-host example.org")),
        (LOCAL, &[], &["*.example.org"], Some("badexample.org"), None, Some("--allow-host badexample.org")),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("https://docs.example.org"), None),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("https://a.docs.example.org"), None),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("https://example.org"), Some("--allow-origin https://example.org")),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("http://docs.example.org"), Some("--allow-origin http://docs.example.org")),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("https://docs.example.org:8443"), Some("--allow-origin https://docs.example.org:8443")),
        (LOCAL, &["https://*.example.org"], &[], Some("127.0.0.1"), Some("https://docs.example.org.evil.example"), Some("--allow-origin https://docs.example.org.evil.example")),
        (LOCAL, &["http://*.example.org:8080"], &[], Some("127.0.0.1"), Some("http://docs.example.org:8080"), None),
        // A name with a port means that port; the default ports are left out by browsers.
        (LOCAL, &[], &["udp.example:443"], Some("udp.example"), Some("http://udp.example"), None),
        (LOCAL, &[], &["udp.example:443"], Some("udp.example:443"), Some("http://udp.example:443"), None),
        (LOCAL, &[], &["udp.example:8443"], Some("udp.example:8443"), Some("http://udp.example:8443"), None),
        (LOCAL, &[], &["udp.example:8443"], Some("udp.example:8444"), None, Some("--allow-host udp.example")),
        (LOCAL, &[], &["udp.example:8443"], Some("udp.example"), None, Some("--allow-host udp.example")),
        // International names travel in their ASCII form.
        (LOCAL, &[], &["bücher.example"], Some("xn--bcher-kva.example:8000"), Some("http://xn--bcher-kva.example:8000"), None),
        (LOCAL, &["https://Bücher.example"], &[], Some("127.0.0.1"), Some("https://xn--bcher-kva.example"), None),
        (LOCAL, &["https://*.bücher.example"], &[], Some("127.0.0.1"), Some("https://www.xn--bcher-kva.example"), None),
        // Addresses, in any spelling, and with a zone.
        (LOCAL, &[], &["192.0.2.7"], Some("192.0.2.7:8000"), Some("http://192.0.2.7:8000"), None),
        (LOCAL, &[], &["2001:db8::1"], Some("[2001:DB8:0::1]:8000"), Some("http://[2001:db8::1]:8000"), None),
        (LOCAL, &[], &["[2001:db8::1]:8000"], Some("[2001:db8::1]:8000"), None, None),
        ("[fe80::1]:8000", &["missing"], &[], Some("[fe80::1%25eth0]:8000"), None, None),
        ("[fe80::1]:8000", &["missing"], &[], Some("[fe80::1%eth0]:8000"), None, None),
        ("[fe80::1]:8000", &["missing"], &[], Some("[fe80::2%eth0]:8000"), None, Some("--allow-host fe80::2")),
        // Programs that are no browsers.
        (LOCAL, &[], &[], Some("127.0.0.1:8000"), None, None),
        (OPEN, &[], &[], Some("192.0.2.7:8000"), None, Some("--allow-origin missing")),
        (OPEN, &["missing"], &[], Some("192.0.2.7:8000"), None, None),
        // DNS rebinding: the page's own name, pointed at this machine; its Origin is even "the same".
        (LOCAL, &[], &[], Some("rebind.example:8000"), Some("http://rebind.example:8000"), Some("--allow-host rebind.example")),
        (LOCAL, &["*"], &[], Some("rebind.example:8000"), None, Some("--allow-host rebind.example")),
        (LOCAL, &[], &[], Some("127.0.0.1.nip.example"), None, Some("--allow-host 127.0.0.1.nip.example")),
        (LOCAL, &[], &[], Some("192.0.2.7"), None, Some("--allow-host 192.0.2.7")),
        (LOCAL, &[], &[], Some("localhost:8000/evil"), None, Some("--allow-host NAME, and call it by that name")),
        (LOCAL, &[], &[], None, None, Some("--allow-host NAME, and call it by that name")),
        // A public host, called by its name and by its address.
        (OPEN, &[], &["udp.example"], Some("udp.example"), Some("http://udp.example"), None),
        (OPEN, &[], &["udp.example"], Some("UDP.example"), Some("http://udp.example:80"), None),
        (OPEN, &[], &[], Some("udp.example"), Some("http://udp.example"), Some("--allow-host udp.example")),
        (OPEN, &[], &[], Some("192.0.2.7:8000"), Some("http://192.0.2.7:8000"), None),
        (OPEN, &[], &[], Some("192.0.2.7:8000"), Some("http://192.0.2.7:9000"), Some("--allow-origin http://192.0.2.7:9000")),
    ];
    for (bound, origins, hosts, host, origin, setting) in rows {
        let verdict = access(bound, origins, hosts).check(&caller(*host), *origin);
        let named = verdict
            .as_ref()
            .err()
            .map(|refusal| refusal.setting.as_str());
        assert_eq!(
            named, *setting,
            "bound {bound}, Host {host:?}, Origin {origin:?}: {verdict:?}"
        );
    }
}

#[test]
fn a_page_that_a_trusted_proxy_served_over_tls_has_the_same_origin() {
    let access = access("127.0.0.1:8000", &[], &["udp.example"]);
    let by_tls = Caller {
        address: "192.0.2.7".parse().unwrap(),
        scheme: Scheme::HTTPS,
        ..caller(Some("udp.example"))
    };
    let by_http = Caller {
        scheme: Scheme::HTTP,
        ..by_tls.clone()
    };
    assert_eq!(access.check(&by_tls, Some("https://udp.example")), Ok(()));
    assert_eq!(access.check(&by_http, Some("http://udp.example")), Ok(()));
    for (caller, origin) in [
        (&by_tls, "http://udp.example"),
        (&by_http, "https://udp.example"),
    ] {
        let refusal = access.check(caller, Some(origin)).unwrap_err();
        assert_eq!(refusal.setting, format!("--allow-origin {origin}"));
    }
}

#[test]
fn a_loopback_bind_behind_a_proxy_does_not_make_strangers_local() {
    let access = access("127.0.0.1:8000", &[], &["udp.example"]);
    let stranger = Caller {
        address: "192.0.2.7".parse().unwrap(),
        ..caller(Some("udp.example"))
    };
    let refusal = access.check(&stranger, None).unwrap_err();
    assert_eq!(refusal.setting, "--allow-origin missing");
    assert_eq!(access.check(&caller(Some("udp.example")), None), Ok(()));
}

#[test]
fn a_wrong_allow_origin_says_how_to_write_it() {
    for wrong in [
        "docs.example",
        "https://docs.example/page",
        "ftp://docs.example",
        "https://u@docs.example",
        "https://a:99999",
    ] {
        let said = wrong.parse::<AllowedOrigin>().unwrap_err();
        assert!(said.contains("https://docs.example"), "{wrong}: {said}");
    }
}

/// Values that could admit nothing, and what the refusal tells to write in their place.
#[test]
fn a_host_setting_that_could_admit_nothing_is_refused_with_what_to_write() {
    for (written, hint) in [
        ("*", "DNS rebinding"),
        ("*.", "is empty"),
        ("*.org", "*.example.org"),
        ("udp.*", "*.example.org"),
        ("*udp.example", "*.example.org"),
        (".example.org", "*.example.org"),
        ("https://udp.example", "the name alone, udp.example"),
        (
            "http://udp.example:8000/page",
            "the name alone, udp.example:8000",
        ),
        ("udp.example/", "udp.example"),
        ("udp.example:", "1 to 65535"),
        ("udp.example:https", "1 to 65535"),
        ("udp.example:65536", "1 to 65535"),
        ("udp.example:0", "1 to 65535"),
        ("udp.example other.example", "commas between"),
        (".", "has a part that is empty"),
        ("127.1", "ends in a number"),
        ("[2001:db8::1", "udp.example"),
        ("", "is empty"),
    ] {
        let why = written.parse::<AllowedHost>().unwrap_err();
        assert!(why.contains(hint), "{written:?}: {why}");
    }
}

#[test]
fn an_origin_setting_that_could_admit_nothing_is_refused_with_what_to_write() {
    for (written, hint) in [
        ("https://a.example https://b.example", "commas between"),
        ("docs.example", "begins with no http:// or https://"),
        ("*.example.org", "https://*.example.org"),
        ("https://*", "* alone"),
        ("https://*.org", "two parts"),
        ("https://docs.*", "*.example.org"),
        ("https://.example.org", "*.example.org"),
        ("*://docs.example", "https://docs.example"),
        ("https://docs.example/guide/", "a path"),
        ("https://docs.example?x", "a path"),
        ("https://docs.example#x", "a path"),
        ("https://docs.example:port", "https://docs.example"),
        ("https://me@docs.example", "no origin"),
        ("ws://docs.example", "no origin"),
        ("file:///home/me/page.html", "null"),
        ("https://", "no origin"),
        ("", "no origin"),
    ] {
        let why = written.parse::<AllowedOrigin>().unwrap_err();
        assert!(why.contains(hint), "{written:?}: {why}");
    }
}

#[test]
fn a_program_without_an_origin_passes_from_the_host_s_own_address_and_from_no_other() {
    for (bound, from, admitted) in [
        ("127.0.0.1:8000", "127.0.0.1", true),
        ("127.0.0.1:8000", "192.0.2.7", false),
        ("192.0.2.7:8000", "192.0.2.7", true),
        ("192.0.2.7:8000", "192.0.2.8", false),
        ("192.0.2.7:8000", "127.0.0.1", false),
        ("[fe80::1%1]:8000", "fe80::1", true),
        ("[fe80::1%1]:8000", "fe80::2", false),
        ("0.0.0.0:8000", "127.0.0.1", false),
        ("0.0.0.0:8000", "192.0.2.7", false),
    ] {
        let caller = Caller {
            address: from.parse().unwrap(),
            ..caller(Some("localhost"))
        };
        let outcome = access(bound, &[], &[]).check(&caller, None);
        assert_eq!(outcome.is_ok(), admitted, "bound to {bound}, from {from}");
    }
}

#[test]
fn blanks_around_a_value_of_a_list_do_not_count() {
    assert_eq!(" udp.example".parse::<AllowedHost>(), "udp.example".parse());
    assert_eq!(
        "\thttps://docs.example/ ".parse::<AllowedOrigin>(),
        "https://docs.example".parse()
    );
}
