use axum::http::uri::Scheme;

use super::*;

fn access(bound: &str, origins: &[&str], hosts: &[&str]) -> Access {
    Access {
        origins: origins
            .iter()
            .map(|origin| origin.parse().unwrap())
            .collect(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        bound: bound.parse().unwrap(),
    }
}

fn caller(host: Option<&str>) -> Caller {
    Caller {
        address: "127.0.0.1".parse().unwrap(),
        host: host.map(str::to_owned),
        scheme: Scheme::HTTP,
        veiled: false,
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
