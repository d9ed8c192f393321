//! Why a call on a socket fails, in the words that the host and the simulated machine share.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::control::{Call, Family, SocketError};
use super::errno::Errno;
use super::header::MAX_HEADER_BYTES;
use crate::addresses;
use crate::digits::digits;
use crate::limits::{MAX_DATAGRAM_BYTES_IPV4, MAX_DATAGRAM_BYTES_IPV6};

/// Why a call or a datagram is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The operating system's name for it.
    pub errno: Errno,
    /// What is refused, why, and what to do or which setting would admit it.
    pub text: String,
}

impl Refusal {
    /// A refusal in words of one's own, such as the operating system's.
    pub fn new(errno: Errno, text: impl Into<String>) -> Self {
        Self {
            errno,
            text: text.into(),
        }
    }

    /// What the client is told.
    pub fn error(self, socket: Option<u16>, call: Call) -> SocketError {
        SocketError {
            socket,
            call,
            datagram: None,
            count: None,
            errno: self.errno,
            text: self.text,
        }
    }

    /// A number that names no open socket.
    pub fn not_open(number: u16) -> Self {
        let text = [
            "no ",
            &socket(number),
            " is open in this session; open it first",
        ];
        Self::of(Errno::Ebadf, &text)
    }

    /// `open` with a number that is in use.
    pub fn open_already(number: u16) -> Self {
        let what_to_do = " is open already; choose another number, or close it first";
        Self::of(Errno::Eexist, &[&socket(number), what_to_do])
    }

    /// `open` where the session has as many sockets as it may.
    pub fn too_many_sockets(limit: u32) -> Self {
        let what_to_do = " sockets are open, and this session may have no more; close one first";
        Self::of(Errno::Emfile, &[&digits(limit.into()), what_to_do])
    }

    /// `bind` of a socket that has its address.
    pub fn bound_already(number: u16, local: SocketAddr) -> Self {
        let local = addresses::socket(local);
        let text = [
            &socket(number),
            " is bound to ",
            &local,
            " already; close it and open another",
        ];
        Self::of(Errno::Einval, &text)
    }

    /// `bind` to a port that another socket of the same loopback has.
    pub fn in_use(address: SocketAddr) -> Self {
        let what_to_do =
            " is in use by another socket of this loopback; close that one, or choose another port";
        Self::of(
            Errno::Eaddrinuse,
            &[&addresses::socket(address), what_to_do],
        )
    }

    /// `bind` to a port that only services of the system may have.
    pub fn port_of_the_system(port: u16) -> Self {
        let text = [
            "port ",
            &digits(port.into()),
            " is below 1024, and only the system's services may bind those; use one from 1024 on",
        ];
        Self::of(Errno::Eacces, &text)
    }

    /// `bind` to an address that is not the loopback's own.
    pub fn not_own(host: &str, own: IpAddr) -> Self {
        let own = addresses::ip(own);
        let text = [
            host,
            " is no address of this loopback; bind to localhost, which is ",
            &own,
        ];
        Self::of(Errno::Eaddrnotavail, &text)
    }

    /// `disconnect` of a socket without a peer.
    pub fn not_connected(number: u16) -> Self {
        Self::of(Errno::Enotconn, &[&socket(number), " is not connected"])
    }

    /// A datagram that names no destination, on a socket without a peer.
    pub fn no_destination(number: u16) -> Self {
        let text = [
            "the datagram names no destination, and ",
            &socket(number),
            " is not connected; name one, or connect it",
        ];
        Self::of(Errno::Edestaddrreq, &text)
    }

    /// A binary message whose header cannot be read.
    pub fn unreadable(bytes: usize) -> Self {
        let text = [
            "a message of ",
            &digits(bytes as u64),
            " bytes begins with no header: socket, family (0, 4 or 6), port and address, 5 to ",
            &digits(MAX_HEADER_BYTES as u64),
            " bytes",
        ];
        Self::of(Errno::Einval, &text)
    }

    /// A datagram whose socket was closed before it went out.
    pub fn closed_before_sending(number: u16) -> Self {
        let text = [
            &socket(number),
            " was closed while the lab held the datagram",
        ];
        Self::of(Errno::Ebadf, &text)
    }

    /// A datagram of a connected socket for a port that nobody has bound; the first words are Linux's.
    pub fn connection_refused(to: SocketAddr) -> Self {
        let text = [
            "Connection refused: no program has bound ",
            &addresses::socket(to),
            " in this loopback",
        ];
        Self::of(Errno::Econnrefused, &text)
    }

    /// A datagram that is longer than its family carries; `words` are the system's.
    pub fn too_long(words: &str, to: SocketAddr) -> Self {
        let (family, most) = match to {
            SocketAddr::V4(_) => (Family::Ipv4, MAX_DATAGRAM_BYTES_IPV4),
            SocketAddr::V6(_) => (Family::Ipv6, MAX_DATAGRAM_BYTES_IPV6),
        };
        let text = [
            words,
            ": a datagram over ",
            family_name(family),
            " carries ",
            &digits(most as u64),
            " bytes at most",
        ];
        Self::of(Errno::Emsgsize, &text)
    }

    /// An address of the other family.
    pub fn other_family(address: &str, family: Family) -> Self {
        let family = family_name(family);
        let text = [
            address,
            " is no ",
            family,
            " address, and the socket was opened for ",
            family,
        ];
        Self::of(Errno::Eafnosupport, &text)
    }

    pub(super) fn of(errno: Errno, parts: &[&str]) -> Self {
        Self::new(errno, parts.concat())
    }
}

fn socket(number: u16) -> String {
    ["socket ", &digits(number.into())].concat()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn family_name(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}
