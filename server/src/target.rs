//! Targets: the UDP servers that a session may talk to. A client names one; it never gives an address.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use wire::limits::{MAX_DATAGRAM_BYTES_IPV4, MAX_DATAGRAM_BYTES_IPV6};
pub use wire::reach::Reach;

use crate::cause::cannot_reach;
use crate::place::{Place, Shown, forbidden};

/// Name of the host's own echo server among the targets.
pub const OWN_SERVER: &str = "echo";

/// One value of `--target`: a name and where it leads, not yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSetting {
    /// Name that clients choose it by.
    pub name: String,
    /// Where the server is.
    pub place: Place,
}

/// A target, resolved once and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name that clients choose it by.
    pub name: String,
    /// Where its datagrams go: the session connects to this very address.
    pub address: SocketAddr,
}

impl Target {
    /// Whether this is the host's own echo server.
    pub(crate) fn is_own_server(&self) -> bool {
        self.name == OWN_SERVER
    }

    /// Most payload bytes of a datagram to this target.
    pub(crate) fn max_datagram_bytes(&self) -> usize {
        match self.address.ip().to_canonical().is_ipv4() {
            true => MAX_DATAGRAM_BYTES_IPV4,
            false => MAX_DATAGRAM_BYTES_IPV6,
        }
    }
}

impl FromStr for TargetSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = |what: &str| format!("{what}; write it like --target python=127.0.0.1:10001");
        let (name, place) = text
            .split_once('=')
            .ok_or_else(|| wrong("there is no NAME= in front"))?;
        let is_plain =
            |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(wrong(
                "the name may hold letters, digits, '-' and '_' alone",
            ));
        }
        if name == OWN_SERVER {
            return Err(format!(
                "{OWN_SERVER:?} is the host's own server; choose another name"
            ));
        }
        let place: Place = place
            .parse()
            .map_err(|why: String| wrong(&format!("in the place behind {name}=, {why}")))?;
        if place.port() == 0 {
            return Err(wrong("port 0 is no server's"));
        }
        Ok(Self {
            name: name.to_owned(),
            place,
        })
    }
}

/// Resolves a target and checks every address that its name has.
///
/// Resolving once and connecting to the result leaves no room to answer the check and the session differently.
///
/// # Errors
/// When the name does not resolve, or when any of its addresses may not be reached; says which one and why.
pub async fn resolve(setting: &TargetSetting, allow_private: bool) -> anyhow::Result<Target> {
    let TargetSetting { name, place } = setting;
    let addresses = place
        .resolve()
        .await
        .with_context(|| format!("resolve the target {name}={place}"))?;
    for address in &addresses {
        let reach = Reach::of(address.ip());
        ensure!(
            reach != Reach::Never,
            "the target {name}={place} leads to {}, which is no address of a single machine",
            Shown(*address)
        );
        ensure!(
            reach == Reach::Public || allow_private,
            "the target {name}={place} leads to {}, which is not public; \
             start the host with --allow-private-targets if you mean it",
            Shown(*address)
        );
    }
    let Some(address) = addresses.first() else {
        bail!("the target {name}={place} has no address");
    };
    if let Some(error) = forbidden(*address) {
        bail!(
            "the target {name}={place} cannot be reached: {}",
            cannot_reach(*address, &error)
        );
    }
    Ok(Target {
        name: name.clone(),
        address: *address,
    })
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, Shown(self.address))
    }
}

#[cfg(test)]
mod tests;
