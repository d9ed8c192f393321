//! A network that pages may send to: one value of `--peer`.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;

use crate::target::Reach;

/// The ports that pages may send to; those below are the system's services.
const PORTS: RangeInclusive<u16> = 1024..=u16::MAX;

/// One value of `--peer`: the addresses of a network, and ports there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSetting {
    network: IpNet,
    ports: RangeInclusive<u16>,
    /// Whether the whole network is private: whoever names such a one means it.
    is_private: bool,
}

impl PeerSetting {
    /// Whether pages may send to this address; without a port, to any port of it. A network that is wider than private ones leaves
    /// those out.
    pub fn admits(&self, address: IpAddr, port: Option<u16>) -> bool {
        let is_reached = match Reach::of(address) {
            Reach::Public => true,
            Reach::Private => self.is_private && !is_loopback(address),
            Reach::Never => false,
        };
        let is_open = port.is_none_or(|port| self.ports.contains(&port));
        is_reached && is_open && self.network.contains(&address)
    }
}

/// Whether an address is this machine's alone, in whatever clothes.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

impl FromStr for PeerSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = |what: &str| {
            format!(
                "{what}; write it like 192.0.2.0/24, 192.0.2.7:9000 or [2001:db8::]/64:9000-9010"
            )
        };
        let (network, ports) = split(text);
        let network = read_network(network)
            .ok_or_else(|| wrong(&format!("{network:?} is no network and no address")))?;
        let ports = ports.map_or(Some(PORTS), read_ports);
        let ports = ports.ok_or_else(|| {
            wrong("the ports are no port and no range FIRST-LAST of 1024 to 65535")
        })?;
        let ends = [network.network(), network.broadcast()];
        if ends.into_iter().all(is_loopback) {
            return Err(format!(
                "{network} is this machine's own; pages have a loopback of their own there, and --target NAME=HOST:PORT names a server"
            ));
        }
        // Every address at all is in one network, and its ends are nobody's.
        if network.prefix_len() > 0 && ends.map(Reach::of) == [Reach::Never; 2] {
            return Err(format!("{network} holds no address of a single machine"));
        }
        Ok(Self {
            is_private: ends.map(Reach::of) == [Reach::Private; 2],
            network,
            ports,
        })
    }
}

impl fmt::Display for PeerSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.ports.start(), self.ports.end());
        let bits = self.network.prefix_len();
        match self.network.addr() {
            IpAddr::V4(address) => write!(f, "{address}/{bits}")?,
            IpAddr::V6(address) => write!(f, "[{address}]/{bits}")?,
        }
        if self.ports == PORTS {
            Ok(())
        } else if first == last {
            write!(f, ":{first}")
        } else {
            write!(f, ":{first}-{last}")
        }
    }
}

/// The network and the ports behind its last colon, if there are any. An IPv6 address without brackets or a prefix has none.
fn split(text: &str) -> (&str, Option<&str>) {
    let address_ends = text.find(['/', ']']).unwrap_or(0);
    let is_bare_ipv6 = address_ends == 0 && text.matches(':').count() > 1;
    match text[address_ends..].rfind(':') {
        Some(at) if !is_bare_ipv6 => {
            let at = address_ends + at;
            (&text[..at], Some(&text[at + 1..]))
        }
        _ => (text, None),
    }
}

fn read_network(text: &str) -> Option<IpNet> {
    let bare: String = text.chars().filter(|c| !matches!(c, '[' | ']')).collect();
    let network = bare.parse::<IpNet>();
    let network = network.or_else(|_| bare.parse::<IpAddr>().map(IpNet::from));
    network.ok().map(|network| network.trunc())
}

fn read_ports(text: &str) -> Option<RangeInclusive<u16>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = |text: &str| text.parse().ok().filter(|_| is_number(text));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let ports = port(first)?..=port(last)?;
    (!ports.is_empty() && PORTS.contains(ports.start())).then_some(ports)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_network_with_or_without_ports_is_read_and_told_again() {
        for (written, told) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            (" 192.0.2.9/24:9000 ", "192.0.2.0/24:9000"),
            ("192.0.2.7:9000-9010", "192.0.2.7/32:9000-9010"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("[2001:db8::]/64:9000-9010", "[2001:db8::]/64:9000-9010"),
            ("2001:db8::/64:9000", "[2001:db8::]/64:9000"),
            ("[2001:db8::1]:9000", "[2001:db8::1]/128:9000"),
            ("2001:db8::1", "[2001:db8::1]/128"),
            ("0.0.0.0/0:1024-65535", "0.0.0.0/0"),
        ] {
            let read: PeerSetting = written.parse().unwrap();
            assert_eq!(read.to_string(), told, "{written}");
            assert_eq!(read.to_string().parse(), Ok(read), "{written}");
        }
    }

    #[test]
    fn what_is_no_network_or_could_admit_nobody_is_refused_with_an_example() {
        for (written, word) in [
            ("", "192.0.2.0/24"),
            ("example.org", "192.0.2.0/24"),
            ("127.1/8", "192.0.2.0/24"),
            ("192.0.2.0/24:", "1024 to 65535"),
            ("192.0.2.0/24:53", "1024 to 65535"),
            ("192.0.2.0/24:1000-2000", "1024 to 65535"),
            ("192.0.2.0/24:9010-9000", "1024 to 65535"),
            ("192.0.2.0/24:+9000", "1024 to 65535"),
            ("192.0.2.0/24:65536", "1024 to 65535"),
            ("127.0.0.0/8", "--target"),
            ("127.0.0.1:9000", "--target"),
            ("[::1]:9000", "--target"),
            ("::ffff:127.0.0.0/104", "--target"),
            ("224.0.0.0/4", "no address of a single machine"),
            ("255.255.255.255", "no address of a single machine"),
            ("ff00::/8", "no address of a single machine"),
        ] {
            let said = written.parse::<PeerSetting>().unwrap_err();
            assert!(said.contains(word), "{written:?}: {said}");
        }
    }

    #[test]
    fn a_wide_network_leaves_out_what_is_not_public_and_a_private_one_means_itself() {
        let admits = |setting: &str, to: &str| {
            let setting: PeerSetting = setting.parse().unwrap();
            let to: SocketAddr = to.parse().unwrap();
            setting.admits(to.ip(), Some(to.port()))
        };
        for (setting, to, admitted) in [
            ("0.0.0.0/0", "8.8.8.8:5353", true),
            ("0.0.0.0/0", "8.8.8.8:1023", false),
            ("0.0.0.0/0", "10.1.2.3:5353", false),
            ("0.0.0.0/0", "127.83.1.5:5353", false),
            ("0.0.0.0/0", "224.0.0.1:5353", false),
            ("0.0.0.0/0", "255.255.255.255:5353", false),
            ("0.0.0.0/0", "[2606:4700::1]:5353", false),
            ("::/0", "[2606:4700::1]:5353", true),
            ("::/0", "[::1]:5353", false),
            ("::/0", "[::ffff:127.0.0.1]:5353", false),
            ("::/0", "[::ffff:8.8.8.8]:5353", true),
            ("10.0.0.0/8:9000", "10.1.2.3:9000", true),
            ("10.0.0.0/8:9000", "10.1.2.3:9001", false),
            ("10.0.0.0/8:9000", "11.1.2.3:9000", false),
            ("192.0.2.0/24", "192.0.2.255:9000", true),
        ] {
            assert_eq!(admits(setting, to), admitted, "{setting} {to}");
        }
    }
}
