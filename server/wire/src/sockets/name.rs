//! Names and addresses as programs write them: what a socket binds to, what it connects to, and what a name resolves to.
//!
//! | written | means |
//! |---|---|
//! | empty, `localhost` (in any case, with or without the root's dot), `NAME.localhost` | the loopback's own address |
//! | the name of a target | its address and port |
//! | `127.0.0.1`, `::1`, `[::1]`, `192.0.2.1` | this address |
//! | `127.1`, `0x7f.1`, `2130706433`, `127.0.0.1.` | refused: an address in another spelling |
//! | `fe80::1%eth0`, `::ffff:127.0.0.1` | refused: as the rules for destinations say |
//! | anything else | no name here: nothing is looked up |

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::control::{Family, Resolve};
use super::errno::Errno;
use super::refusal::{Refusal, family_name};
use super::route::{Route, Surroundings, Target, check, is_shared_loopback, own_ip, route};
use crate::addresses;
use crate::echo::FIRST_CLIENT_PORT;

/// The address that a socket binds: one of the own loopback's.
///
/// # Errors
/// `EADDRNOTAVAIL` for any other address, `EACCES` for a port below 1024, `ENOENT` for what is no name here.
pub fn to_bind(host: &str, port: u16, around: &impl Surroundings) -> Result<SocketAddr, Refusal> {
    let own = own_ip(around);
    match read(host, around)? {
        Written::Localhost => {}
        Written::Address(address) if address.is_ipv4() != own.is_ipv4() => {
            return Err(Refusal::other_family(
                &addresses::ip(address),
                around.family(),
            ));
        }
        Written::Address(address)
            if address == own || address.is_unspecified() || is_shared_loopback(address) => {}
        Written::Address(_) | Written::Target(_) | Written::Odd(_) => {
            return Err(Refusal::not_own(host, own));
        }
    }
    if (1..FIRST_CLIENT_PORT).contains(&port) {
        return Err(Refusal::port_of_the_system(port));
    }
    Ok(SocketAddr::new(own, port))
}

/// The peer that a socket gets by `connect`: the address from which it will hear.
///
/// 127.0.0.1 and `::1` become the own address unless a visitor has written from there: whoever binds the port later is reached.
///
/// # Errors
/// Those of [`route`]; `ENOENT` for what is no name here.
pub fn to_connect(
    host: &str,
    port: u16,
    around: &impl Surroundings,
) -> Result<SocketAddr, Refusal> {
    let own = own_ip(around);
    let to = match read(host, around)? {
        Written::Localhost => SocketAddr::new(own, port),
        Written::Address(address) => SocketAddr::new(address, port),
        Written::Target(target) if port == 0 || port == target.address.port() => target.address,
        Written::Target(Target { name, address }) => {
            let address = addresses::socket(*address);
            let text = [
                "the target ",
                name,
                " is at ",
                &address,
                ", and sockets reach no other port of it",
            ];
            return Err(Refusal::of(Errno::Eacces, &text));
        }
        Written::Odd(refusal) => return Err(refusal),
    };
    match route(to, around) {
        Route::Own(address) => Ok(address),
        Route::Unbound => Ok(SocketAddr::new(own, to.port())),
        Route::Visitor | Route::Target(_) | Route::Peer => Ok(to),
        Route::Denied(refusal) => Err(refusal),
    }
}

/// The addresses of a name. That of a target has its port; others have none. The family of `around` does not matter.
///
/// # Errors
/// `ENOENT` for what is no name here, `EAFNOSUPPORT` for one without an address of the family, `EACCES` for an address that no
/// datagram may go to.
pub fn resolve(asked: &Resolve, around: &impl Surroundings) -> Result<Vec<String>, Refusal> {
    let fits = |address: IpAddr| match asked.family {
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
        None => true,
    };
    let only = |address: IpAddr, text: String| match asked.family {
        Some(family) if !fits(address) => Err(Refusal::of(
            Errno::Eafnosupport,
            &[
                &asked.host,
                " has no address of the family ",
                family_name(family),
            ],
        )),
        _ => Ok(vec![text]),
    };
    match read(&asked.host, around)? {
        Written::Localhost => {
            let own = [around.own_address().into(), Ipv6Addr::LOCALHOST.into()];
            Ok(own
                .into_iter()
                .filter(|own| fits(*own))
                .map(addresses::ip)
                .collect())
        }
        Written::Target(target) => only(target.address.ip(), addresses::socket(target.address)),
        Written::Address(address) => {
            let is_known = address == around.own_address()
                || address.is_unspecified()
                || is_shared_loopback(address)
                || around
                    .targets()
                    .iter()
                    .any(|target| target.address.ip() == address);
            if !is_known {
                check(address, None, around)?;
            }
            only(address, addresses::ip(address))
        }
        Written::Odd(refusal) => Err(refusal),
    }
}

/// What somebody wrote.
enum Written<'a> {
    Localhost,
    Target(&'a Target),
    Address(IpAddr),
    /// An address, but not in the one spelling that is taken; holds what `connect` says to it.
    Odd(Refusal),
}

fn read<'a>(host: &str, around: &'a impl Surroundings) -> Result<Written<'a>, Refusal> {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.is_empty() || name == "localhost" || name.ends_with(".localhost") {
        return Ok(Written::Localhost);
    }
    if let Some(target) = around.targets().iter().find(|target| target.name == host) {
        return Ok(Written::Target(target));
    }
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().map(IpAddr::V6),
        None => host.parse(),
    };
    if let Ok(address) = address {
        return Ok(Written::Address(address));
    }
    let odd = |why: &str| {
        Ok(Written::Odd(Refusal::of(
            Errno::Eacces,
            &["\"", host, "\" ", why],
        )))
    };
    if host.contains('%') {
        return odd("names an interface, and sockets reach no link-local address");
    }
    if ends_in_a_number(&name) {
        return odd("is an address in another spelling than four numbers; write it like 127.0.0.1");
    }
    let mut targets = String::new();
    for target in around.targets() {
        if !targets.is_empty() {
            targets.push_str(", ");
        }
        targets.push_str(&target.name);
    }
    let text = [
        "\"",
        host,
        "\" is no name here: there are localhost, the targets (",
        &targets,
        ") and addresses, and no other name is looked up",
    ];
    Err(Refusal::of(Errno::Enoent, &text))
}

/// Whether systems take the name for an IPv4 address in other clothes: its last part is a number (WHATWG URL, "ends in a number").
fn ends_in_a_number(name: &str) -> bool {
    let last = name.bytes().rposition(|byte| byte == b'.');
    let last = &name.as_bytes()[last.map_or(0, |dot| dot + 1)..];
    let is_decimal = !last.is_empty() && last.iter().all(u8::is_ascii_digit);
    is_decimal || last.starts_with(b"0x")
}
