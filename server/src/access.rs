//! Who may connect: the rules for `Origin` and `Host`, as pure functions.
//!
//! A page on any site can open a WebSocket to the reader's own machine, and the browser only tells the truth about where
//! that page came from in `Origin` (RFC 6455, section 10.2). A foreign site can also point its own name at 127.0.0.1
//! (DNS rebinding); only `Host` gives that away (RFC 9110, section 7.2).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::Authority;

use crate::proxy::Caller;

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Access {
    /// Origins that are admitted besides the host's own and loopback ones.
    pub origins: Vec<AllowedOrigin>,
    /// Names by which the host may be called besides loopback ones and its own address.
    pub hosts: Vec<String>,
    /// The address that the host listens on.
    pub bound: SocketAddr,
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
    /// One site.
    Exact(Origin),
}

/// Scheme, host and port of a page (RFC 6454), normalized: lower case, the default port written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// Why a request was refused, and which setting would admit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with the request.
    pub why: String,
    /// The setting to add to the host's command line.
    pub setting: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { why, setting } = self;
        write!(f, "{why}. To admit it, start the host with {setting}")
    }
}

impl Access {
    /// Checks what a request for a WebSocket says of itself: the name it calls, and the page it comes from.
    ///
    /// # Errors
    /// The reason and the setting to change.
    pub fn check(&self, caller: &Caller, origin: Option<&str>) -> Result<(), Refusal> {
        self.check_host(caller.host.as_deref())?;
        self.check_origin(caller, origin)
    }

    /// Checks that the request calls the host by a name that is its own.
    ///
    /// # Errors
    /// The reason and the setting to change.
    pub fn check_host(&self, host: Option<&str>) -> Result<(), Refusal> {
        let called = host.unwrap_or_default();
        let name = called
            .parse::<Authority>()
            .ok()
            .map(|authority| plain_host(authority.host()));
        match name {
            // An address cannot be rebound: only names can.
            Some(name) if is_loopback(&name) || self.is_own_address(&name) => Ok(()),
            Some(name) if self.hosts.iter().any(|host| plain_host(host) == name) => Ok(()),
            Some(name) => Err(Refusal {
                why: format!(
                    "the request calls this host \"{name}\", which is not one of its names"
                ),
                setting: format!("--allow-host {name}"),
            }),
            None => Err(Refusal {
                why: format!("the request names no host that can be read (Host: {called:?})"),
                setting: "--allow-host NAME, and call it by that name".to_owned(),
            }),
        }
    }

    fn check_origin(&self, caller: &Caller, origin: Option<&str>) -> Result<(), Refusal> {
        let Some(origin) = origin else {
            // Behind a proxy the bind may be loopback and the client from anywhere.
            let is_local = self.bound.ip().is_loopback() && caller.address.is_loopback();
            if is_local || self.admits(&AllowedOrigin::Missing) {
                return Ok(());
            }
            return Err(Refusal {
                why: "the request has no Origin, so it does not come from a page".to_owned(),
                setting: "--allow-origin missing".to_owned(),
            });
        };
        if origin == "null" {
            if self.admits(&AllowedOrigin::Null) {
                return Ok(());
            }
            return Err(Refusal {
                why: "the page has no origin of its own (a file, or a sandboxed frame)".to_owned(),
                setting: "--allow-origin null".to_owned(),
            });
        }
        let Ok(page) = origin.parse::<Origin>() else {
            return Err(Refusal {
                why: format!("the Origin {origin:?} cannot be read"),
                setting: "--allow-origin SCHEME://HOST[:PORT]".to_owned(),
            });
        };
        let is_own = caller.host.as_ref().is_some_and(|host| {
            Origin::from_str(&format!("{}://{host}", caller.scheme)) == Ok(page.clone())
        });
        if is_own || is_loopback(&page.host) || self.admits(&AllowedOrigin::Any) {
            return Ok(());
        }
        if self.admits(&AllowedOrigin::Exact(page)) {
            return Ok(());
        }
        Err(Refusal {
            why: format!("pages from {origin} may not connect to this host"),
            setting: format!("--allow-origin {origin}"),
        })
    }

    fn admits(&self, wanted: &AllowedOrigin) -> bool {
        self.origins.contains(wanted)
    }

    fn is_own_address(&self, name: &str) -> bool {
        let bound = self.bound.ip();
        // Whoever listens on all addresses is called by any of them.
        name.parse::<IpAddr>()
            .is_ok_and(|called| called == bound || bound.is_unspecified())
    }
}

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(Self::Any),
            "null" => Ok(Self::Null),
            "missing" => Ok(Self::Missing),
            _ => text.parse().map(Self::Exact),
        }
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
            host: plain_host(authority.host()),
            port,
        })
    }
}

/// A host name to compare: lower case, without the brackets of an IPv6 address and without the root's trailing dot.
fn plain_host(host: &str) -> String {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let inner = inner.strip_suffix('.').unwrap_or(inner);
    inner.to_ascii_lowercase()
}

/// Whether a name always means this machine: browsers resolve `localhost` and what ends in it themselves (RFC 6761).
fn is_loopback(name: &str) -> bool {
    let is_name = name == "localhost" || name.ends_with(".localhost");
    is_name
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
