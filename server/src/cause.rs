//! What the system's errors mean to people: what happened, to which address, and what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::place::{Shown, all_addresses};

/// Where a server wanted to listen, and how its user chooses another place.
#[derive(Debug, Clone, Copy)]
pub struct Listening<'a> {
    /// Who wanted to listen, such as "the UDP echo server".
    pub who: &'a str,
    /// TCP or UDP.
    pub socket: SocketKind,
    /// The address that was asked for.
    pub address: SocketAddr,
    /// How to ask for another one, such as "choose another address with --udp".
    pub otherwise: &'a str,
}

/// The protocol that an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketKind {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// The system's own words without its number: `Permission denied`, not `Permission denied (os error 13)`.
pub fn plain(error: &io::Error) -> String {
    without_numbers(&error.to_string())
}

/// A text without the numbers that the standard library puts behind the system's words.
pub fn without_numbers(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once(" (os error ") {
        plain.push_str(before);
        let Some((_, behind)) = after.split_once(')') else {
            return text.to_owned();
        };
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

/// The sentence for a server that could not listen; `error` has the system's reason somewhere inside.
pub fn cannot_listen(listening: Listening<'_>, error: anyhow::Error) -> anyhow::Error {
    let Listening { who, address, .. } = listening;
    match error.downcast_ref::<io::Error>() {
        Some(reason) => {
            let why = why_not_listen(listening, reason, unprivileged_ports_begin());
            anyhow::anyhow!("{who} cannot listen on {}: {why}", Shown(address))
        }
        None => error.context(format!("{who} cannot listen on {}", Shown(address))),
    }
}

fn why_not_listen(
    listening: Listening<'_>,
    error: &io::Error,
    unprivileged_ports_begin: u16,
) -> String {
    let Listening {
        socket,
        address,
        otherwise,
        ..
    } = listening;
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let which = who_listens(socket, port);
            format!("another program does; stop it (`{which}` names it), or {otherwise}")
        }
        io::ErrorKind::PermissionDenied if port < unprivileged_ports_begin => format!(
            "ports below {unprivileged_ports_begin} need a privilege; {otherwise} from port {unprivileged_ports_begin} on, {}",
            how_to_be_privileged(port)
        ),
        io::ErrorKind::PermissionDenied => format!(
            "a rule of this machine forbids it ({}); change the rule, or {otherwise}",
            if cfg!(windows) {
                "`netsh interface ipv4 show excludedportrange tcp` and `… udp` list reserved ports"
            } else {
                "SELinux, AppArmor, or what a container or a service may do"
            }
        ),
        _ if needs_zone(address, error) => format!("{}; {otherwise}", Zoneless(address)),
        io::ErrorKind::AddrNotAvailable => {
            let all = all_addresses(ip);
            let list = list_addresses();
            format!(
                "no interface of this machine has the address {ip}; `{list}` lists those that there are, and {all} takes \
                 them all; {otherwise}"
            )
        }
        _ => format!("{}; {otherwise}", in_general(address, error)),
    }
}

/// Why datagrams of ours do not get to `peer`, as a clause with what to do.
pub fn cannot_reach(peer: SocketAddr, error: &io::Error) -> String {
    let ip = peer.ip();
    match error.kind() {
        _ if needs_zone(peer, error) => Zoneless(peer).to_string(),
        // EPERM is a packet filter's, EACCES the routing table's (udp(7), ip(7)).
        io::ErrorKind::PermissionDenied if is_operation_not_permitted(error) => format!(
            "a firewall rule of this machine forbids it: {}; check the rules for {ip}",
            plain(error)
        ),
        io::ErrorKind::PermissionDenied => format!(
            "{ip} is the broadcast address of a network, or this machine's rules forbid the way there: {}; give the \
             address of one server",
            plain(error)
        ),
        io::ErrorKind::NetworkUnreachable => {
            let family = if ip.is_ipv6() { "IPv6" } else { "IPv4" };
            format!(
                "this machine has no route to {ip}: {}; check the address, and whether the machine is connected by {family}",
                plain(error)
            )
        }
        io::ErrorKind::HostUnreachable => format!(
            "no way leads to {ip}: {}; check the address and the network",
            plain(error)
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "this machine has no address or no free port for datagrams to {ip}: {}; check the address, and how many \
             ports are in use",
            plain(error)
        ),
        _ => in_general(peer, error),
    }
}

/// What can happen to any socket.
fn in_general(address: SocketAddr, error: &io::Error) -> String {
    let words = plain(error);
    if is_family_unknown(error) && address.is_ipv6() {
        format!("this machine does not speak IPv6: {words}; turn it on, or use an IPv4 address")
    } else if is_out_of_descriptors(error) {
        format!("{words}; let the process have more (`ulimit -n`), or stop something that has many")
    } else {
        words
    }
}

/// A link-local address without the link that it is local to.
struct Zoneless(SocketAddr);

impl fmt::Display for Zoneless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ip, port) = (self.0.ip(), self.0.port());
        let list = list_addresses();
        write!(
            f,
            "{ip} is local to one link, so the interface has to be named: [{ip}%eth0]:{port} (`{list}` lists interfaces)"
        )
    }
}

fn needs_zone(address: SocketAddr, error: &io::Error) -> bool {
    let SocketAddr::V6(address) = address else {
        return false;
    };
    let unclear = matches!(
        error.kind(),
        io::ErrorKind::InvalidInput
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::NetworkUnreachable
    );
    unclear && address.ip().is_unicast_link_local() && address.scope_id() == 0
}

/// The system's command that names the program on a port.
pub(crate) fn who_listens(socket: SocketKind, port: u16) -> String {
    match socket {
        SocketKind::Tcp if cfg!(target_os = "linux") => format!("ss -ltnp 'sport = :{port}'"),
        SocketKind::Udp if cfg!(target_os = "linux") => format!("ss -lunp 'sport = :{port}'"),
        SocketKind::Tcp if cfg!(windows) => "netstat -ano -p TCP".to_owned(),
        SocketKind::Udp if cfg!(windows) => "netstat -ano -p UDP".to_owned(),
        SocketKind::Tcp => format!("lsof -nP -iTCP:{port}"),
        SocketKind::Udp => format!("lsof -nP -iUDP:{port}"),
    }
}

/// The system's command that lists interfaces and their addresses.
fn list_addresses() -> &'static str {
    if cfg!(target_os = "linux") {
        "ip -brief address"
    } else if cfg!(windows) {
        "ipconfig"
    } else {
        "ifconfig"
    }
}

fn how_to_be_privileged(port: u16) -> String {
    if cfg!(target_os = "linux") {
        format!(
            "let systemd open it (udp-echo.socket), allow the program (`setcap cap_net_bind_service=+ep` on its file), or \
             everybody (`sysctl net.ipv4.ip_unprivileged_port_start={port}`)"
        )
    } else {
        "or start it as root".to_owned()
    }
}

/// The first port that needs no privilege.
fn unprivileged_ports_begin() -> u16 {
    const USUAL: u16 = 1024;
    if cfg!(target_os = "linux") {
        let setting = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
        return setting
            .ok()
            .and_then(|port| port.trim().parse().ok())
            .unwrap_or(USUAL);
    }
    match cfg!(unix) {
        true => USUAL,
        false => 0,
    }
}

#[cfg(unix)]
fn is_operation_not_permitted(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPERM)
}

#[cfg(unix)]
fn is_family_unknown(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

#[cfg(unix)]
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Windows has one word for both, WSAEACCES.
#[cfg(not(unix))]
fn is_operation_not_permitted(_: &io::Error) -> bool {
    false
}

#[cfg(not(unix))]
fn is_family_unknown(error: &io::Error) -> bool {
    const WSAEAFNOSUPPORT: i32 = 10_047;
    error.raw_os_error() == Some(WSAEAFNOSUPPORT)
}

#[cfg(not(unix))]
fn is_out_of_descriptors(error: &io::Error) -> bool {
    const WSAEMFILE: i32 = 10_024;
    error.raw_os_error() == Some(WSAEMFILE)
}

#[cfg(test)]
mod tests;
