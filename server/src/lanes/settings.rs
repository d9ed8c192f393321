//! The settings of lanes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::ensure;
use clap::Args;

use super::PATH;
use crate::place;

/// A second lane for the datagrams of a page, over QUIC.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "A second lane for datagrams (WebTransport)")]
pub struct LaneSettings {
    /// UDP port, and address, of the lanes that pages may open beside their WebSocket; without an address that of --http
    #[arg(
        long = "webtransport",
        env = "UDP_ECHO_WEBTRANSPORT",
        value_name = "[ADDRESS:]PORT"
    )]
    pub bind: Option<LaneAddress>,

    /// URL by which pages reach the lanes where that is not the host's name and the port of --webtransport, such as
    /// `https://udp.example:4433`
    #[arg(
        long = "webtransport-url",
        env = "UDP_ECHO_WEBTRANSPORT_URL",
        value_name = "URL"
    )]
    pub url: Option<LaneUrl>,

    /// Certificate for the lanes, as a chain in PEM, read again when it changes; without one the host makes its own
    #[arg(long = "tls-cert", env = "UDP_ECHO_TLS_CERT", value_name = "FILE")]
    pub certificate: Option<PathBuf>,

    /// Private key of that certificate, in PEM
    #[arg(long = "tls-key", env = "UDP_ECHO_TLS_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// Where lanes are, as it is written: a port, or an address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneAddress {
    /// This port of the page's address.
    Port(u16),
    /// This address.
    Whole(SocketAddr),
}

/// A URL that pages are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneUrl(String);

impl FromStr for LaneAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let port = text.parse().map(Self::Port);
            return port.map_err(|_| "the port is no number of 0 to 65535".to_owned());
        }
        place::bind_address(text).map(Self::Whole)
    }
}

impl FromStr for LaneUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "write https://NAME:PORT, for example https://udp.example:4433";
        let url = url::Url::parse(text).map_err(|error| format!("{error}; {wrong}"))?;
        let is_bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if url.scheme() != "https" || !is_bare || !matches!(url.path(), "/" | PATH) {
            return Err(format!(
                "a lane is an https URL without path or query; {wrong}"
            ));
        }
        let root = url.as_str().trim_end_matches(PATH).trim_end_matches('/');
        Ok(Self(format!("{root}{PATH}")))
    }
}

impl LaneUrl {
    /// The URL as pages are told it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in it.
    pub(super) fn host(&self) -> Option<String> {
        let url = url::Url::parse(&self.0).ok()?;
        url.host_str()
            .map(|host| host.trim_matches(['[', ']']).to_owned())
    }
}

impl LaneAddress {
    /// The address to bind, where the page has this one.
    pub(super) fn of(self, page: IpAddr) -> SocketAddr {
        match self {
            Self::Port(port) => (page, port).into(),
            Self::Whole(address) => address,
        }
    }
}

impl LaneSettings {
    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// A setting that could have no effect, and what to write besides.
    pub fn check(&self) -> anyhow::Result<()> {
        let others = [
            ("--webtransport-url", self.url.is_some()),
            ("--tls-cert", self.certificate.is_some()),
            ("--tls-key", self.key.is_some()),
        ];
        for (flag, is_given) in others {
            ensure!(
                self.bind.is_some() || !is_given,
                "{flag} has no effect without --webtransport; add --webtransport PORT, or leave it out"
            );
        }
        ensure!(
            self.certificate.is_some() == self.key.is_some(),
            "--tls-cert and --tls-key belong together; add the one that is missing, or leave both out for a certificate of the host's own"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_takes_the_address_of_the_page() {
        let page: IpAddr = "192.0.2.1".parse().unwrap();
        for (text, bound) in [
            ("4433", "192.0.2.1:4433"),
            ("0", "192.0.2.1:0"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::]:4433", "[::]:4433"),
        ] {
            let address: LaneAddress = text.parse().unwrap();
            assert_eq!(address.of(page).to_string(), bound);
        }
        for text in ["", "65536", "-1", "x", "127.0.0.1"] {
            assert!(text.parse::<LaneAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_url_has_the_path_of_lanes() {
        for text in [
            "https://udp.example:4433",
            "https://udp.example:4433/",
            "https://udp.example:4433/lane",
        ] {
            let url: LaneUrl = text.parse().unwrap();
            assert_eq!(url.as_str(), "https://udp.example:4433/lane");
            assert_eq!(url.host().as_deref(), Some("udp.example"));
        }
        for text in [
            "",
            "udp.example",
            "http://udp.example",
            "https://udp.example/x",
            "https://udp.example/?a=b",
            "https://me@udp.example/",
        ] {
            let said = text.parse::<LaneUrl>().unwrap_err();
            assert!(said.contains("https://udp.example:4433"), "{said}");
        }
    }

    #[test]
    fn what_has_no_effect_is_said() {
        let url = Some("https://udp.example".parse().unwrap());
        let settings = LaneSettings {
            url,
            ..LaneSettings::default()
        };
        let said = settings.check().unwrap_err().to_string();
        assert!(
            said.contains("--webtransport-url") && said.contains("--webtransport PORT"),
            "{said}"
        );
        let settings = LaneSettings {
            bind: Some(LaneAddress::Port(1)),
            certificate: Some("cert.pem".into()),
            ..LaneSettings::default()
        };
        let said = settings.check().unwrap_err().to_string();
        assert!(
            said.contains("--tls-cert") && said.contains("--tls-key"),
            "{said}"
        );
    }
}
