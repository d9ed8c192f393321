//! Who may connect: the rules for `Origin` and `Host`, as pure functions.
//!
//! A page on any site can open a WebSocket to the reader's own machine, and the browser only tells the truth about where
//! that page came from in `Origin` (RFC 6455, section 10.2). A foreign site can also point its own name at 127.0.0.1
//! (DNS rebinding); only `Host` gives that away (RFC 9110, section 7.2).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr as _;

use axum::http::uri::Authority;

use crate::name;
use crate::proxy::Caller;

mod allowed;

pub use allowed::{AllowedHost, AllowedOrigin, NamePattern, Origin};

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Access {
    /// Origins that are admitted besides the host's own and loopback ones.
    pub origins: Vec<AllowedOrigin>,
    /// Names by which the host may be called besides loopback ones and its own address.
    pub hosts: Vec<AllowedHost>,
    /// The address that the host listens on.
    pub bound: SocketAddr,
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
        match called_name(called) {
            // An address cannot be rebound: only names can.
            Some((name, _)) if is_loopback(&name) || self.is_own_address(&name) => Ok(()),
            Some((name, port)) if self.hosts.iter().any(|host| host.admits(&name, port)) => Ok(()),
            Some((name, _)) => Err(Refusal {
                why: format!(
                    "the request calls this host \"{called}\", which is not one of its names"
                ),
                setting: format!("--allow-host {name}"),
            }),
            None => Err(Refusal {
                why: format!("the request names no host that can be read (Host: {called:?})"),
                setting: "--allow-host NAME, and call it by that name".to_owned(),
            }),
        }
    }

    /// Whether the caller is a program of this machine that calls the host itself, with no proxy in between.
    ///
    /// Not every proxy adds a header. One that is given a name of its own has a page of that name, whose `Origin` it passes on.
    pub fn is_on_this_machine(&self, caller: &Caller, origin: Option<&str>) -> bool {
        let is_here = caller.address.is_loopback() || caller.address == self.bound.ip();
        let called = caller.host.as_deref().and_then(called_name);
        let is_own_name = |name: &str| is_loopback(name) || self.is_own_address(name);
        let is_called_so = called.is_some_and(|(name, _)| is_own_name(&name));
        let is_own_page = |origin: &str| {
            let page = origin.parse::<Origin>();
            page.is_ok_and(|page| is_own_name(&page.host))
        };
        caller.is_direct && is_here && is_called_so && origin.is_none_or(is_own_page)
    }

    /// Whether the page is the host's own, or of an origin that `--allow-origin` names. `*` names nobody, and neither do `null`,
    /// which any page can make itself, and `missing`.
    pub fn is_named(&self, caller: &Caller, origin: Option<&str>) -> bool {
        let page = origin.and_then(|origin| origin.parse::<Origin>().ok());
        page.is_some_and(|page| {
            let mut named = self.origins.iter();
            is_own_origin(caller, &page)
                || named.any(|allowed| *allowed != AllowedOrigin::Any && allowed.admits(&page))
        })
    }

    fn check_origin(&self, caller: &Caller, origin: Option<&str>) -> Result<(), Refusal> {
        let Some(origin) = origin else {
            // Behind a proxy the bind may be loopback and the client from anywhere. Who calls from the very address on which the
            // host listens is on this machine, too.
            let bound = self.bound.ip();
            let is_local =
                caller.address == bound || bound.is_loopback() && caller.address.is_loopback();
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
        let is_named = || self.origins.iter().any(|allowed| allowed.admits(&page));
        if is_own_origin(caller, &page) || is_loopback(&page.host) || is_named() {
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

/// Whether this is a page of the host itself, by the name that the caller called it by.
fn is_own_origin(caller: &Caller, page: &Origin) -> bool {
    caller.host.as_ref().is_some_and(|host| {
        Origin::from_str(&format!("{}://{host}", caller.scheme)).as_ref() == Ok(page)
    })
}

/// A host name to compare: lower case, without the root's trailing dot; an address in its one spelling, without brackets.
fn plain_host(host: &str) -> String {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let inner = inner.strip_suffix('.').unwrap_or(inner);
    match inner.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => inner.to_ascii_lowercase(),
    }
}

/// Name and port by which a request calls the host (RFC 9110, section 7.2); `None` when it cannot be read.
fn called_name(called: &str) -> Option<(String, Option<u16>)> {
    // A zone is no part of a name (RFC 6874), but clients send it, and the parser knows none.
    let called = match called.split_once('%') {
        Some((address, behind)) if called.starts_with('[') => {
            format!("{address}]{}", behind.split_once(']')?.1)
        }
        _ => called.to_owned(),
    };
    let authority: Authority = called.parse().ok()?;
    Some((plain_host(authority.host()), authority.port_u16()))
}

/// Whether a name, or an address, is this machine's alone.
fn is_loopback(name: &str) -> bool {
    name::is_localhost(name)
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
