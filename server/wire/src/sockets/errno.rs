//! The operating system's names of errors, so that a client can raise what a local program would get.

use serde::{Deserialize, Serialize};

/// An error of a socket call, by its name in errno(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Errno {
    /// The address or port may not be used: a port below 1024, or a destination that the host does not admit.
    Eacces,
    /// The port is taken.
    Eaddrinuse,
    /// The address is not one of this loopback's.
    Eaddrnotavail,
    /// The address belongs to the other family.
    Eafnosupport,
    /// No such socket is open in this session.
    Ebadf,
    /// Nobody has bound the port (ICMP's "port unreachable"); only a connected socket hears of it.
    Econnrefused,
    /// No destination was named, and the socket is not connected.
    Edestaddrreq,
    /// The number of the socket is in use already.
    Eexist,
    /// The network says that the destination cannot be reached.
    Ehostunreach,
    /// The call makes no sense for this socket: bound already, port 0 as a destination, a header that cannot be read.
    Einval,
    /// The session has as many sockets as it may.
    Emfile,
    /// The datagram is longer than the family's limit.
    Emsgsize,
    /// The interface to the destination is down, or there is none.
    Enetunreach,
    /// A queue of the host or the rate of the session is full.
    Enobufs,
    /// The name is none that resolves here.
    Enoent,
    /// The socket is not connected.
    Enotconn,
    /// The system refused for a reason that has no name here; the text has its words.
    Eio,
}
