//! Why a call on a socket fails, in the words that the host and the simulated machine share.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::control::{Call, Family, SocketError};
use super::errno::Errno;
use super::header::MAX_HEADER_BYTES;
use crate::echo::FIRST_CLIENT_PORT;

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
    pub fn not_open(socket: u16) -> Self {
        Self::new(
            Errno::Ebadf,
            format!("no socket {socket} is open in this session; open it first"),
        )
    }

    /// `open` with a number that is in use.
    pub fn open_already(socket: u16) -> Self {
        Self::new(
            Errno::Eexist,
            format!("socket {socket} is open already; choose another number, or close it first"),
        )
    }

    /// `open` where the session has as many sockets as it may.
    pub fn too_many_sockets(limit: u32) -> Self {
        Self::new(
            Errno::Emfile,
            format!("{limit} sockets are open, and this session may have no more; close one first"),
        )
    }

    /// `bind` of a socket that has its address.
    pub fn bound_already(socket: u16, local: SocketAddr) -> Self {
        Self::new(
            Errno::Einval,
            format!("socket {socket} is bound to {local} already; close it and open another"),
        )
    }

    /// `bind` to a port that another socket of the same loopback has.
    pub fn in_use(address: SocketAddr) -> Self {
        Self::new(
            Errno::Eaddrinuse,
            format!(
                "{address} is in use by another socket of this loopback; close that one, or choose another port"
            ),
        )
    }

    /// `bind` to a port that only services of the system may have.
    pub fn port_of_the_system(port: u16) -> Self {
        Self::new(
            Errno::Eacces,
            format!(
                "port {port} is below {FIRST_CLIENT_PORT}, and only the system's services may bind those; \
                 use one from {FIRST_CLIENT_PORT} on"
            ),
        )
    }

    /// `bind` to an address that is not the loopback's own.
    pub fn not_own(host: &str, own: IpAddr) -> Self {
        Self::new(
            Errno::Eaddrnotavail,
            format!("{host} is no address of this loopback; bind to localhost, which is {own}"),
        )
    }

    /// `disconnect` of a socket without a peer.
    pub fn not_connected(socket: u16) -> Self {
        Self::new(Errno::Enotconn, format!("socket {socket} is not connected"))
    }

    /// A datagram that names no destination, on a socket without a peer.
    pub fn no_destination(socket: u16) -> Self {
        Self::new(
            Errno::Edestaddrreq,
            format!(
                "the datagram names no destination, and socket {socket} is not connected; name one, or connect it"
            ),
        )
    }

    /// A binary message whose header cannot be read.
    pub fn unreadable(bytes: usize) -> Self {
        Self::new(
            Errno::Einval,
            format!(
                "a message of {bytes} bytes begins with no header: socket, family (0, 4 or 6), port and address, \
                 5 to {MAX_HEADER_BYTES} bytes"
            ),
        )
    }

    /// An address of the other family.
    pub fn other_family(address: impl fmt::Display, family: Family) -> Self {
        let family = family_name(family);
        Self::new(
            Errno::Eafnosupport,
            format!("{address} is no {family} address, and the socket was opened for {family}"),
        )
    }
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
