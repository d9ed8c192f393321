//! What a request says of itself: no header makes a stranger local, a foreign page ours, or a log line two.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::{Scheme, Uri};

use super::is_printable;
use crate::access::{Access, Origin};
use crate::proxy::{Caller, TrustedProxies};

/// Where the host of these requests listens.
const BOUND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// The one proxy that is trusted.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Somebody else.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Reads each line as `name: value` of a request, and asks who that is and whether it may pass.
pub fn headers(data: &[u8]) {
    let headers = header_map(data);
    let uri = Uri::from_static("/relay");
    let proxies = TrustedProxies::new([PROXY.into()]);
    let access = Access {
        origins: vec!["https://docs.example".parse().expect("an origin")],
        hosts: vec!["udp.example".parse().expect("a name")],
        bound: BOUND,
    };
    let origin = crate::http::origin(&headers);

    let direct = proxies.caller(SocketAddr::new(STRANGER, 1), &uri, &headers);
    assert_eq!(
        (direct.address, &direct.scheme),
        (STRANGER, &Scheme::HTTP),
        "a stranger writes no address and no scheme"
    );
    judge(&access, &direct, origin);

    let proxied = proxies.caller(SocketAddr::new(PROXY, 1), &uri, &headers);
    assert!(
        proxied.address == PROXY || says(&headers, "x-forwarded-for", proxied.address),
        "an address that nobody named: {proxied:?}"
    );
    judge(&access, &proxied, origin);

    let local = proxies.caller(SocketAddr::new(BOUND.ip(), 1), &uri, &headers);
    assert_eq!(local.address, BOUND.ip());
    judge(&access, &local, origin);

    let tokens = crate::ws::has_token(&headers, HeaderName::from_static("upgrade"), "websocket");
    assert!(!tokens || headers.contains_key("upgrade"));
}

/// Whether a verdict is one that the rules can give.
fn judge(access: &Access, caller: &Caller, origin: Option<&str>) {
    match access.check(caller, origin) {
        Err(refusal) => {
            assert!(is_printable(&refusal.to_string()), "{refusal:?}");
            assert!(refusal.setting.starts_with("--allow-"), "{refusal:?}");
        }
        Ok(()) => {
            let name = caller.host.as_deref().unwrap_or_default().to_lowercase();
            let is_known = ["localhost", "127.", "::", "7f", "udp.example"];
            assert!(
                is_known.iter().any(|part| name.contains(part)),
                "{caller:?}"
            );
            let Some(origin) = origin else {
                assert!(
                    caller.address.is_loopback(),
                    "no page, and not from here: {caller:?}"
                );
                return;
            };
            assert_ne!(origin, "null", "nobody asked for that");
            let page: Origin = origin.parse().expect("what is admitted can be read");
            let own = format!("{}://{name}", caller.scheme).parse::<Origin>();
            let text = origin.to_lowercase();
            assert!(
                own.as_ref() == Ok(&page)
                    || ["localhost", "127.", "::", "7f", "docs.example"]
                        .iter()
                        .any(|part| text.contains(part)),
                "{caller:?} {origin:?}"
            );
        }
    }
}

fn header_map(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|&byte| byte == b'\n').take(64) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Whether any line of this header names the address, in whatever form.
fn says(headers: &HeaderMap, name: &str, address: IpAddr) -> bool {
    let lines = headers.get_all(name).iter();
    let mut hops = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    hops.any(|hop| {
        let hop = String::from_utf8_lossy(hop);
        let hop = hop.trim();
        let bare = hop.trim_start_matches('[').trim_end_matches(']');
        let without_zone = bare
            .split_once('%')
            .map(|(bare, _)| bare.parse::<Ipv6Addr>());
        bare.parse::<IpAddr>()
            .is_ok_and(|a| a.to_canonical() == address)
            || without_zone.is_some_and(|a| a.is_ok_and(|a| a.to_canonical() == address))
            || hop
                .parse::<SocketAddr>()
                .is_ok_and(|a| a.ip().to_canonical() == address)
    })
}
