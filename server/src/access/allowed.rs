//! The values of `--allow-origin` and `--allow-host`: what each admits, and which are refused because they could admit nothing.

use std::str::FromStr;

use axum::http::Uri;

use crate::name;

/// How to write several values: other programs take them with blanks between.
const SEVERAL: &str = "give several with commas between them, or the flag once for each";

/// One value of `--allow-host`: a name by which browsers may call the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    name: NamePattern,
    /// `None` admits every port.
    port: Option<u16>,
}

/// One value of `--allow-origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`: every page of every site.
    Any,
    /// `null`: pages from files and sandboxed frames, which have no origin.
    Null,
    /// `missing`: programs that are no browsers and send no origin.
    Missing,
    /// The pages of one site, or of all sites below one name.
    Site {
        /// `http` or `https`.
        scheme: String,
        /// The name of the site.
        name: NamePattern,
        /// The port, that of the scheme when none is written.
        port: u16,
    },
}

/// A name, or all names below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// This name and no other.
    Exact(String),
    /// `*.example.org`: every name that ends in `.example.org`, at any depth; not `example.org` itself.
    Below(String),
}

/// Scheme, host and port of a page (RFC 6454), normalized: lower case, the default port written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: u16,
}

impl AllowedHost {
    /// Whether a request may call the host so: by a normalized name, and by the port when it says one. A browser leaves out the
    /// default port of its scheme; a proxy may hide which scheme that is.
    pub(super) fn admits(&self, called: &str, port: Option<u16>) -> bool {
        let fits = match (self.port, port) {
            (None, _) => true,
            (Some(wanted), Some(port)) => wanted == port,
            (Some(wanted), None) => matches!(wanted, 80 | 443),
        };
        fits && self.name.matches(called)
    }
}

impl AllowedOrigin {
    /// Whether a page of this origin is one of those that the value names.
    pub(super) fn admits(&self, page: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Null | Self::Missing => false,
            Self::Site { scheme, name, port } => {
                *scheme == page.scheme && *port == page.port && name.matches(&page.host)
            }
        }
    }
}

impl NamePattern {
    fn matches(&self, called: &str) -> bool {
        match self {
            Self::Exact(name) => name == called,
            Self::Below(name) => called
                .strip_suffix(name.as_str())
                .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        }
    }
}

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{text:?} {why}");
        if let Some(parent) = text.strip_prefix("*.") {
            let name = name::normalize(parent).map_err(wrong)?;
            if !name.contains('.') || name.parse::<std::net::IpAddr>().is_ok() {
                return Err(wrong(
                    "would admit names that are anybody's; write at least two parts, such as *.example.org",
                ));
            }
            return Ok(Self::Below(name));
        }
        if let Some(name) = text
            .strip_prefix('.')
            .filter(|name| name::normalize(name).is_ok())
        {
            return Err(wrong(&format!(
                "is no name; write *.{name} for the names below it, and {name} for itself"
            )));
        }
        if text.contains('*') {
            return Err(wrong(
                "has a * that stands for no whole part at the front; write *.example.org for all names below example.org",
            ));
        }
        name::normalize(text).map(Self::Exact).map_err(wrong)
    }
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "*" {
            return Err("* would open the host to DNS rebinding: any site could call it by a name of its own; name the hosts, such as \
                        udp.example, or *.example.org for all names below example.org"
                .to_owned());
        }
        if let Some((_, rest)) = text.split_once("://") {
            let host = rest.split('/').next().unwrap_or_default();
            return Err(format!(
                "{text:?} is an address of a page; write the name alone, {host}"
            ));
        }
        if text.contains(char::is_whitespace) {
            return Err(format!("{text:?} has a blank inside; {SEVERAL}"));
        }
        let (host, port) = split_port(text);
        let port = port.map(|port| match port.parse::<u16>() {
            Ok(port @ 1..) => Ok(port),
            _ => Err(format!("{text:?} has no port of 1 to 65535 behind its colon; write it like udp.example or udp.example:8443")),
        });
        Ok(Self {
            name: host.parse().map_err(|why| {
                format!("{why}; write it like udp.example, udp.example:8443 or *.example.org")
            })?,
            port: port.transpose()?,
        })
    }
}

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Null),
            "missing" => return Ok(Self::Missing),
            _ => {}
        }
        let wrong = |why: &str| {
            format!(
                "{text:?} {why}; write it like https://docs.example, http://localhost:8080 or https://*.example.org"
            )
        };
        if text.contains(char::is_whitespace) {
            return Err(wrong(&format!("has a blank inside; {SEVERAL}")));
        }
        if text.starts_with("file:") {
            return Err(wrong(
                "is of a file, and pages from files have no origin: null admits them",
            ));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong(
                "is no origin, for it begins with no http:// or https://",
            ));
        };
        if rest.trim_end_matches('/').contains(['/', '?', '#']) {
            return Err(wrong("has a path, and an origin has none"));
        }
        // The mark of a pattern and international letters are no part of an address: they are read apart from it.
        let authority = rest.trim_end_matches('/');
        let (host, port) = split_port(authority);
        if host == "*" {
            return Err(wrong(
                "names every site of one scheme; * alone admits every page",
            ));
        }
        let name: NamePattern = host
            .parse()
            .map_err(|why: String| wrong(&format!("is no origin: {why}")))?;
        let (NamePattern::Exact(plain) | NamePattern::Below(plain)) = &name;
        let plain = match plain.contains(':') {
            true => format!("[{plain}]"),
            false => plain.clone(),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let Origin { scheme, port, .. } = format!("{scheme}://{plain}{port}").parse()?;
        Ok(Self::Site { scheme, name, port })
    }
}

/// A host, and the text behind the colon of its port. An IPv6 address may stand without brackets when there is no port.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no origin; write it like https://docs.example or http://localhost:8080"
            )
        };
        // The parser of addresses drops a fragment with whatever is in it; an origin has none.
        if text.contains('#') || text.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let parts = uri.into_parts();
        let scheme = parts
            .scheme
            .ok_or_else(wrong)?
            .as_str()
            .to_ascii_lowercase();
        let authority = parts.authority.ok_or_else(wrong)?;
        let has_path = parts
            .path_and_query
            .is_some_and(|path| path.as_str() != "/");
        if has_path || authority.as_str().contains('@') {
            return Err(wrong());
        }
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(wrong()),
        };
        // `port_u16` takes a port out of range for none at all.
        let has_port = authority.as_str().len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if has_port => return Err(wrong()),
            None => default_port,
        };
        Ok(Self {
            scheme,
            host: super::plain_host(authority.host()),
            port,
        })
    }
}
