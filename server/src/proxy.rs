//! Who is calling, seen through the proxies that the host was told to trust.
//!
//! A proxy in front of the host hides four things: the client's address, the name by which the client called, whether it called by
//! TLS, and the path below which the host stands there. Proxies pass them on in `X-Forwarded-For`, `-Host`, `-Proto` and `-Prefix`.
//! Everybody can write those headers, so they count only when the connection comes from an address of `--trusted-proxy`.
//!
//! `Forwarded` (RFC 7239) and `X-Forwarded-Port` are not read: a proxy that writes the one family passes the other on as its
//! client wrote it. The port stands in the name.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::{Scheme, Uri};
use ipnet::IpNet;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The folder of a host that has a server to itself.
const ROOT: &str = "/";

/// The networks whose word is taken about the clients behind them; none unless `--trusted-proxy` names some.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// The client of a request, as far as it can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Address of the client; that of the last proxy when the client's cannot be known.
    pub address: IpAddr,
    /// Name and port by which the client called the host; `None` when it gave none that can be read.
    pub host: Option<String>,
    /// How the client called: `http` or `https`.
    pub scheme: Scheme,
    /// The path below which the client finds the host, such as `/demo/`: it begins and ends with a slash.
    pub folder: String,
    /// Whether a proxy seems to stand between whose word about its client is not taken: it is not trusted, or it writes
    /// `Forwarded` alone. Such an address may be anybody's.
    pub hidden_by_proxy: bool,
    /// Whether nothing says that a proxy stands between, trusted or not: whoever calls from 127.0.0.1 is on this machine.
    pub is_direct: bool,
}

impl TrustedProxies {
    /// Trusts these networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// Who stands behind a request that arrived over a connection from `peer`.
    pub fn caller(&self, peer: SocketAddr, uri: &Uri, headers: &HeaderMap) -> Caller {
        let peer = peer.ip().to_canonical();
        let called = called_host(uri, headers);
        let is_direct = !self.trusts(peer) && !names_a_proxy(headers);
        if !self.trusts(peer) {
            return Caller {
                address: peer,
                host: called,
                scheme: Scheme::HTTP,
                folder: ROOT.to_owned(),
                hidden_by_proxy: headers.contains_key(FORWARDED_FOR)
                    || headers.contains_key(FORWARDED),
                is_direct,
            };
        }
        Caller {
            address: self.client_behind(peer, headers),
            // The name that the nearest proxy was called by: a page can put others in front of it.
            host: last_value(headers, FORWARDED_HOST)
                .map(str::to_owned)
                .or(called),
            scheme: first_value(headers, FORWARDED_PROTO).map_or(Scheme::HTTP, browser_scheme),
            folder: last_value(headers, FORWARDED_PREFIX).map_or_else(|| ROOT.to_owned(), folder),
            hidden_by_proxy: !headers.contains_key(FORWARDED_FOR)
                && headers.contains_key(FORWARDED),
            is_direct,
        }
    }

    /// Whether this is the address of a proxy whose word is taken.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address nearest to us that is no trusted proxy. What stands left of it may be the client's own invention.
    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
        for hop in hops {
            let Some(address) = std::str::from_utf8(hop).ok().and_then(hop_address) else {
                // An unreadable hop hides all behind it; the proxy that passed it on is the last that is known.
                return nearest;
            };
            nearest = address;
            if !self.trusts(address) {
                return nearest;
            }
        }
        nearest
    }
}

/// Whether a header says that a proxy passed the request on: one of the three that are read, `Forwarded` (RFC 7239), `Via`
/// (RFC 9110, section 7.6.3), or one of the usual others. No page can write any of them into a WebSocket's handshake.
fn names_a_proxy(headers: &HeaderMap) -> bool {
    let names = [FORWARDED, header::VIA, REAL_IP];
    names.iter().any(|name| headers.contains_key(name))
        || headers
            .keys()
            .any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// Name and port that the client meant: the target's own authority before `Host` (RFC 9112, section 3.2.2).
fn called_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(readable(host).to_owned()),
        (Some(_), Some(_)) => Some("more than one".to_owned()),
        (None, _) => None,
    }
}

/// A header that is no text must not count as missing.
pub(crate) fn readable(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("unreadable")
}

fn last_value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let line = headers.get_all(name).iter().next_back()?;
    let last = readable(line).rsplit(',').next()?.trim();
    (!last.is_empty()).then_some(last)
}

/// The value that the proxy nearest to the browser wrote, where each proxy adds its own behind those before it.
fn first_value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let first = readable(headers.get(name)?).split(',').next()?.trim();
    (!first.is_empty()).then_some(first)
}

/// How the browser called, in whatever words a proxy says it: a WebSocket over TLS is `wss` to some, and the page that opened it
/// came over `https`. Of a chain such as `https,http` the first word counts: TLS ends at the proxy that the browser sees, and
/// what this host compares is the page's own scheme. No page can write this header into a WebSocket's handshake.
fn browser_scheme(word: &str) -> Scheme {
    let is_tls = ["https", "wss"]
        .iter()
        .any(|tls| word.trim_matches('"').eq_ignore_ascii_case(tls));
    match is_tls {
        true => Scheme::HTTPS,
        false => Scheme::HTTP,
    }
}

/// Reads the path that a proxy takes away, `/demo` or `/demo/`, as a folder. What could lead anywhere else is none.
fn folder(prefix: &str) -> String {
    let is_plain = |part: &str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_sign)
    };
    let path = prefix.strip_suffix('/').unwrap_or(prefix);
    let mut parts = path.split('/');
    match parts.next() == Some("") && parts.all(is_plain) {
        true => format!("{path}/"),
        false => ROOT.to_owned(),
    }
}

/// Reads what proxies write about a hop: an address, some with a port behind it, IPv6 then in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    // A zone, which only IPv6 has, means something to the proxy alone.
    let with_zone = || crate::name::without_zone(bare).parse::<Ipv6Addr>().ok();
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| with_zone().map(IpAddr::V6));
    let address = address.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// Reads a value of `--trusted-proxy`: a network, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text
        .parse::<IpNet>()
        .or_else(|_| {
            crate::name::without_brackets(text)
                .parse::<IpAddr>()
                .map(IpNet::from)
        })
        .map_err(|_| {
            format!("{text:?} is not a network; write it like 10.0.0.0/8, fd00::/8 or 192.0.2.7")
        })?;
    let network = ipv4_inside(network.trunc());
    let is_single = network.prefix_len() == network.max_prefix_len();
    if is_single && network.addr().is_unspecified() {
        return Err(format!(
            "{text:?} is nobody's address; every address is 0.0.0.0/0 over IPv4 and ::/0 over IPv6"
        ));
    }
    Ok(network)
}

/// A network of IPv4 addresses that is written as one of IPv6 (`::ffff:10.0.0.0/104`): callers are compared as IPv4.
fn ipv4_inside(network: IpNet) -> IpNet {
    let inside = match (network.addr(), network.prefix_len().checked_sub(96)) {
        (IpAddr::V6(address), Some(bits)) => address.to_ipv4_mapped().map(|v4| (v4, bits)),
        _ => None,
    };
    let inside = inside.and_then(|(address, bits)| IpNet::new(address.into(), bits).ok());
    inside.unwrap_or(network)
}

#[cfg(test)]
mod tests;
